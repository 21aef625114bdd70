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
 * amd64: encode.h against tables typed from the manuals, for the host.  What
 * no emulator has is here: ids that fill 20 bits, and every cluster.
 */

#include <machine/param.h>
#include <machine/encode.h>

#include "encode.h"

/* SDM 3A 11.4.6: bits 31:24 of the ID register; 11.12.5.1: all of it. */
static void
test_id(void)
{
	check(enc_id(0x00000000, 0), 0, "id, xAPIC", 0);
	check(enc_id(0xfe000000, 0), 0xfe, "id, xAPIC", 0xfe000000);
	check(enc_id(0x12ffffff, 0), 0x12, "id, xAPIC", 0x12ffffff);
	check(enc_id(0x00000100, 1), 0x100, "id, x2APIC", 0x100);
	check(enc_id(0x00012345, 1), 0x12345, "id, x2APIC", 0x12345);
	check(enc_id(0x12ffffff, 1), 0x12ffffff, "id, x2APIC", 0x12ffffff);
	done("id", "SMP-1: the id of a CPU, in both modes");
}

/* SDM 3A 11.6.1; 11.12.9. */
static const struct {
	uint32_t	id;
	int		x2apic;
	uint32_t	mode, vec;
	uint64_t	reg;
} icr[] = {
	{ 0x00000000, 0, ICR_FIXED,   0xe0, 0x00000000000040e0 },
	{ 0x00000001, 0, ICR_FIXED,   0xe0, 0x01000000000040e0 },
	{ 0x000000fe, 0, ICR_FIXED,   0xff, 0xfe000000000040ff },
	{ 0x00000003, 0, ICR_NMI,     0x00, 0x0300000000004400 },
	{ 0x00000010, 0, ICR_INIT,    0x00, 0x1000000000004500 },
	{ 0x00000010, 0, ICR_STARTUP, 0x08, 0x1000000000004608 },
	{ 0x00000000, 1, ICR_FIXED,   0xe0, 0x00000000000040e0 },
	{ 0x000000fe, 1, ICR_FIXED,   0xe0, 0x000000fe000040e0 },
	{ 0x000000ff, 1, ICR_FIXED,   0xe0, 0x000000ff000040e0 },
	{ 0x00000100, 1, ICR_FIXED,   0xe0, 0x00000100000040e0 },
	{ 0x00012345, 1, ICR_NMI,     0x00, 0x0001234500004400 },
	{ 0x000fffff, 1, ICR_INIT,    0x00, 0x000fffff00004500 },
	{ 0x00000102, 1, ICR_STARTUP, 0x9f, 0x000001020000469f },
	{ 0x12340020, 1, ICR_LOGICAL, 0xe0, 0x12340020000048e0 },
};

static void
test_icr(void)
{
	size_t i;

	for (i = 0; i < nitems(icr); i++)
		check(enc_doorbell(enc_dest(icr[i].id, icr[i].x2apic),
		    icr[i].mode, icr[i].vec), icr[i].reg, icr[i].x2apic ?
		    "x2APIC ICR" : "xAPIC ICR", icr[i].id);
	check(ICR_BUSY, 1 << 12, "delivery status", ICR_BUSY);
	done("icr", "X-IPI-1: the interrupt command as the manual lays it out");
}

/*
 * Of any id: level asserted, bit 14; edge, bit 15; no shorthand, bits 19:18,
 * which would ring CPUs that were never started; nothing reserved.
 */
static void
test_icr_fields(void)
{
	static const uint32_t modes[] = { ICR_FIXED, ICR_NMI, ICR_INIT,
	    ICR_STARTUP, ICR_LOGICAL };
	uint64_t reg;
	uint32_t id;
	size_t i;

	for (id = 0; id < 0x10000; id++) {
		for (i = 0; i < nitems(modes); i++) {
			reg = enc_doorbell(enc_dest(id * 0x9e3779b9U, 1),
			    modes[i], 0x41);
			check(reg >> 32, id * 0x9e3779b9U, "destination", id);
			check(reg & 0xfffff800 & ~ICR_LOGICAL, 0x4000,
			    "level, trigger, shorthand, reserved", modes[i]);
			reg = enc_doorbell(enc_dest(id & 0xff, 0), modes[i],
			    0x41);
			check(reg >> 56, id & 0xff, "destination", id);
			check(reg >> 16 & 0xffffffffff, 0,
			    "shorthand, reserved", modes[i]);
		}
	}
	done("icr_fields",
	    "X-IPI-1: asserted, edge, one CPU, never a shorthand");
}

