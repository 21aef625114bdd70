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
 * Sweeps over levels, the pending word, and what an interrupt must leave as
 * it was.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "synch.h"
#include "sweep/sweep.h"

static void
nops_window(unsigned int n)
{
	(void)n;
#define NOP	__asm volatile("nop");
#define NOP8	NOP NOP NOP NOP NOP NOP NOP NOP
	NOP8 NOP8 NOP8 NOP8 NOP8 NOP8 NOP8 NOP8
}

/*
 * That the sweep does what it says: 64 instructions are interrupted at 64
 * places at least.  If not, no other sweep shows anything.
 */
void
test_sweep_nops(void)
{
	static const struct sweep sw = { .sw_clause = "INTR-2",
	    .sw_window = nops_window };

	sweep_run(&sw);
	if (sweep_places < 64)
		xt_fail(__FILE__, __LINE__, "CLK-2: the clock came at %u "
		    "places of 64: this machine does not count instructions, "
		    "or the clock is coarse", sweep_places);
}

/* This CPU's. */
static unsigned long churn_right, churn_have;

static void
churn_window(unsigned int n)
{
	(void)n;
	churn_have = xt_churn(54321, 3);
}

static void
churn_wide_window(unsigned int n)
{
	(void)n;
	churn_have = xt_churn_wide(54321, 3);
}

static void
churn_after(unsigned int n)
{
	(void)n;
	SWEEP_CHECK(churn_have == churn_right);
}

/* INTR-2: registers, flags, and the stack of a function that calls none. */
void
test_sweep_registers(void)
{
	static const struct sweep sw = { .sw_clause = "INTR-2",
	    .sw_window = churn_window, .sw_after = churn_after };
	unsigned long s;

	s = intr_disable();
	churn_right = xt_churn(54321, 3);
	intr_restore(s);
	sweep_run(&sw);
}

/* The same, for CPUs with twice as many. */
void
test_sweep_registers_wide(void)
{
	static const struct sweep sw = { .sw_clause = "INTR-2",
	    .sw_window = churn_wide_window, .sw_after = churn_after };
	unsigned long s;

	s = intr_disable();
	churn_right = xt_churn_wide(54321, 3);
	intr_restore(s);
	sweep_run(&sw);
}

/* In the interrupt another one, so that what the CPU saved is saved again. */
static void
flags_handler(void)
{
	cpu_unidle(curcpu());
	sweep_pend();
}

static unsigned int __attribute__((__noinline__))
flags(unsigned long x, unsigned long y)
{
	unsigned int i, n = 0;
	unsigned long z;

	/* Not known when compiling. */
	__asm volatile("" : "+r" (x), "+r" (y));
	for (i = 0; i < 6; i++) {
		n += n + (x < y);
		n += n + ((long)x < (long)y);
		n += n + (x == y);
		n += n + __builtin_add_overflow(x, y, &z);
		n += n + __builtin_sub_overflow((long)x, (long)y, (long *)&z);
		x = x * 3 + z;
		y = y << 3 ^ x >> 5;
	}
	return (n);
}

static void
flags_window(unsigned int n)
{
	(void)n;
	churn_have = flags(~0UL / 3, ~0UL / 5);
}

/* INTR-2: what a comparison found is kept until it is looked at. */
void
test_sweep_flags(void)
{
	static const struct sweep sw = { .sw_clause = "INTR-2",
	    .sw_window = flags_window, .sw_handler = flags_handler,
	    .sw_after = churn_after };
	unsigned long s;

	s = intr_disable();
	churn_right = flags(~0UL / 3, ~0UL / 5);
	intr_restore(s);
	sweep_run(&sw);
}

/* One of them in each sweep: the next would make good what one forgets. */
static int window_level;

static void
spl_window(unsigned int n)
{
	int s;

	(void)n;
	s = splraise(window_level);
	splx(s);
}

