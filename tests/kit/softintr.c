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
 * Interrupt slots, and the soft interrupts CLOCK, NET and TTY.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "kit/kit.h"

static const int soft_levels[] = { IPL_SOFTCLOCK, IPL_SOFTNET, IPL_SOFTTTY };

static void
slot_run(void *arg)
{
	(void)arg;
}

static void
slots_all(void *arg)
{
	unsigned int *n = arg;

	for (;;) {
		(void)intr_establish(IPL_BIO, "spare", slot_run, NULL);
		++*n;
	}
}

static int no_levels[] = { IPL_NONE, NIPL, -1, 1000 };

static void
slots_level(void *arg)
{
	(void)intr_establish(*(int *)arg, "spare", slot_run, NULL);
}

/* A level without a slot left says so; each slot is given out once. */
void
test_intr_slots(void)
{
	unsigned int i, n = 0, spare = 0;

	XT_PANICS(0, slots_all, &n, "SLOT-1");
	for (i = 0; i < nitems(no_levels); i++)
		XT_PANICS(0, slots_level, &no_levels[i], "SLOT-1");
	for (i = 0; i < INTR_NSLOT; i++) {
		if (intr_sources[i].is_func != slot_run)
			continue;
		XT_EQ(intr_sources[i].is_ipl, IPL_BIO);
		intr_sources[i].is_func = NULL;
		spare++;
	}
	XT_EQ(spare, n);
	XT_CHECK(n > 0 && n < INTR_PERIPL);
	XT_CHECK(intr_sources[SLOT_XCALL].is_func != NULL);
	XT_EQ(intr_sources[SLOT_XCALL].is_ipl, IPL_SOFTCLOCK);
}

static void
once_run(void *arg)
{
	unsigned int i;
	int ipl;

	(void)arg;
	for (i = 0; i < nitems(soft_levels); i++) {
		ipl = splraise(soft_levels[i]);
		softintr_schedule(kit_soft(soft_levels[i]));
		softintr_schedule(kit_soft(soft_levels[i]));
		XT_EQ(kit_ran.xl_n, 0);
		splx(ipl);
		XT_EQ(kit_ran.xl_n, 1);
		XT_EQ(kit_ran.xl_what[0], RAN_SOFT(soft_levels[i]));
		xt_log_set(&kit_ran);
	}
}

/* Scheduled twice before it runs, it runs once, at its level, not before. */
void
test_softintr_once(void)
{
	xt_log_set(&kit_ran);
	xt_on_each(once_run, NULL);
}

static struct softintr *again_si;
static unsigned int again_left, again_in, again_nested;

static void
again_func(void *arg)
{
	(void)arg;
	if (again_in++ != 0)
		again_nested++;
	if (again_left != 0) {
		again_left--;
		softintr_schedule(again_si);
		softintr_schedule(again_si);
	}
	again_in--;
	xt_log_add(&kit_ran, RAN_SOFT(IPL_SOFTNET));
}

static void
again_run(void *arg)
{
	unsigned long s;

	(void)arg;
	again_left = 3;
	again_in = again_nested = 0;
	s = intr_disable();
	softintr_schedule(again_si);
	intr_restore(s);
	XT_EQ(again_left, 0);
	XT_EQ(again_nested, 0);
	XT_EQ(kit_ran.xl_n, 4);
	xt_log_set(&kit_ran);
}

/* Scheduled by itself while it runs, it runs once more, and not within. */
void
test_softintr_again(void)
{
	if (again_si == NULL)
		again_si = softintr_establish(IPL_SOFTNET, again_func, NULL);
	xt_log_set(&kit_ran);
	xt_on_each(again_run, NULL);
}

static struct softintr *cpu_si;
static unsigned int cpu_count[XT_MAXCPU];

static void
cpu_func(void *arg)
{
	(void)arg;
	XT_INC(&cpu_count[xt_self()]);
}

static void
cpu_run(void *arg)
{
	int i, ipl;

	(void)arg;
	for (i = 0; i < 10; i++) {
		/* Two CPUs at once: one of them may run it for both. */
		ipl = splraise(IPL_SOFTTTY);
		softintr_schedule(cpu_si);
		splx(ipl);
	}
}

/* It runs on the CPU that scheduled it. */
void
test_softintr_cpu(void)
{
	unsigned int i, n;

	if (cpu_si == NULL)
		cpu_si = softintr_establish(IPL_SOFTTTY, cpu_func, NULL);
	for (n = 0; n < xt_ncpu(); n++) {
		for (i = 0; i < xt_ncpu(); i++)
			cpu_count[i] = 0;
		xt_on(n, cpu_run, NULL);
		for (i = 0; i < xt_ncpu(); i++)
			XT_EQ(cpu_count[i], i == n ? 10 : 0);
	}
}

static void
level_bad(void *arg)
{
	(void)softintr_establish(IPL_BIO, cpu_func, arg);
}

/* Only the soft levels have them. */
void
test_softintr_level(void)
{
	XT_PANICS(0, level_bad, NULL, "SLOT-2");
}
