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
 * The cross-call, where it takes the kit's own means to look at it.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "synch.h"
#include "kit/kit.h"

/* On the stack of the test until it has run. */
struct depth {
	unsigned int	c_cpu;
	int		c_idepth;
	struct thread  *c_thread;
	unsigned int	c_ran;
};

static void
depth_run(void *arg)
{
	struct depth *c = arg;

	c->c_cpu = curcpu()->ci_cpuid;
	c->c_idepth = curcpu()->ci_idepth;
	c->c_thread = curthread;
	XT_STORE(&c->c_ran, 1);
}

/* A call runs as an interrupt does, one deep, on top of whatever thread. */
void
test_call_depth(void)
{
	struct depth c;
	struct xcall xc = XCALL_INITIALIZER(depth_run, &c);
	unsigned int n;

	for (n = 0; n < xt_ncpu(); n++) {
		c.c_ran = 0;
		cpu_xcall(xt_cpu(n), &xc);
		XT_WAIT(XT_LOAD(&c.c_ran));
		XT_EQ(c.c_cpu, xt_cpu(n)->ci_cpuid);
		XT_EQ(c.c_idepth, 1);
		XT_CHECK(c.c_thread != NULL && c.c_thread->t_cpu == xt_cpu(n));
		XT_CHECK(n != 0 || c.c_thread == curthread);
	}
}

static unsigned int beside_in;		/* [a] it has its slot pending */

static void
beside_run(void *arg)
{
	int ipl = splraise(IPL_HIGH);

	(void)arg;
	kit_pend(IPL_BIO);
	XT_STORE(&beside_in, 1);
	XT_WAIT(xt_pending());
	splx(ipl);
	KIT_RAN(RAN_SOURCE(IPL_BIO));
}

/* X-IPI-1: a doorbell comes to a CPU that has other slots pending, too. */
void
test_call_beside(void)
{
	struct xt_note xn;		/* the calls' until they ran */
	unsigned int n;

	for (n = 1; n < xt_ncpu(); n++) {
		xt_note_set(&xn);
		xt_log_set(&kit_ran);
		XT_STORE(&beside_in, 0);
		xt_thread(n, beside_run, NULL);
		XT_WAIT(XT_LOAD(&beside_in));
		cpu_xcall(xt_cpu(n), &xn.xn_xc);
		xt_join();
		XT_WAIT(XT_LOAD(&xn.xn_ran));
		XT_NOTE(&xn, n, 1);
	}
}

/* On the stack of the test until its thread has ended. */
struct levels {
	unsigned int	l_at;		/* the CPU is at this level */
	unsigned int	l_posted;	/* and this is the call's */
	struct xt_note	l_note;
};

static void
levels_run(void *arg)
{
	struct levels *l = arg;
	int ipl, none;

	for (ipl = IPL_SOFTCLOCK; ipl <= IPL_HIGH; ipl++) {
		none = splraise(ipl);
		XT_STORE(&l->l_at, ipl);
		XT_WAIT(XT_LOAD(&l->l_posted) == (unsigned int)ipl);
		XT_WAIT(xt_pending());
		XT_EQ(XT_LOAD(&l->l_note.xn_ran), ipl - 1);
		splx(IPL_SOFTCLOCK);
		XT_EQ(XT_LOAD(&l->l_note.xn_ran), ipl - 1);
		splx(none);
		XT_EQ(XT_LOAD(&l->l_note.xn_ran), ipl);
	}
}

/*
 * IPL_IPI is above every other level: at each of them the doorbell comes in,
 * and the call waits.
 */
void
test_call_levels(void)
{
	unsigned int ipl, n;
	struct levels l;

	for (n = 1; n < xt_ncpu(); n++) {
		l.l_at = l.l_posted = 0;
		xt_note_set(&l.l_note);
		xt_thread(n, levels_run, &l);
		for (ipl = IPL_SOFTCLOCK; ipl <= IPL_HIGH; ipl++) {
			XT_WAIT(XT_LOAD(&l.l_at) == ipl);
			cpu_xcall(xt_cpu(n), &l.l_note.xn_xc);
			XT_STORE(&l.l_posted, ipl);
		}
		xt_join();
		XT_NOTE(&l.l_note, n, IPL_HIGH);
	}
}

/* The handler's; a test uses them on one CPU at a time. */
static struct softintr *handler_si;
static struct xt_note handler_self, handler_other;
static unsigned int handler_ran, handler_to;

static void
handler_func(void *arg)
{
	(void)arg;
	handler_ran++;
	XT_EQ(xt_level(), IPL_SOFTTTY);
	cpu_xcall(curcpu(), &handler_self.xn_xc);
	XT_EQ(cpu_xcall_try(curcpu(), &handler_self.xn_xc), 0);
	XT_EQ(XT_LOAD(&handler_self.xn_ran), 0);
	XT_EQ(cpu_xcall_try(xt_cpu(handler_to), &handler_other.xn_xc), 0);
	XT_EQ(xt_level(), IPL_SOFTTTY);
}

/* Scheduled in a call, it interrupts the call; what it posts does not. */
static void
handler_call(void *arg)
{
	unsigned long s;

	(void)arg;
	s = intr_disable();
	softintr_schedule(handler_si);
	intr_restore(s);
	XT_EQ(handler_ran, 1);
	XT_EQ(XT_LOAD(&handler_self.xn_ran), 0);
}

