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
 * arm64: what the tests of the kit have to know; tests/proof.h.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"
#include "machdep.h"
#include "proof.h"

/* ARM DDI 0487, D17.2.101: the affinity fields. */
#define MPIDR_AFF	0xff00ffffffULL

#define ICC_PMR_EL1	S3_0_C4_C6_0
#define ICC_AP1R0_EL1	S3_0_C12_C9_0
#define ICC_RPR_EL1	S3_0_C12_C11_3
#define ICC_BPR1_EL1	S3_0_C12_C12_3
#define ICC_CTLR_EL1	S3_0_C12_C12_4
#define ICC_SRE_EL1	S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1	S3_0_C12_C12_7
#define ICC_CTLR_EOIMODE 0x02

/* The distributor of either version, and the private half of the third's. */
#define GICD_CTLR	(0x000 / 4)
#define GICD_TYPER	(0x004 / 4)
#define GIC_IGROUPR	(0x080 / 4)
#define GIC_ISENABLER	(0x100 / 4)
#define GIC_ISPENDR	(0x200 / 4)
#define GIC_ISACTIVER	(0x300 / 4)
#define GIC_IPRIORITYR	(0x400 / 4)
#define GICD_SPENDSGIR	(0xf20 / 4)
#define GICR_SGI	(0x10000 / 4)
#define GICR_TYPER_HI	(0x0000c / 4)
#define GICR_WAKER	(0x00014 / 4)
#define GICR_IGRPMODR0	(GICR_SGI + 0xd00 / 4)
#define GICC_APR0	0x0d0

/*
 * What AT leaves in PAR_EL1: attributes, shareability, fault; D17.2.112.  Of
 * a device the second does not count, and QEMUs differ in it.
 */
#define PAR_F		1
#define PAR_SH		(3 << 7)
#define PAR_ATTR	(0xffULL << 56)
#define PAR_MEMORY	(PAR_ATTR | PAR_SH)	/* write-back, inner */
#define PAR_DEVICE	(0x04ULL << 56)		/* nGnRE */

/* SCTLR_EL1: M, C, SA, I, WXN, and EE, which has to be clear. */
#define SCTLR_LOOK	0x0208100d
#define SCTLR_WANT	0x0008100d
/* MAIR_EL1: attributes 0 and 1. */
#define MAIR_LOOK	0xffff
#define MAIR_WANT	0x04ff
/* TCR_EL1: 39 bits, 4 KB, inner shareable, write-back, and no more. */
#define TCR_LOOK	0x7ffffffffULL
#define TCR_WANT	0xb5193519ULL

/* The more urgent the lower; open lets every one of them through. */
#define PRIORITY(_ipl)	((15U - (_ipl)) << 4)
#define MASK_OPEN	0xf0
#define CTLR_V3		0x12		/* affinity routing, group 1 */
#define CTLR_DS		0x40		/* IHI 0069, 12.9.4 */

static const char *const priorities[] = { "priority of SGI 0 to 3",
    "priority of SGI 4 to 7", "priority of SGI 8 to 11",
    "priority of SGI 12 to 15", "priority of PPI 16 to 19",
    "priority of PPI 20 to 23", "priority of PPI 24 to 27",
    "priority of PPI 28 to 31" };

/* The private interrupts: where their registers are, and on which CPU. */
static void
state_private(struct proof *p, volatile uint32_t *r)
{
	uint32_t clock = 1U << arm64_clock_intid, prio;
	unsigned int i;

	proof_must(p, "GIC ISPENDR0, SGIs and clock", r[GIC_ISPENDR] &
	    (0xffff | clock), 0);
	proof_must(p, "GIC ISACTIVER0", r[GIC_ISACTIVER], 0);
	proof_must(p, "GIC ISENABLER0, SGIs in use and PPIs",
	    r[GIC_ISENABLER] & (0xffff0000 | ((1U << NSGI) - 1)),
	    clock | ((1U << NSGI) - 1));
	for (i = 0; i < nitems(priorities); i++) {
		prio = i < 4 ? PRIORITY(IPL_IPI) : PRIORITY(IPL_CLOCK);
		proof_must(p, priorities[i], r[GIC_IPRIORITYR + i],
		    prio * 0x01010101);
	}
}

