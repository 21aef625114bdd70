/*
 * Copyright (c) 2026 the portkit authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES.
 */

/* md_point(), and what is done while the other CPUs start. */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "synch.h"
#include "hook/hook.h"

#define XTEST(_name, _mincpus, _clauses)				\
	{ "hook." #_name, (_mincpus), (_clauses), test_##_name },
const struct xtest hook_tests[] = {
#include "hook/list.h"
	{ NULL, 0, NULL, NULL }
};
#undef XTEST

enum { FREE, ARMED, RUNS, DONE };
static struct {
	const char	 *h_point;
	struct cpu_info	 *h_ci;
	int		(*h_func)(void *);
	void		 *h_arg;
	unsigned int	  h_state;	/* [a] stored last */
} hooks[NHOOK];

static void	start_point(const char *);

void
md_point(const char *name)
{
	struct cpu_info *ci = curcpu();
	unsigned int i, armed;

	start_point(name);
	for (i = 0; i < NHOOK; i++) {
		if (XT_LOAD(&hooks[i].h_state) != ARMED ||
		    hooks[i].h_ci != ci || strcmp(hooks[i].h_point, name) != 0)
			continue;
		armed = ARMED;
		if (!atomic_cas(&hooks[i].h_state, &armed, RUNS))
			continue;
		XT_STORE(&hooks[i].h_state,
		    (*hooks[i].h_func)(hooks[i].h_arg) ? DONE : ARMED);
	}
}

void
hook_arm(unsigned int i, const char *point, unsigned int cpu,
    int (*func)(void *), void *arg)
{
	KASSERT(hooks[i].h_state == FREE);
	hooks[i].h_point = point;
	hooks[i].h_ci = xt_cpu(cpu);
	hooks[i].h_func = func;
	hooks[i].h_arg = arg;
	XT_STORE(&hooks[i].h_state, ARMED);
}

int
hook_done(unsigned int i)
{
	return (XT_LOAD(&hooks[i].h_state) == DONE);
}

int
hook_disarm(unsigned int i)
{
	unsigned int armed;

	for (;;) {
		armed = ARMED;
		if (atomic_cas(&hooks[i].h_state, &armed, FREE))
			return (0);
		if (armed == DONE) {
			XT_STORE(&hooks[i].h_state, FREE);
			return (1);
		}
		CPU_BUSY_CYCLE();
	}
}

static int
duet_hook(void *arg)
{
	struct duet *du = arg;

	if (du->du_when != NULL && !(*du->du_when)())
		return (0);
	XT_STORE(&du->du_go, 1);
	XT_WAIT_DO(XT_LOAD(&du->du_done), "another CPU, at a point",
	    CPU_BUSY_CYCLE());
	return (1);
}

static void
duet_thread(void *arg)
{
	struct duet *du = arg;

	XT_WAIT_DO(XT_LOAD(&du->du_go), du->du_point, xt_yield());
	(*du->du_act)();
	XT_STORE(&du->du_done, 1);
}

void
duet_begin(struct duet *du, const char *point, unsigned int cpu,
    unsigned int other, int (*when)(void), void (*act)(void))
{
	du->du_point = point;
	du->du_when = when;
	du->du_act = act;
	du->du_go = du->du_done = 0;
	hook_arm(0, point, cpu, duet_hook, du);
	xt_thread(other, duet_thread, du);
}

void
duet_end(struct duet *du)
{
	XT_WAIT_DO(hook_done(0), du->du_point, xt_yield());
	hook_disarm(0);
}

unsigned int
hook_rung(void)
{
	unsigned int n, rung = 0;

	for (n = 0; n < xt_ncpu(); n++)
		rung += XT_LOAD(&xt_cpu(n)->ci_xcall.xci_rung);
	return (rung);
}

/*
 * The start.  Each CPU that starts waits in cpu_hatch() for all the others,
 * so that they are there at the same time; and asks the boot CPU to call it
 * before it runs, and after.  Nothing fails here: the test looks later.
 */
#define START_OTHERS	2	/* seconds, for CPUs that may not come */
#define START_BOOT	20	/* for the boot CPU, which does */

static struct started {
	uintptr_t	st_stack;
	struct xcall	st_ask;		/* to the boot CPU */
	struct xcall	st_call;	/* from there */
	unsigned int	st_asked;	/* [a] times the boot CPU has tried */
	int		st_error[2];	/* what it got */
	int		st_early;	/* the call had run at once */
	unsigned int	st_ran;		/* [a] */
} started[MAXCPUS];
static unsigned int started_at;		/* [a] CPUs in cpu_hatch() */

static void
start_wait(const unsigned int *what, unsigned int n, unsigned int seconds)
{
	uint64_t since = md_clock_read();

	while (XT_LOAD(what) < n) {
		if (md_clock_read() - since > seconds * md_clock_hz)
			return;
		CPU_BUSY_CYCLE();
	}
}

static void
start_ran(void *arg)
{
	struct started *st = arg;

	if (st == &started[curcpu()->ci_cpuid])
		XT_INC(&st->st_ran);
}

/* On the boot CPU, which waits for the one that starts. */
static void
start_asked(void *arg)
{
	struct started *st = arg;

	st->st_error[st->st_asked] = cpu_xcall_try(cpu_infos[st - started],
	    &st->st_call);
	XT_INC(&st->st_asked);
}

static void
start_ask(struct started *st, unsigned int times)
{
	cpu_xcall_set(&st->st_call, start_ran, st);
	cpu_xcall_set(&st->st_ask, start_asked, st);
	if (cpu_xcall_try(&cpu_info_primary, &st->st_ask) == 0)
		start_wait(&st->st_asked, times, START_BOOT);
}

static void
start_point(const char *name)
{
	struct cpu_info *ci = curcpu();
	struct started *st = &started[ci->ci_cpuid];

	if (CPU_IS_PRIMARY(ci))
		return;
	if (strcmp(name, "hatch") == 0) {
		st->st_stack = md_frame();
		XT_INC(&started_at);
		start_wait(&started_at, ncpus - 1, START_OTHERS);
	} else if (strcmp(name, "ready") == 0) {
		start_ask(st, 1);
	} else if (strcmp(name, "online") == 0) {
		start_ask(st, 2);
		st->st_early = XT_LOAD(&st->st_ran);
	}
}

static void
start_stacks(const struct started *a, const struct started *b)
{
	uintptr_t apart = a->st_stack > b->st_stack ?
	    a->st_stack - b->st_stack : b->st_stack - a->st_stack;

	if (apart < KSTACK_SIZE)
		xt_fail(__FILE__, __LINE__, "SMP-3: cpu%zu and cpu%zu began "
		    "on one stack, at 0x%lx and 0x%lx", a - started,
		    b - started, a->st_stack, b->st_stack);
}

/* The last CPU may be on its way from there, and is called and called for. */
void
hook_started(void)
{
	unsigned int n;

	for (n = 1; n < ncpus; n++)
		XT_WAIT(XT_LOAD(&started[n].st_ran) != 0);
}

/*
 * SMP-3, X-CPU-3: all CPUs in cpu_hatch() at once, on stacks of their own.
 * Set up, but not running yet: a call is refused.  Running: it is accepted,
 * waits for the level, and runs once.
 */
void
test_hook_start(void)
{
	unsigned int i, n;
	struct started *st;

	for (n = 1; n < ncpus; n++) {
		st = &started[n];
		for (i = 1; i < n; i++)
			start_stacks(st, &started[i]);
		XT_EQ(XT_LOAD(&st->st_asked), 2);
		XT_EQ(st->st_error[0], ENXIO);
		XT_EQ(st->st_error[1], 0);
		XT_EQ(st->st_early, 0);
		hook_started();
		XT_EQ(XT_LOAD(&st->st_ran), 1);
	}
	XT_EQ(XT_LOAD(&started_at), ncpus - 1);
}
