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
 * amd64: registers that must survive; tests/proof.h.
 */

#include <machine/param.h>
#include <machine/asm.h>

/* What they are filled with: 16 values for each set, of 8 and 16 bytes. */
	.section .rodata
	.p2align 4
values:
	.set	n, 0
	.rept	32
	.quad	0x8123456789abcd01 + n * 0x0102030405060708
	.set	n, n + 1
	.endr

#define VALUE(_n)	values + 8 * (_n)

/* Carry, parity, adjust, zero, sign, direction, overflow, AC, ID: all set. */
#define FLAGS		0x240cd5
#define FLAGS_ON	(FLAGS | PSL_I)

#define CR0_MP		0x02
#define CR0_EM		0x04
#define CR0_TS		0x08
#define CR4_OSFXSR	0x200

	.macro	FILL reg, n, set
	movq	VALUE(\n)\set, %\reg
	.endm

/* Changed: the name is the result. */
	.macro	CHECK reg, n, out, set
	cmpq	VALUE(\n)\set, %\reg
	jne	7f
	.section .text.wrong, "ax"
7:	movq	$8f, %rax
	jmp	\out
	.section .rodata.names, "a"
8:	.asciz	"\reg"
	.text
	.endm

/*
 * const char *proof_hold(unsigned int round, const unsigned int *go)
 */
ENTRY(proof_hold)
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	subq	$(16 * 16 + 24), %rsp
	movq	$0, 16 * 16(%rsp)		/* CR0, CR4; 0: untouched */
	cmpl	$1, %edi
	je	2f
	jb	1f

	/* Vector registers; SDM 3A 2.5 on when they can be used. */
	movq	%cr0, %rax
	movq	%rax, 16 * 16(%rsp)
	andq	$~(CR0_EM | CR0_TS), %rax
	orq	$CR0_MP, %rax
	movq	%rax, %cr0
	movq	%cr4, %rax
	movq	%rax, 16 * 16 + 8(%rsp)
	orq	$CR4_OSFXSR, %rax
	movq	%rax, %cr4
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups	VALUE(2 * \n), %xmm\n
	.endr

	/* Waits with %rdi and %rcx, and no flags. */
1:	movq	%rsi, %rdi
	FILL	rax, 0
	FILL	rbx, 1
	FILL	rdx, 3
	FILL	rsi, 4
	FILL	rbp, 6
	FILL	r8, 8
	FILL	r9, 9
	FILL	r10, 10
	FILL	r11, 11
	FILL	r12, 12
	FILL	r13, 13
	FILL	r14, 14
	FILL	r15, 15
	pushq	$FLAGS_ON
	popfq
3:	pause
	movl	(%rdi), %ecx
	jrcxz	3b
	pushfq
	cld
	popq	%rcx
	andl	$FLAGS, %ecx
	cmpl	$FLAGS, %ecx
	jne	hold_flags
	CHECK	rax, 0, hold_out
	CHECK	rbx, 1, hold_out
	CHECK	rdx, 3, hold_out
	CHECK	rsi, 4, hold_out
	CHECK	rbp, 6, hold_out
	CHECK	r8, 8, hold_out
	CHECK	r9, 9, hold_out
	CHECK	r10, 10, hold_out
	CHECK	r11, 11, hold_out
	CHECK	r12, 12, hold_out
	CHECK	r13, 13, hold_out
	CHECK	r14, 14, hold_out
	CHECK	r15, 15, hold_out
	cmpq	$0, 16 * 16(%rsp)
	je	hold_none
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups	%xmm\n, 16 * \n(%rsp)
	.endr
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movq	16 * \n(%rsp), %rax
	cmpq	VALUE(2 * \n), %rax
	jne	hold_vector
	movq	16 * \n + 8(%rsp), %rax
	cmpq	VALUE(2 * \n + 1), %rax
	jne	hold_vector
	.endr
	jmp	hold_none

	/* Waits with %r15 and %rbx, and flags. */