/* No source but CPUs and their clocks is let through. */
static void
state_shared(struct proof *p)
{
	uint32_t i, n = gicd[GICD_TYPER] & 0x1f;

	for (i = 1; i <= n; i++) {
		proof_must(p, "GICD ISENABLER, shared", gicd[GIC_ISENABLER + i],
		    0);
		proof_must(p, "GICD ISACTIVER, shared", gicd[GIC_ISACTIVER + i],
		    0);
	}
}

/* How the walker says that an address is mapped. */
static void
state_mapped(struct proof *p, const char *name, uintptr_t va, uint64_t want)
{
	__asm volatile("at s1e1r, %0; isb" :: "r" (va) : "memory");
	proof_must(p, name, READ_SPECIAL(par_el1) & (PAR_ATTR | PAR_F |
	    (want != PAR_DEVICE ? PAR_SH : 0)), want);
	__asm volatile("at s1e0r, %0; isb" :: "r" (va) : "memory");
	proof_must(p, "MEM-2: EL0 is kept out, PAR_EL1.F",
	    READ_SPECIAL(par_el1) & PAR_F, 1);
}

/* Order and coherence between CPUs hang on these, and QEMU has no caches. */
static void
state_memory(struct cpu_info *ci, struct proof *p)
{
	uint64_t range = READ_SPECIAL(id_aa64mmfr0_el1) & 7;

	state_mapped(p, "MEM-2: code, PAR_EL1", (uintptr_t)proof_state,
	    PAR_MEMORY);
	state_mapped(p, "MEM-2: data, PAR_EL1", (uintptr_t)&cpu_info_primary,
	    PAR_MEMORY);
	state_mapped(p, "MEM-1: RAM, PAR_EL1", (uintptr_t)curthread,
	    PAR_MEMORY);
	state_mapped(p, "MEM-2: a stack, PAR_EL1", ci->ci_md.mc_estack - 8,
	    PAR_MEMORY);
	state_mapped(p, "MEM-2: a device, PAR_EL1", (uintptr_t)gicd,
	    PAR_DEVICE);
	proof_must(p, "MAIR_EL1", READ_SPECIAL(mair_el1) & MAIR_LOOK,
	    MAIR_WANT);
	proof_must(p, "TCR_EL1", READ_SPECIAL(tcr_el1) & TCR_LOOK,
	    TCR_WANT | range << 32);
	proof_must(p, "SCTLR_EL1, M C SA I WXN EE",
	    READ_SPECIAL(sctlr_el1) & SCTLR_LOOK, SCTLR_WANT);
}

/*
 * Is the mask of the same priorities as the distributor's?  Where there are
 * two security states it is not when it keeps the lowest of 8 to 4 bits.
 */
static int
mask_shifted(void)
{
	unsigned int bits = (READ_SPECIAL(ICC_CTLR_EL1) >> 8 & 7) + 1;

	if ((gicd[GICD_CTLR] & CTLR_DS) != 0)
		return (1);
	WRITE_SPECIAL(ICC_PMR_EL1, 0x100 >> bits);
	__asm volatile("isb");
	return (READ_SPECIAL(ICC_PMR_EL1) == 0);
}

