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
 * Sweeps over the cross-call: posting to this CPU and to another one, the
 * dispatch, the doorbell's interrupt, and the form that sleeps.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "synch.h"
#include "sweep/sweep.h"

/* Of the CPU that runs it. */
static unsigned int own_ran;
static struct xcall own_xc;

static void
own_run(void *arg)
{
	(void)arg;
	own_ran++;
}

static void
self_window(unsigned int n)
{
	unsigned int before = own_ran;
	unsigned long s;

	(void)n;
	cpu_xcall(curcpu(), &own_xc);
	SWEEP_CHECK(own_ran == before + 1);
	s = intr_disable();
	cpu_xcall(curcpu(), &own_xc);
	intr_restore(s);
	SWEEP_CHECK(own_ran == before + 2);
}

/* X-SOFT-1, X-SPL-1: a call to this CPU has run on return, and once. */
void
test_sweep_self(void)
{
	static const struct sweep sw = { .sw_clause = "X-SPL-1",
	    .sw_window = self_window };

	cpu_xcall_set(&own_xc, own_run, NULL);
	sweep_run(&sw);
}

static void
dispatch_window(unsigned int n)
{
	unsigned int before = own_ran;
	int none;

	(void)n;
	none = splraise(IPL_SOFTCLOCK);
	cpu_xcall(curcpu(), &own_xc);
	cpu_xcall(curcpu(), &own_xc);
	cpu_xcall(curcpu(), &own_xc);
	splx(none);
	SWEEP_CHECK(own_ran == before + 3);
}

/* X-SOFT-2: a dispatch, while a handler posts. */
void
test_sweep_dispatch(void)
{
	static const struct sweep sw = { .sw_clause = "X-SOFT-2",
	    .sw_window = dispatch_window };

	cpu_xcall_set(&own_xc, own_run, NULL);
	sweep_run(&sw);
}

static void
full_window(unsigned int n)
{
	unsigned int before = own_ran, i;
	int none;

	(void)n;
	none = splraise(IPL_SOFTCLOCK);
	for (i = 0; i < XCALL_NSLOT + 2; i++)
		cpu_xcall(curcpu(), &own_xc);
	splx(none);
	SWEEP_CHECK(own_ran == before + XCALL_NSLOT + 2);
}

/* X-SPL-1: a full queue that its own CPU serves. */
void
test_sweep_full(void)
{
	static const struct sweep sw = { .sw_clause = "X-SPL-1",
	    .sw_window = full_window };

	cpu_xcall_set(&own_xc, own_run, NULL);
	sweep_run(&sw);
}

/* What the other CPU ran: its own, and read by the CPU under test. */
static unsigned int other_ran;
static struct xcall other_xc;
static unsigned int other_want;		/* of the CPU under test */

static void
other_run(void *arg)
{
	(void)arg;
	XT_INC(&other_ran);
}

static void
other_window(unsigned int n)
{
	(void)n;
	XT_INC(&other_want);
	cpu_xcall(xt_cpu(SWEEP_OTHER), &other_xc);
}

/* Once the handler is done, at IPL_SOFTCLOCK: more than the queue takes. */
static void
other_burst(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < XCALL_NSLOT + 2; i++) {
		XT_INC(&other_want);
		cpu_xcall(xt_cpu(SWEEP_OTHER), &other_xc);
	}
}

static void
other_handler(void)
{
	XT_INC(&other_want);
	cpu_xcall(xt_cpu(SWEEP_OTHER), &other_xc);
	cpu_xcall(curcpu(), &own_xc);
	sweep_pend();
}

static void
other_after(unsigned int n)
{
	(void)n;
	while (XT_LOAD(&other_ran) != other_want)
		CPU_BUSY_CYCLE();
}

/*
 * X-INTR-1: a handler that posts to the same CPU while this one does, and a
 * call that waits for room there.  No call is half made when they come: the
 * other CPU would wait for this one, and this one for it.
 */
void
test_sweep_other(void)
{
	static const struct sweep sw = { .sw_clause = "X-INTR-1",
	    .sw_window = other_window, .sw_handler = other_handler,
	    .sw_after = other_after };

	other_ran = other_want = 0;
	cpu_xcall_set(&own_xc, other_burst, NULL);
	cpu_xcall_set(&other_xc, other_run, NULL);
	sweep_run(&sw);
}

/* The other CPU's thread rings when it is told to. */
static unsigned int bell_go;		/* [a] steps; ~0: end */

static void
bell_thread(void *arg)
{
	unsigned int go, seen = 0;

	(void)arg;
	while ((go = XT_LOAD(&bell_go)) != ~0U) {
		if (go == seen) {
			xt_yield();
			continue;
		}
		seen = go;
		cpu_xcall(xt_cpu(SWEEP_CPU), &own_xc);
	}
}

static void
bell_end(void)
{
	XT_STORE(&bell_go, ~0U);
}

static void
bell_window(unsigned int n)
{
	unsigned int before = own_ran;

	(void)n;
	XT_STORE(&bell_go, bell_go + 1);
	while (XT_LOAD(&own_ran) == before)
		CPU_BUSY_CYCLE();
}

/*
 * X-SOFT-2: the doorbell's interrupt, its soft entry and its way out, all of
 * it interrupted by the clock where that can be.
 */
void
test_sweep_doorbell(void)
{
	static const struct sweep sw = { .sw_clause = "X-SOFT-2",
	    .sw_window = bell_window, .sw_helper = bell_thread,
	    .sw_end = bell_end };

	cpu_xcall_set(&own_xc, own_run, NULL);
	bell_go = 0;
	sweep_run(&sw);
}

static void
sync_window(unsigned int n)
{
	unsigned int before = XT_LOAD(&other_ran);

	(void)n;
	cpu_xcall_sync(xt_cpu(SWEEP_OTHER), other_run, NULL, "sweep");
	SWEEP_CHECK(XT_LOAD(&other_ran) == before + 1);
}

/* X-WAIT-1: from posting, through sleep and the idle thread, and back. */
void
test_sweep_sync(void)
{
	static const struct sweep sw = { .sw_clause = "X-WAIT-1",
	    .sw_window = sync_window };

	sweep_run(&sw);
}
