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
 * arm64: inter-processor interrupts.  The doorbell of the cross-call has a
 * number of its own, so that nothing has to be looked up to answer it; the
 * other reasons share one, and a word that says which.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "machdep.h"
#include <machine/encode.h>

volatile uint32_t *gicd;

struct arm64_frame {
	uint64_t	f_fp;
	uint64_t	f_pc;
};

/*
 * A set of CPUs.  What mc_sgi has for a CPU is a bit of a target list and,
 * GICv3, the cluster that the list is for: one write for each cluster in
 * turn, up to 16 CPUs; GICv2: one write.
 */
void
cpu_xcall_ipi_many(const struct cpuset *set)
{
	uint64_t target = 0, sgi;
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;
	int v3 = arm64_gic->gic_v3;

	CPU_INFO_FOREACH(cii, ci) {
		if (!cpuset_isset(set, ci))
			continue;
		sgi = ci->ci_md.mc_sgi;
		if (target != 0 && !enc_joins(target, sgi, v3)) {
			sgi_write(target, SGI_XCALL);
			target = 0;
		}
		target |= sgi;
	}
	if (target != 0)
		sgi_write(target, SGI_XCALL);
}

static void
ipi_send(struct cpu_info *ci, unsigned int reason)
{
	/* Pairs with the swap in arm64_ipi(). */
	atomic_setbits(&ci->ci_md.mc_ipis, reason);
	sgi_write(ci->ci_md.mc_sgi, SGI_IPI);
}

void
cpu_unidle(struct cpu_info *ci)
{
	ipi_send(ci, IPI_UNIDLE);
}

/* There is no interrupt here that interrupts off do not hold back. */
void
cpu_stop(struct cpu_info *ci)
{
	ipi_send(ci, IPI_STOP);
}

/*
 * The reasons, all at once: several interrupts may have become one.  That
 * the CPU left its halt is all that IPI_UNIDLE asks for.
 */
void
arm64_ipi(const struct arm64_frame *f)
{
	unsigned int reasons;

	reasons = atomic_swap(&curcpu()->ci_md.mc_ipis, 0);
	MD_POINT("reasons");
	if ((reasons & IPI_STOP) != 0) {
		/* wfi does not wait while one is pending, DAIF or not. */
		arm64_setpri(IPL_IPI);
		cpu_stopped(f->f_pc, f->f_fp);
	}
	if ((reasons & ~IPI_UNIDLE) != 0)
		panic("IPI-2: cpu%u: interrupted for an unknown reason 0x%x",
		    curcpu()->ci_cpuid, reasons);
}

/* An interrupt that is not a doorbell, acknowledged and not yet ended. */
void
arm64_intr(unsigned int intid)
{
	if (intid != arm64_clock_intid)
		panic("gic: cpu%u: interrupt %u nobody asked for",
		    curcpu()->ci_cpuid, intid);
	clock_silence();
	cpu_soft_pend(intr_clock);
}
