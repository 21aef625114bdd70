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
 * Threads: a run queue for each CPU, sleep and wakeup, and the idle loop.
 * One mutex guards them all.  Nothing is preempted: a thread that an
 * interrupt makes runnable runs when the one on its CPU gives way.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"

static struct mutex sched_mtx = MUTEX_INITIALIZER(IPL_HIGH);
struct thread *threads;			/* all that ever were; [s] to add */
static struct thread *freethreads;	/* ended, to be used again */

#define SLEEPQ_SIZE	64
static struct thread *sleepq[SLEEPQ_SIZE];	/* oldest first */
#define SLEEPQ(_c)	(&sleepq[((uintptr_t)(_c) >> 4) % SLEEPQ_SIZE])

/* Make it run on its CPU, and see that the CPU notices. */
static void
setrunqueue(struct thread *t)
{
	struct cpu_info *ci = t->t_cpu;

	KASSERT(mtx_owned(&sched_mtx));
	t->t_next = NULL;
	*ci->ci_runqend = t;
	ci->ci_runqend = &t->t_next;
	/* An idle CPU looks at its queue with the mutex, then halts. */
	if (ci != curcpu() && ci->ci_curthread == ci->ci_idle)
		cpu_unidle(ci);
}

/*
 * Give the CPU to the next thread, or to its idle thread.  Returns when this
 * one runs again.  The mutex is held, and is handed over: whoever goes on
 * here releases it, and restores its own level.
 */
static void
mi_switch(void)
{
	struct cpu_info *ci = curcpu();
	struct thread *old = ci->ci_curthread, *new;
	int s = sched_mtx.mtx_oldipl;

	KASSERT(mtx_owned(&sched_mtx));
	new = ci->ci_runq;
	if (new == NULL)
		new = ci->ci_idle;
	else if ((ci->ci_runq = new->t_next) == NULL)
		ci->ci_runqend = &ci->ci_runq;
	if (new != old) {
		ci->ci_curthread = new;
		/* The clock may have stopped; from here on it will not. */
		if (old == ci->ci_idle)
			clock_resume();
		cpu_switchto(old, new);
	}
	sched_mtx.mtx_oldipl = s;
}

/* The one that ended before this one runs is now off its stack. */
static void
thread_reap(void)
{
	struct cpu_info *ci = curcpu();
	struct thread *t = ci->ci_dead;

	KASSERT(mtx_owned(&sched_mtx));
	ci->ci_dead = NULL;
	if (t != NULL) {
		t->t_next = freethreads;
		freethreads = t;
	}
}

static void
sched_enter(void)
{
	mtx_enter(&sched_mtx);
}

static void
sched_leave(void)
{
	thread_reap();
	mtx_leave(&sched_mtx);
}

static struct thread *
thread_alloc(void)
{
	struct thread *t;

	sched_enter();
	t = freethreads;
	if (t != NULL)
		freethreads = t->t_next;
	sched_leave();
	if (t == NULL) {
		t = kmem_alloc(sizeof(*t));
		t->t_stack = kstack_alloc();
		sched_enter();
		t->t_all = threads;
		threads = t;
		sched_leave();
	}
	return (t);
}

static struct thread *
thread_new(struct cpu_info *ci, void (*func)(void *), void *arg,
    const char *name)
{
	struct thread *t;

	t = thread_alloc();
	t->t_cpu = ci;
	t->t_func = func;
	t->t_arg = arg;
	t->t_name = name;
	t->t_wchan = NULL;
	t->t_wmesg = NULL;
	t->t_xci = NULL;
	cpu_fork(t);
	return (t);
}

struct thread *
thread_create(struct cpu_info *ci, void (*func)(void *), void *arg,
    const char *name)
{
	struct thread *t;

	KCLAUSE(ci->ci_runqend != NULL, "THR-2", "the CPU was never started");
	KCLAUSE(func != NULL, "THR-2", "no function");
	t = thread_new(ci, func, arg, name);
	sched_enter();
	setrunqueue(t);
	sched_leave();
	return (t);
}

