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
 * Symbols for backtraces.  The table is made from the link map of a first
 * link and is linked behind everything that it describes: mk/ksyms.pl.
 */

#include "md.h"
#include "kern.h"

extern const uint32_t ksyms_count;
extern const uint32_t ksyms_addr[];	/* offsets from kernel_text, rising */
extern const uint32_t ksyms_name[];	/* offsets into ksyms_names */
extern const char ksyms_names[];

const char *
ksym(uintptr_t pc, uintptr_t *off)
{
	uint32_t lo = 0, hi = ksyms_count, mid, rel;

	if (pc < (uintptr_t)kernel_text || pc >= (uintptr_t)kernel_etext)
		return (NULL);
	rel = pc - (uintptr_t)kernel_text;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (ksyms_addr[mid] <= rel)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return (NULL);
	*off = rel - ksyms_addr[lo - 1];
	return (ksyms_names + ksyms_name[lo - 1]);
}
