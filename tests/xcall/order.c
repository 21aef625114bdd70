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
 * The order of calls: first in, first out, for each sender and target.
 */

#include "xcall_md.h"
#include "xtest.h"

#define STREAM	2000

/* On the stack of the test until the last call has run. */
struct stream {
	unsigned int	s_target;
	unsigned int	s_got;		/* calls that ran */
	unsigned int	s_wrong;	/* that ran out of order */
	struct one {
		struct xcall	 o_xc;
		struct stream	*o_stream;
		unsigned int	 o_seq;
	}		s_one[2 * XCALL_NSLOT];
};

static void
stream_run(void *arg)
{
	struct one *o = arg;
	struct stream *s = o->o_stream;

	if (o->o_seq != s->s_got)
		s->s_wrong++;
	/* With this the object is the sender's again. */
	XT_STORE(&s->s_got, s->s_got + 1);
}

static void
stream_send(void *arg)
{
	struct stream *s = arg;
	unsigned int i, n = 2 * XCALL_NSLOT;
	struct one *o;

	for (i = 0; i < STREAM; i++) {
		XT_WAIT(i - XT_LOAD(&s->s_got) < n);
		o = &s->s_one[i % n];
		o->o_stream = s;
		o->o_seq = i;
		cpu_xcall_set(&o->o_xc, stream_run, o);
		cpu_xcall(xt_cpu(s->s_target), &o->o_xc);
	}
	XT_WAIT(XT_LOAD(&s->s_got) == STREAM);
	XT_EQ(s->s_wrong, 0);
}

/* From one CPU to another, and to itself, as fast as it can. */
void
test_order_stream(void)
{
	struct stream s;
	unsigned int n, step = xt_ncpu() / 8 + 1;

	for (n = 0; n < xt_ncpu(); n += step) {
		s.s_target = (n + 1) % xt_ncpu();
		s.s_got = s.s_wrong = 0;
		xt_on(n, stream_send, &s);
	}
	s.s_target = 0;
	s.s_got = s.s_wrong = 0;
	xt_on(0, stream_send, &s);
}

/* On the stack of a test until all its calls have run. */
struct order {
	unsigned int	 o_target;
	unsigned int	 o_next;
	struct xt_log	 o_log;
	struct xt_step	 o_step[XCALL_NSLOT];
};

static void
order_set(struct order *o, unsigned int target)
{
	unsigned int i;

	o->o_target = target;
	o->o_next = 0;
	xt_log_set(&o->o_log);
	for (i = 0; i < XCALL_NSLOT; i++)
		xt_step_set(&o->o_step[i], &o->o_log, i);
}

static void
order_post(void *arg)
{
	struct order *o = arg;
	int i;

	for (i = 0; i < 2; i++)
		cpu_xcall(xt_cpu(o->o_target), &o->o_step[o->o_next++].xs_xc);
}

/* Posted from one context after the other: the order is that of posting. */
void
test_order_contexts(void)
{
	struct xt_park park;
	struct order o;
	int context;

	order_set(&o, 1);
	xt_park(&park, 1, XT_INTROFF);
	for (context = 0; context < XT_NCONTEXT; context++)
		xt_in(context, order_post, &o);
	xt_unpark(&park);
	XT_WAIT(XT_LOAD(&o.o_log.xl_n) == o.o_next);
	XT_LOG(&o.o_log, o.o_next);
}

static void
self_steps(void *arg)
{
	struct order *o = arg;
	unsigned long s;
	int softclock, none;

	order_set(o, xt_self());
	none = splraise(IPL_SOFTCLOCK);
	order_post(o);
	softclock = splraise(xt_ipl_high());
	order_post(o);
	s = intr_disable();
	order_post(o);
	intr_restore(s);
	order_post(o);
	splx(softclock);
	order_post(o);
	XT_EQ(XT_LOAD(&o->o_log.xl_n), 0);
	splx(none);
	XT_LOG(&o->o_log, 10);
	order_post(o);
	XT_LOG(&o->o_log, 12);
}

/* Calls to itself keep it too, from whatever level they were made. */
void
test_order_self(void)
{
	struct order o;

	xt_on_each(self_steps, &o);
}

static void
nested_third(void *arg)
{
	struct order *o = arg;

	xt_log_add(&o->o_log, 2);
	cpu_xcall(curcpu(), &o->o_step[6].xs_xc);
	xt_log_add(&o->o_log, 3);
}

static void
nested_first(void *arg)
{
	struct order *o = arg;
	unsigned long s;

	cpu_xcall(curcpu(), &o->o_step[4].xs_xc);
	s = intr_disable();
	cpu_xcall(curcpu(), &o->o_step[5].xs_xc);
	intr_restore(s);
	xt_log_add(&o->o_log, 0);
	XT_EQ(o->o_log.xl_n, 1);
}

/* Three are queued when the dispatch begins; the first posts two more. */
static void
nested_run(void *arg)
{
	struct order *o = arg;
	struct xcall first = XCALL_INITIALIZER(nested_first, o);
	struct xcall third = XCALL_INITIALIZER(nested_third, o);
	int ipl;

	order_set(o, xt_self());
	ipl = splraise(IPL_SOFTCLOCK);
	cpu_xcall(curcpu(), &first);
	cpu_xcall(curcpu(), &o->o_step[1].xs_xc);
	cpu_xcall(curcpu(), &third);
	splx(ipl);
	XT_LOG(&o->o_log, 7);
}

/*
 * Calls that calls make to their own CPU run when those that were queued
 * before have run: none is run from within, none is run twice.
 */
void
test_order_nested(void)
{
	struct order o;

	xt_on_each(nested_run, &o);
}

/* On the stack of the test until all calls have run. */
struct both {
	unsigned int	b_in;
	unsigned int	b_theirs;	/* posted by CPU 0 */
	struct xt_log	b_log;
	struct xt_step	b_step[8];
};

static void
both_run(void *arg)
{
	struct both *b = arg;
	unsigned int i;
	int ipl;

	ipl = splraise(IPL_SOFTCLOCK);
	for (i = 0; i < 8; i += 2) {
		cpu_xcall(curcpu(), &b->b_step[i].xs_xc);
		XT_STORE(&b->b_in, i + 1);
		XT_WAIT(XT_LOAD(&b->b_theirs) == i + 1);
	}
	splx(ipl);
	XT_LOG(&b->b_log, 8);
}

/* Its own calls and another CPU's, in turn: one queue, one order. */
void
test_order_both(void)
{
	struct both b;
	unsigned int i;

	b.b_in = b.b_theirs = 0;
	xt_log_set(&b.b_log);
	for (i = 0; i < 8; i++)
		xt_step_set(&b.b_step[i], &b.b_log, i);
	xt_thread(1, both_run, &b);
	for (i = 0; i < 8; i += 2) {
		XT_WAIT(XT_LOAD(&b.b_in) == i + 1);
		cpu_xcall(xt_cpu(1), &b.b_step[i + 1].xs_xc);
		XT_STORE(&b.b_theirs, i + 1);
	}
	xt_join();
}
