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
 * What md-X/proof/encode_test.c is written with: values compared with those
 * of a manual's table, and a line of TAP for each table.
 */

#ifndef TESTS_ENCODE_H
#define TESTS_ENCODE_H

#include <stdint.h>
#include <stdio.h>

#define nitems(_a)	(sizeof(_a) / sizeof((_a)[0]))

static int tests, wrong;

static void
check(unsigned long long got, unsigned long long want, const char *what,
    unsigned long long of)
{
	if (got != want && wrong++ == 0)
		printf("# %s of 0x%llx: 0x%llx, and the manual has 0x%llx\n",
		    what, of, got, want);
}

static void
done(const char *name, const char *what)
{
	printf("%sok %d - encode.%s %s\n", wrong != 0 ? "not " : "", ++tests,
	    name, what);
	wrong = 0;
}

#endif /* TESTS_ENCODE_H */
