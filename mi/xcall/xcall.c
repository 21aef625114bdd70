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
 * The queue of calls.  Each CPU has a ring of slots.  One word holds the next
 * slot to fill and the number of slots in use, so that reserving a slot,
 * learning that the ring is full and learning that it was empty are one
 * atomic step: exactly one sender sees the ring go from empty to non-empty,
 * and that one rings the doorbell.
 *
 * This file must not include anything of a kernel but xcall_md.h, must not
 * print, and must not allocate.
 */

#include "xcall_md.h"

/* One slot on, one more in use: small enough to be part of an instruction. */
#define XCALL_ONE	((1U << XCALL_SHIFT) + 1)
#define XCALL_FULL	(1U << XCALL_SHIFT)	/* slots in use: no room */

_Static_assert((XCALL_NSLOT & (XCALL_NSLOT - 1)) == 0 && XCALL_NSLOT <= 1024,
    "XCALL_NSLOT is no power of two, or too large");

void
cpu_xcall_establish(struct cpu_info *ci)
{
	struct xcall_cpu *xci = &ci->ci_xcall;
	unsigned int i;

	xci->xci_ends = 0;
	xci->xci_tail = 0;
	xci->xci_rounds = 0;
	xci->xci_depth = 0;
	xci->xci_dropped = 0;
	for (i = 0; i < XCALL_NSLOT; i++)
		xci->xci_slots[i] = NULL;
}

/*
 * Reserve a slot and publish the call in it.  Interrupts are off, so that no
 * handler of this CPU meets the slot reserved and not published, and waits
 * for itself.  Returns the number of slots that were in use, or XCALL_FULL,
 * and nothing done.
 */
static inline unsigned int
xcall_post(struct xcall_cpu *xci, struct xcall *xc)
{
	unsigned int ends, seen;

	do {
		seen = ends = atomic_load_relaxed(&xci->xci_ends);
		if ((ends & XCALL_NSLOT) != 0)	/* a power of two */
			return (XCALL_FULL);
		/* Acquire: the slot is empty; pairs with xcall_run(). */
	} while (__builtin_expect(!atomic_cas_acquire(&xci->xci_ends, &seen,
	    ends + XCALL_ONE), 0));

	XCALL_POINT("reserved");
	/* Release: *xc is complete; pairs with the load in xcall_run(). */
	atomic_store_release(&xci->xci_slots[XCALL_NEXT(ends) % XCALL_NSLOT],
	    xc);
	return (XCALL_USED(ends));
}

/*
 * Take the oldest call off and run it.  At IPL_SOFTCLOCK, on the CPU that
 * owns the queue, which is not empty; xci_depth counts it already.
 */
static inline void
xcall_run(struct xcall_cpu *xci)
{
	struct xcall **slot = &xci->xci_slots[xci->xci_tail % XCALL_NSLOT];
	struct xcall *xc;
	void (*func)(void *);
	void *arg;

	/* A sender is between its two stores, interrupts off: not long. */
	while (__builtin_expect((xc = atomic_load_acquire(slot)) == NULL, 0))
		CPU_BUSY_CYCLE();
	func = xc->xc_func;
	arg = xc->xc_arg;

	/* Release: the slot is empty again; pairs with xcall_post(). */
	atomic_store_relaxed(slot, NULL);
	xci->xci_tail++;
	atomic_sub_release(&xci->xci_ends, 1);
	XCALL_POINT("taken");

#ifdef XCALL_WATCH
	xci->xci_func = func;
	xci->xci_arg = arg;
#endif
	XCALL_POINT("call");
	(*func)(arg);
	XCALL_POINT("return");
}

/*
 * Calls came while others ran: another round, so that slots of higher levels
 * have their turn; and after XCALL_ROUNDS rounds not before the next tick, so
 * that the clock and the threads have theirs.
 */
static inline void
xcall_again(struct xcall_cpu *xci)
{
	if (xci->xci_rounds++ < XCALL_ROUNDS)
		cpu_xcall_pend();
}

/* The soft interrupt: run what is queued now. */
XCALL_ENTRY(cpu_xcall_dispatch, "dispatch");
void
cpu_xcall_dispatch(struct cpu_info *ci)
{
	struct xcall_cpu *xci = &ci->ci_xcall;
	unsigned int end, used;

	XCALL_ASSERT(ci == curcpu(), "X-SOFT-2", "not the queue of this CPU");
	XCALL_ASSERT(XCALL_AT_SOFTCLOCK(), "X-SOFT-2", "not at IPL_SOFTCLOCK");

	used = XCALL_USED(atomic_load_relaxed(&xci->xci_ends));
	if (used == 0)
		return;
	end = xci->xci_tail + used;
	xci->xci_depth = 1;
	do {
		xcall_run(xci);
		/* A call that waited for room has run some of them itself. */
	} while (__builtin_expect((int)(xci->xci_tail - end) < 0, 0));
	xci->xci_depth = 0;
	XCALL_POINT("ended");

	/*
	 * Whoever posted after the last call was taken off has rung, if that
	 * left the queue empty.  If it did not, the queue still is not.
	 */
	if (__builtin_expect(
	    XCALL_USED(atomic_load_relaxed(&xci->xci_ends)) != 0, 0))
		xcall_again(xci);
}

