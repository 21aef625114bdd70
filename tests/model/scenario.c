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
 * What the CPUs do, and what must be true of it.  A scenario is a function
 * for the thread of each CPU, and a table at the end; calls are A, B, C ...
 * Each is checked as it runs: its level, its CPU, its order after those that
 * the sender had posted before, that it runs as often as it was posted; and
 * it takes its object back by writing over it.
 *
 * A scenario runs with queues of 1, 2 and 4 slots; tests are called so.
 *
 * proves model post-1: X-ORDER-1
 * proves model post-2: X-ORDER-1 X-CALL-5 X-RING-1 X-SOFT-2 X-INTR-1 X-IPI-1
 * proves model senders-2: X-ORDER-1
 * proves model again-2: X-RING-1
 * proves model self-2: X-SELF-1 X-INTR-1
 * proves model self_call-2: X-ORDER-1
 * proves model rounds-2: X-TICK-1
 * proves model full_softclock-1: X-ROOM-1
 * proves model sync-2: X-WAIT-1
 * proves model many-2: X-ORDER-1
 */

#include <string.h>

#include "model.h"

enum { A, B, C, D, E, F, G, H };

static struct cpu_info *
ci(int cpu)
{
	return (&cpus[cpu].c_info);
}

static struct obj *
obj(int o)
{
	return (&global.g_obj[o]);
}

static void
stale(void *arg)
{
	(void)arg;
	machine_fail("calls a function from an object that was taken back");
}

static void
run(void *arg)
{
	struct obj *o = arg, *p;
	struct cpu *c = machine_cpu();
	int name = 'A' + (int)(o - global.g_obj);

	MODEL_AT;
	machine_trace("call %c runs", name);
	if (c->c_level != IPL_SOFTCLOCK && !o->o_sync)
		machine_fail("call %c runs at level %d", name, c->c_level);
	if (!c->c_intr)
		machine_fail("call %c runs with interrupts off", name);
	if (o->o_target >= 0 && c != &cpus[o->o_target])
		machine_fail("call %c of cpu%d runs here", name, o->o_target);
	for (p = global.g_obj; p < global.g_obj + NOBJ; p++) {
		if ((o->o_before >> (p - global.g_obj) & 1) != 0 &&
		    p->o_runs < p->o_posted)
			machine_fail("call %c overtakes call %c", name,
			    'A' + (int)(p - global.g_obj));
	}
	if (++o->o_runs > o->o_posted)
		machine_fail("call %c runs once more than it was posted",
		    name);
	if (!o->o_shared && !o->o_sync) {
		cpu_xcall_set(&o->o_xc, stale, NULL);
		o->o_begun = 1;
	}
	machine_point(NULL);
	if (o->o_action != NULL)
		(*o->o_action)(o);
	machine_trace("call %c ends", name);
}

/* Before posting: what must run first, and the object itself. */
static void
prepare(int target, int n)
{
	struct obj *o = obj(n), *p;
	struct cpu *c = machine_cpu();

	if (!o->o_shared) {
		o->o_begun = 0;
		o->o_sender = c->c_info.ci_num;
		o->o_target = target;
		for (p = global.g_obj; p < global.g_obj + NOBJ; p++) {
			if (p != o && p->o_returned && p->o_target == target &&
			    p->o_sender == o->o_sender)
				o->o_before |= 1U << (p - global.g_obj);
		}
		cpu_xcall_set(&o->o_xc, run, o);
	}
	o->o_posted++;
}

static void
post(int target, int n)
{
	prepare(target, n);
	MODEL_AT;
	machine_trace("cpu_xcall(cpu%d, call %c)", target, 'A' + n);
	cpu_xcall(ci(target), &obj(n)->o_xc);
	obj(n)->o_returned = !obj(n)->o_shared;
}

