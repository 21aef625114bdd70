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
 * A call on its way from one CPU to another, and a third CPU, or the same
 * one, that does something at each point of it.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "synch.h"
#include "hook/hook.h"

#define TARGET	1
#define SENDER	2
#define ACTOR	3

/*
 * The first call, A, is the sender's; the actor posts the others.  They are
 * the target's until it has logged them.
 */
static struct xt_log log;
static struct xt_step steps[XCALL_NSLOT + 1];
static unsigned int tail;		/* of the target, before A */
static unsigned int expect, rings;	/* calls, and doorbells */
static unsigned int thread_ran;		/* [a] on the target */
static unsigned int spin_in, spin_end;	/* [a] */

static void
calls_set(unsigned int target)
{
	unsigned int i;

	hook_started();
	xt_log_set(&log);
	for (i = 0; i < nitems(steps); i++)
		xt_step_set(&steps[i], &log, i);
	XT_STORE(&tail, xt_cpu(target)->ci_xcall.xci_tail);
	expect = 1;
	rings = 1;
	thread_ran = spin_in = spin_end = 0;
}

/* Is A on its way, or has it run? */
static int
when_posted(void)
{
	struct cpu_info *ci = xt_cpu(TARGET);

	return (XT_QUEUED(ci) != 0 || ci->ci_xcall.xci_tail != tail);
}

static void
thread_run(void *arg)
{
	(void)arg;
	XT_INC(&thread_ran);
}

/* Another call, with a doorbell if there was none left; and a thread. */
static void
act_post(void)
{
	if (XT_QUEUED(xt_cpu(TARGET)) == 0)
		rings++;
	cpu_xcall(xt_cpu(TARGET), &steps[expect++].xs_xc);
	xt_thread(TARGET, thread_run, NULL);
}

/* Fills what is left of the queue; nothing rings. */
static void
act_fill(void)
{
	while (expect < nitems(steps) && cpu_xcall_try(xt_cpu(TARGET),
	    &steps[expect].xs_xc) == 0)
		expect++;
	XT_EQ(expect, XCALL_NSLOT);
}

static void
send_run(void *arg)
{
	(void)arg;
	cpu_xcall(xt_cpu(TARGET), &steps[0].xs_xc);
}

static void
send_two(void *arg)
{
	(void)arg;
	cpu_xcall(xt_cpu(TARGET), &steps[0].xs_xc);
	cpu_xcall(xt_cpu(TARGET), &steps[1].xs_xc);
}

/* Without a clock: what is left pending is not replayed by its tick. */
static void
spin_run(void *arg)
{
	(void)arg;
	md_clock_arm(md_clock_hz * 3600);
	XT_STORE(&spin_in, 1);
	XT_WAIT_DO(XT_LOAD(&spin_end), "a call, and no clock",
	    md_clock_arm(md_clock_hz * 3600));
	md_clock_arm(md_clock_hz / HZ);
}

/* One call past one point, with what the actor does there. */
static void
call_past(const char *point, unsigned int cpu, void (*act)(void), int idle)
{
	unsigned int rung;
	struct duet du;

	calls_set(TARGET);
	if (!idle) {
		xt_thread(TARGET, spin_run, NULL);
		XT_WAIT_YIELD(XT_LOAD(&spin_in));
	}
	rung = hook_rung();
	duet_begin(&du, point, cpu, ACTOR, when_posted, act);
	xt_thread(SENDER, send_run, NULL);
	duet_end(&du);
	XT_WAIT_DO(XT_LOAD(&log.xl_n) >= expect, point, xt_yield());
	XT_STORE(&spin_end, 1);
	xt_join();
	if (log.xl_n != expect || hook_rung() - rung != rings)
		xt_fail(__FILE__, __LINE__, "X-SOFT-2: a call posted at the "
		    "point '%s': %u calls ran, not %u; %u doorbells, not %u",
		    point, log.xl_n, expect, hook_rung() - rung, rings);
	XT_LOG(&log, expect);
	XT_EQ(XT_LOAD(&thread_ran), act == act_post);
}

static const char *const target_points[] = { "vector", "pend", "eoi", "soft",
    "taken", "call", "return", "ended", "last", "leave" };
static const char *const sender_points[] = { "reserved", "published",
    "doorbell" };

/*
 * X-SOFT-2, X-IPI-1: wherever the target is with a call, a second one that is
 * posted then runs after it, once, and there are as many doorbells as the
 * queue went from empty to not; and a thread that is made to run there does.
 */
void
test_hook_target(void)
{
	unsigned int i;

	for (i = 0; i < nitems(target_points); i++)
		call_past(target_points[i], TARGET, act_post, 0);
}

