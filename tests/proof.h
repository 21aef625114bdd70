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
 * What only an architecture can know, for the tests of the kit.  A fixed
 * form: every md-X/proof/proof.c has the first functions below and hold.S the
 * others, in this order.  The tests that use them name no architecture.
 */

#ifndef PROOF_H
#define PROOF_H

#include <stdint.h>

struct cpu_info;
struct proof;

/*
 * On CPU ci, interrupts off, while nothing goes on: the registers of the CPU
 * and of its interrupt controller.  proof_must() for one that has to hold a
 * value of its own, proof_same() for one that is to be the same on every CPU
 * at any time; a name each, which the report shows.
 */
void	proof_state(struct cpu_info *, struct proof *);
void	proof_must(struct proof *, const char *, uint64_t, uint64_t);
void	proof_same(struct proof *, const char *, uint64_t);

/*
 * On the CPU itself, interrupts off, before it is set up (SMP-2): leave its
 * interrupt controller and clock as a hostile boot loader would.  On the boot
 * CPU a first time before the kernel has looked at the controller at all;
 * only then may what the CPUs share be touched.
 */
void	proof_dirty(int);

/*
 * Fill the registers with values, wait until *go is not 0, or call func(arg),
 * and look at them again.  Returns the name of the first one that has changed,
 * NULL for none.  In a thread, interrupts on.  proof_hold(): all that there
 * are, those needed to wait in one of the rounds 0 to PROOF_NHOLD - 1;
 * flags and vector registers too.  proof_call(): what a call has to keep.
 */
#define PROOF_NHOLD	3
const char *proof_hold(unsigned int, const unsigned int *);
const char *proof_call(void (*)(void *), void *);

#endif /* PROOF_H */
