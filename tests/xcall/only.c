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
 * Who is rung, and who is not: a doorbell too many is answered without harm
 * and without a trace, so it is looked for where it waits.
 */

#include "xcall_md.h"
#include "xtest.h"

/* The CPUs hold their calls back, and look when all doorbells are rung. */
static struct only {
	unsigned int	o_in;		/* [a] CPUs at the high level */
	unsigned int	o_go;		/* [a] all doorbells are rung */
	unsigned int	o_out;		/* [a] CPUs that have looked */
	int		o_pending[XT_MAXCPU]; /* what each saw; then o_out */
} only;

/* A doorbell interrupts this loop, if it has not already. */
static void
only_look(void *arg)
{
	int ipl = splraise(xt_ipl_high());
	int i;

	(void)arg;
	XT_INC(&only.o_in);
	XT_WAIT(XT_LOAD(&only.o_go));
	for (i = 0; i < 1000; i++)
		CPU_BUSY_CYCLE();
	only.o_pending[xt_self()] = xt_pending();
	XT_INC(&only.o_out);
	splx(ipl);
}

/* All CPUs but this one are ready; this one is at that level as well. */
static int
only_begin(void)
{
	unsigned int n;

	only.o_in = only.o_go = only.o_out = 0;
	for (n = 1; n < xt_ncpu(); n++)
		xt_thread(n, only_look, NULL);
	XT_WAIT(XT_LOAD(&only.o_in) == xt_ncpu() - 1);
	return (splraise(xt_ipl_high()));
}

static void
only_end(int ipl)
{
	only.o_pending[0] = xt_pending();
	XT_STORE(&only.o_go, 1);
	XT_WAIT(XT_LOAD(&only.o_out) == xt_ncpu() - 1);
	splx(ipl);
	xt_join();
}

static int
only_can(void)
{
	if (xt_pending() != -1)
		return (1);
	xt_skip("what is pending cannot be seen here");
	return (0);
}

/* X-IPI-1: the doorbell is that of the CPU called, and of no other. */
void
test_only_one(void)
{
	struct xt_note xn;		/* the calls' until they ran */
	unsigned int i, n, step = xt_ncpu() / (xt_ncpu() > 32 ? 3 : 8) + 1;
	int ipl;

	if (!only_can())
		return;
	for (n = 1; n < xt_ncpu(); n += step) {
		xt_note_set(&xn);
		ipl = only_begin();
		cpu_xcall(xt_cpu(n), &xn.xn_xc);
		only_end(ipl);
		for (i = 0; i < xt_ncpu(); i++)
			XT_EQ(only.o_pending[i], i == n);
		XT_WAIT(XT_LOAD(&xn.xn_ran));
		XT_NOTE(&xn, n, 1);
	}
}

#ifdef XCALL_MANY
static void
only_nothing(void *arg)
{
	XT_INC((unsigned int *)arg);
}

/* X-IPI-2: of a set, all of it and nobody else. */
void
test_only_set(void)
{
	unsigned int i, n, left, ran = 0;
	struct xcall xc = XCALL_INITIALIZER(only_nothing, &ran);
	struct cpuset set;
	int ipl;

	if (!only_can())
		return;
	for (left = 0; left < 3; left++) {
		cpuset_clear(&set);
		for (n = 0, i = 1; i < xt_ncpu(); i++) {
			if (i % 3 != left) {
				cpuset_add(&set, xt_cpu(i));
				n++;
			}
		}
		XT_STORE(&ran, 0);
		ipl = only_begin();
		cpu_xcall_many(&set, &xc);
		only_end(ipl);
		for (i = 0; i < xt_ncpu(); i++)
			XT_EQ(only.o_pending[i], i != 0 && i % 3 != left);
		XT_WAIT(XT_LOAD(&ran) == n);
	}
}
#else
void
test_only_set(void)
{
	xt_skip("without XCALL_MANY");
}
#endif
