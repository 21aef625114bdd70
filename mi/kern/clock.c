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
 * The clock: ticks, timeouts, and the tick's other duties.  Every CPU that
 * does not idle ticks, and the boot CPU always; so a CPU that idles is woken
 * by doorbells alone.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "synch.h"

unsigned int intr_clock;
unsigned int ticks;

static struct mutex timeout_mtx = MUTEX_INITIALIZER(IPL_CLOCK);
static struct timeout *timeouts;	/* soonest first */
static struct softintr *softclock_si;

static void
clock_arm(struct cpu_info *ci)
{
	ci->ci_ticking = 1;
	md_clock_arm(md_clock_hz / HZ);
}

static int
timeout_due(const struct timeout *to)
{
	return (to != NULL && (int)(to->to_time - ticks) <= 0);
}

/* At IPL_CLOCK, on each CPU that ticks. */
static void
hardclock(void *arg)
{
	struct cpu_info *ci = curcpu();

	(void)arg;
	ci->ci_ticks++;
	cpu_xcall_tick(ci);
	if (CPU_IS_PRIMARY(ci)) {
		ticks++;
		mtx_enter(&timeout_mtx);
		if (timeout_due(timeouts))
			softintr_schedule(softclock_si);
		mtx_leave(&timeout_mtx);
	}
	if (ci->ci_ticks % HZ == 0)
		xcall_watch();
	if (CPU_IS_PRIMARY(ci) || ci->ci_curthread != ci->ci_idle)
		clock_arm(ci);
	else
		ci->ci_ticking = 0;
}

void
clock_resume(void)
{
	struct cpu_info *ci = curcpu();
	unsigned long s;

	s = intr_disable();
	if (!ci->ci_ticking)
		clock_arm(ci);
	intr_restore(s);
}

/* At IPL_SOFTCLOCK, on the boot CPU. */
static void
softclock(void *arg)
{
	struct timeout *to;

	(void)arg;
	mtx_enter(&timeout_mtx);
	while (timeout_due(to = timeouts)) {
		timeouts = to->to_next;
		to->to_queued = 0;
		mtx_leave(&timeout_mtx);
		(*to->to_func)(to->to_arg);
		mtx_enter(&timeout_mtx);
	}
	mtx_leave(&timeout_mtx);
}

void
clock_init(void)
{
	softclock_si = softintr_establish(IPL_SOFTCLOCK, softclock, NULL);
	intr_clock = intr_establish(IPL_CLOCK, "clock", hardclock, NULL);
	md_clock_init();
	if (md_clock_hz < 1000 * HZ)
		panic("CLK-2: md_clock_init: the clock counts %llu a second",
		    (unsigned long long)md_clock_hz);
	xcall_watch_init();
}

void
timeout_set(struct timeout *to, void (*func)(void *), void *arg)
{
	to->to_func = func;
	to->to_arg = arg;
	to->to_queued = 0;
}

static int
timeout_remove(struct timeout *to)
{
	struct timeout **tp;

	if (!to->to_queued)
		return (0);
	for (tp = &timeouts; *tp != to; tp = &(*tp)->to_next)
		continue;
	*tp = to->to_next;
	to->to_queued = 0;
	return (1);
}

int
timeout_add(struct timeout *to, unsigned int n)
{
	struct timeout **tp;
	int old;

	KCLAUSE(n < 0x7fffffff, "TMO-1", "so long that it is in the past");
	KCLAUSE(to->to_func != NULL, "TMO-1", "timeout_set() was not called");
	mtx_enter(&timeout_mtx);
	old = timeout_remove(to);
	/* The tick under way is not a whole one. */
	to->to_time = ticks + n + 1;
	for (tp = &timeouts; *tp != NULL; tp = &(*tp)->to_next) {
		if ((int)((*tp)->to_time - to->to_time) > 0)
			break;
	}
	to->to_next = *tp;
	*tp = to;
	to->to_queued = 1;
	mtx_leave(&timeout_mtx);
	return (!old);
}

int
timeout_del(struct timeout *to)
{
	int old;

	mtx_enter(&timeout_mtx);
	old = timeout_remove(to);
	mtx_leave(&timeout_mtx);
	return (old);
}
