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
 * Where calls run, and how: the CPU, the level, the stack; that each doorbell
 * is answered, and not only the first.
 */

#include "xcall_md.h"
#include "xtest.h"

static struct xt_note pair_notes[XT_MAXCPU];

/*
 * From this CPU to each: only the one called may note it, and the second
 * call is what shows that the first one's interrupt has ended.
 */
static void
pairs_from(void *arg)
{
	unsigned int j, k, times, ncpu = xt_ncpu();

	(void)arg;
	for (j = 0; j < ncpu; j++)
		xt_note_set(&pair_notes[j]);
	for (j = 0; j < ncpu; j++) {
		for (times = 1; times <= 2; times++) {
			cpu_xcall(xt_cpu(j), &pair_notes[j].xn_xc);
			XT_WAIT(XT_LOAD(&pair_notes[j].xn_ran) >= times);
			XT_NOTE(&pair_notes[j], j, times);
		}
		for (k = j + 1; k < ncpu; k++)
			XT_EQ(XT_LOAD(&pair_notes[k].xn_ran), 0);
	}
	for (j = 0; j < ncpu; j++)
		XT_EQ(XT_LOAD(&pair_notes[j].xn_ran), 2);
}

/*
 * X-CPU-2, X-IPI-1, X-SOFT-2: a call runs on the CPU it is for, at
 * IPL_SOFTCLOCK, interrupts on, on an aligned stack: all ordered pairs, each
 * with itself too, twice in a row.
 */
void
test_run_pairs(void)
{
	unsigned int n;

	for (n = 0; n < xt_ncpu(); n++) {
		XT_CHECK(CPU_IS_RUNNING(xt_cpu(n)));
		xt_on(n, pairs_from, NULL);
	}
}

/* The argument is that of the call, and no other; a stack far away. */
static void
argument_run(void *arg)
{
	unsigned long *p = arg;

	XT_STORE(p, *p * 2 + 1);
}

/* X-SOFT-2: each call gets its own argument. */
void
test_run_argument(void)
{
	unsigned long value[XCALL_NSLOT];	/* the calls' until odd */
	struct xcall xc[XCALL_NSLOT];		/* the same */
	unsigned int i, n;

	for (n = 0; n < xt_ncpu(); n++) {
		for (i = 0; i < XCALL_NSLOT; i++) {
			value[i] = (i + 1) * 0x10000UL + n * 2;
			cpu_xcall_set(&xc[i], argument_run, &value[i]);
			cpu_xcall(xt_cpu(n), &xc[i]);
		}
		for (i = 0; i < XCALL_NSLOT; i++) {
			XT_WAIT(XT_LOAD(&value[i]) % 2 == 1);
			XT_EQ(value[i], ((i + 1) * 0x10000UL + n * 2) * 2 + 1);
		}
	}
}

/* On the stack of the test until both calls have run. */
struct eoi {
	unsigned int	e_in;		/* the first call has begun */
	struct xt_note	e_second;
};

static void
eoi_first(void *arg)
{
	struct eoi *e = arg;

	int ipl;

	/* The bit of this dispatch is cleared; that of the next one comes. */
	if (xt_pending() != -1)
		XT_EQ(xt_pending(), 0);
	XT_STORE(&e->e_in, 1);
	if (xt_pending() != -1)
		XT_WAIT(xt_pending());
	ipl = splraise(xt_ipl_high());
	splx(ipl);
	XT_EQ(ipl, IPL_SOFTCLOCK);
	XT_CHECK(xt_intr());
	XT_EQ(XT_LOAD(&e->e_second.xn_ran), 0);
}

/*
 * X-SOFT-2: the interrupt of the doorbell has ended, and interrupts are on,
 * when a call runs: so the next doorbell comes while the call still runs.
 * What it announces waits for the level, whatever the call does to that.
 */
void
test_run_eoi(void)
{
	struct eoi e;
	struct xcall first = XCALL_INITIALIZER(eoi_first, &e);
	unsigned int n;

	for (n = 1; n < xt_ncpu(); n++) {
		e.e_in = 0;
		xt_note_set(&e.e_second);
		cpu_xcall(xt_cpu(n), &first);
		XT_WAIT(XT_LOAD(&e.e_in));
		cpu_xcall(xt_cpu(n), &e.e_second.xn_xc);
		XT_WAIT(XT_LOAD(&e.e_second.xn_ran));
		XT_NOTE(&e.e_second, n, 1);
	}
}

/* On the stack of the test until every call has run. */
struct depth {
	unsigned int	d_in, d_go;
	struct xt_note	d_more[3];
};

