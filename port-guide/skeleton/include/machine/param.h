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
 * @ARCH@: constants, and what a CPU and its addresses look like.  The first
 * part is also read by assembler.
 */

#ifndef MACHINE_PARAM_H
#define MACHINE_PARAM_H

#define MD_NAME		"@ARCH@"
#define MD_WORDBITS	64
#define MD_CACHELINE	64
#define MD_PAGESIZE	4096
#define MAXCPUS		64

/* Kernel stacks, each with a hole below it; and where md_ram() ends. */
#define MD_STACKVA	0x4000000000
#define MD_RAMEND	(1ULL << 38)

#ifndef __ASSEMBLER__
#include <stdint.h>

struct md_cpu {
	unsigned int	 mc_ipis;	/* [a] reasons of a shared interrupt */
};
#endif

#endif /* MACHINE_PARAM_H */
