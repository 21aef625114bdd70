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
 * Sleeping, cond and refcnt.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"
#include "kit/kit.h"

/* Racy, but none of those asleep can be missed: only the test wakes them. */
unsigned int
kit_sleepers(const void *chan)
{
	const struct thread *t;
	unsigned int n = 0;

	for (t = XT_LOAD(&threads); t != NULL; t = t->t_all)
		n += XT_LOAD(&t->t_wchan) == chan &&
		    XT_LOAD(&t->t_cpu->ci_curthread) != t;
	return (n);
}

static void
early_wake(void *arg)
{
	wakeup(arg);
}

/* A wakeup between the announcement and the sleep is not lost. */
void
test_sleep_early(void)
{
	unsigned int chan = 0, i;	/* an address; the calls' until sync */
	struct xcall xc = XCALL_INITIALIZER(early_wake, &chan);

	for (i = 0; i < 100; i++) {
		sleep_setup(&chan, "early");
		if (i % 2 == 0)
			wakeup(&chan);
		else
			cpu_xcall(curcpu(), &xc);
		XT_EQ(sleep_finish(HZ * 10, 1), 0);
	}
}

/* On the stack of the test until its threads have ended. */
struct crowd {
	unsigned int	c_woken;
};

static void
crowd_run(void *arg)
{
	struct crowd *c = arg;

	XT_EQ(tsleep(c, "crowd", INFSLP), 0);
	XT_INC(&c->c_woken);
}

static void
crowd_start(struct crowd *c, unsigned int threads_)
{
	unsigned int i;

	c->c_woken = 0;
	for (i = 0; i < threads_; i++)
		xt_thread(i % xt_ncpu(), crowd_run, c);
	XT_WAIT_YIELD(kit_sleepers(c) == threads_);
}

/* wakeup_one() wakes one, each time. */
void
test_sleep_one(void)
{
	struct crowd c;
	unsigned int i;

	crowd_start(&c, 5);
	for (i = 1; i <= 5; i++) {
		wakeup_one(&c);
		XT_WAIT_YIELD(XT_LOAD(&c.c_woken) == i);
		XT_EQ(kit_sleepers(&c), 5 - i);
	}
	wakeup_one(&c);
	xt_join();
	XT_EQ(c.c_woken, 5);
}

/* wakeup() wakes all, and nobody who waits for something else. */
void
test_sleep_all(void)
{
	struct crowd c, other;

	crowd_start(&c, 6);
	crowd_start(&other, 3);
	wakeup(&c);
	XT_WAIT_YIELD(XT_LOAD(&c.c_woken) == 6);
	XT_EQ(kit_sleepers(&other), 3);
	XT_EQ(XT_LOAD(&other.c_woken), 0);
	wakeup(&other);
	xt_join();
}

static void
timeout_run(void *arg)
{
	static const unsigned int times[] = { 1, 2, 5 };
	unsigned int i, before;
	uint64_t start;

	for (i = 0; i < nitems(times); i++) {
		start = md_clock_read();
		before = XT_LOAD(&ticks);
		XT_EQ(tsleep(arg, "timeout", times[i]), EWOULDBLOCK);
		XT_CHECK(XT_LOAD(&ticks) - before >= times[i]);
		/* Two clocks: they need not agree to the last digit. */
		XT_CHECK((md_clock_read() - start) * 10 >=
		    times[i] * 9 * (md_clock_hz / HZ));
	}
}

/* Nobody comes: EWOULDBLOCK, no earlier than asked for. */
void
test_sleep_timeout(void)
{
	unsigned int chan;

	xt_thread(0, timeout_run, &chan);
	xt_thread(xt_ncpu() - 1, timeout_run, &chan);
	xt_join();
}

/* Announced, and then not slept. */
void
test_sleep_not(void)
{
	unsigned int chan;

	sleep_setup(&chan, "not");
	XT_EQ(sleep_finish(INFSLP, 0), 0);
	XT_EQ(kit_sleepers(&chan), 0);
	XT_CHECK(curthread->t_wchan == NULL);
	sleep_setup(&chan, "not");
	XT_EQ(sleep_finish(1, 0), 0);
	XT_EQ(tsleep(&chan, "not", 1), EWOULDBLOCK);
}

static void
misused_sleep(void *arg)
{
	tsleep(arg, "misused", 1);
}

static void
misused_yield(void *arg)
{
	(void)arg;
	yield();
}

static void
misused_cond(void *arg)
{
	struct cond c = COND_INITIALIZER();

	cond_wait(&c, arg);
}

static void
misused_refcnt(void *arg)
{
	struct refcnt r = REFCNT_INITIALIZER();

	refcnt_take(&r);
	refcnt_finalize(&r, arg);
}

static void
misused_mutex(void *arg)
{
	struct mutex mtx = MUTEX_INITIALIZER(IPL_SOFTCLOCK);

	mtx_enter(&mtx);
	tsleep(arg, "mutex", 1);
}

static void
misused_in(void *arg)
{
	xt_in(*(int *)arg, misused_sleep, arg);
}

static void (*misused_how[])(void *) = { misused_yield, misused_cond,
    misused_refcnt };

static void
misused_at(void *arg)
{
	void (**how)(void *) = arg;

	xt_in(XT_AT, *how, "misused");
}