static void
state_gicv3(struct cpu_info *ci, struct proof *p)
{
	volatile uint32_t *r = ci->ci_md.mc_redist;
	uint64_t id = ci->ci_hwid, mask;

	proof_must(p, "affinity of the redistributor", r[GICR_TYPER_HI],
	    (id >> 32 & 0xff) << 24 | (id & 0xffffff));
	proof_must(p, "GICR_WAKER", r[GICR_WAKER] & 6, 0);
	/* Of two security states, ours does not see the groups. */
	proof_must(p, "GICR_IGROUPR0", r[GICR_SGI + GIC_IGROUPR],
	    (gicd[GICD_CTLR] & CTLR_DS) != 0 ? ~0U : 0);
	proof_must(p, "GICR_IGRPMODR0", r[GICR_IGRPMODR0], 0);
	state_private(p, r + GICR_SGI);
	proof_must(p, "GICD_CTLR", gicd[GICD_CTLR] & CTLR_V3, CTLR_V3);
	proof_must(p, "ICC_RPR_EL1", READ_SPECIAL(ICC_RPR_EL1) & 0xff, 0xff);
	proof_must(p, "ICC_AP1R0_EL1", READ_SPECIAL(ICC_AP1R0_EL1), 0);
	mask = READ_SPECIAL(ICC_PMR_EL1);
	proof_must(p, "ICC_PMR_EL1", mask, mask_shifted() ? MASK_OPEN :
	    0x80 | MASK_OPEN >> 1);
	WRITE_SPECIAL(ICC_PMR_EL1, mask);
	__asm volatile("isb");
	proof_must(p, "ICC_IGRPEN1_EL1", READ_SPECIAL(ICC_IGRPEN1_EL1), 1);
	proof_must(p, "ICC_CTLR_EL1, EOImode", READ_SPECIAL(ICC_CTLR_EL1) &
	    ICC_CTLR_EOIMODE, 0);
	proof_must(p, "ICC_SRE_EL1, SRE", READ_SPECIAL(ICC_SRE_EL1) & 1, 1);
	proof_same(p, "ICC_CTLR_EL1", READ_SPECIAL(ICC_CTLR_EL1));
	proof_same(p, "ICC_BPR1_EL1", READ_SPECIAL(ICC_BPR1_EL1));
}

static void
state_gicv2(struct proof *p)
{
	volatile uint32_t *gicc = (volatile uint32_t *)GICCVA;
	int i;

	state_private(p, gicd);
	proof_must(p, "GICD_IGROUPR0", gicd[GIC_IGROUPR], 0);
	for (i = 0; i < 4; i++)
		proof_must(p, "GICD_SPENDSGIR", gicd[GICD_SPENDSGIR + i], 0);
	proof_must(p, "GICD_CTLR", gicd[GICD_CTLR], 1);
	proof_must(p, "GICC_CTLR", gicc[GICC_CTLR / 4], 1);
	proof_must(p, "GICC_PMR", gicc[GICC_PMR / 4], MASK_OPEN);
	proof_must(p, "GICC_RPR", gicc[GICC_RPR / 4] & 0xff, 0xff);
	proof_must(p, "GICC_APR0", gicc[GICC_APR0 / 4], 0);
	proof_same(p, "GICC_BPR", gicc[GICC_BPR / 4]);
}

void
proof_state(struct cpu_info *ci, struct proof *p)
{
	uint64_t *low = (uint64_t *)(ci->ci_md.mc_estack - KSTACK_SIZE);

	proof_must(p, "TPIDR_EL1", READ_SPECIAL(tpidr_el1), (uint64_t)ci);
	proof_must(p, "mc_ipis, reasons not taken", ci->ci_md.mc_ipis, 0);
	proof_must(p, "MPIDR_EL1", READ_SPECIAL(mpidr_el1) & MPIDR_AFF,
	    ci->ci_hwid);
	if (arm64_gic->gic_v3)
		state_gicv3(ci, p);
	else
		state_gicv2(p);
	state_shared(p);
	/* The first to look owns it. */
	if (*low == 0)
		*low = (uint64_t)ci;
	proof_must(p, "owner of the emergency stack", *low, (uint64_t)ci);
	proof_must(p, "VBAR_EL1", READ_SPECIAL(vbar_el1),
	    (uint64_t)arm64_gic->gic_vectors);
	proof_same(p, "SCTLR_EL1", READ_SPECIAL(sctlr_el1));
	state_memory(ci, p);
	proof_same(p, "TTBR0_EL1", READ_SPECIAL(ttbr0_el1));
	proof_same(p, "TTBR1_EL1", READ_SPECIAL(ttbr1_el1));
	proof_same(p, "CPACR_EL1", READ_SPECIAL(cpacr_el1));
	proof_same(p, "DAIF", READ_SPECIAL(daif));
	proof_same(p, "CurrentEL", READ_SPECIAL(CurrentEL));
	proof_same(p, "SPSel", READ_SPECIAL(SPSel));
	proof_same(p, "CNTFRQ_EL0", READ_SPECIAL(cntfrq_el0));
}

