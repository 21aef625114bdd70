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
 * An example of "I have a kernel already": a kernel that is a process, with
 * the cross-call and its tests linked in.  First comes what any kernel has,
 * interrupts and threads; then the clauses of xcall_md.h; then what xtest.h
 * asks for.  It needs mi/xcall, tests/xcall, tests/xtest.h and this folder:
 *
 *	cc -std=gnu11 -pthread -DMULTIPROCESSOR -Imi/xcall -Itests \
 *	    -Itests/host/xcall -DXCALL_MACHINE='"machine.h"' -o xcall \
 *	    mi/xcall/xcall.c tests/xcall/?*.c tests/host/xcall/kernel.c
 *
 * A CPU is a set of pthreads, its threads, of which one runs: the others wait
 * for the baton.  An interrupt is a bit in the CPU's latch and a signal to
 * the thread that runs, which so can come between any two instructions.  With
 * HOST_POLL there is no signal, and the latch is looked at in waiting loops
 * and where interrupts are turned on: ThreadSanitizer holds signals back
 * until a system call, which a CPU that spins need not make.
 */

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "xcall_md.h"
#include "xtest.h"

#define TICK_MS		10
#define STUCK_MS	(2 * xt_limit)

#define INTR_BELL	0x1		/* the doorbell */
#define INTR_TICK	0x2		/* the clock */
#define INTR_WAKE	0x4		/* a thread to run */

struct thread {
	struct thread	 *t_next;	/* in ci_ready or ci_free */
	struct cpu_info	 *t_cpu;
	void		(*t_func)(void *);
	void		 *t_arg;
	sem_t		  t_baton;	/* it runs; or, halted, goes on */
	pthread_t	  t_pthread;
};

struct cpu_info cpu_table[MAXCPUS];
unsigned int cpu_count = 4;
_Thread_local struct cpu_info *cpu_self;
static _Thread_local struct thread *curthread;
static struct cpu_info cpu_offline;	/* one that never starts */
static unsigned int threads_left = 1;	/* [a] not ended; main(), at first */

/* Keeps the compiler from moving what this CPU's interrupts look at. */
#define intr_barrier()	__atomic_signal_fence(__ATOMIC_SEQ_CST)

static void	fatal(const char *, ...)
    __attribute__((__noreturn__, __format__(printf, 1, 2)));
static void	thread_ended(void);

/*
 * Interrupts.
 */

/*
 * Something for this CPU to do?  The doorbell's handler does no more than
 * X-IPI-1 says, and the tick's X-TICK-1; then, X-SOFT-2, the level decides.
 * The interrupt has ended before the dispatch: its bit is out of the latch.
 */
static void
interrupt(struct cpu_info *ci)
{
	unsigned int why;
	int ipl;

	for (;;) {
		ci->ci_introff = 1;
		intr_barrier();
		why = __atomic_exchange_n(&ci->ci_latch, 0, __ATOMIC_ACQUIRE);
		if (why & INTR_BELL)
			cpu_xcall_pend();
		if (why & INTR_TICK)
			cpu_xcall_tick(ci);
		ipl = ci->ci_level;
		if (ipl < IPL_SOFTCLOCK && XT_LOAD(&ci->ci_soft)) {
			XT_STORE(&ci->ci_soft, 0);
			XT_INC(&ci->ci_rounds);
			ci->ci_level = IPL_SOFTCLOCK;
			intr_barrier();
			ci->ci_introff = 0;
			intr_barrier();
			cpu_xcall_dispatch(ci);
			ci->ci_introff = 1;
			intr_barrier();
			ci->ci_level = ipl;
		} else if (why == 0)
			break;
	}
	intr_barrier();
	ci->ci_introff = 0;
	intr_barrier();
}

/* Interrupts are on: take those that are in the latch. */
static void
intr_poll(struct cpu_info *ci)
{
	while (__atomic_load_n(&ci->ci_latch, __ATOMIC_SEQ_CST) != 0 ||
	    (ci->ci_level < IPL_SOFTCLOCK && XT_LOAD(&ci->ci_soft)))
		interrupt(ci);
}

#ifndef HOST_POLL
/*
 * In the thread that ran, or one that has passed the baton since.  With
 * interrupts off the latch keeps it for whoever turns them on.
 */
static void
intr_signal(int sig)
{
	struct cpu_info *ci = curcpu();
	int error = errno;

	(void)sig;
	if (ci != NULL && XT_LOAD(&ci->ci_curthread) == curthread &&
	    !ci->ci_introff)
		interrupt(ci);
	errno = error;
}
#endif

