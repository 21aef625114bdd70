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
 * Assembler: entries with landing pads.
 */

#ifndef MACHINE_ASM_H
#define MACHINE_ASM_H

#define ENTRY(_name)							\
	.text; .p2align 4; .globl _name; .type _name, %function; _name:	\
	bti	c
#define END(_name)	.size _name, . - _name

/* MD_POINT() in a kernel for tests: arm64_point() keeps everything else. */
#define MD_POINT_CALL(_name)						\
	stp	x0, x30, [sp, #-16]!;					\
	.pushsection .rodata; 99: .asciz _name; .popsection;		\
	adrp	x0, 99b;						\
	add	x0, x0, :lo12:99b;					\
	bl	arm64_point;						\
	ldp	x0, x30, [sp], #16

#endif /* MACHINE_ASM_H */
