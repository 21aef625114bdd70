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
 * Interrupt priority levels, lowest first, the slots of the pending word, and
 * the size of a stack.  Also read by assembler.
 */

#ifndef IPL_H
#define IPL_H

#define IPL_NONE	0
#define IPL_SOFTCLOCK	1	/* cross-calls, timeouts */
#define IPL_SOFTNET	2
#define IPL_BIO		3
#define IPL_NET		4
#define IPL_SOFTTTY	5
#define IPL_TTY		6
#define IPL_VM		7
#define IPL_CLOCK	8
#define IPL_HIGH	9	/* every interrupt but doorbells */
#define IPL_IPI		10	/* held back by interrupts off alone */
#define NIPL		11

/*
 * A source of interrupts that can be pending has a slot, one bit of a word.
 * Slots are scarce: the word is divided evenly among the levels, and they are
 * handed out from the top of a level downwards.  So the highest bit set is
 * always the one to run first: highest level, and the first attached within
 * it.  The cross-call is attached first, before the clock.
 */
/* A kernel stack, and the same size unmapped below it. */
#define KSTACK_SIZE	16384

#ifndef MD_WORDBITS
#error "machine/param.h: MD_WORDBITS: the bits of a long"
#endif
#define INTR_PERIPL	(MD_WORDBITS / NIPL)
#define INTR_NSLOT	(INTR_PERIPL * NIPL)
#define INTR_SLOT(_ipl, _n)	((_ipl) * INTR_PERIPL + INTR_PERIPL - 1 - (_n))
#define SLOT_XCALL	INTR_SLOT(IPL_SOFTCLOCK, 0)

#endif /* IPL_H */
