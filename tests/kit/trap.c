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
 * Exceptions nobody asked for: each is a panic that says at what address.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"
#include "kit/kit.h"

/* func(at) panics, on the first CPU and on the last, and names the address. */
static void
trap_at(const char *file, int line, void (*func)(void *), uintptr_t at)
{
	char where[40];

	snprintf(where, sizeof(where), "address 0x%lx", (unsigned long)at);
	xt_panic_check(file, line, 0, func, (void *)at, where);
	xt_panic_check(file, line, xt_ncpu() - 1, func, (void *)at, where);
}
#define TRAP_AT(_func, _at)						\
	trap_at(__FILE__, __LINE__, (_func), (uintptr_t)(_at))

static void
read_run(void *arg)
{
	(void)*(volatile unsigned char *)arg;
}

/* What was there: the damage, should there be no fault, is none. */
static void
write_run(void *arg)
{
	volatile unsigned char *p = arg;

	*p = *p;
}

static void
jump_run(void *arg)
{
	(*(void (*)(void))(uintptr_t)arg)();
}

/* TRAP-1: an address where nothing is: the guard of another stack. */
void
test_trap_read(void)
{
	TRAP_AT(read_run, curthread->t_stack - 8);
	TRAP_AT(write_run, curthread->t_stack - KSTACK_SIZE);
}

/* MEM-2, BOOT-1: code and constants are not written. */
void
test_trap_write(void)
{
	static const unsigned long constant = 1;

	TRAP_AT(write_run, (uintptr_t)write_run);
	TRAP_AT(write_run, &constant);
}

/* MEM-1, MEM-2: neither constants, data, RAM, nor a stack is executed. */
void
test_trap_execute(void)
{
	static const unsigned long constant[8] = { 0 };
	static unsigned long data[8];

	TRAP_AT(jump_run, constant);
	TRAP_AT(jump_run, data);
	TRAP_AT(jump_run, kmem_alloc(64));
	TRAP_AT(jump_run, curthread->t_stack + 64);
}
