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
 * One CPU calls many, and many call one.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "synch.h"
#include "xtest.h"
#include "compare/compare.h"

static unsigned int many_first, many_end;	/* the CPUs called */
static struct cpuset many_set;
static unsigned int many_before;		/* compare_ran */
static unsigned int many_idles[MAXCPUS];
static struct mutex many_mtx = MUTEX_INITIALIZER(IPL_SOFTCLOCK);
static unsigned int one_round;			/* [a] rounds asked for */
static unsigned int one_rounds[MAXCPUS];	/* [a] and done */
static unsigned int one_stop;			/* [a] */

static void
many_cpus(unsigned int first, unsigned int end)
{
	unsigned int n;

	many_first = first;
	many_end = end;
	cpuset_clear(&many_set);
	for (n = first; n < end; n++)
		cpuset_add(&many_set, xt_cpu(n));
}

static void
many_mark(void)
{
	many_before = XT_LOAD(&compare_ran);
}

static void
many_wait(void)
{
	XT_WAIT(XT_LOAD(&compare_ran) - many_before == many_end - many_first);
}

static void
busy_after(void)
{
	many_wait();
	compare_beat();
}

static void
unicast_call(void)
{
	unsigned int n;

	for (n = many_first; n < many_end; n++)
		cpu_xcall(xt_cpu(n), &compare_xc);
	COMPARE_POINT("@sent");
}

static void
multicast_call(void)
{
	cpu_xcall_many(&many_set, &compare_xc);
	COMPARE_POINT("@sent");
}

static const struct compare unicast_busy = { .c_before = many_mark,
    .c_call = unicast_call, .c_after = busy_after };
static const struct compare multicast_busy = { .c_before = many_mark,
    .c_call = multicast_call, .c_after = busy_after };

static void
broadcast_begin(void)
{
	compare_reset();
	many_cpus(1, xt_ncpu());
	compare_busy(1, xt_ncpu(), IPL_NONE);
}

/* To all others, one by one. */
void
test_compare_broadcast(void)
{
	broadcast_begin();
	COMPARE("broadcast", &unicast_busy);
	compare_unbusy();
}

static void
lock_run(void *arg)
{
	mtx_enter(&many_mtx);
	XT_INC((unsigned int *)arg);
	mtx_leave(&many_mtx);
}

/* And there they want one lock. */
void
test_compare_broadcast_lock(void)
{
	broadcast_begin();
	cpu_xcall_set(&compare_xc, lock_run, &compare_ran);
	COMPARE("broadcast-lock", &unicast_busy);
	compare_unbusy();
}

/* All others at once. */
void
test_compare_multicast(void)
{
	broadcast_begin();
	COMPARE("multicast", &multicast_busy);
	compare_unbusy();
}

static void
idle_mark(void)
{
	unsigned int n;

	many_mark();
	for (n = many_first; n < many_end; n++)
		many_idles[n] = xt_idles(n);
}

static void
idle_after(void)
{
	unsigned int n;

	many_wait();
	for (n = many_first; n < many_end; n++)
		XT_WAIT((unsigned int)xt_idles(n) != many_idles[n]);
}

/* The size after n: each up to 32, then further apart, and all of them. */
static unsigned int
many_next(unsigned int n)
{
	unsigned int last = xt_ncpu() - 1, step = n < 32 ? 1 : n / 8;

	if (n == last)
		return (xt_ncpu());
	return (last - n < step ? last : n + step);
}

/* In a thread of the last CPU: the first 1, 2, 3 and so on, idle. */
static void
scaling_thread(void *arg)
{
	static const struct compare unicast = { .c_before = idle_mark,
	    .c_call = unicast_call, .c_after = idle_after };
	static const struct compare multicast = { .c_before = idle_mark,
	    .c_call = multicast_call, .c_after = idle_after };
	unsigned int n;

	(void)arg;
	for (n = 1; n < xt_ncpu(); n = many_next(n)) {
		compare_reset();
		many_cpus(0, n);
		COMPARE_N("unicast-N", &unicast, 1, COMPARE_FEW);
		COMPARE_N("multicast-N", &multicast, 1, COMPARE_FEW);
	}
}

void
test_compare_scaling(void)
{
	xt_on(xt_ncpu() - 1, scaling_thread, NULL);
}

/* A sender: one call to CPU 0 in each round. */
static void
one_thread(void *arg)
{
	unsigned int n = xt_self(), round = 0;

	(void)arg;
	while (!XT_LOAD(&one_stop)) {
		if (XT_LOAD(&one_round) != round) {
			cpu_xcall(xt_cpu(0), &compare_xc);
			COMPARE_POINT("@sent");
			XT_STORE(&one_rounds[n], ++round);
		}
		CPU_BUSY_CYCLE();
	}
}

static void
one_call(void)
{
	XT_INC(&one_round);
}

static void
one_after(void)
{
	unsigned int n;

	many_wait();
	for (n = 1; n < many_end + 1; n++)
		XT_WAIT(XT_LOAD(&one_rounds[n]) == one_round);
}

void
test_compare_all_to_one(void)
{
	static const struct compare c = { .c_before = many_mark,
	    .c_call = one_call, .c_after = one_after };
	unsigned int n, i;

	for (n = 1; n < xt_ncpu(); n = many_next(n)) {
		compare_reset();
		one_round = one_stop = 0;
		many_cpus(0, n);
		for (i = 1; i <= n; i++) {
			one_rounds[i] = 0;
			xt_thread(i, one_thread, NULL);
		}
		COMPARE_N("all-to-one", &c, 1, COMPARE_FEW);
		XT_STORE(&one_stop, 1);
		xt_join();
	}
}
