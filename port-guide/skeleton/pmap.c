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
 * @ARCH@: page tables.  RAM where md_ram() has it, written and never executed,
 * without the kernel itself; the kernel with each segment's rights; devices
 * and stacks in ranges of their own.
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"

/* Memory is known: pmem_piece() tells the pieces that are to be mapped. */
void
pmap_init(void)
{
	MD_LATER("MEM-1", "prints");
}

void
md_map(uintptr_t va, uint64_t pa, size_t size, int prot)
{
	(void)va;
	(void)pa;
	(void)size;
	(void)prot;
	MD_STUB("MEM-2", "traps");
}
