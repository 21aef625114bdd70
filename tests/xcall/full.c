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
 * The full queue: who waits, how, and who does not.
 */

#include "xcall_md.h"
#include "xtest.h"

#define EXTRA	8		/* calls beyond those that fit */

/* On the stack of a test until all its calls have run. */
struct full {
	unsigned int	 f_target, f_sender;
	unsigned int	 f_context;
	unsigned int	 f_in;		/* the target is held */
	unsigned int	 f_posted;	/* calls the sender has posted */
	int		 f_error;
	unsigned int	 f_looked;	/* found full before */
	struct xt_note	 f_back;	/* a call for the sender */
	struct xt_log	 f_log;
	struct xt_step	 f_step[XCALL_NSLOT + EXTRA];
};

static void
full_set(struct full *f, unsigned int sender, unsigned int target)
{
	unsigned int i;

	f->f_sender = sender;
	f->f_target = target;
	f->f_in = f->f_posted = 0;
	f->f_error = 0;
	xt_note_set(&f->f_back);
	xt_log_set(&f->f_log);
	for (i = 0; i < XCALL_NSLOT + EXTRA; i++)
		xt_step_set(&f->f_step[i], &f->f_log, i);
#ifdef XCALL_WATCH
	f->f_looked = XT_LOAD(&xt_cpu(sender)->ci_xcall.xci_full);
#endif
}

/* The sender has come to wait for room, and goes on waiting. */
static int
full_waits(struct full *f)
{
	if (XT_LOAD(&f->f_posted) < XCALL_NSLOT)
		return (0);
#ifdef XCALL_WATCH
	return (XT_LOAD(&xt_cpu(f->f_sender)->ci_xcall.xci_full) -
	    f->f_looked >= 100);
#else
	return (1);
#endif
}

/*
 * The target: holds its queue full until the sender waits, and then until
 * the sender, which still waits, has run a call.
 */
static void
full_hold(void *arg)
{
	struct full *f = arg;
	unsigned long s;

	s = intr_disable();
	XT_STORE(&f->f_in, 1);
	XT_WAIT(full_waits(f));
	cpu_xcall(xt_cpu(f->f_sender), &f->f_back.xn_xc);
	XT_WAIT(XT_LOAD(&f->f_back.xn_ran));
	XT_EQ(XT_LOAD(&f->f_posted), XCALL_NSLOT);
	XT_EQ(XT_QUEUED(xt_cpu(f->f_target)), XCALL_NSLOT);
	XT_EQ(XT_LOAD(&f->f_log.xl_n), 0);
	intr_restore(s);
}

static void
full_post(void *arg)
{
	struct full *f = arg;
	int i, ipl = xt_level(), on = xt_intr();

	for (i = 0; i < XCALL_NSLOT + EXTRA; i++) {
		cpu_xcall(xt_cpu(f->f_target), &f->f_step[i].xs_xc);
		XT_INC(&f->f_posted);
	}
	XT_EQ(xt_level(), ipl);
	XT_EQ(xt_intr(), on);
}

static void
full_send(void *arg)
{
	struct full *f = arg;

	XT_WAIT(XT_LOAD(&f->f_in));
	xt_in(f->f_context, full_post, f);
}

/* Sender and target both ways; the depth is that of the call sent back. */
static void
full_wait(unsigned int context, unsigned int depth)
{
	unsigned int last = xt_ncpu() - 1, way;
	struct full f;

	for (way = 0; way < 2; way++) {
		full_set(&f, way ? last : 0, way ? 0 : last);
		f.f_context = context;
		xt_thread(f.f_target, full_hold, &f);
		xt_thread(f.f_sender, full_send, &f);
		xt_join();
		XT_WAIT(XT_LOAD(&f.f_log.xl_n) == XCALL_NSLOT + EXTRA);
		XT_LOG(&f.f_log, XCALL_NSLOT + EXTRA);
		XT_NOTE(&f.f_back, f.f_sender, 1);
#ifdef XCALL_WATCH
		XT_EQ(f.f_back.xn_depth, depth);
#else
		(void)depth;
#endif
	}
}

/*
 * Below IPL_SOFTCLOCK: the sender waits with interrupts on, its own queue
 * runs by itself meanwhile, and its calls keep their order.
 */
void
test_full_below(void)
{
	full_wait(XT_BELOW, 1);
}

/* At IPL_SOFTCLOCK: the sender serves its own queue while it waits. */
void
test_full_at(void)
{
	full_wait(XT_AT, 1);
}

/* In a call: the same; and this is the one place where calls nest. */
void
test_full_incall(void)
{
	full_wait(XT_INCALL, 2);
}

