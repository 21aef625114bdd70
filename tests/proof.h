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
 * To this CPU, from nobody: the interrupt that interrupts off do not hold
 * back.  Does nothing where there is none.
 */
void	proof_unasked(void);

/*
 * As cpu_fork(), but the thread begins in func(), which never returns; what
 * switches to it holds no mutex.
 */
struct thread;
void	proof_fork(struct thread *, void (*)(void));

/*
 * Fill the registers with values, wait until *go is not 0, or call func(a, b),
 * and look at them again.  Returns the name of the first one that has changed,
 * NULL for none.  proof_hold(): with interrupts on; all that there are, the
 * flags too.  What it needs to wait is other registers in round 0 than in
 * round 1; in round PROOF_VECTORS vector registers as well.  proof_call():
 * what a call has to keep; there are two sets of values, 0 and 1.
 */
#define PROOF_VECTORS	2
#define PROOF_NHOLD	3
const char *proof_hold(unsigned int, const unsigned int *);
const char *proof_call(unsigned int, void (*)(void *, void *), void *, void *);

/*
 * Interrupts off: this CPU enters as for an interrupt, of which there is none
 * when it asks its controller, and returns as from one.
 */
void	proof_spurious(void);

/*
 * Fill the registers, all but the stack pointer, with 0x5eed000000000000 + 1,
 * + 2 and so on, in the order of a panic's report, proof_ntrap of them; then
 * an exception.
 */
void	proof_trap(void) __attribute__((__noreturn__));
extern const unsigned int proof_ntrap;

#endif /* PROOF_H */
