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
 * Entry and exit: what an interrupt, a replay of the pending word and a
 * switch between threads leave as it was.  Registers are filled and looked at
 * by the architecture's proof_hold() and proof_call().
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "synch.h"
#include "kit/kit.h"
#include "proof.h"

/* On the stack of the test until its threads have ended. */
struct hold {
	struct timeout	 h_to;
	struct xcall	 h_xc;
	unsigned int	 h_round;
	unsigned int	 h_target;	/* CPU */
	int		 h_context;	/* enum xt_context */
	unsigned int	 h_in;		/* [a] CPUs that hold */
	unsigned int	 h_go;		/* [a] it is over */
	unsigned int	 h_hits;	/* [a] calls that ran */
	unsigned int	 h_before[XT_MAXCPU];	/* ticks */
};
static unsigned long sum;		/* for the compiler */

static void
hold_nothing(void *a, void *b)
{
	(void)a, (void)b;
}

/* In a handler: leave no register as it was; the flags are C's own. */
static void
hold_handler(unsigned long seed)
{
	const char *lost;

	sum += xt_churn(seed, 1) + xt_churn_wide(seed, 1);
	XT_EQ(xt_skew(), 0);
	lost = proof_call(0, hold_nothing, NULL, NULL);
	if (lost != NULL)
		xt_fail(__FILE__, __LINE__, "INTR-2: in a handler %s is what "
		    "was interrupted", lost);
}

/* Now and then another interrupt comes meanwhile. */
static void
hold_hit(void *arg)
{
	struct cpu_info *ci = curcpu();
	unsigned int before = XT_LOAD(&ci->ci_ticks);
	struct hold *h = arg;

	hold_handler(h->h_hits);
	if (h->h_hits % 8 == 1)
		XT_WAIT(XT_LOAD(&ci->ci_ticks) != before);
	XT_INC(&h->h_hits);
}

static void
hold_set(struct hold *h, unsigned int round)
{
	cpu_xcall_set(&h->h_xc, hold_hit, h);
	h->h_round = round;
	h->h_in = h->h_go = h->h_hits = 0;
}

static void
hold_in(void *arg)
{
	struct hold *h = arg;
	const char *lost;

	XT_INC(&h->h_in);
	lost = proof_hold(h->h_round, &h->h_go);
	if (lost != NULL)
		xt_fail(__FILE__, __LINE__, "INTR-2: %s has changed over "
		    "interrupts", lost);
}

static void
hold_run(void *arg)
{
	struct hold *h = arg;

	xt_in(h->h_context, hold_in, h);
}

/* At each tick, on the boot CPU: has every CPU seen a few? */
static void
hold_tick(void *arg)
{
	struct hold *h = arg;
	unsigned int n;

	hold_handler(h->h_round);
	for (n = 0; n < xt_ncpu(); n++) {
		if (XT_LOAD(&xt_cpu(n)->ci_ticks) - h->h_before[n] < 3) {
			timeout_add(&h->h_to, 1);
			return;
		}
	}
	XT_STORE(&h->h_go, 1);
}

/* INTR-2: over clock interrupts, on all CPUs at once. */
void
test_entry_hold(void)
{
	static struct hold h;
	unsigned int n, round;

	h.h_context = XT_BELOW;
	for (round = 0; round < PROOF_NHOLD; round++) {
		hold_set(&h, round);
		for (n = 0; n < xt_ncpu(); n++)
			h.h_before[n] = XT_LOAD(&xt_cpu(n)->ci_ticks);
		timeout_set(&h.h_to, hold_tick, &h);
		timeout_add(&h.h_to, 1);
		for (n = 0; n < xt_ncpu(); n++)
			xt_thread(n, hold_run, &h);
		xt_join();
	}
}

/*
 * On another CPU than the target.  Each finds it where it holds, and they
 * are an odd number: a swap of two registers would undo itself.
 */
#define HOLD_TIMES	19

static void
doorbell_send(void *arg)
{
	struct hold *h = arg;
	struct cpu_info *ci = xt_cpu(h->h_target);
	unsigned int i;

	XT_WAIT(XT_LOAD(&h->h_in));
	for (i = 1; i <= HOLD_TIMES; i++) {
		cpu_unidle(ci);
		cpu_xcall(ci, &h->h_xc);
		XT_WAIT(XT_LOAD(&h->h_hits) == i);
		XT_WAIT(XT_LOAD(&ci->ci_idepth) == 0 &&
		    XT_LOAD(&ci->ci_ilevel) == IPL_NONE);
	}
	XT_STORE(&h->h_go, 1);
}

/* The first CPU and the last. */
static void
hold_each(struct hold *h, int context, void (*send)(void *))
{
	unsigned int i, n, round, last = xt_ncpu() - 1;

	h->h_context = context;
	for (i = 0; i < 2; i++) {
		n = i == 0 ? 0 : last;
		for (round = 0; round < PROOF_NHOLD; round++) {
			hold_set(h, round);
			h->h_target = n;
			xt_thread(n, hold_run, h);
			xt_thread(last - n, send, h);
			xt_join();
		}
	}
}

