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
 * amd64: what is written to the interrupt controller, made from numbers.  No
 * register is touched, and only numbers are included, so that
 * proof/encode_test.c can hold it against the manuals on any host, for CPUs
 * that no emulator has.
 *
 * The local APIC is chapter 11 of SDM 3A.  x2apic says which of its modes.
 */

#ifndef ENCODE_H
#define ENCODE_H

#include <stdint.h>
#include <machine/param.h>

/* The interrupt command register, SDM 3A 11.6.1 and 11.12.9. */
#define ICR_FIXED	0x00000
#define ICR_NMI		0x00400
#define ICR_INIT	0x00500
#define ICR_STARTUP	0x00600		/* with a page below 1 MB */
#define ICR_LOGICAL	0x00800
#define ICR_BUSY	0x01000		/* xAPIC only */
#define ICR_ASSERT	0x04000

/* The hardware id of a CPU from its ID register: 11.4.6, 11.12.5.1. */
static inline uint32_t
enc_id(uint32_t reg, int x2apic)
{
	return (x2apic ? reg : reg >> 24);
}

/*
 * Can a doorbell name this CPU?  The last id means every CPU: 11.6.2.1,
 * 11.12.9.  x2APIC: and from 2^20 on an id has no logical one: 11.12.10.2.
 */
static inline int
enc_reach(uint64_t id, int x2apic)
{
	return (id < (x2apic ? 1U << 20 : 0xffU));
}

/* The target of a doorbell: 63:56, or all of 63:32. */
static inline uint64_t
enc_dest(uint32_t id, int x2apic)
{
	return ((uint64_t)id << (x2apic ? 32 : 56));
}

/* x2APIC: the logical id, a cluster and one bit of a list of 16. */
static inline uint32_t
enc_logical(uint32_t id)
{
	return (id >> 4 << 16 | 1U << (id & 15));
}

/* Can two logical targets be one: do they differ in the list alone? */
static inline int
enc_joins(uint32_t dest, uint32_t other)
{
	return (((dest ^ other) & ~0xffffU) == 0);
}

/* What rings it: a delivery mode, and a vector or a page. */
static inline uint64_t
enc_doorbell(uint64_t dest, uint32_t mode, uint32_t vec)
{
	return (dest | mode | ICR_ASSERT | vec);
}

/* The page where a start-up interrupt has a CPU begin, as its vector. */
static inline uint32_t
enc_page(uint32_t addr)
{
	return (addr >> 12);
}

/* The mask of a class, 0 to 15: what is above it comes through: 11.8.3.1. */
static inline uint32_t
enc_mask(unsigned int class)
{
	return (class << 4);
}

/* The class of a vector is its priority: 11.8.3. */
static inline unsigned int
enc_priority(unsigned int vec)
{
	return (vec >> 4);
}

/* An entry of the local vector table: fixed, edge, once: 11.5.1. */
static inline uint32_t
enc_lvt(unsigned int vec, int masked)
{
	return ((masked ? 0x10000 : 0) | vec);
}

/*
 * The entries of that table, in the order in which processors got them, and
 * how many one has, by its version register: 11.4.8, 11.5.1.
 */
#define ENC_NLVT	7

static inline uint32_t
enc_lvt_at(unsigned int n)
{
	static const uint16_t at[ENC_NLVT] = { LAPIC_TIMER, LAPIC_LINT0,
	    LAPIC_LINT1, LAPIC_ERROR, LAPIC_PERF, LAPIC_THERM, LAPIC_CMCI };

	return (at[n]);
}

static inline unsigned int
enc_lvts(uint32_t version)
{
	unsigned int last = version >> 16 & 0xff;

	return (last < ENC_NLVT ? last + 1 : ENC_NLVT);
}

/* Spurious vector, and the APIC on: 11.9. */
static inline uint32_t
enc_svr(unsigned int vec)
{
	return (0x100 | vec);
}

/* The timer's divider, 2 to the power of 0 to 7: bits 3, 1, 0: 11.5.4. */
static inline uint32_t
enc_divide(unsigned int power)
{
	unsigned int n = (power + 7) % 8;

	return ((n & 4) << 1 | (n & 3));
}

/*
 * What the timer counts down from, for n units of a clock, both rates in kHz:
 * not 0, which stops it, and no more than it holds.  11.5.4.
 */
static inline uint32_t
enc_count(uint64_t n, uint64_t timer, uint64_t clock)
{
	uint64_t most = 0xffffffff;

	/* First: two hours times a rate are 64 bits. */
	if (n >= most * clock / timer)
		return (most);
	n = n * timer / clock;
	return (n < 1 ? 1 : n);
}

/* x2APIC: the MSR of a register, from its offset in the page: 11.12.1.2. */
static inline uint32_t
enc_msr(uint32_t offset)
{
	return (0x800 + (offset >> 4));
}

#endif /* ENCODE_H */
