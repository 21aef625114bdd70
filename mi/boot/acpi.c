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
 * The reader of the static ACPI tables.  They were written by firmware, and
 * nothing in them is believed: a length is checked against what can be read
 * before it is used, a table against its checksum before anything in it is,
 * and an entry against its table.  This file must never read a byte that
 * the map callback has not granted, never follow an address from a table
 * other than the RSDP and the root table, and never loop without moving
 * forward.
 *
 * The sections are those of the ACPI Specification 6.5.
 */

#include "acpi.h"

#define RSDP_LEN	20		/* 5.2.5.3, revision 0 */
#define RSDP_LEN2	36		/* 5.2.5.3, revision 2 */
#define RSDP_MAXLEN	4096		/* a longer one is damaged */
#define SDT_LEN		36		/* 5.2.6, the header of all tables */
#define SDT_MAXLEN	(16 << 20)	/* a longer one is damaged */
#define MADT_LEN	44		/* 5.2.12, up to the first entry */
#define FADT_LEN	116		/* 5.2.9, up to and with the flags */
#define FADT_XPMTMR	208		/* 5.2.9, X_PM_TMR_BLK */
#define HPET_LEN	52		/* IA-PC HPET 1.0a, 3.2.4 */
#define SPCR_LEN	52		/* SPCR, up to and with the address */
#define GAS_LEN		12		/* 5.2.3.2 */

/* The types of MADT entries, 5.2.12, and the least bytes of each. */
enum {
	MADT_LAPIC = 0,			/* 5.2.12.2 */
	MADT_IOAPIC = 1,		/* 5.2.12.3 */
	MADT_OVERRIDE = 5,		/* 5.2.12.8 */
	MADT_X2APIC = 9,		/* 5.2.12.12 */
	MADT_LAPIC_LEN = 8,
	MADT_IOAPIC_LEN = 12,
	MADT_OVERRIDE_LEN = 12,
	MADT_X2APIC_LEN = 16,
};

#define MADT_PCAT_COMPAT	(1U << 0)	/* 5.2.12 */
#define LAPIC_ENABLED		(1U << 0)	/* 5.2.12.2 */
#define LAPIC_CAPABLE		(1U << 1)
#define FADT_TMR_VAL_EXT	(1U << 8)	/* 5.2.9 */
#define FADT_HW_REDUCED		(1U << 20)

const char acpi_none[] = "ACPI: not present";

static const char acpi_unreadable[] =
    "ACPI: a table lies in memory that cannot be read";

static uint32_t
le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[1] << 8 | p[0];
}

static uint64_t
le64(const uint8_t *p)
{
	return (uint64_t)le32(p + 4) << 32 | le32(p);
}

static bool
equal(const uint8_t *p, const char *sig, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] != (uint8_t)sig[i])
			return false;
	return true;
}

/* The bytes of whatever has a checksum add up to 0: 5.2.5.3, 5.2.6. */
static bool
sound(const uint8_t *p, uint32_t len)
{
	uint8_t sum = 0;

	while (len-- > 0)
		sum += *p++;
	return sum == 0;
}

static struct acpi_gas
getgas(const uint8_t *p)
{
	struct acpi_gas gas;

	gas.ga_space = p[0];
	gas.ga_width = p[1];
	gas.ga_offset = p[2];
	gas.ga_access = p[3];
	gas.ga_addr = le64(p + 4);
	return gas;
}

/* Ask the callback, but never for nothing and never past the last address. */
static const uint8_t *
acpi_map(const void *(*map)(uint64_t, size_t), uint64_t pa, size_t len)
{
	if (pa == 0 || len == 0 || pa > UINT64_MAX - (len - 1))
		return NULL;
	return map(pa, len);
}

const char *
acpi_scan(const void *(*map)(uint64_t, size_t), uint64_t pa, size_t len,
    uint64_t *rsdp)
{
	const uint8_t *p;
	const char *err = acpi_none;
	size_t off;

	p = acpi_map(map, pa, len);
	if (p == NULL)
		return "ACPI: the range to look for the RSDP in cannot be "
		    "read";
	for (off = -pa & 15; off < len && len - off >= RSDP_LEN; off += 16) {
		if (!equal(p + off, "RSD PTR ", 8))
			continue;
		if (sound(p + off, RSDP_LEN)) {
			*rsdp = pa + off;
			return NULL;
		}
		err = "ACPI: there is an RSDP, but its checksum is wrong";
	}
	return err;
}

