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
 * arm64: encode.h against tables typed from the manuals, for the host.  What
 * no emulator has is here: four levels of affinity, range selectors, and
 * priorities of any width and in the non-secure view.
 */

#include <machine/param.h>
#include <machine/encode.h>

#include "ipl.h"
#include "encode.h"

/* ARM DDI 0487, MPIDR_EL1: bit 31 is one; U is bit 30, MT bit 24. */
static void
test_id(void)
{
	check(enc_id(0x80000000), 0, "id", 0x80000000);
	check(enc_id(0xc0000000), 0, "id", 0xc0000000);
	check(enc_id(0x81000203), 0x203, "id", 0x81000203);
	check(enc_id(0x1280345678), 0x1200345678, "id", 0x1280345678);
	check(enc_id(~0ULL), 0xff00ffffff, "id", ~0ULL);
	done("id", "SMP-1: the id is the four affinities of MPIDR, no flag");
}

/* IHI 0069 12.2, ICC_SGI1R_EL1. */
static const struct {
	uint64_t	id;
	unsigned int	sgi;
	uint64_t	reg;
} sgi1r[] = {
	{ 0x0000000000,  0, 0x0000000000000001 },
	{ 0x0000000001,  0, 0x0000000000000002 },
	{ 0x000000000f,  1, 0x0000000001008000 },
	{ 0x0000000010,  0, 0x0000100000000001 },	/* Aff0 16 */
	{ 0x0000000011, 15, 0x000010000f000002 },
	{ 0x000000001f,  0, 0x0000100000008000 },
	{ 0x0000000020,  0, 0x0000200000000001 },
	{ 0x00000000ff,  0, 0x0000f00000008000 },	/* Aff0 255 */
	{ 0x0000000100,  0, 0x0000000000010001 },	/* Aff1 */
	{ 0x000000ff00,  0, 0x0000000000ff0001 },
	{ 0x0000010000,  0, 0x0000000100000001 },	/* Aff2 */
	{ 0x0000ff0000,  0, 0x000000ff00000001 },
	{ 0x0100000000,  0, 0x0001000000000001 },	/* Aff3 */
	{ 0xff00000000,  0, 0x00ff000000000001 },
	{ 0x1200345678,  7, 0x0012703407560100 },
	{ 0xff00ffffff, 15, 0x00fff0ff0fff8000 },
};

static void
test_sgi1r(void)
{
	size_t i;

	for (i = 0; i < nitems(sgi1r); i++)
		check(enc_doorbell(enc_dest(sgi1r[i].id, 1), sgi1r[i].sgi, 1),
		    sgi1r[i].reg, "SGI1R", sgi1r[i].id);
	done("sgi1r", "X-IPI-1: SGI1R as the manual lays it out");
}

/*
 * Read back field by field: one bit of the list, and it is this CPU's.  The
 * reserved bits are zero, and IRM, bit 40, which rings all CPUs but one.
 */
static void
test_sgi1r_fields(void)
{
	uint64_t id, reg, aff0;
	unsigned int i;

	for (i = 0; i < 0x10000; i++) {
		id = i * 0x9e3779b97f4a7c15ULL & 0xff00ffffff;
		reg = enc_doorbell(enc_dest(id, 1), i % 16, 1);
		check(__builtin_popcountll(reg & 0xffff), 1, "targets", id);
		aff0 = (reg >> 44 & 0xf) * 16 + __builtin_ctz(reg & 0xffff);
		check(aff0, id & 0xff, "Aff0", id);
		check(reg >> 16 & 0xff, id >> 8 & 0xff, "Aff1", id);
		check(reg >> 32 & 0xff, id >> 16 & 0xff, "Aff2", id);
		check(reg >> 48 & 0xff, id >> 32, "Aff3", id);
		check(reg >> 24 & 0xf, i % 16, "INTID", id);
		check(reg & 0xff000f00f0000000, 0, "IRM and reserved", id);
	}
	done("sgi1r_fields",
	    "X-IPI-1: SGI1R names one CPU, and never all but one");
}