static void
full_try(void *arg)
{
	struct full *f = arg;

	f->f_error = cpu_xcall_try(xt_cpu(f->f_target),
	    &f->f_step[XCALL_NSLOT].xs_xc);
}

static void
full_try_all(void *arg)
{
	struct full *f = arg;
	struct xt_park park;
	unsigned int i;

	xt_park(&park, f->f_target, XT_INTROFF);
	for (i = 0; i < XCALL_NSLOT; i++)
		XT_EQ(cpu_xcall_try(xt_cpu(f->f_target),
		    &f->f_step[i].xs_xc), 0);
	for (i = 0; i < XT_NCONTEXT; i++) {
		f->f_error = 0;
		xt_in(i, full_try, f);
		if (f->f_error != EAGAIN)
			xt_fail(__FILE__, __LINE__, "%s: %d, not EAGAIN",
			    xt_context_name(i), f->f_error);
		XT_EQ(XT_QUEUED(xt_cpu(f->f_target)), XCALL_NSLOT);
	}
	xt_unpark(&park);
	XT_WAIT(XT_LOAD(&f->f_log.xl_n) == XCALL_NSLOT);
}

/*
 * cpu_xcall_try() says EAGAIN when the queue is full, from every context,
 * and does not wait: the target, parked, makes no room.  Nothing is queued.
 */
void
test_full_try(void)
{
	unsigned int last = xt_ncpu() - 1;
	struct full f;

	full_set(&f, 0, last);
	xt_on(0, full_try_all, &f);
	XT_LOG(&f.f_log, XCALL_NSLOT);
	full_set(&f, last, 0);
	xt_on(last, full_try_all, &f);
	XT_LOG(&f.f_log, XCALL_NSLOT);
}

static void
self_fill(void *arg)
{
	struct full *f = arg;
	int i;

	for (i = 0; i < XCALL_NSLOT; i++)
		XT_EQ(cpu_xcall_try(curcpu(), &f->f_step[i].xs_xc), 0);
	for (i = 0; i < 3; i++)
		XT_EQ(cpu_xcall_try(curcpu(), &f->f_step[XCALL_NSLOT].xs_xc),
		    EAGAIN);
	XT_EQ(XT_LOAD(&f->f_log.xl_n), 0);
	f->f_posted = 1;
}

static void
self_try(void *arg)
{
	struct full *f = arg;
	int context;

	for (context = XT_AT; context < XT_NCONTEXT; context++) {
		full_set(f, xt_self(), xt_self());
		xt_in(context, self_fill, f);
		XT_EQ(f->f_posted, 1);
		XT_LOG(&f->f_log, XCALL_NSLOT);
	}
}

/* The same for its own queue, where it can be full: not below IPL_SOFTCLOCK. */
void
test_full_try_self(void)
{
	struct full f;

	xt_on_each(self_try, &f);
}

static void
self_wait(void *arg)
{
	struct full *f = arg;

	full_set(f, xt_self(), xt_self());
	xt_in(f->f_context, full_post, f);
	XT_EQ(f->f_posted, XCALL_NSLOT + EXTRA);
	XT_LOG(&f->f_log, XCALL_NSLOT + EXTRA);
}

/*
 * Its own queue full, at IPL_SOFTCLOCK and in a call: it makes room itself;
 * all run once, in order.
 */
void
test_full_self(void)
{
	struct full f;

	f.f_context = XT_AT;
	xt_on_each(self_wait, &f);
	f.f_context = XT_INCALL;
	xt_on_each(self_wait, &f);
}

/* Not on a stack: the thread that posts them does not come back. */
static struct full panic_full;

static void
panic_fill(void *arg)
{
	struct full *f = arg;
	int i;

	for (i = 0; cpu_xcall_try(xt_cpu(f->f_target),
	    &f->f_step[i].xs_xc) == 0; i++)
		continue;
	XT_EQ(i, XCALL_NSLOT);
	cpu_xcall(xt_cpu(f->f_target), &f->f_step[i].xs_xc);
}

static void
panic_in(void *arg)
{
	struct full *f = arg;

	xt_in(f->f_context, panic_fill, f);
}

/*
 * X-CALL-2: above IPL_SOFTCLOCK or with interrupts off there is no way to
 * wait: cpu_xcall() panics.  Those that were queued run, each once.
 */
