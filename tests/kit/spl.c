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
 * Levels, and what is replayed when they drop.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "kit/kit.h"

static void
expect_none(const char *file, int line)
{
	kit_expect(file, line, NULL, 0);
}
#define KIT_RAN_NONE()	expect_none(__FILE__, __LINE__)

static void
raise_run(void *arg)
{
	int a, b, s;

	(void)arg;
	for (a = IPL_NONE; a <= IPL_IPI; a++) {
		for (b = IPL_NONE; b <= IPL_IPI; b++) {
			XT_EQ(splraise(a), IPL_NONE);
			s = splraise(b);
			XT_EQ(s, a);
			XT_EQ(xt_level(), a > b ? a : b);
			splx(s);
			XT_EQ(xt_level(), a);
			splx(IPL_NONE);
			XT_EQ(xt_level(), IPL_NONE);
		}
	}
	XT_CHECK(xt_intr());
}

/* SPL-1: splraise() never lowers, and returns the level before. */
void
test_spl_raise(void)
{
	xt_on_each(raise_run, NULL);
}

static void
pend_sources(void)
{
	int ipl;

	for (ipl = IPL_SOFTCLOCK; ipl <= IPL_IPI; ipl++)
		kit_pend(ipl);
}

static void
pend_all(void)
{
	kit_pend(IPL_SOFTCLOCK);
	softintr_schedule(kit_soft(IPL_SOFTCLOCK));
	softintr_schedule(kit_soft(IPL_SOFTNET));
	softintr_schedule(kit_soft(IPL_SOFTTTY));
	cpu_xcall(curcpu(), &kit_xcall);
	pend_sources();
}

static void
order_expect(void)
{
	KIT_RAN(RAN_SOURCE(IPL_IPI), RAN_SOURCE(IPL_HIGH),
	    RAN_SOURCE(IPL_CLOCK), RAN_SOURCE(IPL_VM), RAN_SOURCE(IPL_TTY),
	    RAN_SOFT(IPL_SOFTTTY), RAN_SOURCE(IPL_SOFTTTY),
	    RAN_SOURCE(IPL_NET), RAN_SOURCE(IPL_BIO),
	    RAN_SOFT(IPL_SOFTNET), RAN_SOURCE(IPL_SOFTNET),
	    RAN_XCALL, RAN_SOFT(IPL_SOFTCLOCK), RAN_SOURCE(IPL_SOFTCLOCK));
}

static void
order_run(void *arg)
{
	unsigned long s;
	int ipl;

	(void)arg;
	s = intr_disable();
	pend_all();
	KIT_RAN_NONE();
	intr_restore(s);
	order_expect();

	ipl = splraise(IPL_IPI);
	pend_all();
	KIT_RAN_NONE();
	splx(ipl);
	order_expect();
	XT_EQ(xt_level(), IPL_NONE);
}

/*
 * SPL-1: everything pending, let through in one step, runs highest level
 * first, and within a level the first attached: the cross-call before the
 * clock.  By interrupts turned on, and by the level.
 */
void
test_spl_order(void)
{
	xt_log_set(&kit_ran);
	xt_on_each(order_run, NULL);
}

static void
levels_run(void *arg)
{
	unsigned long s;
	int at, ipl, none;

	(void)arg;
	for (at = IPL_NONE; at <= IPL_IPI; at++) {
		none = splraise(at);
		s = intr_disable();
		pend_sources();
		intr_restore(s);
		XT_EQ(kit_ran.xl_n, IPL_IPI - at);
		for (ipl = at - 1; ipl >= IPL_NONE; ipl--) {
			splx(ipl);
			XT_EQ(kit_ran.xl_n, IPL_IPI - ipl);
			XT_EQ(xt_level(), ipl);
		}
		splx(none);
		KIT_RAN(RAN_SOURCE(IPL_IPI), RAN_SOURCE(IPL_HIGH),
		    RAN_SOURCE(IPL_CLOCK), RAN_SOURCE(IPL_VM),
		    RAN_SOURCE(IPL_TTY), RAN_SOURCE(IPL_SOFTTTY),
		    RAN_SOURCE(IPL_NET), RAN_SOURCE(IPL_BIO),
		    RAN_SOURCE(IPL_SOFTNET), RAN_SOURCE(IPL_SOFTCLOCK));
	}
}

/*
 * SPL-1: at each level exactly the sources above it run; the others, one by
 * one, as the level drops.
 */
void
test_spl_levels(void)
{
	xt_log_set(&kit_ran);
	xt_on_each(levels_run, NULL);
}

