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
 * Time: the clock, timeouts, and halting for want of work.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"
#include "kit/kit.h"

/* The boot CPU's tick under way is more than half over. */
static void
late_in_tick(void)
{
	unsigned int before;
	uint64_t start;

	before = XT_LOAD(&ticks);
	XT_WAIT(XT_LOAD(&ticks) != before);
	start = md_clock_read();
	XT_WAIT((md_clock_read() - start) * 10 >= 6 * (md_clock_hz / HZ));
}

/* On the stack of the test until it has run or was deleted. */
struct to {
	struct timeout	 t_to;
	unsigned int	 t_since, t_asked;
	unsigned int	*t_order;
	unsigned int	 t_place;
	unsigned int	 t_ran;		/* [a] stored last */
};

static void
to_run(void *arg)
{
	struct to *t = arg;

	XT_CHECK(CPU_IS_PRIMARY(curcpu()));
	XT_EQ(xt_level(), IPL_SOFTCLOCK);
	XT_CHECK(xt_intr());
	XT_CHECK(ticks - t->t_since >= t->t_asked);
	if (t->t_order != NULL)
		t->t_place = (*t->t_order)++;
	XT_INC(&t->t_ran);
}

static void
to_add(struct to *t, unsigned int n, unsigned int *order)
{
	timeout_set(&t->t_to, to_run, t);
	t->t_since = XT_LOAD(&ticks);
	t->t_asked = n;
	t->t_order = order;
	t->t_place = ~0U;
	t->t_ran = 0;
	XT_EQ(timeout_add(&t->t_to, n), 1);
}

static void
early_run(void *arg)
{
	static const unsigned int asked[] = { 0, 1, 3 };
	struct to *t = arg;
	unsigned int i;

	for (i = 0; i < nitems(asked); i++) {
		to_add(&t[i], asked[i], NULL);
		XT_WAIT_YIELD(XT_LOAD(&t[i].t_ran));
	}
}

/* No earlier than asked for, from any CPU, on the boot CPU. */
void
test_timeout_early(void)
{
	struct to t[2][3];

	xt_thread(0, early_run, t[0]);
	xt_thread(xt_ncpu() - 1, early_run, t[1]);
	xt_join();
}

/* Ticks are whole ones: what is left of the one under way does not count. */
void
test_timeout_whole(void)
{
	unsigned int chan, i;
	uint64_t start;

	/* More than once: what the emulator's host does may fill it. */
	for (i = 0; i < 5; i++) {
		late_in_tick();
		start = md_clock_read();
		XT_EQ(tsleep(&chan, "whole", 1), EWOULDBLOCK);
		/* Two clocks: they need not agree to the last digit. */
		XT_CHECK((md_clock_read() - start) * 10 >=
		    9 * (md_clock_hz / HZ));
	}
}

/* The soonest first, in whatever order they were added. */
void
test_timeout_order(void)
{
	static const unsigned int asked[] = { 4, 1, 3, 2 };
	unsigned int i, order = 0;
	struct to t[4];
	int ipl;

	/* Added within one tick, or they could not be compared. */
	ipl = splraise(IPL_HIGH);
	for (i = 0; i < 4; i++)
		to_add(&t[i], asked[i], &order);
	splx(ipl);
	for (i = 0; i < 4; i++)
		XT_WAIT_YIELD(XT_LOAD(&t[i].t_ran));
	for (i = 0; i < 4; i++) {
		XT_EQ(t[i].t_ran, 1);
		XT_EQ(t[i].t_place, asked[i] - 1);
	}
}

/* Deleted, it does not run; added again, it runs once, at the later time. */
void
test_timeout_delete(void)
{
	struct to t[3];
	int ipl;

	ipl = splraise(IPL_HIGH);
	to_add(&t[0], 1, NULL);
	to_add(&t[1], 1, NULL);
	to_add(&t[2], 2, NULL);
	XT_EQ(timeout_del(&t[0].t_to), 1);
	XT_EQ(timeout_del(&t[0].t_to), 0);
	t[1].t_asked = 4;
	XT_EQ(timeout_add(&t[1].t_to, 4), 0);
	splx(ipl);
	XT_WAIT_YIELD(XT_LOAD(&t[2].t_ran));
	XT_WAIT_YIELD(XT_LOAD(&t[1].t_ran));
	XT_EQ(t[0].t_ran, 0);
	XT_EQ(t[1].t_ran, 1);
	XT_EQ(t[2].t_ran, 1);
	XT_EQ(timeout_del(&t[1].t_to), 0);
}

