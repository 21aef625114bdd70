/*
 * Copyright (c) 2026 the portkit authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES.
 *
 * The host test of the readers of firmware tables, mi/boot/fdt.c and
 * mi/boot/acpi.c.  It builds device trees and ACPI tables in memory, sound
 * ones and damaged ones, and prints TAP.  What a reader is given ends at a
 * page that cannot be read, so that one byte too many is a fault, reported
 * with what was being done; a loop without end is reported by an alarm.
 * Nothing is random: a failure comes back every time.
 *
 * From the top of the tree, without and with sanitizers:
 *
 *	cc -std=c11 -Wall -Wextra -Imi/boot -o firmware_test \
 *	    tests/host/firmware_test.c mi/boot/fdt.c mi/boot/acpi.c
 *	clang -std=c11 -Wall -Wextra -g -O1 -fsanitize=address,undefined \
 *	    -fno-sanitize-recover=all -Imi/boot -o firmware_test \
 *	    tests/host/firmware_test.c mi/boot/fdt.c mi/boot/acpi.c
 */

#define _DEFAULT_SOURCE		/* for MAP_ANON and sigaction() */

#include <sys/mman.h>

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "acpi.h"
#include "fdt.h"

#define HANG_SECONDS	60		/* far above what any test takes */
#define NELEM(a)	(sizeof(a) / sizeof((a)[0]))

/* What is being done, for a report from a signal handler. */
static const char *at_test;
static size_t at_step;
static unsigned at_value;
static bool failed;

static void
fail(int line, const char *what)
{
	if (!failed)
		printf("# line %d: %s (step %zu, value %#x)\n", line, what,
		    at_step, at_value);
	failed = true;
}

#define CHECK(x) do {							\
	if (!(x))							\
		fail(__LINE__, #x);					\
} while (0)

/* An error must be there, be for this, and be about that. */
static void
expect(int line, const char *err, const char *about)
{
	if (err != NULL && strstr(err, about) != NULL)
		return;
	fail(line, about);
	printf("# got: %s\n", err != NULL ? err : "(no error)");
}

#define EXPECT(err, about)	expect(__LINE__, (err), (about))

static void
on_signal(int sig)
{
	printf("Bail out! %s in \"%s\", step %zu, value %#x\n",
	    sig == SIGALRM ? "hang" : "access out of bounds", at_test,
	    at_step, at_value);
	fflush(stdout);
	_exit(1);
}

/*
 * A room of the given bytes (whole pages) with a page on either side that
 * cannot be read.
 */
static uint8_t *
guarded(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *p;

	p = mmap(NULL, bytes + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANON,
	    -1, 0);
	if (p == MAP_FAILED ||
	    mprotect(p + page, bytes, PROT_READ | PROT_WRITE) == -1) {
		perror("mmap");
		exit(1);
	}
	return p + page;
}

static void
put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static void
put_be64(uint8_t *p, uint64_t v)
{
	put_be32(p, (uint32_t)(v >> 32));
	put_be32(p + 4, (uint32_t)v);
}

static void
put_le(uint8_t *p, uint64_t v, size_t bytes)
{
	for (; bytes > 0; bytes--, v >>= 8)
		*p++ = (uint8_t)v;
}

/*
 * Keep the value of a byte, put every single-byte damage there in turn, and
 * call the function after each: all zeros, all ones, and each bit flipped.
 */
static void
damage(uint8_t *p, void (*run)(void))
{
	const uint8_t was = *p;
	unsigned i;

	for (i = 0; i < 10; i++) {
		*p = i == 8 ? 0x00 : i == 9 ? 0xff : was ^ (uint8_t)(1 << i);
		at_value = *p;
		run();
	}
	*p = was;
}

/*
 * Part one: device trees.
 *
 * The writer fills three blocks and puts them together at the end of the
 * guarded room.  It does not check what it is told to write.
 */
#define ROOM		(8 << 20)
#define HDR		40		/* bytes of the header */

enum {					/* words of the header */
	H_MAGIC, H_SIZE, H_STRUCT, H_STRINGS, H_RSV, H_VERSION, H_LASTCOMP,
	H_CPU, H_STRINGSLEN, H_STRUCTLEN
};

static uint8_t *room;			/* ROOM bytes between guard pages */
static uint8_t *blob;			/* the blob, at the end of them */
static size_t bloblen;

static uint8_t w_struct[4 << 20], w_rsv[256];
static char w_strings[2 << 20];
static size_t w_structlen, w_stringslen, w_rsvlen;

static void
w_start(void)
{
	w_structlen = w_stringslen = w_rsvlen = 0;
}

static void
w_cell(uint32_t v)
{
	put_be32(w_struct + w_structlen, v);
	w_structlen += 4;
}

static void
w_bytes(const void *p, size_t n)
{
	memcpy(w_struct + w_structlen, p, n);
	w_structlen += n;
	while (w_structlen % 4 != 0)
		w_struct[w_structlen++] = 0;
}

static void
w_begin(const char *name)
{
	w_cell(1);
	w_bytes(name, strlen(name) + 1);
}

static void
w_end(void)
{
	w_cell(2);
}

static uint32_t
w_string(const char *s)
{
	size_t off;

	for (off = 0; off < w_stringslen; off += strlen(w_strings + off) + 1)
		if (strcmp(w_strings + off, s) == 0)
			return (uint32_t)off;
	strcpy(w_strings + off, s);
	w_stringslen += strlen(s) + 1;
	return (uint32_t)off;
}

static void
w_prop(const char *name, const void *val, size_t len)
{
	w_cell(3);
	w_cell((uint32_t)len);
	w_cell(w_string(name));
	w_bytes(val, len);
}

static void
w_str(const char *name, const char *val)
{
	w_prop(name, val, strlen(val) + 1);
}

static void
w_cells(const char *name, const uint32_t *cells, size_t n)
{
	uint8_t val[64];
	size_t i;

	for (i = 0; i < n; i++)
		put_be32(val + 4 * i, cells[i]);
	w_prop(name, val, 4 * n);
}

#define CELLS(name, ...)						\
	w_cells(name, (const uint32_t[]){ __VA_ARGS__ },		\
	    NELEM(((const uint32_t[]){ __VA_ARGS__ })))

static void
w_bus(uint32_t ac, uint32_t sc)
{
	CELLS("#address-cells", ac);
	CELLS("#size-cells", sc);
}

static void
w_reserve(uint64_t addr, uint64_t size)
{
	put_be32(w_rsv + w_rsvlen, (uint32_t)(addr >> 32));
	put_be32(w_rsv + w_rsvlen + 4, (uint32_t)addr);
	put_be32(w_rsv + w_rsvlen + 8, (uint32_t)(size >> 32));
	put_be32(w_rsv + w_rsvlen + 12, (uint32_t)size);
	w_rsvlen += 16;
}

/* Let the blob be the n bytes at p, at the very end of the room. */
static void
place(const void *p, size_t n)
{
	blob = room + ROOM - n;
	memmove(blob, p, n);
	bloblen = n;
}

static void
w_finish(void)
{
	static uint8_t out[ROOM];
	uint32_t h[10];
	size_t i;

	h[H_MAGIC] = 0xd00dfeed;
	h[H_RSV] = HDR;
	h[H_STRUCT] = HDR + (uint32_t)w_rsvlen;
	h[H_STRUCTLEN] = (uint32_t)w_structlen;
	h[H_STRINGS] = h[H_STRUCT] + h[H_STRUCTLEN];
	h[H_STRINGSLEN] = (uint32_t)w_stringslen;
	h[H_SIZE] = h[H_STRINGS] + h[H_STRINGSLEN];
	h[H_VERSION] = 17;
	h[H_LASTCOMP] = 16;
	h[H_CPU] = 0;
	for (i = 0; i < NELEM(h); i++)
		put_be32(out + 4 * i, h[i]);
	memcpy(out + h[H_RSV], w_rsv, w_rsvlen);
	memcpy(out + h[H_STRUCT], w_struct, w_structlen);
	memcpy(out + h[H_STRINGS], w_strings, w_stringslen);
	place(out, h[H_SIZE]);
}

static void
w_cpus(void)
{
	w_begin("cpus");
	w_bus(1, 0);
	w_begin("cpu@0");
	w_str("device_type", "cpu");
	CELLS("reg", 0);
	w_end();
	w_begin("cpu@1");
	w_str("device_type", "cpu");
	CELLS("reg", 1);
	w_str("status", "okay");
	w_end();
	w_begin("cpu@100");
	w_str("device_type", "cpu");
	CELLS("reg", 0x100);
	w_str("status", "disabled");
	w_end();
	w_end();
}

