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
 * The slots of the pending word, and soft interrupts for CLOCK, NET and TTY.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"

struct intrsource intr_sources[INTR_NSLOT];

#define UNMASKED(_l)	((_l) + 1 >= NIPL ? 0UL :			\
	    ~0UL << (((_l) + 1) * INTR_PERIPL % MD_WORDBITS))
const unsigned long intr_unmasked[NIPL + 1] = {
	UNMASKED(0), UNMASKED(1), UNMASKED(2), UNMASKED(3), UNMASKED(4),
	UNMASKED(5), UNMASKED(6), UNMASKED(7), UNMASKED(8), UNMASKED(9),
	UNMASKED(10), 0
};
_Static_assert(NIPL == 11, "intr_unmasked has an entry for each level");

unsigned int
intr_establish(int ipl, const char *name, void (*func)(void *), void *arg)
{
	struct intrsource *is;
	unsigned int n, slot;

	if (ipl <= IPL_NONE || ipl >= NIPL)
		panic("SLOT-1: intr_establish: %s: there is no level %d", name,
		    ipl);
	for (n = 0; n < INTR_PERIPL; n++) {
		slot = INTR_SLOT(ipl, n);
		is = &intr_sources[slot];
		if (is->is_func != NULL)
			continue;
		is->is_arg = arg;
		is->is_name = name;
		is->is_ipl = ipl;
		is->is_func = func;
		return (slot);
	}
	panic("SLOT-1: intr_establish: %s: level %d has no slot left of %d",
	    name, ipl, INTR_PERIPL);
}

void
intr_print(void)
{
	struct intrsource *is;
	int slot;

	printf("# slots in use, of %d:", INTR_NSLOT);
	for (slot = INTR_NSLOT - 1; slot >= 0; slot--) {
		is = &intr_sources[slot];
		if (is->is_func != NULL)
			printf(" %d=%s@%d", slot, is->is_name, is->is_ipl);
	}
	printf("\n");
}

/*
 * Soft interrupts.  A handler that is scheduled is on the queue of the CPU
 * that scheduled it, once; it runs there, and may be scheduled again as soon
 * as it has begun.
 */
struct softintr {
	struct softintr	 *si_next;
	void		(*si_func)(void *);
	void		 *si_arg;
	unsigned int	  si_class;
	unsigned int	  si_queued;	/* atomic; who sets it links it */
};

static const struct softclass {
	int		 sc_ipl;
	const char	*sc_name;
} softclasses[NSOFTCLASS] = {
	{ IPL_SOFTCLOCK, "softclock" },
	{ IPL_SOFTNET, "softnet" },
	{ IPL_SOFTTTY, "softtty" },
};
static unsigned int softslots[NSOFTCLASS];

static struct softintr *
softintr_next(struct softintr_queue *sq)
{
	struct softintr *si;
	unsigned long s;

	s = intr_disable();
	si = sq->sq_first;
	if (si != NULL && (sq->sq_first = si->si_next) == NULL)
		sq->sq_last = &sq->sq_first;
	intr_restore(s);
	return (si);
}

static void
softintr_dispatch(void *arg)
{
	unsigned int class = (uintptr_t)arg;
	struct softintr *si;

	while ((si = softintr_next(&curcpu()->ci_softq[class])) != NULL) {
		/*
		 * Who schedules it from now on queues it again; who did before
		 * is seen by the handler.  Pairs with softintr_schedule().
		 */
		atomic_swap(&si->si_queued, 0);
		(*si->si_func)(si->si_arg);
	}
}

void
softintr_init(void)
{
	uintptr_t i;

	for (i = 0; i < NSOFTCLASS; i++)
		softslots[i] = intr_establish(softclasses[i].sc_ipl,
		    softclasses[i].sc_name, softintr_dispatch, (void *)i);
}

void
softintr_cpu_init(struct cpu_info *ci)
{
	int i;

	for (i = 0; i < NSOFTCLASS; i++) {
		ci->ci_softq[i].sq_first = NULL;
		ci->ci_softq[i].sq_last = &ci->ci_softq[i].sq_first;
	}
}

struct softintr *
softintr_establish(int ipl, void (*func)(void *), void *arg)
{
	struct softintr *si;
	unsigned int c;

	for (c = 0; c < NSOFTCLASS; c++) {
		if (softclasses[c].sc_ipl == ipl)
			break;
	}
	if (c == NSOFTCLASS)
		panic("SLOT-2: softintr_establish: %d is no soft level", ipl);
	si = kmem_alloc(sizeof(*si));
	si->si_func = func;
	si->si_arg = arg;
	si->si_class = c;
	return (si);
}

void
softintr_schedule(struct softintr *si)
{
	struct softintr_queue *sq;
	unsigned long s;

	s = intr_disable();
	if (atomic_swap(&si->si_queued, 1) == 0) {
		sq = &curcpu()->ci_softq[si->si_class];
		si->si_next = NULL;
		*sq->sq_last = si;
		sq->sq_last = &si->si_next;
		cpu_soft_pend(softslots[si->si_class]);
	}
	intr_restore(s);
}
