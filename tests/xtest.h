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
 * The interface between the tests of the cross-call and the kernel they are
 * linked into.  The tests, xcall/, include this header and the core's, and
 * nothing else: a kernel that provides the functions of the first part can
 * run them.
 *
 * A test is a function that is called in a thread of CPU 0, below
 * IPL_SOFTCLOCK.  It fails by calling xt_fail(), it returns in any case, and
 * when it returns its threads have ended and its calls have run.  CPUs are
 * numbered from 0, without gaps, and only those that run are counted.
 */

#ifndef XTEST_H
#define XTEST_H

struct cpu_info;

struct xtest {
	const char	 *xt_name;	/* NULL ends a table */
	unsigned int	  xt_mincpus;	/* skipped on fewer */
	const char	 *xt_clauses;	/* that it proves */
	void		(*xt_func)(void);
};

/* The portable tests: xcall/list.h. */
extern const struct xtest xcall_tests[];

/*
 * What the kernel provides.  In any context, unless it says otherwise.
 */

/* CPUs that run; the n-th of them; the one this runs on. */
unsigned int	xt_ncpu(void);
struct cpu_info	*xt_cpu(unsigned int);
unsigned int	xt_self(void);

/*
 * A CPU that is not running, for the time of the test; NULL for none.  It
 * need not exist: a record of one that was never started will do.
 */
struct cpu_info	*xt_offline(void);

/*
 * Start a thread on a CPU, from any thread; sleep until all of them have
 * ended, in the test's own thread; let other threads of this CPU run, in a
 * thread.  Threads need not preempt each other.
 */
void	xt_thread(unsigned int, void (*)(void *), void *);
void	xt_join(void);
void	xt_yield(void);

/* The level of this CPU; the highest that splraise() may be given. */
int	xt_level(void);
int	xt_ipl_high(void);

/* Is a cross-call pending on this CPU?  -1: cannot tell. */
int	xt_pending(void);

/* How often a CPU has halted for want of work, or was about to; -1 as above. */
long	xt_idles(unsigned int);

/* Time in milliseconds that goes on whatever this CPU does. */
unsigned long	xt_msec(void);

/* The test has failed: file, line, why.  It cannot be run here: why. */
void	xt_fail(const char *, int, const char *, ...)
	    __attribute__((__format__(printf, 3, 4)));
void	xt_skip(const char *);

/*
 * Run func(arg) in a thread of its own on a CPU, where it is expected to
 * panic.  Returns what the panic said, until the next time, or NULL if func
 * returned.  Afterwards the CPU is below IPL_SOFTCLOCK, interrupts on, in no
 * call.  In the test's own thread.
 */
const char	*xt_panics(unsigned int, void (*)(void *), void *);

/* Something never came: report all that is known, and give up. */
void	xt_stuck(const char *, int, const char *)
	    __attribute__((__noreturn__));

/*
 * What the tests make of it: xcall/util.c.
 */

#define XT_MAXCPU	512	/* CPUs that have a place in a table */

