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
 * arm64: registers that must survive; tests/proof.h.
 */

#include <machine/param.h>
#include <machine/asm.h>

/* The kernel is compiled without vector registers; they are filled here. */
	.arch_extension fp
	.arch_extension simd

#define NZCV		0xf0000000
#define DAIF_DA		0xc		/* debug and SError, as immediate */
#define DAIF_BITS	0x3c0
#define DAIF_NONE	0
#define CPACR_FPEN	0x300000
#define PSR_EL1H	0x5
#define NTRAP		31

/* The frame: what a call keeps, two words, vector registers. */
#define FRAME_A		96
#define FRAME_B		104
#define FRAME_VECTOR	112
#define FRAME		(112 + 32 * 16)

/* What they are filled with: 32 values for each set, of 8 and 16 bytes. */
	.section .rodata
	.p2align 4
values:
	.set	i, 0
	.rept	64
	.quad	0x8123456789abcd01 + i * 0x0102030405060708
	.set	i, i + 1
	.endr

	.macro	SAVE
	sub	sp, sp, #FRAME
	stp	x29, x30, [sp]
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	.endm

	.macro	RESTORE
	ldp	x27, x28, [sp, #80]
	ldp	x25, x26, [sp, #64]
	ldp	x23, x24, [sp, #48]
	ldp	x21, x22, [sp, #32]
	ldp	x19, x20, [sp, #16]
	ldp	x29, x30, [sp]
	add	sp, sp, #FRAME
	.endm

	/* x0 to x15 but some, and x16 to x30 but some; \base is filled last. */
	.macro	FILL base, regs:vararg
	.irp	n, \regs
	ldr	x\n, [x\base, #8 * \n]
	.endr
	.endm

	/* Changed: the name is the result, at \out.  Uses \temp. */
	.macro	CHECK base, temp, out, regs:vararg
	.irp	n, \regs
	ldr	x\temp, [x\base, #8 * \n]
	cmp	x\temp, x\n
	b.ne	wrong_\out\()_\n
	.section .text.wrong, "ax"
wrong_\out\()_\n:
	adrp	x0, name_\out\()_\n
	add	x0, x0, :lo12:name_\out\()_\n
	b	\out
	.section .rodata.names, "a"
name_\out\()_\n:
	.asciz	"x\n"
	.text
	.endr
	.endm

#define VECTORS		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, \
			15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, \
			28, 29, 30, 31

/*
 * const char *proof_hold(unsigned int round, const unsigned int *go)
 */
ENTRY(proof_hold)
	SAVE
	mrs	x2, cpacr_el1
	mrs	x3, daif
	stp	x2, x3, [sp, #FRAME_A]
	str	w0, [sp, #FRAME_VECTOR]
	cmp	w0, #1
	b.eq	2f
	b.lo	1f

	/* Vector registers; ARM DDI 0487, D17.2.30 on when they trap. */
	orr	x2, x2, #CPACR_FPEN
	msr	cpacr_el1, x2
	isb
	adrp	x2, values
	add	x2, x2, :lo12:values
	.irp	n, VECTORS
	ldr	q\n, [x2, #16 * \n]
	.endr

	/* Waits with x0 and x1, and no flags. */
1:	mov	x0, x1
	adrp	x30, values
	add	x30, x30, :lo12:values
	FILL	30, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	FILL	30, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	mov	x1, #NZCV
	msr	nzcv, x1
3:	yield
	ldr	w1, [x0]
	cbz	w1, 3b
	mrs	x0, nzcv
	mov	x1, #NZCV
	cmp	x0, x1
	b.ne	hold_flags
	mrs	x0, daif
	ldr	x1, [sp, #FRAME_B]
	cmp	x0, x1
	b.ne	hold_flags
	adrp	x0, values
	add	x0, x0, :lo12:values
	CHECK	0, 1, hold_out, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	CHECK	0, 1, hold_out, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26
	CHECK	0, 1, hold_out, 27, 28, 29, 30
	ldr	w1, [sp, #FRAME_VECTOR]
	cbz	w1, hold_none
	.irp	n, VECTORS
	str	q\n, [sp, #FRAME_VECTOR + 16 * \n]
	.endr
	add	x1, sp, #FRAME_VECTOR
	mov	w2, #64
4:	ldr	x3, [x0], #8
	ldr	x4, [x1], #8
	cmp	x3, x4
	b.ne	hold_vector
	subs	w2, w2, #1
	b.ne	4b
	b	hold_none

	/* Waits with x28 and x27, and flags; debug and SError not masked. */
2:	mov	x28, x1
	adrp	x30, values
	add	x30, x30, :lo12:values
	FILL	30, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	FILL	30, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 29, 30
	msr	daifclr, #DAIF_DA
3:	yield
	ldr	w27, [x28]
	cmp	w27, #0
	b.eq	3b
	mrs	x27, daif
	msr	daifset, #DAIF_DA
	tst	x27, #DAIF_BITS
	b.ne	hold_flags
	adrp	x28, values
	add	x28, x28, :lo12:values
	CHECK	28, 27, hold_out, 0, 1
	CHECK	28, 27, hold_out1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
	CHECK	28, 27, hold_out1, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25
	CHECK	28, 27, hold_out1, 26, 29, 30

hold_none:
	mov	x0, #0
hold_out:
hold_out1:
	ldp	x2, x3, [sp, #FRAME_A]
	msr	cpacr_el1, x2
	msr	daif, x3
	isb
	RESTORE
	ret
hold_flags:
	adrp	x0, name_flags
	add	x0, x0, :lo12:name_flags
	b	hold_out
hold_vector:
	adrp	x0, name_vector
	add	x0, x0, :lo12:name_vector
	b	hold_out
END(proof_hold)

/*
 * const char *proof_call(unsigned int set, void (*func)(void *, void *),
 *     void *a, void *b)
 */
ENTRY(proof_call)
	SAVE
	adrp	x9, values
	add	x9, x9, :lo12:values
	lsl	w0, w0, #8			/* 32 values */
	add	x9, x9, x0
	str	x9, [sp, #FRAME_A]
	mov	x10, x1
	mov	x0, x2
	mov	x1, x3
	FILL	9, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
	blr	x10
	ldr	x9, [sp, #FRAME_A]
	CHECK	9, 10, call_out, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
	mov	x0, #0
call_out:
	RESTORE
	ret
END(proof_call)

/*
 * void proof_spurious(void): what the CPU does for an IRQ, ARM DDI 0487,
 * D1.3; the acknowledge finds none that is pending and not masked, and says
 * 1023.  RET, since a vector has no landing pad.
 */
ENTRY(proof_spurious)
	mrs	x0, daif
	add	x0, x0, #PSR_EL1H
	msr	spsr_el1, x0
	adr	x0, 1f
	msr	elr_el1, x0
	mrs	x0, vbar_el1
	add	x0, x0, #0x280
	ret	x0
1:	bti	j
	ret
END(proof_spurious)

/* void proof_trap(void): proof_ntrap registers, and an exception. */
ENTRY(proof_trap)
	.irp	n, VECTORS
	.if	\n < NTRAP
	mov	x\n, #(\n + 1)
	movk	x\n, #0x5eed, lsl #48
	.endif
	.endr
	brk	#1
END(proof_trap)

	.section .rodata
	.globl	proof_ntrap
	.p2align 2
proof_ntrap:
	.long	NTRAP

	.section .rodata.names, "a"
name_flags:
	.asciz	"NZCV or DAIF"
name_vector:
	.asciz	"a vector register"