2:	movq	%rsi, %r15
	FILL	rax, 0
	FILL	rcx, 2
	FILL	rdx, 3
	FILL	rsi, 4
	FILL	rdi, 5
	FILL	rbp, 6
	FILL	r8, 8
	FILL	r9, 9
	FILL	r10, 10
	FILL	r11, 11
	FILL	r12, 12
	FILL	r13, 13
	FILL	r14, 14
3:	pause
	movl	(%r15), %ebx
	testl	%ebx, %ebx
	jz	3b
	CHECK	rax, 0, hold_out
	CHECK	rcx, 2, hold_out
	CHECK	rdx, 3, hold_out
	CHECK	rsi, 4, hold_out
	CHECK	rdi, 5, hold_out
	CHECK	rbp, 6, hold_out
	CHECK	r8, 8, hold_out
	CHECK	r9, 9, hold_out
	CHECK	r10, 10, hold_out
	CHECK	r11, 11, hold_out
	CHECK	r12, 12, hold_out
	CHECK	r13, 13, hold_out
	CHECK	r14, 14, hold_out

hold_none:
	xorl	%eax, %eax
hold_out:
	movq	16 * 16(%rsp), %rcx
	testq	%rcx, %rcx
	jz	4f
	movq	16 * 16 + 8(%rsp), %rdx
	movq	%rdx, %cr4
	movq	%rcx, %cr0
4:	pushq	$PSL_I
	popfq
	addq	$(16 * 16 + 24), %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
hold_flags:
	movq	$name_flags, %rax
	jmp	hold_out
hold_vector:
	movq	$name_vector, %rax
	jmp	hold_out
END(proof_hold)

/*
 * const char *proof_call(unsigned int set, void (*func)(void *, void *),
 *     void *a, void *b)
 */
ENTRY(proof_call)
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	shll	$7, %edi			/* 16 values */
	pushq	%rdi
	movq	%rsi, %rax
	movl	%edi, %r8d
	movq	%rdx, %rdi
	movq	%rcx, %rsi
	FILL	rbx, 1, (%r8)
	FILL	rbp, 6, (%r8)
	FILL	r12, 12, (%r8)
	FILL	r13, 13, (%r8)
	FILL	r14, 14, (%r8)
	FILL	r15, 15, (%r8)
	call	*%rax
	popq	%rcx
	pushfq
	popq	%rax
	testl	$0x400, %eax			/* direction */
	movq	$name_flags, %rax
	jnz	call_out
	CHECK	rbx, 1, call_out, (%rcx)
	CHECK	rbp, 6, call_out, (%rcx)
	CHECK	r12, 12, call_out, (%rcx)
	CHECK	r13, 13, call_out, (%rcx)
	CHECK	r14, 14, call_out, (%rcx)
	CHECK	r15, 15, call_out, (%rcx)
	xorl	%eax, %eax
call_out:
	cld
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
END(proof_call)

/*
 * void proof_spurious(void): the gate, and nothing in service, as with the
 * spurious vector, SDM 3A 11.9.  QEMU's APIC withdraws an interrupt as soon as
 * the task priority holds it back, and so does not deliver that vector.
 */
ENTRY(proof_spurious)
	int	$VEC_SPURIOUS
	ret
END(proof_spurious)

/* void proof_trap(void): proof_ntrap registers, and an exception. */
ENTRY(proof_trap)
	.set	n, 0
	.irp	reg, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, \
	    r12, r13, r14, r15
	.set	n, n + 1
	movabsq	$0x5eed000000000000 + n, %\reg
	.endr
	ud2
END(proof_trap)

	.section .rodata
	.globl	proof_ntrap
	.p2align 2
proof_ntrap:
	.long	15
	.text

/* An interrupt that is not ended, for proof_dirty(). */
ENTRY(proof_return)
	iretq
END(proof_return)

	.section .rodata.names, "a"
name_flags:
	.asciz	"rflags"
name_vector:
	.asciz	"a vector register"
