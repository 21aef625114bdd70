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
 * cpu_xcall_many(): one call for a set of CPUs.
 */

#include "xcall_md.h"
#include "xtest.h"

#ifdef XCALL_MANY

static unsigned int many_ran[XT_MAXCPU];

static void
many_run(void *arg)
{
	unsigned int *total = arg;

	XT_EQ(xt_level(), IPL_SOFTCLOCK);
	XT_INC(&many_ran[xt_self()]);
	if (total != NULL)
		XT_INC(total);
}

static void
many_clear(void)
{
	unsigned int n;

	for (n = 0; n < xt_ncpu(); n++)
		many_ran[n] = 0;
}

/* The CPUs first, first + step, ... ; returns how many. */
static unsigned int
many_set(struct cpuset *set, unsigned int first, unsigned int step)
{
	unsigned int n, count = 0;

	cpuset_clear(set);
	for (n = first; n < xt_ncpu(); n += step) {
		cpuset_add(set, xt_cpu(n));
		count++;
	}
	return (count);
}

static void
many_expect(const struct cpuset *set, unsigned int times)
{
	unsigned int n;

	for (n = 0; n < xt_ncpu(); n++)
		XT_EQ(XT_LOAD(&many_ran[n]),
		    cpuset_isset(set, xt_cpu(n)) ? times : 0);
}

static void
many_from(unsigned int first, unsigned int step)
{
	unsigned int i, count, total = 0;	/* the calls' until they ran */
	struct xcall xc = XCALL_INITIALIZER(many_run, &total);
	struct cpuset set;

	many_clear();
	count = many_set(&set, first, step);
	for (i = 1; i <= 3; i++) {
		cpu_xcall_many(&set, &xc);
		XT_WAIT(XT_LOAD(&total) == i * count);
		many_expect(&set, i);
	}
}

static void
all_from(void *arg)
{
	(void)arg;
	many_from(0, 1);
}

/* X-SET-1: to all, the caller among them: each runs it once, each time. */
void
test_many_all(void)
{
	xt_on(0, all_from, NULL);
	xt_on(xt_ncpu() - 1, all_from, NULL);
	xt_on(xt_ncpu() / 2, all_from, NULL);
}

/* X-SET-1: to some; the others get nothing. */
void
test_many_some(void)
{
	unsigned int n;

	many_from(0, 2);
	many_from(1, 2);
	many_from(1, 3);
	for (n = 0; n < xt_ncpu(); n++)
		many_from(n, xt_ncpu());
}

/* X-SET-1: to none: nothing runs, nothing waits. */
void
test_many_none(void)
{
	struct xcall xc = XCALL_INITIALIZER(many_run, NULL);
	struct cpuset set;
	unsigned int n;

	many_clear();
	cpuset_clear(&set);
	cpu_xcall_many(&set, &xc);
	for (n = 0; n < xt_ncpu(); n++)
		XT_EQ(XT_QUEUED(xt_cpu(n)), 0);
	many_expect(&set, 0);
}

/* On the stack of the test until its threads have ended. */
struct many {
	int		m_context;
	struct cpuset	m_set;
	struct xt_note	m_note;
	unsigned int	m_in, m_go;
	unsigned int	m_total, m_others;
	struct xcall	m_fill, m_call, m_inner;
};

static void
context_post(void *arg)
{
	struct many *m = arg;
	int ipl = xt_level(), on = xt_intr();

	cpu_xcall_many(&m->m_set, &m->m_note.xn_xc);
	XT_EQ(xt_level(), ipl);
	XT_EQ(xt_intr(), on);
	if (m->m_context == XT_BELOW)
		XT_NOTE(&m->m_note, xt_self(), 1);
	else
		XT_EQ(XT_LOAD(&m->m_note.xn_ran), 0);
}

/*
 * X-SET-1: from every context; the caller's own call has run on return below
 * IPL_SOFTCLOCK, and in the other contexts when they have ended.
 */
static void
context_from(void *arg)
{
	struct many *m = arg;

	cpuset_clear(&m->m_set);
	cpuset_add(&m->m_set, curcpu());
	for (m->m_context = 0; m->m_context < XT_NCONTEXT; m->m_context++) {
		xt_note_set(&m->m_note);
		xt_in(m->m_context, context_post, m);
		XT_NOTE(&m->m_note, xt_self(), 1);
	}
}

