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
 * Going to sleep, and what wakes coming in between.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "synch.h"
#include "hook/hook.h"

#define SLEEPER	1
#define WAKER	0

static const char *const sleep_points[] = { "waits", "looked", "setup",
    "finish" };

/* The thread on the CPU of the sleeper that is meant: [a]. */
static struct thread *sleeper;
static unsigned int woken, result;		/* [a] */
static struct cond cond;
static int chan;

static int
when_sleeper(void)
{
	return (curthread == XT_LOAD(&sleeper));
}

static void
cond_act(void)
{
	cond_signal(&cond);
}

static void
cond_run(void *arg)
{
	(void)arg;
	XT_STORE(&sleeper, curthread);
	cond_wait(&cond, "hook");
	XT_STORE(&sleeper, NULL);
	XT_INC(&woken);
}

/* X-WAIT-1: wherever the waiter is, a signal that comes there ends the wait. */
void
test_hook_cond(void)
{
	struct duet du;
	unsigned int i;

	woken = 0;
	for (i = 0; i < nitems(sleep_points); i++) {
		cond_init(&cond);
		duet_begin(&du, sleep_points[i], SLEEPER, WAKER, when_sleeper,
		    cond_act);
		xt_thread(SLEEPER, cond_run, NULL);
		duet_end(&du);
		XT_WAIT_DO(XT_LOAD(&woken) == i + 1, sleep_points[i],
		    xt_yield());
		xt_join();
	}
}

#define POISON	0x5a5a5a5a

static int
when_signaller(void)
{
	return (curthread == XT_LOAD(&sleeper));
}

/* The waiter sees the signal, and the cond is somebody else's. */
static void
signalled_act(void)
{
	cond_wait(&cond, "hook");
	XT_STORE(&cond.c_wait, POISON);
}

static void
signalled_run(void *arg)
{
	(void)arg;
	XT_STORE(&sleeper, curthread);
	cond_signal(&cond);
	XT_STORE(&sleeper, NULL);
}

/*
 * X-WAIT-1: after the waiter can see the signal the cond may be gone: it is
 * not touched any more.
 */
void
test_hook_signalled(void)
{
	struct duet du;

	cond_init(&cond);
	duet_begin(&du, "signalled", SLEEPER, WAKER, when_signaller,
	    signalled_act);
	xt_thread(SLEEPER, signalled_run, NULL);
	duet_end(&du);
	xt_join();
	XT_EQ(XT_LOAD(&cond.c_wait), POISON);
}

static void
wakeup_act(void)
{
	wakeup(&chan);
}

static void
wakeup_run(void *arg)
{
	(void)arg;
	XT_STORE(&sleeper, curthread);
	XT_STORE(&result, tsleep(&chan, "hook", 100 * HZ));
	XT_STORE(&sleeper, NULL);
	XT_INC(&woken);
}

/* THR-1: a wakeup between the announcement and the sleep ends it. */
void
test_hook_wakeup(void)
{
	struct duet du;

	woken = 0;
	duet_begin(&du, "finish", SLEEPER, WAKER, when_sleeper, wakeup_act);
	xt_thread(SLEEPER, wakeup_run, NULL);
	duet_end(&du);
	XT_WAIT_YIELD(XT_LOAD(&woken));
	xt_join();
	XT_EQ(result, 0);
}

/* Until the timeout has come; its handler runs on the boot CPU. */
static int
timeout_hook(void *arg)
{
	unsigned int since = XT_LOAD(&ticks);

	(void)arg;
	if (!when_sleeper())
		return (0);
	XT_WAIT(XT_LOAD(&ticks) - since > 3);
	XT_WAIT(XT_LOAD(&curthread->t_timeoutrun));
	return (1);
}

static void
timeout_run(void *arg)
{
	(void)arg;
	XT_STORE(&sleeper, curthread);
	XT_STORE(&result, tsleep(&chan, "hook", 1));
	XT_STORE(&sleeper, NULL);
	XT_INC(&woken);
}

/* CLK-2, THR-1: a time that runs out before the sleep begins ends it too. */
void
test_hook_timeout(void)
{
	woken = 0;
	hook_arm(0, "finish", SLEEPER, timeout_hook, NULL);
	xt_thread(SLEEPER, timeout_run, NULL);
	XT_WAIT_YIELD(XT_LOAD(&woken));
	xt_join();
	XT_EQ(hook_disarm(0), 1);
	XT_EQ(result, EWOULDBLOCK);
}