/*
 * Interrupt a CPU.  The latch is set first, then the thread looked for that
 * has to see it; a thread takes the baton first, then looks at the latch.
 */
static void
intr_send(struct cpu_info *ci, unsigned int why)
{
	struct thread *t;

	if (__atomic_fetch_or(&ci->ci_latch, why, __ATOMIC_SEQ_CST) != 0)
		return;			/* one is on its way */
	t = __atomic_load_n(&ci->ci_curthread, __ATOMIC_SEQ_CST);
	if (__atomic_exchange_n(&ci->ci_halted, 0, __ATOMIC_SEQ_CST))
		sem_post(&t->t_baton);
#ifndef HOST_POLL
	else
		pthread_kill(t->t_pthread, SIGUSR1);
#endif
}

static void
baton_wait(struct thread *t)
{
	while (sem_wait(&t->t_baton) == -1 && errno == EINTR)
		continue;
}

/* Halt until there is an interrupt.  Interrupts are off, as for an WFI. */
static void
cpu_halt(struct cpu_info *ci)
{
	XT_INC(&ci->ci_idles);
	__atomic_store_n(&ci->ci_halted, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&ci->ci_latch, __ATOMIC_SEQ_CST) != 0 &&
	    __atomic_exchange_n(&ci->ci_halted, 0, __ATOMIC_SEQ_CST))
		return;
	baton_wait(curthread);
}

/* The clock, which leaves halted CPUs alone, and notices a hang. */
static void *
clock_main(void *arg)
{
	const struct timespec tick = { 0, TICK_MS * 1000000L };
	unsigned int n, rounds, seen = 0;
	unsigned long since = xt_msec();

	(void)arg;
	for (;;) {
		nanosleep(&tick, NULL);
		rounds = 0;
		for (n = 0; n < cpu_count; n++) {
			rounds += XT_LOAD(&cpu_table[n].ci_rounds);
			if (!XT_LOAD(&cpu_table[n].ci_halted))
				intr_send(&cpu_table[n], INTR_TICK);
		}
		if (rounds != seen)
			since = xt_msec();
		seen = rounds;
		if (xt_msec() - since > STUCK_MS)
			fatal("no CPU has dispatched a call for %u s",
			    STUCK_MS / 1000);
	}
	return (NULL);
}

/*
 * Threads.
 */

