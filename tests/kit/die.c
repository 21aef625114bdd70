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
 * Ends that a kernel does not come back from: die=KIND on the command line,
 * in place of the tests.  tests/host/panics.t boots each and reads what is
 * said.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "synch.h"
#include "kit/kit.h"
#include "proof.h"

static unsigned int die_in;		/* [a] CPUs that have come so far */

static void __attribute__((__noinline__))
die_null(void)
{
	volatile int *p = NULL;

	__asm volatile("" : "+r" (p));
	*p;
}

/* An address that no page can have; it is in a register, which is shown. */
static void __attribute__((__noinline__))
die_wild(void)
{
	volatile int *p = (volatile int *)(1UL << (MD_WORDBITS - 1) |
	    0x5a5a5a50UL);

	__asm volatile("" : "+r" (p));
	*p;
}

static void __attribute__((__noinline__))
die_undefined(void)
{
	/* Not its first instruction: what is before belongs to another. */
	XT_INC(&die_in);
	__builtin_trap();
}

static void __attribute__((__noinline__))
die_unasked(void)
{
	proof_unasked();
	compiler_barrier();
}

/* W^X: text is not written, data is not executed. */
static void __attribute__((__noinline__))
die_text(void)
{
	volatile int *p = (volatile int *)(uintptr_t)die_null;

	printf("die: at 0x%lx\n", (unsigned long)p);
	*p = 0;
}

static void __attribute__((__noinline__))
die_data(void)
{
	static uint64_t data[2];
	void (*func)(void) = (void (*)(void))(uintptr_t)data;

	printf("die: at 0x%lx\n", (unsigned long)data);
	__asm volatile("" : "+r" (func));
	(*func)();
	compiler_barrier();
}

/* Down to the guard page, in steps smaller than it. */
static unsigned int __attribute__((__noinline__))
die_deeper(unsigned int n)
{
	volatile unsigned int room[64];

	room[n % 64] = n;
	return (n == 0 ? 0 : die_deeper(n - 1) + room[n % 64]);
}

static void __attribute__((__noinline__))
die_overflow(void)
{
	die_deeper(~0U);
}

/*
 * The others spin, with interrupts on and off by turns, where no other
 * handler is let in.  The first is told to stop, and already to wake, before
 * it can take that: the second CPU is asked after it.
 */
static void __attribute__((__noinline__))
die_spin(void *arg)
{
	unsigned int n = (uintptr_t)arg;

	splraise(IPL_HIGH);
	intr_disable();
	XT_INC(&die_in);
	while (n == 1 && (XT_LOAD(&xt_cpu(2)->ci_flags) & CPUF_STOP) == 0)
		CPU_BUSY_CYCLE();
	if (n % 2 != 0)
		intr_enable();
	for (;;)
		CPU_BUSY_CYCLE();
}

static void __attribute__((__noinline__))
die_stop(void)
{
	uintptr_t n;

	for (n = 1; n < xt_ncpu(); n++)
		xt_thread(n, die_spin, (void *)n);
	XT_WAIT(XT_LOAD(&die_in) == xt_ncpu() - 1);
	intr_disable();
	cpu_unidle(xt_cpu(1));
	panic("die: stop");
}

/*
 * A call on the last CPU never ends, others wait behind it, and a thread for
 * one of those.  That two CPUs wait for each other is only said: the core
 * does not let it come to that.
 */
static void
die_call(void *arg)
{
	(void)arg;
	XT_INC(&die_in);
	for (;;)
		CPU_BUSY_CYCLE();
}

static void __attribute__((__noinline__))
die_watchdog(void)
{
	static struct xcall xc;
	unsigned int last = xt_ncpu() - 1;

	cpu_xcall_set(&xc, die_call, NULL);
	cpu_xcall(xt_cpu(last), &xc);
	XT_WAIT(XT_LOAD(&die_in) == 1);
	cpu_xcall(xt_cpu(last), &xc);
	xt_cpu(1)->ci_xwait = xt_cpu(2);
	xt_cpu(2)->ci_xwait = xt_cpu(1);
	cpu_xcall_sync(xt_cpu(last), die_call, &die_in, "die");
}

static void
die_registers(void)
{
	printf("die: %u registers\n", proof_ntrap);
	proof_trap();
}

void
kit_die(const char *kind)
{
	static const struct {
		const char	 *name;
		void		(*func)(void);
	} kinds[] = {
		{ "null", die_null }, { "wild", die_wild },
		{ "undefined", die_undefined }, { "unasked", die_unasked },
		{ "text", die_text },
		{ "data", die_data }, { "overflow", die_overflow },
		{ "stop", die_stop }, { "watchdog", die_watchdog },
		{ "registers", die_registers },
	};
	size_t i;

	for (i = 0; i < nitems(kinds); i++) {
		if (strcmp(kind, kinds[i].name) == 0)
			(*kinds[i].func)();
	}
	panic("die: %s: nothing came of it", kind);
}
