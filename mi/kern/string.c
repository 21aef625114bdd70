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
 * The memory and string functions that the compiler and the kit call.
 */

#include "kern.h"

void *
memcpy(void *dst, const void *src, size_t n)
{
	return (memmove(dst, src, n));
}

void *
memmove(void *dst, const void *src, size_t n)
{
	const unsigned char *s = src;
	unsigned char *d = dst;
	size_t i;

	if (d <= s) {
		for (i = 0; i < n; i++)
			d[i] = s[i];
	} else {
		for (i = n; i > 0; i--)
			d[i - 1] = s[i - 1];
	}
	return (dst);
}

void *
memset(void *dst, int c, size_t n)
{
	unsigned char *d = dst;
	size_t i;

	for (i = 0; i < n; i++)
		d[i] = c;
	return (dst);
}

int
memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] != q[i])
			return (p[i] < q[i] ? -1 : 1);
	}
	return (0);
}

size_t
strlen(const char *s)
{
	size_t n;

	for (n = 0; s[n] != '\0'; n++)
		continue;
	return (n);
}

int
strcmp(const char *a, const char *b)
{
	return (strncmp(a, b, SIZE_MAX));
}

int
strncmp(const char *a, const char *b, size_t n)
{
	for (; n > 0; a++, b++, n--) {
		if (*a != *b)
			return ((unsigned char)*a < (unsigned char)*b ? -1 : 1);
		if (*a == '\0')
			break;
	}
	return (0);
}