/* 11.6.2.1: FFH is every CPU; 11.12.9: FFFFFFFFH is; 11.12.10.2. */
static void
test_reach(void)
{
	static const struct {
		uint64_t	id;
		int		xapic, x2apic;
	} table[] = {
		{ 0x0, 1, 1 }, { 0xfe, 1, 1 }, { 0xff, 0, 1 },
		{ 0x100, 0, 1 }, { 0x12345, 0, 1 }, { 0xfffff, 0, 1 },
		{ 0x100000, 0, 0 }, { 0xffffffff, 0, 0 },
		{ 0x100000000, 0, 0 },
	};
	size_t i;

	for (i = 0; i < nitems(table); i++) {
		check(enc_reach(table[i].id, 0), table[i].xapic,
		    "reach, xAPIC", table[i].id);
		check(enc_reach(table[i].id, 1), table[i].x2apic,
		    "reach, x2APIC", table[i].id);
	}
	done("reach", "X-IPI-1: ids that a doorbell can name, in both modes");
}

/* 11.12.10.2: (id 19:4) << 16 | 1 << (id 3:0). */
static void
test_logical(void)
{
	static const struct {
		uint32_t	id, logical;
	} table[] = {
		{ 0x00000, 0x00000001 }, { 0x0000f, 0x00008000 },
		{ 0x00010, 0x00010001 }, { 0x000ff, 0x000f8000 },
		{ 0x00100, 0x00100001 }, { 0x12345, 0x12340020 },
		{ 0xfffff, 0xffff8000 },
	};
	uint32_t dest = 0, id;
	size_t i;

	for (i = 0; i < nitems(table); i++)
		check(enc_logical(table[i].id), table[i].logical,
		    "logical id", table[i].id);
	for (id = 0; id < 1 << 20; id++) {
		check(enc_joins(enc_logical(0x1230), enc_logical(id)),
		    id >> 4 == 0x123, "joined with 0x1230, target", id);
		if (id >> 4 == 0x123)
			dest |= enc_logical(id);
	}
	check(dest, 0x0123ffff, "16 CPUs", 0x1230);
	done("logical", "X-IPI-2: one write for one cluster, no further");
}

/* 11.6.1, delivery mode 110: the page is 000VV000H. */
static void
test_page(void)
{
	check(enc_page(0x1000), 0x01, "start-up vector", 0x1000);
	check(enc_page(0x9f000), 0x9f, "start-up vector", 0x9f000);
	check(enc_page(0xff000), 0xff, "start-up vector", 0xff000);
	done("page", "SMP-3: where a CPU starts");
}

/* 11.5.1; 11.9; 11.5.4. */
static void
test_lvt(void)
{
	static const uint32_t divide[] = { 0xb, 0x0, 0x1, 0x2, 0x3, 0x8, 0x9,
	    0xa };
	unsigned int i;

	check(enc_lvt(0xd0, 0), 0x000d0, "LVT", 0xd0);
	check(enc_lvt(0xff, 1), 0x100ff, "LVT, masked", 0xff);
	check(enc_svr(0xff), 0x1ff, "SVR", 0xff);
	for (i = 0; i < nitems(divide); i++)
		check(enc_divide(i), divide[i], "divide by 2 to the power", i);
	done("lvt", "SMP-2: local vector table, spurious vector, divider");
}

/* 11.4.8: bits 23:16 are the number of the last entry; 11.5.1: which it is. */
static void
test_lvts(void)
{
	static const uint32_t at[] = { 0x320, 0x350, 0x360, 0x370, 0x340, 0x330,
	    0x2f0 };
	static const struct {
		uint32_t	version;
		unsigned int	n;
	} table[] = {
		{ 0x00030010, 4 }, { 0x00040011, 5 }, { 0x00050014, 6 },
		{ 0x01060015, 7 }, { 0x80050010, 6 }, { 0x00070015, 7 },
		{ 0x00ff0015, 7 },
	};
	unsigned int i;

	for (i = 0; i < nitems(at); i++)
		check(enc_lvt_at(i), at[i], "offset of LVT entry", i);
	for (i = 0; i < nitems(table); i++)
		check(enc_lvts(table[i].version), table[i].n,
		    "LVT entries, version", table[i].version);
	done("lvts", "SMP-2: the entries of the local vector table");
}