/* Where a new thread begins: it has the mutex from the one before. */
void
thread_start(void)
{
	struct thread *t = curthread;

	sched_mtx.mtx_oldipl = IPL_NONE;
	sched_leave();
	(*t->t_func)(t->t_arg);
	thread_exit();
}

void
thread_exit(void)
{
	struct cpu_info *ci = curcpu();

	sched_enter();
	thread_reap();
	ci->ci_dead = ci->ci_curthread;
	ci->ci_curthread->t_name = NULL;
	mi_switch();
	panic("THR-1: thread_exit: an ended thread runs");
}

void
yield(void)
{
	KCLAUSE(cpu_can_sleep(), "SLEEP-1",
	    "not a thread below IPL_SOFTCLOCK with interrupts on");
	sched_enter();
	if (curthread != curcpu()->ci_idle)
		setrunqueue(curthread);
	mi_switch();
	sched_leave();
}

int
intr_on(void)
{
	unsigned long s;

	s = intr_disable();
	intr_restore(s);
	return (intr_enabled(s));
}

int
cpu_can_sleep(void)
{
	struct cpu_info *ci = curcpu();

	return (intr_on() && ci->ci_ilevel < IPL_SOFTCLOCK &&
	    ci->ci_idepth == 0 && ci->ci_curthread != ci->ci_idle);
}

/*
 * Sleeping.  A thread that has announced what it waits for looks at its
 * condition once more and then sleeps, unless it was woken since.
 */
void
sleep_setup(const void *chan, const char *wmesg)
{
	struct thread *t = curthread, **tp;

	if (predict_false(!cpu_can_sleep()))
		panic("SLEEP-1: sleep: %s: not a thread below IPL_SOFTCLOCK "
		    "with interrupts on", wmesg);
	sched_enter();
	for (tp = SLEEPQ(chan); *tp != NULL; tp = &(*tp)->t_next)
		continue;
	t->t_wchan = chan;
	t->t_wmesg = wmesg;
	t->t_timedout = 0;
	t->t_next = NULL;
	*tp = t;
	sched_leave();
}

/* It is off its sleep queue: one not asleep yet will see that it was woken. */
static void
thread_wake(struct thread *t)
{
	t->t_wchan = NULL;
	if (t->t_cpu->ci_curthread != t)
		setrunqueue(t);
}

static void
unsleep(struct thread *t)
{
	struct thread **tp;

	for (tp = SLEEPQ(t->t_wchan); *tp != t; tp = &(*tp)->t_next)
		continue;
	*tp = t->t_next;
	t->t_wchan = NULL;
}

static void
endtsleep(void *arg)
{
	struct thread *t = arg;

	sched_enter();
	if (t->t_wchan != NULL) {
		unsleep(t);
		t->t_timedout = 1;
		thread_wake(t);
	}
	t->t_timeoutrun = 1;
	sched_leave();
}

int
sleep_finish(unsigned int timo, int do_sleep)
{
	struct thread *t = curthread;

	if (do_sleep && timo != INFSLP) {
		t->t_timeoutrun = 0;
		timeout_set(&t->t_timeout, endtsleep, t);
		timeout_add(&t->t_timeout, timo);
	}
	MD_POINT("finish");
	sched_enter();
	if (t->t_wchan != NULL) {
		if (do_sleep)
			mi_switch();
		else
			unsleep(t);
		MD_POINT("resume");
	}
	sched_leave();
	if (do_sleep && timo != INFSLP && !timeout_del(&t->t_timeout)) {
		/* Its handler must not meet the next sleep. */
		while (!atomic_load_acquire(&t->t_timeoutrun))
			CPU_BUSY_CYCLE();
	}
	return (t->t_timedout ? EWOULDBLOCK : 0);
}

int
tsleep(const void *chan, const char *wmesg, unsigned int timo)
{
	sleep_setup(chan, wmesg);
	return (sleep_finish(timo, 1));
}

