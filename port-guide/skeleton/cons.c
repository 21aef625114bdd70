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
 * @ARCH@: the console.
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"

void
cons_init(void)
{
}

/* One byte, waiting for room, for a bounded time. */
void
md_putc(int c)
{
	(void)c;
	MD_LATER("CONS-1", "prints");
}
