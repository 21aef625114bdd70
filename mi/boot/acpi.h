/*
 * Copyright (c) 2026 the portkit authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES.
 */

#ifndef _ACPI_H_
#define _ACPI_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A reader of the static ACPI tables (ACPI Specification 6.5, sections
 * 5.2.5 to 5.2.12).  It writes nothing, allocates nothing and takes no
 * lock: every function may be called from any context at any IPL that the
 * map callback may be called from.
 *
 * Physical memory is reached only through that callback: it returns a
 * pointer to the given number of bytes at a physical address, or NULL if
 * any of them cannot be read.  What it returned must stay mapped and
 * unchanged as long as the handle, or anything got from it, is in use.
 *
 * A function that returns "const char *" returns NULL for success and
 * otherwise a constant sentence for a person to read; results are written
 * only on success, except where it says so.  The verdict acpi_none, which
 * is compared as a pointer, means that what was asked for is not there,
 * and that nothing is wrong with that.
 */
struct acpi {
	const void	*(*ac_map)(uint64_t, size_t);
	const uint8_t	*ac_list;	/* entries of the RSDT or XSDT */
	uint64_t	 ac_root;	/* physical address of the RSDT, XSDT */
	uint32_t	 ac_width;	/* bytes of an entry: 4 or 8 */
	uint32_t	 ac_count;	/* entries */
};

extern const char acpi_none[];

/*
 * acpi_scan() looks for a sound RSDP on the 16-byte boundaries of a range
 * of physical memory; acpi_open() starts from the address of one.  After a
 * failure the handle has no tables.
 */
const char	*acpi_scan(const void *(*)(uint64_t, size_t), uint64_t,
		    size_t, uint64_t *);
const char	*acpi_open(struct acpi *, const void *(*)(uint64_t, size_t),
		    uint64_t);

/*
 * acpi_entry() reads the i-th table that the root table lists: its physical
 * address (also when the table is damaged, so that it can be reported), its
 * bytes with the header, and its length.  acpi_none is past the last entry.
 * acpi_find() reads the first sound table of a signature.  A damaged entry
 * does not hide others: the verdict is that of a damaged table only if its
 * signature matches and no other such table is sound.
 */
const char	*acpi_entry(const struct acpi *, uint32_t, uint64_t *,
		    const void **, uint32_t *);
const char	*acpi_find(const struct acpi *, const char[4], const void **,
		    uint32_t *);

/*
 * The processors of the MADT.  acpi_madt_open() checks every entry of the
 * table, and acpi_madt_next() then returns the local APIC and local x2APIC
 * entries in their order, false past the last.  Nothing is left out: not
 * those that are disabled, and not the second of two with the same id.
 */
struct acpi_madt {
	const uint8_t	*am_tbl;
	uint64_t	 am_lapic;	/* physical address, override applied */
	uint32_t	 am_len;
	uint32_t	 am_off;	/* of the next entry */
	uint32_t	 am_index;	/* of the next entry, of any type */
	bool		 am_8259;	/* there are 8259s to be silenced */
};

struct acpi_cpu {
	uint32_t	 cp_index;	/* entry of the table, from 0 */
	uint32_t	 cp_id;		/* local APIC or x2APIC id */
	uint32_t	 cp_uid;	/* what the ACPI namespace calls it */
	bool		 cp_x2apic;	/* came from an x2APIC entry */
	bool		 cp_enabled;	/* can be started now */
	bool		 cp_capable;	/* not now, but can be added later */
};

const char	*acpi_madt_open(const struct acpi *, struct acpi_madt *);
bool		 acpi_madt_next(struct acpi_madt *, struct acpi_cpu *);
/* The physical addresses of the I/O APICs: *off is 0 before the first. */
bool		 acpi_madt_ioapic(const struct acpi_madt *, uint32_t *off,
		    uint64_t *addr);

/* Where a register is: the Generic Address Structure, 5.2.3.2. */
struct acpi_gas {
	uint64_t	 ga_addr;
	uint8_t		 ga_space;
	uint8_t		 ga_width;	/* bits of the register */
	uint8_t		 ga_offset;	/* bits to skip */
	uint8_t		 ga_access;	/* log2 of bytes, plus 1; 0 unknown */
};

#define ACPI_SPACE_MEMORY	0
#define ACPI_SPACE_IO		1

struct acpi_fadt {
	struct acpi_gas	 fa_pmtmr;	/* good if fa_pmtmr_bits is not 0 */
	uint32_t	 fa_pmtmr_bits;	/* counter: 24, 32, or 0 for none */
	uint32_t	 fa_flags;	/* as in the table */
	bool		 fa_hwreduced;	/* there is no ACPI hardware */
};

#define ACPI_CONSOLE_OTHER	0
#define ACPI_CONSOLE_NS8250	1
#define ACPI_CONSOLE_PL011	2

struct acpi_spcr {
	struct acpi_gas	 sp_base;
	uint32_t	 sp_kind;	/* ACPI_CONSOLE_* */
	uint8_t		 sp_type;	/* as in the table */
};

/*
 * The registers of three devices.  acpi_none if the table is absent, or
 * says that the device is; acpi_hpet() returns a physical address.
 */
const char	*acpi_fadt(const struct acpi *, struct acpi_fadt *);
const char	*acpi_hpet(const struct acpi *, uint64_t *);
const char	*acpi_spcr(const struct acpi *, struct acpi_spcr *);

#endif /* _ACPI_H_ */
