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
 * amd64: inter-processor interrupts.  The doorbell of the cross-call has a
 * vector of its own, so that nothing has to be looked up to answer it; the
 * other reasons share one, and a word that says which.
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"
#include <machine/encode.h>

void	amd64_xcall_xapic(void), amd64_xcall_x2apic(void);
void	amd64_clock_xapic(void), amd64_clock_x2apic(void);
void	amd64_ipi_xapic(void), amd64_ipi_x2apic(void);
void	amd64_stray_xapic(void), amd64_stray_x2apic(void);
void	amd64_spurious(void);
void	amd64_ipi(void);

/* The vectors, for the mode that was chosen. */
void
ipi_init(void)
{
	idt_set(VEC_XCALL, amd64_x2apic ? amd64_xcall_x2apic :
	    amd64_xcall_xapic);
	idt_set(VEC_CLOCK, amd64_x2apic ? amd64_clock_x2apic :
	    amd64_clock_xapic);
	idt_set(VEC_IPI, amd64_x2apic ? amd64_ipi_x2apic : amd64_ipi_xapic);
	idt_set(VEC_SPURIOUS, amd64_spurious);
	idt_strays(amd64_x2apic ? amd64_stray_x2apic : amd64_stray_xapic);
}

void
icr_stuck(void)
{
	panic("X-IPI-1: the local APIC does not send");
}

/*
 * A set of CPUs.  x2APIC: one write for each cluster, up to 16 CPUs.  The
 * shorthands are not used: they reach CPUs that were never started.
 */
void
cpu_xcall_ipi_many(const struct cpuset *set)
{
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;
	uint32_t dest = 0, id;

	CPU_INFO_FOREACH(cii, ci) {
		if (!cpuset_isset(set, ci))
			continue;
		if (!amd64_x2apic) {
			cpu_xcall_ipi(ci);
			continue;
		}
		id = enc_logical(ci->ci_hwid);
		if (dest != 0 && !enc_joins(dest, id)) {
			icr_write(dest, enc_doorbell(0, ICR_LOGICAL,
			    VEC_XCALL));
			dest = 0;
		}
		dest |= id;
	}
	if (dest != 0)
		icr_write(dest, enc_doorbell(0, ICR_LOGICAL, VEC_XCALL));
}

static void
ipi_send(struct cpu_info *ci, unsigned int reason)
{
	unsigned long s;

	s = intr_disable();
	/* Pairs with the swap in amd64_ipi(). */
	atomic_setbits(&ci->ci_md.mc_ipis, reason);
	icr_write(ci->ci_md.mc_dest, enc_doorbell(0, ICR_FIXED, VEC_IPI));
	intr_restore(s);
}

void
cpu_unidle(struct cpu_info *ci)
{
	ipi_send(ci, IPI_UNIDLE);
}

/* An NMI, which interrupts off do not hold back. */
void
cpu_stop(struct cpu_info *ci)
{
	icr_write(ci->ci_md.mc_dest, enc_doorbell(0, ICR_NMI, 0));
}

/*
 * The reasons, all at once: several interrupts may have become one.  That
 * the CPU left its halt is all that IPI_UNIDLE asks for.
 */
void
amd64_ipi(void)
{
	unsigned int reasons;

	reasons = atomic_swap(&curcpu()->ci_md.mc_ipis, 0);
	MD_POINT("reasons");
	if ((reasons & ~IPI_UNIDLE) != 0)
		panic("IPI-2: cpu%u: interrupted for an unknown reason 0x%x",
		    curcpu()->ci_cpuid, reasons);
}

/* INIT (page 0), or start at a page below 1 MB. */
void
ipi_start(uint32_t dest, uint32_t page)
{
	unsigned long s;

	s = intr_disable();
	if (page == 0)
		icr_write(dest, enc_doorbell(0, ICR_INIT, 0));
	else
		icr_write(dest, enc_doorbell(0, ICR_STARTUP, enc_page(page)));
	intr_restore(s);
}