/* 11.5.4: units of a clock of 3 GHz, and a timer of 1 GHz. */
static void
test_count(void)
{
	static const struct {
		uint64_t	n;
		uint32_t	count;
	} table[] = {
		{ 0, 1 }, { 2, 1 }, { 3, 1 }, { 6, 2 },
		{ 30000000, 10000000 },
		{ 3ULL * 0xfffffffe, 0xfffffffe },
		{ 3ULL * 0xffffffff, 0xffffffff },
		{ 3ULL << 32, 0xffffffff },
		/* Times 1000000 they are 0, or little more, in 64 bits. */
		{ 18446744073710, 0xffffffff }, { 1ULL << 58, 0xffffffff },
		{ 3ULL << 62, 0xffffffff }, { ~0ULL, 0xffffffff },
	};
	size_t i;

	for (i = 0; i < nitems(table); i++)
		check(enc_count(table[i].n, 1000000, 3000000), table[i].count,
		    "count, units", table[i].n);
	/* A timer that is faster than the clock, and one that is not. */
	check(enc_count(1000, 62500, 25000), 2500, "count, units", 1000);
	check(enc_count(1000, 25000, 62500), 400, "count, units", 1000);
	done("count", "CLK-2: the timer's count for any time");
}

/* 11.8.3 and 11.8.3.1: a class must be above the mask's to come through. */
static void
test_classes(void)
{
	check(enc_mask(0), 0x00, "TPR", 0);
	check(enc_mask(15), 0xf0, "TPR", 15);
	check(enc_priority(VEC_XCALL) > enc_priority(VEC_CLOCK), 1,
	    "doorbell above the clock, vector", VEC_XCALL);
	check(enc_priority(VEC_IPI) > enc_priority(VEC_CLOCK), 1,
	    "doorbell above the clock, vector", VEC_IPI);
	check(enc_priority(VEC_CLOCK) > 1, 1, "not an exception, vector",
	    VEC_CLOCK);
	check(VEC_SPURIOUS & 0xf, 0xf, "spurious vector", VEC_SPURIOUS);
	done("classes",
	    "IPI-1: doorbells are of a higher class than the clock");
}

/* 11.12.1.2: the MSRs of the registers that are used. */
static void
test_msr(void)
{
	static const struct {
		uint32_t	offset, msr;
	} table[] = {
		{ LAPIC_ID, 0x802 }, { LAPIC_VER, 0x803 },
		{ LAPIC_TPR, 0x808 }, { LAPIC_EOI, 0x80b },
		{ LAPIC_SVR, 0x80f }, { LAPIC_ISR, 0x810 },
		{ LAPIC_ISR + 7 * 16, 0x817 }, { LAPIC_ESR, 0x828 },
		{ LAPIC_CMCI, 0x82f },
		{ LAPIC_ICRLO, 0x830 }, { LAPIC_TIMER, 0x832 },
		{ LAPIC_THERM, 0x833 }, { LAPIC_PERF, 0x834 },
		{ LAPIC_LINT0, 0x835 }, { LAPIC_LINT1, 0x836 },
		{ LAPIC_ERROR, 0x837 }, { LAPIC_TICR, 0x838 },
		{ LAPIC_TCCR, 0x839 }, { LAPIC_TDCR, 0x83e },
	};
	size_t i;

	for (i = 0; i < nitems(table); i++)
		check(enc_msr(table[i].offset), table[i].msr,
		    "MSR of the register at", table[i].offset);
	done("msr", "SMP-2: the MSRs of x2APIC");
}

int
main(void)
{
	printf("1..11\n");
	test_id();
	test_icr();
	test_icr_fields();
	test_reach();
	test_logical();
	test_page();
	test_lvt();
	test_lvts();
	test_count();
	test_classes();
	test_msr();
	return (0);
}
