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
 * amd64: entry from interrupts and traps, replay of the pending word, the
 * soft interrupt's entry, and the switch between threads.
 *
 * Every hard interrupt marks its slot pending, signals the end of interrupt,
 * and then runs what its CPU's level lets through: so a source that comes
 * too early is kept by the same word as a soft one.
 *
 * No interrupt comes from user mode: there is none.  GS is always ours.
 */

#include <machine/param.h>
#include <machine/asm.h>

#include "ipl.h"
#include "point.h"
#include "assym.h"

/*
 * In the frame of an interrupt %rbp and %rip are neighbours, as the frame of
 * a call has them, so a backtrace goes on into what was interrupted.  %rax
 * is saved apart: a doorbell that cannot be answered yet needs no more.
 */
#define INTR_BEGIN							\
	pushq	%rbp;							\
	movq	%rsp, %rbp;						\
	pushq	%rax

#define INTR_SAVE							\
	pushq	%rcx; pushq %rdx; pushq %rsi; pushq %rdi;		\
	pushq	%r8; pushq %r9; pushq %r10; pushq %r11;			\
	pushq	%rbx; pushq %r13; pushq %r12

#define INTR_RESTORE							\
	popq	%r12; popq %r13; popq %rbx;				\
	popq	%r11; popq %r10; popq %r9; popq %r8;			\
	popq	%rdi; popq %rsi; popq %rdx; popq %rcx

/* The end of interrupt; SDM 3A 11.8.5 and, for the MSR, 11.12.1.2. */
#define EOI_XAPIC							\
	movl	$0, LAPICVA + LAPIC_EOI
#define EOI_X2APIC							\
	pushq	%rcx; pushq %rdx;					\
	movl	$(MSR_X2APIC + (LAPIC_EOI >> 4)), %ecx;			\
	xorl	%eax, %eax;						\
	xorl	%edx, %edx;						\
	wrmsr;								\
	popq	%rdx; popq %rcx

/*
 * The soft entry of the cross-call: cpu_xcall_dispatch(curcpu()), at
 * IPL_SOFTCLOCK, interrupts on.  Below that level no handler has begun, so
 * the depth is 0 before.  The return address that the call leaves below the
 * stack is scrubbed.
 */
#define SOFTENTRY_XCALL							\
	MD_POINT("soft");						\
	movl	$IPL_SOFTCLOCK, CPUVAR(CI_ILEVEL);			\
	movl	$1, CPUVAR(CI_IDEPTH);					\
	sti;								\
	movq	CPUVAR(CI_SELF), %rdi;					\
	call	cpu_xcall_dispatch;					\
	movq	$0, -8(%rsp)

#if IPL_NONE != 0 || IPL_SOFTCLOCK != 1 || CI_IDEPTH != CI_ILEVEL + 4
#error "the doorbell's path knows that IPL_NONE is below IPL_SOFTCLOCK alone"
#endif

/*
 * The doorbell.  In: interrupts off, any level.  The cross-call is marked
 * and, unless the level holds it back, dispatched on the way out.
 */
#define XCALL_VECTOR(_name, _eoi)					\
ENTRY(_name);								\
	MD_POINT("vector");						\
	INTR_BEGIN;							\
	MD_POINT("pend");						\
	lock orq $(1 << SLOT_XCALL), CPUVAR(CI_IPENDING);		\
	MD_POINT("eoi");						\
	_eoi;								\
	cmpl	$IPL_SOFTCLOCK, CPUVAR(CI_ILEVEL);			\
	jb	Xdoorbell;						\
	popq	%rax;							\
	popq	%rbp;							\
	MD_POINT("leave");						\
	iretq;								\
END(_name)

XCALL_VECTOR(amd64_xcall_xapic, EOI_XAPIC)
XCALL_VECTOR(amd64_xcall_x2apic, EOI_X2APIC)

/*
 * The first round of Xreplay for a doorbell, written out: the level is
 * IPL_NONE, and the slot to run is the cross-call's, unless a higher one is
 * pending too.  What came meanwhile is Xreplay's.
 */
	.p2align 4
