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
 * @ARCH@: from the boot loader, and from the start of another CPU, to C.
 *
 * Stage prints, BOOT-1: interrupts off; the BSS zero; the stack below
 * @ARCH@_bootstack_end; what the boot loader hands over kept for
 * @ARCH@_init(), and a call of that.  Stage cpus, SMP-3: another CPU, on the
 * stack of its idle thread, to cpu_hatch().
 */

#include <machine/param.h>
#include <machine/asm.h>

#include "ipl.h"
#include "assym.h"

	.section .head, "ax"
	.globl	@ARCH@_start
@ARCH@_start:
	.space	16			/* MD_STUB: BOOT-1, stage prints */

/* The upper half of twice its size, as every stack is. */
	.section .bss.stack, "aw", %nobits
	.p2align 15
	.space	32768
	.globl	@ARCH@_bootstack_end
@ARCH@_bootstack_end:
