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
 * The conformance suite, as this kit's kernel runs it: what xtest.h asks for,
 * and the run from the begin marker to the end marker.
 *
 * Everything that is printed in between goes through suite_line(), which
 * counts: the end marker says how many lines there were, so that a console
 * that lost some, or has others in it, shows.
 *
 * tests=WORD on the command line picks the tests that have WORD in their
 * names, tests=WORD,WORD those of either, tests=-WORD,-WORD all but those;
 * stage=NAME of these the ones of that stage of a port, port-guide/stages.
 * wait=N: what has not come in N seconds never comes.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "synch.h"
#include "xtest.h"
#include "kit/kit.h"
#include "stages.h"

#define NSTART		(8 * MAXCPUS)	/* threads at a time */
#define MAXFAIL		10		/* reasons printed of one test */

static struct cpu_info *suite_cpus[MAXCPUS];	/* those that run */
static unsigned int suite_index[MAXCPUS];	/* of a ci_cpuid */
static unsigned int suite_ncpu;
static struct cpu_info suite_offline;		/* made up */
static unsigned int suite_lines;		/* [a] printed */
static uint64_t suite_khz;			/* of md_clock_read() */

/* The test that runs. */
static unsigned int test_fails;			/* [a] */
static const char *test_skipped;		/* why */
static const struct xtest *test_current;	/* for the report of a panic */
static unsigned int test_dropped[MAXCPUS];	/* xci_dropped before */

/* A thread's, from xt_thread() until it has read them. */
static struct start {
	void		(*s_func)(void *);
	void		 *s_arg;
	unsigned int	  s_used;		/* [a] */
} starts[NSTART];
static unsigned int starts_running;		/* [a] threads */

/* The thread that is expected to panic: at most one. */
enum { VICTIM_NONE, VICTIM_RUNS, VICTIM_ENDED, VICTIM_PANICKED };
static struct {
	struct thread	 *v_thread;
	void		(*v_func)(void *);
	void		 *v_arg;
	unsigned int	  v_state;		/* [a] stored last */
	char		  v_msg[256];
} victim;

static void suite_line(const char *, ...)
    __attribute__((__format__(printf, 1, 2)));

/* One line, whatever is in it; any context. */
static void
suite_line(const char *fmt, ...)
{
	char line[380];
	va_list ap;
	int i;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	for (i = 0; line[i] != '\0'; i++) {
		if (line[i] < ' ' || line[i] > '~')
			line[i] = ' ';
	}
	XT_INC(&suite_lines);
	printf("%s\n", line);
}