#define XT_CHECK(_e)							\
	do {								\
		if (!(_e))						\
			xt_fail(__FILE__, __LINE__, "%s", #_e);		\
	} while (0)
#define XT_EQ(_a, _b)							\
	xt_eq(__FILE__, __LINE__, #_a, #_b, (long)(_a), (long)(_b))
void	xt_eq(const char *, int, const char *, const char *, long, long);

/*
 * Wait for another CPU or for a handler of this one; in any context.  The
 * limit detects a hang, and is never what ends a wait.  The second form is
 * for a thread that waits for another of its CPU.  The kernel may set the
 * limit, in milliseconds, before the tests begin.  The clock is looked at now
 * and then: an emulator may have one lock for the clocks of all CPUs.
 */
extern unsigned int xt_limit;
#define XT_WAIT_DO(_e, _what, _pause)					\
	do {								\
		unsigned long xt_since_ = xt_msec();			\
		unsigned int xt_spun_ = 0;				\
									\
		while (!(_e)) {						\
			if (xt_spun_++ % 256 == 255 &&			\
			    xt_msec() - xt_since_ > xt_limit)		\
				xt_stuck(__FILE__, __LINE__, _what);	\
			_pause;						\
		}							\
	} while (0)
#define XT_WAIT(_e)		XT_WAIT_DO(_e, #_e, CPU_BUSY_CYCLE())
#define XT_WAIT_YIELD(_e)	XT_WAIT_DO(_e, #_e, xt_yield())

/*
 * Is there another round of a race?  All of them; fewer, but a tenth in any
 * case, where CPUs are so slow to answer that those take xt_race.  The kernel
 * may set that, in milliseconds, before the tests begin.
 */
extern unsigned int xt_race;
#define XT_ROUND(_i, _n, _since)					\
	((_i) < (_n) / 10 ||						\
	    ((_i) < (_n) && xt_msec() - (_since) < xt_race))

/*
 * What CPUs tell each other: acquire, release, and a sum that is both.  All
 * of them pair with each other.
 */
#define XT_LOAD(_p)		__atomic_load_n((_p), __ATOMIC_ACQUIRE)
#define XT_STORE(_p, _v)	__atomic_store_n((_p), (_v), __ATOMIC_RELEASE)
#define XT_ADD(_p, _v)		__atomic_add_fetch((_p), (_v), __ATOMIC_ACQ_REL)
#define XT_INC(_p)		((void)XT_ADD((_p), 1))

/*
 * Calls that test_all_to_all() makes, all CPUs together; a fifth of them on
 * more than 32 CPUs.  Ten times what test_stress() posts.  The kernel may set
 * it before the tests begin.
 */
extern unsigned int xt_calls;

/* Slots in use of a CPU's queue, a moment ago. */
#define XT_QUEUED(_ci)							\
	XCALL_USED(XT_LOAD(&(_ci)->ci_xcall.xci_ends))

/* Are interrupts on? */
int	xt_intr(void);

/* How far the stack is from where the ABI has it: an address modulo 16. */
unsigned int	xt_skew(void);

#ifdef XCALL_H

_Static_assert(XCALL_NSLOT >= 16, "the tests queue up to 12 calls at once");

/*
 * A call that notes where and how it ran.  It is the call's until xn_ran has
 * been seen to count it.
 */
struct xt_note {
	struct xcall	 xn_xc;
	struct cpu_info	*xn_curcpu;
	unsigned int	 xn_cpu;
	int		 xn_level;
	int		 xn_intr;
	unsigned int	 xn_skew;	/* stack address modulo 16 */
	unsigned int	 xn_depth;	/* calls begun and not ended */
	unsigned int	 xn_ran;	/* [a] stored last */
};
void	xt_note_set(struct xt_note *);
void	xt_note_check(const char *, int, const struct xt_note *, unsigned int,
	    unsigned int);
/* It ran on this CPU, so many times, and as the contract says. */
#define XT_NOTE(_xn, _cpu, _times)					\
	xt_note_check(__FILE__, __LINE__, (_xn), (_cpu), (_times))

/*
 * Calls that write down their numbers, in the order they ran on one CPU.
 * The log is the CPU's until xl_n has been seen to count the last of them.
 */
#define XT_NLOG		(4 * XCALL_NSLOT + 64)
struct xt_log {
	unsigned int	  xl_n;		/* [a] stored last */
	unsigned int	  xl_what[XT_NLOG];
};
struct xt_step {
	struct xcall	  xs_xc;
	struct xt_log	 *xs_log;
	unsigned int	  xs_what;
};
void	xt_log_set(struct xt_log *);
void	xt_log_add(struct xt_log *, unsigned int);
void	xt_step_set(struct xt_step *, struct xt_log *, unsigned int);
void	xt_log_check(const char *, int, struct xt_log *, unsigned int);
/* The numbers are those from 0 up to n, in order. */
#define XT_LOG(_xl, _n)							\
	xt_log_check(__FILE__, __LINE__, (_xl), (_n))

#endif /* XCALL_H */

/*
 * A CPU that takes no calls: it spins with interrupts off, or at a level
 * with interrupts on.  The parked CPU's from xt_park() until xt_unpark() has
 * returned.  When xt_park() returns it is parked; when xt_unpark() returns
 * it has left that state.  A thread of another CPU does both.
 */
#define XT_INTROFF	(-1)
struct xt_park {
	unsigned int	 xp_cpu;
	int		 xp_level;	/* or XT_INTROFF */
	unsigned int	 xp_in;		/* [a] it is parked */
	unsigned int	 xp_go;		/* [a] it may go */
	unsigned int	 xp_out;	/* [a] it has gone, and looks no more */
};
void	xt_park(struct xt_park *, unsigned int, int);
void	xt_unpark(struct xt_park *);

/* Run func(arg) on this CPU in one of the contexts a call can be made from. */
enum xt_context {
	XT_BELOW,	/* a thread below IPL_SOFTCLOCK, interrupts on */
	XT_AT,		/* a thread at IPL_SOFTCLOCK */
	XT_INCALL,	/* a call */
	XT_ABOVE,	/* above IPL_SOFTCLOCK */
	XT_OFF,		/* interrupts off */
	XT_INCALLOFF,	/* a call, interrupts off */
	XT_NCONTEXT
};
void	xt_in(enum xt_context, void (*)(void *), void *);
const char	*xt_context_name(enum xt_context);

/* Run func(arg) in a thread of that CPU; of each CPU, one after the other. */
void	xt_on(unsigned int, void (*)(void *), void *);
void	xt_on_each(void (*)(void *), void *);

/*
 * Computes something in as many registers as there are, in so many rounds;
 * the second is for CPUs with many of them.
 */
unsigned long	xt_churn(unsigned long, unsigned int);
unsigned long	xt_churn_wide(unsigned long, unsigned int);

/* Does a message name this? */
int	xt_names(const char *, const char *);
void	xt_panic_check(const char *, int, unsigned int, void (*)(void *),
	    void *, const char *);
/* func(arg) panics on that CPU, and the message names this clause. */
#define XT_PANICS(_cpu, _func, _arg, _clause)				\
	xt_panic_check(__FILE__, __LINE__, (_cpu), (_func), (_arg), (_clause))

/* The tests themselves. */
#define XTEST(_name, _mincpus, _clauses)	void test_##_name(void);
#include "xcall/list.h"
#undef XTEST

#endif /* XTEST_H */