static void
spl_nested_window(unsigned int n)
{
	int none, s;

	(void)n;
	none = splraise(IPL_BIO);
	s = splraise(window_level);
	splx(s);
	splx(none);
}

static void
spl_pending_window(unsigned int n)
{
	int none;

	(void)n;
	none = splraise(IPL_TTY);
	kit_pend(IPL_BIO);
	splx(none);
}

/* SPL-1: nothing is left pending, whenever the clock comes. */
void
test_sweep_spl(void)
{
	static const struct sweep plain = { .sw_clause = "SPL-1",
	    .sw_window = spl_window };
	static const struct sweep nested = { .sw_clause = "SPL-1",
	    .sw_window = spl_nested_window };
	static const struct sweep pending = { .sw_clause = "SPL-1",
	    .sw_window = spl_pending_window, .sw_ran = 1 };

	sweep_run(&pending);
	for (window_level = IPL_SOFTCLOCK; window_level <= IPL_IPI;
	    window_level++)
		sweep_run(&plain);
	for (window_level = IPL_NET; window_level <= IPL_IPI; window_level++)
		sweep_run(&nested);
}

static void
intr_window(unsigned int n)
{
	unsigned long s;

	(void)n;
	s = intr_disable();
	intr_restore(s);
}

static void
intr_pend_window(unsigned int n)
{
	unsigned long s;

	(void)n;
	s = intr_disable();
	kit_pend(IPL_TTY);
	intr_restore(s);
}

static void
intr_spl_window(unsigned int n)
{
	int none;

	(void)n;
	intr_disable();
	none = splraise(IPL_HIGH);
	kit_pend(IPL_BIO);
	splx(none);
	intr_enable();
}

/* INTR-1: the same for interrupts turned off and on. */
void
test_sweep_intr(void)
{
	static const struct sweep plain = { .sw_clause = "INTR-1, SPL-1",
	    .sw_window = intr_window };
	static const struct sweep pend = { .sw_clause = "INTR-1, SPL-1",
	    .sw_window = intr_pend_window, .sw_ran = 1 };
	static const struct sweep spl = { .sw_clause = "INTR-1, SPL-1",
	    .sw_window = intr_spl_window, .sw_ran = 1 };

	sweep_run(&plain);
	sweep_run(&pend);
	sweep_run(&spl);
}

static void
pend_window(unsigned int n)
{
	int none;

	(void)n;
	none = splraise(IPL_BIO);
	kit_pend(IPL_BIO);
	splx(none);
}

/* SOFT-1: what a handler marks in the middle of marking is not lost. */
void
test_sweep_pend(void)
{
	static const struct sweep sw = { .sw_clause = "SOFT-1",
	    .sw_window = pend_window, .sw_ran = 1 };

	sweep_run(&sw);
}

static void
clock_run(void *arg)
{
	struct cpu_info *ci = curcpu();
	uint64_t start, took, n = md_clock_hz / HZ;
	unsigned int before, i;

	(void)arg;
	for (i = 0; i < 5; i++) {
		before = XT_LOAD(&ci->ci_ticks);
		start = md_clock_read();
		md_clock_arm(n);
		while (XT_LOAD(&ci->ci_ticks) == before)
			CPU_BUSY_CYCLE();
		took = md_clock_read() - start;
		if (took < n - n / 50 || took > n + n / 50)
			xt_fail(__FILE__, __LINE__, "CLK-2: the clock came "
			    "after %llu units, not %llu",
			    (unsigned long long)took, (unsigned long long)n);
	}
}

/* CLK-2: where time is instructions, the host has no part in how much. */
void
test_sweep_clock(void)
{
	xt_thread(SWEEP_CPU, clock_run, NULL);
	xt_join();
}

static void (*counter_func)(void *);	/* the clock's own handler */

static void
counter_clock(void *arg)
{
	if (!CPU_IS_PRIMARY(curcpu()))
		(*counter_func)(arg);
}