static void
depth_hold(void *arg)
{
	struct depth *d = arg;
	int i;

	XT_STORE(&d->d_in, 1);
	XT_WAIT(XT_LOAD(&d->d_go));
	for (i = 0; i < 3; i++)
		XT_EQ(XT_LOAD(&d->d_more[i].xn_ran), 0);
}

/* X-SOFT-2: calls do not nest: one begins when the one before has ended. */
void
test_run_depth(void)
{
	struct depth d;
	struct xcall hold = XCALL_INITIALIZER(depth_hold, &d);
	int i, round;

	for (round = 0; round < 20; round++) {
		d.d_in = d.d_go = 0;
		for (i = 0; i < 3; i++)
			xt_note_set(&d.d_more[i]);
		cpu_xcall(xt_cpu(1), &hold);
		XT_WAIT(XT_LOAD(&d.d_in));
		for (i = 0; i < 3; i++)
			cpu_xcall(xt_cpu(1), &d.d_more[i].xn_xc);
		XT_STORE(&d.d_go, 1);
		for (i = 0; i < 3; i++) {
			XT_WAIT(XT_LOAD(&d.d_more[i].xn_ran));
			XT_NOTE(&d.d_more[i], 1, 1);
			XT_EQ(d.d_more[i].xn_depth, 1);
		}
	}
}

/*
 * X-RING-1, X-SOFT-2: nobody rings for a call that joins others in the queue,
 * not even when the dispatch under way does not count it.
 */
void
test_run_rest(void)
{
	struct depth d[2];		/* the calls' until they ran */
	struct xcall first = XCALL_INITIALIZER(depth_hold, &d[0]);
	struct xcall hold = XCALL_INITIALIZER(depth_hold, &d[1]);
	struct xt_note *more = d[1].d_more;
	unsigned int i, n;

	for (n = 1; n < xt_ncpu(); n++) {
		for (i = 0; i < 6; i++)
			xt_note_set(&d[i / 3].d_more[i % 3]);
		d[0].d_in = d[0].d_go = d[1].d_in = d[1].d_go = 0;
		cpu_xcall(xt_cpu(n), &first);
		XT_WAIT(XT_LOAD(&d[0].d_in));
		/* The next dispatch counts two, and a third joins them. */
		cpu_xcall(xt_cpu(n), &hold);
		cpu_xcall(xt_cpu(n), &more[0].xn_xc);
		XT_STORE(&d[0].d_go, 1);
		XT_WAIT(XT_LOAD(&d[1].d_in));
		cpu_xcall(xt_cpu(n), &more[1].xn_xc);
		XT_STORE(&d[1].d_go, 1);
		for (i = 0; i < 2; i++) {
			XT_WAIT(XT_LOAD(&more[i].xn_ran));
			XT_NOTE(&more[i], n, 1);
		}
	}
}

/* On the stack of the test until its thread has ended. */
struct keep {
	unsigned int	k_in;
	unsigned int	k_stop;
	unsigned int	k_hits;		/* calls that ran */
	unsigned long	k_sum;		/* theirs, for the compiler */
};

static void
keep_hit(void *arg)
{
	struct keep *k = arg;

	k->k_sum += xt_churn(k->k_hits, 3);
	k->k_sum += xt_churn_wide(k->k_hits, 3);
	XT_INC(&k->k_hits);
}

static void
keep_run(void *arg)
{
	struct keep *k = arg;
	unsigned long right, wide, s;
	unsigned int i, wrong = 0;

	s = intr_disable();
	right = xt_churn(12345, 200);
	wide = xt_churn_wide(12345, 200);
	intr_restore(s);
	XT_STORE(&k->k_in, 1);
	for (i = 0; !XT_LOAD(&k->k_stop) || i < 10; i++) {
		wrong += xt_churn(12345, 200) != right;
		wrong += xt_churn_wide(12345, 200) != wide;
		CPU_BUSY_CYCLE();
	}
	XT_EQ(wrong, 0);
}

/*
 * X-SOFT-2: what a call interrupts does not notice: registers and flags are
 * as they were.
 */
void
test_run_registers(void)
{
	struct keep k = { 0, 0, 0, 0 };
	struct xcall xc = XCALL_INITIALIZER(keep_hit, &k);
	unsigned int i, n = xt_ncpu() - 1;

	xt_thread(n, keep_run, &k);
	XT_WAIT(XT_LOAD(&k.k_in));
	for (i = 1; i <= 80; i++) {
		cpu_xcall(xt_cpu(n), &xc);
		XT_WAIT(XT_LOAD(&k.k_hits) == i);
	}
	XT_STORE(&k.k_stop, 1);
	xt_join();
}

