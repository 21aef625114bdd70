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
 * The contract between the machine-independent (MI) part of the kit and an
 * architecture: everything an md- folder has to provide, and nothing else.
 * A duty is a clause with a name, which panics and tests use.  Those of the
 * cross-call, marked [x], are in xcall_md.h and are all that a kernel of
 * one's own needs; those marked [s] serve the substrate that boots it.
 */

#ifndef MD_H
#define MD_H

#include <stddef.h>
#include <stdint.h>

/*
 * 1. Constants and types, in <machine/param.h>.
 */
#include <machine/param.h>

#ifndef MD_NAME
#error "PARAM-1 [s] machine/param.h: MD_NAME: the name of the md- folder"
#endif
#ifndef MD_WORDBITS
#error "PARAM-2 [s] machine/param.h: MD_WORDBITS: the bits of a long"
#endif
#ifndef MD_CACHELINE
#error "PARAM-3 [s] machine/param.h: MD_CACHELINE: bytes not to share"
#endif
#ifndef MD_PAGESIZE
#error "PARAM-4 [s] machine/param.h: MD_PAGESIZE: the smallest page"
#endif
#ifndef MAXCPUS
#error "PARAM-5 [s] machine/param.h: MAXCPUS: CPUs that can be attached"
#endif
#ifndef MD_STACKVA
#error "PARAM-6 [s] machine/param.h: MD_STACKVA: 8 * MAXCPUS * 32 KB for stacks"
#endif
#ifndef MD_RAMEND
#error "PARAM-7 [s] machine/param.h: MD_RAMEND: md_ram() reaches up to here"
#endif

#include "ipl.h"
#include "atomic.h"
#include "cpu.h"
#include "point.h"

#define PROT_READ	1
#define PROT_WRITE	2
#define PROT_EXEC	4
#define PROT_DEVICE	8	/* registers: uncached, in order */

struct thread;

/*
 * BOOT-1 [s] Before any function of the MI part is called: the BSS is zero,
 * interrupts are off, the stack is in the kernel's image, curcpu() is
 * &cpu_info_primary, with its ci_self set and its ci_ilevel IPL_HIGH.  Then
 * the console; boot_args_set(); pmem_add() for RAM, pmem_reserve() for what of
 * it is taken, by the kernel and a device tree too; RAM mapped, MEM-1; and
 * kern_main().  What the MI part has for this is in kern.h and bootfdt.h.
 */

/*
 * 2. Inline operations: declared here, defined in <machine/cpu.h>.
 */

/* CPU-1 [x] X-CPU-2. */
static inline struct cpu_info *curcpu(void);

/*
 * INTR-1 [x] X-INTR-1.
 * INTR-2 [s] What is interrupted finds every register as it was; but control
 * state that a handler set for the CPU, USE-2, stays.  The compiler is told
 * not to use what is not saved: no vector registers, nothing below the stack
 * pointer.
 * INTR-3 [s] Where the CPU can check it, every target of an indirect jump
 * begins with a landing pad, the entries of interrupts and slots included.
 */
static inline unsigned long intr_disable(void);
static inline void intr_restore(unsigned long);
static inline void intr_reopen(unsigned long);	/* XCALL_INTR_REOPEN */
static inline void intr_enable(void);	/* as restoring a state with them on */
static inline int intr_enabled(unsigned long);

/*
 * SPL-1 [x] X-SPL-1, and more generally: with interrupts on no slot that
 * the level does not mask is left pending, whatever way the level dropped.
 *
 * Slots run highest bit first.  To run one: interrupts off, clear its bit;
 * ci_ilevel that of its source, intr_sources[slot].is_ipl; interrupts on;
 * ci_idepth one more; (*is_func)(is_arg); one less; interrupts off, and look
 * again with the level as it was.  An architecture may call
 * cpu_xcall_dispatch(curcpu()) for SLOT_XCALL itself.  The tables are in
 * intr.h.
 */
static inline int splraise(int);
static inline void splx(int);

