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
 * From one CPU to all of them.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "synch.h"

struct cpu_info cpu_info_primary;
struct cpu_info *cpu_infos[MAXCPUS];
unsigned int ncpus;
char boot_args[256];

#define START_SECONDS	5

void
boot_args_set(const char *s)
{
	size_t n;

	if (s == NULL)
		return;
	for (n = 0; s[n] != '\0' && n < sizeof(boot_args) - 1; n++)
		boot_args[n] = s[n] >= ' ' && s[n] <= '~' ? s[n] : '?';
	boot_args[n] = '\0';
	if (s[n] != '\0')
		printf("boot: the command line is cut to %zu bytes\n", n);
}

/* The value of key=value, copied; NULL without such a word. */
const char *
boot_arg(const char *key, char *buf, size_t size)
{
	const char *p = boot_args;
	size_t keylen = strlen(key), n;

	while (*p != '\0') {
		for (n = 0; p[n] != '\0' && p[n] != ' '; n++)
			continue;
		if (n > keylen && p[keylen] == '=' &&
		    strncmp(p, key, keylen) == 0) {
			p += keylen + 1;
			n -= keylen + 1;
			if (n >= size)
				n = size - 1;
			memcpy(buf, p, n);
			buf[n] = '\0';
			return (buf);
		}
		p += n;
		while (*p == ' ')
			p++;
	}
	return (NULL);
}

/* The number of key=N; where there is none, or nought, the other. */
unsigned int
boot_number(const char *key, unsigned int other)
{
	unsigned int n = 0;
	const char *p;
	char buf[8];

	for (p = boot_arg(key, buf, sizeof(buf));
	    p != NULL && *p >= '0' && *p <= '9'; p++)
		n = n * 10 + *p - '0';
	return (n != 0 ? n : other);
}

/* A CPU that there is; the first is this one. */
void
cpu_attach(uint64_t hwid)
{
	struct cpu_info *ci = &cpu_info_primary;

	if (ncpus > 0)
		ci = kmem_alloc(sizeof(*ci));
	ci->ci_self = ci;
	ci->ci_cpuid = ncpus;
	ci->ci_hwid = hwid;
	softintr_cpu_init(ci);
	cpu_xcall_establish(ci);
	cpu_infos[ncpus++] = ci;
}

/*
 * A CPU that the firmware lists, in whatever order, this one among them.
 * What cannot be used is said and left out.
 */
void
cpu_listed(uint64_t hwid)
{
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;

	CPU_INFO_FOREACH(cii, ci) {
		if (ci->ci_hwid != hwid)
			continue;
		if ((ci->ci_flags & CPUF_LISTED) != 0)
			printf("cpu: id 0x%llx is listed twice; one is "
			    "ignored\n", (unsigned long long)hwid);
		ci->ci_flags |= CPUF_LISTED;
		return;
	}
#ifdef MULTIPROCESSOR
	if (ncpus == MAXCPUS) {
		printf("cpu: id 0x%llx is ignored: this kernel has room for "
		    "%d\n", (unsigned long long)hwid, MAXCPUS);
		return;
	}
	cpu_attach(hwid);
	cpu_infos[ncpus - 1]->ci_flags = CPUF_LISTED;
#endif
}

#ifdef MULTIPROCESSOR
static void
cpu_start(struct cpu_info *ci)
{
	const char *error;

	ci->ci_ilevel = IPL_HIGH;
	thread_idle_init(ci);
	MD_POINT("start");
	error = md_cpu_start(ci);
	if (error != NULL) {
		printf("cpu%u: id 0x%llx does not start: %s\n",
		    ci->ci_cpuid, (unsigned long long)ci->ci_hwid, error);
		return;
	}
	atomic_setbits(&ci->ci_flags, CPUF_STARTED);
}

static void
cpu_wait(struct cpu_info *ci, uint64_t start)
{
	while (!CPU_IS_RUNNING(ci)) {
		if (md_clock_read() - start > START_SECONDS * md_clock_hz) {
			printf("cpu%u: id 0x%llx did not come up in %d s\n",
			    ci->ci_cpuid, (unsigned long long)ci->ci_hwid,
			    START_SECONDS);
			return;
		}
		CPU_BUSY_CYCLE();
	}
}

