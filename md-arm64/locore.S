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
 * arm64: from the boot loader, and from the start of another CPU, to C.
 *
 * Entry as Linux, Documentation/arm64/booting.rst, has it: MMU off, x0 the
 * physical address of the device tree, interrupts off, EL2 or EL1; the image
 * 2 MB aligned anywhere in memory.
 */

#include <machine/param.h>
#include <machine/asm.h>

#include "ipl.h"
#include "assym.h"

#define ICC_SRE_EL2	S3_4_C12_C9_5
#define ICH_HCR_EL2	S3_4_C12_C11_0

#define CURRENTEL_EL2	(2 << 2)
#define HCR_RW		(1 << 31)
#define PSR_EL1H	0x3c5			/* EL1h, all masked */

/* ARM DDI 0487, D17.2.118: the bits that are one in the first version. */
#define SCTLR_RES1	0x30d00800
#define SCTLR_M		(1 << 0)
#define SCTLR_C		(1 << 2)
#define SCTLR_SA	(1 << 3)
#define SCTLR_I		(1 << 12)
#define SCTLR_WXN	(1 << 19)
#define SCTLR_ON	(SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | \
			    SCTLR_I | SCTLR_WXN)

/* Attribute 0: write-back memory; 1: device, nGnRE. */
#define MAIR		0x04ff
/* 39 bits in both halves, 4 KB pages, inner shareable, write-back. */
#define TCR		((25 << 0) | (1 << 8) | (1 << 10) | (3 << 12) |	\
			    (25 << 16) | (1 << 24) | (1 << 26) |	\
			    (3 << 28) | (2 << 30))

	.section .head, "ax"
	.globl	arm64_image
arm64_image:
	b	arm64_start
	.long	0
	.quad	0				/* text offset */
	.quad	arm64_image_size
	.quad	0xa				/* 4 KB pages, anywhere */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

/*
 * Everything that runs with the MMU off, or turns it on, is in one page that
 * is mapped at its physical address too, executable and not writable.
 */
	.section .idmap, "ax"

	/* EL2, when this has left it: a call for nobody is not supported. */
	.p2align 11
arm64_el2_vectors:
	.rept	16
	.p2align 7
	mov	x0, #-1				/* PSCI NOT_SUPPORTED */
	eret
	.endr
	.p2align 7

	/* To EL1; x30 the way back.  Uses x9. */
arm64_el1:
	mrs	x9, CurrentEL
	cmp	x9, #CURRENTEL_EL2
	b.eq	1f
	msr	daifset, #15
	ret
1:	mov	x9, #HCR_RW
	msr	hcr_el2, x9
	isb
	mov	x9, #3				/* timers not trapped */
	msr	cnthctl_el2, x9
	msr	cntvoff_el2, xzr
	mov	x9, #0x33ff			/* nothing trapped */
	msr	cptr_el2, x9
	msr	hstr_el2, xzr
	msr	vttbr_el2, xzr
	mrs	x9, midr_el1
	msr	vpidr_el2, x9
	mrs	x9, mpidr_el1
	msr	vmpidr_el2, x9
	mrs	x9, id_aa64pfr0_el1
	ubfx	x9, x9, #24, #4			/* GIC system registers */
	cbz	x9, 2f
	mrs	x9, ICC_SRE_EL2
	orr	x9, x9, #0x1			/* SRE, */
	orr	x9, x9, #0x8			/* and EL1 may use it */
	msr	ICC_SRE_EL2, x9
	isb
	msr	ICH_HCR_EL2, xzr
2:	adr	x9, arm64_el2_vectors
	msr	vbar_el2, x9
	ldr	x9, =SCTLR_RES1
	msr	sctlr_el1, x9
	mov	x9, #PSR_EL1H
	msr	spsr_el2, x9
	msr	elr_el2, x30
	eret

	/* The MMU on, and on at x16, one of the kernel's addresses.  Uses
	 * x9, x10.  A branch by x16 may end at a "bti c". */
arm64_mmu_on:
	adrp	x9, arm64_ttbr0
	add	x9, x9, :lo12:arm64_ttbr0
	msr	ttbr0_el1, x9
	adrp	x9, arm64_ttbr1
	add	x9, x9, :lo12:arm64_ttbr1
	msr	ttbr1_el1, x9
	ldr	x9, =MAIR
	msr	mair_el1, x9
	ldr	x9, =TCR
	mrs	x10, id_aa64mmfr0_el1
	bfi	x9, x10, #32, #3		/* physical address size */
	msr	tcr_el1, x9
	msr	cpacr_el1, xzr			/* FP traps: nothing has any */
	isb
	tlbi	vmalle1
	ic	iallu
	dsb	nsh
	isb
	ldr	x9, =SCTLR_ON
	msr	sctlr_el1, x9
	isb
	br	x16

arm64_start:
	mov	x19, x0
	bl	arm64_el1
	ldr	x9, =SCTLR_RES1
	msr	sctlr_el1, x9
	isb

	/* The BSS, with no cache: what a cache holds of it is thrown away. */
	adrp	x0, kernel_bss
	adrp	x1, kernel_end
	mov	x2, x0
1:	dc	ivac, x2
	add	x2, x2, #MD_CACHELINE
	cmp	x2, x1
	b.lo	1b
	dsb	sy
	mov	x2, x0
1:	stp	xzr, xzr, [x2], #16
	cmp	x2, x1
	b.lo	1b

	adrp	x0, arm64_bootstack_end
	mov	sp, x0
	adrp	x0, arm64_image			/* its physical address */
	mov	x29, #0
	bl	pmap_early
	dsb	sy
	/* The same again: the tables were written around the cache. */
	adrp	x0, kernel_bss
	adrp	x1, kernel_end
1:	dc	ivac, x0
	add	x0, x0, #MD_CACHELINE
	cmp	x0, x1
	b.lo	1b
	dsb	sy
	adrp	x20, arm64_image
	ldr	x16, =arm64_boot_high
	b	arm64_mmu_on

/* Another CPU, from PSCI: x0 is its struct cpu_info. */
	.globl	arm64_ap_start
arm64_ap_start:
	mov	x19, x0
	bl	arm64_el1
	ldr	x9, =SCTLR_RES1
	msr	sctlr_el1, x9
	isb
	ldr	x16, =arm64_ap_high
	b	arm64_mmu_on
	.ltorg

ENTRY(arm64_boot_high)
	ldr	x0, =arm64_bootstack_end
	mov	sp, x0
	adrp	x0, arm64_vectors_gicv3
	add	x0, x0, :lo12:arm64_vectors_gicv3
	msr	vbar_el1, x0
	isb
	mov	x29, #0
	mov	x30, #0
	mov	x0, x20
	mov	x1, x19
	bl	arm64_init
	brk	#0
END(arm64_boot_high)

ENTRY(arm64_ap_high)
	msr	tpidr_el1, x19
	ldr	x0, [x19, #CI_IDLE]
	ldr	x0, [x0, #T_STACK]
	add	x0, x0, #KSTACK_SIZE
	mov	sp, x0
	mov	x29, #0
	mov	x30, #0
	mov	x0, x19
	bl	arm64_hatch
	brk	#0
END(arm64_ap_high)

/* The upper half of twice its size, as every stack is. */
	.section .bss.stack, "aw", %nobits
	.p2align 15
	.space	32768
	.globl	arm64_bootstack_end
arm64_bootstack_end:
