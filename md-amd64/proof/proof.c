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
 * amd64: what the tests of the kit have to know; tests/proof.h.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"
#include "machdep.h"
#include "proof.h"

#define LVT_MASKED	0x10000
#define LVT_KIND	0x707ff		/* vector, delivery, mask, mode */
#define SVR_ENABLE	0x100
#define APICBASE_ENABLE	0x800
#define APICBASE_X2APIC	0x400
#define MSR_PAT		0x277

/* Entries of page tables: SDM 3A 4.5. */
#define PG_V		0x001ULL
#define PG_W		0x002ULL
#define PG_UC		0x018ULL
#define PG_PS		0x080ULL
#define PG_NX		(1ULL << 63)
#define PG_FRAME	0x000ffffffffff000ULL

#define READ_CR(_r)							\
	({ uint64_t _v;							\
	    __asm volatile("movq %%" #_r ", %0" : "=r" (_v)); _v; })

struct region {			/* what LGDT and LIDT take */
	uint16_t	r_limit;
	uint64_t	r_base;
} __attribute__((__packed__));

static void
state_lapic(struct proof *p)
{
	static const char *const irr[] = { "LAPIC IRR, vectors 0x00 on",
	    "LAPIC IRR, vectors 0x20 on", "LAPIC IRR, vectors 0x40 on",
	    "LAPIC IRR, vectors 0x60 on", "LAPIC IRR, vectors 0x80 on",
	    "LAPIC IRR, vectors 0xa0 on", "LAPIC IRR, vectors 0xc0 on",
	    "LAPIC IRR, vectors 0xe0 on" };
	static const char *const isr[] = { "LAPIC ISR, vectors 0x00 on",
	    "LAPIC ISR, vectors 0x20 on", "LAPIC ISR, vectors 0x40 on",
	    "LAPIC ISR, vectors 0x60 on", "LAPIC ISR, vectors 0x80 on",
	    "LAPIC ISR, vectors 0xa0 on", "LAPIC ISR, vectors 0xc0 on",
	    "LAPIC ISR, vectors 0xe0 on" };
	unsigned int i;

	proof_must(p, "LAPIC SVR", lapic_read(LAPIC_SVR),
	    SVR_ENABLE | VEC_SPURIOUS);
	proof_must(p, "LAPIC TPR", lapic_read(LAPIC_TPR), 0);
	for (i = 0; i < 8; i++) {
		proof_must(p, irr[i], lapic_read(LAPIC_IRR + i * 16), 0);
		proof_must(p, isr[i], lapic_read(LAPIC_ISR + i * 16), 0);
	}
	proof_must(p, "LAPIC LVT timer", lapic_read(LAPIC_TIMER) & LVT_KIND,
	    VEC_CLOCK);
	proof_must(p, "LAPIC LVT LINT0, masked", lapic_read(LAPIC_LINT0) &
	    LVT_MASKED, LVT_MASKED);
	proof_must(p, "LAPIC LVT LINT1, masked", lapic_read(LAPIC_LINT1) &
	    LVT_MASKED, LVT_MASKED);
	proof_must(p, "LAPIC LVT error, masked", lapic_read(LAPIC_ERROR) &
	    LVT_MASKED, LVT_MASKED);
	proof_must(p, "LAPIC LVT performance, masked", lapic_read(LAPIC_PERF) &
	    LVT_MASKED, LVT_MASKED);
	proof_must(p, "LAPIC LVT thermal, masked", lapic_read(LAPIC_THERM) &
	    LVT_MASKED, LVT_MASKED);
	proof_must(p, "LAPIC timer divider", lapic_read(LAPIC_TDCR), 0x0b);
	/* It shows what there is since it was last written. */
	lapic_write(LAPIC_ESR, 0);
	proof_must(p, "LAPIC ESR", lapic_read(LAPIC_ESR), 0);
}

/* A stack of its own: the first to look owns it. */
static void
state_stack(struct cpu_info *ci, struct proof *p, const char *name, int ist)
{
	uint64_t top = ci->ci_md.mc_tss.ts_ist[ist - 1], *low;

	low = (uint64_t *)(top - KSTACK_SIZE);
	if (top != 0 && *low == 0)
		*low = (uint64_t)ci + ist;
	proof_must(p, name, top != 0 ? *low : 0, (uint64_t)ci + ist);
}

static void
state_tables(struct cpu_info *ci, struct proof *p)
{
	const uint64_t *gdt = ci->ci_md.mc_gdt;
	const uint8_t *idt;
	struct region r;
	uint16_t tr;

	__asm volatile("sgdt %0" : "=m" (r));
	proof_must(p, "GDT", r.r_base, (uint64_t)gdt);
	__asm volatile("str %0" : "=r" (tr));
	proof_must(p, "task register", tr, GSEL_TSS);
	proof_must(p, "TSS", (gdt[GSEL_TSS / 8] >> 16 & 0xffffff) |
	    (gdt[GSEL_TSS / 8] >> 56) << 24 | gdt[GSEL_TSS / 8 + 1] << 32,
	    (uint64_t)&ci->ci_md.mc_tss);
	state_stack(ci, p, "owner of the NMI stack", IST_NMI);
	state_stack(ci, p, "owner of the double fault stack", IST_DF);
	__asm volatile("sidt %0" : "=m" (r));
	proof_same(p, "IDT", r.r_base);
	proof_same(p, "IDT limit", r.r_limit);
	idt = (const uint8_t *)r.r_base;
	proof_must(p, "stack of the NMI gate", idt[2 * 16 + 4], IST_NMI);
	proof_must(p, "stack of the double fault gate", idt[8 * 16 + 4],
	    IST_DF);
}

/*
 * The page tables below one, which has these rights: no page is writable and
 * executable.
 */
static void
state_table(struct proof *p, const uint64_t *table, int level, uint64_t rights)
{
	uint64_t pte, r;
	unsigned int i;

	for (i = 0; i < 512; i++) {
		pte = table[i];
		if ((pte & PG_V) == 0)
			continue;
		r = (rights & pte & PG_W) | ((rights | pte) & PG_NX);
		if (level > 1 && (pte & PG_PS) == 0)
			state_table(p, md_ram(pte & PG_FRAME), level - 1, r);
		else
			proof_must(p, "page that is written and executed, "
			    "its entry", r == PG_W ? pte : 0, 0);
	}
}

static void
state_map(struct proof *p)
{
	const uint64_t *table = md_ram(READ_CR(cr3) & PG_FRAME);
	int l;

	state_table(p, table, 4, PG_W);
	for (l = 4; l > 1; l--)
		table = md_ram(table[LAPICVA >> (12 + 9 * (l - 1)) & 511] &
		    PG_FRAME);
	proof_must(p, "page of the LAPIC: uncached, PCD and PWT",
	    table[LAPICVA >> 12 & 511] & PG_UC, PG_UC);
}

void
proof_state(struct cpu_info *ci, struct proof *p)
{
	uint16_t cs, ss;

	proof_must(p, "GS base", rdmsr(MSR_GSBASE), (uint64_t)ci);
	proof_must(p, "mc_ipis, reasons not taken", ci->ci_md.mc_ipis, 0);
	proof_must(p, "LAPIC id", lapic_id(), ci->ci_hwid);
	proof_must(p, "APIC base, mode", rdmsr(MSR_APICBASE) &
	    (APICBASE_ENABLE | APICBASE_X2APIC), APICBASE_ENABLE |
	    (amd64_x2apic ? APICBASE_X2APIC : 0));
	state_lapic(p);
	state_tables(ci, p);
	if (CPU_IS_PRIMARY(ci))
		state_map(p);
	__asm volatile("movw %%cs, %0; movw %%ss, %1" : "=r" (cs), "=r" (ss));
	proof_must(p, "CS", cs, GSEL_CODE);
	proof_must(p, "SS", ss, GSEL_DATA);
	proof_same(p, "CR0", READ_CR(cr0));
	proof_same(p, "CR3", READ_CR(cr3));
	proof_same(p, "CR4", READ_CR(cr4));
	proof_same(p, "EFER", rdmsr(MSR_EFER));
	proof_same(p, "PAT", rdmsr(MSR_PAT));
	/* Not the results of the last instruction. */
	proof_same(p, "RFLAGS", amd64_flags() & ~(uint64_t)0x8d5);
	proof_same(p, "LAPIC version", lapic_read(LAPIC_VER));
}

/* An NMI; as hardware that has failed would. */
void
proof_unasked(void)
{
	cpu_stop(curcpu());
}

void
proof_fork(struct thread *t, void (*func)(void))
{
	uint64_t *sp = (uint64_t *)(t->t_stack + KSTACK_SIZE) - 8;

	/* As called from nowhere: a return address, above six registers. */
	memset(sp, 0, 8 * sizeof(*sp));
	sp[6] = (uint64_t)func;
	t->t_sp = (uintptr_t)sp;
}

/*
 * Interrupts that are acknowledged and never ended: a table of its own, whose
 * every gate leads to an instruction that returns.
 */
struct gate {
	uint16_t	g_low, g_sel;
	uint8_t		g_ist, g_type;
	uint16_t	g_mid;
	uint32_t	g_high, g_reserved;
};
void	proof_return(void);		/* hold.S */
static struct gate dirty_idt[256];
static volatile uint32_t *dirty_lapic;

static uint32_t
dirty_read(uint32_t reg)
{
	if (dirty_lapic == NULL)
		return (rdmsr(MSR_X2APIC + (reg >> 4)));
	return (dirty_lapic[reg / 4]);
}

static void
dirty_write(uint32_t reg, uint32_t v)
{
	if (dirty_lapic == NULL)
		wrmsr(MSR_X2APIC + (reg >> 4), v);
	else
		dirty_lapic[reg / 4] = v;
}

/* To itself. */
static void
dirty_send(uint32_t vector)
{
	if (dirty_lapic == NULL) {
		__asm volatile("mfence; lfence" ::: "memory");
		wrmsr(MSR_X2APIC + (LAPIC_ICRLO >> 4), 0x44000 | vector);
	} else
		dirty_write(LAPIC_ICRLO, 0x44000 | vector);
}

/* One page of registers, where they are; the kernel maps them elsewhere. */
static volatile uint32_t *
dirty_map(uint64_t pa)
{
	if (!pmap_mapped(pa))
		md_map(pa, pa, MD_PAGESIZE, PROT_READ | PROT_WRITE |
		    PROT_DEVICE);
	return ((volatile uint32_t *)pa);
}

/*
 * What the CPUs share: the 8259s, which ask without end for vector 0x18, and
 * the I/O APIC, where PCs have it, for vector 0x62: both for the PIT.
 */
static void
dirty_shared(void)
{
	uint64_t base = rdmsr(MSR_APICBASE);
	uintptr_t addr = (uintptr_t)proof_return;
	volatile uint32_t *ioapic = dirty_map(0xfec00000);
	int i;

	if ((base & APICBASE_X2APIC) == 0)
		dirty_lapic = dirty_map(base & PG_FRAME);
	for (i = 0; i < 256; i++)
		dirty_idt[i] = (struct gate){ addr, GSEL_CODE, 0, 0x8e,
		    addr >> 16, addr >> 32, 0 };
	outb(0x20, 0x11);
	outb(0x21, 0x18);
	outb(0x21, 0x04);
	outb(0x21, 0x01);
	outb(0x21, 0x00);
	ioapic[0] = 0x15;		/* line 2, to this CPU */
	ioapic[4] = dirty_read(LAPIC_ID);
	ioapic[0] = 0x14;
	ioapic[4] = 0x62;
	outb(0x43, 0x34);		/* the PIT, 291 times a second */
	outb(0x40, 0x00);
	outb(0x40, 0x10);
}

void
proof_dirty(int first)
{
	static const uint8_t served[] = { 0x31, 0x92, VEC_XCALL };
	struct region mine = { sizeof(dirty_idt) - 1, (uint64_t)dirty_idt };
	struct region idt;
	unsigned int i;

	if (first)
		dirty_shared();
	wrmsr(MSR_APICBASE, rdmsr(MSR_APICBASE) | APICBASE_ENABLE);
	dirty_write(LAPIC_SVR, SVR_ENABLE | 0xff);
	dirty_write(LAPIC_TPR, 0);
	dirty_write(LAPIC_LINT0, LVT_MASKED);
	/* In service, one inside the other. */
	__asm volatile("sidt %0; lidt %1" : "=m" (idt) : "m" (mine) : "memory");
	for (i = first ? 0 : nitems(served) - 1; i < nitems(served); i++) {
		dirty_send(served[i]);
		__asm volatile("sti; nop; nop; cli" ::: "memory");
	}
	__asm volatile("lidt %0" :: "m" (idt) : "memory");
	/* Waiting: those of the kernel, and some of nobody. */
	dirty_send(VEC_IPI);
	dirty_send(VEC_XCALL);
	dirty_send(0xf3);
	if (first) {
		dirty_send(VEC_CLOCK);
		dirty_send(0x45);
	}
	/* The timer runs, again and again; sources are open and go nowhere. */
	dirty_write(LAPIC_TDCR, 0);
	dirty_write(LAPIC_TIMER, 0x20000 | 0x41);
	dirty_write(LAPIC_TICR, 1000);
	dirty_write(LAPIC_LINT0, 0x00700);	/* ExtINT: the 8259s */
	dirty_write(LAPIC_LINT1, 0x000f5);
	dirty_write(LAPIC_ERROR, 0x000f6);
	dirty_write(LAPIC_PERF, 0x000f7);
	dirty_write(LAPIC_THERM, 0x000f8);
	dirty_write(LAPIC_TPR, 0xff);
	dirty_write(LAPIC_SVR, 0x2f);	/* off, and another vector */
	(void)dirty_read(LAPIC_SVR);
}