/*
 * SOFT-1 [x] X-SOFT-1, for any slot: set it pending on this CPU, in one
 * atomic step against this CPU's handlers.  Runs nothing; with interrupts on
 * and the level low it may so wait for the next interrupt.
 */
static inline void cpu_soft_pend(unsigned int);

/* WAIT-1 [x] X-WAIT-2. */
static inline void CPU_BUSY_CYCLE(void);

/* CLK-1 [s] A counter that never goes back, in units of md_clock_hz. */
static inline uint64_t md_clock_read(void);

/*
 * DIAG-1 [s] The frame of the caller; the frame and return address above it,
 * 0 at the end.  A frame is an address on its stack, below the top.
 */
static inline uintptr_t md_frame(void);
static inline uintptr_t md_frame_next(uintptr_t, uintptr_t *);

/* MEM-1 [s] Where RAM at this physical address can be read and written. */
static inline void *md_ram(uint64_t);

/* IDLE-1 [s] Stop this CPU for good, interrupts off. */
static inline void cpu_halt(void) __attribute__((__noreturn__));

/*
 * USE-1 [s] What the first consumer of the cross-call does on each CPU: what
 * it takes that caches there hold nothing that others need, or nothing stale.
 */
static inline void cpu_cache_sync(void);

/* IPI-1 [x] X-IPI-1. */
static inline void cpu_xcall_ipi(struct cpu_info *);

#include <machine/cpu.h>

/*
 * POINT-1 [s] Places that tests act at and measurements count from; point.h
 * says how they are marked.  A name may stand in several places.  Those with
 * [md] are an architecture's, in whatever file does what they say; the
 * context is that of the code around.
 *
 *	post		cpu_xcall(), cpu_xcall_sync() or cpu_xcall_many() begins
 *	reserved	a slot is reserved, and nothing in it yet
 *	published	the call is in it, and the queue was empty: ring next
 *	doorbell	[md] what rings is written next; whatever the reason
 *	vector		[md] first instruction of a doorbell's interrupt
 *	pend		[md] the cross-call is marked pending next
 *	eoi		[md] the end of a doorbell's interrupt is signalled next
 *	soft		[md] the cross-call's bit is cleared: its soft entry
 *	dispatch	cpu_xcall_dispatch() begins
 *	taken		a call is off the queue
 *	call		its function is called next
 *	return		its function has returned
 *	ended		a dispatch has run its calls, and looks for more next
 *	last		[md] nothing to run has been found: the level is lowered
 *			or the interrupted code goes on next
 *	leave		[md] what a doorbell interrupted goes on next
 *	reasons		[md] the reasons of a shared interrupt have been taken
 *	self		a call to this CPU is queued, the level is lowered next
 *	full		the queue is full: another try after this
 *	waits		cond_wait() looks next
 *	looked		it has looked, and announces itself next
 *	setup		it has, and looks once more
 *	finish		sleep_finish() goes to sleep next, unless it was woken
 *	signalled	cond_signal() has stored, and wakes next
 *	wake		wakeup() begins
 *	resume		a thread that slept, or was to, goes on
 *	idle		the last look found nothing to do: the halt is next
 *	start		md_cpu_start() is called next
 *	hatch		cpu_hatch() begins
 *	ready		a CPU has been set up, and is not CPUF_RUNNING yet
 *	online		it is
 */

/*
 * 3. Functions.
 */

/*
 * CONS-1 [s] One byte, waiting for room; any context; before kern_main() too.
 * A byte is dropped while no console is known.
 */
void	md_putc(int);

/*
 * TRAP-1 [s] An exception nobody asked for is a panic that says which, at
 * what address, and shows the registers; so is a stack that has run into the
 * unmapped range below it, which takes a stack for emergencies.
 */

/*
 * END-1 [s] The run is over.  Ends the machine or the emulator where it can
 * be ended, otherwise halts.
 */
void	md_end(int) __attribute__((__noreturn__));

