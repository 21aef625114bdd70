/*
 * Copyright (c) 2026 the portkit authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES.
 */

/*
 * The table of contexts in cpu_xcall(9): what a call does, by where its
 * caller is and what it is for.  The column of the full queue is full.c.
 */

#include "xcall_md.h"
#include "xtest.h"

/* On the stack of a test until all its calls have run. */
struct table {
	unsigned int	t_target;
	int		t_error;		/* what try returned */
	struct xt_note	t_note[XT_NCONTEXT];
	struct xt_note	*t_now;			/* the one to post */
	unsigned int	t_done;
};

#ifdef XCALL_WATCH
#define RUNG()		(curcpu()->ci_xcall.xci_rung)
#else
#define RUNG()		0U
#endif

static void
table_post(void *arg)
{
	struct table *t = arg;
	int ipl = xt_level(), on = xt_intr();

	cpu_xcall(xt_cpu(t->t_target), &t->t_now->xn_xc);
	XT_EQ(xt_level(), ipl);
	XT_EQ(xt_intr(), on);
}

static void
table_try(void *arg)
{
	struct table *t = arg;
	int ipl = xt_level(), on = xt_intr();

	t->t_error = cpu_xcall_try(xt_cpu(t->t_target), &t->t_now->xn_xc);
	XT_EQ(xt_level(), ipl);
	XT_EQ(xt_intr(), on);
}

static void
remote_from(struct table *t, void (*post)(void *))
{
	struct xt_park park;
	unsigned int i;

	xt_park(&park, t->t_target, XT_INTROFF);
	for (i = 0; i < XT_NCONTEXT; i++) {
		t->t_error = 0;
		t->t_now = &t->t_note[i];
		xt_note_set(t->t_now);
		xt_in(i, post, t);
		if (t->t_error != 0)
			xt_fail(__FILE__, __LINE__, "%s: error %d",
			    xt_context_name(i), t->t_error);
		XT_EQ(XT_QUEUED(xt_cpu(t->t_target)), i + 1);
		XT_EQ(XT_LOAD(&t->t_now->xn_ran), 0);
	}
	xt_unpark(&park);
	for (i = 0; i < XT_NCONTEXT; i++) {
		XT_WAIT(XT_LOAD(&t->t_note[i].xn_ran));
		XT_NOTE(&t->t_note[i], t->t_target, 1);
	}
}

static void
remote_run(void *arg)
{
	remote_from(arg, table_post);
	remote_from(arg, table_try);
}

/*
 * Another CPU, room in its queue: queued from every context, and the caller
 * goes on although the target, parked, cannot answer.  Both ways.
 */
void
test_table_remote(void)
{
	unsigned int last = xt_ncpu() - 1;
	struct table t;

	t.t_target = last;
	xt_on(0, remote_run, &t);
	t.t_target = 0;
	xt_on(last, remote_run, &t);
}

/*
 * Another CPU, which is not held back: the call runs there, from every
 * context of the caller; each doorbell is answered.
 */
void
test_table_remote_runs(void)
{
	struct table t;
	unsigned int i, n;

	for (n = 1; n < xt_ncpu(); n++) {
		t.t_target = n;
		for (i = 0; i < XT_NCONTEXT; i++) {
			t.t_now = &t.t_note[i];
			xt_note_set(t.t_now);
			xt_in(i, table_post, &t);
			XT_WAIT(XT_LOAD(&t.t_now->xn_ran));
			XT_NOTE(t.t_now, n, 1);
		}
	}
}

static void
self_below(void *arg)
{
	struct table *t = arg;
	unsigned int rung = RUNG();

	t->t_target = xt_self();
	t->t_now = &t->t_note[0];
	xt_note_set(t->t_now);
	table_post(t);
	XT_NOTE(t->t_now, xt_self(), 1);
	table_try(t);
	XT_EQ(t->t_error, 0);
	XT_NOTE(t->t_now, xt_self(), 2);
	XT_EQ(RUNG(), rung);
}

/*
 * Itself, below IPL_SOFTCLOCK with interrupts on: it has run on return, at
 * IPL_SOFTCLOCK, and no doorbell was rung.
 */