/* INTR-2: over doorbells and wake-ups, and the calls that they bring. */
void
test_entry_doorbell(void)
{
	static struct hold h;

	hold_each(&h, XT_BELOW, doorbell_send);
}

/* The call is kept for later; wake-ups are taken all the same. */
static void
masked_send(void *arg)
{
	struct hold *h = arg;
	struct cpu_info *ci = xt_cpu(h->h_target);
	int i;

	XT_WAIT(XT_LOAD(&h->h_in));
	cpu_xcall(ci, &h->h_xc);
	for (i = 0; i < HOLD_TIMES; i++)
		cpu_unidle(ci);
	XT_WAIT((XT_LOAD(&ci->ci_ipending) >> SLOT_XCALL) & 1);
	XT_EQ(XT_LOAD(&h->h_hits), 0);
	XT_STORE(&h->h_go, 1);
	XT_WAIT(XT_LOAD(&h->h_hits) == 1);
}

/* INTR-2, X-IPI-1: a doorbell that the level holds back. */
void
test_entry_masked(void)
{
	static struct hold h;

	hold_each(&h, XT_AT, masked_send);
	hold_each(&h, XT_ABOVE, masked_send);
}

/* In a call: doorbells are kept, the clock is served. */
static void
nested_send(void *arg)
{
	struct hold *h = arg;
	struct cpu_info *ci = xt_cpu(h->h_target);
	unsigned int before;

	XT_WAIT(XT_LOAD(&h->h_in));
	before = XT_LOAD(&ci->ci_ticks);
	cpu_xcall(ci, &h->h_xc);
	XT_WAIT(XT_LOAD(&ci->ci_ticks) != before);
	XT_EQ(XT_LOAD(&h->h_hits), 0);
	XT_STORE(&h->h_go, 1);
	XT_WAIT(XT_LOAD(&h->h_hits) == 1);
}

/* INTR-2, SPL-1: interrupts of higher levels, while a call runs. */
void
test_entry_nested(void)
{
	static struct hold h;

	hold_each(&h, XT_INCALL, nested_send);
}

/* Everything that can be pending, below a level and from IPL_SOFTCLOCK on. */
static unsigned int
replay_pend(void)
{
	int ipl;

	for (ipl = IPL_SOFTCLOCK; ipl <= IPL_IPI; ipl++)
		kit_pend(ipl);
	softintr_schedule(kit_soft(IPL_SOFTCLOCK));
	softintr_schedule(kit_soft(IPL_SOFTNET));
	softintr_schedule(kit_soft(IPL_SOFTTTY));
	cpu_xcall(curcpu(), &kit_xcall);
	return (IPL_IPI + 4);
}

static void
replay_splx(void *a, void *b)
{
	(void)b;
	splx(*(int *)a);
}

static void
replay_restore(void *a, void *b)
{
	(void)b;
	intr_restore(*(unsigned long *)a);
}

static void
replay_self(void *a, void *b)
{
	cpu_xcall(a, b);
}

/* The handlers leave no register as it was: kit/source.c. */
static void
replay_check(const char *how, const char *lost, unsigned int ran)
{
	if (lost != NULL)
		xt_fail(__FILE__, __LINE__, "SPL-1: %s has changed over %s",
		    lost, how);
	XT_EQ(XT_LOAD(&kit_ran.xl_n), ran);
	xt_log_set(&kit_ran);
}

static void
replay_run(void *arg)
{
	unsigned int n, set;
	const char *lost;
	unsigned long s;
	int ipl;

	(void)arg;
	for (set = 0; set < 2; set++) {
		ipl = splraise(IPL_IPI);
		n = replay_pend();
		lost = proof_call(set, replay_splx, &ipl, NULL);
		replay_check("splx", lost, n);

		s = intr_disable();
		n = replay_pend();
		lost = proof_call(set, replay_restore, &s, NULL);
		replay_check("intr_restore", lost, n);

		lost = proof_call(set, replay_self, curcpu(), &kit_xcall);
		replay_check("cpu_xcall to itself", lost, 1);
		XT_EQ(xt_level(), IPL_NONE);
		XT_CHECK(xt_intr());
	}
}

/* In a call: what is above it runs, what is not stays. */
static void
replay_incall(void *arg)
{
	const char *lost;
	int ipl;

	(void)arg;
	ipl = splraise(IPL_HIGH);
	kit_pend(IPL_HIGH);
	kit_pend(IPL_BIO);
	softintr_schedule(kit_soft(IPL_SOFTTTY));
	lost = proof_call(1, replay_splx, &ipl, NULL);
	replay_check("splx in a call", lost, 3);
	XT_EQ(xt_level(), IPL_SOFTCLOCK);
}

