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
 * What is measured, and where a measurement begins and ends.  The kernel only
 * acts the case; what it executes meanwhile is counted from outside, by
 * tests/plugin/count.c.  The marks are points, MD_POINT() in point.h, of these
 * tests' own, in every kernel: they are no instructions either.
 *
 *	@case NAME	the calls that count begin
 *	@begin		a call: everything is in the state wanted
 *	@sent		the sender is through
 *	@lower		the level that held a call back drops next
 *	@lowered	it has
 *	@done		the call has run, and all is as it was at @begin
 *	@end		of the case
 */

#ifndef COMPARE_H
#define COMPARE_H

#include "kit/kit.h"

#define COMPARE_POINT(_name)						\
	__asm volatile("99: .pushsection .md_points, \"\", %%progbits\n\t" \
	    ".dc.a 99b\n\t.asciz \"" _name "\"\n\t.popsection" ::: "memory")

#define COMPARE_WARM	20	/* calls before those that count */
#define COMPARE_CALLS	320
#define COMPARE_FEW	40	/* for each size of a set */

/* The steps of a call; NULL: none. */
struct compare {
	void		(*c_before)(void);
	void		(*c_call)(void);	/* with @sent */
	void		(*c_after)(void);	/* until it is done */
	void		(*c_rest)(void);	/* not measured */
};

void	compare_loop(const struct compare *, unsigned int);
int	compare_time(const char *, const struct compare *);
#define COMPARE_N(_name, _c, _warm, _calls)				\
	do {								\
		compare_loop((_c), (_warm));				\
		COMPARE_POINT("@case " _name);				\
		compare_loop((_c), (_calls));				\
		COMPARE_POINT("@end");					\
	} while (0)
#define COMPARE(_name, _c)						\
	do {								\
		if (!compare_time((_name), (_c)))			\
			COMPARE_N(_name, _c, COMPARE_WARM, COMPARE_CALLS); \
	} while (0)

/* The call: it counts itself. */
extern struct xcall compare_xc;
extern unsigned int compare_ran;	/* [a] */
void	compare_reset(void);

/* CPUs first to end - 1 run a thread meanwhile, at a level. */
void	compare_busy(unsigned int, unsigned int, int);
void	compare_unbusy(void);
/* Each of them has come round since. */
void	compare_beat(void);

#endif /* COMPARE_H */