void
test_table_self_below(void)
{
	struct table t;

	xt_on_each(self_below, &t);
}

/* Post twice, with and without try; neither runs before the context ends. */
static void
self_twice(void *arg)
{
	struct table *t = arg;

	table_post(t);
	XT_EQ(XT_LOAD(&t->t_now->xn_ran), 0);
	table_try(t);
	XT_EQ(t->t_error, 0);
	XT_EQ(XT_LOAD(&t->t_now->xn_ran), 0);
	XT_EQ(XT_QUEUED(curcpu()), 2);
	t->t_done = 1;
}

static void
self_in(struct table *t, enum xt_context context)
{
	unsigned int rung = RUNG();

	t->t_target = xt_self();
	t->t_now = &t->t_note[0];
	t->t_done = 0;
	xt_note_set(t->t_now);
	xt_in(context, self_twice, t);
	XT_EQ(t->t_done, 1);
	XT_NOTE(t->t_now, xt_self(), 2);
	XT_EQ(t->t_now->xn_depth, 1);
	XT_EQ(RUNG(), rung);
}

static void
self_at(void *arg)
{
	self_in(arg, XT_AT);
}

/* Itself, at IPL_SOFTCLOCK: queued, and has run when the level has dropped. */
void
test_table_self_at(void)
{
	struct table t;

	xt_on_each(self_at, &t);
}

static void
self_incall(void *arg)
{
	self_in(arg, XT_INCALL);
	self_in(arg, XT_INCALLOFF);
}

/* Itself, inside a call: queued, and runs when that call has ended. */
void
test_table_self_incall(void)
{
	struct table t;

	xt_on_each(self_incall, &t);
}

static void
self_above(void *arg)
{
	self_in(arg, XT_ABOVE);
}

/* Itself, above IPL_SOFTCLOCK: the same, and never at the caller's level. */
void
test_table_self_above(void)
{
	struct table t;

	xt_on_each(self_above, &t);
}

static void
self_off(void *arg)
{
	self_in(arg, XT_OFF);
}

/* Itself, interrupts off: has run when they are on again. */
void
test_table_self_off(void)
{
	struct table t;

	xt_on_each(self_off, &t);
}

static void
self_often(void *arg)
{
	struct table *t = arg;
	int i, ipl, none;

	t->t_now = &t->t_note[0];
	xt_note_set(t->t_now);
	for (i = 1; i <= 2000; i++) {
		none = splraise(IPL_SOFTCLOCK);
		ipl = splraise(i % 2 ? xt_ipl_high() : IPL_SOFTCLOCK);
		cpu_xcall(curcpu(), &t->t_now->xn_xc);
		splx(ipl);
		splx(none);
		if (XT_LOAD(&t->t_now->xn_ran) != (unsigned int)i)
			break;
	}
	XT_NOTE(t->t_now, xt_self(), 2000);
}

/*
 * The same from a thread at IPL_SOFTCLOCK and above, however often between
 * two ticks: what is bounded is what calls post, not what threads do.
 */
void
test_table_self_often(void)
{
	struct table t;

	xt_on(0, self_often, &t);
	if (xt_ncpu() > 1)
		xt_on(xt_ncpu() - 1, self_often, &t);
	/* Where they failed, the last one is still to come. */
	XT_WAIT(XT_QUEUED(xt_cpu(0)) == 0);
	XT_WAIT(XT_QUEUED(xt_cpu(xt_ncpu() - 1)) == 0);
}

/* On the stack of the test until both calls have run. */
struct before {
	unsigned int	 b_in, b_posted;
	struct xt_log	 b_log;
	struct xt_step	 b_theirs, b_ours;
};

static void
before_run(void *arg)
{
	struct before *b = arg;
	unsigned long s;

	s = intr_disable();
	XT_STORE(&b->b_in, 1);
	XT_WAIT(XT_LOAD(&b->b_posted));
	intr_restore(s);
	cpu_xcall(curcpu(), &b->b_ours.xs_xc);
	XT_LOG(&b->b_log, 2);
}