/* Map one table and check it as a whole. */
static const char *
acpi_table(const struct acpi *ac, uint64_t pa, const uint8_t **tbl,
    uint32_t *len)
{
	const uint8_t *p;
	uint32_t n;

	p = acpi_map(ac->ac_map, pa, SDT_LEN);
	if (p == NULL)
		return acpi_unreadable;
	n = le32(p + 4);
	if (n < SDT_LEN)
		return "ACPI: a table is shorter than its header";
	if (n > SDT_MAXLEN)
		return "ACPI: a table claims an impossible length";
	p = acpi_map(ac->ac_map, pa, n);
	if (p == NULL)
		return acpi_unreadable;
	if (!sound(p, n))
		return "ACPI: the checksum of a table is wrong";
	*tbl = p;
	*len = n;
	return NULL;
}

/*
 * Find the root table: 5.2.5.3.  Revision 2 brought the XSDT and the second
 * checksum, over the length it states; a firmware that has only an RSDT may
 * leave the address of the XSDT zero.
 */
static const char *
acpi_open_rsdp(struct acpi *ac, uint64_t pa)
{
	const uint8_t *p;
	uint32_t len;

	p = acpi_map(ac->ac_map, pa, RSDP_LEN);
	if (p == NULL)
		return "ACPI: the RSDP lies in memory that cannot be read";
	if (!equal(p, "RSD PTR ", 8))
		return "ACPI: there is no RSDP at the address given";
	if (!sound(p, RSDP_LEN))
		return "ACPI: the checksum of the RSDP is wrong";
	ac->ac_root = le32(p + 16);
	ac->ac_width = 4;
	if (p[15] < 2)
		return NULL;
	p = acpi_map(ac->ac_map, pa, RSDP_LEN2);
	if (p == NULL)
		return "ACPI: the RSDP lies in memory that cannot be read";
	len = le32(p + 20);
	if (len < RSDP_LEN2 || len > RSDP_MAXLEN)
		return "ACPI: the RSDP claims an impossible length";
	p = acpi_map(ac->ac_map, pa, len);
	if (p == NULL)
		return "ACPI: the RSDP lies in memory that cannot be read";
	if (!sound(p, len))
		return "ACPI: the extended checksum of the RSDP is wrong";
	if (le64(p + 24) != 0) {
		ac->ac_root = le64(p + 24);
		ac->ac_width = 8;
	}
	return NULL;
}

/* RSDT and XSDT, 5.2.7 and 5.2.8. */
static const char *
acpi_open_root(struct acpi *ac)
{
	const uint8_t *p;
	const char *err;
	uint32_t len;

	if (ac->ac_root == 0)
		return "ACPI: the RSDP leads to no root table";
	if ((err = acpi_table(ac, ac->ac_root, &p, &len)) != NULL)
		return err;
	if (!equal(p, ac->ac_width == 4 ? "RSDT" : "XSDT", 4))
		return "ACPI: the root table has the wrong signature";
	ac->ac_list = p + SDT_LEN;
	ac->ac_count = (len - SDT_LEN) / ac->ac_width;
	return NULL;
}

const char *
acpi_open(struct acpi *ac, const void *(*map)(uint64_t, size_t), uint64_t pa)
{
	const char *err;

	ac->ac_map = map;
	ac->ac_list = NULL;
	ac->ac_count = 0;
	err = acpi_open_rsdp(ac, pa);
	if (err == NULL)
		err = acpi_open_root(ac);
	return err;
}

static uint64_t
acpi_address(const struct acpi *ac, uint32_t i)
{
	const uint8_t *p = ac->ac_list + (size_t)i * ac->ac_width;

	return ac->ac_width == 4 ? le32(p) : le64(p);
}

const char *
acpi_entry(const struct acpi *ac, uint32_t i, uint64_t *pa, const void **tbl,
    uint32_t *len)
{
	const uint8_t *p;
	const char *err;

	if (i >= ac->ac_count)
		return acpi_none;
	*pa = acpi_address(ac, i);
	if (*pa == ac->ac_root)
		return "ACPI: the root table lists itself";
	if ((err = acpi_table(ac, *pa, &p, len)) == NULL)
		*tbl = p;
	return err;
}

const char *
acpi_find(const struct acpi *ac, const char sig[4], const void **tbl,
    uint32_t *len)
{
	const uint8_t *p;
	const char *err, *verdict = acpi_none;
	uint64_t pa;
	uint32_t i;

	for (i = 0; i < ac->ac_count; i++) {
		p = acpi_map(ac->ac_map, acpi_address(ac, i), SDT_LEN);
		if (p == NULL || !equal(p, sig, 4))
			continue;
		if ((err = acpi_entry(ac, i, &pa, tbl, len)) == NULL)
			return NULL;
		if (verdict == acpi_none)
			verdict = err;
	}
	return verdict;
}

/* Find a table that must have so many bytes to be of use. */
static const char *
acpi_need(const struct acpi *ac, const char sig[4], uint32_t least,
    const uint8_t **tbl, uint32_t *len)
{
	const void *p;
	const char *err;

	if ((err = acpi_find(ac, sig, &p, len)) != NULL)
		return err;
	*tbl = p;
	return *len < least ?
	    "ACPI: a table is too short for what it is" : NULL;
}

/* Check one MADT entry and take the address of the local APICs from it. */
static const char *
acpi_madt_check(struct acpi_madt *am, const uint8_t *p, uint32_t rest)
{
	if (rest < 2)
		return "ACPI: the MADT ends inside an entry";
	if (p[1] < 2)
		return "ACPI: an MADT entry has no length, the list would "
		    "be cyclic";
	if (p[1] > rest)
		return "ACPI: an MADT entry runs past the end of the table";
	if ((p[0] == MADT_LAPIC && p[1] < MADT_LAPIC_LEN) ||
	    (p[0] == MADT_IOAPIC && p[1] < MADT_IOAPIC_LEN) ||
	    (p[0] == MADT_X2APIC && p[1] < MADT_X2APIC_LEN) ||
	    (p[0] == MADT_OVERRIDE && p[1] < MADT_OVERRIDE_LEN))
		return "ACPI: an MADT entry is too short for its type";
	if (p[0] == MADT_OVERRIDE)
		am->am_lapic = le64(p + 4);
	return NULL;
}

const char *
acpi_madt_open(const struct acpi *ac, struct acpi_madt *am)
{
	const uint8_t *p;
	const char *err;
	uint32_t len, off;

	am->am_len = am->am_off = am->am_index = 0;
	if ((err = acpi_need(ac, "APIC", MADT_LEN, &p, &len)) != NULL)
		return err;
	am->am_tbl = p;
	am->am_lapic = le32(p + 36);
	am->am_8259 = (le32(p + 40) & MADT_PCAT_COMPAT) != 0;
	for (off = MADT_LEN; off < len; off += p[off + 1])
		if ((err = acpi_madt_check(am, p + off, len - off)) != NULL)
			return err;
	am->am_off = MADT_LEN;
	am->am_len = len;
	return NULL;
}

bool
acpi_madt_next(struct acpi_madt *am, struct acpi_cpu *cp)
{
	const uint8_t *p;
	uint32_t flags;

	while (am->am_off < am->am_len) {
		p = am->am_tbl + am->am_off;
		am->am_off += p[1];
		cp->cp_index = am->am_index++;
		if (p[0] != MADT_LAPIC && p[0] != MADT_X2APIC)
			continue;
		cp->cp_x2apic = p[0] == MADT_X2APIC;
		cp->cp_id = cp->cp_x2apic ? le32(p + 4) : p[3];
		cp->cp_uid = cp->cp_x2apic ? le32(p + 12) : p[2];
		flags = le32(p + (cp->cp_x2apic ? 8 : 4));
		cp->cp_enabled = (flags & LAPIC_ENABLED) != 0;
		cp->cp_capable = (flags & LAPIC_CAPABLE) != 0;
		return true;
	}
	return false;
}

bool
acpi_madt_ioapic(const struct acpi_madt *am, uint32_t *off, uint64_t *addr)
{
	const uint8_t *p;

	if (*off == 0)
		*off = MADT_LEN;
	while (*off < am->am_len) {
		p = am->am_tbl + *off;
		*off += p[1];
		if (p[0] != MADT_IOAPIC)
			continue;
		*addr = le32(p + 4);
		return true;
	}
	return false;
}

/*
 * 5.2.9: X_PM_TMR_BLK, where it is not zero, stands in for PM_TMR_BLK, an
 * I/O port; PM_TMR_LEN is 4 if there is a timer.  On hardware-reduced ACPI
 * all of these are to be ignored.
 */
const char *
acpi_fadt(const struct acpi *ac, struct acpi_fadt *fa)
{
	const uint8_t *p;
	const char *err;
	uint32_t len;

	if ((err = acpi_need(ac, "FACP", FADT_LEN, &p, &len)) != NULL)
		return err;
	fa->fa_flags = le32(p + 112);
	fa->fa_hwreduced = (fa->fa_flags & FADT_HW_REDUCED) != 0;
	fa->fa_pmtmr_bits = fa->fa_flags & FADT_TMR_VAL_EXT ? 32 : 24;
	fa->fa_pmtmr.ga_addr = 0;
	if (len >= FADT_XPMTMR + GAS_LEN)
		fa->fa_pmtmr = getgas(p + FADT_XPMTMR);
	if (fa->fa_pmtmr.ga_addr == 0) {
		fa->fa_pmtmr.ga_addr = p[91] == 4 ? le32(p + 76) : 0;
		fa->fa_pmtmr.ga_space = ACPI_SPACE_IO;
		fa->fa_pmtmr.ga_width = 32;
		fa->fa_pmtmr.ga_offset = 0;
		fa->fa_pmtmr.ga_access = 3;
	}
	if (fa->fa_hwreduced || fa->fa_pmtmr.ga_addr == 0 ||
	    fa->fa_pmtmr.ga_space > ACPI_SPACE_IO)
		fa->fa_pmtmr_bits = 0;
	return NULL;
}

/* IA-PC HPET 1.0a, 3.2.4. */
const char *
acpi_hpet(const struct acpi *ac, uint64_t *addr)
{
	const uint8_t *p;
	const char *err;
	struct acpi_gas gas;
	uint32_t len;

	if ((err = acpi_need(ac, "HPET", HPET_LEN, &p, &len)) != NULL)
		return err;
	gas = getgas(p + 40);
	if (gas.ga_space != ACPI_SPACE_MEMORY || gas.ga_addr == 0)
		return "ACPI: the HPET table gives no memory address";
	*addr = gas.ga_addr;
	return NULL;
}

/*
 * Microsoft, Serial Port Console Redirection Table: the address is zero if
 * there is no console, and the types are those of the Debug Port Table 2.
 */
const char *
acpi_spcr(const struct acpi *ac, struct acpi_spcr *sp)
{
	const uint8_t *p;
	const char *err;
	uint32_t len;

	if ((err = acpi_need(ac, "SPCR", SPCR_LEN, &p, &len)) != NULL)
		return err;
	if (le64(p + 44) == 0)
		return acpi_none;
	sp->sp_base = getgas(p + 40);
	sp->sp_type = p[36];
	switch (sp->sp_type) {
	case 0x00:			/* 16550 */
	case 0x01:			/* 16450, a subset of it */
	case 0x12:			/* 16550, placed by the address */
		sp->sp_kind = ACPI_CONSOLE_NS8250;
		break;
	case 0x03:			/* PL011 */
	case 0x0d:			/* its subset, 32-bit accesses only */
	case 0x0e:			/* its subset */
		sp->sp_kind = ACPI_CONSOLE_PL011;
		break;
	default:
		sp->sp_kind = ACPI_CONSOLE_OTHER;
	}
	return NULL;
}
