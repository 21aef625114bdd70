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
 * arm64: GICv3, its set-up.  Arm IHI 0069 (GICv3 and v4 architecture), and
 * for the order of steps "GICv3 and GICv4 Software Overview", chapter 5.
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"
#include <machine/encode.h>

#define GICD_CTLR	(0x0000 / 4)
#define GICD_TYPER	(0x0004 / 4)
#define GICD_ICENABLER	(0x0180 / 4)
#define GICD_ICPENDR	(0x0280 / 4)
#define GICD_ICACTIVER	(0x0380 / 4)
#define CTLR_ARE_NS	0x10
#define CTLR_GRP1A	0x02		/* non-secure view, and with DS */
#define CTLR_DS		0x40		/* one security state, or: all seen */
#define CTLR_RWP	0x80000000
#define TYPER_RSS	(1 << 26)
#define TYPER_LINES	0x1f

/* Redistributor: two frames of 64 KB, the second for SGIs and PPIs. */
#define GICR_CTLR	(0x0000 / 4)
#define GICR_TYPER_LO	(0x0008 / 4)
#define GICR_TYPER_HI	(0x000c / 4)
#define GICR_WAKER	(0x0014 / 4)
#define GICR_SGI	(0x10000 / 4)
#define GICR_IGROUPR0	(GICR_SGI + 0x080 / 4)
#define GICR_ISENABLER0	(GICR_SGI + 0x100 / 4)
#define GICR_ICENABLER0	(GICR_SGI + 0x180 / 4)
#define GICR_ICPENDR0	(GICR_SGI + 0x280 / 4)
#define GICR_ICACTIVER0	(GICR_SGI + 0x380 / 4)
#define GICR_IPRIORITYR	(GICR_SGI + 0x400 / 4)
#define GICR_IGRPMODR0	(GICR_SGI + 0xd00 / 4)
#define RTYPER_LAST	0x10
#define RCTLR_RWP	0x08
#define WAKER_SLEEP	0x02
#define WAKER_ASLEEP	0x04

#define ICC_PMR_EL1	S3_0_C4_C6_0
#define ICC_RPR_EL1	S3_0_C12_C11_3
#define ICC_BPR1_EL1	S3_0_C12_C12_3
#define ICC_CTLR_EL1	S3_0_C12_C12_4
#define ICC_SRE_EL1	S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1	S3_0_C12_C12_7
#define ICC_EOIR1_EL1	S3_0_C12_C12_1
#define ICC_CTLR_EOIMODE 0x02
#define ICC_CTLR_RSS	(1 << 18)
#define ICC_CTLR_PRIBITS(_c) (((_c) >> 8 & 7) + 1)

#define NREGION		8
#define TRIES		1000000

static struct {
	volatile uint32_t *base;
	uint64_t	   size;
} regions[NREGION];
static int nregion;
static int unshifted;		/* the mask, not the priorities */

/* Wait for bits of a register to be clear; never for ever. */
static void
wait_clear(volatile uint32_t *reg, uint32_t bits, const char *what)
{
	int i;

	for (i = 0; (*reg & bits) != 0; i++) {
		if (i == TRIES)
			panic("gicv3: cpu%u: %s does not settle: 0x%x",
			    curcpu()->ci_cpuid, what, *reg);
		CPU_BUSY_CYCLE();
	}
}

