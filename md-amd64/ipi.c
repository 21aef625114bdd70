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
#include "encode.h"

#define ICR_TRIES	100000

void	amd64_xcall_xapic(void), amd64_xcall_x2apic(void);
void	amd64_clock_xapic(void), amd64_clock_x2apic(void);
void	amd64_ipi_xapic(void), amd64_ipi_x2apic(void);
void	amd64_spurious(void);
void	amd64_ipi(void);
static void icr_write_busy(uint32_t, uint32_t)
    __attribute__((__noinline__, __cold__));

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
}

/*
 * Interrupts are off, so nobody else on this CPU writes between the two
 * halves.
 *
 * Order.  xAPIC: the page is uncached, and a store to it is not done before
 * the stores that precede it; only the compiler has to be held.  x2APIC:
 * WRMSR may overtake stores, SDM 3A 11.12.3 asks for a fence: MFENCE waits
 * for the stores, LFENCE holds the WRMSR back until it has.  The other side
 * needs nothing: taking an interrupt serialises, and then it loads.
 */
static inline void
icr_write(uint32_t id, uint32_t cmd)
{
	volatile uint32_t *lo = (volatile uint32_t *)(LAPICVA + LAPIC_ICRLO);
	volatile uint32_t *hi = (volatile uint32_t *)(LAPICVA + LAPIC_ICRHI);

	compiler_barrier();
	if (amd64_x2apic) {
		__asm volatile("mfence; lfence" ::: "memory");
		MD_POINT("doorbell");
		wrmsr(enc_msr(LAPIC_ICRLO), enc_dest(id, 1) | cmd);
		return;
	}
	if (predict_false((*lo & ICR_BUSY) != 0)) {
		icr_write_busy(id, cmd);
		return;
	}
	MD_POINT("doorbell");
	*hi = enc_dest(id, 0) >> 32;
	*lo = cmd;
}

/* The last command is still on its way: not for long. */
static void
icr_write_busy(uint32_t id, uint32_t cmd)
{
	volatile uint32_t *lo = (volatile uint32_t *)(LAPICVA + LAPIC_ICRLO);
	int i;

	for (i = 0; (*lo & ICR_BUSY) != 0; i++) {
		if (i == ICR_TRIES)
			panic("X-IPI-1: the local APIC does not send");
		CPU_BUSY_CYCLE();
	}
	icr_write(id, cmd);
}

void
cpu_xcall_ipi(struct cpu_info *ci)
{
	icr_write(ci->ci_hwid, enc_doorbell(0, ICR_FIXED, VEC_XCALL));
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
	icr_write(ci->ci_hwid, enc_doorbell(0, ICR_FIXED, VEC_IPI));
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
	icr_write(ci->ci_hwid, enc_doorbell(0, ICR_NMI, 0));
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
ipi_start(uint32_t id, uint32_t page)
{
	unsigned long s;

	s = intr_disable();
	if (page == 0)
		icr_write(id, enc_doorbell(0, ICR_INIT, 0));
	else
		icr_write(id, enc_doorbell(0, ICR_STARTUP, enc_page(page)));
	intr_restore(s);
}
