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
 * @ARCH@: the clock.
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"

uint64_t md_clock_hz;

void
md_clock_init(void)
{
	MD_STUB("CLK-2", "traps");
}

void
md_clock_arm(uint64_t n)
{
	(void)n;
	MD_STUB("CLK-2", "clock");
}
