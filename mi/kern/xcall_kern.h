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
 * What the cross-call needs, as the kit has it: see xcall_md.h.
 */

#ifndef XCALL_KERN_H
#define XCALL_KERN_H

#include "md.h"
#include "kern.h"
#include "synch.h"

static inline void
cpu_xcall_pend(void)
{
	cpu_soft_pend(SLOT_XCALL);
}

#define XCALL_AT_SOFTCLOCK()						\
	(curcpu()->ci_ilevel == IPL_SOFTCLOCK)

#define XCALL_INTR_REOPEN(_s)		intr_reopen(_s)
#define XCALL_POINT(_name)		MD_POINT(_name)
#define XCALL_ENTRY(_func, _name)	MD_ENTRY(_func, _name)

/* X-WATCH-1: a full queue is waited for by the CPU, a call by the thread. */
#define XCALL_WAIT(_ci, _func, _arg)					\
	do {								\
		if ((_func) == NULL)					\
			curcpu()->ci_xwait = (_ci);			\
		else {							\
			curthread->t_xfunc = (_func);			\
			curthread->t_xarg = (_arg);			\
			curthread->t_xsince = ticks;			\
			curthread->t_xci = (_ci);			\
		}							\
	} while (0)
#define XCALL_WAIT_DONE(_func)						\
	do {								\
		if ((_func) == NULL)					\
			curcpu()->ci_xwait = NULL;			\
		else							\
			curthread->t_xci = NULL;			\
	} while (0)

#endif /* XCALL_KERN_H */
