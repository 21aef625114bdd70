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
 * A call that posts itself again and again does not hold its CPU: threads
 * and the calls of others have their turn.
 */

#include "xcall_md.h"
#include "xtest.h"

/* Static: the call outlives the function that posts it first. */
static struct again {
	struct xcall	a_xc;
	unsigned int	a_runs;
	unsigned int	a_stop;
	unsigned int	a_ended;
	unsigned long	a_since;	/* [a] when others last came through */
} again;

static void
again_run(void *arg)
{
	unsigned int runs;

	(void)arg;
	runs = XT_ADD(&again.a_runs, 1);
	if (XT_LOAD(&again.a_stop)) {
		XT_STORE(&again.a_ended, 1);
		return;
	}
	if (runs % 4096 == 0 &&
	    xt_msec() - XT_LOAD(&again.a_since) > 2 * xt_limit)
		xt_stuck(__FILE__, __LINE__, "a call that posts itself holds "
		    "the CPU");
	cpu_xcall(curcpu(), &again.a_xc);
}

static void
again_through(void)
{
	XT_STORE(&again.a_since, xt_msec());
}

static void
again_set(void)
{
	again.a_runs = again.a_stop = again.a_ended = 0;
	again_through();
	cpu_xcall_set(&again.a_xc, again_run, NULL);
}

static void
again_stop(void)
{
	XT_STORE(&again.a_stop, 1);
	XT_WAIT(XT_LOAD(&again.a_ended));
}

static void
thread_run(void *arg)
{
	unsigned int seen, turns;

	(void)arg;
	again_set();
	cpu_xcall(curcpu(), &again.a_xc);
	/* It goes on, and this thread does too. */
	for (turns = 0; turns < 3; turns++) {
		again_through();
		seen = XT_LOAD(&again.a_runs);
		XT_WAIT(XT_LOAD(&again.a_runs) != seen);
	}
	again_stop();
}

/* X-TICK-1: a thread of that CPU goes on, and stops it. */
void
test_fair_thread(void)
{
	xt_on(0, thread_run, NULL);
	if (xt_ncpu() > 1)
		xt_on(xt_ncpu() - 1, thread_run, NULL);
}

static void
sync_run(void *arg)
{
	XT_INC((unsigned int *)arg);
}

/*
 * X-TICK-1: on a CPU that has nothing else to do it is not forgotten, and
 * the calls of another CPU get through all the while.
 */
void
test_fair_idle(void)
{
	struct xt_note xn;		/* the calls' until they ran */
	unsigned int i, seen, n = xt_ncpu() - 1;
	unsigned int syncs = 0;		/* the same */

	again_set();
	xt_note_set(&xn);
	cpu_xcall(xt_cpu(n), &again.a_xc);
	for (i = 1; i <= 20; i++) {
		again_through();
		seen = XT_LOAD(&again.a_runs);
		cpu_xcall(xt_cpu(n), &xn.xn_xc);
		XT_WAIT(XT_LOAD(&xn.xn_ran) == i);
		cpu_xcall_sync(xt_cpu(n), sync_run, &syncs, "fair");
		XT_EQ(XT_LOAD(&syncs), i);
		XT_WAIT(XT_LOAD(&again.a_runs) != seen);
	}
	again_stop();
	XT_NOTE(&xn, n, 20);
}

/* Two calls, on two CPUs, that post each other for ever. */
static struct pair {
	struct xcall	 p_xc;
	struct pair	*p_other;
	unsigned int	 p_cpu;
} pairs[2];
static unsigned int pair_runs, pair_stop, pair_ended;

static void
pair_run(void *arg)
{
	struct pair *other = ((struct pair *)arg)->p_other;

	XT_INC(&pair_runs);
	if (XT_LOAD(&pair_stop))
		XT_STORE(&pair_ended, 1);
	else
		cpu_xcall(xt_cpu(other->p_cpu), &other->p_xc);
}

static void
pair_thread(void *arg)
{
	unsigned int i, seen;

	(void)arg;
	for (i = 0; i < 5; i++) {
		seen = XT_LOAD(&pair_runs);
		XT_WAIT(XT_LOAD(&pair_runs) - seen >= 10);
	}
}

/* X-SOFT-2: calls that two CPUs send each other leave room for threads. */
void
test_fair_pair(void)
{
	unsigned int n;

	pair_runs = pair_stop = pair_ended = 0;
	for (n = 0; n < 2; n++) {
		pairs[n].p_cpu = n;
		pairs[n].p_other = &pairs[1 - n];
		cpu_xcall_set(&pairs[n].p_xc, pair_run, &pairs[n]);
	}
	cpu_xcall(xt_cpu(1), &pairs[1].p_xc);
	for (n = 0; n < 2; n++)
		xt_thread(n, pair_thread, NULL);
	xt_join();
	XT_STORE(&pair_stop, 1);
	XT_WAIT(XT_LOAD(&pair_ended));
}
