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
 * Mutexes: they spin, with the level raised so that no handler that could
 * want the mutex runs here.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"

void
mtx_init(struct mutex *mtx, int ipl)
{
	mtx->mtx_owner = 0;
	mtx->mtx_wantipl = ipl;
	mtx->mtx_oldipl = IPL_NONE;
}

int
mtx_owned(struct mutex *mtx)
{
	return (atomic_load_relaxed(&mtx->mtx_owner) ==
	    curcpu()->ci_cpuid + 1);
}

int
mtx_enter_try(struct mutex *mtx)
{
	unsigned int owner = 0;
	int s;

	s = splraise(mtx->mtx_wantipl);
	/* Acquire, and more; pairs with the release in mtx_leave(). */
	if (atomic_cas(&mtx->mtx_owner, &owner, curcpu()->ci_cpuid + 1)) {
		mtx->mtx_oldipl = s;
		return (1);
	}
	if (predict_false(owner == curcpu()->ci_cpuid + 1))
		panic("MTX-1: mtx_enter: locking against myself: %p",
		    (void *)mtx);
	splx(s);
	return (0);
}

void
mtx_enter(struct mutex *mtx)
{
	while (!mtx_enter_try(mtx)) {
		while (atomic_load_relaxed(&mtx->mtx_owner) != 0)
			CPU_BUSY_CYCLE();
	}
}

void
mtx_leave(struct mutex *mtx)
{
	int s;

	KCLAUSE(mtx_owned(mtx), "MTX-2", "this CPU is not in the mutex");
	KCLAUSE(atomic_load_relaxed(&curcpu()->ci_ilevel) >= mtx->mtx_wantipl,
	    "MTX-3", "the level was lowered, or another mutex left too early");
	s = mtx->mtx_oldipl;
	atomic_store_release(&mtx->mtx_owner, 0);
	splx(s);
}
