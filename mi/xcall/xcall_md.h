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
 * What the cross-call needs of a kernel: everything, and nothing else.  Each
 * duty is a clause with a name that panics and tests use.
 *
 * As it stands this file declares ordinary functions, so that the folder
 * compiles by itself and its undefined symbols are the list of duties.  A
 * kernel that has the duties as inline functions or macros names the header
 * that defines them all: -DXCALL_MACHINE='"cpu.h"'.
 *
 * Options, the same for every file that includes this: MULTIPROCESSOR (without
 * it there are no doorbells), DIAGNOSTIC (what callers can break is checked),
 * XCALL_MANY (cpu_xcall_many(), with X-SET-1), XCALL_WATCH (what a watchdog
 * reads: a larger struct xcall_cpu).
 */

#ifndef XCALL_MD_H
#define XCALL_MD_H

#include "xcall.h"

#ifdef XCALL_MACHINE
#include XCALL_MACHINE
#else

#define IPL_SOFTCLOCK	1
#ifndef ENXIO
#define ENXIO		6
#define EAGAIN		35
#endif
#ifndef NULL
#define NULL		((void *)0)
#endif

/*
 * X-CPU-1: every CPU has a struct cpu_info that holds its queue, which
 * cpu_xcall_establish() has emptied before anybody posts to it.
 */
struct cpu_info {
	struct xcall_cpu ci_xcall;
};

/* X-CPU-2: the CPU this runs on, right in any context. */
struct cpu_info *curcpu(void);

/*
 * X-CPU-3: true from when a CPU can take a doorbell and dispatch until it
 * stops.  False first, and true only after its interrupt controller is ready:
 * a doorbell before that is lost for ever on a GIC.
 */
int	CPU_IS_RUNNING(struct cpu_info *);

/*
 * X-INTR-1: intr_disable() masks every interrupt of this CPU, doorbells too,
 * and returns the state before; intr_restore() brings that state back, and
 * when this turns interrupts on it runs what became pending and is not
 * masked; intr_enabled() says whether a state has interrupts on.
 * XCALL_INTR_REOPEN(), optional, is intr_restore() where nothing was made
 * pending here since intr_disable(): it need not look.
 */
unsigned long intr_disable(void);
void	intr_restore(unsigned long);
int	intr_enabled(unsigned long);

/*
 * X-SPL-1: splraise() raises the level of this CPU to at least the one given
 * and returns the level before.  splx() sets the level; if interrupts are on
 * and the level is now below IPL_SOFTCLOCK, a pending cross-call has been
 * dispatched when it returns.  With interrupts off splx() runs nothing.
 */
int	splraise(int);
void	splx(int);

/*
 * X-IPI-1: the doorbell.  Makes CPU ci set its cross-call soft interrupt
 * pending as soon as its interrupts are on, whatever its level.  Called with
 * interrupts off, never for the calling CPU.  Every store that this CPU made
 * before is visible to the other CPU when its doorbell handler runs; the
 * stores in question are those of the call object and of its slot.
 */
void	cpu_xcall_ipi(struct cpu_info *);

/*
 * X-SOFT-1: sets the cross-call soft interrupt of this CPU pending, in one
 * atomic step against its own interrupt handlers.  Runs nothing itself.
 * X-SOFT-2: a pending cross-call is dispatched as soon as the CPU is below
 * IPL_SOFTCLOCK with interrupts on: by the return from interrupt, by splx(),
 * by intr_restore().  The bit is cleared before cpu_xcall_dispatch(ci) is
 * called, on CPU ci, at IPL_SOFTCLOCK, interrupts on, the end of the
 * doorbell's interrupt signalled; the level is put back afterwards.
 * X-SOFT-3: the stub calls it as C is called, the stack aligned; and what it
 * interrupted finds every register and flag as it was.
 */
void	cpu_xcall_pend(void);

/*
 * X-TICK-1: the kernel calls cpu_xcall_tick(ci) on CPU ci with each clock
 * tick, and before it idles, at a level from which X-SOFT-2 follows.
 */

/*
 * X-WAIT-1: cond_wait() lets other threads run until cond_signal() has been
 * called; cond_signal() does not touch the cond after the waiter can see it,
 * may be called at IPL_SOFTCLOCK, and what was stored before it is visible
 * after cond_wait().  Needed by cpu_xcall_sync() only.
 */
