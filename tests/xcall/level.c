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
 * When calls run: not while the level or the interrupt state of the CPU holds
 * them back, and at once when it no longer does.
 */

#include "xcall_md.h"
#include "xtest.h"

/* On the stack of the test until the thread has ended and the call has run. */
struct hold {
	int		h_level;
	unsigned int	h_in;		/* the CPU is at that level */
	unsigned int	h_posted;
	struct xt_note	h_note;
};

/*
 * The doorbell has come, and the call has not run.  Where the kernel cannot
 * tell, a call that runs too early is given some time to show itself.
 */
static void
hold_wait(struct hold *h)
{
	int i;

	XT_WAIT(XT_LOAD(&h->h_posted));
	if (xt_pending() != -1)
		XT_WAIT(xt_pending());
	for (i = 0; i < 2000; i++)
		CPU_BUSY_CYCLE();
	XT_EQ(XT_LOAD(&h->h_note.xn_ran), 0);
}

/* What was pending has run by now, and without a clock tick. */
static void
hold_ran(struct hold *h)
{
	if (xt_pending() == -1)
		XT_WAIT(XT_LOAD(&h->h_note.xn_ran));
	XT_EQ(XT_LOAD(&h->h_note.xn_ran), 1);
}

static void
hold_raised(void *arg)
{
	struct hold *h = arg;
	int ipl;

	ipl = splraise(h->h_level);
	XT_STORE(&h->h_in, 1);
	hold_wait(h);
	splx(ipl);
	hold_ran(h);
	XT_EQ(xt_level(), ipl);
}

/* From CPU 0 to each other, whose thread func holds the call back. */
static void
hold_each(void (*func)(void *), int level)
{
	struct hold h;
	unsigned int n;
	int round;

	for (n = 1; n < xt_ncpu(); n++) {
		for (round = 0; round < 2; round++) {
			h.h_level = level;
			h.h_in = h.h_posted = 0;
			xt_note_set(&h.h_note);
			xt_thread(n, func, &h);
			XT_WAIT(XT_LOAD(&h.h_in));
			cpu_xcall(xt_cpu(n), &h.h_note.xn_xc);
			XT_STORE(&h.h_posted, 1);
			xt_join();
			XT_NOTE(&h.h_note, n, 1);
		}
	}
}

/* X-SPL-1, X-SOFT-2: not while a thread there is at IPL_SOFTCLOCK. */
void
test_level_softclock(void)
{
	hold_each(hold_raised, IPL_SOFTCLOCK);
}

/*
 * X-SPL-1, X-SOFT-2: nor at the highest level; and that level does not keep
 * the doorbell out, but only the call.
 */
void
test_level_high(void)
{
	hold_each(hold_raised, xt_ipl_high());
}

static void
hold_off(void *arg)
{
	struct hold *h = arg;
	unsigned long s;
	int i;

	s = intr_disable();
	XT_STORE(&h->h_in, 1);
	XT_WAIT(XT_LOAD(&h->h_posted));
	for (i = 0; i < 2000; i++)
		CPU_BUSY_CYCLE();
	XT_EQ(XT_LOAD(&h->h_note.xn_ran), 0);
	intr_restore(s);
	/* The doorbell itself may still be on its way. */
	XT_WAIT(XT_LOAD(&h->h_note.xn_ran));
}

/* X-INTR-1: nor with interrupts off, at whatever level. */
void
test_level_introff(void)
{
	hold_each(hold_off, 0);
}

static void
hold_restore(void *arg)
{
	struct hold *h = arg;
	unsigned long s;
	int ipl;

	ipl = splraise(IPL_SOFTCLOCK);
	XT_STORE(&h->h_in, 1);
	hold_wait(h);
	s = intr_disable();
	splx(ipl);
	XT_EQ(XT_LOAD(&h->h_note.xn_ran), 0);
	XT_CHECK(!xt_intr());
	intr_restore(s);
	hold_ran(h);
	XT_CHECK(xt_intr());
}

/*
 * X-INTR-1, X-SPL-1: splx() with interrupts off runs nothing; what is pending
 * then has run when intr_restore() has turned them on.
 */
void
test_level_restore(void)
{
	hold_each(hold_restore, 0);
}

static void
hold_steps(void *arg)
{
	struct hold *h = arg;
	int none, softclock;

	none = splraise(IPL_SOFTCLOCK);
	softclock = splraise(xt_ipl_high());
	XT_EQ(softclock, IPL_SOFTCLOCK);
	XT_EQ(splraise(IPL_SOFTCLOCK), xt_ipl_high());
	XT_EQ(xt_level(), xt_ipl_high());
	XT_STORE(&h->h_in, 1);
	hold_wait(h);
	splx(softclock);
	XT_EQ(xt_level(), IPL_SOFTCLOCK);
	XT_EQ(XT_LOAD(&h->h_note.xn_ran), 0);
	splx(none);
	hold_ran(h);
}