void
test_full_panic(void)
{
	static const unsigned int contexts[] = { XT_ABOVE, XT_OFF,
	    XT_INCALLOFF };
	struct full *f = &panic_full;
	unsigned int i, n;

	/* CPU 0 last: while it works, it tells of one that does not panic. */
	for (n = xt_ncpu() < 4 ? xt_ncpu() : 4; n-- > 0;) {
		for (i = 0; i < 3; i++) {
			full_set(f, n, n);
			f->f_context = contexts[i];
			XT_PANICS(n, panic_in, f, "X-CALL-2");
			XT_WAIT(XT_LOAD(&f->f_log.xl_n) >= XCALL_NSLOT);
			XT_LOG(&f->f_log, XCALL_NSLOT);
		}
	}
}

/* X-CALL-2: and the same if it is the queue of another CPU that is full. */
void
test_full_panic_remote(void)
{
	static const unsigned int contexts[] = { XT_ABOVE, XT_OFF,
	    XT_INCALLOFF };
	struct full *f = &panic_full;
	struct xt_park park;
	unsigned int n = xt_ncpu() > 2 ? 2 : 0;
	int i;

	for (i = 0; i < 3; i++) {
		full_set(f, n, 1);
		f->f_context = contexts[i];
		xt_park(&park, 1, XT_INTROFF);
		XT_PANICS(n, panic_in, f, "X-CALL-2");
		XT_EQ(XT_QUEUED(xt_cpu(1)), XCALL_NSLOT);
		xt_unpark(&park);
		XT_WAIT(XT_LOAD(&f->f_log.xl_n) >= XCALL_NSLOT);
		XT_LOG(&f->f_log, XCALL_NSLOT);
		xt_join();
	}
}

#define BURST	64

/*
 * Each CPU's: a burst that it sends to the one after it, and what it got
 * from the one before.  Static, for calls of other CPUs use it.
 */
static struct burst {
	unsigned int	 b_to;
	unsigned int	 b_sent;
	struct xt_log	 b_got;
	struct xt_step	 b_step[BURST];
	struct xcall	 b_start;	/* sends the burst from a call */
} bursts[XT_MAXCPU];
static unsigned int bursts_ready, bursts_cpus;

_Static_assert(XT_NLOG >= BURST, "a burst fits the log");

static void
burst_send(void *arg)
{
	struct burst *b = arg;
	int i;

	XT_INC(&bursts_ready);
	XT_WAIT(XT_LOAD(&bursts_ready) == bursts_cpus);
	for (i = 0; i < BURST; i++)
		cpu_xcall(xt_cpu(b->b_to), &b->b_step[i].xs_xc);
	XT_STORE(&b->b_sent, 1);
}

static void
bursts_set(unsigned int cpus)
{
	unsigned int i, n;

	bursts_ready = 0;
	bursts_cpus = cpus;
	for (n = 0; n < cpus; n++) {
		bursts[n].b_to = (n + 1) % cpus;
		bursts[n].b_sent = 0;
		xt_log_set(&bursts[n].b_got);
		cpu_xcall_set(&bursts[n].b_start, burst_send, &bursts[n]);
		for (i = 0; i < BURST; i++)
			xt_step_set(&bursts[n].b_step[i],
			    &bursts[(n + 1) % cpus].b_got, i);
	}
}

static void
bursts_check(unsigned int cpus)
{
	unsigned int n;

	for (n = 0; n < cpus; n++) {
		XT_WAIT_YIELD(XT_LOAD(&bursts[n].b_sent));
		XT_WAIT_YIELD(XT_LOAD(&bursts[n].b_got.xl_n) >= BURST);
		XT_LOG(&bursts[n].b_got, BURST);
	}
}

/* Two threads, each more than the other's queue holds: both end. */
void
test_full_mutual(void)
{
	unsigned int n;

	bursts_set(2);
	for (n = 0; n < 2; n++)
		xt_thread(n, burst_send, &bursts[n]);
	xt_join();
	bursts_check(2);
}

/* Two calls: both wait at IPL_SOFTCLOCK, and serve each other. */
void
test_full_mutual_calls(void)
{
	int round;

	for (round = 0; round < 10; round++) {
		bursts_set(2);
		cpu_xcall(xt_cpu(1), &bursts[1].b_start);
		cpu_xcall(xt_cpu(0), &bursts[0].b_start);
		bursts_check(2);
	}
}

/* A ring: every CPU, in a call, sends to the next one. */
void
test_full_ring(void)
{
	unsigned int n;

	bursts_set(xt_ncpu());
	for (n = 1; n < xt_ncpu(); n++)
		cpu_xcall(xt_cpu(n), &bursts[n].b_start);
	cpu_xcall(xt_cpu(0), &bursts[0].b_start);
	bursts_check(xt_ncpu());
}

#define NEST	4