struct cond {
	unsigned int	c_wait;
};
#define COND_INITIALIZER()	{ 1 }
void	cond_wait(struct cond *, const char *);
void	cond_signal(struct cond *);
int	cpu_can_sleep(void);

/* X-WAIT-2: tells the CPU, and an emulator, that this is a waiting loop. */
void	CPU_BUSY_CYCLE(void);

/* X-DIAG-1: reports and does not return. */
void	panic(const char *, ...) __attribute__((__noreturn__));

/* X-SET-1, for cpu_xcall_many() only: sets of CPUs, and all CPUs in turn. */
struct cpuset {
	unsigned long	cs_set[8];
};
void	cpuset_clear(struct cpuset *);
void	cpuset_add(struct cpuset *, struct cpu_info *);
int	cpuset_isset(const struct cpuset *, struct cpu_info *);
struct cpu_info *cpu_next(struct cpu_info *);	/* NULL: the first, the end */
#define CPU_INFO_ITERATOR	int
#define CPU_INFO_FOREACH(_cii, _ci)					\
	for ((_cii) = 0, (_ci) = cpu_next(NULL); (_ci) != NULL;		\
	    (_cii)++, (_ci) = cpu_next(_ci))

#endif /* XCALL_MACHINE */

/*
 * X-ATOM-1: atomic operations, against other CPUs and against the handlers
 * of this one; from the compiler unless the kernel has its own.  The names
 * say the order: none, or acquire, or release.
 */
#ifndef atomic_load_relaxed
#define atomic_load_relaxed(_p)		__atomic_load_n((_p), __ATOMIC_RELAXED)
#define atomic_load_acquire(_p)		__atomic_load_n((_p), __ATOMIC_ACQUIRE)
#define atomic_store_relaxed(_p, _v)					\
	__atomic_store_n((_p), (_v), __ATOMIC_RELAXED)
#define atomic_store_release(_p, _v)					\
	__atomic_store_n((_p), (_v), __ATOMIC_RELEASE)
#define atomic_cas_acquire(_p, _o, _n)					\
	__atomic_compare_exchange_n((_p), (_o), (_n), 1,		\
	    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)
#define atomic_sub_release(_p, _v)					\
	((void)__atomic_fetch_sub((_p), (_v), __ATOMIC_RELEASE))
#define atomic_inc_relaxed(_p)						\
	((void)__atomic_fetch_add((_p), 1, __ATOMIC_RELAXED))
#endif

/*
 * X-IPI-2, optional: rings every CPU of a set that does not hold the calling
 * CPU, in the order promised by X-IPI-1, with as few doorbells as the
 * hardware can.  Without it cpu_xcall_ipi() is called for each.
 */
#ifdef __HAVE_CPU_XCALL_IPI_MANY
void	cpu_xcall_ipi_many(const struct cpuset *);
#endif

/*
 * X-WATCH-1, optional: a thread waits for CPU ci to run func(arg), or for
 * room in its queue (func is NULL); and no longer.  May nest.
 */
#ifndef XCALL_WAIT
#define XCALL_WAIT(_ci, _func, _arg)	do { } while (0)
#define XCALL_WAIT_DONE(_func)		do { } while (0)
#endif

#ifndef XCALL_INTR_REOPEN
#define XCALL_INTR_REOPEN(_s)		intr_restore(_s)
#endif

/* A place that tests and measurements know by name; a statement. */
#ifndef XCALL_POINT
#define XCALL_POINT(_name)		((void)0)
#define XCALL_ENTRY(_func, _name)	struct cpu_info
#endif

/* Is this CPU at IPL_SOFTCLOCK?  A kernel may know without asking. */
#ifndef XCALL_AT_SOFTCLOCK
#define XCALL_AT_SOFTCLOCK()	(splraise(IPL_SOFTCLOCK) == IPL_SOFTCLOCK)
#endif

/* A clause broken by the caller; checked in every build that checks at all. */
#ifdef DIAGNOSTIC
#define XCALL_ASSERT(_e, _clause, _what)				\
	do {								\
		if (__builtin_expect(!(_e), 0))				\
			panic("%s: %s: %s", (_clause), __func__, (_what)); \
	} while (0)
#else
#define XCALL_ASSERT(_e, _clause, _what)	((void)0)
#endif

#endif /* XCALL_MD_H */
