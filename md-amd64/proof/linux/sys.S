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
	movl	$_number, %eax;						\
	movq	%rcx, %r10;						\
	syscall;							\
	ret

	.text
	SYSCALL(read, 0)
	SYSCALL(write, 1)
	SYSCALL(pread, 17)
	SYSCALL(mount, 165)
	SYSCALL(reboot, 169)
	SYSCALL(sched_setscheduler, 144)
	SYSCALL(sched_yield, 24)
	SYSCALL(futex, 202)
	SYSCALL(sched_setaffinity, 203)
	SYSCALL(openat, 257)
	SYSCALL(mkdirat, 258)

/* void _start(void): the stack holds argc, argv. */
ENTRY(_start)
	movq	%rsp, %rdi
	andq	$-16, %rsp
	call	init_main
	hlt

/*
 * long sys_thread(long flags, void *stack, void (*func)(void)): the new thread
 * runs func, which does not return, on that stack.
 */
ENTRY(sys_thread)
	movq	%rdx, %r9
	xorl	%edx, %edx
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	movl	$56, %eax		/* clone */
	syscall
	testq	%rax, %rax
	jz	1f
	ret
1:	xorl	%ebp, %ebp
	call	*%r9
	hlt

/* void sys_relax(void) */
ENTRY(sys_relax)
	pause
	ret

	.section .note.GNU-stack, "", @progbits