/* At IPL_SOFTCLOCK the boot CPU's ticks go on, and its timeouts wait. */
void
test_timeout_level(void)
{
	unsigned int before;
	struct to t;
	int ipl;

	ipl = splraise(IPL_SOFTCLOCK);
	to_add(&t, 1, NULL);
	before = XT_LOAD(&ticks);
	XT_WAIT(XT_LOAD(&ticks) - before >= 3);
	XT_EQ(XT_LOAD(&t.t_ran), 0);
	splx(ipl);
	XT_EQ(XT_LOAD(&t.t_ran), 1);
}

/* Static: it is queued again when the test looks away. */
static struct xcall fair_xc;
static unsigned int fair_stop, fair_ended;

static void
fair_run(void *arg)
{
	if (XT_LOAD(&fair_stop))
		XT_STORE(&fair_ended, 1);
	else
		cpu_xcall(curcpu(), arg);
}

/* A call that posts itself on the boot CPU does not keep timeouts away. */
void
test_timeout_fair(void)
{
	unsigned int i;
	struct to t;

	fair_stop = fair_ended = 0;
	cpu_xcall_set(&fair_xc, fair_run, &fair_xc);
	cpu_xcall(curcpu(), &fair_xc);
	for (i = 0; i < 3; i++) {
		to_add(&t, 1, NULL);
		XT_WAIT(XT_LOAD(&t.t_ran));
	}
	XT_STORE(&fair_stop, 1);
	XT_WAIT(XT_LOAD(&fair_ended));
}

static void
ticks_run(void *arg)
{
	struct cpu_info *ci = curcpu();
	unsigned int before = XT_LOAD(&ci->ci_ticks);

	(void)arg;
	XT_WAIT(XT_LOAD(&ci->ci_ticks) - before >= 3);
}

/* Until the clock of an idle CPU has stopped, as it may. */
static void
ticks_stop(struct cpu_info *ci)
{
	unsigned int i, before, now;

	for (i = 0; i < 10; i++) {
		before = XT_LOAD(&ci->ci_ticks);
		now = XT_LOAD(&ticks);
		XT_WAIT(XT_LOAD(&ticks) - now >= 2);
		if (XT_LOAD(&ci->ci_ticks) == before)
			break;
	}
}

/* CLK-2: every CPU that has work ticks, one that slept until then too. */
void
test_clock_ticks(void)
{
	unsigned int n;

	for (n = 1; n < xt_ncpu(); n++)
		ticks_stop(xt_cpu(n));
	for (n = 0; n < xt_ncpu(); n++)
		xt_thread(n, ticks_run, NULL);
	xt_join();
}

/* Waiting for the clock takes time: of many CPUs, some do. */
static unsigned int
clock_step(void)
{
	return ((xt_ncpu() - 1) / 16 + 1);
}

/*
 * Ticks follow each other by one tick, give or take half: not every time,
 * where an emulator is busy, but some of them do.
 */
static void
late_tick_run(void *arg)
{
	struct cpu_info *ci = curcpu();
	unsigned int before, i, good = 0;
	uint64_t now, last = 0;

	(void)arg;
	for (i = 0; i < 300 && good < 3; i++) {
		before = XT_LOAD(&ci->ci_ticks);
		XT_WAIT(XT_LOAD(&ci->ci_ticks) != before);
		now = md_clock_read();
		good += (now - last) * 10 < 15 * (md_clock_hz / HZ);
		last = now;
	}
	XT_EQ(good, 3);
}

/* CLK-2: the clock comes when it was asked for, and not later. */
void
test_clock_late(void)
{
	unsigned int n;

	for (n = 0; n < xt_ncpu(); n += clock_step())
		xt_on(n, late_tick_run, NULL);
}

static void
levels_run(void *arg)
{
	struct cpu_info *ci = curcpu();
	unsigned int before;
	int ipl, from, to;

	(void)arg;
	ipl = splraise(IPL_NONE);
	for (from = IPL_CLOCK; from <= IPL_IPI; from++) {
		for (to = IPL_NONE; to < IPL_CLOCK; to++) {
			splraise(from);
			splx(to);
			before = XT_LOAD(&ci->ci_ticks);
			XT_WAIT(XT_LOAD(&ci->ci_ticks) != before);
			splx(ipl);
		}
	}
}

