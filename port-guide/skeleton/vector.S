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
 * @ARCH@: entry from interrupts and traps, replay of the pending word, the
 * soft interrupt's entry, and the switch between threads.
 *
 * In this order, and with these points: the vector ("vector"), which marks
 * its slot pending ("pend"), ends the interrupt ("eoi") and replays; replay
 * ("last"); the soft entry of the cross-call ("soft"); that of the other
 * slots; return ("leave"); traps; cpu_switchto(); where a thread begins;
 * cpu_idle_cycle().
 */

#include <machine/param.h>
#include <machine/asm.h>

#include "ipl.h"
#include "point.h"
#include "assym.h"

	/* MD_STUB: INTR-2, stage clock */