/*
 * X-SOFT-2: a call posted while one of two runs: nobody rings for it, and the
 * dispatch was not to run it.
 */
void
test_hook_target_more(void)
{
	struct xt_park park;
	unsigned int rung;
	struct duet du;

	calls_set(TARGET);
	expect = 2;
	xt_park(&park, TARGET, XT_INTROFF);
	rung = hook_rung();
	xt_thread(SENDER, send_two, NULL);
	XT_WAIT_YIELD(XT_QUEUED(xt_cpu(TARGET)) == 2);
	duet_begin(&du, "call", TARGET, ACTOR, when_posted, act_post);
	xt_unpark(&park);
	duet_end(&du);
	XT_WAIT_DO(XT_LOAD(&log.xl_n) >= 3, "X-SOFT-2: a call posted while "
	    "one of two runs", xt_yield());
	xt_join();
	XT_LOG(&log, 3);
	XT_EQ(hook_rung() - rung, 1);
}

/* The same wherever the sender is: its doorbell is for both calls. */
void
test_hook_sender(void)
{
	unsigned int i;

	for (i = 0; i < nitems(sender_points); i++) {
		call_past(sender_points[i], SENDER, act_post, 0);
		call_past(sender_points[i], SENDER, act_post, 1);
	}
}

/* And for a whole queue. */
void
test_hook_sender_fill(void)
{
	unsigned int i;

	for (i = 0; i < nitems(sender_points); i++)
		call_past(sender_points[i], SENDER, act_fill, i & 1);
}

static unsigned int unp_entered, unp_go, unp_dispatch;	/* [a] */
static struct xcall unp_xc;

/* A call that keeps the target until there is a slot reserved and empty. */
static void
unp_run(void *arg)
{
	(void)arg;
	XT_STORE(&unp_entered, 1);
	XT_WAIT(XT_LOAD(&unp_go));
}

static int
unp_soft(void *arg)
{
	(void)arg;
	XT_STORE(&unp_dispatch, 1);
	return (1);
}

static void
unp_act(void)
{
	cpu_xcall(xt_cpu(TARGET), &steps[expect++].xs_xc);
	hook_arm(1, "soft", TARGET, unp_soft, NULL);
	XT_STORE(&unp_go, 1);
	/* The dispatch that meets the empty slot has begun. */
	XT_WAIT(XT_LOAD(&unp_dispatch));
	XT_EQ(XT_LOAD(&log.xl_n), 0);
}

static int
unp_when(void)
{
	return (XT_LOAD(&unp_entered));
}

/*
 * X-SOFT-2: a dispatch that meets a slot reserved and not published waits for
 * it: the call behind it does not overtake.
 */
void
test_hook_unpublished(void)
{
	struct duet du;

	calls_set(TARGET);
	unp_entered = unp_go = unp_dispatch = 0;
	cpu_xcall_set(&unp_xc, unp_run, NULL);
	cpu_xcall(xt_cpu(TARGET), &unp_xc);
	XT_WAIT(XT_LOAD(&unp_entered));
	duet_begin(&du, "reserved", SENDER, ACTOR, unp_when, unp_act);
	xt_thread(SENDER, send_run, NULL);
	duet_end(&du);
	XT_WAIT_YIELD(XT_LOAD(&log.xl_n) >= 2);
	xt_join();
	hook_disarm(1);
	XT_LOG(&log, 2);
}

static unsigned int met;		/* [a] */
static struct xcall meet_xc;

/* On the sender: waits for the call that it posted to the target. */
static void
meet_run(void *arg)
{
	(void)arg;
	XT_WAIT_DO(XT_LOAD(&log.xl_n) != 0, "X-SET-1: one of a set that has "
	    "been posted to runs the call, while another call runs here",
	    CPU_BUSY_CYCLE());
	XT_STORE(&met, 1);
}

static void
meet_act(void)
{
	cpu_xcall(xt_cpu(SENDER), &meet_xc);
}

static void
meet_send(void *arg)
{
	struct cpuset set;

	(void)arg;
	cpuset_clear(&set);
	cpuset_add(&set, xt_cpu(TARGET));
	cpu_xcall_many(&set, &steps[0].xs_xc);
}

/*
 * X-SET-1: no call runs on the sender between the posts to a set and its
 * doorbells; it might wait for one that has not been rung for.
 */
void
test_hook_many(void)
{
	struct duet du;

	calls_set(TARGET);
	met = 0;
	cpu_xcall_set(&meet_xc, meet_run, NULL);
	duet_begin(&du, "reserved", SENDER, ACTOR, when_posted, meet_act);
	xt_thread(SENDER, meet_send, NULL);
	duet_end(&du);
	XT_WAIT_YIELD(XT_LOAD(&met));
	xt_join();
	XT_LOG(&log, 1);
}