/*
 * X-SPL-1: lowered in two steps, the call runs at the second; and raising to
 * less than the level that is changes nothing.
 */
void
test_level_steps(void)
{
	hold_each(hold_steps, 0);
}

/* On the stack of the test until its thread has ended. */
struct busy {
	unsigned int	b_in;
	unsigned int	b_stop;
	struct xt_note	b_note;
};

static void
busy_run(void *arg)
{
	struct busy *b = arg;
	unsigned int left = 0;

	XT_STORE(&b->b_in, 1);
	while (!XT_LOAD(&b->b_stop)) {
		left += xt_pending() == 1;
		CPU_BUSY_CYCLE();
	}
	XT_EQ(left, 0);
}

/*
 * X-SOFT-2: the return from the doorbell's own interrupt dispatches; a thread
 * that nothing holds back never sees a call left pending, for a clock tick to
 * find.
 */
void
test_level_busy(void)
{
	struct busy b;
	unsigned int i, n = xt_ncpu() - 1;

	b.b_in = b.b_stop = 0;
	xt_note_set(&b.b_note);
	xt_thread(n, busy_run, &b);
	XT_WAIT(XT_LOAD(&b.b_in));
	for (i = 1; i <= 50; i++) {
		cpu_xcall(xt_cpu(n), &b.b_note.xn_xc);
		XT_WAIT(XT_LOAD(&b.b_note.xn_ran) == i);
	}
	XT_STORE(&b.b_stop, 1);
	xt_join();
	XT_NOTE(&b.b_note, n, 50);
}

/* On the stack of the test until its threads have ended. */
struct more {
	unsigned int	m_ready, m_in, m_stop;
	struct xt_note	m_second;
};

/* The second call's doorbell has come when this one ends. */
static void
more_first(void *arg)
{
	struct more *m = arg;

	XT_STORE(&m->m_in, 1);
	XT_WAIT(xt_pending());
}

static void
more_run(void *arg)
{
	struct more *m = arg;
	unsigned int left = 0;

	XT_STORE(&m->m_ready, 1);
	while (!XT_LOAD(&m->m_stop)) {
		left += xt_pending() == 1;
		CPU_BUSY_CYCLE();
	}
	XT_EQ(left, 0);
}

/*
 * X-SOFT-2: what became pending while calls ran is dispatched before the
 * interrupt returns to the thread, and not left for the next one.
 */
void
test_level_more(void)
{
	struct more m;
	struct xcall first = XCALL_INITIALIZER(more_first, &m);
	unsigned int i, n = xt_ncpu() - 1;

	if (xt_pending() == -1) {
		xt_skip("the kernel cannot tell what is pending");
		return;
	}
	m.m_ready = m.m_stop = 0;
	xt_note_set(&m.m_second);
	xt_thread(n, more_run, &m);
	XT_WAIT(XT_LOAD(&m.m_ready));
	for (i = 1; i <= 20; i++) {
		m.m_in = 0;
		cpu_xcall(xt_cpu(n), &first);
		XT_WAIT(XT_LOAD(&m.m_in));
		cpu_xcall(xt_cpu(n), &m.m_second.xn_xc);
		XT_WAIT(XT_LOAD(&m.m_second.xn_ran) == i);
	}
	XT_STORE(&m.m_stop, 1);
	xt_join();
	XT_NOTE(&m.m_second, n, 20);
}

/* On the stack of the test until its threads have ended. */
struct open {
	unsigned int	o_off;		/* by interrupts, not by level */
	unsigned int	o_in, o_stop;
	struct xt_note	o_note;
};

static void
open_run(void *arg)
{
	struct open *o = arg;
	unsigned int i, left = 0;
	unsigned long s = 0;
	int ipl = 0;

	XT_STORE(&o->o_in, 1);
	for (i = 0; !XT_LOAD(&o->o_stop); i++) {
		if (o->o_off)
			s = intr_disable();
		else
			ipl = splraise(i % 2 ? IPL_SOFTCLOCK : xt_ipl_high());
		if (i % 64 == 0)
			CPU_BUSY_CYCLE();
		if (o->o_off)
			intr_restore(s);
		else
			splx(ipl);
		left += xt_pending() == 1;
	}
	XT_EQ(left, 0);
}

/*
 * X-SPL-1, X-INTR-1, X-SOFT-2: a doorbell that comes while splx() or
 * intr_restore() is at work, between its look at what is pending and its last
 * instruction, is not left over: many come while a CPU does nothing but
 * close and open.
 */
void
test_level_open(void)
{
	struct open o;
	unsigned int i, n = xt_ncpu() - 1;
	unsigned long since;

	for (o.o_off = 0; o.o_off < 2; o.o_off++) {
		o.o_in = o.o_stop = 0;
		xt_note_set(&o.o_note);
		xt_thread(n, open_run, &o);
		XT_WAIT(XT_LOAD(&o.o_in));
		since = xt_msec();
		for (i = 0; XT_ROUND(i, 300, since); i++) {
			cpu_xcall(xt_cpu(n), &o.o_note.xn_xc);
			XT_WAIT(XT_LOAD(&o.o_note.xn_ran) == i + 1);
		}
		XT_STORE(&o.o_stop, 1);
		xt_join();
		XT_NOTE(&o.o_note, n, i);
	}
}

