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
 * arm64: traps.  None is expected.
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"

struct arm64_trapframe {
	uint64_t	tf_x[31];
	uint64_t	tf_elr, tf_spsr, tf_esr, tf_far, tf_pad;
};

_Static_assert(sizeof(struct arm64_trapframe) == 288, "TRAP_FRAME");

#define TRAP_OVERFLOW	0x100	/* the stack was in its guard page */

void	arm64_trap(struct arm64_trapframe *, unsigned int);

/* ARM DDI 0487, D17.2.37: the exception class. */
static const char *
trap_name(uint64_t esr)
{
	switch (esr >> 26 & 0x3f) {
	case 0x00:
		return ("unknown instruction");
	case 0x0d:
		return ("branch target");
	case 0x0e:
		return ("illegal state");
	case 0x18:
		return ("system register");
	case 0x21:
		return ("instruction abort");
	case 0x22:
		return ("PC alignment");
	case 0x25:
		return ("data abort");
	case 0x26:
		return ("SP alignment");
	case 0x2f:
		return ("SError");
	case 0x3c:
		return ("breakpoint");
	default:
		return ("exception");
	}
}

static void
print_frame(const void *frame)
{
	const struct arm64_trapframe *tf = frame;
	int i;

	printf("elr %016lx spsr %08lx esr %08lx far %016lx\n", tf->tf_elr,
	    tf->tf_spsr, tf->tf_esr, tf->tf_far);
	for (i = 0; i < 28; i += 4)
		printf("x%02d %016lx %016lx %016lx %016lx\n", i, tf->tf_x[i],
		    tf->tf_x[i + 1], tf->tf_x[i + 2], tf->tf_x[i + 3]);
	printf("x28 %016lx %016lx %016lx\n", tf->tf_x[28], tf->tf_x[29],
	    tf->tf_x[30]);
}

void
arm64_trap(struct arm64_trapframe *tf, unsigned int vec)
{
	panic_show(print_frame, tf, "trap: vector %u, %s, address 0x%lx%s",
	    vec & 0xff, trap_name(tf->tf_esr), tf->tf_far,
	    (vec & TRAP_OVERFLOW) != 0 ?
	    " (the stack has run into its guard page)" : "");
}
