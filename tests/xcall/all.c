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
 * All to all: every call once, and in order.
 */

#include "xcall_md.h"
#include "xtest.h"

#define MAXWAY	64		/* CPUs that take part */

/*
 * Indexed by the target, which is the only one to touch it, and the sender:
 * the number that comes next.
 */
static unsigned int all_next[MAXWAY][MAXWAY];
static unsigned int all_wrong[MAXWAY];	/* the target's too */
static unsigned int all_ways;		/* CPUs that take part */
static unsigned int all_calls;		/* from one sender to one target */
static unsigned int all_each;		/* of them in one batch */
static unsigned int all_step;		/* from one flooded CPU to the next */

/*
 * A sender, and the batch of calls it has under way.  The calls are their
 * targets' until s_left has come to 0, and the sender's afterwards.
 */
static struct sender {
	unsigned int	s_left;
	unsigned int	s_sent;		/* to each target */
	struct cond	s_done;
	struct all {
		struct xcall	 a_xc;
		struct sender	*a_sender;
		unsigned int	 a_from, a_seq;
	}		s_call[MAXWAY > XCALL_NSLOT ? MAXWAY : XCALL_NSLOT];
} senders[MAXWAY];

/* They are spread over all CPUs there are. */
static unsigned int
all_cpu(unsigned int way)
{
	return ((unsigned long)way * xt_ncpu() / all_ways);
}

static unsigned int
all_way(unsigned int cpu)
{
	unsigned int way;

	for (way = 0; all_cpu(way) != cpu; way++)
		continue;
	return (way);
}

static void
all_set(unsigned int total)
{
	unsigned int i, j;

	all_ways = xt_ncpu() < MAXWAY ? xt_ncpu() : MAXWAY;
	all_each = all_ways < XCALL_NSLOT ? XCALL_NSLOT / all_ways : 1;
	/* Whole batches. */
	all_calls = total / (all_ways * all_ways * all_each) + 1;
	all_calls *= all_each;
	for (i = 0; i < all_ways; i++) {
		all_wrong[i] = 0;
		senders[i].s_sent = 0;
		for (j = 0; j < all_ways; j++)
			all_next[i][j] = 0;
	}
}

/* Each of those that were targets. */
static void
all_check(unsigned int step)
{
	unsigned int i, j;

	for (i = 0; i < all_ways; i += step) {
		XT_EQ(all_wrong[i], 0);
		for (j = 0; j < all_ways; j++)
			XT_EQ(all_next[i][j], senders[j].s_sent);
	}
}

static void
all_run(void *arg)
{
	struct all *a = arg;
	unsigned int self = all_way(xt_self());

	if (all_next[self][a->a_from] != a->a_seq)
		all_wrong[self]++;
	all_next[self][a->a_from]++;
	if (XT_ADD(&a->a_sender->s_left, -1) == 0)
		cond_signal(&a->a_sender->s_done);
}

/* Every fourth call by cpu_xcall_try(), again until there is room. */
static void
all_post(struct cpu_info *ci, struct all *a)
{
	cpu_xcall_set(&a->a_xc, all_run, a);
	if (a->a_seq % 4 != 3)
		cpu_xcall(ci, &a->a_xc);
	else
		XT_WAIT_YIELD(cpu_xcall_try(ci, &a->a_xc) != EAGAIN);
}

/*
 * A batch to each CPU, then sleep until all of it has run: so the queues are
 * filled, but nobody spins for a CPU that its host does not let run.
 */
static void
all_send(void *arg)
{
	unsigned int self = all_way(xt_self()), seq, i, way, n;
	unsigned long since = xt_msec();
	struct sender *s = &senders[self];
	struct all *a;

	(void)arg;
	for (seq = 0; XT_ROUND(seq, all_calls, since); seq += all_each) {
		s->s_left = all_ways * all_each;
		s->s_done = (struct cond)COND_INITIALIZER();
		n = 0;
		for (way = self; way < self + all_ways; way++) {
			for (i = 0; i < all_each; i++) {
				a = &s->s_call[n++];
				a->a_sender = s;
				a->a_from = self;
				a->a_seq = seq + i;
				all_post(xt_cpu(all_cpu(way % all_ways)), a);
			}
		}
		cond_wait(&s->s_done, "all");
	}
	s->s_sent = seq;
}

