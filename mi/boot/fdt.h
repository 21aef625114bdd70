/*
 * Copyright (c) 2026 the portkit authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES.
 */

#ifndef _FDT_H_
#define _FDT_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A reader of flattened device trees (Devicetree Specification v0.4,
 * chapter 5).  It writes nothing, allocates nothing and takes no lock:
 * every function may be called from any context at any IPL, and once
 * fdt_open() has returned NULL, from any number of CPUs.  The blob must
 * stay mapped and unchanged as long as the handle, or anything that was
 * got from it, is in use.
 *
 * A node is the offset of its begin token in the structure block.  "No
 * such node" is -1, and every function that takes a node also takes -1
 * and then finds nothing, so that lookups can be nested without a test
 * between them.
 *
 * A function that returns "const char *" as its verdict returns NULL for
 * success and otherwise a constant sentence for a person to read; results
 * are written only on success.
 */
struct fdt {
	const uint8_t	*f_struct;	/* structure block */
	const uint8_t	*f_strings;	/* strings block */
	const uint8_t	*f_rsv;		/* memory reservation block */
	uint32_t	 f_size;	/* bytes in the whole blob */
	uint32_t	 f_structlen;	/* bytes, a multiple of 4 */
	uint32_t	 f_stringslen;	/* bytes, the last one is a NUL */
	uint32_t	 f_nrsv;	/* reservations before the terminator */
	int		 f_root;	/* the root node */
};

/* The deepest nesting that is accepted; the root node is at depth 1. */
#define FDT_MAXDEPTH	16

/* The verdict of fdt_reg() when the index is past the last entry. */
extern const char fdt_noreg[];

/*
 * Check the whole blob, of which not more than the given number of bytes
 * can be read, and fill in the handle.  After a failure every lookup in
 * the handle finds nothing.
 */
const char	*fdt_open(struct fdt *, const void *, size_t);

/* The i-th entry of the memory reservation block; false past the last. */
bool		 fdt_memreserve(const struct fdt *, uint32_t, uint64_t *,
		    uint64_t *);

/*
 * Walking.  All of them return a node or -1.  The cost of fdt_parent() is
 * that of a walk from the root; the others look only at what they pass.
 */
int		 fdt_first_child(const struct fdt *, int);
int		 fdt_next_sibling(const struct fdt *, int);
int		 fdt_parent(const struct fdt *, int);

/*
 * Finding.  A component of a path may leave out the unit address ("/cpus",
 * "/soc/serial").  fdt_by_compatible() returns the first match after the
 * given node in the order of the blob, or from the root on for -1.
 */
int		 fdt_path(const struct fdt *, const char *);
int		 fdt_by_compatible(const struct fdt *, int, const char *);
int		 fdt_by_phandle(const struct fdt *, uint32_t);
int		 fdt_stdout(const struct fdt *);

/* The name of a node with its unit address; NULL for -1. */
const char	*fdt_name(const struct fdt *, int);

/*
 * Properties.  fdt_getprop() returns the value, at no particular alignment,
 * and stores its length if the last argument is not NULL.  The strings are
 * terminated inside the value, or NULL is returned.  fdt_prop_u32() wants
 * a value of exactly one cell, fdt_prop_cell() takes the i-th cell of many.
 */
const void	*fdt_getprop(const struct fdt *, int, const char *,
		    uint32_t *);
const char	*fdt_prop_string(const struct fdt *, int, const char *);
const char	*fdt_stringlist(const struct fdt *, int, const char *,
		    uint32_t);
bool		 fdt_prop_u32(const struct fdt *, int, const char *,
		    uint32_t *);
bool		 fdt_prop_cell(const struct fdt *, int, const char *,
		    uint32_t, uint32_t *);
bool		 fdt_compatible(const struct fdt *, int, const char *);
bool		 fdt_enabled(const struct fdt *, int);

/*
 * Addresses.  fdt_reg() returns the i-th address and size of a node as
 * the CPU sees them: translated through the ranges of every bus above.
 * fdt_id() returns the first address in "reg" as it stands, which for a
 * CPU is its hardware id; it is given the parent first, so that a loop
 * over thousands of CPUs stays linear.
 */
const char	*fdt_reg(const struct fdt *, int, uint32_t, uint64_t *,
		    uint64_t *);
const char	*fdt_id(const struct fdt *, int, int, uint64_t *);

#endif /* _FDT_H_ */
