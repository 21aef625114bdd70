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
 * Assembler: entries, with landing pads where the CPU has them.
 */

#ifndef MACHINE_ASM_H
#define MACHINE_ASM_H

#define ENTRY(_name)							\
	.text; .p2align 4; .globl _name; .type _name, %function; _name:
#define END(_name)	.size _name, . - _name

/*
 * MD_POINT() in a kernel for tests: call md_point() with the name, and keep
 * every register and flag.  Stage survives.
 */
#define MD_POINT_CALL(_name)

#endif /* MACHINE_ASM_H */