static void
w_soc(void)
{
	w_begin("soc@0");
	w_str("compatible", "simple-bus");
	w_bus(1, 1);
	CELLS("ranges", 0, 9, 0, 0x100000, 0x800000, 0, 0x8000000, 0x20000);
	w_begin("intc@800000");
	w_str("compatible", "arm,gic-v3");
	CELLS("reg", 0x800000, 0x10000, 0x810000, 0x10000);
	CELLS("phandle", 1);
	w_end();
	w_begin("bus@1000");
	w_bus(1, 1);
	CELLS("ranges", 0, 0x1000, 0x1000);
	w_begin("serial@200");
	w_prop("compatible", "arm,pl011\0arm,primecell", 24);
	CELLS("reg", 0x200, 0x100);
	CELLS("interrupts", 0, 33, 4);
	w_str("status", "ok");
	w_end();
	w_end();
	w_begin("serial@9000");
	w_str("compatible", "ns16550a");
	CELLS("reg", 0x9000, 0x100);
	w_end();
	w_begin("lost@90000");
	CELLS("reg", 0xff000, 0x1001);
	w_end();
	w_begin("big@800000");
	CELLS("reg", 0x800000, 0x30000);
	w_end();
	w_end();
}

/* The sound tree; the console is what the caller says. */
static void
build_tree(const char *console)
{
	w_start();
	w_reserve(0x40000000, 0x1000);
	w_reserve(UINT64_C(0x8000000000), 0x200000);
	w_reserve(0, 0);
	w_cell(4);
	w_begin("");
	w_bus(2, 2);
	w_prop("compatible", "portkit,board\0portkit,any", 26);
	CELLS("interrupt-parent", 1);
	w_begin("chosen");
	if (console != NULL)
		w_str("stdout-path", console);
	w_end();
	w_begin("aliases");
	w_str("serial0", "/soc@0/bus@1000/serial@200");
	w_str("serial1", "serial0");
	w_str("serial10", "/soc@0/serial@9000");
	w_end();
	w_cpus();
	w_begin("memory@40000000");
	w_str("device_type", "memory");
	CELLS("reg", 0, 0x40000000, 0, 0x10000000, 8, 0, 1, 0);
	w_end();
	w_begin("reserved-memory");
	w_bus(2, 2);
	w_prop("ranges", "", 0);
	w_begin("secure@4f000000");
	CELLS("reg", 0, 0x4f000000, 0, 0x100000);
	w_end();
	w_end();
	w_soc();
	w_begin("i2c@5");
	w_bus(1, 0);
	CELLS("phandle", UINT32_MAX);
	w_begin("sensor@48");
	CELLS("reg", 0x48);
	w_end();
	w_end();
	w_begin("spi@6");
	w_bus(1, 1);
	CELLS("phandle", 0);
	w_begin("flash@0");
	CELLS("reg", 0, 0x1000);
	w_end();
	w_end();
	w_cell(4);
	w_end();
	w_cell(9);
	w_finish();
}

static struct fdt fdt;

static void
open_tree(void)
{
	build_tree("serial0:115200n8");
	CHECK(fdt_open(&fdt, blob, bloblen) == NULL);
}

/* Read every byte of a value, so that a bad pointer or length faults. */
static volatile unsigned sink;

static void
touch(const void *p, size_t n)
{
	const uint8_t *b = p;

	while (p != NULL && n-- > 0)
		sink += *b++;
}

static void
touch_str(const char *s)
{
	if (s != NULL)
		touch(s, strlen(s) + 1);
}

static void
verdict(const char *err, const char *prefix)
{
	if (err != NULL)
		CHECK(strncmp(err, prefix, strlen(prefix)) == 0);
}

static const char *const props[] = {
	"compatible", "reg", "ranges", "status", "#address-cells",
	"#size-cells", "phandle", "stdout-path", "serial0", "interrupts",
	"device_type", "none"
};

static void
visit_props(int node)
{
	const void *p;
	uint32_t i, len, val;
	size_t n;

	for (n = 0; n < NELEM(props); n++) {
		p = fdt_getprop(&fdt, node, props[n], &len);
		if (p == NULL)
			continue;
		CHECK(len <= fdt.f_structlen);
		touch(p, len);
		touch_str(fdt_prop_string(&fdt, node, props[n]));
		for (i = 0; i < 4; i++) {
			touch_str(fdt_stringlist(&fdt, node, props[n], i));
			(void)fdt_prop_cell(&fdt, node, props[n], i, &val);
		}
		(void)fdt_prop_u32(&fdt, node, props[n], &val);
	}
}

static void
visit(int node)
{
	const char *err;
	uint64_t addr, size;
	uint32_t i;

	touch_str(fdt_name(&fdt, node));
	visit_props(node);
	(void)fdt_enabled(&fdt, node);
	(void)fdt_compatible(&fdt, node, "arm,pl011");
	for (i = 0; i < 4; i++) {
		err = fdt_reg(&fdt, node, i, &addr, &size);
		verdict(err, "device tree: ");
		CHECK(err != NULL || size == 0 || addr + (size - 1) >= addr);
	}
	verdict(fdt_id(&fdt, fdt_parent(&fdt, node), node, &addr),
	    "device tree: ");
}

/* Visit all nodes by child, sibling and parent; returns how many. */
static size_t
visit_tree(void)
{
	size_t count = 0;
	int above, next, node = fdt.f_root;

	while (node != -1 && count <= fdt.f_structlen / 8) {
		count++;
		visit(node);
		next = fdt_first_child(&fdt, node);
		if (next != -1)
			CHECK(fdt_parent(&fdt, next) == node);
		for (above = node; next == -1 && above != -1;
		    above = fdt_parent(&fdt, above)) {
			next = fdt_next_sibling(&fdt, above);
			if (next != -1)
				CHECK(fdt_parent(&fdt, next) ==
				    fdt_parent(&fdt, above));
		}
		CHECK(next == -1 || next > node);
		node = next;
	}
	CHECK(count <= fdt.f_structlen / 8);
	return count;
}

/* Open whatever the blob is now, and do all there is to do with it. */
static void
exercise_fdt(void)
{
	const char *err;
	uint64_t addr, size;
	uint32_t i;
	int n;

	err = fdt_open(&fdt, blob, bloblen);
	verdict(err, "device tree: ");
	if (err == NULL)
		CHECK(visit_tree() > 0 && fdt.f_size <= bloblen);
	else
		CHECK(visit_tree() == 0 && fdt_path(&fdt, "/") == -1);
	for (i = 0; fdt_memreserve(&fdt, i, &addr, &size); i++)
		CHECK(i < bloblen / 16);
	n = -1;
	while ((n = fdt_by_compatible(&fdt, n, "arm,gic-v3")) != -1)
		CHECK(fdt_compatible(&fdt, n, "arm,gic-v3"));
	for (i = 0; i < 3; i++)
		visit(fdt_by_phandle(&fdt, i - 1));
	visit(fdt_stdout(&fdt));
	visit(fdt_path(&fdt, "/soc/bus@1000//serial/"));
}

static void
test_fdt_names(void)
{
	int bus, soc;

	open_tree();
	CHECK(fdt.f_size == bloblen);
	CHECK(visit_tree() == 21);
	soc = fdt_path(&fdt, "/soc@0");
	CHECK(soc != -1 && fdt_path(&fdt, "/soc") == soc);
	CHECK(strcmp(fdt_name(&fdt, soc), "soc@0") == 0);
	CHECK(fdt_parent(&fdt, soc) == fdt_path(&fdt, "/"));
	CHECK(fdt_parent(&fdt, fdt_path(&fdt, "/")) == -1);
	bus = fdt_path(&fdt, "/soc/bus@1000");
	CHECK(bus != -1 && fdt_parent(&fdt, bus) == soc);
	CHECK(strcmp(fdt_name(&fdt, fdt_first_child(&fdt, bus)),
	    "serial@200") == 0);
	CHECK(strcmp(fdt_name(&fdt, fdt_next_sibling(&fdt, bus)),
	    "serial@9000") == 0);
	CHECK(fdt_first_child(&fdt, fdt_path(&fdt, "/chosen")) == -1);
	CHECK(fdt_next_sibling(&fdt, fdt_path(&fdt, "/spi")) == -1);
	CHECK(fdt_path(&fdt, "/soc/serial") ==
	    fdt_path(&fdt, "/soc@0/serial@9000"));
	CHECK(fdt_path(&fdt, "/so") == -1);
	CHECK(fdt_path(&fdt, "/soc@1") == -1);
	CHECK(fdt_path(&fdt, "/cpus/cpu@10") == -1);
	CHECK(fdt_path(&fdt, "/cpus/cpu@0/none") == -1);
	CHECK(fdt_path(&fdt, "soc@0") == -1);
	CHECK(fdt_path(&fdt, "") == -1);
}

static void
check_reg(int line, const char *path, uint32_t i, uint64_t addr, uint64_t size)
{
	uint64_t a = 0, s = 0;

	if (fdt_reg(&fdt, fdt_path(&fdt, path), i, &a, &s) != NULL ||
	    a != addr || s != size)
		fail(line, path);
}