/*
 * X-IPI-1, X-SOFT-2: xt_calls calls, from every CPU to every CPU: each runs
 * exactly once, and those of one sender to one target in order.  Where CPUs
 * are so many that each call needs its own doorbell, less will do; XT_ROUND
 * for those that are slow to answer.
 */
void
test_all_to_all(void)
{
	unsigned int way;

	all_set(xt_ncpu() <= 2 * XCALL_NSLOT ? xt_calls : xt_calls / 5);
	for (way = 0; way < all_ways; way++)
		xt_thread(all_cpu(way), all_send, NULL);
	xt_join();
	all_check(1);
}

static void
all_flood(void *arg)
{
	unsigned int self = all_way(xt_self()), target, seq, i;
	struct sender *s = &senders[self];
	struct all *a;

	for (target = 0; target < all_ways; target += all_step) {
		for (seq = 0; seq < all_calls; seq += XCALL_NSLOT) {
			s->s_left = XCALL_NSLOT;
			s->s_done = (struct cond)COND_INITIALIZER();
			for (i = 0; i < XCALL_NSLOT; i++) {
				a = &s->s_call[i];
				a->a_sender = s;
				a->a_from = self;
				a->a_seq = seq + i;
				cpu_xcall_set(&a->a_xc, all_run, a);
				cpu_xcall(xt_cpu(all_cpu(target)), &a->a_xc);
			}
			cond_wait(&s->s_done, "flood");
		}
		s->s_sent = seq;
	}
	(void)arg;
}

/* X-SOFT-2: every CPU fills the queue of one, all at once; then another's. */
void
test_all_to_one(void)
{
	unsigned int way;

	all_set(0);
	all_calls = XCALL_NSLOT * (all_ways <= 8 ? 4 : 1);
	all_step = all_ways / 8 + 1;
	for (way = 0; way < all_ways; way++)
		xt_thread(all_cpu(way), all_flood, NULL);
	xt_join();
	all_check(all_step);
}

/* Shared by the threads of the test. */
static unsigned int atomic_ready, atomic_up, atomic_down;
static unsigned int atomic_added, atomic_rounds, atomic_cpus;

static void
atomic_run(void *arg)
{
	unsigned int i, have;

	(void)arg;
	XT_INC(&atomic_ready);
	XT_WAIT_YIELD(XT_LOAD(&atomic_ready) == atomic_cpus);
	for (i = 0; i < atomic_rounds; i++) {
		have = atomic_load_relaxed(&atomic_up);
		while (!atomic_cas_acquire(&atomic_up, &have, have + 1))
			CPU_BUSY_CYCLE();
		atomic_sub_release(&atomic_down, 1);
		atomic_inc_relaxed(&atomic_added);
	}
}

/* X-ATOM-1: up to 16 CPUs add to one word, and nothing is lost. */
void
test_all_atomic(void)
{
	unsigned int n, sum;

	/* Long enough that they meet, on whatever the emulator runs on. */
	atomic_cpus = xt_ncpu() <= 16 ? xt_ncpu() : 16;
	atomic_rounds = 1600000 / atomic_cpus;
	sum = atomic_rounds * atomic_cpus;
	atomic_ready = atomic_up = atomic_added = 0;
	atomic_down = sum;
	for (n = 0; n < atomic_cpus; n++)
		xt_thread(n, atomic_run, NULL);
	xt_join();
	XT_EQ(atomic_up, sum);
	XT_EQ(atomic_down, 0);
	XT_EQ(atomic_added, sum);
}
