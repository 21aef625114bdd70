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
 * Sources of interrupts that only tests set pending, one for each level, and
 * a soft interrupt for each level that has them.  They write down what ran.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "kit/kit.h"

#define XTEST(_name, _mincpus, _clauses)				\
	{ "kit." #_name, (_mincpus), (_clauses), test_##_name },
const struct xtest kit_tests[] = {
#include "kit/list.h"
	{ NULL, 0, NULL, NULL }
};
#undef XTEST

struct xt_log kit_ran;
struct xcall kit_xcall;

static unsigned int source_slots[NIPL];
static struct softintr *soft_intrs[NIPL];
static unsigned long ran_sum;		/* for the compiler */

static void
ran_at(int ipl, unsigned int what)
{
	XT_EQ(xt_level(), ipl);
	XT_CHECK(xt_intr());
	XT_CHECK(curcpu()->ci_idepth > 0);
	XT_EQ(xt_skew(), 0);
	XT_CHECK(curcpu()->ci_self == curcpu());
	XT_CHECK(xt_cpu(xt_self()) == curcpu());
	/* Leave no register as it was. */
	ran_sum += xt_churn(what, 1) + xt_churn_wide(what, 1);
	xt_log_add(&kit_ran, what);
}

static void
source_run(void *arg)
{
	int ipl = (uintptr_t)arg;

	ran_at(ipl, RAN_SOURCE(ipl));
}

static void
soft_run(void *arg)
{
	int ipl = (uintptr_t)arg;

	ran_at(ipl, RAN_SOFT(ipl));
}

static void
xcall_run(void *arg)
{
	(void)arg;
	ran_at(IPL_SOFTCLOCK, RAN_XCALL);
}

/* The lowest slot of its level: a mask that is off by one shows. */
static unsigned int
source_establish(int ipl)
{
	unsigned int slot, n, last = INTR_SLOT(ipl, INTR_PERIPL - 1);

	do {
		slot = intr_establish(ipl, "test", source_run,
		    (void *)(uintptr_t)ipl);
	} while (slot != last);
	for (n = 0; n < INTR_PERIPL - 1; n++) {
		slot = INTR_SLOT(ipl, n);
		if (intr_sources[slot].is_func == source_run)
			intr_sources[slot].is_func = NULL;
	}
	return (last);
}

void
kit_init(void)
{
	static const int soft[] = { IPL_SOFTCLOCK, IPL_SOFTNET, IPL_SOFTTTY };
	unsigned int i;
	int ipl;

	for (ipl = IPL_SOFTCLOCK; ipl <= IPL_IPI; ipl++)
		source_slots[ipl] = source_establish(ipl);
	for (i = 0; i < nitems(soft); i++)
		soft_intrs[soft[i]] = softintr_establish(soft[i], soft_run,
		    (void *)(uintptr_t)soft[i]);
	cpu_xcall_set(&kit_xcall, xcall_run, NULL);
}

void
kit_pend(int ipl)
{
	cpu_soft_pend(source_slots[ipl]);
}

struct softintr *
kit_soft(int ipl)
{
	return (soft_intrs[ipl]);
}

/* Since the last time exactly these have run; begins anew. */
void
kit_expect(const char *file, int line, const unsigned int *list,
    unsigned int n)
{
	unsigned int i, have = XT_LOAD(&kit_ran.xl_n);

	if (have != n)
		xt_fail(file, line, "%u handlers ran, not %u", have, n);
	for (i = 0; i < n && i < have; i++) {
		if (kit_ran.xl_what[i] != list[i])
			xt_fail(file, line, "place %u: %u ran, not %u", i,
			    kit_ran.xl_what[i], list[i]);
	}
	xt_log_set(&kit_ran);
}
