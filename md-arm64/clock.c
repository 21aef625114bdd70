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
 * arm64: time.  The generic timer's virtual counter, which every level of
 * privilege may use, counts and interrupts.
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"

/* ARM DDI 0487, D17.8.20: CNTV_CTL_EL0. */
#define CTL_ENABLE	1
#define CTL_IMASK	2

#define TIMER_VIRT	2	/* which of the node's interrupts */
#define FDT_PPI		1
#define PPI_FIRST	16

uint64_t md_clock_hz;
unsigned int arm64_clock_intid;

/* Devicetree binding arm,arch_timer: secure, physical, virtual, ... */
void
md_clock_init(void)
{
	uint32_t type, number;
	int node;

	node = fdt_by_compatible(&arm64_fdt, -1, "arm,armv8-timer");
	if (!fdt_prop_cell(&arm64_fdt, node, "interrupts", TIMER_VIRT * 3,
	    &type) || !fdt_prop_cell(&arm64_fdt, node, "interrupts",
	    TIMER_VIRT * 3 + 1, &number) || type != FDT_PPI || number > 15)
		panic("CLK-2: the device tree has no generic timer with a "
		    "virtual interrupt");
	arm64_clock_intid = PPI_FIRST + number;
	md_clock_hz = READ_SPECIAL(cntfrq_el0);
	if (md_clock_hz < 100000)
		panic("CLK-2: firmware has set CNTFRQ_EL0 to %llu",
		    (unsigned long long)md_clock_hz);
	printf("clock: generic timer %llu kHz, interrupt %u\n",
	    (unsigned long long)md_clock_hz / 1000, arm64_clock_intid);
}

/* The interrupt is a level: it must go before its end is signalled. */
void
clock_silence(void)
{
	WRITE_SPECIAL(cntv_ctl_el0, CTL_IMASK);
	__asm volatile("isb");
}

void
md_clock_arm(uint64_t n)
{
	WRITE_SPECIAL(cntv_cval_el0, md_clock_read() + n);
	WRITE_SPECIAL(cntv_ctl_el0, CTL_ENABLE);
	__asm volatile("isb");
}
