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
 * @ARCH@: traps.  None is expected: panic_show() with the registers, from the
 * stub in vector.S; on a stack for emergencies where the thread's has run
 * into the hole below it.
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"

void	@ARCH@_trap(void);

void
@ARCH@_trap(void)
{
	MD_STUB("TRAP-1", "traps");
}
