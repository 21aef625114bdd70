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
 * @ARCH@: inter-processor interrupts that are no cross-calls.
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"

void
cpu_unidle(struct cpu_info *ci)
{
	(void)ci;
	MD_STUB("IPI-2", "doorbells");
}

void
cpu_stop(struct cpu_info *ci)
{
	(void)ci;
	MD_STUB("IPI-3", "doorbells");
}