/* Returns whether it was queued. */
static int
try(int target, int n)
{
	int error;

	prepare(target, n);
	MODEL_AT;
	machine_trace("cpu_xcall_try(cpu%d, call %c)", target, 'A' + n);
	error = cpu_xcall_try(ci(target), &obj(n)->o_xc);
	MODEL_AT;
	machine_trace("cpu_xcall_try: %d", error);
	if (error != 0 && error != EAGAIN)
		machine_fail("cpu_xcall_try returns %d", error);
	if (error != 0)
		obj(n)->o_posted--;
	obj(n)->o_returned = error == 0 && !obj(n)->o_shared;
	return (error == 0);
}

/* It has run, and this CPU sees that it has: only for calls to oneself. */
static void
has_run(int n)
{
	MODEL_AT;
	if (obj(n)->o_runs != obj(n)->o_posted)
		machine_fail("cpu_xcall() to oneself, below IPL_SOFTCLOCK, has "
		    "returned and call %c has not run", 'A' + n);
}

void
scenario_quiet(void)
{
	struct xcall_cpu *xci;
	struct obj *o;
	struct cpu *c;
	int i;

	for (o = global.g_obj; o < global.g_obj + NOBJ; o++) {
		if (o->o_runs != o->o_posted)
			machine_fail("all is quiet, and call %c has run %d "
			    "times and not %d: lost", 'A' + (int)(o -
			    global.g_obj), o->o_runs, o->o_posted);
	}
	for (c = cpus; c < cpus + scn->s_ncpu; c++) {
		if (!c->c_done)
			machine_fail("all is quiet, and the thread of cpu%d "
			    "has not ended", c->c_info.ci_num);
		xci = &c->c_info.ci_xcall;
		if (XCALL_USED(xci->xci_ends) != 0)
			machine_fail("all is quiet, and the queue of cpu%d is "
			    "not empty", c->c_info.ci_num);
		for (i = 0; i < XCALL_NSLOT; i++) {
			if (xci->xci_slots[i] != NULL)
				machine_fail("slot %d of cpu%d is not empty",
				    i, c->c_info.ci_num);
		}
		if (xci->xci_depth != 0 || c->c_soft || c->c_reserved >= 0)
			machine_fail("cpu%d: depth %u, pending %d",
			    c->c_info.ci_num, xci->xci_depth, c->c_soft);
	}
	if (scn->s_end != NULL)
		(*scn->s_end)();
}

void
scenario_setup(void)
{
	int i;

	for (i = 0; i < NOBJ; i++)
		obj(i)->o_target = -1;
	if (scn->s_setup != NULL)
		(*scn->s_setup)();
}

/* post: a thread posts more than there is room for; cpu1 idles at first. */
static void
post_three(void)
{
	post(1, A);
	post(1, B);
	post(1, C);
}

/* cross: both post to each other. */
static void
cross0(void)
{
	post(1, A);
	post(1, B);
}

static void
cross1(void)
{
	post(0, C);
	post(0, D);
}

/* senders: two CPUs post to the third. */
static void
senders0(void)
{
	post(2, A);
	post(2, B);
}

static void
senders1(void)
{
	post(2, C);
}

/*
 * full_softclock: each holds IPL_SOFTCLOCK and posts more to the other than
 * there is room for.
 */
static void
more(int target, int first)
{
	int i, s;

	s = splraise(IPL_SOFTCLOCK);
	for (i = 0; i < XCALL_NSLOT + 1; i++)
		post(target, first + i);
	splx(s);
}

static void
more_1(void)
{
	more(1, A);
}

static void
more_0(void)
{
	more(0, E);
}

/* full_call: the same inside calls. */
static void
more_action(struct obj *o)
{
	int i, first = (int)(o - global.g_obj) + 1;

	for (i = 0; i < XCALL_NSLOT + 1; i++)
		post(1 - machine_cpu()->c_info.ci_num, first + i);
}

static void
full_call_setup(void)
{
	obj(A)->o_action = more_action;
	obj(E)->o_action = more_action;
}

static void
full_call0(void)
{
	post(1, A);
}

static void
full_call1(void)
{
	post(0, E);
}