/* X-TICK-1: give the rounds back, and begin where the last one ended. */
void
cpu_xcall_tick(struct cpu_info *ci)
{
	struct xcall_cpu *xci = &ci->ci_xcall;
	unsigned int rounds = xci->xci_rounds;

	xci->xci_rounds = 0;
	if (rounds > XCALL_ROUNDS)
		cpu_xcall_pend();
}

/*
 * The queue that xc is for was full; s is the interrupt state of the caller.
 * Below IPL_SOFTCLOCK this CPU's own queue runs by itself meanwhile.  At
 * IPL_SOFTCLOCK it runs here, one call at a time: two CPUs that wait for
 * each other's queue both go on.  Above nothing can be done.
 */
static int
xcall_full(unsigned long s)
{
	struct xcall_cpu *xci = &curcpu()->ci_xcall;
	int ipl;

	if (!intr_enabled(s))
		return (EAGAIN);
	ipl = splraise(IPL_SOFTCLOCK);
	if (ipl > IPL_SOFTCLOCK)
		return (EAGAIN);
	if (ipl == IPL_SOFTCLOCK &&
	    XCALL_USED(atomic_load_relaxed(&xci->xci_ends)) != 0) {
		xci->xci_depth++;
		xcall_run(xci);
		xci->xci_depth--;
	}
	splx(ipl);
	XCALL_POINT("full");
	CPU_BUSY_CYCLE();
	return (0);
}

/*
 * To the CPU itself: through the queue as well, so that calls keep their
 * order.  Below IPL_SOFTCLOCK splx() runs it, from the same soft interrupt
 * as any other.  A call may post itself, for ever: that is another round.
 */
static unsigned int __attribute__((__noinline__))
xcall_self(struct xcall_cpu *xci, struct xcall *xc, unsigned long *s)
{
	unsigned int used;
	int ipl;

	ipl = splraise(IPL_SOFTCLOCK);
	*s = intr_disable();
	used = xcall_post(xci, xc);
	if (xci->xci_depth == 0)
		cpu_xcall_pend();
	else if (used == 0)
		xcall_again(xci);
	intr_restore(*s);
	XCALL_POINT("self");
	splx(ipl);
	return (used);
}

/* To another CPU.  Interrupts are off on return; *s is the state before. */
static inline unsigned int
xcall_other(struct cpu_info *ci, struct xcall *xc, unsigned long *s)
{
#ifdef MULTIPROCESSOR
	unsigned int used;

	*s = intr_disable();
	used = xcall_post(&ci->ci_xcall, xc);
	if (used == 0) {
#ifdef XCALL_WATCH
		curcpu()->ci_xcall.xci_rung++;
#endif
		XCALL_POINT("published");
		cpu_xcall_ipi(ci);
	}
	return (used);
#else
	(void)ci, (void)xc, (void)s;
	panic("X-CPU-2: a second CPU in a uniprocessor kernel");
#endif
}

/* Post once.  Returns 0, EAGAIN (full) or ENXIO; *s is the caller's state. */
static int
xcall_try(struct cpu_info *ci, struct xcall *xc, unsigned long *s)
{
	unsigned int used;

	XCALL_ASSERT(xc->xc_func != NULL, "X-CALL-1", "no function");

	if (!CPU_IS_RUNNING(ci))
		return (ENXIO);
	if (ci == curcpu())
		used = xcall_self(&ci->ci_xcall, xc, s);
	else {
		used = xcall_other(ci, xc, s);
		intr_restore(*s);
	}
	return (used == XCALL_FULL ? EAGAIN : 0);
}

int
cpu_xcall_try(struct cpu_info *ci, struct xcall *xc)
{
	unsigned long s;

	return (xcall_try(ci, xc, &s));
}

/* As cpu_xcall_try(), but waits for room where the context allows it. */
static int __attribute__((__noinline__))
xcall_wait(struct cpu_info *ci, struct xcall *xc)
{
	unsigned long s;
	int error;

	while ((error = xcall_try(ci, xc, &s)) == EAGAIN) {
		XCALL_WAIT(ci, NULL, NULL);
#ifdef XCALL_WATCH
		atomic_store_relaxed(&curcpu()->ci_xcall.xci_full,
		    curcpu()->ci_xcall.xci_full + 1);
#endif
		if (xcall_full(s) != 0)
			panic("X-CALL-2: cpu_xcall: the queue is full, and the "
			    "caller is above IPL_SOFTCLOCK or has interrupts "
			    "off; use cpu_xcall_try");
	}
	XCALL_WAIT_DONE(NULL);
	return (error);
}

/* The forms that return nothing have nobody to tell. */
static void
xcall_drop(struct cpu_info *ci)
{
	XCALL_ASSERT(0, "X-CALL-3", "the CPU is not running");
	atomic_inc_relaxed(&ci->ci_xcall.xci_dropped);
}

