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
 * The reader of flattened device trees.  The blob was written by firmware
 * or typed in by hand, and nothing in it is believed: fdt_open() checks all
 * of it once, and even so every later step from token to token goes through
 * fdt_token(), which checks again.  This file must never read a byte outside
 * the blob, never recurse, and never loop without moving forward.
 *
 * "DTSpec" is the Devicetree Specification v0.4.
 */

#include "fdt.h"

#define FDT_MAGIC	0xd00dfeed	/* DTSpec 5.2 */
#define FDT_VERSION	17		/* DTSpec 5.1 */
#define FDT_RSVLEN	16		/* bytes of a reservation, DTSpec 5.3 */
#define ATAG_CORE	0x01004154	/* first tag of a list, byte by byte */

/* The header, big endian: DTSpec 5.2. */
enum {
	FDT_H_MAGIC = 0,
	FDT_H_SIZE = 4,
	FDT_H_STRUCT = 8,
	FDT_H_STRINGS = 12,
	FDT_H_RSVMAP = 16,
	FDT_H_VERSION = 20,
	FDT_H_LASTCOMP = 24,
	FDT_H_STRINGSLEN = 32,
	FDT_H_STRUCTLEN = 36,
	FDT_H_LEN = 40,
};

/* The tokens of the structure block: DTSpec 5.4.1. */
enum {
	FDT_BEGIN_NODE = 1,
	FDT_END_NODE = 2,
	FDT_PROP = 3,
	FDT_NOP = 4,
	FDT_END = 9,
};

struct token {
	const char	*t_name;	/* of the node or the property */
	const uint8_t	*t_val;		/* of the property */
	uint32_t	 t_len;		/* bytes at t_val */
	uint32_t	 t_tag;
	uint32_t	 t_next;	/* where the next token starts */
};

const char fdt_noreg[] = "device tree: reg has no entry of this index";

static const char fdt_badcells[] =
    "device tree: #address-cells or #size-cells is neither 1 nor 2";
static const char fdt_wraps[] =
    "device tree: an address range runs past the end of the address space";

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/* A number of one or two cells. */
static uint64_t
becells(const uint8_t *p, uint32_t cells)
{
	return cells == 1 ? be32(p) : (uint64_t)be32(p) << 32 | be32(p + 4);
}

static size_t
length(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0')
		n++;
	return n;
}

/* Does the terminated string s begin with the n bytes at t? */
static bool
starts(const char *s, const char *t, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (s[i] == '\0' || s[i] != t[i])
			return false;
	return true;
}

static bool
equal(const char *s, const char *t, size_t n)
{
	return starts(s, t, n) && s[n] == '\0';
}

static bool
wraps(uint64_t addr, uint64_t size)
{
	return size != 0 && addr > UINT64_MAX - (size - 1);
}

/*
 * Decode the token at an offset of the structure block.  DTSpec 5.4.1: each
 * is aligned to 4 bytes, a node's name follows its token, and a property's
 * length, name offset and value follow its.  f_structlen is a multiple of
 * 4, so that rounding up what fits into the rest still fits.
 */
static const char *
fdt_token(const struct fdt *f, uint32_t off, struct token *t)
{
	const uint8_t *p;
	uint32_t nameoff, rest, used = 0;

	if (off % 4 != 0 || off >= f->f_structlen)
		return "device tree: the structure block has no end token";
	p = f->f_struct + off + 4;
	rest = f->f_structlen - off - 4;
	t->t_tag = be32(f->f_struct + off);
	switch (t->t_tag) {
	case FDT_BEGIN_NODE:
		t->t_name = (const char *)p;
		while (used < rest && p[used] != '\0')
			used++;
		if (used++ == rest)
			return "device tree: a node name runs past the "
			    "structure block";
		break;
	case FDT_PROP:
		if (rest < 8 || be32(p) > rest - 8)
			return "device tree: a property runs past the "
			    "structure block";
		t->t_len = be32(p);
		t->t_val = p + 8;
		nameoff = be32(p + 4);
		if (nameoff >= f->f_stringslen)
			return "device tree: a property name does not end "
			    "inside the strings block";
		t->t_name = (const char *)f->f_strings + nameoff;
		used = t->t_len + 8;
		break;
	case FDT_END_NODE:
	case FDT_NOP:
	case FDT_END:
		break;
	default:
		return "device tree: unknown token in the structure block";
	}
	t->t_next = off + 4 + ((used + 3) & ~3U);
	return NULL;
}

