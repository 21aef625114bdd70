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
 * cpu_xcall_sync(): what its caller may rely on, and what goes on meanwhile.
 */

#include "xcall_md.h"
#include "xtest.h"

/* On the stack of the test until its threads have ended. */
struct sync {
	unsigned int	s_cpu;
	unsigned int	s_in;		/* the function has begun */
	unsigned int	s_go;		/* it may end */
	unsigned int	s_back;		/* the caller has returned */
	unsigned int	s_turns;	/* of another thread of its CPU */
	unsigned long	s_result[8];	/* plain stores, the last of all */
};

static void
sync_set(struct sync *s, unsigned int cpu)
{
	unsigned int i;

	s->s_cpu = cpu;
	s->s_in = s->s_go = s->s_back = s->s_turns = 0;
	for (i = 0; i < 8; i++)
		s->s_result[i] = 0;
}

static void
sync_run(void *arg)
{
	struct sync *s = arg;
	unsigned int i;

	XT_STORE(&s->s_in, 1);
	XT_WAIT(XT_LOAD(&s->s_go));
	for (i = 0; i < 8; i++)
		s->s_result[i] = i + 1;
}

static void
sync_caller(void *arg)
{
	struct sync *s = arg;
	unsigned int i;

	cpu_xcall_sync(xt_cpu(s->s_cpu), sync_run, s, "sync");
	for (i = 0; i < 8; i++)
		XT_EQ(s->s_result[i], i + 1);
	XT_STORE(&s->s_back, 1);
}

static void
sync_release(void *arg)
{
	struct sync *s = arg;
	int i;

	XT_WAIT_YIELD(XT_LOAD(&s->s_in));
	for (i = 0; i < 100; i++) {
		xt_yield();
		XT_EQ(XT_LOAD(&s->s_back), 0);
	}
	XT_STORE(&s->s_go, 1);
}

/*
 * X-WAIT-1: it returns when the function has ended and not before; and what
 * the function stored last is there.
 */
void
test_sync_after(void)
{
	struct sync s;
	unsigned int n;

	for (n = 1; n < xt_ncpu(); n++) {
		sync_set(&s, n);
		xt_thread(0, sync_caller, &s);
		xt_thread(0, sync_release, &s);
		xt_join();
		XT_EQ(s.s_back, 1);
	}
}

static void
sync_turns(void *arg)
{
	struct sync *s = arg;

	while (!XT_LOAD(&s->s_back)) {
		XT_INC(&s->s_turns);
		xt_yield();
	}
}

static void
sync_until(void *arg)
{
	struct sync *s = arg;
	unsigned int seen = XT_LOAD(&s->s_turns);

	XT_STORE(&s->s_in, 1);
	/* The caller sleeps, or this would never end. */
	XT_WAIT(XT_LOAD(&s->s_turns) - seen >= 100);
}

static void
sync_sleeper(void *arg)
{
	struct sync *s = arg;

	cpu_xcall_sync(xt_cpu(s->s_cpu), sync_until, s, "sync");
	XT_STORE(&s->s_back, 1);
}

/* X-WAIT-1: other threads of the caller's CPU run while it sleeps. */
void
test_sync_sleeps(void)
{
	unsigned int last = xt_ncpu() - 1;
	struct sync s;

	sync_set(&s, last);
	xt_thread(0, sync_turns, &s);
	xt_thread(0, sync_sleeper, &s);
	xt_join();
	sync_set(&s, 0);
	xt_thread(last, sync_turns, &s);
	xt_thread(last, sync_sleeper, &s);
	xt_join();
}

static unsigned int crowd_calls;

static void
crowd_run(void *arg)
{
	XT_INC(&crowd_calls);
	++*(unsigned int *)arg;
}

static void
crowd_thread(void *arg)
{
	unsigned int i, done = 0;	/* the call's while it runs */

	(void)arg;
	for (i = 1; i <= 20; i++) {
		cpu_xcall_sync(xt_cpu((xt_self() + i) % xt_ncpu()), crowd_run,
		    &done, "crowd");
		XT_EQ(done, i);
	}
}

/* Many threads of every CPU at once, each its own caller. */
void
test_sync_crowd(void)
{
	unsigned int i, n, each = 24 / xt_ncpu() + 1;

	crowd_calls = 0;
	for (i = 0; i < each; i++) {
		for (n = 0; n < xt_ncpu(); n++)
			xt_thread(n, crowd_thread, NULL);
	}
	xt_join();
	XT_EQ(crowd_calls, each * xt_ncpu() * 20);
}

#define RACES	3000

/* Static: a cond that is touched too late must not be somebody's stack. */
static struct race {
	struct cond	r_cond;		/* the waiter's when it has waited */
	unsigned int	r_delay;	/* before the signal */
	unsigned int	r_in;		/* the call has begun */
	unsigned int	r_first;	/* it signals before the other waits */
	unsigned int	r_moved;	/* its level has changed */
	unsigned int	r_ended;
} race;