static void
introff_run(void *arg)
{
	unsigned long s;
	int ipl;

	(void)arg;
	ipl = splraise(IPL_HIGH);
	s = intr_disable();
	kit_pend(IPL_BIO);
	kit_pend(IPL_SOFTCLOCK);
	splx(IPL_SOFTNET);
	KIT_RAN_NONE();
	splx(ipl);
	KIT_RAN_NONE();
	XT_CHECK(!xt_intr());
	XT_CHECK(intr_enabled(s));
	intr_enable();
	KIT_RAN(RAN_SOURCE(IPL_BIO), RAN_SOURCE(IPL_SOFTCLOCK));
	XT_CHECK(xt_intr());
}

/* SPL-1, INTR-1: splx() with interrupts off runs nothing, the enable does. */
void
test_spl_introff(void)
{
	xt_log_set(&kit_ran);
	xt_on_each(introff_run, NULL);
}

static void
xcall_levels(void *arg)
{
	int at, none;

	(void)arg;
	for (at = IPL_SOFTCLOCK; at <= IPL_IPI; at++) {
		none = splraise(at);
		cpu_xcall(curcpu(), &kit_xcall);
		KIT_RAN_NONE();
		splx(IPL_SOFTCLOCK);
		KIT_RAN_NONE();
		splx(none);
		KIT_RAN(RAN_XCALL);
	}
}

/* X-SPL-1: the cross-call is held back by each level from its own upwards. */
void
test_spl_xcall(void)
{
	xt_log_set(&kit_ran);
	xt_on_each(xcall_levels, NULL);
}

/* In a call: what is above it runs at once, what is not waits. */
static void
preempt_call(void *arg)
{
	unsigned long s;

	(void)arg;
	s = intr_disable();
	kit_pend(IPL_SOFTCLOCK);
	kit_pend(IPL_SOFTNET);
	kit_pend(IPL_TTY);
	softintr_schedule(kit_soft(IPL_SOFTCLOCK));
	KIT_RAN_NONE();
	intr_restore(s);
	KIT_RAN(RAN_SOURCE(IPL_TTY), RAN_SOURCE(IPL_SOFTNET));
	XT_EQ(xt_level(), IPL_SOFTCLOCK);
}

static void
preempt_run(void *arg)
{
	struct xcall xc = XCALL_INITIALIZER(preempt_call, arg);

	cpu_xcall(curcpu(), &xc);
	KIT_RAN(RAN_SOFT(IPL_SOFTCLOCK), RAN_SOURCE(IPL_SOFTCLOCK));
}

/* SPL-1: a call is interrupted by what is above IPL_SOFTCLOCK alone. */
void
test_spl_preempt(void)
{
	xt_log_set(&kit_ran);
	xt_on_each(preempt_run, NULL);
}

/*
 * Set pending with interrupts on, nothing runs until an interrupt comes: the
 * clock.  If it comes in between this proves nothing, and is done again.
 */
static void
interrupt_run(void *arg)
{
	int tries;

	(void)arg;
	for (tries = 0; tries < 100; tries++) {
		xt_log_set(&kit_ran);
		kit_pend(IPL_SOFTCLOCK);
		kit_pend(IPL_NET);
		kit_pend(IPL_SOFTNET);
		kit_pend(IPL_TTY);
		if (XT_LOAD(&kit_ran.xl_n) == 0)
			break;
		XT_WAIT(XT_LOAD(&kit_ran.xl_n) == 4);
	}
	XT_WAIT(XT_LOAD(&kit_ran.xl_n) == 4);
	KIT_RAN(RAN_SOURCE(IPL_TTY), RAN_SOURCE(IPL_NET),
	    RAN_SOURCE(IPL_SOFTNET), RAN_SOURCE(IPL_SOFTCLOCK));
	XT_EQ(xt_level(), IPL_NONE);
}

/* SPL-1: the return from an interrupt replays too, in the same order. */
void
test_spl_interrupt(void)
{
	xt_log_set(&kit_ran);
	xt_on(0, interrupt_run, NULL);
	if (xt_ncpu() > 1)
		xt_on(xt_ncpu() - 1, interrupt_run, NULL);
}

/* On the stack of the test until its thread has ended. */
struct doorbell {
	unsigned int	d_round;	/* [a] the thread is in this one */
	unsigned int	d_rung;		/* [a] and its doorbell is rung */
	int		d_level;	/* what the call sets pending */
	struct xcall	d_xc;
};

static void
doorbell_call(void *arg)
{
	struct doorbell *d = arg;

	xt_log_add(&kit_ran, RAN_XCALL);
	kit_pend(d->d_level);
}

/*
 * The next round: level is for the call, before for this CPU.  Interrupts are
 * off until the doorbell is there, so that no other one comes first and
 * replays.  Counts how often, after the call, the last but one of all that
 * run, something was still pending.
 */