/* There is none: IRQ and FIQ are masked together. */
void
proof_unasked(void)
{
}

void
proof_fork(struct thread *t, void (*func)(void))
{
	cpu_fork(t);
	/* Where cpu_switchto() returns to: x30 in what it loads. */
	((uint64_t *)t->t_sp)[1] = (uint64_t)func;
}

/*
 * The controllers, mapped once more: the kernel's own mappings are not there
 * yet.  Where QEMU's device tree has them.
 */
static volatile uint32_t *dirty_dist, *dirty_cpu, *dirty_redist[8];
static unsigned int dirty_regions;
static int dirty_v3;

static volatile uint32_t *
dirty_map(int node, int n, uint64_t *size)
{
	uint64_t pa;

	if (fdt_reg(&arm64_fdt, node, n, &pa, size) != NULL)
		return (NULL);
	return (pmap_device(pa, *size));
}

static void
dirty_find(void)
{
	uint32_t n = 1;
	uint64_t size;
	int node;

	node = fdt_by_compatible(&arm64_fdt, -1, "arm,gic-v3");
	dirty_v3 = node != -1;
	if (node == -1)
		node = fdt_by_compatible(&arm64_fdt, -1, "arm,cortex-a15-gic");
	dirty_dist = dirty_map(node, 0, &size);
	if (!dirty_v3) {
		dirty_cpu = dirty_map(node, 1, &size);
		return;
	}
	fdt_prop_u32(&arm64_fdt, node, "#redistributor-regions", &n);
	for (; dirty_regions < n && dirty_regions < 8; dirty_regions++)
		dirty_redist[dirty_regions] = dirty_map(node,
		    1 + dirty_regions, &size);
}

/* This CPU's redistributor. */
static volatile uint32_t *
dirty_self(void)
{
	uint64_t id = READ_SPECIAL(mpidr_el1) & MPIDR_AFF;
	volatile uint32_t *r;
	unsigned int i;

	for (i = 0; i < dirty_regions; i++) {
		for (r = dirty_redist[i];; r += 0x20000 / 4) {
			if (r[GICR_TYPER_HI] == ((id >> 32 & 0xff) << 24 |
			    (id & 0xffffff)))
				return (r);
			if ((r[2] & 0x10) != 0)
				break;
		}
	}
	return (NULL);
}

/* Private interrupts: all on, as urgent as can be, some pending and active. */
static void
dirty_private(volatile uint32_t *r)
{
	int i;

	for (i = 0; i < 8; i++)
		r[GIC_IPRIORITYR + i] = 0;
	r[GIC_ISENABLER] = ~0U;
	r[GIC_ISPENDR] = ~0U;
	r[GIC_ISACTIVER] = 0x0a0a0a0a;
}

/* Sources that CPUs share: on, pending, at this CPU. */
static void
dirty_shared(void)
{
	unsigned int i, n = dirty_dist[GICD_TYPER] & 0x1f;

	dirty_dist[GICD_CTLR] = dirty_v3 ? CTLR_V3 : 1;
	for (i = 1; i <= n; i++) {
		dirty_dist[GIC_IGROUPR + i] = dirty_v3 ? ~0U : 0;
		dirty_dist[GIC_ISENABLER + i] = ~0U;
		dirty_dist[GIC_ISPENDR + i] = ~0U;
		dirty_dist[GIC_ISACTIVER + i] = 0x11111111;
	}
	for (i = 32; i < 32 * (n + 1); i += 4) {
		dirty_dist[GIC_IPRIORITYR + i / 4] = 0;
		dirty_dist[0x800 / 4 + i / 4] = 0x01010101;
	}
}