/* self: from all three rows of the table, while cpu1 posts as well. */
static void
self0(void)
{
	unsigned long s;
	int ipl;

	post(0, A);
	has_run(A);
	ipl = splraise(IPL_SOFTCLOCK);
	post(0, B);
	splx(ipl);
	has_run(B);
	s = intr_disable();
	if (!try(0, C) && XCALL_NSLOT > 1)
		machine_fail("%s", "no room for a call to oneself");
	intr_restore(s);
	has_run(C);
}

static void
self1(void)
{
	post(0, D);
}

/* self_call: calls that post to their own CPU, into a full queue too. */
static void
self_action(struct obj *o)
{
	if (o == obj(A)) {
		post(0, B);
		post(0, C);
		post(0, D);
	} else if (o == obj(C))
		post(0, F);
}

static void
self_call_setup(void)
{
	obj(A)->o_action = self_action;
	obj(C)->o_action = self_action;
}

static void
self_call0(void)
{
	post(0, A);
	has_run(A);
}

static void
self_call1(void)
{
	post(0, E);
}

/* handler: a device interrupt posts, wherever it comes. */
static void
handler_dev(void)
{
	try(0, E);
	try(1, F);
}

static void
handler0(void)
{
	post(1, A);
	post(0, B);
	has_run(B);
}

static void
handler1(void)
{
	post(0, C);
}

/* again: the queue runs empty between, so each post must ring. */
static void
again_action(struct obj *o)
{
	(void)o;
	__atomic_store_n(&global.g_atom[0], 1, __ATOMIC_RELEASE);
}

static void
again_setup(void)
{
	obj(A)->o_action = again_action;
}

static void
again0(void)
{
	post(1, A);
	while (__atomic_load_n(&global.g_atom[0], __ATOMIC_ACQUIRE) == 0)
		CPU_BUSY_CYCLE();
	/* Its function has run, and it is this CPU's again. */
	obj(A)->o_action = NULL;
	post(1, A);
	post(1, B);
}

/* many: a broadcast, one CPU of the set busy with calls of its own. */
static void
many(int first)
{
	struct cpuset set;
	int i;

	cpuset_clear(&set);
	for (i = 0; i < scn->s_ncpu; i++)
		cpuset_add(&set, ci(i));
	obj(first)->o_shared = 0;
	prepare(-1, first);
	obj(first)->o_shared = 1;
	obj(first)->o_posted = scn->s_ncpu;
	MODEL_AT;
	machine_trace("cpu_xcall_many(all, call %c)", 'A' + first);
	cpu_xcall_many(&set, &obj(first)->o_xc);
}

static void
many0(void)
{
	many(A);
}

static void
many1(void)
{
	many(B);
}

static void
many_post1(void)
{
	post(0, C);
}

static void
many_dev(void)
{
	try(1, D);
}

/* sync: both sleep until the other has run a function. */
static void
sync_func(void *arg)
{
	global.g_atom[(uintptr_t)arg]++;
	run(obj((int)(uintptr_t)arg));
}

static void
sync(int target, int n)
{
	obj(n)->o_sync = 1;
	obj(n)->o_posted++;
	obj(n)->o_target = target;
	MODEL_AT;
	machine_trace("cpu_xcall_sync(cpu%d, call %c)", target, 'A' + n);
	cpu_xcall_sync(ci(target), sync_func, (void *)(uintptr_t)n, "model");
	machine_stackcall_end();
	MODEL_AT;
	machine_trace("cpu_xcall_sync(cpu%d, call %c) is back", target,
	    'A' + n);
	if (obj(n)->o_runs != obj(n)->o_posted)
		machine_fail("cpu_xcall_sync() is back, and its function has "
		    "not run");
}

static void
sync0(void)
{
	sync(1, A);
	sync(1, B);
}

static void
sync1(void)
{
	sync(0, C);
}

static void
sync_self(void)
{
	sync(0, A);
	sync(1, B);
}

static void
sync_full1(void)
{
	post(0, C);
	post(1, D);
	sync(0, E);
}

/* try: never waits; what is refused is still the caller's. */
static void
try0(void)
{
	int s;

	s = splraise(IPL_HIGH);
	(void)try(1, A);
	(void)try(1, B);
	(void)try(1, C);
	splx(s);
}

