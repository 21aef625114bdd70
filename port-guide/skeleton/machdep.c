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
 * @ARCH@: what the boot loader hands over, and the end of a run.
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"

/*
 * BOOT-1.  On the boot CPU and the boot stack, interrupts off.  Then the
 * console; boot_args_set(); pmem_add() and pmem_reserve(); pmap_init().
 */
void
@ARCH@_init(void)
{
	cpu_info_primary.ci_self = &cpu_info_primary;
	cpu_info_primary.ci_ilevel = IPL_HIGH;
	cons_init();
	MD_STUB("BOOT-1", "prints");
	pmap_init();
	kern_main();
}

void
md_end(int failed)
{
	(void)failed;
	MD_STUB("END-1", "traps");
	for (;;)
		compiler_barrier();
}
