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
 * @ARCH@: the inline operations of md.h.
 */

#ifndef MACHINE_CPU_H
#define MACHINE_CPU_H

#include <stddef.h>

#include <machine/stub.h>

/* Right as long as there is one CPU: then, stage cpus, from a register. */
static inline struct cpu_info *
curcpu(void)
{
	MD_LATER("X-CPU-2", "cpus");
	return (&cpu_info_primary);
}

static inline unsigned long
intr_disable(void)
{
	MD_STUB("X-INTR-1", "prints");
	return (0);
}

static inline int
intr_enabled(unsigned long s)
{
	MD_STUB("X-INTR-1", "prints");
	return (s != 0);
}

static inline void
intr_enable(void)
{
	MD_STUB("X-INTR-1", "traps");
}

static inline void
intr_restore(unsigned long s)
{
	if (intr_enabled(s))
		intr_enable();
}

/* intr_restore() that does not look at what is pending. */
static inline void
intr_reopen(unsigned long s)
{
	MD_LATER("X-INTR-1", "cross-calls");
	intr_restore(s);
}

static inline int
splraise(int ipl)
{
	(void)ipl;
	MD_STUB("SPL-1", "traps");
	return (0);
}

static inline void
splx(int ipl)
{
	(void)ipl;
	MD_STUB("SPL-1", "traps");
}

static inline void
cpu_soft_pend(unsigned int slot)
{
	(void)slot;
	MD_STUB("SOFT-1", "levels");
}

static inline void
CPU_BUSY_CYCLE(void)
{
	MD_LATER("X-WAIT-2", "clock");
	compiler_barrier();
}

static inline uint64_t
md_clock_read(void)
{
	MD_STUB("CLK-1", "traps");
	return (0);
}

static inline uintptr_t
md_frame(void)
{
	return ((uintptr_t)__builtin_frame_address(0));
}

static inline uintptr_t
md_frame_next(uintptr_t fp, uintptr_t *pc)
{
	(void)fp;
	MD_LATER("DIAG-1", "traps");
	*pc = 0;
	return (0);
}

static inline void *
md_ram(uint64_t pa)
{
	MD_STUB("MEM-1", "prints");
	return ((void *)(uintptr_t)pa);
}

static inline void
cpu_halt(void)
{
	MD_STUB("IDLE-1", "cpus");
	for (;;)
		compiler_barrier();
}

static inline void
cpu_cache_sync(void)
{
	MD_STUB("USE-1", "cross-calls");
}

#include <machine/ipi.h>

#endif /* MACHINE_CPU_H */
