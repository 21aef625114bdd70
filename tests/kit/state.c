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
 * The state of the machine: what the registers of every CPU and its interrupt
 * controller hold when nothing goes on.  Looked at after every test.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"
#include "kit/kit.h"
#include "proof.h"

#define NSAME		64	/* registers that are the same everywhere */
#define NWRONG		4	/* shown at a time */
#define TRIES		1000

/* One look at a CPU; on the stack of the thread that looks. */
struct proof {
	unsigned int	 p_nsame;
	unsigned int	 p_nwrong;
	struct {
		const char	*w_name;
		uint64_t	 w_have, w_want;
	}		 p_wrong[NWRONG];
};

/* As the boot CPU had them before the first test. */
static struct {
	const char	*s_name;
	uint64_t	 s_value;
} same[NSAME];
static unsigned int nsame;
static int recording;

void
proof_must(struct proof *p, const char *name, uint64_t have, uint64_t want)
{
	unsigned int n = p->p_nwrong;

	if (have == want)
		return;
	p->p_nwrong++;
	if (n >= NWRONG)
		return;
	p->p_wrong[n].w_name = name;
	p->p_wrong[n].w_have = have;
	p->p_wrong[n].w_want = want;
}

void
proof_same(struct proof *p, const char *name, uint64_t have)
{
	unsigned int n = p->p_nsame++;

	KASSERT(n < NSAME);
	if (recording) {
		same[n].s_name = name;
		same[n].s_value = have;
		nsame = n + 1;
		return;
	}
	KASSERT(n < nsame && strcmp(same[n].s_name, name) == 0);
	proof_must(p, name, have, same[n].s_value);
}

static void
state_look(struct proof *p)
{
	unsigned long s;

	p->p_nsame = p->p_nwrong = 0;
	s = intr_disable();
	proof_state(curcpu(), p);
	intr_restore(s);
}

void
kit_state_init(void)
{
	struct proof p;

	recording = 1;
	state_look(&p);
	recording = 0;
}

/*
 * In a thread.  A wake-up or the clock may be pending at the moment of the
 * look: it is taken when interrupts go on, and so is gone with the next look.
 */
void
kit_state(void)
{
	struct proof p;
	unsigned int i;

	for (i = 0; i < TRIES; i++) {
		state_look(&p);
		if (p.p_nwrong == 0)
			return;
		CPU_BUSY_CYCLE();
	}
	for (i = 0; i < p.p_nwrong && i < NWRONG; i++)
		xt_fail(__FILE__, __LINE__, "SMP-2: %s is 0x%llx, should be "
		    "0x%llx", p.p_wrong[i].w_name,
		    (unsigned long long)p.p_wrong[i].w_have,
		    (unsigned long long)p.p_wrong[i].w_want);
}

/*
 * The lowest word of every thread's stack: written once, and never again by
 * anybody.  No thread comes or goes meanwhile.
 */
void
kit_stacks(void)
{
	const struct thread *t;
	uintptr_t *low;

	for (t = threads; t != NULL; t = t->t_all) {
		low = (uintptr_t *)t->t_stack;
		if (*low == 0)
			*low = ~t->t_stack;
		if (*low != ~t->t_stack)
			xt_fail(__FILE__, __LINE__, "MEM-2: the stack of "
			    "thread %s at 0x%lx has been used to its end, or "
			    "belongs to another", t->t_name != NULL ?
			    t->t_name : "none", t->t_stack);
	}
}

static void
idle_run(void *arg)
{
	(void)arg;
	kit_state();
}

/* SMP-2: each CPU is set up, and as the others are, when tests begin. */
void
test_state_idle(void)
{
	xt_on_each(idle_run, NULL);
	XT_CHECK(nsame > 0);
}