static void
doorbell_wait(struct doorbell *d, int level, int before, unsigned int *left)
{
	unsigned int all = before == IPL_NONE ? 2 : 3;
	unsigned long s;

	/* No tick; one that is pending already comes in between. */
	s = intr_disable();
	md_clock_arm(md_clock_hz);
	intr_restore(s);
	s = intr_disable();
	md_clock_arm(md_clock_hz);
	d->d_level = level;
	XT_STORE(&d->d_round, d->d_round + 1);
	XT_WAIT(XT_LOAD(&d->d_rung) == d->d_round);
	if (before != IPL_NONE)
		kit_pend(before);
	/* Opened only: intr_restore() would replay. */
	intr_reopen(s);
	XT_WAIT(XT_LOAD(&kit_ran.xl_n) >= all - 1);
	if (XT_LOAD(&curcpu()->ci_ipending) != 0)
		++*left;
	XT_WAIT(XT_LOAD(&kit_ran.xl_n) >= all);
	md_clock_arm(md_clock_hz / HZ);
}

#define DOORBELL_ROUNDS	20

static void
doorbell_run(void *arg)
{
	struct doorbell *d = arg;
	unsigned int i, left = 0;

	for (i = 0; i < DOORBELL_ROUNDS; i += 4) {
		doorbell_wait(d, IPL_SOFTCLOCK, IPL_NONE, &left);
		KIT_RAN(RAN_XCALL, RAN_SOURCE(IPL_SOFTCLOCK));

		/* The whole word is looked at: its other end alone. */
		doorbell_wait(d, IPL_IPI, IPL_NONE, &left);
		KIT_RAN(RAN_XCALL, RAN_SOURCE(IPL_IPI));

		doorbell_wait(d, IPL_SOFTCLOCK, IPL_SOFTNET, &left);
		KIT_RAN(RAN_SOURCE(IPL_SOFTNET), RAN_XCALL,
		    RAN_SOURCE(IPL_SOFTCLOCK));

		doorbell_wait(d, IPL_TTY, IPL_IPI, &left);
		KIT_RAN(RAN_SOURCE(IPL_IPI), RAN_XCALL, RAN_SOURCE(IPL_TTY));
	}
	XT_EQ(left, 0);
}

/*
 * SPL-1: the same for the return from the doorbell's interrupt, which may
 * have a way of its own: what is above the cross-call runs before it, and
 * what the call set pending after it, and no later.
 */
void
test_spl_doorbell(void)
{
	struct doorbell d;
	unsigned int i, n = xt_ncpu() - 1;

	xt_log_set(&kit_ran);
	d.d_round = d.d_rung = 0;
	cpu_xcall_set(&d.d_xc, doorbell_call, &d);
	xt_thread(n, doorbell_run, &d);
	for (i = 1; i <= DOORBELL_ROUNDS; i++) {
		XT_WAIT(XT_LOAD(&d.d_round) == i);
		cpu_xcall(xt_cpu(n), &d.d_xc);
		XT_STORE(&d.d_rung, i);
	}
	xt_join();
}

static unsigned int registers_round;	/* [a] the thread is in this one */

/* Set pending with interrupts on, it waits for the next interrupt. */
static void
registers_run(void *arg)
{
	unsigned long right, wide, s;
	unsigned int i, wrong = 0;

	(void)arg;
	s = intr_disable();
	right = xt_churn(54321, 20);
	wide = xt_churn_wide(54321, 20);
	intr_restore(s);
	for (i = 1; i <= 100; i++) {
		kit_pend(IPL_TTY);
		XT_STORE(&registers_round, i);
		while (XT_LOAD(&kit_ran.xl_n) < i) {
			wrong += xt_churn(54321, 20) != right;
			wrong += xt_churn_wide(54321, 20) != wide;
			CPU_BUSY_CYCLE();
		}
	}
	XT_EQ(wrong, 0);
}

/*
 * SPL-1: what a replay on the way out of an interrupt interrupts does not
 * notice: registers and flags are as they were.
 */
void
test_spl_registers(void)
{
	unsigned int i, n = xt_ncpu() - 1;
	unsigned long s;

	xt_log_set(&kit_ran);
	registers_round = 0;
	xt_thread(n, registers_run, NULL);
	for (i = 1; i <= 100; i++) {
		XT_WAIT(XT_LOAD(&registers_round) >= i);
		s = intr_disable();
		cpu_unidle(xt_cpu(n));
		intr_restore(s);
		XT_WAIT(XT_LOAD(&kit_ran.xl_n) >= i);
	}
	xt_join();
}