#define CHECK_REG(path, i, addr, size)					\
	check_reg(__LINE__, path, i, UINT64_C(addr), UINT64_C(size))

static void
test_fdt_reg(void)
{
	uint64_t a, s;

	open_tree();
	CHECK_REG("/memory", 0, 0x40000000, 0x10000000);
	CHECK_REG("/memory", 1, 0x800000000, 0x100000000);
	CHECK(fdt_reg(&fdt, fdt_path(&fdt, "/memory"), 2, &a, &s) ==
	    fdt_noreg);
	CHECK(fdt_reg(&fdt, fdt_path(&fdt, "/chosen"), 0, &a, &s) ==
	    fdt_noreg);
	CHECK_REG("/reserved-memory/secure", 0, 0x4f000000, 0x100000);
	CHECK_REG("/soc/intc", 0, 0x8000000, 0x10000);
	CHECK_REG("/soc/intc", 1, 0x8010000, 0x10000);
	CHECK_REG("/soc/serial", 0, 0x900009000, 0x100);
	CHECK_REG("/soc/bus/serial", 0, 0x900001200, 0x100);
}

static const char *
reg_error(const char *path)
{
	uint64_t a, s;

	return fdt_reg(&fdt, fdt_path(&fdt, path), 0, &a, &s);
}

/* A root with one bus with one device, to get each of them wrong. */
static const char *
bus_error(uint32_t ac, uint32_t sc, const void *ranges, size_t rangeslen,
    const void *reg, size_t reglen)
{
	w_start();
	w_reserve(0, 0);
	w_begin("");
	w_begin("bus");
	w_bus(ac, sc);
	w_prop("ranges", ranges, rangeslen);
	w_begin("dev");
	w_prop("reg", reg, reglen);
	w_end();
	w_end();
	w_end();
	w_cell(9);
	w_finish();
	CHECK(fdt_open(&fdt, blob, bloblen) == NULL);
	exercise_fdt();
	return reg_error("/bus/dev");
}

/* One entry of ranges, and a reg of address and size, all of two cells. */
static const char *
translate_error(uint64_t from, uint64_t to, uint64_t span, uint64_t addr,
    uint64_t size)
{
	uint8_t v[40];

	put_be64(v, from);
	put_be64(v + 8, to);
	put_be64(v + 16, span);
	put_be64(v + 24, addr);
	put_be64(v + 32, size);
	return bus_error(2, 2, v, 24, v + 24, 16);
}

static void
test_fdt_reg_errors(void)
{
	uint8_t ones[32];
	uint64_t id;

	memset(ones, 0xff, sizeof(ones));
	open_tree();
	EXPECT(reg_error("/soc/lost"), "outside the ranges");
	EXPECT(reg_error("/soc/big"), "outside the ranges");
	EXPECT(reg_error("/spi/flash"), "no ranges");
	EXPECT(reg_error("/i2c/sensor"), "neither 1 nor 2");
	EXPECT(bus_error(3, 2, "", 0, ones, 20), "neither 1 nor 2");
	EXPECT(bus_error(2, UINT32_MAX, "", 0, ones, 20), "neither 1 nor 2");
	EXPECT(bus_error(0, 1, "", 0, ones, 4), "neither 1 nor 2");
	EXPECT(bus_error(2, 2, "", 0, ones, 15), "part of an entry");
	EXPECT(bus_error(2, 2, ones, 23, ones, 16), "part of an entry");
	EXPECT(bus_error(2, 2, "", 0, ones, 16), "past the end");
	EXPECT(bus_error(2, 2, ones, 24, ones, 16), "past the end");
	CHECK(bus_error(1, 1, "", 0, ones, 8) == NULL);
	CHECK(bus_error(2, 1, "", 0, ones, 0) == fdt_noreg);
	CHECK(fdt_id(&fdt, fdt_path(&fdt, "/bus"), fdt_path(&fdt, "/bus/dev"),
	    &id) == fdt_noreg);
}

/* Numbers chosen so that sums and differences would wrap. */
static void
test_fdt_reg_wraps(void)
{
	const uint64_t max = UINT64_MAX;

	CHECK(translate_error(0, 0, max, 0, max) == NULL);
	CHECK(translate_error(8, max - 7, 8, 8, 8) == NULL);
	CHECK(translate_error(8, 8, 8, 16, 0) == NULL);
	EXPECT(translate_error(8, 0, 8, 17, 0), "outside the ranges");
	EXPECT(translate_error(8, 0, max, 5, 1), "outside the ranges");
	EXPECT(translate_error(0, 0, 8, 0, max), "outside the ranges");
	EXPECT(translate_error(0, 0, 8, 0, 9), "outside the ranges");
	EXPECT(translate_error(0, 0, 8, max, 2), "outside the ranges");
	EXPECT(translate_error(0, max - 7, 32, 16, 1), "past the end");
	EXPECT(translate_error(0, max - 7, 32, 0, 9), "past the end");
}

static void
test_fdt_cpus(void)
{
	static const uint64_t ids[] = { 0, 1, 0x100 };
	uint64_t id;
	size_t i = 0;
	int cpu, cpus;

	open_tree();
	cpus = fdt_path(&fdt, "/cpus");
	for (cpu = fdt_first_child(&fdt, cpus); cpu != -1;
	    cpu = fdt_next_sibling(&fdt, cpu), i++) {
		CHECK(i < NELEM(ids) &&
		    fdt_id(&fdt, cpus, cpu, &id) == NULL && id == ids[i]);
		CHECK(fdt_enabled(&fdt, cpu) == (i < 2));
	}
	CHECK(i == NELEM(ids));
	CHECK(fdt_id(&fdt, cpus, fdt_path(&fdt, "/chosen"), &id) ==
	    fdt_noreg);
	CHECK(fdt_enabled(&fdt, fdt_path(&fdt, "/soc/bus/serial")));
	CHECK(!fdt_enabled(&fdt, -1));
}

static void
check_stdout(int line, const char *console, const char *path)
{
	build_tree(console);
	if (fdt_open(&fdt, blob, bloblen) != NULL || (path == NULL ?
	    fdt_stdout(&fdt) != -1 :
	    fdt_stdout(&fdt) != fdt_path(&fdt, path)))
		fail(line, console != NULL ? console : "(none)");
}

#define CHECK_STDOUT(console, path)	check_stdout(__LINE__, console, path)

static void
test_fdt_stdout(void)
{
	CHECK_STDOUT("serial0:115200n8", "/soc@0/bus@1000/serial@200");
	CHECK_STDOUT("serial0", "/soc@0/bus@1000/serial@200");
	CHECK_STDOUT("serial10:9600", "/soc@0/serial@9000");
	CHECK_STDOUT("/soc@0/serial@9000:115200n8", "/soc@0/serial@9000");
	CHECK_STDOUT("/soc@0/serial@9000", "/soc@0/serial@9000");
	CHECK_STDOUT("/", "/");
	CHECK_STDOUT("serial1", NULL);
	CHECK_STDOUT("serial", NULL);
	CHECK_STDOUT("serial2:115200n8", NULL);
	CHECK_STDOUT("/soc@0/none:115200n8", NULL);
	CHECK_STDOUT(":115200n8", NULL);
	CHECK_STDOUT("", NULL);
	CHECK_STDOUT(NULL, NULL);
}

static void
test_fdt_values(void)
{
	uint32_t val = 0;
	int serial;

	open_tree();
	serial = fdt_path(&fdt, "/soc/bus/serial");
	CHECK(strcmp(fdt_stringlist(&fdt, serial, "compatible", 1),
	    "arm,primecell") == 0);
	CHECK(fdt_stringlist(&fdt, serial, "compatible", 2) == NULL);
	CHECK(strcmp(fdt_prop_string(&fdt, serial, "status"), "ok") == 0);
	CHECK(fdt_prop_string(&fdt, serial, "none") == NULL);
	CHECK(fdt_prop_cell(&fdt, serial, "interrupts", 1, &val) && val == 33);
	CHECK(!fdt_prop_cell(&fdt, serial, "interrupts", 3, &val));
	CHECK(!fdt_prop_u32(&fdt, serial, "interrupts", &val));
	CHECK(fdt_prop_u32(&fdt, fdt.f_root, "interrupt-parent", &val) &&
	    val == 1);
	CHECK(fdt_getprop(&fdt, serial, "interrupt", NULL) == NULL);
	CHECK(fdt_getprop(&fdt, serial, "interrupts-", NULL) == NULL);
	CHECK(fdt_getprop(&fdt, fdt_path(&fdt, "/soc/bus"), "status",
	    NULL) == NULL);
}

