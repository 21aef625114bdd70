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
 * amd64: the local APIC, its set-up on each CPU.  How doorbells are written
 * and answered is in ipi.c and vector.S.
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"
#include <machine/encode.h>

#define APICBASE_ENABLE	0x800
#define APICBASE_X2APIC	0x400
#define CPUID1_X2APIC	(1 << 21)
#define IOAPIC_VER	0x01
#define IOAPIC_REDTBL	0x10

int amd64_x2apic;

uint32_t
lapic_read(uint32_t reg)
{
	if (amd64_x2apic)
		return (rdmsr(enc_msr(reg)));
	return (*(volatile uint32_t *)(LAPICVA + reg));
}

void
lapic_write(uint32_t reg, uint32_t v)
{
	if (amd64_x2apic)
		wrmsr(enc_msr(reg), v);
	else
		*(volatile uint32_t *)(LAPICVA + reg) = v;
}

uint32_t
lapic_id(void)
{
	return (enc_id(lapic_read(LAPIC_ID), amd64_x2apic));
}

/* Can a CPU with this id be sent anything? */
int
lapic_reach(uint64_t id)
{
	return (enc_reach(id, amd64_x2apic));
}

static void
lapic_mode(void)
{
	uint64_t base = rdmsr(MSR_APICBASE);

	base |= APICBASE_ENABLE;
	wrmsr(MSR_APICBASE, base);
	if (amd64_x2apic)
		wrmsr(MSR_APICBASE, base | APICBASE_X2APIC);
}

/*
 * On the boot CPU: choose the mode, for all.  x2APIC where the CPU has it,
 * unless the command line says apic=xapic; and in any case where the
 * firmware has turned it on, since there is no way back but through reset:
 * SDM 3A 11.12.5.
 */
void
lapic_setup(uint64_t base)
{
	char buf[8];
	uint32_t r[4];

	if (pmap_device(base, MD_PAGESIZE) != (void *)LAPICVA)
		panic("lapic: not the first device to be mapped");
	cpuid(1, 0, r);
	amd64_x2apic = (r[2] & CPUID1_X2APIC) != 0;
	if (boot_arg("apic", buf, sizeof(buf)) != NULL &&
	    strcmp(buf, "xapic") == 0)
		amd64_x2apic = 0;
	if ((rdmsr(MSR_APICBASE) & APICBASE_X2APIC) != 0)
		amd64_x2apic = 1;
	lapic_mode();
	ipi_init();
	printf("lapic: %s\n", amd64_x2apic ? "x2APIC" : "xAPIC");
}

/*
 * No device is used: no line of an I/O APIC may interrupt, whatever the
 * firmware had it for.  82093AA 3.1 and 3.2: a register is selected by the
 * first word, and read and written at 10H.
 */
void
ioapic_mask(uint64_t pa)
{
	volatile uint32_t *io = pmap_device(pa, 0x20);
	uint32_t i, last;

	io[0] = IOAPIC_VER;
	last = io[4] >> 16 & 0xff;
	for (i = 0; i <= last; i++) {
		io[0] = IOAPIC_REDTBL + 2 * i;
		io[4] = enc_lvt(0, 1);
	}
}

/* Is a bit set in eight registers, 16 bytes apart? */
static int
lapic_any(uint32_t reg)
{
	int i;

	for (i = 0; i < 8; i++) {
		if (lapic_read(reg + i * 16) != 0)
			return (1);
	}
	return (0);
}

/*
 * What another kernel left.  Interrupts that it was serving are ended.  Those
 * that wait cannot be thrown away, SDM 3A 11.4.7.2: they are taken, by a table
 * that ends them.
 */
static void
lapic_drain(void)
{
	int n;

	for (n = 0; n < 256 && lapic_any(LAPIC_ISR); n++)
		lapic_write(LAPIC_EOI, 0);
	idt_load_strays();
	for (n = 0; n < 256 && lapic_any(LAPIC_IRR); n++)
		__asm volatile("sti; nop; nop; cli" ::: "memory");
	idt_load();
}

/*
 * On each CPU.  Nothing is taken for granted: every entry of the local
 * vector table is masked before the APIC is enabled, SDM 3A 11.4.7.
 */
void
lapic_init(void)
{
	unsigned int i, n;

	lapic_mode();
	n = enc_lvts(lapic_read(LAPIC_VER));
	for (i = 0; i < n; i++)
		lapic_write(enc_lvt_at(i), enc_lvt(VEC_SPURIOUS, 1));
	lapic_write(LAPIC_TPR, enc_mask(0));
	lapic_write(LAPIC_SVR, enc_svr(VEC_SPURIOUS));
	lapic_drain();
	lapic_write(LAPIC_ESR, 0);
	/* One shot, not yet armed; divide by 1. */
	lapic_write(LAPIC_TDCR, enc_divide(0));
	lapic_write(LAPIC_TICR, 0);
	lapic_write(LAPIC_TIMER, enc_lvt(VEC_CLOCK, 0));
}