static void
gicv3_setup(int node)
{
	uint64_t addr, size;
	uint32_t i, n = 1;
	const char *error;

	error = fdt_reg(&arm64_fdt, node, 0, &addr, &size);
	if (error != NULL || size < GICR_FRAME)
		panic("gicv3: distributor: %s", error != NULL ? error :
		    "too small");
	gicd = pmap_device(addr, GICR_FRAME);
	fdt_prop_u32(&arm64_fdt, node, "#redistributor-regions", &n);
	for (i = 0; i < n && nregion < NREGION; i++) {
		error = fdt_reg(&arm64_fdt, node, 1 + i, &addr, &size);
		if (error != NULL)
			panic("gicv3: redistributors: %s", error);
		regions[nregion].base = pmap_device(addr, size);
		regions[nregion].size = size;
		nregion++;
	}
	/* Off, but affinity routing, once on, stays: IHI 0069 12.9.4. */
	gicd[GICD_CTLR] = gicd[GICD_CTLR] & CTLR_ARE_NS;
	wait_clear(&gicd[GICD_CTLR], CTLR_RWP, "GICD_CTLR");
	gicd[GICD_CTLR] = CTLR_ARE_NS;
	wait_clear(&gicd[GICD_CTLR], CTLR_RWP, "GICD_CTLR");
	/* Another kernel may have left devices on, and asking. */
	for (i = 1; i <= (gicd[GICD_TYPER] & TYPER_LINES); i++) {
		gicd[GICD_ICENABLER + i] = ~0U;
		gicd[GICD_ICPENDR + i] = ~0U;
		gicd[GICD_ICACTIVER + i] = ~0U;
	}
	wait_clear(&gicd[GICD_CTLR], CTLR_RWP, "GICD_CTLR");
	gicd[GICD_CTLR] = CTLR_ARE_NS | CTLR_GRP1A;
	wait_clear(&gicd[GICD_CTLR], CTLR_RWP, "GICD_CTLR");
	if ((gicd[GICD_CTLR] & CTLR_ARE_NS) == 0)
		panic("gicv3: the distributor keeps affinity routing off");
}

/* Every region is walked, each to the one that says that it is the last. */
static volatile uint32_t *
redist_find(uint64_t id)
{
	volatile uint32_t *r;
	uint32_t type;
	uint64_t off;
	int i;

	for (i = 0; i < nregion; i++) {
		for (off = 0; off + 2 * GICR_FRAME <= regions[i].size;) {
			r = regions[i].base + off / 4;
			type = r[GICR_TYPER_LO];
			if (r[GICR_TYPER_HI] == enc_redist(id))
				return (r);
			if ((type & RTYPER_LAST) != 0)
				break;
			off += enc_redist_size(type);
		}
	}
	return (NULL);
}

static void
redist_init(volatile uint32_t *r)
{
	uint32_t wanted = (1U << NSGI) - 1;
	unsigned int i;

	r[GICR_WAKER] = r[GICR_WAKER] & ~WAKER_SLEEP;
	wait_clear(&r[GICR_WAKER], WAKER_ASLEEP, "GICR_WAKER");
	/* Another kernel may have left anything: off, not pending, ended. */
	r[GICR_ICENABLER0] = ~0U;
	wait_clear(&r[GICR_CTLR], RCTLR_RWP, "GICR_CTLR");
	r[GICR_ICPENDR0] = ~0U;
	r[GICR_ICACTIVER0] = ~0U;
	r[GICR_IGROUPR0] = ~0U;
	r[GICR_IGRPMODR0] = 0;
	for (i = 0; i < 32 / 4; i++)
		r[GICR_IPRIORITYR + i] = enc_priorities(i < 16 / 4 ? IPL_IPI :
		    IPL_CLOCK);
	r[GICR_ISENABLER0] = wanted | 1U << arm64_clock_intid;
	wait_clear(&r[GICR_CTLR], RCTLR_RWP, "GICR_CTLR");
}

/*
 * Of two security states, the distributor shows ours half of the priorities,
 * shifted.  The CPU interface does, and loses the lowest bit, if firmware
 * routes FIQ to EL3; else its mask is of the priorities as they are.  IHI 0069
 * 4.8.6; GICD_CTLR, 12.9.4.
 */
static void
mask_look(uint64_t ctlr)
{
	if ((gicd[GICD_CTLR] & CTLR_DS) != 0)
		return;
	WRITE_SPECIAL(ICC_PMR_EL1, 1U << (8 - ICC_CTLR_PRIBITS(ctlr)));
	__asm volatile("isb");
	unshifted = READ_SPECIAL(ICC_PMR_EL1) != 0;
}