static void
handler_run(void *arg)
{
	unsigned int other;

	handler_to = (xt_self() + 1) % xt_ncpu();
	other = handler_to != xt_self();
	xt_note_set(&handler_self);
	xt_note_set(&handler_other);
	handler_ran = 0;
	xt_in(*(int *)arg, handler_call, NULL);
	XT_NOTE(&handler_self, xt_self(), 2);
	XT_WAIT(XT_LOAD(&handler_other.xn_ran));
	XT_NOTE(&handler_other, other ? handler_to : xt_self(), 1);
}

/*
 * A handler above IPL_SOFTCLOCK may post: to its own CPU, where the calls
 * run when the level has dropped, and to another one.
 */
void
test_call_handler(void)
{
	int context;

	if (handler_si == NULL)
		handler_si = softintr_establish(IPL_SOFTTTY, handler_func,
		    NULL);
	context = XT_AT;
	xt_on_each(handler_run, &context);
	context = XT_INCALL;
	xt_on_each(handler_run, &context);
}

static struct xcall stopped_xc;
static unsigned int stopped_ran[XT_MAXCPU];

static void
stopped_call(void *arg)
{
	(void)arg;
	XT_INC(&stopped_ran[xt_self()]);
}

static void
stopped_post(void *arg)
{
	struct cpuset set;
	unsigned int n;

	(void)arg;
	cpuset_clear(&set);
	for (n = 0; n < xt_ncpu(); n++)
		cpuset_add(&set, xt_cpu(n));
	cpu_xcall_many(&set, &stopped_xc);
}

/*
 * A CPU that ran once, and does not any more: try says ENXIO, a set that it
 * is in panics by clause; the others have got their call before.
 */
void
test_call_stopped(void)
{
	unsigned int n, last = xt_ncpu() - 1;
	struct cpu_info *ci = xt_cpu(last);

#ifndef DIAGNOSTIC
	xt_skip("it needs DIAGNOSTIC");
	return;
#endif
	for (n = 0; n < xt_ncpu(); n++)
		stopped_ran[n] = 0;
	cpu_xcall_set(&stopped_xc, stopped_call, NULL);
	atomic_clearbits(&ci->ci_flags, CPUF_RUNNING);
	XT_EQ(cpu_xcall_try(ci, &stopped_xc), ENXIO);
	XT_PANICS(0, stopped_post, NULL, "X-CALL-3");
	for (n = 1; n < last; n++) {
		XT_WAIT(XT_LOAD(&stopped_ran[n]));
		XT_EQ(stopped_ran[n], 1);
	}
	XT_EQ(XT_QUEUED(ci), 0);
	atomic_setbits(&ci->ci_flags, CPUF_RUNNING);
	XT_EQ(cpu_xcall_try(ci, &stopped_xc), 0);
	XT_WAIT(XT_LOAD(&stopped_ran[last]));
	XT_EQ(stopped_ran[last], 1);
}

/* On the stack of the test until its threads have ended. */
struct watched {
	struct cpu_info	*w_target;
	struct xt_note	 w_note;
};

static void
watched_call(void *arg)
{
	(void)arg;
}

static void
watched_sync(void *arg)
{
	struct watched *w = arg;

	cpu_xcall_sync(w->w_target, watched_call, w, "watched");
}

static void
watched_full(void *arg)
{
	struct watched *w = arg;

	cpu_xcall(w->w_target, &w->w_note.xn_xc);
}

/* Threads on record as waiting for this CPU to run this. */
static unsigned int
watched_threads(struct watched *w)
{
	const struct thread *t;
	unsigned int n = 0;

	for (t = XT_LOAD(&threads); t != NULL; t = t->t_all)
		n += XT_LOAD(&t->t_xci) == w->w_target &&
		    t->t_xfunc == watched_call && t->t_xarg == w;
	return (n);
}

/*
 * X-WATCH-1: who waits is on record while it waits, a thread for a call and
 * a CPU for room; that nobody is afterwards is looked at after every test.
 */
void
test_call_watch(void)
{
	struct xt_park park;
	struct watched w;
	unsigned int i;

	w.w_target = xt_cpu(1);
	xt_note_set(&w.w_note);
	xt_park(&park, 1, XT_INTROFF);
	xt_thread(0, watched_sync, &w);
	XT_WAIT_YIELD(watched_threads(&w) == 1);
	for (i = 1; i < XCALL_NSLOT; i++)
		cpu_xcall(xt_cpu(1), &w.w_note.xn_xc);
	XT_CHECK(XT_LOAD(&xt_cpu(2)->ci_xwait) == NULL);
	xt_thread(2, watched_full, &w);
	XT_WAIT(XT_LOAD(&xt_cpu(2)->ci_xwait) == w.w_target);
	xt_unpark(&park);
	xt_join();
	XT_WAIT(XT_LOAD(&w.w_note.xn_ran) == XCALL_NSLOT);
	XT_EQ(watched_threads(&w), 0);
	XT_CHECK(XT_LOAD(&xt_cpu(2)->ci_xwait) == NULL);
}
