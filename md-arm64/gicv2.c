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
 * arm64: GICv2, its set-up.  Arm IHI 0048B (GIC architecture, version 2).
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"
#include <machine/encode.h>

#define GICD_CTLR	(0x000 / 4)
#define GICD_TYPER	(0x004 / 4)
#define GICD_IGROUPR	(0x080 / 4)
#define GICD_ISENABLER	(0x100 / 4)
#define GICD_ICENABLER	(0x180 / 4)
#define GICD_ICPENDR	(0x280 / 4)
#define GICD_ICACTIVER	(0x380 / 4)
#define GICD_IPRIORITYR	(0x400 / 4)
#define GICD_ITARGETSR	(0x800 / 4)
#define GICD_CPENDSGIR	(0xf10 / 4)

#define CTLR_ENABLE	1
#define TYPER_LINES	0x1f
#define RPR_IDLE	0xff

static volatile uint32_t *gicc;

static void
gicv2_setup(int node)
{
	uint64_t dist, cpu, size;
	const char *error;
	uint32_t i;

	error = fdt_reg(&arm64_fdt, node, 0, &dist, &size);
	if (error == NULL)
		error = fdt_reg(&arm64_fdt, node, 1, &cpu, &size);
	if (error != NULL)
		panic("gicv2: %s", error);
	md_map(GICCVA, cpu, GICC_SIZE, PROT_READ | PROT_WRITE | PROT_DEVICE);
	gicc = (volatile uint32_t *)GICCVA;
	gicd = pmap_device(dist, MD_PAGESIZE);
	/* Another kernel may have left devices on, and asking. */
	gicd[GICD_CTLR] = 0;
	for (i = 1; i <= (gicd[GICD_TYPER] & TYPER_LINES); i++) {
		gicd[GICD_ICENABLER + i] = ~0U;
		gicd[GICD_ICPENDR + i] = ~0U;
		gicd[GICD_ICACTIVER + i] = ~0U;
	}
	gicd[GICD_CTLR] = CTLR_ENABLE;
}

static void
gicv2_setpri(int ipl)
{
	gicc[GICC_PMR / 4] = enc_mask(GIC_LEVEL(ipl));
	__asm volatile("dsb sy; isb" ::: "memory");
}

/*
 * Which bit of a target list this CPU is: the distributor says so, in the
 * targets of its private interrupts, where any of them is there (4.3.12).
 * The CPU's number does not tell.  With one CPU they read as zero; then
 * there is nobody else to ring.
 */
static uint32_t
gicv2_self(void)
{
	uint32_t mask = 0;
	int i;

	for (i = 0; i < 32 / 4 && mask == 0; i++)
		mask = enc_self(gicd[GICD_ITARGETSR + i]);
	return (mask);
}

static void
gicv2_private(void)
{
	unsigned int i;

	/* Another kernel may have left anything: off, not pending, ended. */
	gicd[GICD_ICENABLER] = ~0U;
	gicd[GICD_ICPENDR] = ~0U;
	gicd[GICD_ICACTIVER] = ~0U;
	for (i = 0; i < 4; i++)
		gicd[GICD_CPENDSGIR + i] = ~0U;
	/* The group that CTLR_ENABLE is for. */
	gicd[GICD_IGROUPR] = 0;
	for (i = 0; i < 32 / 4; i++)
		gicd[GICD_IPRIORITYR + i] = enc_priorities(i < 16 / 4 ?
		    IPL_IPI : IPL_CLOCK);
	gicd[GICD_ISENABLER] = ((1U << NSGI) - 1) | 1U << arm64_clock_intid;
}

static void
gicv2_init(struct cpu_info *ci)
{
	uint32_t mask;
	int i;

	gicc[GICC_CTLR / 4] = 0;
	gicv2_private();
	gicc[GICC_BPR / 4] = 0;
	/* Interrupts acknowledged and not ended by another kernel. */
	for (i = 0; i < 256 && (gicc[GICC_RPR / 4] & 0xff) != RPR_IDLE; i++)
		gicc[GICC_EOIR / 4] = i % 32;
	mask = gicv2_self();
	if (mask == 0 && ncpus > 1)
		panic("X-IPI-1: cpu%u: the GIC does not say which CPU it is",
		    ci->ci_cpuid);
	ci->ci_md.mc_sgi = enc_dest(mask, 0) | SGI_V2;
	gicv2_setpri(ci->ci_ilevel);
	/* One group, end of interrupt deactivates. */
	gicc[GICC_CTLR / 4] = CTLR_ENABLE;
}

const struct arm64_gic arm64_gicv2 = {
	.gic_name = "GICv2",
	.gic_compatible = { "arm,cortex-a15-gic", "arm,gic-400",
	    "arm,cortex-a9-gic" },
	.gic_vectors = arm64_vectors_gicv2,
	.gic_setup = gicv2_setup,
	.gic_init = gicv2_init,
	.gic_setpri = gicv2_setpri,
};
