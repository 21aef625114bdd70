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
 * The end: say what happened, stop every CPU, and show where each was.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "synch.h"

const char *panicstr;
void (*panic_hook)(const char *);

static unsigned int panic_cpu;		/* CPU id + 1 */
static char panicbuf[256];

/* A return address belongs to the call before it. */
static void
print_pc(uintptr_t pc, int ret)
{
	const char *name;
	uintptr_t off;

	name = ksym(pc - ret, &off);
	if (name != NULL)
		printf("\t%s+0x%lx\n", name, (unsigned long)off + ret);
	else
		printf("\t0x%lx\n", (unsigned long)pc);
}

static int
frame_valid(uintptr_t fp)
{
	if (fp >= (uintptr_t)kernel_text && fp < (uintptr_t)kernel_end)
		return (fp % sizeof(fp) == 0);
	return (fp >= MD_STACKVA && fp % sizeof(fp) == 0 &&
	    fp - MD_STACKVA < 2UL * KSTACK_SIZE * 8 * MAXCPUS &&
	    (fp & KSTACK_SIZE) != 0);
}

/*
 * Frames grow upwards on one stack.  Once they may go on on another: from a
 * stack for emergencies to the one that had no room.
 */
void
backtrace(uintptr_t pc, uintptr_t fp)
{
	uintptr_t next;
	int n, stacks = 1;

	if (pc != 0)
		print_pc(pc, 0);
	for (n = 0; n < 24 && frame_valid(fp); n++) {
		next = md_frame_next(fp, &pc);
		if (pc == 0)
			break;
		print_pc(pc, 1);
		if (next <= fp && stacks-- == 0)
			break;
		fp = next;
	}
}

static void
stop_others(struct cpu_info *self)
{
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;
	uint64_t start;

	CPU_INFO_FOREACH(cii, ci) {
		if (ci == self || !CPU_IS_RUNNING(ci))
			continue;
		atomic_setbits(&ci->ci_flags, CPUF_STOP);
		cpu_stop(ci);
	}
	CPU_INFO_FOREACH(cii, ci) {
		if (ci == self || !CPU_IS_RUNNING(ci))
			continue;
		start = md_clock_read();
		while ((atomic_load_acquire(&ci->ci_flags) & CPUF_STOPPED) ==
		    0 && md_clock_read() - start < md_clock_hz)
			CPU_BUSY_CYCLE();
	}
}

/* Another CPU panics: remember where this one was, and stay. */
void
cpu_stopped(uintptr_t pc, uintptr_t fp)
{
	struct cpu_info *ci = curcpu();

	ci->ci_stop_pc = pc;
	ci->ci_stop_fp = fp;
	/* Release: the two above; pairs with stop_others(). */
	atomic_setbits(&ci->ci_flags, CPUF_STOPPED);
	cpu_halt();
}

static void
print_cpu(struct cpu_info *ci)
{
	printf("cpu%u: level %d, pending 0x%lx, depth %d, thread %s\n",
	    ci->ci_cpuid, ci->ci_ilevel, ci->ci_ipending, ci->ci_idepth,
	    ci->ci_curthread != NULL && ci->ci_curthread->t_name != NULL ?
	    ci->ci_curthread->t_name : "none");
}

static void
print_others(struct cpu_info *self)
{
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;

	CPU_INFO_FOREACH(cii, ci) {
		if (ci == self || !CPU_IS_RUNNING(ci))
			continue;
		print_cpu(ci);
		if (atomic_load_acquire(&ci->ci_flags) & CPUF_STOPPED)
			backtrace(ci->ci_stop_pc, ci->ci_stop_fp);
		else
			printf("\tdid not stop: interrupts off, "
			    "or none reaches it\n");
	}
}

/* From the frame fp on upwards; show may be NULL. */
static void __attribute__((__noreturn__))
vpanic(uintptr_t fp, void (*show)(const void *), const void *frame,
    const char *fmt, va_list ap)
{
	char buf[sizeof(panicbuf)];
	struct cpu_info *ci;
	unsigned int owner = 0;

	vsnprintf(buf, sizeof(buf), fmt, ap);
	if (panic_hook != NULL)
		(*panic_hook)(buf);

	intr_disable();
	ci = curcpu();
	if (!atomic_cas(&panic_cpu, &owner, ci->ci_cpuid + 1)) {
		/* A panic in a panic is cut short; another CPU's waits. */
		if (owner != ci->ci_cpuid + 1)
			cpu_stopped(0, fp);
		printf("panic: cpu%u: again: %s\n", ci->ci_cpuid, buf);
		md_end(1);
	}
	memcpy(panicbuf, buf, sizeof(buf));
	panicstr = panicbuf;
	stop_others(ci);
	cons_break();
	printf("\npanic: cpu%u: %s\n", ci->ci_cpuid, panicbuf);
	if (show != NULL)
		(*show)(frame);
	print_cpu(ci);
	backtrace(0, fp);
	print_others(ci);
	md_end(1);
}

void
panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vpanic(md_frame(), NULL, NULL, fmt, ap);
}

void
panic_show(void (*show)(const void *), const void *frame, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vpanic(md_frame(), show, frame, fmt, ap);
}
