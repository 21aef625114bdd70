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
 * arm64: finding the CPUs, starting them, and setting each one up.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"
#include "bootfdt.h"
#include "machdep.h"
#include <machine/encode.h>

#define CPACR_FPEN	(3 << 20)

void	arm64_ap_start(void);
void	arm64_hatch(struct cpu_info *);
void	arm64_thread_begin(void);

/* A stack for traps that find none. */
static void
cpu_tables(struct cpu_info *ci)
{
	ci->ci_md.mc_estack = kstack_alloc() + KSTACK_SIZE;
	WRITE_SPECIAL(vbar_el1, arm64_gic->gic_vectors);
	__asm volatile("isb");
}

/* The first controller of the device tree that is known here. */
static void
gic_attach(void)
{
	static const struct arm64_gic *const gics[] = { &arm64_gicv3,
	    &arm64_gicv2 };
	const struct arm64_gic *gic;
	size_t i, j;
	int node;

	for (i = 0; i < nitems(gics); i++) {
		gic = gics[i];
		for (j = 0; gic->gic_compatible[j] != NULL; j++) {
			node = fdt_by_compatible(&arm64_fdt, -1,
			    gic->gic_compatible[j]);
			if (node == -1)
				continue;
			gic->gic_setup(node);
			arm64_gic = gic;
			printf("gic: %s\n", gic->gic_name);
			return;
		}
	}
	panic("gic: the device tree has neither a GICv2 nor a GICv3");
}

void
md_cpus_attach(void)
{
	gic_attach();
	cpu_attach(enc_id(READ_SPECIAL(mpidr_el1)));
	bootfdt_cpus(&arm64_fdt);
}

/* The feature: that FP instructions do not trap; nothing here has any. */
int
cpu_feature_enable(void)
{
	WRITE_SPECIAL(cpacr_el1, READ_SPECIAL(cpacr_el1) | CPACR_FPEN);
	__asm volatile("isb");
	return (cpu_feature_enabled() ? 0 : EINVAL);
}

void
cpu_feature_disable(void)
{
	WRITE_SPECIAL(cpacr_el1, READ_SPECIAL(cpacr_el1) &
	    ~(uint64_t)CPACR_FPEN);
	__asm volatile("isb");
}

int
cpu_feature_enabled(void)
{
	return ((READ_SPECIAL(cpacr_el1) & CPACR_FPEN) == CPACR_FPEN);
}

void
md_cpu_init(struct cpu_info *ci)
{
	cpu_tables(ci);
	arm64_gic->gic_init(ci);
	clock_silence();
	if (enc_id(READ_SPECIAL(mpidr_el1)) != ci->ci_hwid)
		panic("SMP-3: cpu%u: its MPIDR is 0x%llx, not 0x%llx",
		    ci->ci_cpuid, (unsigned long long)READ_SPECIAL(mpidr_el1),
		    (unsigned long long)ci->ci_hwid);
}

/* On its idle thread's stack; TPIDR_EL1 is set. */
void
arm64_hatch(struct cpu_info *ci)
{
	cpu_hatch(ci);
}

/*
 * By firmware, one after the other: two callers for one CPU could both be
 * told that it starts.  One that is on already was started by somebody else.
 * It is given one address, and reads nothing before its caches are on.
 */
const char *
md_cpu_start(struct cpu_info *ci)
{
	int64_t error;

	if (arm64_psci == PSCI_NONE)
		return ("there is no PSCI");
	error = psci_call(PSCI_CPU_ON, ci->ci_hwid,
	    pmap_kernel_pa((const void *)arm64_ap_start), (uint64_t)ci);
	switch (error) {
	case 0:
	case PSCI_ON_PENDING:
		return (NULL);
	case PSCI_ALREADY_ON:
		return ("PSCI says that it is on already");
	case PSCI_INVALID_PARAMS:
		return ("PSCI knows no CPU with this id");
	default:
		return ("PSCI refuses");
	}
}

void
cpu_fork(struct thread *t)
{
	uint64_t *sp = (uint64_t *)(t->t_stack + KSTACK_SIZE - 96);

	memset(sp, 0, 96);
	sp[1] = (uint64_t)arm64_thread_begin;
	t->t_sp = (uintptr_t)sp;
}
