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
 * @ARCH@: functions that are not written yet, of those that end up in
 * assembler: each goes from here to the file in its comment.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"
#include "machdep.h"
#include "proof.h"
#include <machine/stub.h>

/* A panic comes by here as well, and must get on. */
void
md_stub(const char *func, const char *clause, const char *stage)
{
	static int in;

	if (in)
		return;
	in = 1;
	panic("md-@ARCH@: %s() is not written yet: %s, stage %s; see md(9)",
	    func, clause, stage);
}

/* vector.S */
void
cpu_switchto(struct thread *old, struct thread *new)
{
	(void)old;
	(void)new;
	MD_STUB("THR-1", "traps");
}

/* vector.S */
void
cpu_idle_cycle(void)
{
	MD_STUB("IDLE-2", "clock");
}

/* proof/hold.S, and those below */
const char *
proof_hold(unsigned int round, const unsigned int *go)
{
	(void)round;
	(void)go;
	MD_STUB("INTR-2", "survives");
	return (NULL);
}

const char *
proof_call(unsigned int set, void (*func)(void *, void *), void *a, void *b)
{
	(void)set;
	(void)func;
	(void)a;
	(void)b;
	MD_STUB("THR-1", "survives");
	return (NULL);
}

void
proof_spurious(void)
{
	MD_STUB("X-IPI-1", "survives");
}

const unsigned int proof_ntrap = 0;

void
proof_trap(void)
{
	MD_STUB("TRAP-1", "survives");
	for (;;)
		continue;
}
