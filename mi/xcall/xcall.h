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
 * Cross-calls: one CPU makes another CPU call a function, at IPL_SOFTCLOCK
 * and with interrupts on.  This header is what callers see; what a kernel has
 * to provide is in xcall_md.h.  The manual is cpu_xcall(9).
 */

#ifndef XCALL_H
#define XCALL_H

struct cpu_info;
struct cpuset;

/*
 * A call.  From cpu_xcall() until its function starts it belongs to the queue
 * and is only read, so one object may be on many queues at once; after that
 * it is the function's, which may free it.
 */
struct xcall {
	void		(*xc_func)(void *);
	void		 *xc_arg;
};

#define XCALL_INITIALIZER(_func, _arg)					\
	{ .xc_func = (_func), .xc_arg = (_arg) }

/* Slots a CPU; a power of two, at most 32768. */
#ifndef XCALL_NSLOT
#define XCALL_NSLOT	16
#endif

/*
 * How often a CPU may find its queue refilled, between two clock ticks, and
 * go on at once.  A call that posts itself without end gets that many rounds
 * a tick, and the threads of the CPU get the rest.
 */
#ifndef XCALL_ROUNDS
#define XCALL_ROUNDS	512
#endif

/*
 * The queue of one CPU.  Any CPU adds to it; the CPU itself, at
 * IPL_SOFTCLOCK, takes from it.
 *
 *	[a]	atomic operations
 *	[o]	owned by this CPU
 */
struct xcall_cpu {
	unsigned int	  xci_ends;	/* [a] XCALL_NEXT, XCALL_USED */
	unsigned int	  xci_tail;	/* [o] calls taken off, ever */
	struct xcall	 *xci_slots[XCALL_NSLOT]; /* [a] NULL: not published */
	unsigned int	  xci_rounds;	/* [o] refills since the last tick */
	unsigned int	  xci_depth;	/* [o] calls begun and not ended */
	unsigned int	  xci_dropped;	/* [a] calls dropped: not running */
#ifdef XCALL_WATCH
	/* What a watchdog reads, racily, to report; see xcall_md.h. */
	void		(*xci_func)(void *); /* [o] last function called */
	void		 *xci_arg;	/* [o] and its argument */
	unsigned int	  xci_rung;	/* [o] doorbells this CPU rang */
	unsigned int	  xci_full;	/* [o] times it found a queue full */
#endif
};

/* Of xci_ends: the next slot to fill, which only grows, and those in use. */
#define XCALL_SHIFT		11
#define XCALL_NEXT(_ends)	((_ends) >> XCALL_SHIFT)
#define XCALL_USED(_ends)	((_ends) & ((1U << XCALL_SHIFT) - 1))

static inline void
cpu_xcall_set(struct xcall *xc, void (*func)(void *), void *arg)
{
	xc->xc_func = func;
	xc->xc_arg = arg;
}

/*
 * Callers; the table of contexts in cpu_xcall(9) says what happens where.
 * What they owe, checked under DIAGNOSTIC where it can be:
 *
 * X-CALL-1: a call has a function.
 * X-CALL-2: where the queue of the CPU may be full, cpu_xcall() is called at
 * or below IPL_SOFTCLOCK with interrupts on; elsewhere cpu_xcall_try(), which
 * returns EAGAIN.
 * X-CALL-3: the CPU is running.  The forms that return an error return ENXIO
 * for one that is not; of the others the call is dropped and counted.
 * X-CALL-4: cpu_xcall_sync() is called in a thread below IPL_SOFTCLOCK with
 * interrupts on.
 * X-CALL-5: from being posted until its function starts a struct xcall is the
 * queue's: the caller leaves it alone, the queue only reads it, and it may be
 * on any queues any number of times.  Then the queue has forgotten it.
 *
 * And what they are given:
 *
 * X-ORDER-1: every call runs, once for each time it was posted; those of one
 * sender for one CPU in the order they were posted, the CPU itself included.
 * X-SELF-1: below IPL_SOFTCLOCK with interrupts on a call for the CPU itself
 * has run when cpu_xcall() returns; elsewhere it runs when the level allows
 * it.  No doorbell is rung for it.
 * X-ROOM-1: who waits for room in a queue does not keep calls from running
 * on its own CPU: CPUs that wait for each other all go on.
 * X-RING-1: a doorbell is rung when a queue that was empty gets a call, and
 * at no other time; never for a CPU that is not running.
 */
void	cpu_xcall(struct cpu_info *, struct xcall *);
int	cpu_xcall_try(struct cpu_info *, struct xcall *);
void	cpu_xcall_many(const struct cpuset *, struct xcall *);
void	cpu_xcall_sync(struct cpu_info *, void (*)(void *), void *,
	    const char *);
int	cpu_xcall_sync_try(struct cpu_info *, void (*)(void *), void *,
	    const char *);

/* The kernel. */
void	cpu_xcall_establish(struct cpu_info *);
void	cpu_xcall_dispatch(struct cpu_info *);
void	cpu_xcall_tick(struct cpu_info *);

#endif /* XCALL_H */
