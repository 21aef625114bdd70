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
 * CPUs and threads.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"
#include "kit/kit.h"

static unsigned int here[XT_MAXCPU];
static uint64_t hwids[XT_MAXCPU];

static void
self_run(void *arg)
{
	struct cpu_info *ci = curcpu();
	unsigned int n = xt_self();

	(void)arg;
	XT_CHECK(ci->ci_self == ci);
	XT_CHECK(cpu_infos[ci->ci_cpuid] == ci);
	XT_CHECK(ci->ci_curthread->t_cpu == ci);
	XT_CHECK(CPU_IS_RUNNING(ci));
	XT_EQ(CPU_IS_PRIMARY(ci), n == 0);
	hwids[n] = ci->ci_hwid;
	here[n]++;
}

/* CPU-1: every CPU knows itself, and no two are the same. */
void
test_cpu_self(void)
{
	unsigned int i, n;

	for (n = 0; n < xt_ncpu(); n++)
		here[n] = 0;
	xt_on_each(self_run, NULL);
	for (n = 0; n < xt_ncpu(); n++) {
		XT_EQ(here[n], 1);
		for (i = 0; i < n; i++)
			XT_CHECK(hwids[i] != hwids[n]);
	}
}

/*
 * More values than a call may keep in registers, all of them live over a
 * switch to a thread that uses its own.
 */
static void
registers_run(void *arg)
{
	unsigned long k = (uintptr_t)arg, a = k, b = k * 3, c = k * 5;
	unsigned long d = k * 7, e = k * 11, f = k * 13, g = k * 17;
	unsigned long h = k * 19, m = k * 23, n = k * 29, o = k * 31;
	unsigned long i;

	for (i = 1; i <= 200; i++) {
		yield();
		a += k; b += 3 * k; c += 5 * k; d += 7 * k;
		e += 11 * k; f += 13 * k; g += 17 * k; h += 19 * k;
		m += 23 * k; n += 29 * k; o += 31 * k;
		__asm volatile("" : "+r" (a), "+r" (b), "+r" (c), "+r" (d));
		__asm volatile("" : "+r" (e), "+r" (f), "+r" (g), "+r" (h));
		__asm volatile("" : "+r" (m), "+r" (n), "+r" (o));
	}
	XT_EQ(a, k * 201);
	XT_EQ(b, k * 3 * 201);
	XT_EQ(c, k * 5 * 201);
	XT_EQ(d, k * 7 * 201);
	XT_EQ(e, k * 11 * 201);
	XT_EQ(f, k * 13 * 201);
	XT_EQ(g, k * 17 * 201);
	XT_EQ(h, k * 19 * 201);
	XT_EQ(m, k * 23 * 201);
	XT_EQ(n, k * 29 * 201);
	XT_EQ(o, k * 31 * 201);
}

/* THR-1: a switch keeps what the compiler keeps over a call. */
void
test_thread_registers(void)
{
	unsigned int n, last = xt_ncpu() - 1;
	uintptr_t k;

	for (k = 1; k <= 3; k++) {
		for (n = 0; n < 2 && n <= last; n++)
			xt_thread(n == 0 ? 0 : last, registers_run,
			    (void *)(k * 0x10001));
	}
	xt_join();
}

static void
stack_run(void *arg)
{
	uintptr_t here_ = (uintptr_t)&arg;
	struct xt_note xn;

	/* A note knows whether the stack is aligned. */
	xt_note_set(&xn);
	(*xn.xn_xc.xc_func)(xn.xn_xc.xc_arg);
	XT_EQ(xn.xn_skew, 0);
	XT_CHECK(here_ >= curthread->t_stack &&
	    here_ < curthread->t_stack + KSTACK_SIZE);
	XT_CHECK((here_ & KSTACK_SIZE) != 0);
	XT_EQ(curthread->t_stack % KSTACK_SIZE, 0);
}