/* IHI 0069, GICD_TYPER.RSS and ICC_CTLR_EL1.RSS. */
static void
test_reach(void)
{
	unsigned int aff0;

	for (aff0 = 0; aff0 < 256; aff0++) {
		check(enc_reach(0xff00ffff00 | aff0, 0), aff0 < 16,
		    "reach without a range selector", aff0);
		check(enc_reach(aff0, 1), 1, "reach with one", aff0);
	}
	done("reach", "X-IPI-1: Aff0 above 15 takes a range selector");
}

static void
test_joins(void)
{
	static const struct {
		uint64_t	a, b;
		int		joins;
	} table[] = {
		{ 0x0000000000, 0x000000000f, 1 },
		{ 0x0000000010, 0x000000001f, 1 },
		{ 0x1200345670, 0x120034567f, 1 },
		{ 0x000000000f, 0x0000000010, 0 },	/* RS */
		{ 0x0000000000, 0x0000000010, 0 },
		{ 0x0000000000, 0x0000000100, 0 },	/* Aff1 */
		{ 0x000000000f, 0x0000000100, 0 },
		{ 0x0000000000, 0x0000010000, 0 },	/* Aff2 */
		{ 0x0000000000, 0x0100000000, 0 },	/* Aff3 */
		{ 0xff00ffffff, 0x7f00ffffff, 0 },
	};
	uint64_t dest;
	size_t i;

	for (i = 0; i < nitems(table); i++) {
		dest = enc_dest(table[i].b, 1);
		check(enc_joins(enc_dest(table[i].a, 1), dest, 1),
		    table[i].joins, "joined with another, target", table[i].a);
		check(enc_joins(dest, enc_dest(table[i].a, 1), 1),
		    table[i].joins, "joined with another, target", table[i].b);
	}
	for (i = 0, dest = 0; i < 16; i++)
		dest |= enc_dest(0x340120 + i, 1);
	check(enc_doorbell(dest, 1, 1), 0x000020340101ffff, "SGI1R", 0x340120);
	check(enc_joins(enc_dest(0x01, 0), enc_dest(0x80, 0), 0), 1,
	    "GICv2 joined", 0x80);
	done("joins",
	    "X-IPI-2: one write for one cluster and range, no further");
}

/* IHI 0048B 4.3.15: filter 25:24, targets 23:16, NSATT 15, interrupt 3:0. */
static void
test_sgir(void)
{
	static const struct {
		uint32_t	mask;
		unsigned int	sgi;
		uint32_t	reg;
	} table[] = {
		{ 0x01, 0, 0x00010000 }, { 0x02, 1, 0x00020001 },
		{ 0x10, 0, 0x00100000 }, { 0x80, 15, 0x0080000f },
		{ 0xff, 1, 0x00ff0001 },
		{ 0x00, 0, 0x02000000 },	/* one CPU: itself */
		{ 0x00, 1, 0x02000001 },
	};
	size_t i;

	for (i = 0; i < nitems(table); i++)
		check(enc_doorbell(enc_dest(table[i].mask, 0), table[i].sgi,
		    0), table[i].reg, "SGIR", table[i].mask);
	done("sgir", "X-IPI-1: SGIR as the manual lays it out");
}

/* IHI 0048B 4.3.12: fields of absent interrupts, and of one CPU, are zero. */
static void
test_self(void)
{
	check(enc_self(0x01010101), 0x01, "mask", 0x01010101);
	check(enc_self(0x80808080), 0x80, "mask", 0x80808080);
	check(enc_self(0x00000400), 0x04, "mask", 0x00000400);
	check(enc_self(0x20000000), 0x20, "mask", 0x20000000);
	check(enc_self(0x00000000), 0x00, "mask", 0x00000000);
	done("self", "X-IPI-1: the bit of this CPU in a target list");
}

/*
 * What the hardware makes of a priority that is written: it keeps the upper
 * bits, and in the non-secure view shifts the value into the lower half.
 * IHI 0069 4.8, IHI 0048B 3.3 and 3.8: 4 to 8 bits, 5 with two views.
 */