void
test_many_contexts(void)
{
	struct many m;

	xt_on_each(context_from, &m);
}

static void
remote_post(void *arg)
{
	struct many *m = arg;

	cpu_xcall_many(&m->m_set, &m->m_call);
}

/* X-SET-1, X-IPI-2: to all the others, from every context. */
void
test_many_remote(void)
{
	unsigned int count;
	struct many m;
	int context;

	count = many_set(&m.m_set, 1, 1);
	for (context = 0; context < XT_NCONTEXT; context++) {
		many_clear();
		m.m_total = 0;
		cpu_xcall_set(&m.m_call, many_run, &m.m_total);
		xt_in(context, remote_post, &m);
		XT_WAIT(XT_LOAD(&m.m_total) == count);
		many_expect(&m.m_set, 1);
	}
}

/* Nobody goes on before all of the set have come. */
static void
meet_run(void *arg)
{
	struct many *m = arg;

	XT_INC(&m->m_in);
	XT_WAIT(XT_LOAD(&m->m_in) == xt_ncpu());
	XT_INC(&m->m_total);
}

/* X-SET-1: it posts and rings before it waits: the calls meet. */
void
test_many_meet(void)
{
	struct many m;

	m.m_in = m.m_total = 0;
	(void)many_set(&m.m_set, 0, 1);
	cpu_xcall_set(&m.m_call, meet_run, &m);
	cpu_xcall_many(&m.m_set, &m.m_call);
	XT_WAIT(XT_LOAD(&m.m_total) == xt_ncpu());
}

/* The target whose queue is full: until the others' calls have let it go. */
static void
full_hold(void *arg)
{
	struct many *m = arg;
	unsigned long s;

	s = intr_disable();
	XT_STORE(&m->m_in, 1);
	XT_WAIT(XT_LOAD(&m->m_go));
	intr_restore(s);
}

static void
full_run(void *arg)
{
	struct many *m = arg;

	XT_INC(&many_ran[xt_self()]);
	/* All but the sender, CPU 0, and the one that is held. */
	if (xt_self() != 0 && XT_ADD(&m->m_others, 1) == xt_ncpu() - 2)
		XT_STORE(&m->m_go, 1);
	XT_INC(&m->m_total);
}

static void
full_fill(void *arg)
{
	(void)arg;
}

static void
full_one(unsigned int full)
{
	struct many m;
	unsigned int i;

	m.m_in = m.m_go = m.m_total = m.m_others = 0;
	many_clear();
	(void)many_set(&m.m_set, 0, 1);
	cpu_xcall_set(&m.m_fill, full_fill, NULL);
	cpu_xcall_set(&m.m_call, full_run, &m);
	xt_thread(full, full_hold, &m);
	XT_WAIT(XT_LOAD(&m.m_in));
	for (i = 0; i < XCALL_NSLOT; i++)
		cpu_xcall(xt_cpu(full), &m.m_fill);
	cpu_xcall_many(&m.m_set, &m.m_call);
	XT_WAIT(XT_LOAD(&m.m_total) == xt_ncpu());
	many_expect(&m.m_set, 1);
	xt_join();
}

/*
 * X-SET-1: one queue is full, the last or the first in turn: it is waited for
 * when all the others have been rung.  Here they are what makes room in it.
 */
void
test_many_full(void)
{
	full_one(xt_ncpu() - 1);
	full_one(1);
}

static unsigned int inner_ran;

static void
inner_run(void *arg)
{
	(void)arg;
	XT_INC(&inner_ran);
}

/* Runs on the CPU that broadcasts, while that waits for room. */
static void
inner_post(void *arg)
{
	struct many *m = arg;
	struct cpuset set;
	unsigned int n;

	cpuset_clear(&set);
	for (n = 1; n < xt_ncpu() - 1; n++)
		cpuset_add(&set, xt_cpu(n));
	cpu_xcall_many(&set, &m->m_inner);
	XT_STORE(&m->m_go, 1);
}

