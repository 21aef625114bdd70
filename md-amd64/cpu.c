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
 * amd64: finding the CPUs, starting them, and setting each one up.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"
#include "machdep.h"

/*
 * How long a CPU has to answer, in 100 us.  A busy host may take seconds; but
 * after each CPU that is silent the next gets a quarter.
 */
#define START_MOST	50000
#define START_LEAST	100

/*
 * The start under way: one CPU at a time.  It is for the CPU with this id,
 * which takes ci, once, and says so; see amd64_ap_start.
 */
uint32_t amd64_ap_id;
struct cpu_info *amd64_ap_ci;
unsigned int amd64_ap_taken;

extern const char amd64_tramp[], amd64_tramp_end[];
extern const char amd64_tramp_cr3[], amd64_tramp_entry[];
void	amd64_ap_start(void);
void	amd64_hatch(struct cpu_info *);
void	amd64_thread_begin(void);

static uint64_t tramp;		/* physical address of its page */

/* Segments, and stacks of their own for NMI and double fault. */
void
cpu_tables(struct cpu_info *ci)
{
	struct md_cpu *mc = &ci->ci_md;
	uint64_t tss = (uint64_t)&mc->mc_tss;
	struct {
		uint16_t	limit;
		uint64_t	base;
	} __attribute__((__packed__)) gdtr = { sizeof(mc->mc_gdt) - 1,
	    (uint64_t)mc->mc_gdt };

	mc->mc_gdt[GSEL_CODE / 8] = 0x00af9a000000ffff;
	mc->mc_gdt[GSEL_DATA / 8] = 0x00cf92000000ffff;
	/* SDM 3A 8.2.3: 64-bit TSS descriptor, available. */
	mc->mc_gdt[GSEL_TSS / 8] = (sizeof(mc->mc_tss) - 1) |
	    (tss & 0xffffff) << 16 | 0x89ULL << 40 | (tss >> 24 & 0xff) << 56;
	mc->mc_gdt[GSEL_TSS / 8 + 1] = tss >> 32;
	mc->mc_tss.ts_ist[IST_NMI - 1] = kstack_alloc() + KSTACK_SIZE;
	mc->mc_tss.ts_ist[IST_DF - 1] = kstack_alloc() + KSTACK_SIZE;
	mc->mc_tss.ts_iobase = sizeof(mc->mc_tss);
	__asm volatile("lgdt %0; ltr %w1" :: "m" (gdtr), "r" (GSEL_TSS)
	    : "memory");
	idt_load();
}

/* A page below 1 MB with the code that a CPU starts in. */
static void
tramp_init(void)
{
	char *page;
	uint64_t pml4 = amd64_pml4, entry = (uint64_t)amd64_ap_start;

	tramp = pmem_alloc(1);
	if (tramp >= 1 << 20 || pml4 >= 1ULL << 32) {
		printf("cpu: no page below 1 MB: no other CPU can start\n");
		tramp = 0;
		return;
	}
	page = md_ram(tramp);
	memcpy(page, amd64_tramp, amd64_tramp_end - amd64_tramp);
	memcpy(page + (amd64_tramp_cr3 - amd64_tramp), &pml4, sizeof(pml4));
	memcpy(page + (amd64_tramp_entry - amd64_tramp), &entry,
	    sizeof(entry));
	pmap_tramp(tramp);
}

/* Before the local APIC is drained of what they have sent. */
static void
ioapics_mask(void)
{
	struct acpi_madt am;
	uint64_t addr;
	uint32_t off = 0;

	if (amd64_acpi_error != NULL ||
	    acpi_madt_open(&amd64_acpi, &am) != NULL)
		return;
	while (acpi_madt_ioapic(&am, &off, &addr))
		ioapic_mask(addr);
}

static void
madt_attach(void)
{
	struct acpi_madt am;
	struct acpi_cpu cp;
	const char *error;

	error = acpi_madt_open(&amd64_acpi, &am);
	while (error == NULL && acpi_madt_next(&am, &cp)) {
		if (!cp.cp_enabled)
			continue;
		if (lapic_reach(cp.cp_id))
			cpu_listed(cp.cp_id);
		else
			printf("cpu: id 0x%x is ignored: the local APIC "
			    "cannot address it\n", cp.cp_id);
	}
	if (error != NULL)
		printf("MADT: %s: one CPU\n", error);
}

