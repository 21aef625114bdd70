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
 * The machinery of the sweeps.  One CPU runs the window, the boot CPU keeps
 * the time and sees that the other one goes on; the rest are quiet.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "synch.h"
#include "sweep/sweep.h"

#define XTEST(_name, _mincpus, _clauses)				\
	{ "sweep." #_name, (_mincpus), (_clauses), test_##_name },
const struct xtest sweep_tests[] = {
#include "sweep/list.h"
	{ NULL, 0, NULL, NULL }
};
#undef XTEST

#define NPAD		256
#define NPLACE		4096	/* a power of two */
#define SAME		400	/* instructions: it cannot land later */
#define ALIGNED		2000	/* instructions: the CPU halts before */
#define QUIET		3	/* ticks without a step: it is stuck */

enum { ALIGN, BEFORE, INSIDE, AFTER };
static const char *const where_names[] = { "long before", "before", "in",
    "after" };

unsigned int sweep_places;

/* The sweep that goes on; its CPU's, but for what is marked. */
static const struct sweep *sweep;
static struct cpu_info *sweep_ci;
static unsigned int sweep_steps;	/* [a] the monitor reads it */
static unsigned int sweep_armed;	/* the clock is ours, and to come */
static unsigned int sweep_where;	/* this CPU is there in the step */
static uint64_t sweep_time;		/* when it is to come, then */
static struct xcall sweep_xc;
static unsigned int sweep_landed;	/* it was there when it came */
static uintptr_t sweep_pc;		/* what was interrupted */
static unsigned int sweep_expect;	/* handlers and calls are to run */
static uintptr_t places[NPLACE];	/* distinct, hashed */

/* The clock's own handler, for every other CPU and between the steps. */
static void (*clock_func)(void *);
static void *clock_arg;

/* The monitor's; on the boot CPU, at IPL_SOFTCLOCK. */
static struct timeout monitor_to;
static unsigned int monitor_seen, monitor_quiet;
static unsigned int monitor_helped;	/* [a] */

static const char *
place(uintptr_t pc, uintptr_t *off)
{
	const char *name = ksym(pc, off);

	return (name != NULL ? name : "?");
}

void
sweep_fail(const char *file, int line, const char *fmt, ...)
{
	const char *name;
	uintptr_t off;
	char why[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	name = place(sweep_pc, &off);
	xt_fail(file, line, "%s: interrupted %s the window, at %s+0x%lx: %s",
	    sweep->sw_clause, where_names[sweep_landed], name,
	    (unsigned long)off, why);
}

/* It may be one that waits for room which runs this. */
static void
sweep_call(void *arg)
{
	(void)arg;
	SWEEP_CHECK(curcpu() == sweep_ci);
	SWEEP_CHECK(xt_level() == IPL_SOFTCLOCK);
	xt_log_add(&kit_ran, RAN_XCALL);
}

void
sweep_pend(void)
{
	kit_pend(IPL_SOFTCLOCK);
	kit_pend(IPL_SOFTNET);
	if (cpu_xcall_try(curcpu(), &sweep_xc) == 0)
		sweep_expect++;
	sweep_expect += 2;
}

static void
place_add(uintptr_t pc)
{
	unsigned int i = pc ^ pc >> 12;

	for (;; i++) {
		i %= NPLACE;
		if (places[i] == pc)
			return;
		if (places[i] == 0)
			break;
	}
	KASSERT(sweep_places < NPLACE - 1);
	places[i] = pc;
	sweep_places++;
}

/*
 * In the place of the clock's handler.  Above its frame there is that of the
 * interrupt, or of what lowered the level: DIAG-1.
 */
static void
sweep_clock(void *arg)
{
	uintptr_t fp;

	if (curcpu() != sweep_ci || !sweep_armed) {
		(*clock_func)(clock_arg);
		return;
	}
	(void)arg;
	if (sweep_where == ALIGN) {
		md_clock_arm(sweep_time);
		sweep_where = BEFORE;
		return;
	}
	sweep_armed = 0;
	fp = md_frame_next(md_frame(), &sweep_pc);
	(void)md_frame_next(fp, &sweep_pc);
	sweep_landed = sweep_where;
	if (sweep_landed == INSIDE)
		place_add(sweep_pc);
	if (sweep->sw_handler != NULL)
		(*sweep->sw_handler)();
	else
		sweep_pend();
}

/* The CPU has not moved for some ticks: help it once, or give up. */
static void
monitor(void *arg)
{
	unsigned int steps = XT_LOAD(&sweep_steps);
	const char *name;
	uintptr_t off;

	(void)arg;
	if (steps != monitor_seen)
		monitor_quiet = 0;
	else if (++monitor_quiet >= QUIET) {
		monitor_quiet = 0;
		if (!sweep->sw_unidle || XT_LOAD(&monitor_helped)) {
			xcall_report();
			name = place(sweep_pc, &off);
			panic("%s: cpu%u is stuck since it was interrupted %s "
			    "the window, at %s+0x%lx", sweep->sw_clause,
			    sweep_ci->ci_cpuid, where_names[sweep_landed],
			    name, (unsigned long)off);
		}
		XT_STORE(&monitor_helped, 1);
		cpu_unidle(sweep_ci);
	}
	monitor_seen = steps;
	timeout_add(&monitor_to, 1);
}

/*
 * A few instructions more for each, as a rule three: a number that has no
 * factor in common with those that the clock does not tell apart.
 */
static void __attribute__((__noinline__))
pad(unsigned int n)
{
	for (; n > 0; n--)
		__asm volatile("nop");
}

/* At least how many instructions the clock does not tell apart. */
static unsigned int
granularity(void)
{
	uint64_t start;
	unsigned int n;

	start = md_clock_read();
	pad(1000);
	n = md_clock_read() - start;
	return (3000 / (n + 1) + 1);
}

static void
step_check(void)
{
	struct cpu_info *ci = sweep_ci;
	unsigned long pending = XT_LOAD(&ci->ci_ipending);

	if (pending != 0) {
		sweep_fail(__FILE__, __LINE__, "slots 0x%lx are left pending, "
		    "at level %d", pending, ci->ci_ilevel);
		intr_disable();
		intr_enable();
	}
	SWEEP_CHECK(ci->ci_ilevel == IPL_NONE);
	SWEEP_CHECK(xt_intr());
	SWEEP_CHECK(ci->ci_idepth == 0);
	SWEEP_CHECK(XT_QUEUED(ci) == 0);
	if (kit_ran.xl_n != sweep_expect)
		sweep_fail(__FILE__, __LINE__, "%u handlers and calls ran, "
		    "not %u", kit_ran.xl_n, sweep_expect);
	if (XT_LOAD(&monitor_helped))
		sweep_fail(__FILE__, __LINE__, "it slept through the "
		    "interrupt");
}

/*
 * The step begins with an interrupt out of the halt, and that one sets the
 * clock: so from the setting to the window there is always the same number of
 * instructions, and the same fraction of the clock's unit has gone by.
 */
static void
step(unsigned int n, unsigned int npad, uint64_t t, unsigned int long_before)
{
	int ipl;

	/* The clock's other duties; X-TICK-1. */
	ipl = splraise(IPL_CLOCK);
	cpu_xcall_tick(sweep_ci);
	splx(ipl);

	xt_log_set(&kit_ran);
	sweep_expect = sweep->sw_ran;
	XT_STORE(&monitor_helped, 0);
	sweep_time = t;
	intr_disable();
	XT_STORE(&sweep_where, ALIGN);
	XT_STORE(&sweep_armed, 1);
	md_clock_arm(long_before);
	cpu_idle_cycle();
	while (XT_LOAD(&sweep_where) == ALIGN)
		CPU_BUSY_CYCLE();
	pad(npad);
	XT_STORE(&sweep_where, INSIDE);
	(*sweep->sw_window)(n);
	XT_STORE(&sweep_where, AFTER);
	while (XT_LOAD(&sweep_armed))
		CPU_BUSY_CYCLE();
	step_check();
	if (sweep->sw_after != NULL)
		(*sweep->sw_after)(n);
	XT_INC(&sweep_steps);
}

/* Later and later, until it comes after the window. */
static void
sweep_pads(unsigned int npads)
{
	unsigned int inside = 0, n = 0, npad, same;
	uintptr_t last;
	uint64_t t;

	for (npad = 0; npad < npads; npad++) {
		last = 0;
		same = 0;
		for (t = 1; same * npads < SAME; t++) {
			step(n++, npad, t, ALIGNED / npads + 2);
			inside += sweep_landed == INSIDE;
			if (sweep_landed == AFTER)
				break;
			same = sweep_pc == last ? same + 1 : 0;
			last = sweep_pc;
		}
	}
	kit_note("%u steps, %u of them in the window, at %u places", n, inside,
	    sweep_places);
}

static void
sweep_thread(void *arg)
{
	unsigned int npads = granularity();

	(void)arg;
	if (npads > NPAD)
		npads = NPAD;
	XT_STORE(&sweep_ci, curcpu());
	sweep_pads(npads);
	XT_STORE(&sweep_ci, NULL);
	md_clock_arm(md_clock_hz / HZ);
	if (sweep->sw_end != NULL)
		(*sweep->sw_end)();
}

void
sweep_run(const struct sweep *sw)
{
	struct intrsource *is = &intr_sources[intr_clock];

	sweep = sw;
	cpu_xcall_set(&sweep_xc, sweep_call, NULL);
	sweep_places = 0;
	sweep_pc = 0;
	memset(places, 0, sizeof(places));
	monitor_seen = monitor_quiet = 0;
	sweep_steps = 1;
	clock_arg = is->is_arg;
	clock_func = is->is_func;
	XT_STORE(&is->is_func, sweep_clock);
	timeout_set(&monitor_to, monitor, NULL);
	timeout_add(&monitor_to, 1);
	xt_thread(SWEEP_CPU, sweep_thread, NULL);
	if (sw->sw_helper != NULL)
		xt_thread(SWEEP_OTHER, sw->sw_helper, NULL);
	xt_join();
	timeout_del(&monitor_to);
	XT_STORE(&is->is_func, clock_func);
}