/*
 * X-IPI-1: a CPU that has halted wakes for a call.  Where the kernel counts
 * its halts, each call is sent when the one before has been halted after.
 */
void
test_run_idle(void)
{
	struct xt_note xn;		/* the calls' until they ran */
	unsigned int i, n, rounds = 400 / xt_ncpu() + 5;
	long idles;

	for (n = 1; n < xt_ncpu(); n++) {
		xt_note_set(&xn);
		for (i = 1; i <= rounds; i++) {
			idles = xt_idles(n);
			cpu_xcall(xt_cpu(n), &xn.xn_xc);
			XT_WAIT(XT_LOAD(&xn.xn_ran) == i);
			if (idles != -1)
				XT_WAIT(xt_idles(n) != idles);
		}
		XT_NOTE(&xn, n, rounds);
	}
}

/*
 * X-IPI-1: and one that is just about to halt does too: the next call is sent
 * as soon as the one before has run, when the CPU is on its way back.
 */
void
test_run_idle_race(void)
{
	struct xt_note xn;		/* the calls' until they ran */
	unsigned int i, n = xt_ncpu() - 1;
	unsigned long since = xt_msec();

	xt_note_set(&xn);
	for (i = 0; XT_ROUND(i, 5000, since); i++) {
		cpu_xcall(xt_cpu(n), &xn.xn_xc);
		XT_WAIT(XT_LOAD(&xn.xn_ran) == i + 1);
	}
	XT_NOTE(&xn, n, i);
}

/* On the stack of the test until its threads have ended. */
struct only {
	unsigned int	o_to;
	unsigned int	o_ready;	/* CPUs that look on */
	unsigned int	o_stop;
	struct xt_note	o_note;
};

static void
only_look(void *arg)
{
	struct only *o = arg;
	int ipl;

	ipl = splraise(IPL_SOFTCLOCK);
	XT_INC(&o->o_ready);
	XT_WAIT(XT_LOAD(&o->o_stop));
	if (xt_pending() != -1)
		XT_EQ(xt_pending(), 0);
	splx(ipl);
}

static void
only_call(void *arg)
{
	struct only *o = arg;
	unsigned int i;

	XT_WAIT(XT_LOAD(&o->o_ready) == xt_ncpu() - 2);
	for (i = 1; i <= 5; i++) {
		cpu_xcall(xt_cpu(o->o_to), &o->o_note.xn_xc);
		XT_WAIT(XT_LOAD(&o->o_note.xn_ran) == i);
	}
	XT_STORE(&o->o_stop, 1);
}

/*
 * X-IPI-1: the doorbell rings on the CPU it is for, and nowhere else: on the
 * others, at IPL_SOFTCLOCK, nothing becomes pending.
 */
void
test_run_only(void)
{
	unsigned int from, i, step = xt_ncpu() <= 4 ? 1 : xt_ncpu() <= 32 ?
	    xt_ncpu() / 3 + 1 : xt_ncpu() / 2 + 1;
	struct only o;

	for (from = 0; from < xt_ncpu(); from += step) {
		for (o.o_to = 0; o.o_to < xt_ncpu(); o.o_to += step) {
			if (o.o_to == from)
				continue;
			o.o_ready = o.o_stop = 0;
			xt_note_set(&o.o_note);
			for (i = 0; i < xt_ncpu(); i++) {
				if (i != o.o_to)
					xt_thread(i, i == from ? only_call :
					    only_look, &o);
			}
			xt_join();
			XT_NOTE(&o.o_note, o.o_to, 5);
		}
	}
}

static void
wrap_run(void *arg)
{
	(*(unsigned int *)arg)++;
}

/*
 * X-SOFT-2: the queue does not mind how many calls it has had: more than
 * its numbers count.
 */
void
test_run_wrap(void)
{
	unsigned int i, ran = 0;	/* this CPU's alone */
	struct xcall xc = XCALL_INITIALIZER(wrap_run, &ran);
	struct xcall_cpu *xci = &curcpu()->ci_xcall;
	unsigned long s;

	/* As after so many calls that both numbers are about to begin again. */
	s = intr_disable();
	XT_EQ(XCALL_USED(xci->xci_ends), 0);
	xci->xci_ends = -1000U << XCALL_SHIFT;
	xci->xci_tail = -1000U;
	intr_restore(s);
	for (i = 1; i <= 2000; i++) {
		cpu_xcall(curcpu(), &xc);
		if (ran != i)
			break;
	}
	XT_EQ(ran, 2000);
}