static void
race_run(void *arg)
{
	struct race *r = arg;
	unsigned int i;

	XT_STORE(&r->r_in, 1);
	for (i = 0; i < r->r_delay; i++)
		__asm volatile("");
	XT_STORE(&r->r_first, 1);
	cond_signal(&r->r_cond);
	if (xt_level() != IPL_SOFTCLOCK || !xt_intr())
		r->r_moved++;
	XT_STORE(&r->r_ended, 1);
}

static void
race_thread(void *arg)
{
	struct race *r = &race;
	struct xcall xc = XCALL_INITIALIZER(race_run, r);
	unsigned char *p = (unsigned char *)&r->r_cond;
	unsigned int i, k, step, touched = 0;
	unsigned long since = xt_msec();

	(void)arg;
	r->r_moved = r->r_delay = 0;
	for (i = 0; XT_ROUND(i, RACES, since); i++) {
		r->r_cond = (struct cond)COND_INITIALIZER();
		r->r_in = r->r_first = r->r_ended = 0;
		cpu_xcall(xt_cpu(xt_ncpu() - 1), &xc);
		XT_WAIT(XT_LOAD(&r->r_in));
		/* Nearer to where both do it at once. */
		step = i * 7 % 64 * (i % 16 == 0 ? 64 : 1);
		if (XT_LOAD(&r->r_first))
			step += r->r_delay;
		else
			step = r->r_delay > step ? r->r_delay - step : 0;
		cond_wait(&r->r_cond, "race");
		for (k = 0; k < sizeof(r->r_cond); k++)
			p[k] = 0x5a;
		XT_WAIT(XT_LOAD(&r->r_ended));
		for (k = 0; k < sizeof(r->r_cond); k++)
			touched += p[k] != 0x5a;
		r->r_delay = step;
	}
	XT_EQ(touched, 0);
	XT_EQ(r->r_moved, 0);
}

/*
 * X-WAIT-1: the signal comes at every moment of the wait: none is lost, and
 * the cond is not touched when the wait is over.  It leaves the level of the
 * call alone.
 */
void
test_sync_race(void)
{
	xt_on(0, race_thread, NULL);
}

static void
full_caller(void *arg)
{
	struct sync *s = arg;

	XT_STORE(&s->s_in, 1);
	sync_caller(s);
}

/* X-WAIT-1: to a CPU whose queue is full: it waits for room, then sleeps. */
void
test_sync_full(void)
{
	struct xt_park park;
	struct xt_note xn;		/* the calls' until they ran */
	struct sync s;
	int i;

	sync_set(&s, 1);
	s.s_go = 1;
	xt_note_set(&xn);
	xt_park(&park, 1, XT_INTROFF);
	for (i = 0; i < XCALL_NSLOT; i++)
		cpu_xcall(xt_cpu(1), &xn.xn_xc);
	xt_thread(2, full_caller, &s);
	XT_WAIT(XT_LOAD(&s.s_in));
	XT_EQ(XT_LOAD(&s.s_back), 0);
	xt_unpark(&park);
	xt_join();
	XT_EQ(s.s_back, 1);
	XT_NOTE(&xn, 1, XCALL_NSLOT);
}

static void
misused_sync(void *arg)
{
	cpu_xcall_sync(xt_cpu(xt_ncpu() - 1), crowd_run, arg, "misuse");
}

static void
misused_in(void *arg)
{
	static unsigned int never;

	xt_in(*(int *)arg, misused_sync, &never);
}

/*
 * X-CALL-4: not at IPL_SOFTCLOCK or above, not with interrupts off, not in a
 * call: it would wait for itself.
 */
void
test_sync_misused(void)
{
	int context;

#ifndef DIAGNOSTIC
	xt_skip("it needs DIAGNOSTIC");
	return;
#endif
	crowd_calls = 0;
	for (context = XT_AT; context < XT_NCONTEXT; context++) {
		XT_PANICS(0, misused_in, &context, "X-CALL-4");
		XT_PANICS(xt_ncpu() - 1, misused_in, &context, "X-CALL-4");
	}
	XT_EQ(crowd_calls, 0);
}

static void
null_call(void *arg)
{
	struct xcall xc = XCALL_INITIALIZER(NULL, arg);

	cpu_xcall(curcpu(), &xc);
}

static void
null_try(void *arg)
{
	struct xcall xc = XCALL_INITIALIZER(NULL, arg);

	(void)cpu_xcall_try(curcpu(), &xc);
}

static void
null_sync(void *arg)
{
	cpu_xcall_sync(curcpu(), NULL, arg, "null");
}

/* X-CALL-1: a call without a function is found where it is made. */
void
test_sync_null(void)
{
#ifndef DIAGNOSTIC
	xt_skip("it needs DIAGNOSTIC");
	return;
#endif
	XT_PANICS(0, null_call, NULL, "X-CALL-1");
	XT_PANICS(0, null_try, NULL, "X-CALL-1");
	XT_PANICS(0, null_sync, NULL, "X-CALL-1");
}
