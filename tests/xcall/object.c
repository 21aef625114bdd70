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
 * Who owns a call, and until when.
 */

#include "xcall_md.h"
#include "xtest.h"

/*
 * The same object twice, or more often, on one queue: it runs as often.
 */
void
test_object_twice(void)
{
	struct xt_park park;
	struct xt_note xn;		/* the calls' until they ran */
	int i;

	xt_note_set(&xn);
	xt_park(&park, 1, XT_INTROFF);
	for (i = 0; i < 5; i++)
		cpu_xcall(xt_cpu(1), &xn.xn_xc);
	XT_EQ(XT_QUEUED(xt_cpu(1)), 5);
	xt_unpark(&park);
	XT_WAIT(XT_LOAD(&xn.xn_ran) >= 5);
	XT_NOTE(&xn, 1, 5);
}

static void
twice_self(void *arg)
{
	struct xt_note *xn = arg;
	int ipl;

	xt_note_set(xn);
	ipl = splraise(IPL_SOFTCLOCK);
	cpu_xcall(curcpu(), &xn->xn_xc);
	cpu_xcall(curcpu(), &xn->xn_xc);
	splx(ipl);
	XT_NOTE(xn, xt_self(), 2);
}

/* And on the CPU's own. */
void
test_object_twice_self(void)
{
	struct xt_note xn;

	xt_on_each(twice_self, &xn);
}

static unsigned int shared_ran[XT_MAXCPU];

static void
shared_run(void *arg)
{
	unsigned int *total = arg;

	XT_INC(&shared_ran[xt_self()]);
	XT_INC(total);
}

/*
 * The same object on all queues at once, twice: each CPU runs it twice, and
 * nothing of it has changed.
 */
void
test_object_shared(void)
{
	unsigned int i, n, ncpu = xt_ncpu(), total = 0;
	/* The queues' until all have run; guarded on both sides. */
	struct {
		unsigned long	before;
		struct xcall	xc;
		unsigned long	after;
	} object, copy;

	for (n = 0; n < ncpu; n++)
		shared_ran[n] = 0;
	object.before = 0x5a5a5a5aUL;
	object.after = 0xa5a5a5a5UL;
	cpu_xcall_set(&object.xc, shared_run, &total);
	copy = object;
	for (i = 0; i < 2; i++) {
		for (n = 0; n < ncpu; n++)
			cpu_xcall(xt_cpu(n), &object.xc);
	}
	XT_WAIT(XT_LOAD(&total) == 2 * ncpu);
	for (n = 0; n < ncpu; n++)
		XT_EQ(shared_ran[n], 2);
	XT_EQ(object.before, copy.before);
	XT_EQ(object.xc.xc_func, copy.xc.xc_func);
	XT_EQ(object.xc.xc_arg, copy.xc.xc_arg);
	XT_EQ(object.after, copy.after);
}

/* Static: the calls are each other's, and no thread waits for one. */
static struct relay {
	struct xcall	r_xc;
	unsigned int	r_left;
	unsigned int	r_bad;
} relay;

static void
relay_poison(void *arg)
{
	(void)arg;
	XT_INC(&relay.r_bad);
}

/* The object is this function's now: to overwrite, and to use again. */
static void
relay_run(void *arg)
{
	if (arg != &relay)
		XT_INC(&relay.r_bad);
	cpu_xcall_set(&relay.r_xc, relay_poison, NULL);
	if (relay.r_left == 0)
		return;
	cpu_xcall_set(&relay.r_xc, relay_run, &relay);
	XT_STORE(&relay.r_left, relay.r_left - 1);
	cpu_xcall(xt_cpu((xt_self() + 1) % xt_ncpu()), &relay.r_xc);
}

/*
 * A function may overwrite its object, and post it again, to the next CPU:
 * dispatch does not touch it any more.
 */
void
test_object_relay(void)
{
	unsigned int n;

	relay.r_left = 20 * xt_ncpu();
	relay.r_bad = 0;
	cpu_xcall_set(&relay.r_xc, relay_run, &relay);
	cpu_xcall(xt_cpu(xt_ncpu() - 1), &relay.r_xc);
	XT_WAIT(XT_LOAD(&relay.r_left) == 0);
	for (n = 0; n < xt_ncpu(); n++)
		XT_WAIT(XT_QUEUED(xt_cpu(n)) == 0);
	XT_EQ(XT_LOAD(&relay.r_bad), 0);
}

/* The call's, all of it, until f_done is set. */
struct freed {
	union {
		struct xcall	xc;
		unsigned long	words[sizeof(struct xcall) / sizeof(long)];
	}		f_object;
	unsigned int	f_done;
};

static void
freed_scribble(struct freed *f, unsigned long with)
{
	unsigned int i;

	for (i = 0; i < sizeof(struct xcall) / sizeof(long); i++)
		f->f_object.words[i] = with;
}

/* What free() and the next owner of the memory would do to it. */
static void
freed_run(void *arg)
{
	struct freed *f = arg;

	freed_scribble(f, 0);
	XT_STORE(&f->f_done, 1);
}

/*
 * A function may free its object, and its caller leave the stack it was on,
 * as soon as the function tells.
 */
void
test_object_freed(void)
{
	struct freed f;
	unsigned int i, n;

	for (n = 0; n < xt_ncpu(); n++) {
		for (i = 0; i < 10; i++) {
			f.f_done = 0;
			cpu_xcall_set(&f.f_object.xc, freed_run, &f);
			cpu_xcall(xt_cpu(n), &f.f_object.xc);
			XT_WAIT(XT_LOAD(&f.f_done));
			freed_scribble(&f, ~0UL);
		}
	}
}

#define FORGET	50

/* Static: nobody waits for them but the test, at its end. */
static struct xcall forget_xc[FORGET];
static unsigned int forget_ran;

static void
forget_run(void *arg)
{
	(void)arg;
	XT_INC(&forget_ran);
}

static void
forget_post(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < FORGET; i++)
		cpu_xcall(xt_cpu((xt_self() + i) % xt_ncpu()), &forget_xc[i]);
}

/* Fire and forget, from a thread that has ended when they run. */
void
test_object_forget(void)
{
	int i;

	forget_ran = 0;
	for (i = 0; i < FORGET; i++)
		cpu_xcall_set(&forget_xc[i], forget_run, NULL);
	xt_on(0, forget_post, NULL);
	xt_on(xt_ncpu() - 1, forget_post, NULL);
	XT_WAIT(XT_LOAD(&forget_ran) == 2 * FORGET);
}
