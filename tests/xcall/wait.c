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
 * The ways to wait for a call: those of the mail that proposed cpu_xcall(9).
 * Each on every CPU, the caller's own among them.
 */

#include "xcall_md.h"
#include "xtest.h"

/* What a call does to its CPU: start a thing on it. */
static unsigned int started[XT_MAXCPU];

static void
start_on_cpu(void)
{
	XT_INC(&started[xt_self()]);
}

static void
started_set(void)
{
	unsigned int n;

	for (n = 0; n < xt_ncpu(); n++)
		started[n] = 0;
}

static void
started_check(unsigned int times)
{
	unsigned int n;

	for (n = 0; n < xt_ncpu(); n++)
		XT_EQ(XT_LOAD(&started[n]), times);
}

static void
sleep_run(void *arg)
{
	XT_EQ(xt_level(), IPL_SOFTCLOCK);
	XT_CHECK(xt_intr());
	XT_CHECK(arg == &started);
	start_on_cpu();
}

static void
sleep_from(void *arg)
{
	unsigned int n;

	(void)arg;
	started_set();
	for (n = 0; n < xt_ncpu(); n++) {
		cpu_xcall_sync(xt_cpu(n), sleep_run, &started, "xcsleep");
		XT_EQ(XT_LOAD(&started[n]), 1);
		XT_EQ(cpu_xcall_sync_try(xt_cpu(n), sleep_run, &started,
		    "xcsleep"), 0);
		XT_EQ(XT_LOAD(&started[n]), 2);
	}
	started_check(2);
}

/* X-WAIT-1: sleep until a CPU has done it. */
void
test_wait_sleep(void)
{
	xt_on(0, sleep_from, NULL);
	xt_on(xt_ncpu() - 1, sleep_from, NULL);
}

static void
spin_run(void *arg)
{
	start_on_cpu();
	XT_STORE((unsigned int *)arg, 1);
}

static void
spin_from(void *arg)
{
	unsigned int n, done;

	(void)arg;
	started_set();
	for (n = 0; n < xt_ncpu(); n++) {
		/* On this stack until done is set, which is their last. */
		struct xcall xc = XCALL_INITIALIZER(spin_run, &done);

		done = 0;
		cpu_xcall(xt_cpu(n), &xc);
		XT_WAIT(XT_LOAD(&done));
		XT_EQ(XT_LOAD(&started[n]), 1);
	}
	started_check(1);
}

/* Spin until a CPU has done it. */
void
test_wait_spin(void)
{
	xt_on(0, spin_from, NULL);
	xt_on(xt_ncpu() - 1, spin_from, NULL);
}

/* On a thread's stack until cond_wait() has returned. */
struct all_sleep {
	unsigned int	as_left;
	struct cond	as_cond;
};

static void
all_sleep_run(void *arg)
{
	struct all_sleep *as = arg;

	start_on_cpu();
	/* Only the last may touch it after this. */
	if (XT_ADD(&as->as_left, -1) == 0)
		cond_signal(&as->as_cond);
}

static void
all_sleep_from(void *arg)
{
	struct all_sleep as = { xt_ncpu(), COND_INITIALIZER() };
	struct xcall xc = XCALL_INITIALIZER(all_sleep_run, &as);
	unsigned int n;

	(void)arg;
	started_set();
	for (n = 0; n < xt_ncpu(); n++)
		cpu_xcall(xt_cpu(n), &xc);
	cond_wait(&as.as_cond, "xcall");
	XT_EQ(XT_LOAD(&as.as_left), 0);
	started_check(1);
}

/* X-WAIT-1: broadcast, and sleep until all have done it. */
void
test_wait_all_sleep(void)
{
	int round;

	for (round = 0; round < 5; round++) {
		xt_on(0, all_sleep_from, NULL);
		xt_on(xt_ncpu() - 1, all_sleep_from, NULL);
	}
}

static void
all_spin_run(void *arg)
{
	unsigned int *left = arg;

	start_on_cpu();
	(void)XT_ADD(left, -1);
}

static void
all_spin_from(void *arg)
{
	unsigned int n, left = 0;	/* the calls' until it is 0 again */
	struct xcall xc = XCALL_INITIALIZER(all_spin_run, &left);

	(void)arg;
	started_set();
	for (n = 0; n < xt_ncpu(); n++) {
		XT_INC(&left);
		cpu_xcall(xt_cpu(n), &xc);
	}
	XT_WAIT(XT_LOAD(&left) == 0);
	started_check(1);
}

/* Broadcast, and spin until all have done it. */
void
test_wait_all_spin(void)
{
	xt_on(0, all_spin_from, NULL);
	xt_on(xt_ncpu() - 1, all_spin_from, NULL);
}

static unsigned int meet_here;

/* Nobody goes on before everybody has come. */
static void
meet_run(void *arg)
{
	(void)arg;
	XT_INC(&meet_here);
	XT_WAIT(XT_LOAD(&meet_here) == xt_ncpu());
	start_on_cpu();
}

static void
all_poll_from(void *arg)
{
	/* On this stack until all have started. */
	struct xcall xc = XCALL_INITIALIZER(meet_run, NULL);
	unsigned int n;
	int ipl;

	(void)arg;
	started_set();
	meet_here = 0;
	/* Its own call has to meet the others': it runs when all are posted. */
	ipl = splraise(IPL_SOFTCLOCK);
	for (n = 0; n < xt_ncpu(); n++)
		cpu_xcall(xt_cpu(n), &xc);
	splx(ipl);
	for (n = 0; n < xt_ncpu(); n++)
		XT_WAIT(XT_LOAD(&started[n]));
	started_check(1);
}

/*
 * Broadcast, and look at each CPU until it has done it.  The calls wait for
 * each other: they are on all CPUs at once, and not one after the other.
 */
void
test_wait_all_poll(void)
{
	xt_on(0, all_poll_from, NULL);
	xt_on(xt_ncpu() - 1, all_poll_from, NULL);
}
