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
 * What several tests use, made from the test interface alone.
 */

#include "xcall_md.h"
#include "xtest.h"

#define XTEST(_name, _mincpus, _clauses)				\
	{ "xcall." #_name, (_mincpus), (_clauses), test_##_name },
const struct xtest xcall_tests[] = {
#include "xcall/list.h"
	{ NULL, 0, NULL, NULL }
};
#undef XTEST

unsigned int xt_calls = 100000;
unsigned int xt_limit = 20000;
unsigned int xt_race = 1000;

void
xt_eq(const char *file, int line, const char *as, const char *bs, long a,
    long b)
{
	if (a != b)
		xt_fail(file, line, "%s is %ld, %s is %ld", as, a, bs, b);
}

int
xt_intr(void)
{
	unsigned long s;

	s = intr_disable();
	intr_restore(s);
	return (intr_enabled(s) != 0);
}

/* Kept from the compiler, which takes for granted what is to be found out. */
unsigned int
xt_skew(void)
{
	_Alignas(16) unsigned long pair[2];
	unsigned long at = (unsigned long)pair;

	__asm volatile("" : "+r" (at) : : "memory");
	*(unsigned long *)at = 1;
	return (at % 16);
}

static void
note_run(void *arg)
{
	struct xt_note *xn = arg;

	xn->xn_cpu = xt_self();
	xn->xn_curcpu = curcpu();
	xn->xn_level = xt_level();
	xn->xn_intr = xt_intr();
	xn->xn_skew = xt_skew();
#ifdef XCALL_WATCH
	xn->xn_depth = curcpu()->ci_xcall.xci_depth;
#else
	xn->xn_depth = 1;
#endif
	XT_INC(&xn->xn_ran);
}

void
xt_note_set(struct xt_note *xn)
{
	cpu_xcall_set(&xn->xn_xc, note_run, xn);
	xn->xn_curcpu = NULL;
	xn->xn_cpu = ~0U;
	xn->xn_level = -1;
	xn->xn_intr = -1;
	xn->xn_skew = 0;
	xn->xn_depth = 0;
	XT_STORE(&xn->xn_ran, 0);
}

void
xt_note_check(const char *file, int line, const struct xt_note *xn,
    unsigned int cpu, unsigned int times)
{
	unsigned int ran = XT_LOAD(&xn->xn_ran);

	if (ran != times) {
		xt_fail(file, line, "the call ran %u times, not %u", ran,
		    times);
		return;
	}
	if (times == 0)
		return;
	if (xn->xn_cpu != cpu || xn->xn_curcpu != xt_cpu(cpu))
		xt_fail(file, line, "the call ran on CPU %u, curcpu() %p, not "
		    "on CPU %u, %p", xn->xn_cpu, (void *)xn->xn_curcpu, cpu,
		    (void *)xt_cpu(cpu));
	if (xn->xn_level != IPL_SOFTCLOCK || !xn->xn_intr)
		xt_fail(file, line, "the call ran at level %d, interrupts %s",
		    xn->xn_level, xn->xn_intr ? "on" : "off");
	if (xn->xn_skew != 0)
		xt_fail(file, line, "the call's stack is %u bytes off",
		    xn->xn_skew);
}

void
xt_log_set(struct xt_log *xl)
{
	XT_STORE(&xl->xl_n, 0);
}

void
xt_log_add(struct xt_log *xl, unsigned int what)
{
	if (xl->xl_n < XT_NLOG)
		xl->xl_what[xl->xl_n] = what;
	XT_STORE(&xl->xl_n, xl->xl_n + 1);
}

static void
step_run(void *arg)
{
	struct xt_step *xs = arg;

	xt_log_add(xs->xs_log, xs->xs_what);
}

void
xt_step_set(struct xt_step *xs, struct xt_log *xl, unsigned int what)
{
	cpu_xcall_set(&xs->xs_xc, step_run, xs);
	xs->xs_log = xl;
	xs->xs_what = what;
}

void
xt_log_check(const char *file, int line, struct xt_log *xl, unsigned int n)
{
	unsigned int i, have = XT_LOAD(&xl->xl_n);

	if (have != n)
		xt_fail(file, line, "%u calls ran, not %u", have, n);
	for (i = 0; i < n && i < have && i < XT_NLOG; i++) {
		if (xl->xl_what[i] != i) {
			xt_fail(file, line, "call %u ran in the place of %u",
			    xl->xl_what[i], i);
			return;
		}
	}
}

static void
park_run(void *arg)
{
	struct xt_park *xp = arg;
	unsigned long s = 0;
	int ipl = 0;

	if (xp->xp_level == XT_INTROFF)
		s = intr_disable();
	else
		ipl = splraise(xp->xp_level);
	XT_STORE(&xp->xp_in, 1);
	XT_WAIT(XT_LOAD(&xp->xp_go));
	if (xp->xp_level == XT_INTROFF)
		intr_restore(s);
	else
		splx(ipl);
	XT_STORE(&xp->xp_out, 1);
}

void
xt_park(struct xt_park *xp, unsigned int cpu, int level)
{
	xp->xp_cpu = cpu;
	xp->xp_level = level;
	xp->xp_in = 0;
	xp->xp_go = 0;
	xp->xp_out = 0;
	xt_thread(cpu, park_run, xp);
	XT_WAIT(XT_LOAD(&xp->xp_in));
}

void
xt_unpark(struct xt_park *xp)
{
	XT_STORE(&xp->xp_go, 1);
	XT_WAIT(XT_LOAD(&xp->xp_out));
}

/* On the stack of a thread until the call has run, which is in xt_in(). */
struct incall {
	void		(*ic_func)(void *);
	void		 *ic_arg;
	int		  ic_off;	/* interrupts off */
	unsigned int	  ic_ran;
};

static void
incall_run(void *arg)
{
	struct incall *ic = arg;
	unsigned long s = 0;

	if (ic->ic_off)
		s = intr_disable();
	(*ic->ic_func)(ic->ic_arg);
	if (ic->ic_off)
		intr_restore(s);
	XT_STORE(&ic->ic_ran, 1);
}

void
xt_in(enum xt_context context, void (*func)(void *), void *arg)
{
	struct incall ic = { func, arg, context == XT_INCALLOFF, 0 };
	struct xcall xc = XCALL_INITIALIZER(incall_run, &ic);
	unsigned long s;
	int ipl;

	switch (context) {
	case XT_AT:
	case XT_ABOVE:
		ipl = splraise(context == XT_AT ? IPL_SOFTCLOCK :
		    xt_ipl_high());
		(*func)(arg);
		splx(ipl);
		break;
	case XT_INCALL:
	case XT_INCALLOFF:
		cpu_xcall(curcpu(), &xc);
		XT_WAIT(XT_LOAD(&ic.ic_ran));
		break;
	case XT_OFF:
		s = intr_disable();
		(*func)(arg);
		intr_restore(s);
		break;
	default:
		(*func)(arg);
		break;
	}
}

const char *
xt_context_name(enum xt_context context)
{
	static const char *const names[XT_NCONTEXT] = {
		"below IPL_SOFTCLOCK", "at IPL_SOFTCLOCK", "in a call",
		"above IPL_SOFTCLOCK", "with interrupts off",
		"in a call with interrupts off"
	};

	return (names[context]);
}

void
xt_on(unsigned int cpu, void (*func)(void *), void *arg)
{
	xt_thread(cpu, func, arg);
	xt_join();
}

void
xt_on_each(void (*func)(void *), void *arg)
{
	unsigned int n;

	for (n = 0; n < xt_ncpu(); n++)
		xt_on(n, func, arg);
}

int
xt_names(const char *msg, const char *what)
{
	unsigned int i;

	for (; *msg != '\0'; msg++) {
		for (i = 0; what[i] != '\0' && msg[i] == what[i]; i++)
			continue;
		if (what[i] == '\0')
			return (1);
	}
	return (0);
}

void
xt_panic_check(const char *file, int line, unsigned int cpu,
    void (*func)(void *), void *arg, const char *clause)
{
	const char *msg = xt_panics(cpu, func, arg);

	if (msg == NULL)
		xt_fail(file, line, "no panic, expected one that names %s",
		    clause);
	else if (!xt_names(msg, clause))
		xt_fail(file, line, "the panic does not name %s: %s", clause,
		    msg);
}

/*
 * About as many values as there are registers, each dependent on others.  An
 * emulator takes interrupts where code branches: so it does, and often.
 */
#define CHURN(_x, _y, _z)						\
	do {								\
		(_x) += (_y) ^ i;					\
		if (((_x) & 1) != 0) {					\
			(_y) += (_z) >> 3;				\
			__asm volatile("");				\
		}							\
	} while (0)

unsigned long __attribute__((__noinline__))
xt_churn(unsigned long seed, unsigned int rounds)
{
	unsigned long a = seed, b = a + 3, c = b + 5, d = c + 7, e = d + 11;
	unsigned long f = e + 13, g = f + 17, h = g + 19, j = h + 23;
	unsigned long k = j + 29, m = k + 31, n = m + 37;
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		CHURN(a, b, c);
		CHURN(c, d, e);
		CHURN(e, f, g);
		CHURN(g, h, j);
		CHURN(j, k, m);
		CHURN(m, n, a);
		CHURN(d, a, k);
	}
	return (a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ j ^ k ^ m ^ n);
}

/* For CPUs with twice as many registers. */
unsigned long __attribute__((__noinline__))
xt_churn_wide(unsigned long seed, unsigned int rounds)
{
	unsigned long a = seed, b = a + 3, c = b + 5, d = c + 7, e = d + 11;
	unsigned long f = e + 13, g = f + 17, h = g + 19, j = h + 23;
	unsigned long k = j + 29, m = k + 31, n = m + 37, o = n + 41;
	unsigned long p = o + 43, q = p + 47, r = q + 53, s = r + 59;
	unsigned long t = s + 61, u = t + 67, v = u + 71, w = v + 73;
	unsigned long x = w + 79, y = x + 83, z = y + 89;
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		CHURN(a, b, c);
		CHURN(d, e, f);
		CHURN(g, h, j);
		CHURN(k, m, n);
		CHURN(o, p, q);
		CHURN(r, s, t);
		CHURN(u, v, w);
		CHURN(x, y, z);
		CHURN(c, z, k);
		CHURN(w, q, a);
	}
	return (a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ j ^ k ^ m ^ n ^ o ^ p ^ q ^
	    r ^ s ^ t ^ u ^ v ^ w ^ x ^ y ^ z);
}