Xdoorbell:
	testq	$~((2 << SLOT_XCALL) - 1), CPUVAR(CI_IPENDING)
	jnz	Xreplay
	pushq	%rcx; pushq %rdx; pushq %rsi; pushq %rdi
	pushq	%r8; pushq %r9; pushq %r10; pushq %r11
	pushq	%rbx				/* aligns the stack */
	cld
	lock andq $~(1 << SLOT_XCALL), CPUVAR(CI_IPENDING)
	SOFTENTRY_XCALL
	cli
	cmpq	$0, CPUVAR(CI_IPENDING)
	MD_POINT("last")
	movq	$0, CPUVAR(CI_ILEVEL)		/* and CI_IDEPTH */
	popq	%rbx
	popq	%r11; popq %r10; popq %r9; popq %r8
	popq	%rdi; popq %rsi; popq %rdx; popq %rcx
	jnz	Xreplay
	popq	%rax
	popq	%rbp
	MD_POINT("leave")
	iretq

/* The clock: as the doorbell, with a slot that is handed out at attach. */
#define CLOCK_VECTOR(_name, _eoi)					\
ENTRY(_name);								\
	INTR_BEGIN;							\
	movl	intr_clock, %eax;					\
	lock btsq %rax, CPUVAR(CI_IPENDING);				\
	_eoi;								\
	jmp	Xreplay;						\
END(_name)

CLOCK_VECTOR(amd64_clock_xapic, EOI_XAPIC)
CLOCK_VECTOR(amd64_clock_x2apic, EOI_X2APIC)

/* Other reasons: void amd64_ipi(void), at IPL_IPI: interrupts stay off. */
#define IPI_VECTOR(_name, _eoi)						\
ENTRY(_name);								\
	INTR_BEGIN;							\
	_eoi;								\
	INTR_SAVE;							\
	cld;								\
	call	amd64_ipi;						\
	INTR_RESTORE;							\
	jmp	Xreplay;						\
END(_name)

IPI_VECTOR(amd64_ipi_xapic, EOI_XAPIC)
IPI_VECTOR(amd64_ipi_x2apic, EOI_X2APIC)

/* An interrupt that another kernel left waiting: it is ended; lapic.c. */
#define STRAY_VECTOR(_name, _eoi)					\
ENTRY(_name);								\
	INTR_BEGIN;							\
	_eoi;								\
	popq	%rax;							\
	popq	%rbp;							\
	iretq;								\
END(_name)

STRAY_VECTOR(amd64_stray_xapic, EOI_XAPIC)
STRAY_VECTOR(amd64_stray_x2apic, EOI_X2APIC)

/* No end of interrupt for a spurious one; SDM 3A 11.9. */
ENTRY(amd64_spurious)
	iretq
END(amd64_spurious)

/*
 * Return from interrupt.  In: INTR_BEGIN done, interrupts off.  Runs the
 * slots that the interrupted level lets through, highest first.  The bit is
 * cleared before the slot runs: what is posted from then on marks it again.
 * The stack is aligned: five words from the CPU, and 13 here.
 *
 *	%ebx	the interrupted level
 *	%r13	where a soft entry goes on
 */
	.p2align 4
Xreplay:
	INTR_SAVE
	cld
	movl	CPUVAR(CI_ILEVEL), %ebx
	leaq	1f(%rip), %r13
	jmp	2f
1:	endbr64
	cli
2:	movq	intr_unmasked(, %rbx, 8), %rax
	andq	CPUVAR(CI_IPENDING), %rax
	jnz	Xsoftentry
	MD_POINT("last")
	movl	%ebx, CPUVAR(CI_ILEVEL)
	INTR_RESTORE
	popq	%rax
	popq	%rbp
	MD_POINT("leave")
	iretq

/*
 * void amd64_spllower(int ipl): the level has been lowered to ipl, or
 * interrupts were turned on at it.  The same as above, for a caller in C;
 * with interrupts off nothing runs.
 */
ENTRY(amd64_spllower)
	pushq	%rbp
	movq	%rsp, %rbp
	pushq	%rbx
	pushq	%r13
	pushfq
	subq	$8, %rsp
	testl	$PSL_I, 8(%rsp)
	jz	3f
	movl	%edi, %ebx
	leaq	1f(%rip), %r13
1:	endbr64
	cli
	movq	intr_unmasked(, %rbx, 8), %rax
	andq	CPUVAR(CI_IPENDING), %rax
	jnz	Xsoftentry
	MD_POINT("last")
	movl	%ebx, CPUVAR(CI_ILEVEL)
	sti
3:	addq	$16, %rsp
	popq	%r13
	popq	%rbx
	popq	%rbp
	ret