static unsigned int doorbells;		/* [a] of the sender, when counted */
static unsigned int first_rang, set_rang;	/* [a] */

static int
merge_count(void *arg)
{
	(void)arg;
	XT_INC(&doorbells);
	return (0);
}

/* At IPL_SOFTCLOCK: nothing else rings from here. */
static void
merge_send(void *arg)
{
	struct cpuset set;
	int s;

	(void)arg;
	cpuset_clear(&set);
	cpuset_add(&set, xt_cpu(TARGET));
	s = splraise(IPL_SOFTCLOCK);
	XT_STORE(&doorbells, 0);
	cpu_xcall(xt_cpu(TARGET), &steps[0].xs_xc);
	XT_STORE(&first_rang, XT_LOAD(&doorbells));
	cpu_xcall_many(&set, &steps[1].xs_xc);
	XT_STORE(&set_rang, XT_LOAD(&doorbells) - first_rang);
	splx(s);
}

/* X-RING-1: of a set only those are rung whose queue was empty. */
void
test_hook_many_merge(void)
{
	struct xt_park park;

	calls_set(TARGET);
	xt_park(&park, TARGET, XT_INTROFF);
	hook_arm(0, "doorbell", SENDER, merge_count, NULL);
	xt_thread(SENDER, merge_send, NULL);
	XT_WAIT_YIELD(XT_QUEUED(xt_cpu(TARGET)) == 2);
	xt_unpark(&park);
	xt_join();
	hook_disarm(0);
	XT_LOG(&log, 2);
	XT_EQ(XT_LOAD(&first_rang), 1);
	XT_EQ(XT_LOAD(&set_rang), 0);
}

static void
self_act(void)
{
	XT_EQ(XT_QUEUED(xt_cpu(TARGET)), 1);
	XT_EQ(XT_LOAD(&log.xl_n), 0);
	cpu_xcall(xt_cpu(TARGET), &steps[expect++].xs_xc);
}

static void
self_run(void *arg)
{
	(void)arg;
	cpu_xcall(curcpu(), &steps[0].xs_xc);
	XT_CHECK(XT_LOAD(&log.xl_n) >= 1);
}

/*
 * X-SPL-1: between a call to the CPU itself and the lowering of its level
 * another CPU posts: no doorbell is needed, both run, in order.
 */
void
test_hook_self(void)
{
	unsigned int rung;
	struct duet du;

	calls_set(TARGET);
	rung = hook_rung();
	duet_begin(&du, "self", TARGET, 0, when_posted, self_act);
	xt_thread(TARGET, self_run, NULL);
	duet_end(&du);
	XT_WAIT_YIELD(XT_LOAD(&log.xl_n) >= 2);
	xt_join();
	XT_LOG(&log, 2);
	XT_EQ(hook_rung() - rung, 0);
}

/* What the sender sends while the other one fills the queue before it. */
static struct xt_note full_notes[2 * XCALL_NSLOT + 1];
static struct xt_park full_park[2];
static unsigned int full_posted;	/* [a] */

static void
full_send(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i <= XCALL_NSLOT; i++) {
		cpu_xcall(xt_cpu(TARGET), &full_notes[i].xn_xc);
		XT_INC(&full_posted);
	}
}

static int
full_when(void)
{
	return (XT_LOAD(&full_posted) == XCALL_NSLOT &&
	    XT_QUEUED(xt_cpu(TARGET)) == XCALL_NSLOT);
}

/* The queue empties, and is full again before the sender looks. */
static void
full_act(void)
{
	unsigned int i;

	xt_unpark(&full_park[0]);
	xt_park(&full_park[1], TARGET, XT_INTROFF);
	XT_EQ(XT_QUEUED(xt_cpu(TARGET)), 0);
	for (i = XCALL_NSLOT + 1; i < 2 * XCALL_NSLOT + 1; i++)
		XT_EQ(cpu_xcall_try(xt_cpu(TARGET), &full_notes[i].xn_xc), 0);
}

/*
 * X-ROOM-1: one that waits for room, and a second sender that takes it all
 * away: the first waits on, and no call is lost.
 */
void
test_hook_full(void)
{
	unsigned int i, found;
	struct duet du;

	for (i = 0; i < nitems(full_notes); i++)
		xt_note_set(&full_notes[i]);
	full_posted = 0;
	xt_park(&full_park[0], TARGET, XT_INTROFF);
	duet_begin(&du, "full", SENDER, 0, full_when, full_act);
	xt_thread(SENDER, full_send, NULL);
	duet_end(&du);
	found = XT_LOAD(&xt_cpu(SENDER)->ci_xcall.xci_full);
	XT_WAIT_YIELD(XT_LOAD(&xt_cpu(SENDER)->ci_xcall.xci_full) != found);
	XT_EQ(XT_LOAD(&full_posted), XCALL_NSLOT);
	xt_unpark(&full_park[1]);
	xt_join();
	for (i = 0; i < nitems(full_notes); i++) {
		XT_WAIT(XT_LOAD(&full_notes[i].xn_ran));
		XT_NOTE(&full_notes[i], TARGET, 1);
	}
}

