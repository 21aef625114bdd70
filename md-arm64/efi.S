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
 * arm64: the end of the EFI loader.  UEFI runs with the MMU on, everything at
 * its physical address, at EL2 or EL1 (UEFI 2.10, 2.3.6); the kernel is
 * entered as an Image, the MMU off and nothing of it in a cache only.
 */

#include "efi.h"

#define CURRENTEL_EL2	(2 << 2)
#define SCTLR_M		(1 << 0)
#define SCTLR_C		(1 << 2)
#define SCTLR_I		(1 << 12)
#define CACHELINE	16			/* the least that may be */

	.section .rdata, "dr"
	.globl	md_efi_base
	.p2align 3
md_efi_base:
	.quad	0

	.macro	clean _start, _end
1:	dc	civac, \_start
	add	\_start, \_start, #CACHELINE
	cmp	\_start, \_end
	b.lo	1b
	.endm

	/* x0 entry, x1 handover, x2 and x3 the kernel's start and end. */
	.text
	.globl	md_efi_start
	.p2align 2
md_efi_start:
	msr	daifset, #15
	mov	x16, x0
	mov	x17, x1
	clean	x2, x3
	add	x2, x17, #4096
	clean	x1, x2
	adr	x1, off
	adr	x2, off_end
	clean	x1, x2
	dsb	sy
off:
	mrs	x9, CurrentEL
	cmp	x9, #CURRENTEL_EL2
	b.eq	1f
	mrs	x9, sctlr_el1
	bic	x9, x9, #SCTLR_M
	bic	x9, x9, #SCTLR_C
	bic	x9, x9, #SCTLR_I
	msr	sctlr_el1, x9
	b	2f
1:	mrs	x9, sctlr_el2
	bic	x9, x9, #SCTLR_M
	bic	x9, x9, #SCTLR_C
	bic	x9, x9, #SCTLR_I
	msr	sctlr_el2, x9
2:	isb
	ic	iallu
	dsb	sy
	isb
	mov	x0, x17
	mov	x1, #0
	mov	x2, #0
	mov	x3, #0
	br	x16
off_end:
