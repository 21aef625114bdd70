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
 * libFuzzer, for mi/boot/acpi.c: any bytes as the memory that the tables are
 * in.  Each piece that the reader asks for is handed out as a copy of its
 * own, so that AddressSanitizer sees a byte too many even where memory goes
 * on.  With bit 0 of the first byte the checksums are mended, since the
 * fuzzer would hardly find them.
 */

#include <stdlib.h>
#include <string.h>

#include "acpi.h"

#define CHECK(x)	do { if (!(x)) abort(); } while (0)
#define RAM_BASE	UINT64_C(0x7ff00000)
#define NMAP		4096

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static uint8_t *ram;
static size_t ramlen, nmap;
static void *maps[NMAP];

static const void *
map(uint64_t pa, size_t len)
{
	CHECK(pa != 0 && len != 0 && pa + (len - 1) >= pa);
	if (pa < RAM_BASE || pa - RAM_BASE > ramlen ||
	    len > ramlen - (pa - RAM_BASE) || nmap == NMAP)
		return NULL;
	if ((maps[nmap] = malloc(len)) == NULL)
		return NULL;
	return memcpy(maps[nmap++], ram + (pa - RAM_BASE), len);
}

static uint64_t
le(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

static void
mend(uint64_t pa, uint32_t len, uint32_t at)
{
	uint8_t *p, sum = 0;
	uint32_t i;

	if (pa < RAM_BASE || pa - RAM_BASE > ramlen || len <= at ||
	    len > ramlen - (pa - RAM_BASE))
		return;
	p = ram + (pa - RAM_BASE);
	p[at] = 0;
	for (i = 0; i < len; i++)
		sum += p[i];
	p[at] = (uint8_t)-sum;
}

/* A table, and those that it lists if it is a root table. */
static void
mend_table(uint64_t pa, size_t width)
{
	const uint8_t *p;
	uint32_t len, off;

	if (pa < RAM_BASE || pa - RAM_BASE > ramlen ||
	    ramlen - (pa - RAM_BASE) < 36)
		return;
	p = ram + (pa - RAM_BASE);
	len = le(p + 4, 4);
	if (len > ramlen - (pa - RAM_BASE))
		return;
	for (off = 36; width != 0 && off + width <= len; off += width)
		mend_table(le(p + off, width), 0);
	mend(pa, len, 9);
}

static void
mend_all(void)
{
	if (ramlen < 36)
		return;
	mend_table(le(ram + 16, 4), 4);
	mend_table(le(ram + 24, 8), 8);
	mend(RAM_BASE, 20, 8);
	mend(RAM_BASE, le(ram + 20, 4), 32);
}

static void
madt(const struct acpi *ac)
{
	struct acpi_madt am;
	struct acpi_cpu cp;
	uint32_t n = 0, last = 0;
	const char *error;

	error = acpi_madt_open(ac, &am);
	CHECK(error == NULL || am.am_len == 0);
	while (acpi_madt_next(&am, &cp)) {
		CHECK(error == NULL && am.am_off <= am.am_len);
		CHECK(n == 0 || cp.cp_index > last);
		CHECK(++n <= am.am_len / 8);
		CHECK(cp.cp_x2apic || cp.cp_id <= 0xff);
		last = cp.cp_index;
	}
}

static void
devices(const struct acpi *ac)
{
	struct acpi_fadt fa;
	struct acpi_spcr sp;
	uint64_t addr;

	if (acpi_fadt(ac, &fa) == NULL && fa.fa_pmtmr_bits != 0) {
		CHECK(fa.fa_pmtmr_bits == 24 || fa.fa_pmtmr_bits == 32);
		CHECK(fa.fa_pmtmr.ga_addr != 0 && !fa.fa_hwreduced &&
		    fa.fa_pmtmr.ga_space <= ACPI_SPACE_IO);
	}
	if (acpi_hpet(ac, &addr) == NULL)
		CHECK(addr != 0);
	if (acpi_spcr(ac, &sp) == NULL)
		CHECK(sp.sp_base.ga_addr != 0);
}

static void
tables(const struct acpi *ac)
{
	const void *tbl;
	uint64_t pa;
	uint32_t i, len;

	CHECK(ac->ac_count <= ramlen / 4);
	for (i = 0; i < ac->ac_count && i < 64; i++) {
		if (acpi_entry(ac, i, &pa, &tbl, &len) == NULL)
			CHECK(len >= 36 && len <= ramlen && pa != ac->ac_root);
	}
	CHECK(acpi_entry(ac, ac->ac_count, &pa, &tbl, &len) == acpi_none);
	madt(ac);
	devices(ac);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct acpi ac;
	uint64_t rsdp;
	const char *error;

	if (len < 1 || (ram = malloc(len)) == NULL)
		return 0;
	ramlen = len - 1;
	memcpy(ram, data + 1, ramlen);
	if (data[0] & 1)
		mend_all();
	if (acpi_scan(map, RAM_BASE, ramlen, &rsdp) == NULL)
		CHECK(rsdp % 16 == 0 && rsdp - RAM_BASE <= ramlen - 20);
	error = acpi_open(&ac, map, RAM_BASE);
	CHECK(error == NULL || ac.ac_count == 0);
	tables(&ac);
	while (nmap > 0)
		free(maps[--nmap]);
	free(ram);
	return 0;
}
