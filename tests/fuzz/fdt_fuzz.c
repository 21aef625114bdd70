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
 * libFuzzer, for mi/boot/fdt.c: any bytes as a device tree.  AddressSanitizer
 * sees a read outside of them; that every walk moves on, that what is found
 * lies inside, and that the ways to a node agree, is checked here.
 */

#include <stdlib.h>
#include <string.h>

#include "fdt.h"

#define CHECK(x)	do { if (!(x)) abort(); } while (0)

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const uint8_t *blob;
static size_t bloblen;
static struct fdt fdt;
static uint32_t steps;
static volatile unsigned sink;

static void
inside(const void *p, size_t n)
{
	const uint8_t *b = p;

	CHECK(b >= blob && n <= bloblen && (size_t)(b - blob) <= bloblen - n);
	while (n-- > 0)
		sink += *b++;
}

static void
inside_str(const char *s)
{
	if (s != NULL)
		inside(s, strlen(s) + 1);
}

static void
props(int node)
{
	static const char *const names[] = { "reg", "ranges", "compatible",
	    "device_type", "status", "stdout-path", "interrupts", "phandle",
	    "#address-cells", "method", "" };
	const void *val;
	uint32_t len, cell, i;
	size_t n;

	for (n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		val = fdt_getprop(&fdt, node, names[n], &len);
		if (val != NULL)
			inside(val, len);
		inside_str(fdt_prop_string(&fdt, node, names[n]));
		for (i = 0; i < 4; i++)
			inside_str(fdt_stringlist(&fdt, node, names[n], i));
		if (fdt_prop_u32(&fdt, node, names[n], &cell))
			CHECK(val != NULL && len == 4);
		if (fdt_prop_cell(&fdt, node, names[n], 3, &cell))
			CHECK(val != NULL && len >= 16);
	}
}

static void
addresses(int parent, int node)
{
	uint64_t addr, size, id;
	uint32_t i;

	for (i = 0; fdt_reg(&fdt, node, i, &addr, &size) == NULL; i++) {
		CHECK(i < bloblen / 4);
		CHECK(size == 0 || addr <= UINT64_MAX - (size - 1));
	}
	(void)fdt_id(&fdt, parent, node, &id);
}

/* Depth first; offsets only grow, so no node is met twice. */
static void
visit(int parent, int node, int depth)
{
	static int last;
	int child;

	CHECK(depth <= FDT_MAXDEPTH && ++steps <= bloblen / 4);
	CHECK((uint32_t)node < fdt.f_structlen);
	CHECK(parent == -1 || node > last);
	last = node;
	CHECK(fdt_parent(&fdt, node) == parent);
	CHECK(fdt_name(&fdt, node) != NULL);
	inside_str(fdt_name(&fdt, node));
	props(node);
	addresses(parent, node);
	for (child = fdt_first_child(&fdt, node); child != -1;
	    child = fdt_next_sibling(&fdt, child))
		visit(node, child, depth + 1);
}

static void
finds(void)
{
	uint64_t addr, size;
	uint32_t i;
	int node, last = -1;

	while ((node = fdt_by_compatible(&fdt, last, "portkit,any")) != -1) {
		CHECK(node > last && fdt_compatible(&fdt, node, "portkit,any"));
		last = node;
	}
	for (i = 0; fdt_memreserve(&fdt, i, &addr, &size); i++)
		CHECK(i < bloblen / 16);
	CHECK(i == fdt.f_nrsv);
	node = fdt_stdout(&fdt);
	CHECK(node == -1 || fdt_name(&fdt, node) != NULL);
	(void)fdt_by_phandle(&fdt, 1);
	(void)fdt_path(&fdt, "/soc@0/bus@1000/serial@200");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	blob = data;
	bloblen = len;
	steps = 0;
	if (fdt_open(&fdt, data, len) != NULL) {
		CHECK(fdt_path(&fdt, "/") == -1 && fdt.f_nrsv == 0);
		return 0;
	}
	CHECK(fdt.f_size <= len && fdt_path(&fdt, "/") == fdt.f_root);
	visit(-1, fdt.f_root, 1);
	finds();
	return 0;
}
