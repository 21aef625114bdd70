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
 * @ARCH@: what only the architecture knows, for the tests; tests/proof.h.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"
#include "machdep.h"
#include "proof.h"

/* proof_must() and proof_same() for each register that has to hold. */
void
proof_state(struct cpu_info *ci, struct proof *p)
{
	(void)ci;
	(void)p;
	MD_LATER("SMP-2", "survives");
}

void
proof_dirty(int first)
{
	(void)first;
	MD_STUB("SMP-2", "survives");
}

void
proof_unasked(void)
{
	MD_LATER("TRAP-1", "survives");
}

void
proof_fork(struct thread *t, void (*func)(void))
{
	(void)t;
	(void)func;
	MD_STUB("THR-1", "survives");
}
