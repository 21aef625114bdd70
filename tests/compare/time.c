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
 * The same cases by the clock, suite=time: for boards and hardware
 * virtualisation, where time means something.  A line for each case, in units
 * of md_clock_read(): least, median and 99th percentile of the call itself
 * and of the call until it has run and what it interrupted goes on.
 */

#include "md.h"
#include "kern.h"
#include "xtest.h"
#include "compare/compare.h"

#define TIME_CALLS	5000

static uint32_t called[TIME_CALLS], done[TIME_CALLS];

static int
time_wanted(void)
{
	char buf[8];

	return (boot_arg("suite", buf, sizeof(buf)) != NULL &&
	    strcmp(buf, "time") == 0);
}

/* In order: Shell's sort. */
static void
time_sort(uint32_t *t, unsigned int n)
{
	unsigned int gap, i, k;
	uint32_t x;

	for (gap = n / 2; gap != 0; gap /= 2) {
		for (i = gap; i < n; i++) {
			x = t[i];
			for (k = i; k >= gap && t[k - gap] > x; k -= gap)
				t[k] = t[k - gap];
			t[k] = x;
		}
	}
}

/* Is it by the clock?  Then that is done. */
int
compare_time(const char *name, const struct compare *c)
{
	unsigned int i;
	uint64_t begun;

	if (!time_wanted())
		return (0);
	compare_loop(c, COMPARE_WARM);
	for (i = 0; i < TIME_CALLS; i++) {
		if (c->c_before != NULL)
			(*c->c_before)();
		begun = md_clock_read();
		(*c->c_call)();
		called[i] = md_clock_read() - begun;
		if (c->c_after != NULL)
			(*c->c_after)();
		done[i] = md_clock_read() - begun;
		if (c->c_rest != NULL)
			(*c->c_rest)();
	}
	time_sort(called, TIME_CALLS);
	time_sort(done, TIME_CALLS);
	kit_note("time %s calls=%u hz=%llu call=%u,%u,%u done=%u,%u,%u", name,
	    TIME_CALLS, (unsigned long long)md_clock_hz, called[0],
	    called[TIME_CALLS / 2], called[TIME_CALLS / 100 * 99], done[0],
	    done[TIME_CALLS / 2], done[TIME_CALLS / 100 * 99]);
	return (1);
}