/* MEM-2: each thread is on a stack of its own, with a guard below it. */
void
test_thread_stacks(void)
{
	struct thread *a, *b;

	xt_on_each(stack_run, NULL);
	for (a = threads; a != NULL; a = a->t_all) {
		for (b = a->t_all; b != NULL; b = b->t_all)
			XT_CHECK(a->t_stack != b->t_stack);
	}
}

static unsigned int
thread_count(void)
{
	struct thread *t;
	unsigned int n = 0;

	for (t = threads; t != NULL; t = t->t_all)
		n++;
	return (n);
}

static void
reuse_run(void *arg)
{
	XT_INC((unsigned int *)arg);
}

/* One that has ended is used again, stack and all. */
void
test_thread_reuse(void)
{
	unsigned int i, before, ran = 0;

	for (i = 0; i < 3; i++)
		xt_on_each(reuse_run, &ran);
	before = thread_count();
	for (i = 0; i < 100; i++)
		xt_on(i % xt_ncpu(), reuse_run, &ran);
	XT_EQ(ran, 3 * xt_ncpu() + 100);
	/* One that ends may still be on its stack when the next is made. */
	XT_CHECK(thread_count() - before <= xt_ncpu());
}

/* On the stack of the test until both threads have ended. */
struct turns {
	unsigned int	t_turn[2];
	unsigned int	t_skew;		/* the largest difference */
};

static void
turns_run(struct turns *t, int me)
{
	unsigned int i, skew;

	while (XT_LOAD(&t->t_turn[0]) == 0 || XT_LOAD(&t->t_turn[1]) == 0) {
		XT_STORE(&t->t_turn[me], 1);
		yield();
	}
	for (i = 0; i < 100; i++) {
		t->t_turn[me]++;
		skew = t->t_turn[me] - t->t_turn[1 - me];
		if ((int)skew > (int)t->t_skew)
			t->t_skew = skew;
		yield();
	}
}

static void
turns_first(void *arg)
{
	turns_run(arg, 0);
}

static void
turns_second(void *arg)
{
	turns_run(arg, 1);
}

/* yield() goes round: two threads take turns. */
void
test_thread_yield(void)
{
	struct turns t = { { 0, 0 }, 0 };
	unsigned int last = xt_ncpu() - 1;

	xt_thread(last, turns_first, &t);
	xt_thread(last, turns_second, &t);
	xt_join();
	XT_CHECK(t.t_skew <= 2);
}

static void
nowhere_run(void *arg)
{
	thread_create(arg, reuse_run, NULL, "nowhere");
}

static void
nothing_run(void *arg)
{
	thread_create(arg, NULL, NULL, "nothing");
}

/* THR-2: for a CPU that was never started; and without a function. */
void
test_thread_misused(void)
{
	static struct cpu_info none;

#ifndef DIAGNOSTIC
	xt_skip("it needs DIAGNOSTIC");
	return;
#endif
	XT_PANICS(0, nowhere_run, &none, "THR-2");
	XT_PANICS(xt_ncpu() - 1, nothing_run, curcpu(), "THR-2");
}

static uint64_t map_pa;		/* a page of RAM */

static void
map_twice(void *arg)
{
	md_map((uintptr_t)arg, map_pa, MD_PAGESIZE, PROT_READ);
}

static void
map_both(void *arg)
{
	md_map((uintptr_t)arg, map_pa, MD_PAGESIZE, PROT_READ | PROT_WRITE |
	    PROT_EXEC);
}

/* MEM-2: what is mapped is not mapped again; nothing is W and X. */
void
test_map_misused(void)
{
	map_pa = pmem_alloc(1);
	XT_PANICS(0, map_twice, (void *)curthread->t_stack, "MEM-2");
	XT_PANICS(xt_ncpu() - 1, map_both, (void *)(MD_STACKVA +
	    2UL * KSTACK_SIZE * (8 * MAXCPUS - 1)), "MEM-2");
}