static bool
fdt_inside(uint32_t off, uint32_t len, uint32_t total)
{
	return off >= FDT_H_LEN && off <= total && len <= total - off;
}

static const char *
fdt_check_magic(const uint8_t *p, size_t max)
{
	if (p == NULL)
		return "device tree: the boot pointer is zero";
	if (max < FDT_H_LEN)
		return "device tree: there is no room for a header";
	if (be32(p + FDT_H_MAGIC) == FDT_MAGIC)
		return NULL;
	if (be32(p + 4) == ATAG_CORE)
		return "device tree: the boot pointer leads to an ATAG list, "
		    "which is not a device tree";
	return "device tree: what the boot pointer leads to is not a device "
	    "tree";
}

/*
 * Believe the header as far as each block lies inside the blob.  Sizes are
 * cut down to what the tokeniser relies on: whole tokens, and a strings
 * block that ends with a NUL, so that every string in it does.
 */
static const char *
fdt_check_header(struct fdt *f, const uint8_t *p, size_t max)
{
	uint32_t rsv, size, str, stru;

	size = be32(p + FDT_H_SIZE);
	if (size < FDT_H_LEN || size > INT32_MAX || size > max)
		return "device tree: it is larger than the memory it is in, "
		    "or smaller than its header";
	if (be32(p + FDT_H_VERSION) < FDT_VERSION)
		return "device tree: its version is older than 17";
	if (be32(p + FDT_H_LASTCOMP) > FDT_VERSION)
		return "device tree: its version is newer than what can be "
		    "read";
	stru = be32(p + FDT_H_STRUCT);
	str = be32(p + FDT_H_STRINGS);
	rsv = be32(p + FDT_H_RSVMAP);
	f->f_size = size;
	f->f_structlen = be32(p + FDT_H_STRUCTLEN);
	f->f_stringslen = be32(p + FDT_H_STRINGSLEN);
	if (!fdt_inside(stru, f->f_structlen, size) ||
	    !fdt_inside(str, f->f_stringslen, size) ||
	    !fdt_inside(rsv, FDT_RSVLEN, size))
		return "device tree: a block lies outside the blob";
	if (stru % 4 != 0 || rsv % 8 != 0)		/* DTSpec 5.6 */
		return "device tree: a block is not aligned";
	f->f_struct = p + stru;
	f->f_strings = p + str;
	f->f_rsv = p + rsv;
	f->f_structlen &= ~3U;
	while (f->f_stringslen > 0 && f->f_strings[f->f_stringslen - 1] != 0)
		f->f_stringslen--;
	return NULL;
}

/*
 * Count the reservations.  The block has no length, only a terminator of
 * two zeros (DTSpec 5.3), which must come before the structure block: the
 * blocks stand in that order (DTSpec 5).
 */
static const char *
fdt_check_reservations(struct fdt *f)
{
	const uint8_t *p;

	if (f->f_rsv > f->f_struct)
		return "device tree: the memory reservations come after the "
		    "structure block";
	f->f_nrsv = 0;
	for (p = f->f_rsv; f->f_struct - p >= FDT_RSVLEN; p += FDT_RSVLEN) {
		if (becells(p, 2) == 0 && becells(p + 8, 2) == 0)
			return NULL;
		f->f_nrsv++;
	}
	return "device tree: the memory reservations have no end";
}

/*
 * Walk the structure block once: one root, every node closed, properties
 * before child nodes (DTSpec 5.4.2), and no deeper than we can follow.
 */
static const char *
fdt_check_structure(struct fdt *f)
{
	struct token t;
	const char *err;
	uint32_t last = FDT_END_NODE, off = 0;
	int depth = 0;

	f->f_root = -1;
	for (;; off = t.t_next) {
		if ((err = fdt_token(f, off, &t)) != NULL)
			return err;
		switch (t.t_tag) {
		case FDT_BEGIN_NODE:
			if (depth == 0 && f->f_root != -1)
				return "device tree: it has two root nodes";
			if (depth == 0)
				f->f_root = off;
			if (++depth > FDT_MAXDEPTH)
				return "device tree: nodes are nested too deep";
			break;
		case FDT_END_NODE:
			if (--depth < 0)
				return "device tree: a node ends that has not "
				    "begun";
			break;
		case FDT_PROP:
			if (last != FDT_BEGIN_NODE && last != FDT_PROP)
				return "device tree: a property stands behind "
				    "a child node or outside any node";
			break;
		case FDT_NOP:
			continue;
		case FDT_END:
			if (depth != 0 || f->f_root == -1)
				return "device tree: it ends before its root "
				    "node does";
			return NULL;
		}
		last = t.t_tag;
	}
}