/* SPL-1: whatever level held the clock back, any level below lets it come. */
void
test_clock_levels(void)
{
	unsigned int n;

	for (n = 0; n < xt_ncpu(); n += clock_step())
		xt_thread(n, levels_run, NULL);
	xt_join();
}

/* The clock is an hour away, and no tick is left that was on its way. */
static void
arm_never(struct cpu_info *ci)
{
	unsigned int before, i;
	unsigned long s;

	do {
		before = XT_LOAD(&ci->ci_ticks);
		s = intr_disable();
		md_clock_arm(md_clock_hz * 3600);
		intr_restore(s);
		for (i = 0; i < 100; i++)
			CPU_BUSY_CYCLE();
	} while (XT_LOAD(&ci->ci_ticks) != before);
}

/* So many units from now, the clock ticks; how many units it took. */
static uint64_t
arm_wait(struct cpu_info *ci, uint64_t n)
{
	unsigned int before;
	unsigned long s;
	uint64_t start;

	arm_never(ci);
	before = XT_LOAD(&ci->ci_ticks);
	s = intr_disable();
	start = md_clock_read();
	md_clock_arm(n);
	intr_restore(s);
	XT_WAIT(XT_LOAD(&ci->ci_ticks) != before);
	return (md_clock_read() - start);
}

static void
arm_run(void *arg)
{
	struct cpu_info *ci = curcpu();
	uint64_t start, tick = md_clock_hz / HZ;
	static const uint64_t seconds[] = { 3600, 2798, 1996, 1194, 2 * 3600,
	    86400, 366 * 86400 };
	unsigned int before, i;

	(void)arg;
	for (i = 0; i <= 2 * nitems(seconds); i++) {
		arm_never(ci);
		before = XT_LOAD(&ci->ci_ticks);
		/* Or what is soon, where the upper bits are lost. */
		md_clock_arm(i == 2 * nitems(seconds) ? ~0ULL >> 1 :
		    i % 2 == 0 ? md_clock_hz * seconds[i / 2] :
		    (1ULL << (31 + i / 2)) + tick / 2);
		start = md_clock_read();
		XT_WAIT(md_clock_read() - start > tick);
		if (XT_LOAD(&ci->ci_ticks) != before)
			xt_fail(__FILE__, __LINE__, "CLK-2: the clock was to "
			    "come in more than a second, and came in a tick");
	}
	/* And where 32 bits, with a sign or without, would see less. */
	for (i = 31; i <= 39; i += 4) {
		arm_never(ci);
		before = XT_LOAD(&ci->ci_ticks);
		md_clock_arm((1ULL << i) + 1);
		start = md_clock_read();
		XT_WAIT(md_clock_read() - start > tick);
		XT_EQ(XT_LOAD(&ci->ci_ticks), before);
	}
	arm_wait(ci, 0);
	/* Two clocks: they need not agree to the last digit. */
	for (i = 0; i < 5; i++)
		XT_CHECK(arm_wait(ci, tick) * 10 >= 9 * tick);
}

/* CLK-2: any number of units: none, some, more than the timer may count. */
void
test_clock_arm(void)
{
	unsigned int n;

	for (n = 0; n < xt_ncpu(); n += clock_step())
		xt_on(n, arm_run, NULL);
}

static struct xt_note silent_note;	/* the calls' until it ran */
static unsigned int silent_in;		/* [a] the clock is off */

static void
silent_first(void *arg)
{
	(void)arg;
	cpu_xcall(curcpu(), &silent_note.xn_xc);
}

static void
silent_run(void *arg)
{
	(void)arg;
	arm_never(curcpu());
	XT_STORE(&silent_in, 1);
	/* Never, again and again: a timer may count no more than seconds. */
	XT_WAIT_DO(XT_LOAD(&silent_note.xn_ran), "X-SOFT-2: a call that came "
	    "while another ran, and no clock",
	    md_clock_arm(md_clock_hz * 3600));
	kit_pend(IPL_TTY);
	XT_STORE(&silent_in, 2);
	XT_WAIT_DO(XT_LOAD(&kit_ran.xl_n) == 1, "SPL-1: a slot was pending, "
	    "an interrupt of another kind came, and no clock",
	    md_clock_arm(md_clock_hz * 3600));
	arm_wait(curcpu(), md_clock_hz / HZ);
}

