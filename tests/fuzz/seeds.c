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
 * Where the fuzzers begin: the sound trees and tables of the host test, one
 * a file.  usage: seeds DIRECTORY, which has fdt/ and acpi/ in it.
 */

#define main	firmware_test_main
#include "../host/firmware_test.c"
#undef main

static void
seed(const char *dir, const char *name, int first, const void *p, size_t n)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((f = fopen(path, "wb")) == NULL ||
	    (first != EOF && putc(first, f) == EOF) ||
	    fwrite(p, 1, n, f) != n || fclose(f) == EOF) {
		perror(path);
		exit(1);
	}
}

/* The last entry of the MADT is cut off. */
static void
cut_entries(void)
{
	build_entries();
	ENTRY(0, 2);
}

int
main(int argc, char *argv[])
{
	static const char *const consoles[] = { NULL, "serial0:115200n8",
	    "/soc@0/serial@9000", "serial10" };
	char name[64];
	unsigned i;

	if (argc != 2)
		return 2;
	setup();
	for (i = 0; i < NELEM(consoles); i++) {
		build_tree(consoles[i]);
		snprintf(name, sizeof(name), "fdt/tree%u", i);
		seed(argv[1], name, EOF, blob, bloblen);
	}
	/* The first byte: whether checksums are mended, see acpi_fuzz.c. */
	for (i = 0; i < 6; i++) {
		build_with(i % 3, i < 3 ? build_entries : no_cpus);
		snprintf(name, sizeof(name), "acpi/tables%u", i);
		seed(argv[1], name, 1, ram, ramlen);
		snprintf(name, sizeof(name), "acpi/as-they-are%u", i);
		seed(argv[1], name, 0, ram, ramlen);
	}
	build_with(2, cut_entries);
	seed(argv[1], "acpi/cut", 1, ram, ramlen);
	return 0;
}
