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
 * The sweep: a piece of code, the window, is run again and again, and each
 * time the clock of its CPU interrupts it one instruction later, until every
 * instruction has been interrupted.  It needs an emulator that counts
 * instructions for time, and only then.
 */

#ifndef SWEEP_H
#define SWEEP_H

#include "kit/kit.h"

/*
 * What is run, in a thread of the CPU under test, below IPL_SOFTCLOCK and
 * with interrupts on.  The window gets the number of the step.
 */
struct sweep {
	const char	 *sw_clause;	/* the one that a failure breaks */
	void		(*sw_window)(unsigned int);
	/* In the interrupt, at IPL_CLOCK; NULL: sweep_pend(). */
	void		(*sw_handler)(void);
	/* Afterwards; says with sweep_fail() what is wrong. */
	void		(*sw_after)(unsigned int);
	/* Made to run by the window itself, not by the handler. */
	unsigned int	  sw_ran;
	/* A thread of another CPU, and what makes it end. */
	void		(*sw_helper)(void *);
	void		(*sw_end)(void);
	/* A CPU that is stuck may only be asleep: wake it, and go on. */
	int		  sw_unidle;
};

void	sweep_run(const struct sweep *);

/* Marks pending what is below the clock: two sources, and a call. */
void	sweep_pend(void);
#define SWEEP_PENDED	3

void	sweep_fail(const char *, int, const char *, ...)
	    __attribute__((__format__(printf, 3, 4)));
#define SWEEP_CHECK(_e)							\
	do {								\
		if (!(_e))						\
			sweep_fail(__FILE__, __LINE__, "%s", #_e);	\
	} while (0)

/* CPU of the window; another one. */
#define SWEEP_CPU	(xt_ncpu() - 1)
#define SWEEP_OTHER	0

/* Places that were hit in the window, of the last sweep. */
extern unsigned int sweep_places;

#endif /* SWEEP_H */
