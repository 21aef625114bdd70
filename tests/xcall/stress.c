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
 * All to all, in all the ways there are to call, in no regular order.
 */

#include "xcall_md.h"
#include "xtest.h"

#define MAXWAY	16			/* CPUs that take part */
#define BATCH	(2 * XCALL_NSLOT)	/* more than a queue holds */

enum kind { PLAIN, TRY, OFF, AT, RELAY, SYNC, MANY, NKIND };

/* An item, and what it was set to, are its targets' until s_left is 0. */
struct item {
	struct xcall	 i_xc;
	struct xcall	 i_second;	/* posted by i_xc */
	struct sender	*i_sender;
	unsigned int	 i_to;
	unsigned int	 i_times;	/* that it has to run */
	unsigned int	 i_ran;		/* [a] */
	unsigned int	 i_seq[MAXWAY];	/* its number, by target */
};

static struct sender {
	unsigned int	s_random;
	unsigned int	s_next[MAXWAY];	/* numbers given, by target */
	unsigned int	s_left;		/* [a] runs to come, and the sender */
	struct cond	s_done;
	struct item	s_item[BATCH];
} senders[MAXWAY];

/* By target, which is the only one to touch it, and sender: what is next. */
static unsigned int next[MAXWAY][MAXWAY];
static unsigned int wrong[MAXWAY];	/* the target's too */
static unsigned int ways, batches;

static unsigned int
way_cpu(unsigned int way)
{
	return (way * xt_ncpu() / ways);
}

static unsigned int
way_self(void)
{
	unsigned int way;

	for (way = 0; way_cpu(way) != xt_self(); way++)
		continue;
	return (way);
}

static unsigned int
sender_random(struct sender *s, unsigned int n)
{
	s->s_random = s->s_random * 1664525 + 1013904223;
	return ((s->s_random >> 16) % n);
}

static void
item_done(struct item *i)
{
	struct sender *s = i->i_sender;

	XT_INC(&i->i_ran);
	if (XT_ADD(&s->s_left, -1) == 0)
		cond_signal(&s->s_done);
}

static void
item_number(const struct item *i)
{
	unsigned int self = way_self(), from = i->i_sender - senders;

	if (i->i_seq[self] != next[self][from])
		wrong[self]++;
	next[self][from] = i->i_seq[self] + 1;
}

static void
item_run(void *arg)
{
	item_number(arg);
	item_done(arg);
}

static void
relay_second(void *arg)
{
	item_done(arg);
}

/* A call that posts another, and may have to wait for room. */
static void
relay_run(void *arg)
{
	struct item *i = arg;

	item_number(i);
	cpu_xcall(xt_cpu(way_cpu((i->i_to + 1) % ways)), &i->i_second);
}

static void
item_many(struct sender *s, struct item *i)
{
#ifdef XCALL_MANY
	struct cpuset set;
	unsigned int way;

	cpuset_clear(&set);
	cpuset_add(&set, xt_cpu(way_cpu(i->i_to)));
	for (way = 0; way < ways; way++) {
		if (way == i->i_to || sender_random(s, 2) == 0)
			continue;
		cpuset_add(&set, xt_cpu(way_cpu(way)));
		i->i_seq[way] = s->s_next[way]++;
		i->i_times++;
		XT_INC(&s->s_left);
	}
	cpu_xcall_many(&set, &i->i_xc);
#else
	(void)s;
	cpu_xcall(xt_cpu(way_cpu(i->i_to)), &i->i_xc);
#endif
}

/* Interrupts off: only to try; what finds no room is posted afterwards. */
static void
item_off(struct item *i)
{
	struct cpu_info *ci = xt_cpu(way_cpu(i->i_to));
	unsigned long st;
	int error;

	st = intr_disable();
	error = cpu_xcall_try(ci, &i->i_xc);
	intr_restore(st);
	if (error != 0)
		cpu_xcall(ci, &i->i_xc);
}

static void
item_post(struct sender *s, struct item *i, enum kind kind)
{
	struct cpu_info *ci;
	int ipl;

	i->i_sender = s;
	i->i_to = sender_random(s, ways);
	i->i_seq[i->i_to] = s->s_next[i->i_to]++;
	i->i_times = 1;
	i->i_ran = 0;
	cpu_xcall_set(&i->i_xc, kind == RELAY ? relay_run : item_run, i);
	cpu_xcall_set(&i->i_second, relay_second, i);
	XT_INC(&s->s_left);
	ci = xt_cpu(way_cpu(i->i_to));
	switch (kind) {
	case TRY:
		XT_WAIT_YIELD(cpu_xcall_try(ci, &i->i_xc) != EAGAIN);
		break;
	case OFF:
		item_off(i);
		break;
	case AT:
		ipl = splraise(IPL_SOFTCLOCK);
		cpu_xcall(ci, &i->i_xc);
		splx(ipl);
		break;
	case SYNC:
		cpu_xcall_sync(ci, item_run, i, "stress");
		XT_EQ(XT_LOAD(&i->i_ran), 1);
		break;
	case MANY:
		item_many(s, i);
		break;
	default:
		cpu_xcall(ci, &i->i_xc);
		break;
	}
}

/*
 * A batch, then sleep until all of it has run.  Half of the batches are of
 * one kind, and those of calls to another CPU outrun it.
 */
static void
sender_run(void *arg)
{
	struct sender *s = arg;
	unsigned int b, n, kind;
	unsigned long since = xt_msec();

	for (b = 0; XT_ROUND(b, batches, since); b++) {
		s->s_left = 1;
		s->s_done = (struct cond)COND_INITIALIZER();
		kind = sender_random(s, 2 * NKIND);
		for (n = 0; n < BATCH; n++)
			item_post(s, &s->s_item[n], kind < NKIND ? kind :
			    sender_random(s, NKIND));
		if (XT_ADD(&s->s_left, -1) != 0)
			cond_wait(&s->s_done, "stress");
		for (n = 0; n < BATCH; n++)
			XT_EQ(s->s_item[n].i_ran, s->s_item[n].i_times);
	}
}

/*
 * X-IPI-1, X-SOFT-2, X-WAIT-1: every call runs as often as it was posted to
 * a CPU, those of a sender to a target in order, whatever they were posted
 * with, and from.
 */
void
test_stress(void)
{
	unsigned int i, j;

	ways = xt_ncpu() < MAXWAY ? xt_ncpu() : MAXWAY;
	batches = xt_calls / 10 / (ways * BATCH) + 1;
	for (i = 0; i < ways; i++) {
		wrong[i] = 0;
		senders[i].s_random = i;
		for (j = 0; j < ways; j++)
			next[i][j] = senders[i].s_next[j] = 0;
	}
	for (i = 0; i < ways; i++)
		xt_thread(way_cpu(i), sender_run, &senders[i]);
	xt_join();
	for (i = 0; i < ways; i++) {
		XT_EQ(wrong[i], 0);
		for (j = 0; j < ways; j++)
			XT_EQ(next[i][j], senders[j].s_next[i]);
	}
}
