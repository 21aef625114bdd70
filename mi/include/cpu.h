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
 * What the kit knows of a CPU, and sets of CPUs.
 */

#ifndef CPU_H
#define CPU_H

#include <stdint.h>

#include <machine/param.h>

#include "ipl.h"
#include "xcall.h"

struct thread;

struct softintr;
struct softintr_queue {
	struct softintr	 *sq_first;
	struct softintr	**sq_last;
};
#define NSOFTCLASS	3	/* clock, net, tty */

struct cpu_info;
struct cpuset {
	unsigned long	cs_set[(MAXCPUS + MD_WORDBITS - 1) / MD_WORDBITS];
};

/*
 *	[I]	immutable once attached
 *	[a]	atomic operations
 *	[o]	this CPU only
 *	[s]	the scheduler's mutex
 */
struct cpu_info {
	struct cpu_info	*ci_self;	/* [I] must be first */
	struct thread	*ci_curthread;	/* [o] */
	unsigned long	 ci_ipending;	/* [a] slots that wait for the level */
	int		 ci_ilevel;	/* [o] IPL_* */
	int		 ci_idepth;	/* [o] handlers begun and not ended */
	unsigned int	 ci_flags;	/* [a] CPUF_* */
	unsigned int	 ci_cpuid;	/* [I] 0 to ncpus - 1 */
	uint64_t	 ci_hwid;	/* [I] what the hardware calls it */

	_Alignas(MD_CACHELINE)
	struct xcall_cpu ci_xcall;	/* the cross-call's own */

	_Alignas(MD_CACHELINE)
	struct thread	*ci_idle;	/* [I] */
	struct thread	*ci_runq;	/* [s] first of those that can run */
	struct thread  **ci_runqend;	/* [s] */
	struct thread	*ci_dead;	/* [o] has exited, still to be freed */
	struct softintr_queue ci_softq[NSOFTCLASS]; /* [o] interrupts off */
	unsigned int	 ci_ticks;	/* [o] hardclock ticks seen */
	int		 ci_ticking;	/* [o] the clock is armed */
	unsigned int	 ci_idles;	/* [o] times it was about to halt */

	struct cpu_info	*ci_xwait;	/* [o] spins for room in its queue */
	unsigned int	 ci_xtail;	/* cpu0: its ci_xcall.xci_tail seen */
	unsigned int	 ci_xstuck;	/* cpu0: and for how many seconds */
	unsigned int	 ci_cticks;	/* [o] cpu0's ci_ticks seen */
	unsigned int	 ci_cstuck;	/* [o] and for how many seconds */

	uintptr_t	 ci_stop_pc;	/* where panic stopped it, */
	uintptr_t	 ci_stop_fp;	/* and its frame */

	struct md_cpu	 ci_md;		/* the architecture's own */
};

#define CPUF_RUNNING	0x01	/* takes doorbells and dispatches */
#define CPUF_STARTED	0x02	/* was told to start */
#define CPUF_STOPPED	0x04	/* stopped by a panic */
#define CPUF_STOP	0x08	/* asked to stop */
#define CPUF_LISTED	0x10	/* the firmware lists it */

extern struct cpu_info cpu_info_primary;
extern struct cpu_info *cpu_infos[MAXCPUS];
extern unsigned int ncpus;	/* attached */

#define CPU_INFO_ITERATOR	unsigned int
#define CPU_INFO_FOREACH(_cii, _ci)					\
	for ((_cii) = 0; (_cii) < ncpus &&				\
	    ((_ci) = cpu_infos[(_cii)]) != NULL; (_cii)++)
#define CPU_IS_RUNNING(_ci)						\
	((__atomic_load_n(&(_ci)->ci_flags, __ATOMIC_ACQUIRE) &		\
	    CPUF_RUNNING) != 0)
#define CPU_IS_PRIMARY(_ci)	((_ci) == &cpu_info_primary)

static inline void
cpuset_clear(struct cpuset *cs)
{
	*cs = (struct cpuset){ { 0 } };
}

static inline void
cpuset_add(struct cpuset *cs, struct cpu_info *ci)
{
	cs->cs_set[ci->ci_cpuid / MD_WORDBITS] |=
	    1UL << (ci->ci_cpuid % MD_WORDBITS);
}

static inline int
cpuset_isset(const struct cpuset *cs, struct cpu_info *ci)
{
	return ((cs->cs_set[ci->ci_cpuid / MD_WORDBITS] >>
	    (ci->ci_cpuid % MD_WORDBITS)) & 1);
}

#endif /* CPU_H */
