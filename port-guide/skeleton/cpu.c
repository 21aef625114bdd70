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
 * @ARCH@: finding the CPUs, starting them, and setting each one up.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"
#include "machdep.h"

/* The interrupt controller is found here, too. */
void
md_cpus_attach(void)
{
	MD_STUB("SMP-1", "traps");
}

/* The feature: something of the CPU that nothing here uses. */
int
cpu_feature_enable(void)
{
	MD_STUB("USE-2", "cross-calls");
	return (EINVAL);
}

void
cpu_feature_disable(void)
{
	MD_STUB("USE-2", "cross-calls");
}

int
cpu_feature_enabled(void)
{
	MD_STUB("USE-2", "cross-calls");
	return (0);
}

/* Traps first, stage traps; then the controller, the doorbell, the clock. */
void
md_cpu_init(struct cpu_info *ci)
{
	(void)ci;
	MD_STUB("SMP-2", "traps");
}

const char *
md_cpu_start(struct cpu_info *ci)
{
	(void)ci;
	MD_LATER("SMP-3", "cpus");
	return ("md_cpu_start() is not written yet: SMP-3, stage cpus");
}

void
cpu_fork(struct thread *t)
{
	(void)t;
	MD_STUB("THR-1", "traps");
}