static void
raise_run(void *arg)
{
	int none = xt_level(), ipl;

	(void)arg;
	XT_CHECK(none < IPL_SOFTCLOCK);
	XT_EQ(splraise(IPL_SOFTCLOCK), none);
	XT_EQ(xt_level(), IPL_SOFTCLOCK);
	XT_EQ(splraise(IPL_SOFTCLOCK), IPL_SOFTCLOCK);
	ipl = splraise(xt_ipl_high());
	XT_EQ(ipl, IPL_SOFTCLOCK);
	XT_EQ(splraise(IPL_SOFTCLOCK), xt_ipl_high());
	XT_EQ(xt_level(), xt_ipl_high());
	XT_CHECK(xt_intr());
	splx(ipl);
	XT_EQ(xt_level(), IPL_SOFTCLOCK);
	splx(none);
	XT_EQ(xt_level(), none);
}

/* X-SPL-1: what splraise() returns, and that it never lowers; every CPU. */
void
test_level_raise(void)
{
	xt_on_each(raise_run, NULL);
}

static void
nested_off(void *arg)
{
	struct hold *h = arg;
	unsigned long outer, inner;

	outer = intr_disable();
	inner = intr_disable();
	XT_CHECK(intr_enabled(outer));
	XT_CHECK(!intr_enabled(inner));
	cpu_xcall(curcpu(), &h->h_note.xn_xc);
	intr_restore(inner);
	XT_CHECK(!xt_intr());
	XT_EQ(XT_LOAD(&h->h_note.xn_ran), 0);
	intr_restore(outer);
	XT_CHECK(xt_intr());
	XT_NOTE(&h->h_note, xt_self(), 1);
}

/* X-INTR-1: states nest; the inner restore turns nothing on. */
void
test_level_nested(void)
{
	struct hold h;
	unsigned int n;

	for (n = 0; n < xt_ncpu(); n++) {
		xt_note_set(&h.h_note);
		xt_on(n, nested_off, &h);
	}
}

static void
pend_func(void *arg)
{
	struct xt_note *xn = arg;
	int ipl;

	/* Nothing queued: the dispatch that follows finds nothing. */
	ipl = splraise(IPL_SOFTCLOCK);
	cpu_xcall_pend();
	cpu_xcall_pend();
	cpu_xcall(curcpu(), &xn->xn_xc);
	XT_EQ(XT_LOAD(&xn->xn_ran), 0);
	cpu_xcall_pend();
	XT_EQ(XT_LOAD(&xn->xn_ran), 0);
	if (xt_pending() != -1)
		XT_CHECK(xt_pending());
	splx(ipl);
	XT_NOTE(xn, xt_self(), 1);
	if (xt_pending() != -1)
		XT_CHECK(!xt_pending());
}

/*
 * X-SOFT-1: setting the cross-call pending runs nothing, however often; it
 * is cleared by the dispatch, which runs each call once.
 */
void
test_level_pend(void)
{
	struct xt_note xn;
	unsigned int n;

	for (n = 0; n < xt_ncpu(); n++) {
		xt_note_set(&xn);
		xt_on(n, pend_func, &xn);
	}
}

static struct xt_note off_notes[XT_MAXCPU];

static void
off_from(void *arg)
{
	struct xt_park *xp = arg;

	cpu_xcall(xt_cpu(xp->xp_cpu), &off_notes[xt_self()].xn_xc);
}

/*
 * X-INTR-1, X-IPI-1: a CPU with interrupts off is called from every other
 * one; it answers all of them, once each.
 */
void
test_level_off_all(void)
{
	struct xt_park park;
	unsigned int i, n, step = xt_ncpu() / 8 + 1, posts;

	for (n = 1; n < xt_ncpu(); n += step) {
		xt_park(&park, n, XT_INTROFF);
		posts = 0;
		for (i = 0; i < xt_ncpu(); i++) {
			xt_note_set(&off_notes[i]);
			/* Full would be another test. */
			if (i == n || posts == XCALL_NSLOT)
				continue;
			posts++;
			if (i == 0)
				off_from(&park);
			else
				xt_thread(i, off_from, &park);
		}
		XT_WAIT_YIELD(XT_QUEUED(xt_cpu(n)) == posts);
		for (i = 0; i < xt_ncpu(); i++)
			XT_EQ(XT_LOAD(&off_notes[i].xn_ran), 0);
		xt_unpark(&park);
		xt_join();
		for (i = 0; i < xt_ncpu() && posts > 0; i++) {
			if (i == n)
				continue;
			posts--;
			XT_WAIT(XT_LOAD(&off_notes[i].xn_ran));
			XT_NOTE(&off_notes[i], n, 1);
		}
	}
}