const char *
fdt_open(struct fdt *f, const void *blob, size_t max)
{
	const char *err;

	err = fdt_check_magic(blob, max);
	if (err == NULL)
		err = fdt_check_header(f, blob, max);
	if (err == NULL)
		err = fdt_check_reservations(f);
	if (err == NULL)
		err = fdt_check_structure(f);
	if (err != NULL) {
		f->f_size = f->f_structlen = f->f_stringslen = f->f_nrsv = 0;
		f->f_root = -1;
	}
	return err;
}

bool
fdt_memreserve(const struct fdt *f, uint32_t i, uint64_t *addr, uint64_t *size)
{
	if (i >= f->f_nrsv)
		return false;
	*addr = becells(f->f_rsv + (size_t)i * FDT_RSVLEN, 2);
	*size = becells(f->f_rsv + (size_t)i * FDT_RSVLEN + 8, 2);
	return true;
}

/* Decode the begin token of a node; false if there is none at the offset. */
static bool
fdt_node(const struct fdt *f, int node, struct token *t)
{
	return node >= 0 && fdt_token(f, node, t) == NULL &&
	    t->t_tag == FDT_BEGIN_NODE;
}

/*
 * The next node in the order of the blob, or -1, and how much deeper it
 * lies: 1 is a child, 0 a sibling, -1 a sibling of the parent.
 */
static int
fdt_next_node(const struct fdt *f, int node, int *deeper)
{
	struct token t;
	uint32_t off;

	*deeper = 1;
	if (!fdt_node(f, node, &t))
		return -1;
	for (;;) {
		off = t.t_next;
		if (fdt_token(f, off, &t) != NULL || t.t_tag == FDT_END)
			return -1;
		if (t.t_tag == FDT_BEGIN_NODE)
			return off;
		if (t.t_tag == FDT_END_NODE)
			--*deeper;
	}
}

int
fdt_first_child(const struct fdt *f, int node)
{
	int deeper, next;

	next = fdt_next_node(f, node, &deeper);
	return deeper == 1 ? next : -1;
}

int
fdt_next_sibling(const struct fdt *f, int node)
{
	int deeper, depth = 0;

	do {
		node = fdt_next_node(f, node, &deeper);
		depth += deeper;
	} while (node != -1 && depth > 0);
	return depth == 0 ? node : -1;
}

int
fdt_parent(const struct fdt *f, int node)
{
	int above[FDT_MAXDEPTH];
	int deeper, depth = 0, n = f->f_root;

	while (n != -1 && n < node && depth >= 0 && depth < FDT_MAXDEPTH) {
		above[depth] = n;
		n = fdt_next_node(f, n, &deeper);
		depth += deeper;
	}
	return n == node && depth > 0 ? above[depth - 1] : -1;
}

const char *
fdt_name(const struct fdt *f, int node)
{
	struct token t;

	return fdt_node(f, node, &t) ? t.t_name : NULL;
}

/* The property of a node by the n bytes of a name. */
static const uint8_t *
fdt_find(const struct fdt *f, int node, const char *name, size_t n,
    uint32_t *len)
{
	struct token t;

	if (!fdt_node(f, node, &t))
		return NULL;
	while (fdt_token(f, t.t_next, &t) == NULL) {
		if (t.t_tag == FDT_NOP)
			continue;
		if (t.t_tag != FDT_PROP)
			break;
		if (equal(t.t_name, name, n)) {
			*len = t.t_len;
			return t.t_val;
		}
	}
	return NULL;
}

const void *
fdt_getprop(const struct fdt *f, int node, const char *name, uint32_t *len)
{
	uint32_t unused;

	return fdt_find(f, node, name, length(name),
	    len != NULL ? len : &unused);
}

/*
 * Take the next string off a list of them.  NULL at the end, and also where
 * the last one is not terminated: that one is not a string.
 */
