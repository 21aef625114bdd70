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
 * Sources of interrupts, hard and soft: one record each, so that no two
 * share a level by accident.
 */

#ifndef INTR_H
#define INTR_H

#include "cpu.h"

struct intrsource {
	void		(*is_func)(void *);
	void		 *is_arg;
	const char	 *is_name;
	int		  is_ipl;
};

extern struct intrsource intr_sources[INTR_NSLOT];
/* For each level the slots that it lets through. */
extern const unsigned long intr_unmasked[NIPL + 1];

/*
 * Hand out a slot of a level; boot CPU, while starting.
 * SLOT-1 [s] A level that there is, above IPL_NONE, with a slot left.
 */
unsigned int	intr_establish(int, const char *, void (*)(void *), void *);
void		intr_print(void);

/* clock.c: the slot of the clock. */
extern unsigned int intr_clock;

/*
 * As softintr_establish(9), in intr.c.
 * SLOT-2 [s] Soft interrupts are of IPL_SOFTCLOCK, _SOFTNET or _SOFTTTY.
 */
struct softintr *softintr_establish(int, void (*)(void *), void *);
void	softintr_schedule(struct softintr *);
void	softintr_init(void);
void	softintr_cpu_init(struct cpu_info *);

#endif /* INTR_H */
