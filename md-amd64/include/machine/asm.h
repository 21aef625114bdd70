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
 * Assembler: entries with landing pads, and jumps that are not predicted.
 */

#ifndef MACHINE_ASM_H
#define MACHINE_ASM_H

#define ENTRY(_name)							\
	.text; .p2align 4; .globl _name; .type _name, @function; _name:	\
	endbr64
#define END(_name)	.size _name, . - _name

/* The per-CPU structure is what GS points to; offsets are from assym.h. */
#define CPUVAR(_off)	%gs:(_off)

/* Jump to the continuation in %r13. */
#ifdef RETPOLINE
#define JMP_R13		jmp	retpoline_r13
#else
#define JMP_R13		jmp	*%r13
#endif

/* MD_POINT() in a kernel for tests: amd64_point() keeps everything else. */
#define MD_POINT_CALL(_name)						\
	pushq	%rdi;							\
	.pushsection .rodata; 99: .asciz _name; .popsection;		\
	leaq	99b(%rip), %rdi;					\
	call	amd64_point;						\
	popq	%rdi

#endif /* MACHINE_ASM_H */