static const char *
fdt_nextstr(const uint8_t **list, uint32_t *len)
{
	const uint8_t *s = *list;
	uint32_t n;

	for (n = 0; n < *len; n++) {
		if (s[n] == '\0') {
			*list += n + 1;
			*len -= n + 1;
			return (const char *)s;
		}
	}
	return NULL;
}

const char *
fdt_stringlist(const struct fdt *f, int node, const char *name, uint32_t i)
{
	const uint8_t *list;
	const char *s;
	uint32_t len;

	list = fdt_getprop(f, node, name, &len);
	if (list == NULL)
		return NULL;
	do
		s = fdt_nextstr(&list, &len);
	while (s != NULL && i-- > 0);
	return s;
}

const char *
fdt_prop_string(const struct fdt *f, int node, const char *name)
{
	return fdt_stringlist(f, node, name, 0);
}

bool
fdt_prop_cell(const struct fdt *f, int node, const char *name, uint32_t i,
    uint32_t *val)
{
	const uint8_t *p;
	uint32_t len;

	p = fdt_getprop(f, node, name, &len);
	if (p == NULL || len % 4 != 0 || i >= len / 4)
		return false;
	*val = be32(p + (size_t)i * 4);
	return true;
}

bool
fdt_prop_u32(const struct fdt *f, int node, const char *name, uint32_t *val)
{
	uint32_t len;

	return fdt_getprop(f, node, name, &len) != NULL && len == 4 &&
	    fdt_prop_cell(f, node, name, 0, val);
}

bool
fdt_compatible(const struct fdt *f, int node, const char *what)
{
	const uint8_t *list;
	const char *s;
	size_t n;
	uint32_t len;

	list = fdt_getprop(f, node, "compatible", &len);
	if (list == NULL)
		return false;
	n = length(what);
	while ((s = fdt_nextstr(&list, &len)) != NULL)
		if (equal(s, what, n))
			return true;
	return false;
}

/* DTSpec 2.3.4; a node without a status is enabled. */
bool
fdt_enabled(const struct fdt *f, int node)
{
	const char *s;

	if (fdt_getprop(f, node, "status", NULL) == NULL)
		return fdt_name(f, node) != NULL;
	s = fdt_prop_string(f, node, "status");
	return s != NULL && (equal(s, "okay", 4) || equal(s, "ok", 2));
}

int
fdt_by_compatible(const struct fdt *f, int start, const char *what)
{
	int n, unused;

	n = start == -1 ? f->f_root : fdt_next_node(f, start, &unused);
	while (n != -1 && !fdt_compatible(f, n, what))
		n = fdt_next_node(f, n, &unused);
	return n;
}

/* DTSpec 2.3.3.  0 and all ones are no phandles: the writer left them out. */
int
fdt_by_phandle(const struct fdt *f, uint32_t phandle)
{
	uint32_t val;
	int n, unused;

	if (phandle == 0 || phandle == UINT32_MAX)
		return -1;
	for (n = f->f_root; n != -1; n = fdt_next_node(f, n, &unused))
		if (fdt_prop_u32(f, n, "phandle", &val) && val == phandle)
			return n;
	return -1;
}

/* DTSpec 2.2.1: a name goes up to the '@' of the unit address, if any. */
static bool
fdt_named(const struct fdt *f, int node, const char *name, size_t n)
{
	const char *s;

	s = fdt_name(f, node);
	return s != NULL && starts(s, name, n) &&
	    (s[n] == '\0' || s[n] == '@');
}

/* The node at a full path of len bytes (DTSpec 2.2.3). */
static int
fdt_follow(const struct fdt *f, const char *path, size_t len)
{
	const char *end = path + len;
	size_t n;
	int node = f->f_root;

	if (len == 0 || *path != '/')
		return -1;
	for (;;) {
		while (path < end && *path == '/')
			path++;
		if (path == end)
			return node;
		for (n = 0; path + n < end && path[n] != '/'; n++)
			continue;
		node = fdt_first_child(f, node);
		while (node != -1 && !fdt_named(f, node, path, n))
			node = fdt_next_sibling(f, node);
		path += n;
	}
}

int
fdt_path(const struct fdt *f, const char *path)
{
	return fdt_follow(f, path, length(path));
}

/*
 * The node of the console.  DTSpec 3.6: stdout-path is a full path or an
 * alias, and a colon ends it; what follows are options for the driver.
 * DTSpec 3.3: an alias is a full path, never another alias.
 */
