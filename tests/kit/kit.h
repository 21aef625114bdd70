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
 * The tests of the substrate.  They know the kit's headers, and belong to
 * this kernel alone.
 */

#ifndef KIT_H
#define KIT_H

#include "xtest.h"

extern const struct xtest kit_tests[];	/* kit/list.h */
extern const struct xtest sweep_tests[]; /* sweep/list.h */
extern const struct xtest hook_tests[];	/* hook/list.h */
extern const struct xtest compare_tests[]; /* compare/list.h */

/* Interrupt sources and soft interrupts for tests; before the first one. */
void	kit_init(void);

/*
 * What ran on the CPU under test, in order: the test's source of a level, a
 * soft interrupt of a level, or a cross-call.
 */
#define RAN_SOURCE(_ipl)	(_ipl)
#define RAN_SOFT(_ipl)		(100 + (_ipl))
#define RAN_XCALL		200
extern struct xt_log kit_ran;
extern struct xcall kit_xcall;
void	kit_pend(int);				/* a level's source */
struct softintr *kit_soft(int);
void	kit_expect(const char *, int, const unsigned int *, unsigned int);
#define KIT_RAN(...)							\
	do {								\
		static const unsigned int kit_list_[] = { __VA_ARGS__ }; \
									\
		kit_expect(__FILE__, __LINE__, kit_list_,		\
		    nitems(kit_list_));					\
	} while (0)

/*
 * After every test: on each CPU the registers, in a thread there; and once
 * the stacks of all threads.  Before the first test, what is normal.
 */
void	kit_state_init(void);
void	kit_state(void);
void	kit_stacks(void);

/* A line that says something, whether the test fails or not. */
void	kit_note(const char *, ...) __attribute__((__format__(printf, 1, 2)));

/* die=KIND: one way for a kernel to end. */
void	kit_die(const char *) __attribute__((__noreturn__));

/* Threads asleep on a channel. */
unsigned int	kit_sleepers(const void *);

#define XTEST(_name, _mincpus, _clauses)	void test_##_name(void);
#include "kit/list.h"
#include "sweep/list.h"
#include "hook/list.h"
#include "compare/list.h"
#undef XTEST

#endif /* KIT_H */
