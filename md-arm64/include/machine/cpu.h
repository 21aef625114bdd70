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
 * arm64: the inline operations of md.h.
 */

#ifndef MACHINE_CPU_H
#define MACHINE_CPU_H

#include <stddef.h>

#define __HAVE_CPU_XCALL_IPI_MANY

extern const unsigned long intr_unmasked[];
void	arm64_spllower(int);
void	arm64_setpri(int);

#define ARM64_STR(_r)		#_r
#define READ_SPECIAL(_r)						\
	({ uint64_t _v;							\
	    __asm volatile("mrs %0, " ARM64_STR(_r) : "=r" (_v)); _v; })
#define WRITE_SPECIAL(_r, _v)						\
	__asm volatile("msr " ARM64_STR(_r) ", %0"			\
	    :: "r" ((uint64_t)(_v)) : "memory")

static inline struct cpu_info *
curcpu(void)
{
	struct cpu_info *ci;

	__asm("mrs %0, tpidr_el1" : "=r" (ci));
	return (ci);
}

static inline unsigned long
intr_disable(void)
{
	unsigned long s;

	__asm volatile("mrs %0, daif; msr daifset, #3" : "=r" (s) :: "memory");
	return (s);
}

static inline int
intr_enabled(unsigned long s)
{
	return ((s & PSR_I) == 0);
}

static inline int
arm64_level(void)
{
	return (atomic_load_relaxed(&curcpu()->ci_ilevel));
}

/* Is a slot pending that this level lets through? */
static inline int
arm64_unmasked(int ipl)
{
	return ((atomic_load_relaxed(&curcpu()->ci_ipending) &
	    intr_unmasked[ipl]) != 0);
}

/*
 * An interrupt that comes after the level was lowered, or after interrupts
 * were turned on, replays by itself; one that came before is seen here.
 */
static inline void
intr_enable(void)
{
	int ipl;

	__asm volatile("msr daifclr, #3" ::: "memory");
	ipl = arm64_level();
	if (__builtin_expect(arm64_unmasked(ipl), 0))
		arm64_spllower(ipl);
}

static inline void
intr_restore(unsigned long s)
{
	if (intr_enabled(s))
		intr_enable();
}

static inline void
intr_reopen(unsigned long s)
{
	if (intr_enabled(s))
		__asm volatile("msr daifclr, #3" ::: "memory");
}

/*
 * The priority mask only spares the CPU interrupts that it would keep for
 * later: it may lag behind the level, in either direction, for a moment.
 * Below IPL_BIO no hard interrupt is masked.
 */
static inline int
splraise(int ipl)
{
	int old = arm64_level();

	if (ipl > old) {
		atomic_store_relaxed(&curcpu()->ci_ilevel, ipl);
		if (ipl >= IPL_BIO)
			arm64_setpri(ipl);
		compiler_barrier();
	}
	return (old);
}

static inline void
splx(int ipl)
{
	int old = arm64_level();

	compiler_barrier();
	atomic_store_relaxed(&curcpu()->ci_ilevel, ipl);
	if (old >= IPL_BIO)
		arm64_setpri(ipl);
	compiler_barrier();
	if (__builtin_expect(arm64_unmasked(ipl), 0))
		arm64_spllower(ipl);
}

static inline void
cpu_soft_pend(unsigned int slot)
{
	compiler_barrier();
	__atomic_fetch_or(&curcpu()->ci_ipending, 1UL << slot,
	    __ATOMIC_RELAXED);
	compiler_barrier();
}

static inline void
CPU_BUSY_CYCLE(void)
{
	__asm volatile("yield" ::: "memory");
}

static inline uint64_t
md_clock_read(void)
{
	uint64_t v;

	/* Not before what precedes it: ARM DDI 0487, D11.2.2. */
	__asm volatile("isb; mrs %0, cntvct_el0" : "=r" (v) :: "memory");
	return (v);
}

static inline uintptr_t
md_frame(void)
{
	return ((uintptr_t)__builtin_frame_address(0));
}

static inline uintptr_t
md_frame_next(uintptr_t fp, uintptr_t *pc)
{
	const uintptr_t *frame = (const uintptr_t *)fp;

	*pc = frame[1];
	return (frame[0]);
}

static inline void *
md_ram(uint64_t pa)
{
	return ((void *)pa);
}

static inline void
cpu_halt(void)
{
	__asm volatile("msr daifset, #15" ::: "memory");
	for (;;)
		__asm volatile("wfi" ::: "memory");
}

/* Other CPUs have changed instructions: ARM DDI 0487, B2.4.4. */
static inline void
cpu_cache_sync(void)
{
	__asm volatile("ic iallu; dsb ish; isb" ::: "memory");
}

#include <machine/ipi.h>

#endif /* MACHINE_CPU_H */