void
wakeup_n(const void *chan, int n)
{
	struct thread **tp, *t;

	MD_POINT("wake");
	sched_enter();
	for (tp = SLEEPQ(chan); (t = *tp) != NULL && n != 0;) {
		if (t->t_wchan != chan) {
			tp = &t->t_next;
			continue;
		}
		*tp = t->t_next;
		thread_wake(t);
		n--;
	}
	sched_leave();
}

void
wakeup(const void *chan)
{
	wakeup_n(chan, -1);
}

void
wakeup_one(const void *chan)
{
	wakeup_n(chan, 1);
}

/* cond(9).  The signaller's last access is the store: the rest is by name. */
void
cond_init(struct cond *c)
{
	atomic_store_relaxed(&c->c_wait, 1);
}

void
cond_signal(struct cond *c)
{
	/* Release: what the waiter waits for; pairs with cond_wait(). */
	atomic_store_release(&c->c_wait, 0);
	MD_POINT("signalled");
	wakeup_one(c);
}

void
cond_wait(struct cond *c, const char *wmesg)
{
	unsigned int wait;

	MD_POINT("waits");
	/* Acquire; pairs with cond_signal(). */
	while (atomic_load_acquire(&c->c_wait) != 0) {
		MD_POINT("looked");
		sleep_setup(c, wmesg);
		MD_POINT("setup");
		wait = atomic_load_acquire(&c->c_wait);
		sleep_finish(INFSLP, wait != 0);
	}
}

/* refcnt(9). */
void
refcnt_init(struct refcnt *r)
{
	atomic_store_relaxed(&r->r_refs, 1);
}

void
refcnt_take(struct refcnt *r)
{
	if (predict_false(atomic_add_nv(&r->r_refs, 1) < 2))
		panic("REF-1: refcnt_take: %p was free", (void *)r);
}

int
refcnt_rele(struct refcnt *r)
{
	unsigned int refs;

	/* Orders our use before the last holder's; pairs with itself. */
	refs = atomic_sub_nv(&r->r_refs, 1);
	if (predict_false(refs == ~0U))
		panic("REF-1: refcnt_rele: %p was free", (void *)r);
	return (refs == 0);
}

void
refcnt_rele_wake(struct refcnt *r)
{
	if (refcnt_rele(r))
		wakeup_one(r);
}

void
refcnt_finalize(struct refcnt *r, const char *wmesg)
{
	unsigned int refs;

	refs = atomic_sub_nv(&r->r_refs, 1);
	/* Acquire; pairs with the last refcnt_rele(). */
	while (refs != 0) {
		sleep_setup(r, wmesg);
		refs = atomic_load_acquire(&r->r_refs);
		sleep_finish(INFSLP, refs != 0);
		refs = atomic_load_acquire(&r->r_refs);
	}
}

/*
 * Idling.  A doorbell or the clock may come at any moment up to the halt;
 * cpu_idle_cycle() sees to it that it ends the halt.
 */
static int
idle_wanted(struct cpu_info *ci)
{
	return (atomic_load_relaxed(&ci->ci_runq) != NULL);
}

void
thread_idle(void)
{
	struct cpu_info *ci = curcpu();

	for (;;) {
		intr_disable();
		cpu_xcall_tick(ci);
		if (!idle_wanted(ci) && ci->ci_ipending == 0) {
			ci->ci_idles++;
			MD_POINT("idle");
			cpu_idle_cycle();
		}
		intr_enable();
		if (idle_wanted(ci)) {
			sched_enter();
			mi_switch();
			sched_leave();
		}
	}
}

static void
thread_idle_func(void *arg)
{
	(void)arg;
	thread_idle();
}

void
thread_idle_init(struct cpu_info *ci)
{
	ci->ci_runq = NULL;
	ci->ci_runqend = &ci->ci_runq;
	ci->ci_idle = thread_new(ci, thread_idle_func, NULL, "idle");
	ci->ci_curthread = ci->ci_idle;
}

/* From the boot stack to the first thread; as a switch hands the mutex over. */
void
thread_first(void)
{
	sched_enter();
	cpu_switchto(NULL, curcpu()->ci_idle);
	panic("THR-1: cpu_switchto: the boot stack came back");
}