static void
replay_call(void *arg)
{
	xt_in(XT_INCALL, replay_incall, arg);
}

/* SPL-1, X-INTR-1: a replay that C code calls keeps what a call keeps. */
void
test_entry_replay(void)
{
	xt_log_set(&kit_ran);
	xt_on_each(replay_run, NULL);
	xt_on_each(replay_call, NULL);
}

/*
 * Two threads of which the scheduler knows nothing: nobody saves a register
 * for cpu_switchto().  The second switches back as often as it is asked.
 */
static struct thread switch_first, switch_second;
static const char *switch_lost;		/* the second's */
static unsigned int switch_count;

static void
switch_run(void *from, void *to)
{
	cpu_switchto(from, to);
}

static void
switch_back(void)
{
	for (;;) {
		switch_count++;
		switch_lost = proof_call(1, switch_run, &switch_second,
		    &switch_first);
	}
}

static void
switch_on(void *arg)
{
	const char *lost;
	unsigned long s;
	unsigned int i;

	(void)arg;
	for (i = 1; i <= 3; i++) {
		s = intr_disable();
		if (i == 1)
			proof_fork(&switch_second, switch_back);
		lost = proof_call(0, switch_run, &switch_first, &switch_second);
		intr_restore(s);
		if (lost == NULL)
			lost = switch_lost;
		if (lost != NULL)
			xt_fail(__FILE__, __LINE__, "THR-1: cpu_switchto loses "
			    "%s", lost);
		XT_EQ(switch_count, i);
		XT_CHECK(xt_intr());
	}
	switch_count = 0;
}

/* THR-1: a switch keeps everything that a call keeps. */
void
test_entry_switch(void)
{
	if (switch_second.t_stack == 0)
		switch_second.t_stack = kstack_alloc();
	switch_lost = NULL;
	xt_on_each(switch_on, NULL);
}

#define STACK_ROUNDS	10000
#define STACK_MARK	0x5a5a5a5a5a5a5a5aUL
#define STACK_SLACK	1024	/* below the caller: not looked at */

static void __attribute__((__noinline__))
stack_fill(uintptr_t low, uintptr_t high)
{
	uintptr_t p;

	for (p = low; p < high; p += sizeof(p))
		*(volatile uintptr_t *)p = STACK_MARK;
}

static uintptr_t
stack_lowest(uintptr_t p)
{
	while (*(volatile uintptr_t *)p == STACK_MARK)
		p += sizeof(p);
	return (p);
}

static void
stack_rounds(unsigned int rounds)
{
	unsigned int i;
	int ipl;

	for (i = 0; i < rounds; i++) {
		ipl = splraise(IPL_HIGH);
		kit_pend(IPL_BIO);
		softintr_schedule(kit_soft(IPL_SOFTTTY));
		cpu_xcall(curcpu(), &kit_xcall);
		splx(ipl);
		xt_log_set(&kit_ran);
	}
}

static void
stack_on(void *arg)
{
	uintptr_t low = curthread->t_stack + sizeof(low), before, after;

	(void)arg;
	stack_fill(low, md_frame() - STACK_SLACK);
	stack_rounds(STACK_ROUNDS / 10);
	before = stack_lowest(low);
	stack_rounds(STACK_ROUNDS);
	after = stack_lowest(low);
	/* One interrupt more on top of the others, and no more. */
	XT_CHECK(before - after <= 2048);
	XT_CHECK(after - low > KSTACK_SIZE / 4);
}

/* SPL-1, X-SOFT-2: ten thousand replays take no more stack than a few. */
void
test_entry_stack(void)
{
	xt_log_set(&kit_ran);
	xt_on(0, stack_on, NULL);
	xt_on(xt_ncpu() - 1, stack_on, NULL);
}

static void
spurious_enter(void *a, void *b)
{
	(void)a, (void)b;
	proof_spurious();
}

static void
spurious_on(void *arg)
{
	const char *lost;
	unsigned long s;
	int level, i;

	(void)arg;
	level = splraise(IPL_HIGH);
	s = intr_disable();
	for (i = 0; i < 3; i++) {
		lost = proof_call(0, spurious_enter, NULL, NULL);
		if (lost != NULL)
			xt_fail(__FILE__, __LINE__, "INTR-2: %s is changed by "
			    "a spurious interrupt", lost);
		if (xt_pending() == 1)
			xt_fail(__FILE__, __LINE__, "X-IPI-1: a spurious "
			    "interrupt is taken for a doorbell");
		XT_EQ(xt_level(), IPL_HIGH);
		XT_EQ(curcpu()->ci_idepth, 0);
		XT_CHECK(!xt_intr());
	}
	intr_restore(s);
	splx(level);
}

/*
 * X-IPI-1, INTR-2: an interrupt that is gone when the CPU asks which it is
 * changes nothing.  That it is not ended only tests/protocol.pl can see.
 */
void
test_entry_spurious(void)
{
	xt_on_each(spurious_on, NULL);
}