/*
 * Itself, below IPL_SOFTCLOCK: what another CPU queued before has run on
 * return too, and first, even if its doorbell has only just come.
 */
void
test_table_self_after(void)
{
	struct before b;
	unsigned int n;

	for (n = 1; n < xt_ncpu(); n++) {
		b.b_in = b.b_posted = 0;
		xt_log_set(&b.b_log);
		xt_step_set(&b.b_theirs, &b.b_log, 0);
		xt_step_set(&b.b_ours, &b.b_log, 1);
		xt_thread(n, before_run, &b);
		XT_WAIT(XT_LOAD(&b.b_in));
		cpu_xcall(xt_cpu(n), &b.b_theirs.xs_xc);
		XT_STORE(&b.b_posted, 1);
		xt_join();
	}
}

static struct cpu_info *offline;
static struct xt_note offline_note;

static void
offline_try(void *arg)
{
	int *error = arg;

	*error = cpu_xcall_try(offline, &offline_note.xn_xc);
}

static void
offline_call(void *arg)
{
	(void)arg;
	cpu_xcall(offline, &offline_note.xn_xc);
}

static void
offline_in(void *arg)
{
	xt_in(*(int *)arg, offline_call, NULL);
}

static void
offline_sync(void *arg)
{
	cpu_xcall_sync(offline, offline_try, arg, "offline");
}

/*
 * X-CPU-3: a CPU that is not running: try and sync with error say ENXIO, from
 * every context, and touch nothing.
 */
void
test_table_offline(void)
{
	int context, error;

	if ((offline = xt_offline()) == NULL) {
		xt_skip("there is no CPU that is not running");
		return;
	}
	xt_note_set(&offline_note);
	XT_CHECK(!CPU_IS_RUNNING(offline));
	for (context = 0; context < XT_NCONTEXT; context++) {
		error = 0;
		xt_in(context, offline_try, &error);
		XT_EQ(error, ENXIO);
	}
	XT_EQ(cpu_xcall_sync_try(offline, offline_try, &error, "offline"),
	    ENXIO);
	XT_EQ(XT_QUEUED(offline), 0);
	XT_EQ(XT_LOAD(&offline_note.xn_ran), 0);
}

/*
 * X-CALL-3: the forms without an error panic, in a build that checks; in
 * others the call is dropped, and counted.
 */
void
test_table_offline_void(void)
{
	int context;

	if ((offline = xt_offline()) == NULL) {
		xt_skip("there is no CPU that is not running");
		return;
	}
	xt_note_set(&offline_note);
#ifdef DIAGNOSTIC
	for (context = 0; context < XT_NCONTEXT; context++)
		XT_PANICS(0, offline_in, &context, "X-CALL-3");
	XT_PANICS(xt_ncpu() - 1, offline_sync, &context, "X-CALL-3");
#else
	for (context = 0; context < XT_NCONTEXT; context++)
		offline_in(&context);
	offline_sync(&context);
	XT_EQ(offline->ci_xcall.xci_dropped, XT_NCONTEXT + 1);
#endif
	XT_EQ(XT_QUEUED(offline), 0);
	XT_EQ(XT_LOAD(&offline_note.xn_ran), 0);
}

/*
 * X-CPU-1: whatever was there before, a queue that was established is empty;
 * and nothing of it was counted.
 */
void
test_table_establish(void)
{
	static struct cpu_info made;	/* nobody knows of it */
	unsigned char *p = (unsigned char *)&made.ci_xcall;
	unsigned int i;

	for (i = 0; i < sizeof(made.ci_xcall); i++)
		p[i] = 0xa5;
	cpu_xcall_establish(&made);
	XT_EQ(XT_QUEUED(&made), 0);
	for (i = 0; i < XCALL_NSLOT; i++)
		XT_CHECK(made.ci_xcall.xci_slots[i] == NULL);
	XT_EQ(made.ci_xcall.xci_tail, 0);
	XT_EQ(made.ci_xcall.xci_rounds, 0);
	XT_EQ(made.ci_xcall.xci_depth, 0);
	XT_EQ(made.ci_xcall.xci_dropped, 0);
}
