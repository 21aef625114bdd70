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
 * Threads, and what they wait with.  A thread stays on its CPU, and gives it
 * up only by sleeping, yielding or ending.
 */

#ifndef SYNCH_H
#define SYNCH_H

#include <stdint.h>

#include "cpu.h"

/* The largest time: for ever. */
#define INFSLP	0

/*
 * MTX-1 [s] A CPU does not enter a mutex that it is in.
 * MTX-2 [s] The CPU that entered it leaves it.
 * MTX-3 [s] Until then the level is not below the mutex's: of two mutexes
 * the one entered last is left first.  No doorbell's handler enters one.
 */
struct mutex {
	unsigned int	mtx_owner;	/* CPU id + 1; 0: free */
	int		mtx_wantipl;
	int		mtx_oldipl;	/* of the owner, before */
};
#define MUTEX_INITIALIZER(_ipl)	{ 0, (_ipl), IPL_NONE }
void	mtx_init(struct mutex *, int);
void	mtx_enter(struct mutex *);
int	mtx_enter_try(struct mutex *);
void	mtx_leave(struct mutex *);
int	mtx_owned(struct mutex *);

/*
 * timeout(9): a function called once, at IPL_SOFTCLOCK on the boot CPU,
 * no earlier than so many ticks from now.
 * TMO-1 [s] Less than 0x7fffffff ticks, and of a timeout that was set.
 */
#define HZ	100
struct timeout {
	struct timeout	 *to_next;
	void		(*to_func)(void *);
	void		 *to_arg;
	unsigned int	  to_time;	/* tick at which it is due */
	int		  to_queued;
};
void	timeout_set(struct timeout *, void (*)(void *), void *);
int	timeout_add(struct timeout *, unsigned int);	/* 1: newly queued */
int	timeout_del(struct timeout *);			/* 1: was queued */
extern unsigned int ticks;		/* of the boot CPU */

struct thread {
	struct thread	 *t_next;	/* run or sleep queue */
	struct cpu_info	 *t_cpu;	/* where it runs */
	uintptr_t	  t_sp;		/* saved by cpu_switchto() */
	uintptr_t	  t_stack;	/* lowest address */
	void		(*t_func)(void *);
	void		 *t_arg;
	const char	 *t_name;
	const void	 *t_wchan;	/* sleeps on this; NULL: does not */
	const char	 *t_wmesg;
	int		  t_timedout;
	int		  t_timeoutrun;	/* its handler is done */
	struct timeout	  t_timeout;
	struct thread	 *t_all;	/* every thread there is */
	/* X-WATCH-1: waits for this CPU to run this, since this tick. */
	struct cpu_info	 *t_xci;
	void		(*t_xfunc)(void *);
	void		 *t_xarg;
	unsigned int	  t_xsince;
};
extern struct thread *threads;
#define curthread	(curcpu()->ci_curthread)

/*
 * thread.c
 * THR-2 [s] A thread is made for a CPU that was told to start.
 */
struct thread *thread_create(struct cpu_info *, void (*)(void *), void *,
    const char *);
void	thread_exit(void) __attribute__((__noreturn__));
void	thread_start(void) __attribute__((__noreturn__));
void	thread_idle_init(struct cpu_info *);
void	thread_idle(void) __attribute__((__noreturn__));
void	thread_first(void) __attribute__((__noreturn__));
void	yield(void);
int	intr_on(void);
int	cpu_can_sleep(void);

/*
 * sleep(9)
 * SLEEP-1 [s] Who sleeps or yields is a thread, not the idle one, below
 * IPL_SOFTCLOCK and with interrupts on: so no call, handler or timeout does,
 * nor who is in a mutex.
 */
void	sleep_setup(const void *, const char *);
int	sleep_finish(unsigned int, int);	/* ticks; whether to sleep */
int	tsleep(const void *, const char *, unsigned int); /* EWOULDBLOCK */
void	wakeup_n(const void *, int);
void	wakeup(const void *);
void	wakeup_one(const void *);

/* cond(9) */
struct cond {
	unsigned int	c_wait;
};
#define COND_INITIALIZER()	{ 1 }
void	cond_init(struct cond *);
void	cond_wait(struct cond *, const char *);
void	cond_signal(struct cond *);

/*
 * refcnt(9)
 * REF-1 [s] Who takes or releases a reference has one.
 */
struct refcnt {
	unsigned int	r_refs;
};
#define REFCNT_INITIALIZER()	{ 1 }
void	refcnt_init(struct refcnt *);
void	refcnt_take(struct refcnt *);
int	refcnt_rele(struct refcnt *);		/* 1: that was the last */
void	refcnt_rele_wake(struct refcnt *);
void	refcnt_finalize(struct refcnt *, const char *);

/* clock.c */
void	clock_init(void);
void	clock_resume(void);		/* this CPU leaves its idle thread */

/* watchdog.c */
void	xcall_watch_init(void);
void	xcall_watch(void);		/* once a second, on a ticking CPU */
void	xcall_report(void);		/* who waits for whom, every CPU */

/* xcall_use.c: the consumers. */
void	wbinvd_on_all_cpus_acked(void);
int	cpu_feature_all(int (*)(void), void (*)(void));

#endif /* SYNCH_H */
