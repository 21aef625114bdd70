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
 * What tests/compare/linux/init.c needs of an architecture that runs Linux:
 * its calls, by number, and how a thread begins.
 */

#define ENTRY(_name)							\
	.globl _name; .type _name, @function; .p2align 4; _name:
#define SYSCALL(_name, _number)						\
	ENTRY(sys_##_name)						\
	mov	x8, _number;						\
	svc	0;							\
	ret

	.text
	SYSCALL(read, 63)
	SYSCALL(write, 64)
	SYSCALL(pread, 67)
	SYSCALL(mount, 40)
	SYSCALL(reboot, 142)
	SYSCALL(sched_setscheduler, 119)
	SYSCALL(sched_yield, 124)
	SYSCALL(futex, 98)
	SYSCALL(sched_setaffinity, 122)
	SYSCALL(openat, 56)
	SYSCALL(mkdirat, 34)

/* void _start(void): the stack holds argc, argv. */
ENTRY(_start)
	mov	x0, sp
	and	sp, x0, -16
	bl	init_main
	brk	0

/*
 * long sys_thread(long flags, void *stack, void (*func)(void)): the new thread
 * runs func, which does not return, on that stack.
 */
ENTRY(sys_thread)
	mov	x9, x2
	mov	x2, 0
	mov	x3, 0
	mov	x4, 0
	mov	x8, 220			/* clone */
	svc	0
	cbz	x0, 1f
	ret
1:	mov	x29, 0
	blr	x9
	brk	0

/* void sys_relax(void) */
ENTRY(sys_relax)
	yield
	ret

	.section .note.GNU-stack, "", %progbits