void
md_cpus_attach(void)
{
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;
	struct acpi_madt am;
	uint64_t base = rdmsr(MSR_APICBASE) & 0x000ffffffffff000;

	if (amd64_acpi_error == NULL &&
	    acpi_madt_open(&amd64_acpi, &am) == NULL && am.am_lapic != base)
		printf("ACPI: MADT: the local APIC is at 0x%llx, not 0x%llx\n",
		    (unsigned long long)base, (unsigned long long)am.am_lapic);
	tramp_init();
	lapic_setup(base);
	ioapics_mask();
	cpu_attach(lapic_id());
	if (amd64_acpi_error == NULL)
		madt_attach();
	CPU_INFO_FOREACH(cii, ci)
		ci->ci_md.mc_dest = enc_dest(ci->ci_hwid, amd64_x2apic) >>
		    32;
}

/* The feature: EFER.SVME on AMD, and nothing else that could be harmed. */
static int
cpu_has_svm(void)
{
	uint32_t r[4];

	cpuid(0x80000000, 0, r);
	if (r[0] < 0x80000001)
		return (0);
	cpuid(0x80000001, 0, r);
	return ((r[2] & 0x04) != 0);
}

int
cpu_feature_enable(void)
{
	if (!cpu_has_svm())
		return (ENODEV);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	return (cpu_feature_enabled() ? 0 : EINVAL);
}

void
cpu_feature_disable(void)
{
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~(uint64_t)EFER_SVME);
}

int
cpu_feature_enabled(void)
{
	return ((rdmsr(MSR_EFER) & EFER_SVME) != 0);
}

void
md_cpu_init(struct cpu_info *ci)
{
	cpu_tables(ci);
	lapic_init();
	if (lapic_id() != ci->ci_hwid)
		panic("SMP-3: cpu%u: its local APIC has id 0x%x, not 0x%llx",
		    ci->ci_cpuid, lapic_id(),
		    (unsigned long long)ci->ci_hwid);
}

/* On its idle thread's stack; GS first, everything uses it. */
void
amd64_hatch(struct cpu_info *ci)
{
	wrmsr(MSR_GSBASE, (uint64_t)ci);
	cpu_hatch(ci);
}

static int
start_taken(int tries)
{
	for (; tries > 0; tries--) {
		if (atomic_load_acquire(&amd64_ap_taken))
			return (1);
		delay(100);
	}
	return (0);
}

/*
 * INIT to every CPU that is to start, once, and one wait for all of them;
 * then each gets its start-up IPI, and a second one if it does not answer.
 * SDM 3A 9.4.4.1.
 */
static void
init_all(void)
{
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;

	CPU_INFO_FOREACH(cii, ci) {
		if (!CPU_IS_PRIMARY(ci))
			ipi_start(ci->ci_md.mc_dest, 0);
	}
	delay(10000);
}

const char *
md_cpu_start(struct cpu_info *ci)
{
	static int inited, patience = START_MOST;
	int try;

	if (tramp == 0)
		return ("no memory below 1 MB to start it in");
	if (!inited)
		init_all();
	inited = 1;

	amd64_ap_taken = 0;
	amd64_ap_id = ci->ci_hwid;
	/* Release: the id; pairs with the xchg in amd64_ap_start. */
	atomic_store_release(&amd64_ap_ci, ci);
	for (try = 0; try < 2; try++) {
		ipi_start(ci->ci_md.mc_dest, tramp);
		if (start_taken(try == 0 ? 2 : patience))
			return (NULL);
	}
	patience = patience / 4 > START_LEAST ? patience / 4 : START_LEAST;
	/* Take the start back; if it is gone the CPU has it after all. */
	if (atomic_swap(&amd64_ap_ci, NULL) == NULL)
		return (NULL);
	return ("it does not answer the start-up IPI");
}

void
cpu_fork(struct thread *t)
{
	uint64_t *sp = (uint64_t *)(t->t_stack + KSTACK_SIZE);
	int i;

	*--sp = 0;
	*--sp = 0;
	*--sp = (uint64_t)amd64_thread_begin;
	for (i = 0; i < 6; i++)
		*--sp = 0;
	t->t_sp = (uintptr_t)sp;
}