/* Only a thread below IPL_SOFTCLOCK with interrupts on can sleep. */
void
test_sleep_misused(void)
{
	unsigned int i;
	int context;

	for (context = XT_AT; context < XT_NCONTEXT; context++)
		XT_PANICS(xt_ncpu() - 1, misused_in, &context,
		    "SLEEP-1: sleep");
	for (i = 0; i < nitems(misused_how); i++)
		XT_PANICS(0, misused_at, &misused_how[i], "SLEEP-1");
	XT_PANICS(0, misused_mutex, &context, "SLEEP-1: sleep: mutex");
}

/* On the stack of the test until its threads have ended. */
struct conds {
	struct cond	c_cond;
	unsigned int	c_value;
	unsigned int	c_back;
};

static void
cond_waiter(void *arg)
{
	struct conds *c = arg;

	cond_wait(&c->c_cond, "cond");
	XT_EQ(c->c_value, 7);
	XT_INC(&c->c_back);
}

/* Signalled before it is waited for, and after. */
void
test_cond_order(void)
{
	struct conds c = { COND_INITIALIZER(), 7, 0 };

	cond_signal(&c.c_cond);
	cond_wait(&c.c_cond, "cond");
	cond_init(&c.c_cond);
	c.c_value = 0;
	xt_thread(xt_ncpu() - 1, cond_waiter, &c);
	XT_WAIT_YIELD(kit_sleepers(&c.c_cond) == 1);
	XT_EQ(XT_LOAD(&c.c_back), 0);
	/* A wakeup that is not the signal changes nothing. */
	wakeup(&c.c_cond);
	XT_WAIT_YIELD(kit_sleepers(&c.c_cond) == 1);
	XT_EQ(XT_LOAD(&c.c_back), 0);
	c.c_value = 7;
	cond_signal(&c.c_cond);
	xt_join();
	XT_EQ(c.c_back, 1);
}

static unsigned int cond_left;		/* [a] calls that have signalled */

static void
cond_caller(void *arg)
{
	struct conds *c = arg;

	c->c_value = 7;
	cond_signal(&c->c_cond);
	XT_INC(&cond_left);
}

/*
 * X-WAIT-1: signalled by a call, on another CPU, again and again; and not
 * touched by it once the waiter is back.
 */
void
test_cond_call(void)
{
	struct conds c;			/* the call's until cond_wait() */
	struct xcall xc = XCALL_INITIALIZER(cond_caller, &c);
	unsigned int i;

	XT_STORE(&cond_left, 0);
	for (i = 0; i < 200; i++) {
		c.c_value = 0;
		cond_init(&c.c_cond);
		cpu_xcall(xt_cpu(1 + i % (xt_ncpu() - 1)), &xc);
		cond_wait(&c.c_cond, "cond");
		XT_EQ(c.c_value, 7);
		/* It is the waiter's again, who may use it for anything. */
		XT_STORE(&c.c_cond.c_wait, 0x5a5a);
		XT_WAIT(XT_LOAD(&cond_left) == i + 1);
		XT_EQ(XT_LOAD(&c.c_cond.c_wait), 0x5a5a);
	}
}

static void
refcnt_freed(void *arg)
{
	refcnt_take(arg);
}

static void
refcnt_twice(void *arg)
{
	refcnt_rele(arg);
}

/* The last to let go is told. */
void
test_refcnt_last(void)
{
	struct refcnt r = REFCNT_INITIALIZER();

	refcnt_take(&r);
	refcnt_take(&r);
	XT_EQ(refcnt_rele(&r), 0);
	XT_EQ(refcnt_rele(&r), 0);
	XT_EQ(refcnt_rele(&r), 1);
	XT_PANICS(0, refcnt_freed, &r, "REF-1: refcnt_take");
	refcnt_init(&r);
	XT_EQ(refcnt_rele(&r), 1);
	XT_PANICS(xt_ncpu() - 1, refcnt_twice, &r, "REF-1: refcnt_rele");
	refcnt_init(&r);
	refcnt_finalize(&r, "last");
}

static unsigned int refcnt_ran;

static void
refcnt_run(void *arg)
{
	XT_INC(&refcnt_ran);
	refcnt_rele_wake(arg);
}

static void
refcnt_from(void *arg)
{
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;
	/* On this stack until refcnt_finalize() has returned. */
	struct refcnt r = REFCNT_INITIALIZER();
	struct xcall xc = XCALL_INITIALIZER(refcnt_run, &r);
	unsigned int n = 0;

	(void)arg;
	refcnt_ran = 0;
	CPU_INFO_FOREACH(cii, ci) {
		if (!CPU_IS_RUNNING(ci))
			continue;
		refcnt_take(&r);
		cpu_xcall(ci, &xc);
		n++;
	}
	refcnt_finalize(&r, "refcnt");
	XT_EQ(XT_LOAD(&refcnt_ran), n);
}

/* The mail's broadcast and sleep, on a refcnt. */
void
test_refcnt_calls(void)
{
	int round;

	for (round = 0; round < 10; round++) {
		xt_on(0, refcnt_from, NULL);
		xt_on(xt_ncpu() - 1, refcnt_from, NULL);
	}
}
