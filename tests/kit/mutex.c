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
 * Mutexes.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"
#include "kit/kit.h"

static struct mutex count_mtx;
static unsigned long count;		/* count_mtx */
static unsigned int count_in;		/* count_mtx */
static unsigned long count_rounds;

static void
count_run(void *arg)
{
	unsigned long i;

	(void)arg;
	for (i = 0; i < count_rounds; i++) {
		mtx_enter(&count_mtx);
		if (count_in++ != 0)
			XT_CHECK(!"two at a time");
		count++;
		count_in--;
		mtx_leave(&count_mtx);
	}
}

/* One at a time: 10,000 from each CPU, and none is lost. */
void
test_mutex_count(void)
{
	unsigned int n;

	mtx_init(&count_mtx, IPL_HIGH);
	count = count_in = 0;
	count_rounds = xt_ncpu() <= 8 ? 10000 : 80000 / xt_ncpu();
	for (n = 0; n < xt_ncpu(); n++)
		xt_thread(n, count_run, NULL);
	xt_join();
	XT_EQ(count, count_rounds * xt_ncpu());
	XT_CHECK(!mtx_owned(&count_mtx));
}

static void
level_run(void *arg)
{
	struct mutex a = MUTEX_INITIALIZER(IPL_BIO);
	struct mutex b = MUTEX_INITIALIZER(IPL_VM);

	(void)arg;
	mtx_enter(&a);
	XT_EQ(xt_level(), IPL_BIO);
	XT_CHECK(mtx_owned(&a));
	mtx_enter(&b);
	XT_EQ(xt_level(), IPL_VM);
	kit_pend(IPL_BIO);
	mtx_leave(&b);
	XT_EQ(xt_level(), IPL_BIO);
	XT_EQ(kit_ran.xl_n, 0);
	mtx_leave(&a);
	KIT_RAN(RAN_SOURCE(IPL_BIO));
	XT_EQ(xt_level(), IPL_NONE);
	XT_CHECK(!mtx_owned(&a));
	XT_CHECK(xt_intr());
}

/* The level is raised while it is held, and what waited runs afterwards. */
void
test_mutex_level(void)
{
	xt_log_set(&kit_ran);
	xt_on_each(level_run, NULL);
}

static void
shared_call(void *arg)
{
	XT_EQ(mtx_owned(&count_mtx), 0);
	mtx_enter(&count_mtx);
	++*(unsigned long *)arg;
	mtx_leave(&count_mtx);
}

static void
shared_run(void *arg)
{
	struct xcall xc = XCALL_INITIALIZER(shared_call, arg);
	unsigned int i, n = xt_ncpu();
	struct xt_note xn;		/* the calls' until they ran */

	for (i = 0; i < 200; i++) {
		mtx_enter(&count_mtx);
		/* Not cpu_xcall(): were it to wait, calls would run here. */
		if (cpu_xcall_try(curcpu(), &xc) == EAGAIN)
			++*(unsigned long *)arg;
		++*(unsigned long *)arg;
		mtx_leave(&count_mtx);
		cpu_xcall(xt_cpu((xt_self() + 1) % n), &xc);
	}
	/* First in, first out: with this one all before have run. */
	xt_note_set(&xn);
	cpu_xcall(xt_cpu((xt_self() + 1) % n), &xn.xn_xc);
	XT_WAIT(XT_LOAD(&xn.xn_ran));
}

/* A mutex of IPL_SOFTCLOCK keeps calls out; calls and threads share it. */
void
test_mutex_call(void)
{
	unsigned int n;

	mtx_init(&count_mtx, IPL_SOFTCLOCK);
	count = 0;
	for (n = 0; n < xt_ncpu(); n++)
		xt_thread(n, shared_run, &count);
	xt_join();
	XT_EQ(count, 600UL * xt_ncpu());
}

static void
again_run(void *arg)
{
	mtx_enter(arg);
	XT_CHECK(mtx_owned(arg));
	mtx_enter(arg);
}

static unsigned int holder_in, holder_go;	/* [a] */

static void
holder_run(void *arg)
{
	mtx_enter(arg);
	XT_STORE(&holder_in, 1);
	XT_WAIT(XT_LOAD(&holder_go));
	mtx_leave(arg);
}

static void
try_run(void *arg)
{
	int level;

	XT_EQ(mtx_enter_try(arg), 0);
	level = xt_level();
	if (level != IPL_NONE)
		xt_fail(__FILE__, __LINE__, "SPL-1: a CPU that waits for a "
		    "mutex holds calls back, at level %d", level);
	splx(IPL_NONE);
	XT_STORE(&holder_go, 1);
}

/* A mutex that another CPU holds: the level is not raised while it waits. */
void
test_mutex_held(void)
{
	struct mutex mtx = MUTEX_INITIALIZER(IPL_HIGH);

	XT_STORE(&holder_in, 0);
	XT_STORE(&holder_go, 0);
	xt_thread(1, holder_run, &mtx);
	XT_WAIT_YIELD(XT_LOAD(&holder_in));
	xt_thread(0, try_run, &mtx);
	xt_join();
	XT_EQ(mtx_enter_try(&mtx), 1);
	mtx_leave(&mtx);
}

/* Entered twice by one CPU: a panic, not a hang. */
void
test_mutex_again(void)
{
	struct mutex mtx = MUTEX_INITIALIZER(IPL_NET);

	XT_PANICS(xt_ncpu() - 1, again_run, &mtx, "MTX-1");
}

static void
stranger_run(void *arg)
{
	mtx_leave(arg);
}

/* MTX-2: left by a CPU that is not in it; in it is another, or nobody. */
void
test_mutex_stranger(void)
{
	static struct mutex mtx;

#ifndef DIAGNOSTIC
	xt_skip("it needs DIAGNOSTIC");
	return;
#endif
	mtx_init(&mtx, IPL_NONE);
	XT_PANICS(0, stranger_run, &mtx, "MTX-2");
	mtx_enter(&mtx);
	if (xt_ncpu() > 1)
		XT_PANICS(xt_ncpu() - 1, stranger_run, &mtx, "MTX-2");
	mtx_leave(&mtx);
}

static void
crossed_run(void *arg)
{
	struct mutex *mtx = arg;

	mtx_enter(&mtx[0]);
	mtx_enter(&mtx[1]);
	mtx_leave(&mtx[0]);
	mtx_leave(&mtx[1]);
}

static void
lowered_run(void *arg)
{
	struct mutex *mtx = arg;

	mtx_enter(&mtx[0]);
	splx(IPL_SOFTNET);
	mtx_leave(&mtx[0]);
}

/* MTX-3: the level drops while the CPU is in the mutex. */
void
test_mutex_crossed(void)
{
	struct mutex mtx[2];

#ifndef DIAGNOSTIC
	xt_skip("it needs DIAGNOSTIC");
	return;
#endif
	mtx_init(&mtx[0], IPL_BIO);
	mtx_init(&mtx[1], IPL_VM);
	XT_PANICS(xt_ncpu() - 1, crossed_run, mtx, "MTX-3");
	mtx_init(&mtx[0], IPL_BIO);
	XT_PANICS(0, lowered_run, mtx, "MTX-3");
}
