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
 * The cross-call watchdog.  Once a second a ticking CPU looks at the queue of
 * every CPU: one that has calls, or is in one, and has taken none off since
 * the last look, counts.  At the limit everything that is known is printed:
 * who waits for whom, levels, queues, the last call, and the cycle if the
 * waiting goes round.  It only reads, without locks; what it prints may be a
 * moment old.  The limit in seconds can be given on the command line: watch=N;
 * many CPUs may be fewer on the emulator's host, and get longer.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "synch.h"

static unsigned int watch_seconds = 15;

static void
print_call(const char *what, void (*func)(void *), const void *arg)
{
	const char *name;
	uintptr_t off;

	name = ksym((uintptr_t)func, &off);
	printf("\t%s %s(%p)\n", what, name != NULL ? name : "?", arg);
}

static void
print_queue(struct cpu_info *ci)
{
	struct xcall_cpu *xci = &ci->ci_xcall;
	struct xcall *xc;
	unsigned int i, n;

	n = XCALL_USED(atomic_load_relaxed(&xci->xci_ends));
	printf("cpu%u: level %d, pending 0x%lx, ticks %u, queue %u of %d, "
	    "%u taken off, depth %u, rang %u, found full %u\n", ci->ci_cpuid,
	    ci->ci_ilevel, ci->ci_ipending, ci->ci_ticks, n, XCALL_NSLOT,
	    xci->xci_tail, xci->xci_depth, xci->xci_rung, xci->xci_full);
	if (xci->xci_func != NULL)
		print_call(xci->xci_depth != 0 ? "is in" : "last was in",
		    xci->xci_func, xci->xci_arg);
	for (i = 0; i < n; i++) {
		xc = atomic_load_relaxed(&xci->xci_slots[(xci->xci_tail + i) %
		    XCALL_NSLOT]);
		if (xc != NULL)
			print_call("queued:", xc->xc_func, xc->xc_arg);
		else
			printf("\tqueued: reserved, not published\n");
	}
}

static void
print_waits(void)
{
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;
	struct thread *t;

	CPU_INFO_FOREACH(cii, ci) {
		if (ci->ci_xwait != NULL)
			printf("cpu%u waits for room in the queue of cpu%u\n",
			    ci->ci_cpuid, ci->ci_xwait->ci_cpuid);
	}
	for (t = threads; t != NULL; t = t->t_all) {
		if (t->t_xci == NULL || t->t_name == NULL)
			continue;
		printf("thread %s on cpu%u sleeps (%s) since %u ticks for "
		    "cpu%u to run\n", t->t_name, t->t_cpu->ci_cpuid,
		    t->t_wmesg != NULL ? t->t_wmesg : "-",
		    ticks - t->t_xsince, t->t_xci->ci_cpuid);
		print_call("", t->t_xfunc, t->t_xarg);
	}
}

static void
print_cycle(void)
{
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci, *at;
	unsigned int n;

	CPU_INFO_FOREACH(cii, ci) {
		at = ci->ci_xwait;
		for (n = 0; at != NULL && at != ci && n < ncpus; n++)
			at = at->ci_xwait;
		if (at == ci)
			break;
		ci = NULL;
	}
	if (cii == ncpus || ci == NULL)
		return;
	printf("the waiting goes round: cpu%u", ci->ci_cpuid);
	for (at = ci->ci_xwait; at != ci; at = at->ci_xwait)
		printf(" -> cpu%u", at->ci_cpuid);
	printf(" -> cpu%u\n", ci->ci_cpuid);
}

void
xcall_report(void)
{
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;

	printf("\n");
	CPU_INFO_FOREACH(cii, ci) {
		if (CPU_IS_RUNNING(ci))
			print_queue(ci);
	}
	print_waits();
	print_cycle();
}

static void
watch_cpu(struct cpu_info *ci)
{
	struct xcall_cpu *xci = &ci->ci_xcall;

	if (xci->xci_tail != ci->ci_xtail || (xci->xci_depth == 0 &&
	    XCALL_USED(atomic_load_relaxed(&xci->xci_ends)) == 0)) {
		ci->ci_xtail = xci->xci_tail;
		ci->ci_xstuck = 0;
		return;
	}
	if (++ci->ci_xstuck < watch_seconds)
		return;
	xcall_report();
	panic("cross-call watchdog: cpu%u has taken no call off its queue for "
	    "%u s, %u before: %s", ci->ci_cpuid, watch_seconds, xci->xci_tail,
	    xci->xci_depth != 0 ? "a call does not end, or waits for what this "
	    "CPU holds back: X-SOFT-2, X-SPL-1" :
	    "calls wait and it does not dispatch: X-IPI-1, X-SOFT-2");
}

/* A call that ended, and its caller not woken, is lost as well. */
static void
watch_threads(void)
{
	struct thread *t;

	for (t = threads; t != NULL; t = t->t_all) {
		if (t->t_xci == NULL || t->t_name == NULL ||
		    ticks - t->t_xsince < 4 * watch_seconds * HZ)
			continue;
		xcall_report();
		panic("cross-call watchdog: thread %s has slept for %u s: "
		    "X-SOFT-2, X-WAIT-1, IPI-2", t->t_name, 4 * watch_seconds);
	}
}

/* The boot CPU watches the others; those that tick watch the boot CPU. */
static void
watch_primary(struct cpu_info *self)
{
	unsigned int seen = cpu_info_primary.ci_ticks;

	if (seen != self->ci_cticks) {
		self->ci_cticks = seen;
		self->ci_cstuck = 0;
		return;
	}
	if (++self->ci_cstuck < watch_seconds)
		return;
	xcall_report();
	panic("clock watchdog: cpu0 has not ticked for %u s of cpu%u: CLK-2",
	    watch_seconds, self->ci_cpuid);
}

void
xcall_watch_init(void)
{
	watch_seconds += watch_seconds * (ncpus / 16);
	watch_seconds = boot_number("watch", watch_seconds);
}

void
xcall_watch(void)
{
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;

	if (panicstr != NULL)
		return;
	if (!CPU_IS_PRIMARY(curcpu())) {
		watch_primary(curcpu());
		return;
	}
	CPU_INFO_FOREACH(cii, ci) {
		if (CPU_IS_RUNNING(ci))
			watch_cpu(ci);
	}
	watch_threads();
}
