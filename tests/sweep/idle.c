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
 * Sweeps over the halt, and over the switch between threads.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "synch.h"
#include "sweep/sweep.h"

static unsigned int idle_work;		/* this CPU's: the handler came */

static void
idle_window(unsigned int n)
{
	(void)n;
	intr_disable();
	if (!XT_LOAD(&idle_work))
		cpu_idle_cycle();
	intr_enable();
	SWEEP_CHECK(XT_LOAD(&idle_work));
}

static void
idle_after(unsigned int n)
{
	(void)n;
	XT_STORE(&idle_work, 0);
}

static void
idle_handler(void)
{
	XT_STORE(&idle_work, 1);
	sweep_pend();
}

/* IDLE-2: no interrupt is slept through; nothing else would wake the CPU. */
void
test_sweep_idle(void)
{
	static const struct sweep sw = { .sw_clause = "IDLE-2",
	    .sw_window = idle_window, .sw_handler = idle_handler,
	    .sw_after = idle_after,
	    .sw_unidle = 1 };

	sweep_run(&sw);
}

static unsigned int yield_end;		/* this CPU's */
static unsigned int yield_started;

static void
yield_other(void *arg)
{
	(void)arg;
	yield_started = 1;
	while (!XT_LOAD(&yield_end)) {
		(void)xt_churn_wide(12345, 1);
		yield();
	}
}

static void
yield_window(unsigned int n)
{
	unsigned long a = 1, b = 2, c = 4, d = 8, e = 16, f = 32, g = 64;
	unsigned long h = 128, j = 256, k = 512;

	(void)n;
	/* Where the compiler has to keep them: in registers, over a call. */
	__asm volatile("" : "+r" (a), "+r" (b), "+r" (c), "+r" (d), "+r" (e));
	__asm volatile("" : "+r" (f), "+r" (g), "+r" (h), "+r" (j), "+r" (k));
	yield();
	SWEEP_CHECK((a | b | c | d | e | f | g | h | j | k) == 1023);
}

static void
yield_stop(void)
{
	XT_STORE(&yield_end, 1);
}

/* THR-1: two threads of one CPU take turns, interrupted wherever it can be. */
void
test_sweep_yield(void)
{
	static const struct sweep sw = { .sw_clause = "THR-1",
	    .sw_window = yield_window, .sw_end = yield_stop };

	yield_end = 0;
	xt_thread(SWEEP_CPU, yield_other, NULL);
	sweep_run(&sw);
}