static void
gicv3_setpri(int ipl)
{
	uint32_t mask = enc_mask(GIC_LEVEL(ipl));

	WRITE_SPECIAL(ICC_PMR_EL1, unshifted ? enc_unshifted(mask) : mask);
	__asm volatile("isb" ::: "memory");
}

/* A CPU that no doorbell reaches stays off; the boot CPU must not be one. */
static void __attribute__((__noreturn__))
gicv3_refuse(struct cpu_info *ci, const char *why)
{
	if (CPU_IS_PRIMARY(ci))
		panic("X-IPI-1: gicv3: the boot CPU, id 0x%llx: %s",
		    (unsigned long long)ci->ci_hwid, why);
	printf("X-IPI-1: gicv3: cpu%u, id 0x%llx: %s: it stays off\n",
	    ci->ci_cpuid, (unsigned long long)ci->ci_hwid, why);
	cpu_halt();
}

static void
gicv3_init(struct cpu_info *ci)
{
	uint64_t ctlr;
	int i;

	WRITE_SPECIAL(ICC_SRE_EL1, READ_SPECIAL(ICC_SRE_EL1) | 1);
	__asm volatile("isb");
	if ((READ_SPECIAL(ICC_SRE_EL1) & 1) == 0)
		panic("gicv3: cpu%u: firmware keeps the system registers off",
		    ci->ci_cpuid);
	WRITE_SPECIAL(ICC_IGRPEN1_EL1, 0);
	__asm volatile("isb");

	ci->ci_md.mc_redist = redist_find(ci->ci_hwid);
	if (ci->ci_md.mc_redist == NULL)
		gicv3_refuse(ci, "there is no redistributor for it");
	ctlr = READ_SPECIAL(ICC_CTLR_EL1);
	if (!enc_reach(ci->ci_hwid, (ctlr & ICC_CTLR_RSS) != 0 &&
	    (gicd[GICD_TYPER] & TYPER_RSS) != 0))
		gicv3_refuse(ci, "Aff0 is above 15, and the GIC has no range "
		    "selector");
	redist_init(ci->ci_md.mc_redist);
	if ((gicd[GICD_CTLR] & CTLR_DS) == 0 &&
	    ci->ci_md.mc_redist[GICR_IGROUPR0] != 0)
		gicv3_refuse(ci, "it is in the Secure state, and not alone");
	mask_look(ctlr);

	/* End of interrupt drops the priority and deactivates: EOImode 0. */
	WRITE_SPECIAL(ICC_CTLR_EL1, ctlr & ~(uint64_t)ICC_CTLR_EOIMODE);
	WRITE_SPECIAL(ICC_BPR1_EL1, 0);
	__asm volatile("isb");
	/* Interrupts acknowledged and not ended by another kernel. */
	for (i = 0; i < 256 && (READ_SPECIAL(ICC_RPR_EL1) & 0xff) != 0xff;
	    i++) {
		WRITE_SPECIAL(ICC_EOIR1_EL1, i % 32);
		__asm volatile("isb");
	}
	ci->ci_md.mc_sgi = enc_dest(ci->ci_hwid, 1);
	gicv3_setpri(ci->ci_ilevel);
	WRITE_SPECIAL(ICC_IGRPEN1_EL1, 1);
	__asm volatile("isb");
}

const struct arm64_gic arm64_gicv3 = {
	.gic_name = "GICv3",
	.gic_compatible = { "arm,gic-v3" },
	.gic_vectors = arm64_vectors_gicv3,
	.gic_v3 = 1,
	.gic_setup = gicv3_setup,
	.gic_init = gicv3_init,
	.gic_setpri = gicv3_setpri,
};

const struct arm64_gic *arm64_gic;

/* The priority mask follows the level; before there is a GIC, nothing. */
void
arm64_setpri(int ipl)
{
	if (arm64_gic != NULL && curcpu()->ci_md.mc_sgi != 0)
		arm64_gic->gic_setpri(ipl);
}
