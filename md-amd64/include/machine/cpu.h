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
 * amd64: the inline operations of md.h.
 */

#ifndef MACHINE_CPU_H
#define MACHINE_CPU_H

#include <stddef.h>

#define __HAVE_CPU_XCALL_IPI_MANY

extern const unsigned long intr_unmasked[];
void	amd64_spllower(int);

#define GSOFF(_m)	offsetof(struct cpu_info, _m)

static inline struct cpu_info *
curcpu(void)
{
	struct cpu_info *ci;

	__asm("movq %%gs:%c1, %0" : "=r" (ci) : "i" (GSOFF(ci_self)));
	return (ci);
}

static inline unsigned long
amd64_flags(void)
{
	unsigned long s;

	__asm volatile("pushfq; popq %0" : "=r" (s));
	return (s);
}

static inline unsigned long
intr_disable(void)
{
	unsigned long s = amd64_flags();

	__asm volatile("cli" ::: "memory");
	return (s);
}

static inline int
intr_enabled(unsigned long s)
{
	return ((s & PSL_I) != 0);
}

static inline int
amd64_level(void)
{
	int ipl;

	__asm volatile("movl %%gs:%c1, %0" : "=r" (ipl)
	    : "i" (GSOFF(ci_ilevel)) : "memory");
	return (ipl);
}

/* Is a slot pending that this level lets through? */
static inline int
amd64_unmasked(int ipl)
{
	unsigned long pending;

	__asm volatile("movq %%gs:%c1, %0" : "=r" (pending)
	    : "i" (GSOFF(ci_ipending)) : "memory");
	return ((pending & intr_unmasked[ipl]) != 0);
}

/*
 * An interrupt that comes after the level was lowered, or after interrupts
 * were turned on, replays by itself; one that came before is seen here.
 */
static inline void
intr_enable(void)
{
	int ipl;

	__asm volatile("sti" ::: "memory");
	ipl = amd64_level();
	if (__builtin_expect(amd64_unmasked(ipl), 0))
		amd64_spllower(ipl);
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
		__asm volatile("sti" ::: "memory");
}

static inline int
splraise(int ipl)
{
	int old = amd64_level();

	if (ipl > old)
		__asm volatile("movl %0, %%gs:%c1" :: "ri" (ipl),
		    "i" (GSOFF(ci_ilevel)) : "memory");
	return (old);
}

static inline void
splx(int ipl)
{
	__asm volatile("movl %0, %%gs:%c1" :: "ri" (ipl),
	    "i" (GSOFF(ci_ilevel)) : "memory");
	if (__builtin_expect(amd64_unmasked(ipl), 0))
		amd64_spllower(ipl);
}

static inline void
cpu_soft_pend(unsigned int slot)
{
	__asm volatile("lock btsq %0, %%gs:%c1" :: "r" ((unsigned long)slot),
	    "i" (GSOFF(ci_ipending)) : "memory", "cc");
}

static inline void
CPU_BUSY_CYCLE(void)
{
	__asm volatile("pause" ::: "memory");
}

static inline uint64_t
md_clock_read(void)
{
	uint32_t lo, hi;

	__asm volatile("lfence; rdtsc" : "=a" (lo), "=d" (hi) :: "memory");
	return ((uint64_t)hi << 32 | lo);
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
	for (;;)
		__asm volatile("cli; hlt" ::: "memory");
}

static inline void
cpu_cache_sync(void)
{
	__asm volatile("wbinvd" ::: "memory");
}

static inline uint64_t
rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm volatile("rdmsr" : "=a" (lo), "=d" (hi) : "c" (msr));
	return ((uint64_t)hi << 32 | lo);
}

static inline void
wrmsr(uint32_t msr, uint64_t v)
{
	__asm volatile("wrmsr" :: "c" (msr), "a" ((uint32_t)v),
	    "d" ((uint32_t)(v >> 32)) : "memory");
}

static inline void
cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	__asm volatile("cpuid" : "=a" (r[0]), "=b" (r[1]), "=c" (r[2]),
	    "=d" (r[3]) : "a" (leaf), "c" (sub));
}

static inline void
outb(uint16_t port, uint8_t v)
{
	__asm volatile("outb %0, %1" :: "a" (v), "Nd" (port) : "memory");
}

static inline uint8_t
inb(uint16_t port)
{
	uint8_t v;

	__asm volatile("inb %1, %0" : "=a" (v) : "Nd" (port) : "memory");
	return (v);
}

static inline uint32_t
inl(uint16_t port)
{
	uint32_t v;

	__asm volatile("inl %1, %0" : "=a" (v) : "Nd" (port) : "memory");
	return (v);
}

#include <machine/ipi.h>

#endif /* MACHINE_CPU_H */