static void
try1(void)
{
	unsigned long s;

	s = intr_disable();
	(void)try(0, D);
	intr_restore(s);
	(void)try(1, E);
}

/* rounds: a call that posts itself until the thread has had its turn. */
static void
rounds_action(struct obj *o)
{
	if (global.g_var[0] != 0)
		return;
	if (o->o_runs > 2 * (XCALL_ROUNDS + 2) + 2)
		machine_fail("a call that posts itself has run %d times with "
		    "one clock tick, and the thread has had no turn",
		    o->o_runs);
	post(0, (int)(o - global.g_obj));
}

static void
rounds_setup(void)
{
	obj(A)->o_action = rounds_action;
	obj(A)->o_shared = 1;
	obj(A)->o_target = 0;
}

static void
rounds0(void)
{
	cpu_xcall_set(&obj(A)->o_xc, run, obj(A));
	post(0, A);
	machine_point("the thread has its turn");
	global.g_var[0] = 1;
}

static void
rounds1(void)
{
	post(0, B);
}

/* wrap: the counts of slots run over. */
static void
wrap_setup(void)
{
	ci(1)->ci_xcall.xci_ends = -1U << XCALL_SHIFT;
	ci(1)->ci_xcall.xci_tail = -1U;
}

/* stopped: a CPU that does not run. */
static void
stopped_setup(void)
{
	ci(1)->ci_running = 0;
}

static void
stopped0(void)
{
	struct xcall xc = XCALL_INITIALIZER(stale, NULL);

	if (cpu_xcall_try(ci(1), &xc) != ENXIO)
		machine_fail("cpu_xcall_try() does not return ENXIO");
#ifndef DIAGNOSTIC
	cpu_xcall(ci(1), &xc);
	cpu_xcall_sync(ci(1), stale, NULL, "model");
#endif
}

static void
stopped_end(void)
{
#ifndef DIAGNOSTIC
	if (ci(1)->ci_xcall.xci_dropped != 2)
		machine_fail("%u calls dropped and not 2",
		    ci(1)->ci_xcall.xci_dropped);
#endif
}

#define ALL	(1 | 2 | 4)
#define BODY(...)	.s_body = { __VA_ARGS__ }

const struct scenario scenarios[] = {
	{ "post", ALL, 2, BODY(post_three) },
	{ "cross", ALL, 2, BODY(cross0, cross1) },
	{ "again", ALL, 2, BODY(again0), .s_setup = again_setup },
	{ "wrap", ALL, 2, BODY(post_three), .s_setup = wrap_setup },
	{ "self", ALL, 2, BODY(self0, self1) },
	{ "self_call", ALL, 2, BODY(self_call0, self_call1),
	    .s_setup = self_call_setup },
	{ "full_softclock", 1 | 2, 2, BODY(more_1, more_0), .s_deep = 2 },
	{ "full_call", 1, 2, BODY(full_call0, full_call1),
	    .s_setup = full_call_setup },
	{ "handler", ALL, 2, BODY(handler0), handler_dev },
	{ "handler_both", ALL, 2, BODY(handler0, handler1), handler_dev,
	    .s_deep = ALL },
	{ "many", ALL, 2, BODY(many0, many_post1) },
	{ "many_both", 1 | 2, 2, BODY(many0, many1) },
	{ "many_handler", ALL, 2, BODY(many0), many_dev },
	{ "sync", ALL, 2, BODY(sync0, sync1) },
	{ "sync_self", ALL, 2, BODY(sync_self) },
	{ "sync_full", 1 | 2, 2, BODY(sync0, sync_full1), .s_deep = ALL },
	{ "try", 1 | 2, 2, BODY(try0, try1) },
	{ "rounds", ALL, 2, BODY(rounds0, rounds1), .s_tick = 1,
	    .s_setup = rounds_setup },
	{ "stopped", ALL, 1, BODY(stopped0), .s_setup = stopped_setup,
	    .s_end = stopped_end },
	{ "senders", ALL, 3, BODY(senders0, senders1) },
	{ "many3", ALL, 3, BODY(many0), .s_deep = ALL },
	{ .s_name = NULL }
};
