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
 * arm64: what the interrupt controller and firmware are told, from numbers.  No
 * register is touched and nothing is included, so that proof/encode_test.c
 * can hold it against the manuals on any host, for CPUs that no emulator has.
 *
 * GICv3 is Arm IHI 0069, GICv2 is Arm IHI 0048B.  v3 says which of the two.
 */

#ifndef ENCODE_H
#define ENCODE_H

#include <stdint.h>

/* ICC_SGI1R_EL1, IHI 0069 12.2. */
#define SGI1R_TARGETS	0x000000000000ffffULL
#define SGI1R_AFF1(_a)	((uint64_t)(_a) << 16)
#define SGI1R_INTID(_n)	((uint64_t)(_n) << 24)
#define SGI1R_AFF2(_a)	((uint64_t)(_a) << 32)
#define SGI1R_RS(_r)	((uint64_t)(_r) << 44)
#define SGI1R_AFF3(_a)	((uint64_t)(_a) << 48)

/* GICD_SGIR, IHI 0048B 4.3.15. */
#define SGIR_TARGETS	0x0000000000ff0000ULL
#define SGIR_SELF	(2ULL << 24)

/* The hardware id of a CPU from its MPIDR_EL1: Aff3 39:32, the others 23:0. */
static inline uint64_t
enc_id(uint64_t mpidr)
{
	return (mpidr & 0xff00ffffff);
}

/*
 * Can a doorbell name this CPU?  A list is of 16 values of Aff0; those from
 * 16 on take the range selector, which the CPU interface that sends and the
 * distributor must both have: ICC_CTLR_EL1.RSS, GICD_TYPER.RSS.
 */
static inline int
enc_reach(uint64_t id, int rss)
{
	return ((id & 0xf0) == 0 || rss);
}

/*
 * The target of a doorbell, without the number.  GICv3: the id of a CPU.
 * GICv2: its bit in a target list, as enc_self() finds it; with one CPU there
 * is none, and "self" stands for it.
 */
static inline uint64_t
enc_dest(uint64_t id, int v3)
{
	if (!v3)
		return (id != 0 ? id << 16 : SGIR_SELF);
	return (SGI1R_AFF3(id >> 32 & 0xff) | SGI1R_RS(id >> 4 & 0xf) |
	    SGI1R_AFF2(id >> 16 & 0xff) | SGI1R_AFF1(id >> 8 & 0xff) |
	    1ULL << (id & 0xf));
}

/* Can two targets be one: do they differ in the list alone? */
static inline int
enc_joins(uint64_t dest, uint64_t other, int v3)
{
	uint64_t targets = v3 ? SGI1R_TARGETS : SGIR_TARGETS;

	return (((dest ^ other) & ~targets) == 0);
}

/* What rings it: interrupt 0 to 15. */
static inline uint64_t
enc_doorbell(uint64_t dest, unsigned int sgi, int v3)
{
	return (dest | (v3 ? SGI1R_INTID(sgi) : sgi));
}

/*
 * The priority of a level, 0 to 15: lower is more urgent.  Of the eight bits
 * the upper four are always there, in the non-secure view too: IHI 0048B 3.3,
 * IHI 0069 4.8.
 */
static inline uint32_t
enc_priority(unsigned int ipl)
{
	return ((15 - ipl) << 4);
}

/* The mask of a level: what is more urgent than the mask comes through. */
static inline uint32_t
enc_mask(unsigned int ipl)
{
	return (enc_priority(ipl));
}

/*
 * A mask or priority of the lower of two security states, as the other state
 * has it: the less urgent half is ours.  IHI 0069 4.8.6.
 */
static inline uint32_t
enc_unshifted(uint32_t priority)
{
	return (0x80 | priority >> 1);
}

/* The priorities of four interrupts that have the same one. */
static inline uint32_t
enc_priorities(unsigned int ipl)
{
	return (enc_priority(ipl) * 0x01010101U);
}

/*
 * GICv2: which bit this CPU is, from a word of the targets of its private
 * interrupts: four fields that are equal, or zero where there is no
 * interrupt.  IHI 0048B 4.3.12.
 */
static inline uint32_t
enc_self(uint32_t itargetsr)
{
	return ((itargetsr | itargetsr >> 8 | itargetsr >> 16 |
	    itargetsr >> 24) & 0xff);
}

/* GICv3: the upper word of GICR_TYPER of this CPU, IHI 0069 12.11. */
static inline uint32_t
enc_redist(uint64_t id)
{
	return ((id >> 32 & 0xff) << 24 | (id & 0xffffff));
}

/*
 * The bytes of a redistributor, by the lower word of its GICR_TYPER: two
 * frames of 64 KB, and two more where it has virtual LPIs.  IHI 0069 12.10.
 */
#define GICR_FRAME	0x10000U
#define RTYPER_VLPIS	0x02

static inline uint32_t
enc_redist_size(uint32_t typer)
{
	return ((typer & RTYPER_VLPIS) != 0 ? 4 * GICR_FRAME : 2 * GICR_FRAME);
}

/*
 * Calls of firmware, ARM DEN 0022 (PSCI), 5.1 and 5.2.2.  CPU_ON is the call
 * for 64 bits: the other one may cut its arguments to 32.
 */
#define PSCI_CPU_ON		0xc4000003
#define PSCI_SYSTEM_OFF		0x84000008
#define PSCI_INVALID_PARAMS	(-2)
#define PSCI_ALREADY_ON		(-4)
#define PSCI_ON_PENDING		(-5)

#endif /* ENCODE_H */