/*
 * CLK-1: the counter has more than 32 bits.  Where all CPUs halt, time that
 * is instructions goes to the next interrupt of the clock at once.
 */
void
test_sweep_counter(void)
{
	struct intrsource *is = &intr_sources[intr_clock];
	uint64_t now, end;
	unsigned int i;

	counter_func = is->is_func;
	XT_STORE(&is->is_func, counter_clock);
	now = md_clock_read();
	end = now + (1ULL << 32);
	/* A timer may count no more than seconds. */
	for (i = 0; i < 1000 && now < end; i++) {
		intr_disable();
		md_clock_arm(end - now);
		cpu_idle_cycle();
		now = md_clock_read();
	}
	/* No failure: with such a counter the clock may not come again. */
	if (now < end)
		panic("CLK-1: md_clock_read() says 0x%llx, and was to get "
		    "to 0x%llx: has it but 32 bits?", (unsigned long long)now,
		    (unsigned long long)end);
	XT_STORE(&is->is_func, counter_func);
	md_clock_arm(md_clock_hz / HZ);
}

static void
replay_window(unsigned int n)
{
	(void)n;
	kit_pend(IPL_BIO);
	kit_pend(IPL_TTY);
	kit_pend(IPL_SOFTTTY);
	/* Last, at a level that holds back what a handler sets pending. */
	cpu_xcall_pend();
	/* An interrupt at last; if it brings none, the clock will. */
	cpu_unidle(curcpu());
	while (XT_LOAD(&kit_ran.xl_n) < 3)
		CPU_BUSY_CYCLE();
}

/* SPL-1: the replay on the way out of an interrupt, interrupted in turn. */
void
test_sweep_replay(void)
{
	static const struct sweep sw = { .sw_clause = "SPL-1",
	    .sw_window = replay_window, .sw_ran = 3 };

	sweep_run(&sw);
}

static struct mutex window_mtx;
static struct xcall mutex_xc;

/* A call that wants the mutex too. */
static void
mutex_call(void *arg)
{
	(void)arg;
	mtx_enter(&window_mtx);
	mtx_leave(&window_mtx);
}

static void
mutex_handler(void)
{
	cpu_xcall(curcpu(), &mutex_xc);
	sweep_pend();
}

static void
mutex_window(unsigned int n)
{
	(void)n;
	mtx_enter(&window_mtx);
	mtx_leave(&window_mtx);
}

/* A mutex holds its level from before it is owned until after. */
void
test_sweep_mutex(void)
{
	static const struct sweep sw = { .sw_clause = "SPL-1",
	    .sw_window = mutex_window, .sw_handler = mutex_handler };

	cpu_xcall_set(&mutex_xc, mutex_call, NULL);
	mtx_init(&window_mtx, IPL_SOFTCLOCK);
	sweep_run(&sw);
	mtx_init(&window_mtx, IPL_TTY);
	sweep_run(&sw);
	mtx_init(&window_mtx, IPL_HIGH);
	sweep_run(&sw);
}

/* The other CPU's thread tries to enter when it is told to. */
static unsigned int rival_go;		/* [a] tries; ~0: end */
static unsigned int rival_done;		/* [a] tries that have been made */
static unsigned int rival_in;		/* [a] it is in the mutex, until 0 */

static void
rival_thread(void *arg)
{
	unsigned int go, seen = 0;

	(void)arg;
	while ((go = XT_LOAD(&rival_go)) != ~0U) {
		if (go == seen) {
			xt_yield();
			continue;
		}
		seen = go;
		if (!mtx_enter_try(&window_mtx)) {
			XT_STORE(&rival_done, go);
			continue;
		}
		XT_STORE(&rival_in, 1);
		XT_STORE(&rival_done, go);
		XT_WAIT(XT_LOAD(&rival_in) == 0);
		mtx_leave(&window_mtx);
		XT_STORE(&rival_done, 0);
	}
}