/*
 * SMP-1 [s] cpu_attach() for this CPU, then cpu_listed() for every CPU that
 * the firmware tells of, this one too; cpu_info_primary is this one's.  The
 * id is the firmware's, and is kept from the entry if it cannot be read.
 */
void	md_cpus_attach(void);

/*
 * SMP-2 [s] On the CPU itself, interrupts off: the interrupt controller's
 * part, doorbells and clock, so that it can be set running.  No state is
 * relied on: a boot loader or an earlier kernel may have left any.
 */
void	md_cpu_init(struct cpu_info *);

/*
 * SMP-3 [s] Start a CPU: it comes to cpu_hatch(ci), on the stack of its idle
 * thread, curcpu() right, interrupts off.  Returns NULL, or why it does not
 * start; does not wait for it.
 */
const char *md_cpu_start(struct cpu_info *);

/*
 * IPI-2 [s] cpu_unidle(): CPU ci leaves its halt.
 * IPI-3 [s] cpu_stop(): CPU ci calls cpu_stopped() as soon as it can, if it
 * can be without regard to its interrupt state, with the address and the
 * frame where it was.  Called with interrupts off.
 * IPI-4 [s] They may share an interrupt with each other and with X-IPI-1: end
 * it first, take the reasons then, or one that comes in between is lost.
 */
void	cpu_unidle(struct cpu_info *);
void	cpu_stop(struct cpu_info *);

/*
 * IDLE-2 [s] Called with interrupts off and nothing to do: halt until an
 * interrupt comes, and take it.  One that came since interrupts went off must
 * not be slept through.  Returns with interrupts on.
 */
void	cpu_idle_cycle(void);

/*
 * CLK-2 [s] The clock of this CPU: once, so many units from now, slot
 * intr_clock is set pending.  Before that md_clock_init(), on the boot CPU.
 */
extern uint64_t md_clock_hz;
void	md_clock_init(void);
void	md_clock_arm(uint64_t);

/*
 * THR-1 [s] cpu_fork(): thread t, not yet run, or ended, will start in
 * thread_start(), on the stack whose top is t_stack + KSTACK_SIZE; t_sp is
 * the architecture's.  cpu_switchto(): save the first thread (NULL: nothing
 * to save), go on with the second.  Interrupts, level: as they are.
 */
void	cpu_fork(struct thread *);
void	cpu_switchto(struct thread *, struct thread *);

/*
 * MEM-2 [s] Map pages: address, physical address, bytes, protection.  Never
 * both writable and executable.  Only addresses not mapped before.  Every
 * CPU can use them when it returns; others run meanwhile, interrupts may be
 * off, calls do not overlap.
 */
void	md_map(uintptr_t, uint64_t, size_t, int);

/*
 * USE-2 [s] What the second consumer switches: a feature of the CPU, as a
 * hypervisor is started and stopped.  Returns 0 or an error number.
 */
int	cpu_feature_enable(void);
void	cpu_feature_disable(void);
int	cpu_feature_enabled(void);	/* read back from the hardware */

/*
 * 4. Optional operations.  cpu_xcall_ipi_many(), X-IPI-2, announced by
 * __HAVE_CPU_XCALL_IPI_MANY in <machine/cpu.h>.
 */

/*
 * 5. What can be known when compiling.
 */
_Static_assert(sizeof(long) * 8 == MD_WORDBITS, "PARAM-2");
_Static_assert(INTR_PERIPL >= 2, "SOFT-1: slots for the cross-call and clock");
_Static_assert(SLOT_XCALL < MD_WORDBITS, "SOFT-1");
_Static_assert(offsetof(struct cpu_info, ci_self) == 0, "CPU-1");
_Static_assert(MD_STACKVA % (2 * KSTACK_SIZE) == 0, "PARAM-6");
_Static_assert(KSTACK_SIZE % MD_PAGESIZE == 0, "PARAM-4");

#include "xcall_md.h"

#endif /* MD_H */
