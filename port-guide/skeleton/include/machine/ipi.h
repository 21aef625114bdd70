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
 * @ARCH@: the doorbell.  The rest of the inter-processor interrupts is ipi.c.
 */

#ifndef MACHINE_IPI_H
#define MACHINE_IPI_H

#include <machine/encode.h>

/* In order: the barrier that X-IPI-1 asks for, the point, the write. */
static inline void
cpu_xcall_ipi(struct cpu_info *ci)
{
	(void)ci;
	MD_STUB("X-IPI-1", "doorbells");
	MD_POINT("doorbell");
}

#endif /* MACHINE_IPI_H */