/* Of two CPUs: calls that each post more than the other has room for. */
static struct nest {
	unsigned int	n_to;
	unsigned int	n_ran;		/* of n_start; this CPU's */
	unsigned int	n_got;		/* of the other one's n_plain */
	struct xcall	n_start, n_plain;
} nests[2];
static unsigned int nests_ready;

static void
nest_plain(void *arg)
{
	XT_INC((unsigned int *)arg);
}

static void
nest_start(void *arg)
{
	struct nest *n = arg;
	int i;

	for (i = 0; i < NEST; i++)
		cpu_xcall(xt_cpu(n->n_to), &n->n_plain);
	n->n_ran++;
}

static void
nest_thread(void *arg)
{
	struct nest *n = arg;
	int i, ipl;

	ipl = splraise(IPL_SOFTCLOCK);
	for (i = 0; i < XCALL_NSLOT; i++)
		cpu_xcall(curcpu(), &n->n_start);
	XT_INC(&nests_ready);
	XT_WAIT(XT_LOAD(&nests_ready) == 2);
	splx(ipl);
	XT_EQ(n->n_ran, XCALL_NSLOT);
}

/*
 * Both queues full of calls that post: they nest as deep as the queue is
 * long, and no call is lost, or run twice.
 */
void
test_full_nested(void)
{
	unsigned int i, round;

	for (round = 0; round < 10; round++) {
		nests_ready = 0;
		for (i = 0; i < 2; i++) {
			nests[i].n_to = 1 - i;
			nests[i].n_ran = nests[i].n_got = 0;
			cpu_xcall_set(&nests[i].n_start, nest_start, &nests[i]);
			cpu_xcall_set(&nests[i].n_plain, nest_plain,
			    &nests[1 - i].n_got);
		}
		for (i = 0; i < 2; i++)
			xt_thread(i, nest_thread, &nests[i]);
		xt_join();
		for (i = 0; i < 2; i++)
			XT_WAIT(XT_LOAD(&nests[i].n_got) >= NEST * XCALL_NSLOT);
		for (i = 0; i < 2; i++) {
			XT_WAIT(XT_QUEUED(xt_cpu(i)) == 0);
			XT_EQ(nests[i].n_got, NEST * XCALL_NSLOT);
		}
	}
}

/* The test's own until every call has run and every thread has ended. */
static struct xt_note merge_notes[XCALL_NSLOT];
static unsigned int merge_next, merge_target;

static void
merge_post(void *arg)
{
	unsigned int i;

	(void)arg;
	if ((i = XT_ADD(&merge_next, 1) - 1) < XCALL_NSLOT)
		cpu_xcall(xt_cpu(merge_target), &merge_notes[i].xn_xc);
}

static unsigned int
merge_rung(void)
{
	unsigned int n, rung = 0;

#ifdef XCALL_WATCH
	for (n = 0; n < xt_ncpu(); n++)
		rung += XT_LOAD(&xt_cpu(n)->ci_xcall.xci_rung);
#else
	(void)n;
#endif
	return (rung);
}

/*
 * X-SOFT-2: a queue that several CPUs filled while the target was parked: one
 * doorbell is rung, by the first of them, and all calls run.
 */
void
test_full_merge(void)
{
	struct xt_park park;
	unsigned int i, n, rung;

	for (merge_target = 0; merge_target < xt_ncpu();
	    merge_target += xt_ncpu() / 4 + 1) {
		merge_next = 0;
		for (i = 0; i < XCALL_NSLOT; i++)
			xt_note_set(&merge_notes[i]);
		if (merge_target == 0)
			continue;	/* this thread's */
		xt_park(&park, merge_target, XT_INTROFF);
		rung = merge_rung();
		for (i = 0; i < XCALL_NSLOT; i++) {
			n = i % xt_ncpu();
			if (n == merge_target)
				n = 0;
			xt_thread(n, merge_post, NULL);
		}
		XT_WAIT_YIELD(XT_QUEUED(xt_cpu(merge_target)) == XCALL_NSLOT);
		for (i = 0; i < XCALL_NSLOT; i++)
			XT_EQ(XT_LOAD(&merge_notes[i].xn_ran), 0);
#ifdef XCALL_WATCH
		XT_EQ(merge_rung() - rung, 1);
#else
		(void)rung;
#endif
		xt_unpark(&park);
		xt_join();
		for (i = 0; i < XCALL_NSLOT; i++) {
			XT_WAIT(XT_LOAD(&merge_notes[i].xn_ran));
			XT_NOTE(&merge_notes[i], merge_target, 1);
		}
	}
}
