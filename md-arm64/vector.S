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
 * arm64: entry from interrupts and traps, replay of the pending word, the
 * soft interrupt's entry, and the switch between threads.
 *
 * Every hard interrupt marks its slot pending, signals the end of interrupt,
 * and then runs what its CPU's level lets through: so a source that comes
 * too early is kept by the same word as a soft one.
 *
 * No interrupt comes from EL0: there is none.  TPIDR_EL1 is always ours.
 */

#include <machine/param.h>
#include <machine/asm.h>

#include "ipl.h"
#include "point.h"
#include "assym.h"

#define INTR_FRAME	208
#define TRAP_FRAME	288

/*
 * In the frame of an interrupt x29 and ELR are neighbours, as the frame of a
 * call has them, so a backtrace goes on into what was interrupted.  x0 to x3
 * and x30 are saved with them: a doorbell that cannot be answered yet needs
 * no more.
 */
#define INTR_BEGIN							\
	stp	x0, x1, [sp, #-INTR_FRAME]!;				\
	stp	x2, x3, [sp, #48];					\
	mrs	x0, elr_el1;						\
	mrs	x1, spsr_el1;						\
	stp	x29, x0, [sp, #16];					\
	stp	x30, x1, [sp, #32];					\
	add	x29, sp, #16;						\
	mrs	x2, tpidr_el1

#define INTR_END							\
	ldp	x30, x1, [sp, #32];					\
	ldp	x29, x0, [sp, #16];					\
	msr	spsr_el1, x1;						\
	msr	elr_el1, x0;						\
	ldp	x2, x3, [sp, #48];					\
	ldp	x0, x1, [sp], #INTR_FRAME;				\
	MD_POINT("leave");						\
	eret

#define INTR_SAVE							\
	stp	x4, x5, [sp, #64];					\
	stp	x6, x7, [sp, #80];					\
	stp	x8, x9, [sp, #96];					\
	stp	x10, x11, [sp, #112];					\
	stp	x12, x13, [sp, #128];					\
	stp	x14, x15, [sp, #144];					\
	stp	x16, x17, [sp, #160];					\
	stp	x18, x19, [sp, #176];					\
	stp	x20, x21, [sp, #192]

#define INTR_RESTORE							\
	ldp	x20, x21, [sp, #192];					\
	ldp	x18, x19, [sp, #176];					\
	ldp	x16, x17, [sp, #160];					\
	ldp	x14, x15, [sp, #144];					\
	ldp	x12, x13, [sp, #128];					\
	ldp	x10, x11, [sp, #112];					\
	ldp	x8, x9, [sp, #96];					\
	ldp	x6, x7, [sp, #80];					\
	ldp	x4, x5, [sp, #64]

/*
 * Acknowledge: w0 what the controller says, and w1, on GICv3 w0 too, the
 * number in it.  The DSB holds what the handler loads back until the
 * acknowledge is done, the ISB what it executes: GICv3 and v4 software
 * overview, 4.1.1.  The end of interrupt is given the whole of w0 again; on
 * GICv2 it says who sent.
 */
#define ICC_IAR1_EL1	S3_0_C12_C12_0
#define ICC_EOIR1_EL1	S3_0_C12_C12_1

#define ACK_GICV3							\
	mrs	x0, ICC_IAR1_EL1;					\
	dsb	sy;							\
	isb
#define EOI_GICV3							\
	msr	ICC_EOIR1_EL1, x0;					\
	isb
#define ACK_GICV2							\
	ldr	x3, =GICCVA;						\
	ldr	w0, [x3, #GICC_IAR];					\
	dsb	sy;							\
	isb;								\
	and	w1, w0, #0x3ff
#define EOI_GICV2							\
	ldr	x1, =GICCVA;						\
	str	w0, [x1, #GICC_EOIR]

/*
 * The soft entry of the cross-call: cpu_xcall_dispatch(x2), the CPU, at
 * IPL_SOFTCLOCK, interrupts on.  Below that level no handler has begun, so
 * one store sets the level and the depth, and one sets them back.
 */
#define LEVEL_SOFTCLOCK	(1 << 32 | IPL_SOFTCLOCK)

#define SOFTENTRY_XCALL							\
	MD_POINT("soft");						\
	mov	x1, #LEVEL_SOFTCLOCK;					\
	str	x1, [x2, #CI_ILEVEL];					\
	msr	daifclr, #DAIF_IF;					\
	mov	x0, x2;							\
	bl	cpu_xcall_dispatch

#if IPL_NONE != 0 || IPL_SOFTCLOCK != 1 || CI_IDEPTH != CI_ILEVEL + 4
#error "the doorbell's path knows that IPL_NONE is below IPL_SOFTCLOCK alone"
#endif

/*
 * The doorbell.  In: interrupts off, any level; so nobody else writes the
 * pending word, and ERET ends an exclusive access to it that this came into:
 * ARM DDI 0487, B2.9.1.  The cross-call is marked and, unless the level or a
 * higher slot holds it back, dispatched on the way out.  Other interrupts: void
 * arm64_intr(unsigned int intid) before the end of interrupt, and void
 * arm64_ipi(struct arm64_frame *) after it.
 */
#define IRQ_VECTOR(_name, _ack, _intid, _eoi)				\
	.text;								\
	.p2align 6;							\
_name:									\
	INTR_BEGIN;							\
	_ack;								\
	cmp	_intid, #SGI_XCALL;					\
	b.ne	1f;							\
	MD_POINT("pend");						\
	ldr	x30, [x2, #CI_IPENDING];				\
	orr	x30, x30, #(1 << SLOT_XCALL);				\
	str	x30, [x2, #CI_IPENDING];				\
	MD_POINT("eoi");						\
	_eoi;								\
	ldr	w1, [x2, #CI_ILEVEL];					\
	orr	x3, x1, x30, lsr #(SLOT_XCALL + 1);			\
	cbz	x3, Xdoorbell;						\
	cbz	w1, Xreplay;						\
	INTR_END;							\
1:	INTR_SAVE;							\
	mov	w19, w0;						\
	mov	w20, _intid;						\
	sub	w3, w20, #INTID_SPECIAL;				\
	cmp	w3, #3;							\
	b.ls	3f;							\
	cmp	w20, #SGI_IPI;						\
	b.eq	2f;							\
	mov	w0, w20;						\
	bl	arm64_intr;						\
2:	mov	w0, w19;						\
	_eoi;								\
	cmp	w20, #SGI_IPI;						\
	b.ne	3f;							\
	mov	x0, x29;						\
	bl	arm64_ipi;						\
3:	b	Xreplay_saved

IRQ_VECTOR(Xirq_gicv3, ACK_GICV3, w0, EOI_GICV3)
IRQ_VECTOR(Xirq_gicv2, ACK_GICV2, w1, EOI_GICV2)

/*
 * The first round of Xreplay for a doorbell, written out: the level is
 * IPL_NONE, and x30 is the pending word, with no slot above the
 * cross-call's.  What came meanwhile is Xreplay's.
 */
	.p2align 4
Xdoorbell:
	stp	x4, x5, [sp, #64]
	stp	x6, x7, [sp, #80]
	stp	x8, x9, [sp, #96]
	stp	x10, x11, [sp, #112]
	stp	x12, x13, [sp, #128]
	stp	x14, x15, [sp, #144]
	stp	x16, x17, [sp, #160]
	and	x30, x30, #~(1 << SLOT_XCALL)
	str	x30, [x2, #CI_IPENDING]
	SOFTENTRY_XCALL
	msr	daifset, #DAIF_IF
	mrs	x2, tpidr_el1
	ldr	x0, [x2, #CI_IPENDING]
	MD_POINT("last")
	str	xzr, [x2, #CI_ILEVEL]
	ldp	x16, x17, [sp, #160]
	ldp	x14, x15, [sp, #144]
	ldp	x12, x13, [sp, #128]
	ldp	x10, x11, [sp, #112]
	ldp	x8, x9, [sp, #96]
	ldp	x6, x7, [sp, #80]
	ldp	x4, x5, [sp, #64]
	cbnz	x0, Xreplay
	INTR_END

/*
 * Return from interrupt.  In: INTR_BEGIN done, interrupts off.  Runs the
 * slots that the interrupted level lets through, highest first.  The bit is
 * cleared before the slot runs: what is posted from then on marks it again.
 *
 *	w19	the interrupted level
 *	x20	this CPU
 *	x21	where a soft entry goes on
 */
	.p2align 4
Xreplay:
	INTR_SAVE
Xreplay_saved:
	mrs	x20, tpidr_el1
	ldr	w19, [x20, #CI_ILEVEL]
	adr	x21, 1f
	b	2f
1:	bti	j
	msr	daifset, #DAIF_IF
2:	adrp	x0, intr_unmasked
	add	x0, x0, :lo12:intr_unmasked
	ldr	x0, [x0, x19, lsl #3]
	ldr	x1, [x20, #CI_IPENDING]
	ands	x0, x0, x1
	b.ne	Xsoftentry
	MD_POINT("last")
	str	w19, [x20, #CI_ILEVEL]
	INTR_RESTORE
	INTR_END

/*
 * void arm64_spllower(int ipl): the level has been lowered to ipl, or
 * interrupts were turned on at it.  The same as above, for a caller in C;
 * with interrupts off nothing runs.
 */
ENTRY(arm64_spllower)
	mrs	x1, daif
	tbnz	x1, #7, 3f			/* PSR_I */
	stp	x29, x30, [sp, #-48]!
	mov	x29, sp
	stp	x19, x20, [sp, #16]
	str	x21, [sp, #32]
	mov	w19, w0
	mrs	x20, tpidr_el1
	adr	x21, 1f
1:	bti	j
	msr	daifset, #DAIF_IF
	adrp	x0, intr_unmasked
	add	x0, x0, :lo12:intr_unmasked
	ldr	x0, [x0, x19, lsl #3]
	ldr	x1, [x20, #CI_IPENDING]
	ands	x0, x0, x1
	b.ne	Xsoftentry
	MD_POINT("last")
	str	w19, [x20, #CI_ILEVEL]
	msr	daifclr, #DAIF_IF
	ldr	x21, [sp, #32]
	ldp	x19, x20, [sp, #16]
	ldp	x29, x30, [sp], #48
3:	ret
END(arm64_spllower)

/* In: x0 slots that may run, not none; interrupts off. */
	.p2align 4
Xsoftentry:
	clz	x0, x0
	eor	x0, x0, #63
	mov	x1, #1
	lsl	x1, x1, x0
	add	x2, x20, #CI_IPENDING
1:	ldxr	x3, [x2]
	bic	x3, x3, x1
	stxr	w4, x3, [x2]
	cbnz	w4, 1b
	cmp	w0, #SLOT_XCALL
	b.ne	Xsoftintr

Xxcallintr:
	mov	x2, x20
	SOFTENTRY_XCALL
	mrs	x2, tpidr_el1
	str	wzr, [x2, #CI_IDEPTH]
	br	x21

/*
 * Any other slot, w0: its function, at its level, interrupts on.  The
 * priority mask follows the level, before and after.
 */
Xsoftintr:
	adrp	x1, intr_sources
	add	x1, x1, :lo12:intr_sources
	mov	w2, #IS_SIZE
	madd	x1, x0, x2, x1
	str	x1, [sp, #-16]!
	ldr	w0, [x1, #IS_IPL]
	str	w0, [x20, #CI_ILEVEL]
	bl	arm64_setpri
	ldr	x1, [sp], #16
	msr	daifclr, #DAIF_IF
	ldr	w2, [x20, #CI_IDEPTH]
	add	w2, w2, #1
	str	w2, [x20, #CI_IDEPTH]
	ldr	x0, [x1, #IS_ARG]
	ldr	x1, [x1, #IS_FUNC]
	blr	x1
	ldr	w1, [x20, #CI_IDEPTH]
	sub	w1, w1, #1
	str	w1, [x20, #CI_IDEPTH]
	msr	daifset, #DAIF_IF
	mov	w0, w19
	bl	arm64_setpri
	br	x21

#ifdef HOOKS
/* void arm64_point(const char *name): md_point(name), and nothing changes. */
ENTRY(arm64_point)
	stp	x29, x30, [sp, #-176]!
	mov	x29, sp
	stp	x1, x2, [sp, #16]
	stp	x3, x4, [sp, #32]
	stp	x5, x6, [sp, #48]
	stp	x7, x8, [sp, #64]
	stp	x9, x10, [sp, #80]
	stp	x11, x12, [sp, #96]
	stp	x13, x14, [sp, #112]
	stp	x15, x16, [sp, #128]
	stp	x17, x18, [sp, #144]
	mrs	x1, nzcv
	str	x1, [sp, #160]
	bl	md_point
	ldr	x1, [sp, #160]
	msr	nzcv, x1
	ldp	x17, x18, [sp, #144]
	ldp	x15, x16, [sp, #128]
	ldp	x13, x14, [sp, #112]
	ldp	x11, x12, [sp, #96]
	ldp	x9, x10, [sp, #80]
	ldp	x7, x8, [sp, #64]
	ldp	x5, x6, [sp, #48]
	ldp	x3, x4, [sp, #32]
	ldp	x1, x2, [sp, #16]
	ldp	x29, x30, [sp], #176
	ret
END(arm64_point)
#endif

/*
 * Traps: one stub for each vector.  Saves all registers: struct
 * arm64_trapframe.  When the stack has run into its guard page, a bit of
 * the stack pointer says so, and the CPU's emergency stack is taken.
 */
	.macro	TRAP vec
	.p2align 7
	sub	sp, sp, #TRAP_FRAME
	msr	tpidr_el0, x0
	mov	x0, sp
	tst	x0, #KSTACK_SIZE
	b.eq	1f
	mrs	x0, tpidr_el0
	stp	x0, x1, [sp]
	mov	x1, #\vec
	b	Xtrap
1:	mrs	x0, tpidr_el1
	ldr	x0, [x0, #CI_ESTACK]
	mov	sp, x0
	sub	sp, sp, #TRAP_FRAME
	mrs	x0, tpidr_el0
	stp	x0, x1, [sp]
	mov	x1, #(\vec | 0x100)
	b	Xtrap
	.endm

	.macro	VECTORS name, irq
	.p2align 11
	.globl	\name
\name:
	TRAP	0
	TRAP	1
	TRAP	2
	TRAP	3
	TRAP	4
	.p2align 7
	MD_POINT("vector")
	b	\irq
	TRAP	6
	TRAP	7
	TRAP	8
	TRAP	9
	TRAP	10
	TRAP	11
	TRAP	12
	TRAP	13
	TRAP	14
	TRAP	15
	.endm

	.text
	VECTORS	arm64_vectors_gicv3, Xirq_gicv3
	VECTORS	arm64_vectors_gicv2, Xirq_gicv2

Xtrap:
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	mrs	x2, elr_el1
	mrs	x3, spsr_el1
	stp	x30, x2, [sp, #240]
	mrs	x4, esr_el1
	stp	x3, x4, [sp, #256]
	mrs	x5, far_el1
	str	x5, [sp, #272]
	mov	x0, sp
	stp	x29, x2, [sp, #-16]!
	mov	x29, sp
	bl	arm64_trap
	brk	#0

/*
 * void cpu_switchto(struct thread *old, struct thread *new): what C expects
 * to find again is saved on the stack of the old thread.
 */
ENTRY(cpu_switchto)
	stp	x29, x30, [sp, #-96]!
	mov	x29, sp
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	cbz	x0, 1f
	mov	x2, sp
	str	x2, [x0, #T_SP]
1:	ldr	x2, [x1, #T_SP]
	mov	sp, x2
	ldp	x27, x28, [sp, #80]
	ldp	x25, x26, [sp, #64]
	ldp	x23, x24, [sp, #48]
	ldp	x21, x22, [sp, #32]
	ldp	x19, x20, [sp, #16]
	ldp	x29, x30, [sp], #96
	ret
END(cpu_switchto)

/* Where cpu_fork() lets a thread begin: the end of the trace. */
ENTRY(arm64_thread_begin)
	mov	x29, #0
	mov	x30, #0
	bl	thread_start
	brk	#0
END(arm64_thread_begin)

/*
 * void cpu_idle_cycle(void).  In: interrupts off.  A pending interrupt ends
 * WFI although it is masked, ARM DDI 0487, D1.6.2; the priority mask is
 * open, since the level is IPL_NONE.  It is taken when interrupts go on.
 */
ENTRY(cpu_idle_cycle)
	dsb	sy
	wfi
	msr	daifclr, #DAIF_IF
	ret
END(cpu_idle_cycle)