END(amd64_spllower)

/*
 * In: %rax slots that may run, not none; interrupts off; stack aligned.
 */
	.p2align 4
Xsoftentry:
	bsrq	%rax, %rax
	lock btrq %rax, CPUVAR(CI_IPENDING)
	cmpl	$SLOT_XCALL, %eax
	jne	Xsoftintr

Xxcallintr:
	endbr64
	SOFTENTRY_XCALL
	movl	$0, CPUVAR(CI_IDEPTH)
	JMP_R13

/* Any other slot, %eax: its function, at its level, interrupts on. */
Xsoftintr:
	endbr64
	imulq	$IS_SIZE, %rax, %rax
	movl	intr_sources + IS_IPL(%rax), %ecx
	movl	%ecx, CPUVAR(CI_ILEVEL)
	sti
	incl	CPUVAR(CI_IDEPTH)
	movq	intr_sources + IS_ARG(%rax), %rdi
	movq	intr_sources + IS_FUNC(%rax), %rax
#ifdef RETPOLINE
	call	retpoline_rax
#else
	call	*%rax
#endif
	movq	$0, -8(%rsp)
	decl	CPUVAR(CI_IDEPTH)
	JMP_R13

#ifdef RETPOLINE
#define THUNK(_r)							\
	.p2align 4;							\
retpoline_##_r:								\
	call	2f;							\
1:	pause;								\
	lfence;								\
	jmp	1b;							\
2:	movq	%_r, (%rsp);						\
	ret

THUNK(r13)
THUNK(rax)
#endif

#ifdef HOOKS
/* void amd64_point(const char *name): md_point(name), and nothing changes. */
ENTRY(amd64_point)
	pushq	%rbp
	movq	%rsp, %rbp
	pushfq
	pushq	%rax; pushq %rcx; pushq %rdx; pushq %rsi
	pushq	%r8; pushq %r9; pushq %r10; pushq %r11
	andq	$~15, %rsp
	cld
	call	md_point
	leaq	-72(%rbp), %rsp
	popq	%r11; popq %r10; popq %r9; popq %r8
	popq	%rsi; popq %rdx; popq %rcx; popq %rax
	popfq
	popq	%rbp
	ret
END(amd64_point)
#endif

/*
 * Traps: one stub for each vector that nothing else takes.  Pushes what the
 * CPU does not, the vector, and all registers: struct amd64_trapframe.
 */
	.p2align 4
	.globl	amd64_trapstubs
amd64_trapstubs:
	.set	vec, 0
	.rept	256
	.p2align 4
	endbr64
	.if !(vec == 8 || (vec >= 10 && vec <= 14) || vec == 17 || \
	    vec == 21 || vec == 29 || vec == 30)
	pushq	$0
	.endif
	pushq	$vec
	jmp	Xalltraps
	.set	vec, vec + 1
	.endr

Xalltraps:
	pushq	%rax; pushq %rcx; pushq %rdx; pushq %rbx
	pushq	%rbp; pushq %rsi; pushq %rdi
	pushq	%r8; pushq %r9; pushq %r10; pushq %r11
	pushq	%r12; pushq %r13; pushq %r14; pushq %r15
	cld
	movq	%rsp, %rdi
	/* A frame for the backtrace: the trapped %rip, the trapped %rbp. */
	pushq	136(%rdi)
	pushq	%rbp
	movq	%rsp, %rbp
	andq	$~15, %rsp
	call	amd64_trap
	ud2

/*
 * void cpu_switchto(struct thread *old, struct thread *new): what C expects
 * to find again is saved on the stack of the old thread.
 */
ENTRY(cpu_switchto)
	pushq	%rbp
	movq	%rsp, %rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	testq	%rdi, %rdi
	jz	1f
	movq	%rsp, T_SP(%rdi)
1:	movq	T_SP(%rsi), %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
END(cpu_switchto)

/* Where cpu_fork() lets a thread begin: aligned, and the end of the trace. */
ENTRY(amd64_thread_begin)
	xorl	%ebp, %ebp
	call	thread_start
	ud2
END(amd64_thread_begin)

/*
 * void cpu_idle_cycle(void).  In: interrupts off.  STI holds interrupts off
 * for one more instruction, so none is taken before the halt: SDM 2B, STI.
 */
ENTRY(cpu_idle_cycle)
	sti
	hlt
	ret
END(cpu_idle_cycle)
