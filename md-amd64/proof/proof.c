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

#define LAPIC_IRR	0x200
#define LVT_MASKED	0x10000
#define LVT_KIND	0x707ff		/* vector, delivery, mask, mode */
#define SVR_ENABLE	0x100
#define APICBASE_ENABLE	0x800
#define APICBASE_X2APIC	0x400
#define MSR_PAT		0x277

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
		*low = (uint64_t)ci;
	proof_must(p, name, top != 0 ? *low : 0, (uint64_t)ci);
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

void
proof_fork(struct thread *t, void (*func)(void))
{
	uint64_t *sp = (uint64_t *)(t->t_stack + KSTACK_SIZE) - 8;

	/* As called from nowhere: a return address, above six registers. */
	memset(sp, 0, 8 * sizeof(*sp));
	sp[6] = (uint64_t)func;
	t->t_sp = (uintptr_t)sp;
}