static void
cpu_lock(struct cpu_info *ci)
{
	while (__atomic_exchange_n(&ci->ci_lock, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void
cpu_unlock(struct cpu_info *ci)
{
	XT_STORE(&ci->ci_lock, 0);
}

/* A thread that may run; it gets the CPU when that one's own gives it up. */
static void
thread_ready(struct thread *t)
{
	struct cpu_info *ci = t->t_cpu;
	unsigned long s;

	s = intr_disable();
	cpu_lock(ci);
	t->t_next = NULL;
	*ci->ci_last = t;
	ci->ci_last = &t->t_next;
	cpu_unlock(ci);
	if (ci != curcpu())
		intr_send(ci, INTR_WAKE);
	intr_restore(s);
}

static struct thread *
thread_next(struct cpu_info *ci)
{
	struct thread *t;

	cpu_lock(ci);
	t = ci->ci_ready;
	if (t != NULL && (ci->ci_ready = t->t_next) == NULL)
		ci->ci_last = &ci->ci_ready;
	cpu_unlock(ci);
	return (t);
}

/*
 * Give the CPU up; interrupts are off.  There is no idle thread: the last
 * one to give it up looks after it until there is another, or itself again.
 */
static void
thread_switch(void)
{
	struct cpu_info *ci = curcpu();
	struct thread *t;

	while ((t = thread_next(ci)) == NULL) {
		cpu_xcall_tick(ci);
		if (!XT_LOAD(&ci->ci_soft))
			cpu_halt(ci);
		intr_restore(0);
		(void)intr_disable();
	}
	if (t == curthread)
		return;
	__atomic_store_n(&ci->ci_curthread, t, __ATOMIC_SEQ_CST);
	sem_post(&t->t_baton);
	baton_wait(curthread);
}

/* Threads are used again: a pthread that a signal is sent to never ends. */
static void *
thread_main(void *arg)
{
	struct thread *t = arg;
	struct cpu_info *ci = t->t_cpu;

	curthread = t;
	cpu_self = ci;
	baton_wait(t);
	for (;;) {
		intr_restore(0);
		(*t->t_func)(t->t_arg);
		(void)intr_disable();
		thread_ended();
		cpu_lock(ci);
		t->t_next = ci->ci_free;
		ci->ci_free = t;
		cpu_unlock(ci);
		thread_switch();
	}
	return (NULL);
}

static struct thread *
thread_new(struct cpu_info *ci)
{
	struct thread *t;

	t = calloc(1, sizeof(*t));
	if (t == NULL || sem_init(&t->t_baton, 0, 0) != 0)
		fatal("no memory for a thread");
	t->t_cpu = ci;
	return (t);
}

static void
thread_start(struct cpu_info *ci, void (*func)(void *), void *arg)
{
	struct thread *t;
	unsigned long s;

	XT_INC(&threads_left);
	s = intr_disable();
	cpu_lock(ci);
	if ((t = ci->ci_free) != NULL)
		ci->ci_free = t->t_next;
	cpu_unlock(ci);
	if (t == NULL) {
		t = thread_new(ci);
		if (pthread_create(&t->t_pthread, NULL, thread_main, t) != 0)
			fatal("no more threads");
	}
	t->t_func = func;
	t->t_arg = arg;
	thread_ready(t);
	intr_restore(s);
}

/* The first thread of a CPU has nothing to do, and gives it up. */
static void
cpu_hatch(void *arg)
{
	struct cpu_info *ci = arg;

	XT_STORE(&ci->ci_running, 1);
}

static void
cpu_start(unsigned int n)
{
	struct cpu_info *ci = &cpu_table[n];
	struct thread *t;

	ci->ci_cpuid = n;
	ci->ci_introff = 1;
	ci->ci_last = &ci->ci_ready;
	cpu_xcall_establish(ci);
	t = thread_new(ci);
	t->t_func = cpu_hatch;
	t->t_arg = ci;
	ci->ci_curthread = t;
	XT_INC(&threads_left);
	sem_post(&t->t_baton);
	if (pthread_create(&t->t_pthread, NULL, thread_main, t) != 0)
		fatal("no more threads");
	while (!CPU_IS_RUNNING(ci))
		sched_yield();
}

/*
 * The clauses of xcall_md.h.
 */

/* X-INTR-1: lazily; the signal comes, and finds that they are off. */
unsigned long
intr_disable(void)
{
	struct cpu_info *ci = curcpu();
	unsigned long s = ci->ci_introff;

	ci->ci_introff = 1;
	intr_barrier();
	return (s);
}

void
intr_restore(unsigned long s)
{
	struct cpu_info *ci = curcpu();

	intr_barrier();
	if (!intr_enabled(s))
		return;
	ci->ci_introff = 0;
	intr_barrier();
	intr_poll(ci);
}

/* X-SPL-1: no level keeps the doorbell out, so these are only numbers. */
int
splraise(int ipl)
{
	struct cpu_info *ci = curcpu();
	int old = ci->ci_level;

	if (ipl > old)
		ci->ci_level = ipl;
	intr_barrier();
	return (old);
}

void
splx(int ipl)
{
	struct cpu_info *ci = curcpu();

	intr_barrier();
	ci->ci_level = ipl;
	intr_barrier();
	if (!ci->ci_introff)
		intr_poll(ci);
}

/* X-IPI-1: the latch is released, and acquired in interrupt(). */
void
cpu_xcall_ipi(struct cpu_info *ci)
{
	intr_send(ci, INTR_BELL);
}

/* X-SOFT-1. */
void
cpu_xcall_pend(void)
{
	XT_STORE(&curcpu()->ci_soft, 1);
}

/* X-WAIT-1: who comes second sees what the first has left in c_thread. */
void
cond_wait(struct cond *c, const char *wmesg)
{
	struct thread *none = (struct thread *)1;
	unsigned long s;

	(void)wmesg;
	s = intr_disable();
	if (__atomic_compare_exchange_n(&c->c_thread, &none, curthread, 0,
	    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		thread_switch();
	intr_restore(s);
}

void
cond_signal(struct cond *c)
{
	struct thread *t;

	/* From here on the cond may be gone. */
	t = __atomic_exchange_n(&c->c_thread, NULL, __ATOMIC_ACQ_REL);
	if (t != NULL && t != (struct thread *)1)
		thread_ready(t);
}

int
cpu_can_sleep(void)
{
	return (curcpu()->ci_level < IPL_SOFTCLOCK && !curcpu()->ci_introff);
}

/* X-WAIT-2: whoever is waited for may want this processor of the host. */
void
CPU_BUSY_CYCLE(void)
{
	static _Thread_local unsigned int cycles;

#ifdef HOST_POLL
	if (!curcpu()->ci_introff)
		intr_poll(curcpu());
#endif
	if (++cycles % 32 == 0)
		sched_yield();
}

/*
 * What xtest.h asks for.
 */

static unsigned int lines;		/* [a] printed */
static unsigned int test_fails;		/* [a] of the test that runs */
static const char *test_skipped;	/* why */
static const struct xtest *test_current;
static struct cond threads_done = COND_INITIALIZER();

/* The thread that is expected to panic, and where it goes on then. */
static struct {
	struct thread	 *v_thread;	/* [a] */
	void		(*v_func)(void *);
	void		 *v_arg;
	int		  v_panicked;
	struct cond	  v_ended;
	char		  v_msg[256];
	jmp_buf		  v_env;
} victim;

/* A line at a time; interrupts are off, for a call may print as well. */
static void
vprint(const char *what, const char *fmt, va_list ap)
{
	char line[400];
	unsigned long s;
	int len;

	s = intr_disable();
	len = snprintf(line, sizeof(line), "%s", what);
	vsnprintf(line + len, sizeof(line) - len - 1, fmt, ap);
	len = strlen(line);
	line[len++] = '\n';
	XT_INC(&lines);
	if (write(STDOUT_FILENO, line, len) != len)
		_exit(2);
	intr_restore(s);
}

static void __attribute__((__format__(printf, 1, 2)))
print(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprint("", fmt, ap);
	va_end(ap);
}

/* Of a kernel that is stuck: read without locks, as far as it goes. */
static void __attribute__((__no_sanitize__("thread")))
report(void)
{
	const struct cpu_info *ci;

	for (ci = cpu_table; ci < &cpu_table[cpu_count]; ci++) {
		print("# cpu%u: level %d, interrupts %s, latch 0x%x, pending "
		    "%u, halted %u, queue %u of %d, %u taken off, depth %u",
		    ci->ci_cpuid, ci->ci_level, ci->ci_introff ? "off" : "on",
		    ci->ci_latch, ci->ci_soft, ci->ci_halted,
		    XCALL_USED(ci->ci_xcall.xci_ends), XCALL_NSLOT,
		    ci->ci_xcall.xci_tail, ci->ci_xcall.xci_depth);
	}
	if (test_current != NULL)
		print("# %s proves %s", test_current->xt_name,
		    test_current->xt_clauses);
}

static void
fatal(const char *fmt, ...)
{
	va_list ap;

	cpu_self = &cpu_offline;	/* it takes no interrupts */
	report();
	va_start(ap, fmt);
	vprint("panic: ", fmt, ap);
	va_end(ap);
	_exit(2);
}

/* X-DIAG-1. */
void
panic(const char *fmt, ...)
{
	struct cpu_info *ci = curcpu();
	va_list ap;

	(void)intr_disable();
	va_start(ap, fmt);
	if (curthread == NULL || XT_LOAD(&victim.v_thread) != curthread) {
		report();
		vprint("panic: ", fmt, ap);
		_exit(2);
	}
	vsnprintf(victim.v_msg, sizeof(victim.v_msg), fmt, ap);
	va_end(ap);
	ci->ci_level = IPL_NONE;
	ci->ci_xcall.xci_depth = 0;
	if (XT_QUEUED(ci) != 0)
		cpu_xcall_pend();
	longjmp(victim.v_env, 1);
}

static void
victim_run(void *arg)
{
	(void)arg;
	XT_STORE(&victim.v_thread, curthread);
	if (setjmp(victim.v_env) == 0)
		(*victim.v_func)(victim.v_arg);
	else
		victim.v_panicked = 1;
	XT_STORE(&victim.v_thread, NULL);
	intr_restore(0);
	cond_signal(&victim.v_ended);
}

const char *
xt_panics(unsigned int n, void (*func)(void *), void *arg)
{
	victim.v_func = func;
	victim.v_arg = arg;
	victim.v_panicked = 0;
	victim.v_ended = (struct cond)COND_INITIALIZER();
	xt_thread(n, victim_run, NULL);
	cond_wait(&victim.v_ended, "victim");
	return (victim.v_panicked ? victim.v_msg : NULL);
}

unsigned int
xt_ncpu(void)
{
	return (cpu_count);
}

struct cpu_info *
xt_cpu(unsigned int n)
{
	return (&cpu_table[n]);
}

unsigned int
xt_self(void)
{
	return (curcpu()->ci_cpuid);
}

struct cpu_info *
xt_offline(void)
{
	return (&cpu_offline);
}

void
xt_thread(unsigned int n, void (*func)(void *), void *arg)
{
	thread_start(xt_cpu(n), func, arg);
}

static void
thread_ended(void)
{
	if (XT_ADD(&threads_left, -1) == 0)
		cond_signal(&threads_done);
}

/* The test's own thread does not count meanwhile. */
void
xt_join(void)
{
	if (XT_ADD(&threads_left, -1) != 0)
		cond_wait(&threads_done, "xtjoin");
	threads_done = (struct cond)COND_INITIALIZER();
	XT_STORE(&threads_left, 1);
}

void
xt_yield(void)
{
	unsigned long s;

	CPU_BUSY_CYCLE();
	s = intr_disable();
	thread_ready(curthread);
	thread_switch();
	intr_restore(s);
}

int
xt_level(void)
{
	return (curcpu()->ci_level);
}

int
xt_ipl_high(void)
{
	return (IPL_HIGH);
}

int
xt_pending(void)
{
	return (XT_LOAD(&curcpu()->ci_soft));
}

long
xt_idles(unsigned int n)
{
	return (XT_LOAD(&cpu_table[n].ci_idles));
}

unsigned long
xt_msec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec * 1000UL + ts.tv_nsec / 1000000);
}

void
xt_fail(const char *file, int line, const char *fmt, ...)
{
	char what[80];
	va_list ap;

	if (XT_ADD(&test_fails, 1) > 10)
		return;
	snprintf(what, sizeof(what), "# %s:%d: cpu%u: ", file, line,
	    xt_self());
	va_start(ap, fmt);
	vprint(what, fmt, ap);
	va_end(ap);
}

void
xt_skip(const char *why)
{
	test_skipped = why;
}

void
xt_stuck(const char *file, int line, const char *what)
{
	fatal("%s:%d: cpu%u waited %u s for: %s", file, line, xt_self(),
	    xt_limit / 1000, what);
}

/* Runs a test; returns whether it failed. */
static int
test_run(const struct xtest *xt, unsigned int number)
{
	test_current = xt;
	test_fails = 0;
	test_skipped = NULL;
	if (cpu_count >= xt->xt_mincpus) {
		(*xt->xt_func)();
		xt_join();
	} else
		test_skipped = "needs more CPUs";
	if (test_fails != 0)
		print("# %s proves %s", xt->xt_name, xt->xt_clauses);
	print("%sok %u - %s%s%s", test_fails != 0 ? "not " : "", number,
	    xt->xt_name, test_skipped != NULL ? " # SKIP " : "",
	    test_skipped != NULL ? test_skipped : "");
	return (test_fails != 0);
}

/* The tests that have a word in their names; all have the empty one. */
static void
suite_run(void *arg)
{
	const char *word = arg;
	const struct xtest *xt;
	unsigned int n = 0, failed = 0;

	(void)XT_ADD(&threads_left, -1);	/* main() */
	printf("==== portkit begin arch=host cpus=%u ====\n", cpu_count);
	for (xt = xcall_tests; xt->xt_name != NULL; xt++)
		n += xt_names(xt->xt_name, word);
	fflush(stdout);
	print("1..%u", n);
	n = 0;
	for (xt = xcall_tests; xt->xt_name != NULL; xt++) {
		if (xt_names(xt->xt_name, word))
			failed += test_run(xt, ++n);
	}
	(void)intr_disable();
	printf("==== portkit end tests=%u failed=%u lines=%u ====\n", n,
	    failed, XT_LOAD(&lines));
	exit(failed != 0);
}

int
main(int argc, char *argv[])
{
	pthread_t pt;
	unsigned int n;
	int ch;

	while ((ch = getopt(argc, argv, "c:n:")) != -1) {
		if (ch == 'c') {
			xt_calls = atoi(optarg);
			xt_race = UINT_MAX;	/* all of them */
		} else if (ch == 'n')
			cpu_count = atoi(optarg);
		else {
			fprintf(stderr,
			    "usage: xcall [-c calls] [-n cpus] [word]\n");
			return (2);
		}
	}
#ifndef MULTIPROCESSOR
	cpu_count = 1;
#endif
	if (cpu_count < 1 || cpu_count > MAXCPUS)
		fatal("from 1 to %d CPUs", MAXCPUS);
#ifndef HOST_POLL
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = intr_signal;
	sa.sa_flags = SA_NODEFER;
	sigaction(SIGUSR1, &sa, NULL);
#endif
	cpu_xcall_establish(&cpu_offline);
	cpu_offline.ci_introff = 1;
	cpu_self = &cpu_offline;
	for (n = 0; n < cpu_count; n++)
		cpu_start(n);
	thread_start(&cpu_table[0], suite_run,
	    optind < argc ? argv[optind] : "");
	if (pthread_create(&pt, NULL, clock_main, NULL) != 0)
		fatal("no clock");
	pthread_join(pt, NULL);
	return (2);
}
