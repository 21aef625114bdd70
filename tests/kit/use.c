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
 * The users of the cross-call: write back the caches of all CPUs, and switch
 * a feature of all CPUs.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"
#include "kit/kit.h"

static unsigned int tails[XT_MAXCPU];
static unsigned int cache_back;

static void
cache_run(void *arg)
{
	unsigned int n;

	(void)arg;
	for (n = 0; n < xt_ncpu(); n++)
		tails[n] = XT_LOAD(&xt_cpu(n)->ci_xcall.xci_tail);
	wbinvd_on_all_cpus_acked();
	for (n = 0; n < xt_ncpu(); n++)
		XT_EQ(XT_LOAD(&xt_cpu(n)->ci_xcall.xci_tail) - tails[n], 1);
	XT_STORE(&cache_back, 1);
}

/* USE-1: when it returns each CPU has run its call, and one only. */
void
test_use_cache(void)
{
	int i;

	for (i = 0; i < 5; i++) {
		cache_back = 0;
		xt_on(i % 2 ? xt_ncpu() - 1 : 0, cache_run, NULL);
		XT_EQ(cache_back, 1);
	}
}

static void
others_run(void *arg)
{
	unsigned int n, skip = *(unsigned int *)arg;

	for (n = 0; n < xt_ncpu(); n++) {
		if (n != skip)
			XT_WAIT_YIELD(XT_LOAD(&xt_cpu(n)->ci_xcall.xci_tail) !=
			    tails[n]);
	}
	XT_EQ(XT_LOAD(&cache_back), 0);
}

/* USE-1: it waits for the last CPU, and lets other threads run meanwhile. */
void
test_use_cache_waits(void)
{
	struct xt_park park;
	unsigned int n, last = xt_ncpu() - 1;

	cache_back = 0;
	for (n = 0; n < xt_ncpu(); n++)
		tails[n] = XT_LOAD(&xt_cpu(n)->ci_xcall.xci_tail);
	xt_park(&park, last, IPL_SOFTCLOCK);
	xt_thread(0, cache_run, NULL);
	others_run(&last);
	xt_unpark(&park);
	xt_join();
	XT_EQ(cache_back, 1);
}

static void
feature_is(void *arg)
{
	XT_EQ(cpu_feature_enabled() != 0, *(int *)arg);
}

static int
feature_error(void)
{
	int error;

	error = cpu_feature_enable();
	if (error == 0)
		cpu_feature_disable();
	return (error);
}

static int
feature_missing(void)
{
	int error = feature_error();

	if (error == 0)
		return (0);
	/* What cannot be switched is not switched, and says so. */
	XT_EQ(cpu_feature_all(cpu_feature_enable, cpu_feature_disable), error);
	xt_skip("these CPUs lack the feature");
	return (1);
}

/*
 * USE-2: on, read back on each CPU; off, read back on each.  What the
 * firmware left it at is not known.
 */
void
test_use_feature(void)
{
	static int on = 1, off = 0;
	int i;

	if (feature_missing())
		return;
	XT_EQ(cpu_feature_all(NULL, cpu_feature_disable), 0);
	for (i = 0; i < 2; i++) {
		xt_on_each(feature_is, &off);
		XT_EQ(cpu_feature_all(cpu_feature_enable, cpu_feature_disable),
		    0);
		xt_on_each(feature_is, &on);
		XT_EQ(cpu_feature_all(NULL, cpu_feature_disable), 0);
		xt_on_each(feature_is, &off);
	}
}

static unsigned int fails_on, enabled[XT_MAXCPU], disabled[XT_MAXCPU];

static int
fails_enable(void)
{
	XT_INC(&enabled[xt_self()]);
	if (xt_self() == fails_on)
		return (EBUSY);
	return (cpu_feature_enable());
}

static void
fails_disable(void)
{
	XT_INC(&disabled[xt_self()]);
	cpu_feature_disable();
}

/*
 * USE-2: one CPU fails: its error comes back, the others are undone, each
 * once, and the one that failed is not.
 */
void
test_use_feature_fails(void)
{
	static int off = 0;
	unsigned int n;

	if (feature_missing())
		return;
	for (fails_on = 0; fails_on < xt_ncpu();
	    fails_on += xt_ncpu() / 4 + 1) {
		for (n = 0; n < xt_ncpu(); n++)
			enabled[n] = disabled[n] = 0;
		XT_EQ(cpu_feature_all(fails_enable, fails_disable), EBUSY);
		for (n = 0; n < xt_ncpu(); n++) {
			XT_EQ(enabled[n], 1);
			XT_EQ(disabled[n], n != fails_on);
		}
		xt_on_each(feature_is, &off);
	}
}
