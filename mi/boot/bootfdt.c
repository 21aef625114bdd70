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
 * What a device tree tells every architecture that is given one.  Devicetree
 * Specification v0.4, chapter 3.
 */

#include "md.h"
#include "kern.h"
#include "bootfdt.h"

static int
is_type(const struct fdt *fdt, int node, const char *type)
{
	const char *s = fdt_prop_string(fdt, node, "device_type");

	return (s != NULL && strcmp(s, type) == 0);
}

/* Hand each range of a node's "reg" to func. */
static void
each_reg(const struct fdt *fdt, int node, void (*func)(uint64_t, uint64_t))
{
	uint64_t addr, size;
	const char *error;
	uint32_t i;

	for (i = 0; (error = fdt_reg(fdt, node, i, &addr, &size)) == NULL;
	    i++) {
		if (addr + size >= addr)
			func(addr, addr + size);
	}
	if (error != fdt_noreg)
		printf("device tree: %s: %s\n", fdt_name(fdt, node), error);
}

void
bootfdt_memory(const struct fdt *fdt)
{
	uint64_t addr, size;
	uint32_t i;
	int node;

	for (i = 0; fdt_memreserve(fdt, i, &addr, &size); i++)
		pmem_reserve(addr, addr + size);
	for (node = fdt_first_child(fdt, fdt_path(fdt, "/reserved-memory"));
	    node != -1; node = fdt_next_sibling(fdt, node)) {
		if (fdt_getprop(fdt, node, "reg", NULL) != NULL)
			each_reg(fdt, node, pmem_reserve);
	}
	for (node = fdt_first_child(fdt, fdt_path(fdt, "/")); node != -1;
	    node = fdt_next_sibling(fdt, node)) {
		if (is_type(fdt, node, "memory") && fdt_enabled(fdt, node))
			each_reg(fdt, node, pmem_add);
	}
	if (pmem_size() == 0)
		panic("device tree: it tells of no memory");
}

void
bootfdt_args(const struct fdt *fdt)
{
	boot_args_set(fdt_prop_string(fdt, fdt_path(fdt, "/chosen"),
	    "bootargs"));
}

void
bootfdt_cpus(const struct fdt *fdt)
{
	int cpus = fdt_path(fdt, "/cpus"), node;
	const char *error;
	uint64_t id;

	for (node = fdt_first_child(fdt, cpus); node != -1;
	    node = fdt_next_sibling(fdt, node)) {
		if (!is_type(fdt, node, "cpu") || !fdt_enabled(fdt, node))
			continue;
		error = fdt_id(fdt, cpus, node, &id);
		if (error != NULL)
			printf("device tree: %s: %s\n", fdt_name(fdt, node),
			    error);
		else
			cpu_listed(id);
	}
}
