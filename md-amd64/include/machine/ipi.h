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
 * amd64: the doorbell.  The rest of the inter-processor interrupts is ipi.c.
 */

#ifndef MACHINE_IPI_H
#define MACHINE_IPI_H

#include <machine/encode.h>

#define ICR_TRIES	100000

extern int amd64_x2apic;
void	icr_stuck(void) __attribute__((__noreturn__, __cold__));

/*
 * The call hidden from the compiler, which would give every function that
 * rings a frame for it.
 */
static inline void __attribute__((__noreturn__))
icr_stuck_jump(void)
{
	__asm volatile("andq $-16, %rsp; call icr_stuck");
	__builtin_unreachable();
}

/*
 * The destination is as the upper half of the register has it, mc_dest.
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
icr_write(uint32_t dest, uint32_t cmd)
{
	volatile uint32_t *lo = (volatile uint32_t *)(LAPICVA + LAPIC_ICRLO);
	volatile uint32_t *hi = (volatile uint32_t *)(LAPICVA + LAPIC_ICRHI);
	int i;

	compiler_barrier();
	if (amd64_x2apic) {
		__asm volatile("mfence; lfence" ::: "memory");
		MD_POINT("doorbell");
		wrmsr(enc_msr(LAPIC_ICRLO), (uint64_t)dest << 32 | cmd);
		return;
	}
	/* The last command may still be on its way: not for long. */
	for (i = 0; __builtin_expect((*lo & ICR_BUSY) != 0, 0); i++) {
		if (i == ICR_TRIES)
			icr_stuck_jump();
		CPU_BUSY_CYCLE();
	}
	MD_POINT("doorbell");
	*hi = dest;
	*lo = cmd;
}

static inline void
cpu_xcall_ipi(struct cpu_info *ci)
{
	icr_write(ci->ci_md.mc_dest, enc_doorbell(0, ICR_FIXED, VEC_XCALL));
}

#endif /* MACHINE_IPI_H */
