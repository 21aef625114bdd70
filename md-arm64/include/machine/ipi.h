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
 * arm64: the doorbell.  The rest of the inter-processor interrupts is ipi.c.
 */

#ifndef MACHINE_IPI_H
#define MACHINE_IPI_H

#include <machine/encode.h>

#define ICC_SGI1R_EL1	S3_0_C12_C11_5
#define GICD_SGIR	(0xf00 / 4)

/* In mc_sgi, a bit that SGI1R does not have: what else is there is for SGIR. */
#define SGI_V2		(1ULL << 63)

extern volatile uint32_t *gicd;		/* the distributor */

/*
 * Order.  GICv3: the trigger is no memory access, so only a DSB holds it
 * back until the stores before are seen; the ISB has it executed before what
 * follows, a WFI too.  GICv2: a store to a device, the same DSB serves.  The
 * other side: the DSB after its acknowledge, vector.S.
 */
static inline void
sgi_write(uint64_t target, unsigned int sgi)
{
	__asm volatile("dsb ishst" ::: "memory");
	MD_POINT("doorbell");
	if (__builtin_expect((target & SGI_V2) == 0, 1)) {
		WRITE_SPECIAL(ICC_SGI1R_EL1, enc_doorbell(target, sgi, 1));
		__asm volatile("isb" ::: "memory");
	} else
		gicd[GICD_SGIR] = enc_doorbell(target, sgi, 0);
}

static inline void
cpu_xcall_ipi(struct cpu_info *ci)
{
	sgi_write(ci->ci_md.mc_sgi, SGI_XCALL);
}

#endif /* MACHINE_IPI_H */
