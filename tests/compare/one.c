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
 * One CPU calls one other, or itself.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "synch.h"
#include "xtest.h"
#include "compare/compare.h"

#define XTEST(_name, _mincpus, _clauses)				\
	{ #_name, (_mincpus), (_clauses), test_##_name },
const struct xtest compare_tests[] = {
#include "compare/list.h"
	{ NULL, 0, NULL, NULL }
};
#undef XTEST

struct xcall compare_xc;
unsigned int compare_ran;		/* [a] calls that have run */

static unsigned int busy_first, busy_end;
static int busy_level;
static unsigned int busy_round;		/* [a] they are asked to echo */
static unsigned int busy_beat[MAXCPUS];	/* [a] and echo */
static unsigned int busy_drop;		/* [a] rounds they drop the level in */
static unsigned int busy_dropped;	/* [a] rounds they have */
static unsigned int busy_stop;		/* [a] */
static unsigned int idles;

static void
ran_run(void *arg)
{
	XT_INC((unsigned int *)arg);
}

void
compare_reset(void)
{
	compare_ran = 0;
	cpu_xcall_set(&compare_xc, ran_run, &compare_ran);
}

void
compare_loop(const struct compare *c, unsigned int calls)
{
	unsigned int i;

	for (i = 0; i < calls; i++) {
		if (c->c_before != NULL)
			(*c->c_before)();
		COMPARE_POINT("@begin");
		(*c->c_call)();
		if (c->c_after != NULL)
			(*c->c_after)();
		COMPARE_POINT("@done");
		if (c->c_rest != NULL)
			(*c->c_rest)();
	}
}

/* Echo until told to stop; drop the level when told to. */
static void
busy_thread(void *arg)
{
	unsigned int n = xt_self(), dropped = 0;
	int ipl = splraise(busy_level);

	(void)arg;
	while (!XT_LOAD(&busy_stop)) {
		XT_STORE(&busy_beat[n], XT_LOAD(&busy_round));
		if (XT_LOAD(&busy_drop) != dropped) {
			dropped++;
			COMPARE_POINT("@lower");
			splx(ipl);
			COMPARE_POINT("@lowered");
			splraise(busy_level);
			XT_STORE(&busy_dropped, dropped);
		}
		CPU_BUSY_CYCLE();
	}
	splx(ipl);
}

void
compare_beat(void)
{
	unsigned int n, round = XT_ADD(&busy_round, 1);

	for (n = busy_first; n < busy_end; n++)
		XT_WAIT(XT_LOAD(&busy_beat[n]) == round);
}

void
compare_busy(unsigned int first, unsigned int end, int level)
{
	unsigned int n;

	busy_first = first;
	busy_end = end;
	busy_level = level;
	busy_stop = busy_drop = busy_dropped = 0;
	for (n = first; n < end; n++)
		xt_thread(n, busy_thread, NULL);
	compare_beat();
}

void
compare_unbusy(void)
{
	XT_STORE(&busy_stop, 1);
	xt_join();
}

static void
ran_wait(void)
{
	static unsigned int before;

	if (compare_ran < before)
		before = 0;
	XT_WAIT(XT_LOAD(&compare_ran) != before);
	before = XT_LOAD(&compare_ran);
}

/* It has run, and the thread that it interrupted goes on. */
static void
running_after(void)
{
	ran_wait();
	compare_beat();
}

static void
dry_call(void)
{
	void (*func)(void *) = XT_LOAD(&compare_xc.xc_func);

	COMPARE_POINT("@call");
	(*func)(compare_xc.xc_arg);
	COMPARE_POINT("@sent");
}

/* The function, called in place: what is not the cross-call's. */
void
test_compare_dry_run(void)
{
	static const struct compare c = { .c_call = dry_call };

	compare_reset();
	COMPARE("dry-run", &c);
}

static void
self_call(void)
{
	cpu_xcall(curcpu(), &compare_xc);
	COMPARE_POINT("@sent");
}

void
test_compare_self(void)
{
	static const struct compare c = { .c_call = self_call };

	compare_reset();
	COMPARE("self", &c);
}

static void
other_call(void)
{
	cpu_xcall(xt_cpu(1), &compare_xc);
	COMPARE_POINT("@sent");
}

/* The target runs a thread. */
void
test_compare_running(void)
{
	static const struct compare c = { .c_call = other_call,
	    .c_after = running_after };

	compare_reset();
	compare_busy(1, 2, IPL_NONE);
	COMPARE("running", &c);
	compare_unbusy();
}

static void
idle_before(void)
{
	XT_WAIT(XT_LOAD(&xt_cpu(1)->ci_curthread) == xt_cpu(1)->ci_idle);
	idles = xt_idles(1);
}

static void
idle_after(void)
{
	ran_wait();
	XT_WAIT(xt_idles(1) != idles);
}

/* It has nothing to do, and has halted. */
void
test_compare_idle(void)
{
	static const struct compare c = { .c_before = idle_before,
	    .c_call = other_call, .c_after = idle_after };

	compare_reset();
	COMPARE("idle", &c);
}

/* The doorbell has been answered, and the call waits. */
static void
held_wait(void)
{
	XT_WAIT((XT_LOAD(&xt_cpu(1)->ci_ipending) >> SLOT_XCALL & 1) != 0);
	compare_beat();
}

static void
held_drop(void)
{
	unsigned int round = XT_ADD(&busy_drop, 1);

	XT_WAIT(XT_LOAD(&busy_dropped) == round);
	ran_wait();
	compare_beat();
}

static void
deferred_after(void)
{
	held_wait();
	held_drop();
}

/* It is above IPL_SOFTCLOCK, and drops that later. */
void
test_compare_deferred(void)
{
	static const struct compare c = { .c_call = other_call,
	    .c_after = deferred_after };

	compare_reset();
	compare_busy(1, 2, IPL_SOFTNET);
	COMPARE("deferred", &c);
	compare_unbusy();
}

static void
coalesced_before(void)
{
	other_call();
	held_wait();
}

/* A call waits there already: no doorbell is rung for the second. */
void
test_compare_coalesced(void)
{
	static const struct compare c = { .c_before = coalesced_before,
	    .c_call = other_call, .c_rest = held_drop };

	compare_reset();
	compare_busy(1, 2, IPL_SOFTNET);
	COMPARE("coalesced", &c);
	compare_unbusy();
}

static void
sync_call(void)
{
	cpu_xcall_sync(xt_cpu(1), ran_run, &compare_ran, "compare");
	COMPARE_POINT("@sent");
}

/* The sender sleeps until it has run. */
void
test_compare_sync(void)
{
	static const struct compare c = { .c_call = sync_call,
	    .c_after = compare_beat };

	compare_reset();
	compare_busy(1, 2, IPL_NONE);
	COMPARE("sync", &c);
	compare_unbusy();
}