static void
test_fdt_unterminated(void)
{
	w_start();
	w_reserve(0, 0);
	w_begin("");
	w_prop("compatible", "good\0bad", 8);
	w_prop("status", "okay", 4);
	w_prop("stdout-path", "", 0);
	w_end();
	w_cell(9);
	w_finish();
	CHECK(fdt_open(&fdt, blob, bloblen) == NULL);
	CHECK(fdt_compatible(&fdt, fdt.f_root, "good"));
	CHECK(!fdt_compatible(&fdt, fdt.f_root, "bad"));
	CHECK(fdt_stringlist(&fdt, fdt.f_root, "compatible", 1) == NULL);
	CHECK(fdt_prop_string(&fdt, fdt.f_root, "status") == NULL);
	CHECK(!fdt_enabled(&fdt, fdt.f_root));
	CHECK(fdt_prop_string(&fdt, fdt.f_root, "stdout-path") == NULL);
}

static void
test_fdt_find(void)
{
	int gic;

	open_tree();
	gic = fdt_path(&fdt, "/soc/intc");
	CHECK(gic != -1 && fdt_by_phandle(&fdt, 1) == gic);
	CHECK(fdt_by_phandle(&fdt, 2) == -1);
	CHECK(fdt_by_phandle(&fdt, 0) == -1);
	CHECK(fdt_by_phandle(&fdt, UINT32_MAX) == -1);
	CHECK(fdt_by_compatible(&fdt, -1, "arm,gic-v3") == gic);
	CHECK(fdt_by_compatible(&fdt, gic, "arm,gic-v3") == -1);
	CHECK(fdt_by_compatible(&fdt, -1, "portkit,any") == fdt.f_root);
	CHECK(fdt_by_compatible(&fdt, gic, "arm,primecell") ==
	    fdt_path(&fdt, "/soc/bus/serial"));
	CHECK(fdt_by_compatible(&fdt, -1, "arm,prime") == -1);
	CHECK(fdt_by_compatible(&fdt, -1, "arm,pl011x") == -1);
}

static void
test_fdt_memreserve(void)
{
	uint64_t addr = 0, size = 0;

	open_tree();
	CHECK(fdt_memreserve(&fdt, 0, &addr, &size) && addr == 0x40000000 &&
	    size == 0x1000);
	CHECK(fdt_memreserve(&fdt, 1, &addr, &size) &&
	    addr == UINT64_C(0x8000000000) && size == 0x200000);
	CHECK(!fdt_memreserve(&fdt, 2, &addr, &size));
	CHECK(!fdt_memreserve(&fdt, UINT32_MAX, &addr, &size));
}

/* A node that was never handed out finds something or nothing, no more. */
static void
test_fdt_any_node(void)
{
	int node;

	open_tree();
	for (node = -8; node < (int)fdt.f_structlen + 8; node++) {
		at_step = (size_t)node;
		visit(node);
		visit(fdt_first_child(&fdt, node));
		visit(fdt_next_sibling(&fdt, node));
		CHECK(fdt_name(&fdt, node) != NULL ||
		    fdt_parent(&fdt, node) == -1);
		(void)fdt_by_compatible(&fdt, node, "arm,gic-v3");
	}
	visit(INT_MAX);
	visit(INT_MIN);
	CHECK(fdt_name(&fdt, -1) == NULL);
	CHECK(fdt_first_child(&fdt, -1) == -1);
	CHECK(fdt_next_sibling(&fdt, -1) == -1);
	CHECK(fdt_parent(&fdt, -1) == -1);
}

/*
 * Bytes behind the end token that look like a node at an odd offset, whose
 * property starts two bytes before the end of the structure block.
 */
static void
test_fdt_odd_node(void)
{
	uint32_t len;
	int node;

	w_start();
	w_reserve(0, 0);
	w_begin("");
	w_end();
	w_cell(9);
	w_cell(0);
	w_cell(0x00010000);
	w_cell(0);
	memcpy(w_strings, "\0\3\0\0\20\0\0\0\0\0", 10);
	w_stringslen = 10;
	w_finish();
	CHECK(fdt_open(&fdt, blob, bloblen) == NULL);
	for (node = 0; node < (int)w_structlen + 8; node++)
		touch(fdt_getprop(&fdt, node, "", &len), len);
	CHECK(fdt_name(&fdt, (int)w_structlen - 10) == NULL);
}

static void
test_fdt_boot_pointer(void)
{
	static const uint8_t atags[48] = {
		5, 0, 0, 0, 0x01, 0, 0x41, 0x54, 1, 0, 0, 0, 0, 16
	};
	static const uint8_t zeros[48];

	EXPECT(fdt_open(&fdt, NULL, 4096), "boot pointer is zero");
	CHECK(fdt_stdout(&fdt) == -1);
	place(atags, sizeof(atags));
	EXPECT(fdt_open(&fdt, blob, bloblen), "ATAG");
	place(zeros, sizeof(zeros));
	EXPECT(fdt_open(&fdt, blob, bloblen), "not a device tree");
	place("\177ELF", 4);
	EXPECT(fdt_open(&fdt, blob, bloblen), "no room");
	EXPECT(fdt_open(&fdt, blob, 0), "no room");
}

/* What a sound tree is called when one word of its header is replaced. */
static const char *
header_error(int word, uint32_t val)
{
	build_tree("serial0");
	put_be32(blob + 4 * word, val);
	exercise_fdt();
	return fdt_open(&fdt, blob, bloblen);
}

static void
test_fdt_header(void)
{
	static const uint32_t bad[] = {
		0, 39, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff
	};
	size_t i;

	for (i = 0; i < NELEM(bad); i++) {
		at_value = bad[i];
		EXPECT(header_error(H_MAGIC, bad[i]), "not a device tree");
		EXPECT(header_error(H_SIZE, bad[i]), "larger than");
		EXPECT(header_error(H_STRUCT, bad[i]), "outside");
		EXPECT(header_error(H_STRINGS, bad[i]), "outside");
		EXPECT(header_error(H_RSV, bad[i]), "outside");
		if (i > 1) {
			EXPECT(header_error(H_STRUCTLEN, bad[i]), "outside");
			EXPECT(header_error(H_STRINGSLEN, bad[i]), "outside");
		}
	}
	EXPECT(header_error(H_VERSION, 16), "older");
	EXPECT(header_error(H_LASTCOMP, 18), "newer");
	EXPECT(header_error(H_RSV, HDR + 4), "aligned");
	EXPECT(header_error(H_STRUCT, HDR + 16 * 3 - 2), "aligned");
	EXPECT(header_error(H_STRINGSLEN, 0), "strings block");
	EXPECT(header_error(H_STRUCTLEN, 0), "no end token");
	EXPECT(header_error(H_STRUCT, HDR), "no end");
}

/* Structure blocks as lists of cells: tokens, and what follows them. */
enum { B = 1, E = 2, P = 3, N = 4, X = 9 };

static const char *
tokens_error(const uint32_t *tok, size_t n)
{
	w_start();
	w_reserve(0, 0);
	(void)w_string("name");
	for (; n > 0; n--)
		w_cell(*tok++);
	w_finish();
	exercise_fdt();
	return fdt_open(&fdt, blob, bloblen);
}

#define TOKENS(...)							\
	tokens_error((const uint32_t[]){ __VA_ARGS__ },			\
	    NELEM(((const uint32_t[]){ __VA_ARGS__ })))

static void
test_fdt_structure(void)
{
	const uint32_t ab = 0x61620000, abcd = 0x61626364;

	CHECK(TOKENS(B, 0, E, X) == NULL);
	CHECK(TOKENS(N, B, 0, N, P, 0, 0, N, P, 4, 0, 7, B, ab, E, N, E, N,
	    X) == NULL);
	EXPECT(TOKENS(X), "ends before");
	EXPECT(TOKENS(B, 0, X), "ends before");
	EXPECT(TOKENS(B, 0, E), "no end token");
	EXPECT(TOKENS(B), "node name");
	EXPECT(TOKENS(B, abcd), "node name");
	EXPECT(TOKENS(B, 0, B, abcd, abcd), "node name");
	EXPECT(TOKENS(B, 0, E, E, X), "not begun");
	EXPECT(TOKENS(E, X), "not begun");
	EXPECT(TOKENS(B, 0, E, B, 0, E, X), "two root");
	EXPECT(TOKENS(P, 0, 0, B, 0, E, X), "outside any node");
	EXPECT(TOKENS(B, 0, E, P, 0, 0, X), "outside any node");
	EXPECT(TOKENS(B, 0, B, ab, E, P, 0, 0, E, X), "behind a child");
	EXPECT(TOKENS(B, 0, P, 0xffffffff, 0, E, X), "property runs past");
	EXPECT(TOKENS(B, 0, P, 0xfffffffc, 0, E, X), "property runs past");
	EXPECT(TOKENS(B, 0, P, 0x80000000, 0, E, X), "property runs past");
	EXPECT(TOKENS(B, 0, P, 9, 0, E, X), "property runs past");
	EXPECT(TOKENS(B, 0, P, 8, 0, E, X), "no end token");
	EXPECT(TOKENS(B, 0, P, 8), "property runs past");
	EXPECT(TOKENS(B, 0, P), "property runs past");
	EXPECT(TOKENS(B, 0, P, 0, 5, E, X), "strings block");
	EXPECT(TOKENS(B, 0, P, 0, 0xffffffff, E, X), "strings block");
	EXPECT(TOKENS(B, 0, 5, E, X), "unknown token");
	EXPECT(TOKENS(0, 0, 0, 0), "unknown token");
}