void
kit_note(const char *fmt, ...)
{
	char line[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	suite_line("# %s", line);
}

unsigned int
xt_ncpu(void)
{
	return (suite_ncpu);
}

struct cpu_info *
xt_cpu(unsigned int n)
{
	KASSERT(n < suite_ncpu);
	return (suite_cpus[n]);
}

unsigned int
xt_self(void)
{
	return (suite_index[curcpu()->ci_cpuid]);
}

/* One that did not start, or else one that never existed. */
struct cpu_info *
xt_offline(void)
{
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;

	CPU_INFO_FOREACH(cii, ci) {
		if (!CPU_IS_RUNNING(ci))
			return (ci);
	}
	memset(&suite_offline, 0, sizeof(suite_offline));
	suite_offline.ci_self = &suite_offline;
	suite_offline.ci_cpuid = MAXCPUS - 1;
	cpu_xcall_establish(&suite_offline);
	return (&suite_offline);
}

static void
start_run(void *arg)
{
	struct start *s = arg;
	void (*func)(void *) = s->s_func;
	void *func_arg = s->s_arg;

	XT_STORE(&s->s_used, 0);
	(*func)(func_arg);
	if (XT_ADD(&starts_running, -1) == 0)
		wakeup(&starts_running);
}

void
xt_thread(unsigned int n, void (*func)(void *), void *arg)
{
	struct start *s = NULL;
	unsigned int i, none;

	for (i = 0; i < NSTART && s == NULL; i++) {
		none = 0;
		if (atomic_cas(&starts[i].s_used, &none, 1))
			s = &starts[i];
	}
	if (s == NULL)
		panic("xt_thread: more than %d threads", NSTART);
	s->s_func = func;
	s->s_arg = arg;
	XT_INC(&starts_running);
	thread_create(xt_cpu(n), start_run, s, "test");
}

void
xt_join(void)
{
	unsigned long since = xt_msec();

	while (XT_LOAD(&starts_running) != 0) {
		sleep_setup(&starts_running, "xtjoin");
		sleep_finish(HZ, XT_LOAD(&starts_running) != 0);
		if (xt_msec() - since > 5 * xt_limit)
			xt_stuck(__FILE__, __LINE__, "threads end");
	}
}

void
xt_yield(void)
{
	CPU_BUSY_CYCLE();
	yield();
}

int
xt_level(void)
{
	return (curcpu()->ci_ilevel);
}

int
xt_ipl_high(void)
{
	return (IPL_HIGH);
}

int
xt_pending(void)
{
	return ((XT_LOAD(&curcpu()->ci_ipending) >> SLOT_XCALL) & 1);
}

long
xt_idles(unsigned int n)
{
	return (XT_LOAD(&xt_cpu(n)->ci_idles));
}

unsigned long
xt_msec(void)
{
	return (md_clock_read() / suite_khz);
}

void
xt_fail(const char *file, int line, const char *fmt, ...)
{
	char why[300];
	unsigned int n;
	va_list ap;

	n = XT_ADD(&test_fails, 1);
	if (n > MAXFAIL)
		return;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	suite_line("# %s:%d: cpu%u: %s%s", file, line, curcpu()->ci_cpuid,
	    why, n == MAXFAIL ? " (and no more)" : "");
}

void
xt_skip(const char *why)
{
	test_skipped = why;
}

void
xt_stuck(const char *file, int line, const char *what)
{
	static unsigned int reported;		/* [a] */

	/* Many may wait for the same; the panic of the first stops them. */
	if (XT_ADD(&reported, 1) != 1) {
		for (;;)
			CPU_BUSY_CYCLE();
	}
	xcall_report();
	panic("%s:%d: cpu%u waited %u s for: %s", file, line,
	    curcpu()->ci_cpuid, xt_limit / 1000, what);
}

/*
 * Called by every panic, in its context.  That of the victim ends here: its
 * CPU is brought back to where a thread is, and the thread ends.  A panic of
 * the watchdogs, which happens to interrupt the victim, is a real one.
 */
static void
suite_panic(const char *msg)
{
	struct cpu_info *ci = curcpu();

	if (ci->ci_curthread != victim.v_thread ||
	    xt_names(msg, "watchdog") || xt_names(msg, " waited ")) {
		if (test_current != NULL && panicstr == NULL)
			printf("# %s proves %s\n", test_current->xt_name,
			    test_current->xt_clauses);
		return;
	}
	intr_disable();
	victim.v_thread = NULL;
	snprintf(victim.v_msg, sizeof(victim.v_msg), "%s", msg);
	ci->ci_xwait = NULL;
	ci->ci_curthread->t_xci = NULL;
	ci->ci_idepth = 0;
	ci->ci_xcall.xci_depth = 0;
	if (XT_QUEUED(ci) != 0)
		cpu_xcall_pend();
	splx(IPL_NONE);
	intr_enable();
	XT_STORE(&victim.v_state, VICTIM_PANICKED);
	wakeup(&victim);
	thread_exit();
}

static void
victim_run(void *arg)
{
	(void)arg;
	victim.v_thread = curthread;
	(*victim.v_func)(victim.v_arg);
	victim.v_thread = NULL;
	XT_STORE(&victim.v_state, VICTIM_ENDED);
	wakeup(&victim);
}

const char *
xt_panics(unsigned int n, void (*func)(void *), void *arg)
{
	unsigned long since = xt_msec();

	KASSERT(victim.v_thread == NULL);
	victim.v_func = func;
	victim.v_arg = arg;
	victim.v_state = VICTIM_RUNS;
	thread_create(xt_cpu(n), victim_run, NULL, "victim");
	while (XT_LOAD(&victim.v_state) == VICTIM_RUNS) {
		sleep_setup(&victim, "victim");
		sleep_finish(HZ, XT_LOAD(&victim.v_state) == VICTIM_RUNS);
		if (xt_msec() - since > 2 * xt_limit)
			xt_stuck(__FILE__, __LINE__, "a thread panics");
	}
	return (victim.v_state == VICTIM_PANICKED ? victim.v_msg : NULL);
}

/*
 * What holds on a CPU whenever nothing happens.  In a thread of that CPU,
 * when every thread of the test has ended.
 */
static void
idle_check(void *arg)
{
	struct cpu_info *ci = curcpu();
	struct xcall_cpu *xci = &ci->ci_xcall;
	unsigned long pending = XT_LOAD(&ci->ci_ipending);
	unsigned int i;

	(void)arg;
	XT_EQ(ci->ci_ilevel, IPL_NONE);
	XT_CHECK(xt_intr());
	XT_EQ(pending, 0);
	XT_EQ(ci->ci_idepth, 0);
	XT_CHECK(ci->ci_xwait == NULL);
	XT_EQ(XT_QUEUED(ci), 0);
	for (i = 0; i < XCALL_NSLOT; i++)
		XT_CHECK(XT_LOAD(&xci->xci_slots[i]) == NULL);
	XT_EQ(xci->xci_depth, 0);
	XT_EQ(XT_LOAD(&xci->xci_dropped), test_dropped[xt_self()]);
	kit_state();
}

/* X-WATCH-1: nor is any thread on record as waiting for a call. */
static void
idle_check_threads(void)
{
	const struct thread *t;

	for (t = threads; t != NULL; t = t->t_all)
		XT_CHECK(t->t_name == NULL || t->t_xci == NULL);
}

static void
test_run(const struct xtest *xt)
{
	unsigned int n;

	test_current = xt;
	test_fails = 0;
	test_skipped = NULL;
	if (suite_ncpu < xt->xt_mincpus) {
		test_skipped = "needs more CPUs";
		return;
	}
	for (n = 0; n < suite_ncpu; n++)
		test_dropped[n] = XT_LOAD(&suite_cpus[n]->ci_xcall.xci_dropped);
	(*xt->xt_func)();
	xt_join();
	for (n = 0; n < suite_ncpu; n++) {
		if (CPU_IS_RUNNING(suite_cpus[n]))	/* not stopped */
			xt_thread(n, idle_check, NULL);
	}
	xt_join();
	idle_check_threads();
	kit_stacks();
	test_current = NULL;
}

/* Returns whether it failed. */
static int
test_report(const struct xtest *xt, unsigned int number)
{
	if (test_fails != 0) {
		suite_line("# %s proves %s", xt->xt_name, xt->xt_clauses);
		suite_line("not ok %u - %s", number, xt->xt_name);
		return (1);
	}
	if (test_skipped == NULL)
		suite_line("ok %u - %s", number, xt->xt_name);
	else if (suite_ncpu < xt->xt_mincpus)
		suite_line("ok %u - %s # SKIP needs %u CPUs", number,
		    xt->xt_name, xt->xt_mincpus);
	else
		suite_line("ok %u - %s # SKIP %s", number, xt->xt_name,
		    test_skipped);
	return (0);
}

/* Which tests: suite=NAME, or what the kernel is made for. */
static const struct {
	const char	   *s_name;
	const struct xtest *s_tables[3];
} suites[] = {
#ifdef HOOKS
	{ "hook", { hook_tests } },
#endif
	{ "conform", { xcall_tests, kit_tests } },
	{ "sweep", { sweep_tests } },
	{ "compare", { compare_tests } },
	{ "time", { compare_tests } },
};
static const struct xtest *const *tables = suites[0].s_tables;
#define STAGE_ALL	nitems(stage_names)
static unsigned int stage = STAGE_ALL;

static void
suite_choose(void)
{
	char buf[16];
	size_t i;

	if (boot_arg("suite", buf, sizeof(buf)) == NULL)
		return;
	for (i = 0; strcmp(suites[i].s_name, buf) != 0; i++) {
		if (i + 1 == nitems(suites))
			panic("suite=%s: there is no such suite", buf);
	}
	tables = suites[i].s_tables;
}

/* A test belongs to the last of the stages of its clauses. */
static unsigned int
test_stage(const struct xtest *xt)
{
	const char *c = xt->xt_clauses;
	unsigned int last = 0;
	size_t i, n;

	for (; *c != '\0'; c += c[n] == ' ' ? n + 1 : n) {
		for (n = 0; c[n] != '\0' && c[n] != ' '; n++)
			continue;
		for (i = 0; i < nitems(stage_clauses); i++) {
			if (strncmp(stage_clauses[i].c_name, c, n) == 0 &&
			    stage_clauses[i].c_name[n] == '\0' &&
			    stage_clauses[i].c_stage > last)
				last = stage_clauses[i].c_stage;
		}
	}
	return (last);
}

static void
stage_choose(void)
{
	char buf[16];

	if (boot_arg("stage", buf, sizeof(buf)) == NULL)
		return;
	for (stage = 0; strcmp(stage_names[stage], buf) != 0; stage++) {
		if (stage + 1 == nitems(stage_names))
			panic("stage=%s: there is no such stage", buf);
	}
}

static int
test_wanted(const struct xtest *xt, const char *want)
{
	char word[64];
	int all = 1, named = 0, except;
	size_t n;

	if (stage != STAGE_ALL && test_stage(xt) != stage)
		return (0);
	while (want != NULL && *want != '\0') {
		except = *want == '-';
		want += except;
		for (n = 0; want[n] != '\0' && want[n] != ','; n++)
			continue;
		snprintf(word, n + 1 < sizeof(word) ? n + 1 : sizeof(word),
		    "%s", want);
		want += want[n] == ',' ? n + 1 : n;
		if (except && xt_names(xt->xt_name, word))
			return (0);
		all &= except;
		named |= !except && xt_names(xt->xt_name, word);
	}
	return (all || named);
}

static unsigned int
suite_plan(const char *want)
{
	const struct xtest *xt;
	unsigned int i, n = 0;

	for (i = 0; tables[i] != NULL; i++) {
		for (xt = tables[i]; xt->xt_name != NULL; xt++)
			n += test_wanted(xt, want);
	}
	return (n);
}

static unsigned int
suite_run(const char *want)
{
	const struct xtest *xt;
	unsigned int i, failed = 0, number = 0;

	for (i = 0; tables[i] != NULL; i++) {
		for (xt = tables[i]; xt->xt_name != NULL; xt++) {
			if (!test_wanted(xt, want))
				continue;
			test_run(xt);
			failed += test_report(xt, ++number);
		}
	}
	return (failed);
}

static void
suite_init(void)
{
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;

	suite_khz = md_clock_hz / 1000;
	CPU_INFO_FOREACH(cii, ci) {
		if (!CPU_IS_RUNNING(ci))
			continue;
		suite_index[ci->ci_cpuid] = suite_ncpu;
		suite_cpus[suite_ncpu++] = ci;
	}
	/* An emulator's host has few CPUs, and other work. */
	xt_limit += xt_limit * (suite_ncpu / 16);
	xt_limit = 1000 * boot_number("wait", xt_limit / 1000);
	panic_hook = suite_panic;
	kit_init();
	kit_state_init();
}

/* As intr_print(), but counted. */
static void
suite_slots(void)
{
	const struct intrsource *is;
	char line[360];
	int slot, len;

	len = snprintf(line, sizeof(line), "slots in use, of %d:", INTR_NSLOT);
	for (slot = INTR_NSLOT - 1; slot >= 0; slot--) {
		is = &intr_sources[slot];
		if (is->is_func == NULL)
			continue;
		if (len > 300) {
			suite_line("# %s", line);
			len = 0;
		}
		len += snprintf(line + len, sizeof(line) - len, " %d=%s@%d",
		    slot, is->is_name, is->is_ipl);
	}
	suite_line("# %s", line);
}

/* CLK-1: the boot runner, which has another clock, compares. */
static void
suite_clock(void)
{
	suite_line("# the clock is at %lu ms", xt_msec());
}

void
user_main(void *arg)
{
	char buf[128];
	const char *want;
	unsigned int failed, planned;

	(void)arg;
	suite_init();
	suite_choose();
	stage_choose();
	want = boot_arg("die", buf, sizeof(buf));
	if (want != NULL)
		kit_die(want);
	want = boot_arg("tests", buf, sizeof(buf));
	planned = suite_plan(want);
	printf("==== portkit begin arch=%s cpus=%u ====\n", MD_NAME,
	    suite_ncpu);
	suite_line("1..%u", planned);
	suite_slots();
	suite_clock();
	failed = suite_run(want);
	suite_clock();
	printf("==== portkit end tests=%u failed=%u lines=%u ====\n", planned,
	    failed, XT_LOAD(&suite_lines));
	md_end(failed != 0);
}
