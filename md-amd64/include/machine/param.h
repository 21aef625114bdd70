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
 * amd64: constants, and what a CPU and its addresses look like.  The first
 * part is also read by assembler.
 */

#ifndef MACHINE_PARAM_H
#define MACHINE_PARAM_H

#define MD_NAME		"amd64"
#define MD_WORDBITS	64
#define MD_CACHELINE	64
#define MD_PAGESIZE	4096
#define MAXCPUS		512

/* RAM is at its physical address; the kernel in the top 2 GB. */
#define KERNBASE	0xffffffff80000000
#define KERNPHYS	0x200000
#define DEVICEVA	0xffffffffc0000000
#define LAPICVA		DEVICEVA		/* its first page */
#define MD_STACKVA	0xffffff0000000000
#define MD_RAMEND	(1ULL << 46)		/* half of the lower half */

/* Segments; the TSS takes two entries. */
#define GSEL_CODE	0x08
#define GSEL_DATA	0x10
#define GSEL_TSS	0x18
#define NGDT		5

/* Stacks of their own, by index into the TSS. */
#define IST_NMI		1
#define IST_DF		2

/* Vectors.  The class, the upper half, is the priority: SDM 3A 11.8.3. */
#define VEC_CLOCK	0xd0
#define VEC_XCALL	0xe0
#define VEC_IPI		0xe1
#define VEC_SPURIOUS	0xff

/* Registers of the local APIC, in memory; as MSR 0x800 + (offset >> 4). */
#define LAPIC_ID	0x020
#define LAPIC_VER	0x030
#define LAPIC_TPR	0x080
#define LAPIC_EOI	0x0b0
#define LAPIC_SVR	0x0f0
#define LAPIC_ISR	0x100
#define LAPIC_IRR	0x200
#define LAPIC_ESR	0x280
#define LAPIC_CMCI	0x2f0
#define LAPIC_ICRLO	0x300
#define LAPIC_ICRHI	0x310
#define LAPIC_TIMER	0x320
#define LAPIC_THERM	0x330
#define LAPIC_PERF	0x340
#define LAPIC_LINT0	0x350
#define LAPIC_LINT1	0x360
#define LAPIC_ERROR	0x370
#define LAPIC_TICR	0x380
#define LAPIC_TCCR	0x390
#define LAPIC_TDCR	0x3e0
#define MSR_X2APIC	0x800

#define MSR_APICBASE	0x01b
#define MSR_EFER	0xc0000080
#define MSR_GSBASE	0xc0000101
#define EFER_LME	0x00000100
#define EFER_NXE	0x00000800
#define EFER_SVME	0x00001000

#define PSL_I		0x200

#ifndef __ASSEMBLER__
#include <stdint.h>

struct amd64_tss {
	uint32_t	ts_reserved0;
	uint64_t	ts_rsp[3];
	uint64_t	ts_reserved1;
	uint64_t	ts_ist[7];	/* IST_* is one more than the index */
	uint64_t	ts_reserved2;
	uint16_t	ts_reserved3;
	uint16_t	ts_iobase;
} __attribute__((__packed__));

struct md_cpu {
	uint32_t	  mc_dest;	/* [I] ICR, destination */
	unsigned int	  mc_ipis;	/* [a] reasons for VEC_IPI */
	uint64_t	  mc_gdt[NGDT];
	struct amd64_tss  mc_tss;
};
#endif

#endif /* MACHINE_PARAM_H */
