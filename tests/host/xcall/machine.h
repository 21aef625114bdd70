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
 * XCALL_MACHINE of the example: what mi/xcall/xcall_md.h asks for, where the
 * kernel is a process of the host and its CPUs are pthreads; kernel.c has
 * what is not inline.  The clauses say what each of these must achieve.
 */

#ifndef MACHINE_H
#define MACHINE_H

#include <errno.h>
#include <stddef.h>

#define IPL_NONE	0
#define IPL_SOFTCLOCK	1
#define IPL_HIGH	2

struct thread;

/*
 * X-CPU-1.
 *
 *	[a]	atomic operations
 *	[l]	ci_lock
 *	[o]	owned by this CPU: the thread that runs, and its interrupts
 */
struct cpu_info {
	struct xcall_cpu  ci_xcall;
	unsigned int	  ci_cpuid;
	unsigned int	  ci_running;	/* [a] */
	int		  ci_level;	/* [o] */
	int		  ci_introff;	/* [o] interrupts are off */
	unsigned int	  ci_soft;	/* [a] the cross-call is pending */
	unsigned int	  ci_latch;	/* [a] interrupts not yet taken */
	unsigned int	  ci_halted;	/* [a] waits for one */
	unsigned int	  ci_idles;	/* [a] times it halted */
	unsigned int	  ci_rounds;	/* [a] times it dispatched */
	struct thread	 *ci_curthread;	/* [a] */
	unsigned int	  ci_lock;	/* [a] taken with interrupts off */
	struct thread	 *ci_ready;	/* [l] threads to run */
	struct thread	**ci_last;	/* [l] */
	struct thread	 *ci_free;	/* [l] threads that have ended */
};

extern struct cpu_info cpu_table[];
extern unsigned int cpu_count;
extern _Thread_local struct cpu_info *cpu_self;

/* X-CPU-2: a thread stays on its CPU. */
static inline struct cpu_info *
curcpu(void)
{
	return (cpu_self);
}

/* X-CPU-3. */
#define CPU_IS_RUNNING(_ci)						\
	__atomic_load_n(&(_ci)->ci_running, __ATOMIC_ACQUIRE)

/* X-INTR-1: the state is ci_introff. */
unsigned long intr_disable(void);
void	intr_restore(unsigned long);
static inline int
intr_enabled(unsigned long s)
{
	return (s == 0);
}

/* X-SPL-1, X-IPI-1, X-SOFT-1, X-WAIT-2, X-DIAG-1. */
int	splraise(int);
void	splx(int);
void	cpu_xcall_ipi(struct cpu_info *);
void	cpu_xcall_pend(void);
void	CPU_BUSY_CYCLE(void);
void	panic(const char *, ...)
	    __attribute__((__noreturn__, __format__(printf, 1, 2)));

/* X-WAIT-1: one waits, one signals; 1 is neither, NULL is signalled. */
struct cond {
	struct thread	*c_thread;	/* [a] */
};
#define COND_INITIALIZER()	{ (struct thread *)1 }
void	cond_wait(struct cond *, const char *);
void	cond_signal(struct cond *);
int	cpu_can_sleep(void);

/* X-SET-1. */
#define MAXCPUS	64
struct cpuset {
	unsigned long long cs_set;
};
#define CPU_INFO_ITERATOR	unsigned int
#define CPU_INFO_FOREACH(_cii, _ci)					\
	for ((_cii) = 0; (_cii) < cpu_count &&				\
	    ((_ci) = &cpu_table[(_cii)]) != NULL; (_cii)++)

static inline void
cpuset_clear(struct cpuset *cs)
{
	cs->cs_set = 0;
}

static inline void
cpuset_add(struct cpuset *cs, struct cpu_info *ci)
{
	cs->cs_set |= 1ULL << ci->ci_cpuid;
}

static inline int
cpuset_isset(const struct cpuset *cs, struct cpu_info *ci)
{
	return ((cs->cs_set >> ci->ci_cpuid) & 1);
}

#endif /* MACHINE_H */