/* A strings block whose last name has lost its terminator. */
static void
test_fdt_open_string(void)
{
	open_tree();
	blob[bloblen - 1] = 'x';
	exercise_fdt();
	EXPECT(fdt_open(&fdt, blob, bloblen), "strings block");
}

static void
test_fdt_endless_memreserve(void)
{
	w_start();
	w_reserve(1, 1);
	w_begin("");
	w_end();
	w_cell(9);
	w_finish();
	EXPECT(fdt_open(&fdt, blob, bloblen), "reservations have no end");
	exercise_fdt();

	/* The structure block must not be taken for the terminator. */
	w_start();
	w_reserve(1, 1);
	w_cell(0);
	w_cell(0);
	w_cell(0);
	w_cell(0);
	w_finish();
	EXPECT(fdt_open(&fdt, blob, bloblen), "reservations have no end");

	/* The structure block first, and reservations to the end of it all. */
	w_start();
	w_begin("");
	w_end();
	w_cell(9);
	while (w_structlen < 64)
		w_cell(UINT32_MAX);
	w_finish();
	put_be32(blob + 4 * H_RSV, HDR + 24);
	exercise_fdt();
	EXPECT(fdt_open(&fdt, blob, bloblen), "after the structure");
}

static void
build_depth(unsigned depth)
{
	unsigned i;

	w_start();
	w_reserve(0, 0);
	for (i = 0; i < depth; i++)
		w_begin(i == 0 ? "" : "n");
	for (i = 0; i < depth; i++)
		w_end();
	w_cell(9);
	w_finish();
}

static void
test_fdt_depth(void)
{
	build_depth(FDT_MAXDEPTH);
	CHECK(fdt_open(&fdt, blob, bloblen) == NULL);
	CHECK(visit_tree() == FDT_MAXDEPTH);
	build_depth(FDT_MAXDEPTH + 1);
	EXPECT(fdt_open(&fdt, blob, bloblen), "nested too deep");
	build_depth(100000);
	EXPECT(fdt_open(&fdt, blob, bloblen), "nested too deep");
	exercise_fdt();
}

/*
 * Work must grow with the blob, not with its square: a list of a million
 * empty strings, and many properties that share one name of a megabyte.
 */
static void
test_fdt_linear(void)
{
	static uint8_t zeros[1 << 20];
	size_t i;

	w_start();
	w_reserve(0, 0);
	w_begin("");
	w_prop("compatible", zeros, sizeof(zeros));
	memset(w_strings + w_stringslen, 'x', 1 << 20);
	w_strings[w_stringslen + (1 << 20)] = '\0';
	for (i = 0; i < 100000; i++) {
		w_cell(3);
		w_cell(0);
		w_cell((uint32_t)w_stringslen);
	}
	w_stringslen += (1 << 20) + 1;
	w_end();
	w_cell(9);
	w_finish();
	CHECK(fdt_open(&fdt, blob, bloblen) == NULL);
	CHECK(fdt_by_compatible(&fdt, -1, "none") == -1);
	CHECK(fdt_by_phandle(&fdt, 1) == -1);
}

static void
test_fdt_truncated(void)
{
	static uint8_t whole[8192];
	size_t full, i;

	open_tree();
	full = bloblen;
	memcpy(whole, blob, full);
	for (i = 0; i < full; i++) {
		at_step = i;
		place(whole, i);
		exercise_fdt();
		CHECK(fdt_open(&fdt, blob, bloblen) != NULL);
		if (i < HDR)
			continue;
		put_be32(blob + 4 * H_SIZE, (uint32_t)i);
		exercise_fdt();
		CHECK(fdt_open(&fdt, blob, bloblen) != NULL);
	}
	for (i = 0; i < w_structlen; i++) {
		at_step = i;
		place(whole, full);
		put_be32(blob + 4 * H_STRUCTLEN, (uint32_t)i);
		exercise_fdt();
		CHECK(fdt_open(&fdt, blob, bloblen) != NULL);
	}
	for (i = 0; i < w_stringslen; i++) {
		at_step = i;
		place(whole, full);
		put_be32(blob + 4 * H_STRINGSLEN, (uint32_t)i);
		exercise_fdt();
		CHECK(fdt_open(&fdt, blob, bloblen) != NULL);
	}
}

static void
test_fdt_damaged(void)
{
	open_tree();
	for (at_step = 0; at_step < bloblen; at_step++)
		damage(blob + at_step, exercise_fdt);
	CHECK(fdt_open(&fdt, blob, bloblen) == NULL && visit_tree() == 21);
}

/*
 * Part two: ACPI.
 *
 * The tables are built in a small piece of "physical memory".  The callback
 * copies what is asked for to the end of a guarded page of its own, so that
 * a byte read past the length that was mapped is a fault even where another
 * table follows.
 */
#define RAM_BASE	UINT64_C(0x7ff00000)
#define RAM_SIZE	4096
#define SLOTS		2048
#define RSDP_AT		0		/* offset of the RSDP in the memory */

static uint8_t ram[RAM_SIZE];
static size_t ramlen;			/* bytes that exist */
static uint8_t *slot[SLOTS];
static size_t nslots;			/* slots in use */
static size_t refuse;			/* which map is refused, 0 for none */
static size_t nmaps;			/* maps since the last open */
static bool slots_full;

static size_t tables[16], ntables;	/* offsets of all tables but RSDP */

static const void *
map(uint64_t pa, size_t len)
{
	uint8_t *p;

	nmaps++;
	CHECK(pa + (len - 1) >= pa && len != 0);
	if (pa < RAM_BASE || pa - RAM_BASE > ramlen ||
	    len > ramlen - (pa - RAM_BASE) || nmaps == refuse)
		return NULL;
	if (nslots == SLOTS) {
		slots_full = true;
		return NULL;
	}
	p = slot[nslots++] + RAM_SIZE - len;
	memcpy(p, ram + (pa - RAM_BASE), len);
	return p;
}

static uint8_t
checksum(const uint8_t *p, size_t n, size_t at)
{
	uint8_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += i == at ? 0 : p[i];
	return (uint8_t)-sum;
}

static uint32_t
get_le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

/* Make all checksums right, where a length does not lie about the memory. */
static void
repair(void)
{
	uint8_t *p;
	uint32_t len;
	size_t i;

	p = ram + RSDP_AT;
	p[8] = checksum(p, 20, 8);
	len = get_le32(p + 20);
	if (len > 32 && len <= ramlen - RSDP_AT)
		p[32] = checksum(p, len, 32);
	for (i = 0; i < ntables; i++) {
		p = ram + tables[i];
		len = get_le32(p + 4);
		if (len > 9 && len <= ramlen - tables[i])
			p[9] = checksum(p, len, 9);
	}
}

/* Begin a table at the end of the memory; returns its offset. */
static size_t
t_begin(const char *sig, size_t len)
{
	size_t at = ramlen;

	memcpy(ram + at, sig, 4);
	put_le(ram + at + 4, len, 4);
	memcpy(ram + at + 10, "PORTKTTEST    ", 14);
	ramlen += len;
	tables[ntables++] = at;
	return at;
}

static size_t fadt, hpet, madt, rsdt, spcr, ssdt, xsdt;

static void
build_rsdp(unsigned revision)
{
	memcpy(ram, "RSD PTR ", 8);
	ram[15] = (uint8_t)revision;
	put_le(ram + 16, RAM_BASE + rsdt, 4);
	if (revision >= 2) {
		put_le(ram + 20, 36, 4);
		put_le(ram + 24, RAM_BASE + xsdt, 8);
	}
}

/* Append an entry to the MADT, which must be the last table so far. */
static void
m_entry(const uint8_t *p, size_t n)
{
	memcpy(ram + ramlen, p, n);
	ramlen += n;
	put_le(ram + madt + 4, ramlen - madt, 4);
}

