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
 * arm64: constants, and what a CPU and its addresses look like.  The first
 * part is also read by assembler.
 */

#ifndef MACHINE_PARAM_H
#define MACHINE_PARAM_H

#define MD_NAME		"arm64"
#define MD_WORDBITS	64
#define MD_CACHELINE	64
#define MD_PAGESIZE	4096
#define MAXCPUS		512

/* RAM is at its physical address; the kernel in the upper half, 39 bits. */
#define KERNBASE	0xffffff8000000000
#define DEVICEVA	0xffffff8080000000
#define MD_STACKVA	0xffffff8100000000
#define MD_RAMEND	(1ULL << 39)		/* all of the lower half */

/* Software-generated interrupts, and the virtual timer's. */
#define SGI_XCALL	0
#define SGI_IPI		1
#define NSGI		2

/* Interrupt numbers that mean none: GICv2 4.4.4, GICv3 2.2.1. */
#define INTID_SPECIAL	1020

/* Registers of the GICv2 CPU interface: IHI 0048B 4.4. */
#define GICC_CTLR	0x000
#define GICC_PMR	0x004
#define GICC_BPR	0x008
#define GICC_IAR	0x00c
#define GICC_EOIR	0x010
#define GICC_RPR	0x014
#define GICC_SIZE	0x2000
#define GICCVA		DEVICEVA		/* kept for them */

/* DAIF: I and F; as an immediate of DAIFSet, and in the register. */
#define DAIF_IF		3
#define PSR_I		0x80

#ifndef __ASSEMBLER__
#include <stdint.h>

struct md_cpu {
	uintptr_t	  mc_estack;	/* [I] top of the emergency stack */
	uint64_t	  mc_sgi;	/* [I] SGI1R or SGIR but the INTID */
	unsigned int	  mc_ipis;	/* [a] reasons for SGI_IPI */
	volatile uint32_t *mc_redist;	/* [I] GICv3 redistributor */
};
#endif

#endif /* MACHINE_PARAM_H */