/* CPU 0: its queue is full until the inner broadcast has been made. */
static void
inner_hold(void *arg)
{
	struct many *m = arg;
	struct xcall post = XCALL_INITIALIZER(inner_post, m);
	struct cpu_info *last = xt_cpu(xt_ncpu() - 1);
	unsigned long s;
	unsigned int i;

	s = intr_disable();
	for (i = 0; i < XCALL_NSLOT; i++)
		cpu_xcall(curcpu(), &m->m_fill);
	XT_STORE(&m->m_in, 1);
#ifdef XCALL_WATCH
	i = XT_LOAD(&last->ci_xcall.xci_full);
	XT_WAIT(XT_LOAD(&last->ci_xcall.xci_full) - i >= 100);
#endif
	/* On this stack until m_go. */
	cpu_xcall(last, &post);
	XT_WAIT(XT_LOAD(&m->m_go));
	intr_restore(s);
}

/* The last CPU: it waits for CPU 0, and has itself still to call then. */
static void
inner_outer(void *arg)
{
	struct many *m = arg;

	XT_WAIT(XT_LOAD(&m->m_in));
	cpu_xcall_many(&m->m_set, &m->m_call);
}

/*
 * X-SET-1: a broadcast that a call makes on the CPU of one that waits leaves
 * that one's sets alone.
 */
void
test_many_nested(void)
{
	struct many m;
	unsigned int ncpu = xt_ncpu();

	m.m_in = m.m_go = m.m_total = 0;
	inner_ran = 0;
	many_clear();
	(void)many_set(&m.m_set, 0, 1);
	cpu_xcall_set(&m.m_fill, full_fill, NULL);
	cpu_xcall_set(&m.m_call, many_run, &m.m_total);
	cpu_xcall_set(&m.m_inner, inner_run, NULL);
	xt_thread(0, inner_hold, &m);
	xt_thread(ncpu - 1, inner_outer, &m);
	xt_join();
	XT_WAIT(XT_LOAD(&m.m_total) == ncpu);
	many_expect(&m.m_set, 1);
	XT_WAIT(XT_LOAD(&inner_ran) == ncpu - 2);
}

static unsigned int storm_total, storm_rounds, storm_ready, storm_senders;

static void
storm_thread(void *arg)
{
	struct xcall xc = XCALL_INITIALIZER(many_run, &storm_total);
	struct cpuset set;
	unsigned int i;

	(void)arg;
	XT_INC(&storm_ready);
	XT_WAIT_YIELD(XT_LOAD(&storm_ready) == storm_senders);
	for (i = 0; i < storm_rounds; i++) {
		(void)many_set(&set, i % 2, 1 + i % 2);
		cpu_xcall_many(&set, &xc);
	}
	/* The object is on this stack: until the last has run. */
	XT_WAIT_YIELD(XT_LOAD(&storm_total) ==
	    storm_senders * storm_rounds / 2 * (xt_ncpu() + xt_ncpu() / 2));
}

/*
 * X-SET-1: all CPUs, or 32 of many, broadcast at once, to all and to every
 * second.
 */
void
test_many_storm(void)
{
	unsigned int n;

	storm_total = storm_ready = 0;
	storm_senders = xt_ncpu() <= 32 ? xt_ncpu() : 32;
	storm_rounds = xt_ncpu() <= 32 ? 20 : 2;
	many_clear();
	for (n = 0; n < storm_senders; n++)
		xt_thread(n * xt_ncpu() / storm_senders, storm_thread, NULL);
	xt_join();
	for (n = 0; n < xt_ncpu(); n++)
		XT_EQ(many_ran[n], storm_senders * storm_rounds /
		    (n % 2 ? 1 : 2));
}

#else /* XCALL_MANY */

#define NOT_BUILT(_name)						\
void									\
test_##_name(void)							\
{									\
	xt_skip("it needs XCALL_MANY");					\
}
NOT_BUILT(many_all)
NOT_BUILT(many_some)
NOT_BUILT(many_none)
NOT_BUILT(many_contexts)
NOT_BUILT(many_remote)
NOT_BUILT(many_meet)
NOT_BUILT(many_full)
NOT_BUILT(many_nested)
NOT_BUILT(many_storm)

#endif /* XCALL_MANY */
