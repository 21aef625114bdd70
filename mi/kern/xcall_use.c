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
 * Two users of the cross-call, as kernels have them: writing back the caches
 * of every CPU, and switching a feature of every CPU on or off.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"

/* On the stack of a thread that sleeps until every CPU has let go of it. */
struct cpu_feature {
	struct refcnt	  cf_refs;
	int		(*cf_enable)(void);	/* one of the two */
	void		(*cf_disable)(void);
	int		  cf_error;		/* the first */
	struct cpuset	  cf_done;		/* each CPU its own bit */
};

static void
wbinvd_xcall(void *arg)
{
	cpu_cache_sync();
	refcnt_rele_wake(arg);
}

static void
xcall_all(struct xcall *xc, struct refcnt *r)
{
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;
	struct cpuset set;

	cpuset_clear(&set);
	CPU_INFO_FOREACH(cii, ci) {
		if (!CPU_IS_RUNNING(ci))
			continue;
		cpuset_add(&set, ci);
		refcnt_take(r);
	}
	cpu_xcall_many(&set, xc);
}

/* Returns when each running CPU has done it; a thread's. */
void
wbinvd_on_all_cpus_acked(void)
{
	struct refcnt r = REFCNT_INITIALIZER();
	struct xcall xc = XCALL_INITIALIZER(wbinvd_xcall, &r);

	xcall_all(&xc, &r);
	refcnt_finalize(&r, "wbinvd");
}

static void
cpu_feature_xcall(void *arg)
{
	struct cpu_feature *cf = arg;
	struct cpu_info *ci = curcpu();
	int error, none = 0;

	if ((error = (*cf->cf_enable)()) == 0)
		atomic_setbits(&cf->cf_done.cs_set[ci->ci_cpuid / MD_WORDBITS],
		    1UL << (ci->ci_cpuid % MD_WORDBITS));
	else
		atomic_cas(&cf->cf_error, &none, error);
	refcnt_rele_wake(&cf->cf_refs);
}

static void
cpu_feature_undo(void *arg)
{
	struct cpu_feature *cf = arg;

	(*cf->cf_disable)();
	refcnt_rele_wake(&cf->cf_refs);
}

/*
 * Enable on every running CPU; if one fails, its error is returned and the
 * others are disabled again.  Without enable: disable everywhere.
 */
int
cpu_feature_all(int (*enable)(void), void (*disable)(void))
{
	struct cpu_feature cf = { .cf_refs = REFCNT_INITIALIZER(),
	    .cf_enable = enable, .cf_disable = disable };
	struct xcall xc = XCALL_INITIALIZER(cpu_feature_xcall, &cf);
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;

	if (enable != NULL) {
		xcall_all(&xc, &cf.cf_refs);
		refcnt_finalize(&cf.cf_refs, "cpufeat");
		if (cf.cf_error == 0)
			return (0);
	}
	refcnt_init(&cf.cf_refs);
	cpu_xcall_set(&xc, cpu_feature_undo, &cf);
	if (enable == NULL) {
		xcall_all(&xc, &cf.cf_refs);
	} else {
		CPU_INFO_FOREACH(cii, ci) {
			if (cpuset_isset(&cf.cf_done, ci))
				refcnt_take(&cf.cf_refs);
		}
		cpu_xcall_many(&cf.cf_done, &xc);
	}
	refcnt_finalize(&cf.cf_refs, "cpufeat");
	return (cf.cf_error);
}