static void __attribute__((__noinline__))
xcall_slow(struct cpu_info *ci, struct xcall *xc, unsigned long s)
{
	intr_restore(s);
	if (xcall_wait(ci, xc) != 0)
		xcall_drop(ci);
}

/*
 * To another CPU that runs and has room nothing is called and no register
 * saved.  Anything else begins again in xcall_slow().
 */
XCALL_ENTRY(cpu_xcall, "post");
void __attribute__((__noinline__))
cpu_xcall(struct cpu_info *ci, struct xcall *xc)
{
	unsigned long s;

	if (ci == curcpu() || !CPU_IS_RUNNING(ci) || xc->xc_func == NULL)
		s = intr_disable();
	else if (__builtin_expect(xcall_other(ci, xc, &s) != XCALL_FULL, 1)) {
		XCALL_INTR_REOPEN(s);
		return;
	}
	xcall_slow(ci, xc, s);
}

/* On the caller's stack until cond_wait() has returned; the call's before. */
struct xcall_sync {
	void		(*xs_func)(void *);
	void		 *xs_arg;
	struct cond	  xs_cond;
};

static void
xcall_sync_run(void *arg)
{
	struct xcall_sync *xs = arg;

	(*xs->xs_func)(xs->xs_arg);
	cond_signal(&xs->xs_cond);
}

int
cpu_xcall_sync_try(struct cpu_info *ci, void (*func)(void *), void *arg,
    const char *wmesg)
{
	struct xcall_sync xs = { func, arg, COND_INITIALIZER() };
	struct xcall xc = XCALL_INITIALIZER(xcall_sync_run, &xs);
	int error;

	XCALL_ASSERT(func != NULL, "X-CALL-1", "no function");
	XCALL_ASSERT(cpu_can_sleep(), "X-CALL-4",
	    "not a thread below IPL_SOFTCLOCK with interrupts on");

	error = xcall_wait(ci, &xc);
	if (error != 0)
		return (error);
	XCALL_WAIT(ci, func, arg);
	cond_wait(&xs.xs_cond, wmesg);
	XCALL_WAIT_DONE(func);
	return (0);
}

XCALL_ENTRY(cpu_xcall_sync, "post");
void
cpu_xcall_sync(struct cpu_info *ci, void (*func)(void *), void *arg,
    const char *wmesg)
{
	if (cpu_xcall_sync_try(ci, func, arg, wmesg) != 0)
		xcall_drop(ci);
}

#ifdef XCALL_MANY
static void
xcall_ring_many(const struct cpuset *ring)
{
#ifdef MULTIPROCESSOR
	unsigned long s;

	s = intr_disable();
#ifdef __HAVE_CPU_XCALL_IPI_MANY
	cpu_xcall_ipi_many(ring);
#else
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;

	CPU_INFO_FOREACH(cii, ci) {
		if (cpuset_isset(ring, ci))
			cpu_xcall_ipi(ci);
	}
#endif
	intr_restore(s);
#else
	(void)ring;
#endif
}

#ifdef MULTIPROCESSOR
/* Post to another CPU, to be rung later.  Returns the slots in use before. */
static unsigned int __attribute__((__noinline__))
xcall_quiet(struct cpu_info *ci, struct xcall *xc)
{
	unsigned long s;
	unsigned int used;

	s = intr_disable();
	used = xcall_post(&ci->ci_xcall, xc);
#ifdef XCALL_WATCH
	if (used == 0)
		curcpu()->ci_xcall.xci_rung++;
#endif
	intr_restore(s);
	return (used);
}
#endif

/*
 * Post to all, then ring, then see to those that have to be waited for: full
 * queues, and this CPU.  The sets are on this stack: a handler that
 * interrupts this may broadcast as well.  At IPL_SOFTCLOCK until all are
 * rung, so that no call runs here while a CPU has been posted to and not.
 */
XCALL_ENTRY(cpu_xcall_many, "post");
void
cpu_xcall_many(const struct cpuset *set, struct xcall *xc)
{
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;
	struct cpuset ring, late;
	unsigned int used, nlate = 0;
	int ipl;

	XCALL_ASSERT(xc->xc_func != NULL, "X-CALL-1", "no function");

	cpuset_clear(&ring);
	cpuset_clear(&late);
	ipl = splraise(IPL_SOFTCLOCK);
	CPU_INFO_FOREACH(cii, ci) {
		if (!cpuset_isset(set, ci))
			continue;
		used = XCALL_FULL;
#ifdef MULTIPROCESSOR
		if (CPU_IS_RUNNING(ci) && ci != curcpu())
			used = xcall_quiet(ci, xc);
#endif
		if (used == 0)
			cpuset_add(&ring, ci);
		else if (used == XCALL_FULL) {
			cpuset_add(&late, ci);
			nlate++;
		}
	}
	xcall_ring_many(&ring);
	splx(ipl);

	if (nlate == 0)
		return;
	CPU_INFO_FOREACH(cii, ci) {
		if (cpuset_isset(&late, ci))
			cpu_xcall(ci, xc);
	}
}
#endif /* XCALL_MANY */