static void
rival_end(void)
{
	XT_STORE(&rival_go, ~0U);
}

static void
rival_handler(void)
{
	XT_STORE(&rival_go, rival_go + 1);
	XT_WAIT(XT_LOAD(&rival_done) == rival_go);
}

static void
rival_window(unsigned int n)
{
	(void)n;
	if (mtx_enter_try(&window_mtx)) {
		SWEEP_CHECK(XT_LOAD(&rival_in) == 0);
		mtx_leave(&window_mtx);
	}
}

static void
rival_after(unsigned int n)
{
	(void)n;
	if (XT_LOAD(&rival_in)) {
		XT_STORE(&rival_in, 0);
		XT_WAIT(XT_LOAD(&rival_done) == 0);
	}
}

/* One at a time: another CPU tries in the middle of entering and leaving. */
void
test_sweep_mutex_other(void)
{
	static const struct sweep sw = { .sw_clause = "MTX-2",
	    .sw_window = rival_window, .sw_handler = rival_handler,
	    .sw_after = rival_after, .sw_helper = rival_thread,
	    .sw_end = rival_end };

	rival_go = rival_done = rival_in = 0;
	mtx_init(&window_mtx, IPL_SOFTCLOCK);
	sweep_run(&sw);
}

/* One for each way to write them, and what the window and handler put there. */
static unsigned int atom_cas, atom_down, atom_nv, atom_inc, atom_swap;
static unsigned int atom_word;
static unsigned long atom_long;
static unsigned int atom_times, atom_in[2], atom_out[2];

static void
atom_write(unsigned int who)
{
	unsigned int have = atomic_load_relaxed(&atom_cas);
	unsigned int put = 2 * atom_times + who;

	while (!atomic_cas_acquire(&atom_cas, &have, have + 1))
		continue;
	atomic_sub_release(&atom_down, 1);
	(void)atomic_add_nv(&atom_nv, 3);
	(void)atomic_sub_nv(&atom_nv, 2);
	atomic_inc_relaxed(&atom_inc);
	atom_in[who] += put;
	atom_out[who] += atomic_swap(&atom_swap, put);
	have = atomic_load_relaxed(&atom_word);
	while (!atomic_cas(&atom_word, &have, have + 1))
		continue;
}

static void
atom_window(unsigned int n)
{
	(void)n;
	atom_write(0);
	atomic_setbits(&atom_long, 1);
	atomic_clearbits(&atom_long, 1);
}

static void
atom_handler(void)
{
	atom_write(1);
	/* The other bit, there and gone again by turns. */
	if ((atomic_load_relaxed(&atom_long) & 2) == 0)
		atomic_setbits(&atom_long, 2);
	else
		atomic_clearbits(&atom_long, 2);
}

static void
atom_after(unsigned int n)
{
	(void)n;
	atom_times += 2;
	SWEEP_CHECK(atom_cas == atom_times);
	SWEEP_CHECK(atom_down == 0 - atom_times);
	SWEEP_CHECK(atom_nv == atom_times);
	SWEEP_CHECK(atom_inc == atom_times);
	SWEEP_CHECK(atom_out[0] + atom_out[1] + atom_swap ==
	    atom_in[0] + atom_in[1]);
	SWEEP_CHECK(atom_word == atom_times);
	SWEEP_CHECK(atom_long == (atom_times / 2 % 2 ? 2 : 0));
}

/* X-ATOM-1: an interrupt writes the same word, at every instruction. */
void
test_sweep_atomic(void)
{
	static const struct sweep sw = { .sw_clause = "X-ATOM-1",
	    .sw_window = atom_window, .sw_handler = atom_handler,
	    .sw_after = atom_after };

	atom_cas = atom_down = atom_nv = atom_inc = atom_swap = atom_word = 0;
	atom_long = 0;
	atom_times = 0;
	atom_in[0] = atom_in[1] = atom_out[0] = atom_out[1] = 0;
	sweep_run(&sw);
}