static void
cpus_start(void)
{
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;
	uint64_t start;

	CPU_INFO_FOREACH(cii, ci) {
		if (!CPU_IS_PRIMARY(ci))
			cpu_start(ci);
	}
	start = md_clock_read();
	CPU_INFO_FOREACH(cii, ci) {
		if (!CPU_IS_PRIMARY(ci) && (ci->ci_flags & CPUF_STARTED) != 0)
			cpu_wait(ci, start);
	}
}
#endif

/* Ready for doorbells, and for everything else; in this order. */
static void
cpu_online(struct cpu_info *ci)
{
	md_cpu_init(ci);
	clock_resume();
	MD_POINT("ready");
	/* Release: what md_cpu_init() did; pairs with CPU_IS_RUNNING(). */
	atomic_setbits(&ci->ci_flags, CPUF_RUNNING);
}

/* SMP-3: before anything relies on it. */
static void
hatch_check(struct cpu_info *ci)
{
	uintptr_t top = ci->ci_idle->t_stack + KSTACK_SIZE;

	(void)top;
	KCLAUSE(ci == curcpu(), "SMP-3", "curcpu() is another CPU");
	KCLAUSE(!intr_on(), "SMP-3", "interrupts are on");
	KCLAUSE(top - md_frame() < KSTACK_SIZE, "SMP-3",
	    "not on the stack of the idle thread");
}

/* A CPU that was started, interrupts off, on its idle thread's stack. */
void
cpu_hatch(struct cpu_info *ci)
{
	MD_POINT("hatch");
	hatch_check(ci);
	cpu_online(ci);
	MD_POINT("online");
	splx(IPL_NONE);
	thread_idle();
}

static void
main_thread(void *arg)
{
#ifdef MULTIPROCESSOR
	cpus_start();
#endif
	user_main(arg);
	md_end(0);
}

/* The slot of the cross-call, where an architecture does not call it. */
static void
softxcall(void *arg)
{
	(void)arg;
	cpu_xcall_dispatch(curcpu());
}

/* BOOT-1: as far as it can be seen. */
static void
boot_check(struct cpu_info *ci)
{
	(void)ci;
	KCLAUSE(ncpus == 0 && threads == NULL && ci->ci_flags == 0, "BOOT-1",
	    "the BSS is not zero");
	KCLAUSE(ci == curcpu() && ci->ci_self == ci, "BOOT-1",
	    "curcpu() is not cpu_info_primary");
	KCLAUSE(ci->ci_ilevel == IPL_HIGH, "BOOT-1", "not at IPL_HIGH");
	KCLAUSE(!intr_on(), "BOOT-1", "interrupts are on");
	KCLAUSE(md_frame() - (uintptr_t)kernel_text <
	    (uintptr_t)(kernel_end - kernel_text), "BOOT-1",
	    "the stack is not in the kernel");
	KCLAUSE(pmem_size() != 0, "BOOT-1", "pmem_add() was not called");
}

/*
 * On the boot CPU, interrupts off, on the boot stack: memory is known and
 * the console prints.  It leaves the boot stack for the idle thread's.
 */
void
kern_main(void)
{
	struct cpu_info *ci = &cpu_info_primary;
	unsigned int slot;

	boot_check(ci);
	pmem_print();
	md_cpus_attach();
	if (ncpus == 0 || cpu_infos[0] != ci)
		panic("SMP-1: md_cpus_attach: cpu_attach() was not called");
	if ((ci->ci_flags & CPUF_LISTED) == 0)
		printf("cpu: the firmware does not list the CPU that this "
		    "runs on, id 0x%llx\n", (unsigned long long)ci->ci_hwid);
	slot = intr_establish(IPL_SOFTCLOCK, "xcall", softxcall, NULL);
	if (slot != SLOT_XCALL)
		panic("SOFT-1: the cross-call has slot %u, not %u", slot,
		    SLOT_XCALL);
	softintr_init();
	clock_init();
	thread_idle_init(ci);
	cpu_online(ci);
	thread_create(ci, main_thread, NULL, "main");
	thread_first();
}
