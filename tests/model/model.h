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
 * The model: CPUs are coroutines that run the real mi/xcall/xcall.c on a
 * machine whose every step is chosen by an explorer.
 *
 *	machine.c	the CPUs, their interrupts and their memory
 *	explore.c	every order of steps; traces
 *	scenario.c	what the CPUs do, and what must be true
 */

#ifndef MODEL_H
#define MODEL_H

#include <setjmp.h>

#include "xcall_md.h"

#define NOBJ		8
#define NATOM		4
#define NBUF		4		/* stores on their way, a CPU */
#define STACKSIZE	16384

/*
 * What a CPU knows, in the sense of "happened before": one bit for the last
 * store to each atomic word, for the last write of each call object, and for
 * the last read of it by each CPU.  Releases pass it on, acquires take it,
 * and so do doorbells by X-IPI-1.
 */
typedef unsigned __int128 know_t;
#define KNOW(_i)	((know_t)1 << (_i))

/* Atomic words: of each queue, of each CPU's cond; and those of scenarios. */
enum { LOC_ENDS, LOC_DROPPED, LOC_COND, LOC_SLOT };
#define NCPULOC		(LOC_SLOT + XCALL_NSLOT)
#define NLOC		(MAXCPUS * NCPULOC + NATOM)

/* Plain objects: the calls of scenarios, and one on the stack of each CPU. */
#define NPLAIN		(NOBJ + MAXCPUS)
#define KNOW_WRITE(_o)	KNOW(NLOC + (_o))
#define KNOW_READ(_o, _cpu)						\
	KNOW(NLOC + NPLAIN + (_o) * MAXCPUS + (_cpu))
_Static_assert(NLOC + NPLAIN * (1 + MAXCPUS) <= 128, "know_t is too small");

struct loc {
	know_t		  l_know;	/* what an acquire of it learns */
	know_t		  l_oldknow;
	uintptr_t	  l_old;	/* the value before, if l_hasold */
	int		  l_hasold;
};

/* A store that others do not see yet. */
struct buf {
	know_t		  b_know;	/* of the CPU when it was made */
	know_t		  b_pass;	/* passed on: none if relaxed */
	void		 *b_addr;
	uintptr_t	  b_val;
	int		  b_size;
	int		  b_release;
};

enum opkind {
	OP_LOCAL, OP_DROP, OP_LOAD, OP_STORE, OP_RMW, OP_RING, OP_BUSY, OP_HALT
};

struct op {
	enum opkind	  o_kind;
	int		  o_loc;
	int		  o_release;
	const char	 *o_file;
	const char	 *o_func;
	int		  o_line;
};

struct cpu {
	struct cpu_info	  c_info;
	jmp_buf		  c_jmp;	/* where it stands */
	char		 *c_sp;		/* the stack in use is from here up */
	struct op	  c_op;		/* what it does next */
	int		  c_level;
	int		  c_intr;	/* interrupts are on */
	int		  c_soft;	/* the cross-call is pending */
	int		  c_door;	/* the doorbell is pending */
	int		  c_wake;	/* cpu_unidle() is pending */
	int		  c_dev;	/* device interrupts to come */
	int		  c_tick;	/* clock ticks that may come */
	int		  c_done;	/* its thread has ended */
	int		  c_reserved;	/* here, not published; or -1 */
	unsigned int	  c_credit;	/* queues it made non-empty, not rung */
	know_t		  c_know;
	know_t		  c_doorknow;	/* what the doorbell will tell it */
	know_t		  c_wakeknow;
	struct loc	  c_loc[NCPULOC];
	struct buf	  c_buf[NBUF];
	int		  c_nbuf;
	char		 *c_stackcall[2][2]; /* its call object on its stack */
};

struct obj {
	struct xcall	  o_xc;		/* first */
	void		(*o_action)(struct obj *);
	int		  o_sender;
	int		  o_target;
	int		  o_posted;	/* how often */
	int		  o_runs;
	int		  o_returned;	/* the function that posts has */
	int		  o_begun;	/* it is the function's */
	int		  o_shared;	/* posted more than once: only read */
	int		  o_sync;	/* the function of a cpu_xcall_sync() */
	unsigned int	  o_before;	/* objects that must run before it */
};

struct global {
	struct obj	  g_obj[NOBJ];
	unsigned int	  g_atom[NATOM];
	struct loc	  g_loc[NATOM];
	int		  g_var[4];	/* of the scenario */
};

struct scenario {
	const char	 *s_name;
	int		  s_slots;	/* sum of the XCALL_NSLOT it is for */
	int		  s_ncpu;
	void		(*s_body[MAXCPUS])(void);
	void		(*s_dev)(void);	/* a device interrupt of CPU 0 */
	int		  s_tick;	/* clock ticks, a CPU */
	void		(*s_setup)(void);
	void		(*s_end)(void);	/* when all is quiet */
	int		  s_deep;	/* those that take long */
};

/* All that a state consists of, but for the stacks. */
extern struct cpu cpus[MAXCPUS];
extern struct global global;
extern char stacks[MAXCPUS][STACKSIZE];

extern const struct scenario scenarios[];
extern const struct scenario *scn;

/* machine.c */
enum choice {
	CH_STEP, CH_OLD, CH_DOOR, CH_WAKE, CH_DEV, CH_TICK, CH_DRAIN
};
#define NCHOICE		(CH_DRAIN + NBUF)
extern int tracing;
extern char violation[512];
extern jmp_buf explorer;
enum { EX_RUN, EX_POINT, EX_VIOLATION, EX_FAULT };
void	machine_init(void);
int	machine_enabled(int, int);	/* may CPU i take this choice? */
void	machine_drain(int, int);
void	machine_resume(int, int) __attribute__((__noreturn__));
void	machine_normalise(void);
int	machine_quiet(void);	/* all idle, nothing pending, nothing queued */
void	machine_print(int);
void	machine_point(const char *);	/* a scheduling point of scenarios */
void	machine_fail(const char *, ...)
	    __attribute__((__noreturn__, __format__(__printf__, 1, 2)));
void	machine_trace(const char *, ...)
	    __attribute__((__format__(__printf__, 1, 2)));
struct cpu *machine_cpu(void);		/* the one that runs */
void	machine_stackcall_end(void);
void	machine_look(int);

/* scenario.c */
void	scenario_setup(void);
void	scenario_quiet(void);		/* fails unless all is as it must be */

#endif /* MODEL_H */
