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
 * Acting at a point, POINT-1: a function runs there once, in the context of
 * the place, as a rule to let another CPU act and to wait until it has.
 */

#ifndef HOOK_H
#define HOOK_H

#include "kit/kit.h"

/*
 * The next time that this CPU passes the point and func says that it is the
 * moment.  func returns 0 for: not yet.  One hook at a time for each of the
 * numbers from 0 to NHOOK - 1.
 */
#define NHOOK	2
void	hook_arm(unsigned int, const char *, unsigned int, int (*)(void *),
	    void *);
/* Has it run?  If not, it will not any more. */
int	hook_disarm(unsigned int);
int	hook_done(unsigned int);

/*
 * Two CPUs: when the first passes the point, the second does du_act(), in a
 * thread, and the first waits for it.  du_when(): is it the moment?
 */
struct duet {
	const char	 *du_point;
	int		(*du_when)(void);
	void		(*du_act)(void);
	unsigned int	  du_go, du_done;	/* [a] */
};
void	duet_begin(struct duet *, const char *, unsigned int, unsigned int,
	    int (*)(void), void (*)(void));
void	duet_end(struct duet *);

/* Waits until all CPUs have started: that takes calls, and rings. */
void	hook_started(void);

/* All doorbells that were rung. */
unsigned int	hook_rung(void);

#endif /* HOOK_H */