#define SGI_SELF(_n)	(1ULL << (READ_SPECIAL(mpidr_el1) & 0xf) |	\
	    (READ_SPECIAL(mpidr_el1) >> 8 & 0xff) << 16 | (_n) << 24)

/* The barriers of a doorbell: proof/rules asks them here as well. */
static void
dirty_send3(uint64_t sgi)
{
	__asm volatile("dsb ishst" ::: "memory");
	WRITE_SPECIAL(S3_0_C12_C11_5, SGI_SELF(sgi));
	__asm volatile("isb" ::: "memory");
}

static void
dirty_send2(uint32_t sgi)
{
	__asm volatile("dsb ishst" ::: "memory");
	dirty_dist[0xf00 / 4] = 2U << 24 | sgi;
}

static void
dirty_gicv3(void)
{
	volatile uint32_t *r = dirty_self();
	uint64_t iar, n;

	WRITE_SPECIAL(ICC_SRE_EL1, READ_SPECIAL(ICC_SRE_EL1) | 1);
	__asm volatile("isb");
	r[GICR_WAKER] = 0;
	r[GICR_SGI + GIC_IGROUPR] = ~0U;
	r[GICR_IGRPMODR0] = 0;
	r[GICR_SGI + GIC_IPRIORITYR] = 0x20406080;
	r[GICR_SGI + GIC_ISENABLER] = ~0U;
	/* Acknowledged, never ended: one inside the other. */
	WRITE_SPECIAL(ICC_PMR_EL1, 0xff);
	WRITE_SPECIAL(ICC_BPR1_EL1, 0);
	__asm volatile("isb");
	WRITE_SPECIAL(ICC_IGRPEN1_EL1, 1);
	__asm volatile("isb");
	for (n = 0; n < 4; n++) {
		dirty_send3(n);
		iar = READ_SPECIAL(S3_0_C12_C12_0);
		__asm volatile("dsb sy; isb" :: "r" (iar));
	}
	dirty_private(r + GICR_SGI);
	for (n = 0; n < 16; n++)
		dirty_send3(n);
	r[GICR_SGI + GIC_IGROUPR] = 0x55555555;
	r[GICR_WAKER] = 2;
	WRITE_SPECIAL(ICC_CTLR_EL1, READ_SPECIAL(ICC_CTLR_EL1) |
	    ICC_CTLR_EOIMODE);
	WRITE_SPECIAL(ICC_BPR1_EL1, 7);
	WRITE_SPECIAL(ICC_PMR_EL1, 0);
	__asm volatile("isb");
	WRITE_SPECIAL(ICC_IGRPEN1_EL1, 1);
	__asm volatile("isb");
}

static void
dirty_gicv2(void)
{
	uint32_t iar;
	int i;

	dirty_private(dirty_dist);
	dirty_dist[GIC_IPRIORITYR] = 0x20406080;
	dirty_cpu[GICC_PMR / 4] = 0xff;
	dirty_cpu[GICC_CTLR / 4] = 1;
	for (i = 0; i < 4; i++) {
		dirty_send2(i);
		iar = dirty_cpu[GICC_IAR / 4];
		__asm volatile("dsb sy" :: "r" (iar));
	}
	dirty_private(dirty_dist);
	for (i = 0; i < 16; i++)
		dirty_send2(i);
	dirty_dist[GIC_IGROUPR] = ~0U;
	dirty_cpu[GICC_BPR / 4] = 7;
	dirty_cpu[GICC_PMR / 4] = 0;
	dirty_cpu[GICC_CTLR / 4] = 0x201;	/* EOImode */
}

void
proof_dirty(int first)
{
	if (first) {
		dirty_find();
		dirty_shared();
	}
	if (dirty_v3)
		dirty_gicv3();
	else
		dirty_gicv2();
	/* Both timers have expired and say so. */
	WRITE_SPECIAL(cntv_cval_el0, 0);
	WRITE_SPECIAL(cntv_ctl_el0, 1);
	WRITE_SPECIAL(cntp_cval_el0, 0);
	WRITE_SPECIAL(cntp_ctl_el0, 1);
	__asm volatile("isb");
}