int
fdt_stdout(const struct fdt *f)
{
	const uint8_t *list;
	const char *s;
	size_t n = 0;
	uint32_t len;

	s = fdt_prop_string(f, fdt_path(f, "/chosen"), "stdout-path");
	if (s == NULL)
		return -1;
	while (s[n] != '\0' && s[n] != ':')
		n++;
	if (*s == '/')
		return fdt_follow(f, s, n);
	list = fdt_find(f, fdt_path(f, "/aliases"), s, n, &len);
	if (list == NULL || (s = fdt_nextstr(&list, &len)) == NULL)
		return -1;
	return fdt_path(f, s);
}

/* DTSpec 2.3.5: the cell counts of a bus, 2 and 1 where it has none. */
static bool
fdt_cells(const struct fdt *f, int bus, uint32_t *ac, uint32_t *sc)
{
	*ac = 2;
	*sc = 1;
	if (fdt_getprop(f, bus, "#address-cells", NULL) != NULL &&
	    !fdt_prop_u32(f, bus, "#address-cells", ac))
		return false;
	if (fdt_getprop(f, bus, "#size-cells", NULL) != NULL &&
	    !fdt_prop_u32(f, bus, "#size-cells", sc))
		return false;
	return *ac >= 1 && *ac <= 2 && *sc <= 2;
}

/*
 * Translate an address on a bus into one on the bus above it (DTSpec 2.3.8).
 * The region must lie inside one entry as a whole.
 */
static const char *
fdt_translate(const struct fdt *f, int bus, int up, uint64_t *addr,
    uint64_t size)
{
	const uint8_t *p;
	uint64_t from, span, to;
	uint32_t ac, len, sc, stride, uc, unused;

	p = fdt_getprop(f, bus, "ranges", &len);
	if (p == NULL)
		return "device tree: a bus above the node has no ranges, the "
		    "node is not in memory";
	if (len == 0)
		return NULL;
	if (!fdt_cells(f, bus, &ac, &sc) || sc == 0 ||
	    !fdt_cells(f, up, &uc, &unused))
		return fdt_badcells;
	stride = 4 * (ac + uc + sc);
	if (len % stride != 0)
		return "device tree: ranges has part of an entry";
	for (; len != 0; len -= stride, p += stride) {
		from = becells(p, ac);
		to = becells(p + 4 * ac, uc);
		span = becells(p + 4 * (ac + uc), sc);
		if (*addr < from || size > span || *addr - from > span - size)
			continue;
		if (*addr - from > UINT64_MAX - to)
			return fdt_wraps;
		*addr = to + (*addr - from);
		return NULL;
	}
	return "device tree: an address lies outside the ranges of its bus";
}

const char *
fdt_reg(const struct fdt *f, int node, uint32_t i, uint64_t *addr,
    uint64_t *size)
{
	const uint8_t *p;
	const char *err;
	uint64_t a, s;
	uint32_t ac, len, sc, stride;
	int bus, up;

	p = fdt_getprop(f, node, "reg", &len);
	bus = fdt_parent(f, node);
	if (p == NULL || bus == -1)
		return fdt_noreg;
	if (!fdt_cells(f, bus, &ac, &sc) || sc == 0)
		return fdt_badcells;
	stride = 4 * (ac + sc);
	if (len % stride != 0)
		return "device tree: reg has part of an entry";
	if (i >= len / stride)
		return fdt_noreg;
	p += (size_t)i * stride;
	a = becells(p, ac);
	s = becells(p + 4 * ac, sc);
	for (; bus != f->f_root; bus = up) {
		up = fdt_parent(f, bus);
		if ((err = fdt_translate(f, bus, up, &a, s)) != NULL)
			return err;
	}
	if (wraps(a, s))
		return fdt_wraps;
	*addr = a;
	*size = s;
	return NULL;
}

const char *
fdt_id(const struct fdt *f, int parent, int node, uint64_t *id)
{
	const uint8_t *p;
	uint32_t ac, len, sc;

	if (!fdt_cells(f, parent, &ac, &sc))
		return fdt_badcells;
	p = fdt_getprop(f, node, "reg", &len);
	if (p == NULL || len == 0)
		return fdt_noreg;
	if (len % (4 * (ac + sc)) != 0)
		return "device tree: reg has part of an entry";
	*id = becells(p, ac);
	return NULL;
}