static uint32_t
kept(uint32_t v, int bits, int nonsecure)
{
	if (nonsecure)
		v = v >> 1 | 0x80;
	return (v & 0xff << (8 - bits) & 0xff);
}

static void
test_priorities(void)
{
	int bits, ns, level, source;

	for (bits = 4; bits <= 8; bits++) {
		for (ns = 0; ns < (bits > 4 ? 2 : 1); ns++) {
			for (level = 0; level < 16; level++) {
				for (source = 0; source < 16; source++)
					check(kept(enc_priority(source), bits,
					    ns) < kept(enc_mask(level), bits,
					    ns), source > level,
					    "signalled, width, level, source",
					    bits << 8 | level << 4 | source);
				for (source = 0; ns && source < 16; source++)
					check(kept(enc_priority(source), bits,
					    1) < kept(enc_unshifted(
					    enc_mask(level)), bits, 0),
					    source > level,
					    "unshifted, width, level, source",
					    bits << 8 | level << 4 | source);
			}
			check(kept(enc_priority(IPL_IPI), bits, ns) <
			    kept(enc_priority(IPL_CLOCK), bits, ns), 1,
			    "doorbell before the clock, width", bits);
			check(kept(enc_priority(IPL_IPI), bits, ns) <
			    kept(enc_mask(IPL_HIGH), bits, ns), 1,
			    "doorbell at IPL_HIGH, width", bits);
		}
	}
	done("priorities",
	    "SPL-1: a level masks what is not above it, in 4 to 8 bits");
}

static void
test_priorities_word(void)
{
	check(enc_priorities(0), 0xf0f0f0f0, "IPRIORITYR", 0);
	check(enc_priorities(8), 0x70707070, "IPRIORITYR", 8);
	check(enc_priorities(15), 0x00000000, "IPRIORITYR", 15);
	done("priorities_word",
	    "SMP-2: four interrupts of one priority in a word");
}

/* IHI 0069, GICR_TYPER: Aff3.Aff2.Aff1.Aff0 in 63:32; VLPIS is bit 1. */
static void
test_redist(void)
{
	check(enc_redist(0), 0, "GICR_TYPER", 0);
	check(enc_redist(0x1200345678), 0x12345678, "GICR_TYPER",
	    0x1200345678);
	check(enc_redist(0xff00000001), 0xff000001, "GICR_TYPER",
	    0xff00000001);
	check(enc_redist_size(0x00), 0x20000, "frames", 0x00);
	check(enc_redist_size(0x10), 0x20000, "frames", 0x10);	/* Last */
	check(enc_redist_size(0x01), 0x20000, "frames", 0x01);	/* PLPIS */
	check(enc_redist_size(0x02), 0x40000, "frames", 0x02);
	check(enc_redist_size(0x13), 0x40000, "frames", 0x13);
	done("redist",
	    "SMP-2: the redistributor of a CPU, and where the next one is");
}

/* ARM DEN 0022: CPU_ON of SMC64, 5.1.4; SYSTEM_OFF, 5.1.9; errors, 5.2.2. */
static void
test_psci(void)
{
	check(PSCI_CPU_ON, 0xc4000003, "PSCI CPU_ON", 0);
	check(PSCI_SYSTEM_OFF, 0x84000008, "PSCI SYSTEM_OFF", 0);
	check(PSCI_INVALID_PARAMS, -2, "PSCI INVALID_PARAMETERS", 0);
	check(PSCI_ALREADY_ON, -4, "PSCI ALREADY_ON", 0);
	check(PSCI_ON_PENDING, -5, "PSCI ON_PENDING", 0);
	done("psci", "SMP-3: what firmware is called with, and its answers");
}

int
main(void)
{
	printf("1..11\n");
	test_id();
	test_sgi1r();
	test_sgi1r_fields();
	test_reach();
	test_joins();
	test_sgir();
	test_self();
	test_priorities();
	test_priorities_word();
	test_redist();
	test_psci();
	return (0);
}