/*
 * X-SOFT-2: calls that come while a thread runs need no clock: the return
 * from the doorbell dispatches, and looks once more.  SPL-1: the return from
 * what wakes an idle CPU looks as well.
 */
void
test_clock_silent(void)
{
	struct xcall first = XCALL_INITIALIZER(silent_first, NULL);
	unsigned long s;
	unsigned int n;

	for (n = 1; n < xt_ncpu(); n++) {
		xt_log_set(&kit_ran);
		xt_note_set(&silent_note);
		XT_STORE(&silent_in, 0);
		xt_thread(n, silent_run, NULL);
		XT_WAIT(XT_LOAD(&silent_in) == 1);
		cpu_xcall(xt_cpu(n), &first);
		XT_WAIT(XT_LOAD(&silent_in) == 2);
		s = intr_disable();
		cpu_unidle(xt_cpu(n));
		intr_restore(s);
		xt_join();
		XT_NOTE(&silent_note, n, 1);
	}
}

static void
forward_run(void *arg)
{
	uint64_t now, last = md_clock_read();
	unsigned int i, back = 0;

	(void)arg;
	for (i = 0; i < 20000; i++) {
		now = md_clock_read();
		back += now < last;
		last = now;
	}
	XT_EQ(back, 0);
}

/* CLK-1: the counter never goes back, and it goes at its rate. */
void
test_clock_forward(void)
{
	unsigned int before, n;
	uint64_t start;

	for (n = 0; n < xt_ncpu(); n++)
		xt_thread(n, forward_run, NULL);
	xt_join();
	start = md_clock_read();
	before = XT_LOAD(&ticks);
	XT_WAIT(XT_LOAD(&ticks) - before >= 5);
	/* Four whole ticks; they can be late, but not early. */
	XT_CHECK((md_clock_read() - start) * 10 >= 4 * 9 * (md_clock_hz / HZ));
}

/*
 * IDLE-2: a CPU without work halts: in five ticks of the boot CPU, which
 * halts between them, the others do not wake at all.
 */
void
test_idle_halts(void)
{
	static unsigned int idles[XT_MAXCPU], seen[XT_MAXCPU];
	unsigned int n, chan;

	/* What the last test left is over, and the last tick too. */
	tsleep(&chan, "settle", 3);
	for (n = 0; n < xt_ncpu(); n++) {
		idles[n] = XT_LOAD(&xt_cpu(n)->ci_idles);
		seen[n] = XT_LOAD(&xt_cpu(n)->ci_ticks);
	}
	tsleep(&chan, "idle", 5);
	for (n = 0; n < xt_ncpu(); n++) {
		idles[n] = XT_LOAD(&xt_cpu(n)->ci_idles) - idles[n];
		seen[n] = XT_LOAD(&xt_cpu(n)->ci_ticks) - seen[n];
		XT_CHECK(idles[n] <= (n == 0 ? 50 : 5));
		XT_CHECK(n == 0 ? seen[n] >= 5 : seen[n] <= 1);
	}
	XT_CHECK(idles[0] >= 1);
}

static void
unidle_run(void *arg)
{
	XT_INC((unsigned int *)arg);
}

/* IPI-2: a CPU that has halted wakes for a thread, each time. */
void
test_idle_unidle(void)
{
	unsigned int i, n, idles, ran = 0;	/* the threads' */
	unsigned int rounds = 80 / xt_ncpu() + 5;

	for (n = 1; n < xt_ncpu(); n++) {
		for (i = 0; i < rounds; i++) {
			idles = XT_LOAD(&xt_cpu(n)->ci_idles);
			xt_thread(n, unidle_run, &ran);
			XT_WAIT(XT_LOAD(&xt_cpu(n)->ci_idles) != idles);
		}
	}
	xt_join();
	XT_EQ(ran, rounds * (xt_ncpu() - 1));
}

static void
late_run(void *arg)
{
	timeout_add(arg, 0x7fffffff);
}

/* TMO-1: so long that it would be in the past; and one that was never set. */
void
test_timeout_misused(void)
{
	static struct timeout to, unset;

#ifndef DIAGNOSTIC
	xt_skip("it needs DIAGNOSTIC");
	return;
#endif
	timeout_set(&to, late_run, &to);
	XT_PANICS(0, late_run, &to, "TMO-1");
	XT_PANICS(xt_ncpu() - 1, late_run, &unset, "TMO-1");
	XT_EQ(timeout_del(&to), 0);
}