#define ENTRY(...)							\
	m_entry((const uint8_t[]){ __VA_ARGS__ },			\
	    sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void
build_madt(void)
{
	madt = t_begin("APIC", 44);
	put_le(ram + madt + 36, 0xfee00000, 4);
	put_le(ram + madt + 40, 1, 4);
}

static void
build_entries(void)
{
	ENTRY(0, 8, 10, 0, 1, 0, 0, 0);
	ENTRY(0, 8, 11, 2, 0, 0, 0, 0);
	ENTRY(1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0);
	ENTRY(0, 8, 12, 4, 2, 0, 0, 0);
	ENTRY(9, 16, 0, 0, 0x2c, 1, 0, 0, 1, 0, 0, 0, 13, 0, 0, 0);
	ENTRY(5, 12, 0, 0, 0, 0, 0xe0, 0xfe, 1, 0, 0, 0);
	ENTRY(0, 8, 14, 4, 1, 0, 0, 0);
}

static void
build_devices(void)
{
	fadt = t_begin("FACP", 276);
	put_le(ram + fadt + 76, 0x608, 4);
	ram[fadt + 91] = 4;
	put_le(ram + fadt + 112, 1 << 8, 4);
	hpet = t_begin("HPET", 56);
	put_le(ram + hpet + 44, 0xfed00000, 8);
	spcr = t_begin("SPCR", 80);
	ram[spcr + 36] = 0;
	ram[spcr + 40] = ACPI_SPACE_IO;
	ram[spcr + 41] = 8;
	put_le(ram + spcr + 44, 0x3f8, 8);
}

/* The offsets of the tables that the root tables list, in their order. */
static const size_t *const listed[] = { &ssdt, &madt, &fadt, &hpet, &spcr };

/*
 * Sound tables: an RSDP of the revision, an RSDT, an XSDT, and the tables
 * they list; the last byte of the last one is the last byte of memory.
 */
static void
build_with(unsigned revision, void (*entries)(void))
{
	size_t i;

	memset(ram, 0, sizeof(ram));
	ntables = 0;
	refuse = 0;
	ramlen = 48;
	rsdt = t_begin("RSDT", 36 + 4 * NELEM(listed));
	xsdt = t_begin("XSDT", 36 + 8 * NELEM(listed));
	build_rsdp(revision);
	ssdt = t_begin("SSDT", 37);
	build_madt();
	entries();
	build_devices();
	for (i = 0; i < NELEM(listed); i++) {
		put_le(ram + rsdt + 36 + 4 * i, RAM_BASE + *listed[i], 4);
		put_le(ram + xsdt + 36 + 8 * i, RAM_BASE + *listed[i], 8);
	}
	repair();
}

static struct acpi acpi;
static struct acpi_madt am;

static const char *
open_acpi(void)
{
	nslots = nmaps = 0;
	slots_full = false;
	return acpi_open(&acpi, map, RAM_BASE + RSDP_AT);
}

static void
build(unsigned revision)
{
	build_with(revision, build_entries);
	CHECK(open_acpi() == NULL);
}

/* Do all there is to do, and count what is reported as damaged. */
static unsigned
errors_acpi(void)
{
	struct acpi_cpu cpu;
	struct acpi_fadt fa;
	struct acpi_spcr sp;
	const char *err[8];
	const void *tbl;
	uint64_t pa;
	uint32_t i, len;
	unsigned count = 0;

	memset(err, 0, sizeof(err));
	err[0] = open_acpi();
	for (i = 0; (err[1] = acpi_entry(&acpi, i, &pa, &tbl, &len)) !=
	    acpi_none; i++) {
		verdict(err[1], "ACPI: ");
		if (err[1] == NULL)
			touch(tbl, len);
		else
			count++;
		CHECK(i <= RAM_SIZE / 4);
	}
	err[2] = acpi_madt_open(&acpi, &am);
	for (i = 0; acpi_madt_next(&am, &cpu); i++)
		CHECK(i <= RAM_SIZE / 8);
	if (err[2] != NULL)
		CHECK(i == 0);
	err[3] = acpi_fadt(&acpi, &fa);
	err[4] = acpi_hpet(&acpi, &pa);
	err[5] = acpi_spcr(&acpi, &sp);
	err[6] = acpi_scan(map, RAM_BASE, ramlen, &pa);
	err[7] = acpi_find(&acpi, "XSDT", &tbl, &len);
	for (i = 0; i < NELEM(err); i++) {
		verdict(err[i], "ACPI: ");
		count += err[i] != NULL && err[i] != acpi_none;
	}
	return count;
}

static void
exercise_acpi(void)
{
	(void)errors_acpi();
}

static void
exercise_repaired(void)
{
	static uint8_t saved[RAM_SIZE];

	memcpy(saved, ram, ramlen);
	repair();
	exercise_acpi();
	memcpy(ram, saved, ramlen);
}

static void
test_acpi_revisions(void)
{
	const void *tbl;
	uint32_t len;

	build(0);
	CHECK(acpi.ac_root == RAM_BASE + rsdt && acpi.ac_width == 4);
	CHECK(acpi.ac_count == NELEM(listed) && errors_acpi() == 0);
	build(2);
	CHECK(acpi.ac_root == RAM_BASE + xsdt && acpi.ac_width == 8);
	CHECK(acpi.ac_count == NELEM(listed) && errors_acpi() == 0);
	CHECK(acpi_find(&acpi, "SSDT", &tbl, &len) == NULL && len == 37);
	CHECK(acpi_find(&acpi, "NONE", &tbl, &len) == acpi_none);
	put_le(ram + 24, 0, 8);
	repair();
	CHECK(open_acpi() == NULL && acpi.ac_root == RAM_BASE + rsdt);
	CHECK(errors_acpi() == 0 && !slots_full);
}

static void
test_acpi_scan(void)
{
	uint64_t pa = 0;

	build(2);
	CHECK(acpi_scan(map, RAM_BASE, ramlen, &pa) == NULL && pa == RAM_BASE);
	CHECK(acpi_scan(map, RAM_BASE + 1, ramlen - 1, &pa) == acpi_none);
	memmove(ram + 64, ram, ramlen);
	memset(ram, 0, 64);
	ramlen += 64;
	CHECK(acpi_scan(map, RAM_BASE, ramlen, &pa) == NULL &&
	    pa == RAM_BASE + 64);
	CHECK(acpi_scan(map, RAM_BASE + 3, ramlen - 3, &pa) == NULL &&
	    pa == RAM_BASE + 64);
	CHECK(acpi_scan(map, RAM_BASE, 64 + 20, &pa) == NULL);
	CHECK(acpi_scan(map, RAM_BASE, 64 + 19, &pa) == acpi_none);
	CHECK(acpi_scan(map, RAM_BASE + 1, 1, &pa) == acpi_none);
	EXPECT(acpi_scan(map, RAM_BASE, ramlen + 1, &pa), "cannot be read");
	EXPECT(acpi_scan(map, UINT64_MAX, 16, &pa), "cannot be read");
	EXPECT(acpi_scan(map, 0, 0, &pa), "cannot be read");
	ram[64 + 9]++;
	EXPECT(acpi_scan(map, RAM_BASE, ramlen, &pa), "checksum");

	/* A damaged one does not hide a sound one. */
	memmove(ram + 128, ram + 64, 36);
	ram[128 + 9]--;
	CHECK(acpi_scan(map, RAM_BASE, ramlen, &pa) == NULL &&
	    pa == RAM_BASE + 128);

	/* Off the boundary it does not count. */
	memmove(ram + 8, ram + 128, 36);
	memset(ram + 44, 0, 128);
	CHECK(acpi_scan(map, RAM_BASE, ramlen, &pa) == acpi_none);
}

static const char *
rsdp_error(size_t at, uint64_t val, size_t bytes, bool repaired)
{
	build(2);
	put_le(ram + at, val, bytes);
	if (repaired)
		repair();
	exercise_acpi();
	return open_acpi();
}

static void
test_acpi_rsdp(void)
{
	EXPECT(acpi_open(&acpi, map, 0), "cannot be read");
	EXPECT(acpi_open(&acpi, map, UINT64_MAX - 4), "cannot be read");
	EXPECT(rsdp_error(0, 'r', 1, true), "no RSDP");
	EXPECT(rsdp_error(9, 1, 1, false), "the checksum of the RSDP");
	EXPECT(rsdp_error(33, 1, 1, false), "extended checksum");
	EXPECT(rsdp_error(20, 35, 4, true), "impossible length");
	EXPECT(rsdp_error(20, UINT32_MAX, 4, true), "impossible length");
	EXPECT(rsdp_error(20, 4096, 4, true), "cannot be read");
	EXPECT(rsdp_error(24, 1, 8, true), "cannot be read");
	EXPECT(rsdp_error(24, UINT64_MAX - 35, 8, true), "cannot be read");
	EXPECT(rsdp_error(24, UINT64_MAX, 8, true), "cannot be read");
	EXPECT(rsdp_error(24, RAM_BASE + rsdt, 8, true), "wrong signature");
	EXPECT(rsdp_error(xsdt + 9, 0, 1, false), "checksum of a table");
	EXPECT(rsdp_error(xsdt + 4, 35, 4, false), "shorter than");
	EXPECT(rsdp_error(xsdt + 4, 0, 4, false), "shorter than");
	EXPECT(rsdp_error(xsdt + 4, 1 << 20, 4, false), "cannot be read");
	EXPECT(rsdp_error(xsdt + 4, UINT32_MAX, 4, false),
	    "impossible length");
	build(0);
	ram[9]++;
	EXPECT(open_acpi(), "the checksum of the RSDP");
	build(0);
	put_le(ram + 16, 0, 4);
	repair();
	EXPECT(open_acpi(), "no root table");
	CHECK(acpi.ac_count == 0);
}

/* Garbage in the list is reported, and does not hide what follows. */
static void
test_acpi_garbage_entries(void)
{
	const void *tbl;
	uint64_t pa;
	uint32_t len;

	build(2);
	ram[ssdt + 36]++;
	CHECK(open_acpi() == NULL && errors_acpi() == 1);
	EXPECT(acpi_entry(&acpi, 0, &pa, &tbl, &len), "checksum");
	CHECK(pa == RAM_BASE + ssdt);
	EXPECT(acpi_find(&acpi, "SSDT", &tbl, &len), "checksum");
	CHECK(acpi_find(&acpi, "HPET", &tbl, &len) == NULL);

	/* A sound one of the same signature is found behind it. */
	memcpy(ram + hpet, "SSDT", 4);
	repair();
	ram[ssdt + 36]++;
	CHECK(open_acpi() == NULL);
	CHECK(acpi_find(&acpi, "SSDT", &tbl, &len) == NULL && len == 56);

	put_le(ram + xsdt + 36, UINT64_C(0xfffffffffffffff0), 8);
	put_le(ram + xsdt + 44, 0, 8);
	repair();
	CHECK(open_acpi() == NULL && errors_acpi() == 2);
	EXPECT(acpi_entry(&acpi, 0, &pa, &tbl, &len), "cannot be read");
	CHECK(acpi_find(&acpi, "FACP", &tbl, &len) == NULL);
	CHECK(acpi_find(&acpi, "APIC", &tbl, &len) == acpi_none);
}

static void
test_acpi_self(void)
{
	const void *tbl;
	uint64_t pa;
	uint32_t i, len;

	build(0);
	for (i = 0; i < NELEM(listed); i++)
		put_le(ram + rsdt + 36 + 4 * i, RAM_BASE + rsdt, 4);
	put_le(ram + rsdt + 40, RAM_BASE + madt, 4);
	repair();
	CHECK(open_acpi() == NULL && errors_acpi() == NELEM(listed) - 1);
	EXPECT(acpi_entry(&acpi, 0, &pa, &tbl, &len), "lists itself");
	EXPECT(acpi_find(&acpi, "RSDT", &tbl, &len), "lists itself");
	CHECK(acpi_find(&acpi, "APIC", &tbl, &len) == NULL);
}

struct want {
	uint32_t	index, id, uid;
	bool		x2apic, enabled, capable;
};

/* Two processors have the id 4, and it is not for the reader to mind. */
static void
test_acpi_madt(void)
{
	static const struct want want[] = {
		{ 0, 0, 10, false, true, false },
		{ 1, 2, 11, false, false, false },
		{ 3, 4, 12, false, false, true },
		{ 4, 0x12c, 13, true, true, false },
		{ 6, 4, 14, false, true, false },
	};
	struct acpi_cpu cpu;
	uint64_t addr;
	uint32_t off = 0;
	size_t i;

	build(2);
	CHECK(acpi_madt_open(&acpi, &am) == NULL);
	CHECK(am.am_lapic == UINT64_C(0x1fee00000) && am.am_8259);
	for (i = 0; i < NELEM(want); i++)
		CHECK(acpi_madt_next(&am, &cpu) &&
		    cpu.cp_index == want[i].index && cpu.cp_id == want[i].id &&
		    cpu.cp_uid == want[i].uid &&
		    cpu.cp_x2apic == want[i].x2apic &&
		    cpu.cp_enabled == want[i].enabled &&
		    cpu.cp_capable == want[i].capable);
	CHECK(!acpi_madt_next(&am, &cpu) && !acpi_madt_next(&am, &cpu));
	CHECK(acpi_madt_ioapic(&am, &off, &addr) && addr == 0xfec00000);
	CHECK(!acpi_madt_ioapic(&am, &off, &addr) &&
	    !acpi_madt_ioapic(&am, &off, &addr));
}

static void
no_entries(void)
{
}

static void
no_cpus(void)
{
	ENTRY(1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0);
	ENTRY(0x7f, 2);
}

static void
test_acpi_no_cpus(void)
{
	struct acpi_cpu cpu;

	build_with(2, no_entries);
	CHECK(open_acpi() == NULL && acpi_madt_open(&acpi, &am) == NULL);
	CHECK(am.am_lapic == 0xfee00000 && !acpi_madt_next(&am, &cpu));
	build_with(2, no_cpus);
	put_le(ram + madt + 40, 0, 4);
	repair();
	CHECK(open_acpi() == NULL && acpi_madt_open(&acpi, &am) == NULL);
	CHECK(!am.am_8259 && !acpi_madt_next(&am, &cpu));
	memcpy(ram + madt, "CIPA", 4);
	repair();
	CHECK(open_acpi() == NULL && acpi_madt_open(&acpi, &am) == acpi_none);
	CHECK(!acpi_madt_next(&am, &cpu));
}

/* One sound processor, and then these bytes as the end of the table. */
static const char *
madt_error(const uint8_t *p, size_t n)
{
	struct acpi_cpu cpu;
	const char *err;

	build_with(2, build_entries);
	ramlen = madt + 44 + 8;
	m_entry(p, n);
	repair();
	exercise_acpi();
	CHECK(open_acpi() == NULL);
	err = acpi_madt_open(&acpi, &am);
	CHECK(err == NULL || !acpi_madt_next(&am, &cpu));
	return err;
}

#define MADT_ERROR(...)							\
	madt_error((const uint8_t[]){ __VA_ARGS__ },			\
	    sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void
test_acpi_madt_errors(void)
{
	size_t len;

	CHECK(MADT_ERROR(0x7f, 2) == NULL);
	EXPECT(MADT_ERROR(0, 0, 0, 0, 0, 0, 0, 0), "cyclic");
	EXPECT(MADT_ERROR(0x7f, 0), "cyclic");
	EXPECT(MADT_ERROR(0x7f, 1), "cyclic");
	EXPECT(MADT_ERROR(0x7f), "ends inside");
	EXPECT(MADT_ERROR(0x7f, 3), "runs past");
	EXPECT(MADT_ERROR(0, 8, 0, 0, 0, 0, 0), "runs past");
	EXPECT(MADT_ERROR(0, 255, 0, 0, 0, 0, 0, 0), "runs past");
	EXPECT(MADT_ERROR(0, 7, 0, 0, 0, 0, 0), "too short for its");
	EXPECT(MADT_ERROR(9, 8, 0, 0, 0, 0, 0, 0), "too short for its");
	EXPECT(MADT_ERROR(9, 2), "too short for its");
	EXPECT(MADT_ERROR(1, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0),
	    "too short for its");
	EXPECT(MADT_ERROR(5, 4, 0, 0), "too short for its");
	for (len = 36; len < 44; len++) {
		build(2);
		put_le(ram + madt + 4, len, 4);
		repair();
		CHECK(open_acpi() == NULL);
		EXPECT(acpi_madt_open(&acpi, &am), "too short for what");
	}
	build(2);
	ram[madt + 50]++;
	EXPECT(acpi_madt_open(&acpi, &am), "checksum");
}

static struct acpi_fadt
read_fadt(void)
{
	struct acpi_fadt fa;

	memset(&fa, 0xff, sizeof(fa));
	repair();
	CHECK(open_acpi() == NULL && acpi_fadt(&acpi, &fa) == NULL);
	return fa;
}

static void
test_acpi_fadt(void)
{
	struct acpi_fadt fa;

	build(2);
	fa = read_fadt();
	CHECK(fa.fa_pmtmr_bits == 32 && fa.fa_pmtmr.ga_addr == 0x608);
	CHECK(fa.fa_pmtmr.ga_space == ACPI_SPACE_IO && !fa.fa_hwreduced);
	put_le(ram + fadt + 112, 0, 4);
	fa = read_fadt();
	CHECK(fa.fa_pmtmr_bits == 24 && fa.fa_pmtmr.ga_addr == 0x608);
	put_le(ram + fadt + 208, 0x2000, 2);		/* memory, 32 bits */
	put_le(ram + fadt + 212, UINT64_C(0x1fed80000), 8);
	fa = read_fadt();
	CHECK(fa.fa_pmtmr.ga_addr == UINT64_C(0x1fed80000) &&
	    fa.fa_pmtmr.ga_space == ACPI_SPACE_MEMORY &&
	    fa.fa_pmtmr.ga_width == 32);
	put_le(ram + fadt + 4, 219, 4);			/* too short for it */
	fa = read_fadt();
	CHECK(fa.fa_pmtmr_bits == 24 && fa.fa_pmtmr.ga_addr == 0x608);
	ram[fadt + 91] = 0;
	CHECK(read_fadt().fa_pmtmr_bits == 0);
	ram[fadt + 91] = 4;
	put_le(ram + fadt + 112, 1 << 20 | 1 << 8, 4);
	fa = read_fadt();
	CHECK(fa.fa_pmtmr_bits == 0 && fa.fa_hwreduced);
	CHECK(fa.fa_flags == (1 << 20 | 1 << 8));
	put_le(ram + fadt + 112, 0, 4);
	put_le(ram + fadt + 4, 276, 4);
	ram[fadt + 208] = 0x7f;				/* no such space */
	CHECK(read_fadt().fa_pmtmr_bits == 0);
	put_le(ram + fadt + 4, 115, 4);
	repair();
	CHECK(open_acpi() == NULL);
	EXPECT(acpi_fadt(&acpi, &fa), "too short for what");
}

static void
test_acpi_hpet(void)
{
	uint64_t addr = 0;

	build(2);
	CHECK(acpi_hpet(&acpi, &addr) == NULL && addr == 0xfed00000);
	ram[hpet + 40] = ACPI_SPACE_IO;
	repair();
	CHECK(open_acpi() == NULL);
	EXPECT(acpi_hpet(&acpi, &addr), "no memory address");
	ram[hpet + 40] = ACPI_SPACE_MEMORY;
	put_le(ram + hpet + 44, 0, 8);
	repair();
	CHECK(open_acpi() == NULL);
	EXPECT(acpi_hpet(&acpi, &addr), "no memory address");
	put_le(ram + hpet + 4, 51, 4);
	repair();
	CHECK(open_acpi() == NULL);
	EXPECT(acpi_hpet(&acpi, &addr), "too short for what");
}

static void
test_acpi_spcr(void)
{
	static const struct {
		uint8_t type;
		uint32_t kind;
	} kinds[] = {
		{ 0x00, ACPI_CONSOLE_NS8250 }, { 0x01, ACPI_CONSOLE_NS8250 },
		{ 0x12, ACPI_CONSOLE_NS8250 }, { 0x03, ACPI_CONSOLE_PL011 },
		{ 0x0d, ACPI_CONSOLE_PL011 }, { 0x0e, ACPI_CONSOLE_PL011 },
		{ 0x02, ACPI_CONSOLE_OTHER }, { 0xff, ACPI_CONSOLE_OTHER },
	};
	struct acpi_spcr sp;
	size_t i;

	build(2);
	for (i = 0; i < NELEM(kinds); i++) {
		ram[spcr + 36] = kinds[i].type;
		repair();
		memset(&sp, 0xff, sizeof(sp));
		CHECK(open_acpi() == NULL && acpi_spcr(&acpi, &sp) == NULL);
		CHECK(sp.sp_kind == kinds[i].kind &&
		    sp.sp_type == kinds[i].type);
		CHECK(sp.sp_base.ga_addr == 0x3f8 && sp.sp_base.ga_width == 8 &&
		    sp.sp_base.ga_space == ACPI_SPACE_IO);
	}
	put_le(ram + spcr + 44, 0, 8);
	repair();
	CHECK(open_acpi() == NULL && acpi_spcr(&acpi, &sp) == acpi_none);
	put_le(ram + spcr + 4, 51, 4);
	repair();
	CHECK(open_acpi() == NULL);
	EXPECT(acpi_spcr(&acpi, &sp), "too short for what");
}

static void
test_acpi_truncated(void)
{
	size_t full;

	build(2);
	full = ramlen;
	CHECK(errors_acpi() == 0);
	for (ramlen = 0; ramlen < full; ramlen++) {
		at_step = ramlen;
		CHECK(errors_acpi() != 0);
	}
	CHECK(errors_acpi() == 0);
}

static void
test_acpi_refused(void)
{
	size_t all;

	build(2);
	CHECK(errors_acpi() == 0);
	all = nmaps;
	for (refuse = 1; refuse <= all; refuse++) {
		at_step = refuse;
		(void)errors_acpi();
	}
	for (refuse = 1; refuse <= 5; refuse++)
		EXPECT(open_acpi(), "cannot be read");
	refuse = 0;
}

static void
damage_all(unsigned revision, void (*run)(void))
{
	build(revision);
	for (at_step = 0; at_step < ramlen; at_step++)
		damage(ram + at_step, run);
	CHECK(errors_acpi() == 0);
}

/* A checksum sees every change of one byte, so someone must complain. */
static void
complain_acpi(void)
{
	CHECK(errors_acpi() != 0);
}

static void
test_acpi_damaged(void)
{
	damage_all(0, exercise_acpi);
	damage_all(2, exercise_acpi);

	build(2);
	for (at_step = madt + 9; at_step < ramlen; at_step++)
		if (ram[at_step] != 0x00 && ram[at_step] != 0xff)
			damage(ram + at_step, complain_acpi);
}

static void
test_acpi_damaged_repaired(void)
{
	damage_all(0, exercise_repaired);
	damage_all(2, exercise_repaired);
}

static const struct {
	const char	*name;
	void		(*run)(void);
} tests[] = {
	{ "fdt: nodes by name, path and kinship", test_fdt_names },
	{ "fdt: reg is translated through two buses", test_fdt_reg },
	{ "fdt: reg that is not in memory", test_fdt_reg_errors },
	{ "fdt: reg and ranges that wrap", test_fdt_reg_wraps },
	{ "fdt: processors, their ids and status", test_fdt_cpus },
	{ "fdt: stdout-path, alias and options", test_fdt_stdout },
	{ "fdt: cells and strings", test_fdt_values },
	{ "fdt: strings without a terminator", test_fdt_unterminated },
	{ "fdt: nodes by compatible and phandle", test_fdt_find },
	{ "fdt: memory reservations", test_fdt_memreserve },
	{ "fdt: any number taken for a node", test_fdt_any_node },
	{ "fdt: node at an odd offset", test_fdt_odd_node },
	{ "fdt: boot pointer to something else", test_fdt_boot_pointer },
	{ "fdt: header that lies", test_fdt_header },
	{ "fdt: structure that is wrong", test_fdt_structure },
	{ "fdt: property name without an end", test_fdt_open_string },
	{ "fdt: reservations without an end", test_fdt_endless_memreserve },
	{ "fdt: depth is bounded", test_fdt_depth },
	{ "fdt: work is linear", test_fdt_linear },
	{ "fdt: every truncation", test_fdt_truncated },
	{ "fdt: every byte damaged", test_fdt_damaged },
	{ "acpi: RSDT, XSDT, and RSDT for want of XSDT", test_acpi_revisions },
	{ "acpi: search for the RSDP", test_acpi_scan },
	{ "acpi: RSDP and root table that are wrong", test_acpi_rsdp },
	{ "acpi: garbage entries hide nothing", test_acpi_garbage_entries },
	{ "acpi: root table that lists itself", test_acpi_self },
	{ "acpi: processors of the MADT", test_acpi_madt },
	{ "acpi: no processors", test_acpi_no_cpus },
	{ "acpi: MADT that is wrong", test_acpi_madt_errors },
	{ "acpi: power management timer", test_acpi_fadt },
	{ "acpi: HPET", test_acpi_hpet },
	{ "acpi: console", test_acpi_spcr },
	{ "acpi: every truncation", test_acpi_truncated },
	{ "acpi: every map refused", test_acpi_refused },
	{ "acpi: every byte damaged", test_acpi_damaged },
	{ "acpi: every byte damaged, checksums right",
	    test_acpi_damaged_repaired },
};

static void
setup(void)
{
	static const int sigs[] = { SIGSEGV, SIGBUS, SIGALRM };
	struct sigaction sa;
	size_t i;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	for (i = 0; i < NELEM(sigs); i++)
		sigaction(sigs[i], &sa, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	room = guarded(ROOM);
	memset(room, 0xa5, ROOM);
	for (i = 0; i < SLOTS; i++)
		slot[i] = guarded(RAM_SIZE);
}

int
main(void)
{
	size_t i;
	int status = 0;

	setup();
	printf("1..%zu\n", NELEM(tests));
	for (i = 0; i < NELEM(tests); i++) {
		at_test = tests[i].name;
		at_step = at_value = 0;
		failed = false;
		alarm(HANG_SECONDS);
		tests[i].run();
		alarm(0);
		printf("%sok %zu - %s\n", failed ? "not " : "", i + 1,
		    tests[i].name);
		if (failed)
			status = 1;
	}
	return status;
}