static void
lower_act(void)
{
	if (XT_QUEUED(xt_cpu(TARGET)) == 0)
		rings++;
	cpu_xcall(xt_cpu(TARGET), &steps[0].xs_xc);
}

/* Something is pending when the level drops, so there is a last look. */
static void
lower_run(void *arg)
{
	int ipl;

	(void)arg;
	ipl = splraise(IPL_TTY);
	kit_pend(IPL_BIO);
	XT_STORE(&spin_end, 1);
	splx(ipl);
	XT_WAIT_DO(XT_LOAD(&log.xl_n) == 1, "SPL-1: a call when the level "
	    "drops, and no clock", md_clock_arm(md_clock_hz * 3600));
	md_clock_arm(md_clock_hz / HZ);
	XT_EQ(xt_level(), IPL_NONE);
}

static int
lower_when(void)
{
	return (XT_LOAD(&spin_end));
}

/* SPL-1: a doorbell between the last look and the lower level is not lost. */
void
test_hook_lower(void)
{
	struct duet du;

	calls_set(TARGET);
	xt_log_set(&kit_ran);
	duet_begin(&du, "last", TARGET, 0, lower_when, lower_act);
	xt_thread(TARGET, lower_run, NULL);
	duet_end(&du);
	xt_join();
	XT_LOG(&log, 1);
	KIT_RAN(RAN_SOURCE(IPL_BIO));
}

static void
idle_act_thread(void)
{
	xt_thread(TARGET, thread_run, NULL);
}

/* The clock has stopped. */
static int
idle_when(void)
{
	return (!curcpu()->ci_ticking);
}

/*
 * IDLE-2: a thread that can run since the last look, and before the halt,
 * does.  No clock ticks on the CPU then: nothing else wakes it.
 */
void
test_hook_idle_thread(void)
{
	struct duet du;

	calls_set(TARGET);
	duet_begin(&du, "idle", TARGET, SENDER, idle_when, idle_act_thread);
	/* If it idles already: something to leave it for. */
	xt_thread(TARGET, thread_run, NULL);
	duet_end(&du);
	XT_WAIT_DO(XT_LOAD(&thread_ran) == 2, "IDLE-2: a thread of a CPU "
	    "about to halt", xt_yield());
	xt_join();
}

static unsigned int reg_calls, reg_round;	/* [a] */
static unsigned long reg_sum;
static struct xcall reg_xc;

static void
reg_call(void *arg)
{
	(void)arg;
	reg_sum += xt_churn(reg_calls, 1) + xt_churn_wide(reg_calls, 1);
	XT_INC(&reg_calls);
}

/* At the point: leave no register as it was. */
static int
reg_hook(void *arg)
{
	(void)arg;
	reg_sum += xt_churn(reg_sum, 1) + xt_churn_wide(reg_sum, 1);
	return (0);
}

static void
reg_run(void *arg)
{
	unsigned long right, wide, s;
	unsigned int wrong = 0;

	(void)arg;
	s = intr_disable();
	right = xt_churn(54321, 20);
	wide = xt_churn_wide(54321, 20);
	intr_restore(s);
	XT_STORE(&reg_round, 1);
	while (!XT_LOAD(&spin_end)) {
		wrong += xt_churn(54321, 20) != right;
		wrong += xt_churn_wide(54321, 20) != wide;
	}
	XT_EQ(wrong, 0);
}

/*
 * INTR-2, POINT-1: what a call interrupts finds its registers and flags, also
 * when a point on the way uses all of them.
 */
void
test_hook_registers(void)
{
	unsigned int i, n;

	calls_set(TARGET);
	reg_calls = reg_round = 0;
	cpu_xcall_set(&reg_xc, reg_call, NULL);
	xt_thread(TARGET, reg_run, NULL);
	XT_WAIT(XT_LOAD(&reg_round));
	for (i = 0; i < nitems(target_points); i++) {
		hook_arm(1, target_points[i], TARGET, reg_hook, NULL);
		for (n = 0; n < 30; n++) {
			cpu_xcall(xt_cpu(TARGET), &reg_xc);
			XT_WAIT(XT_LOAD(&reg_calls) == i * 30 + n + 1);
		}
		hook_disarm(1);
	}
	XT_STORE(&spin_end, 1);
	xt_join();
}
