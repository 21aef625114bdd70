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
 * amd64: traps.  None is expected but the NMI that stops a CPU.
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"

struct amd64_trapframe {
	uint64_t	tf_r15, tf_r14, tf_r13, tf_r12;
	uint64_t	tf_r11, tf_r10, tf_r9, tf_r8;
	uint64_t	tf_rdi, tf_rsi, tf_rbp, tf_rbx;
	uint64_t	tf_rdx, tf_rcx, tf_rax;
	uint64_t	tf_vec, tf_err;
	uint64_t	tf_rip, tf_cs, tf_rflags, tf_rsp, tf_ss;
};

struct amd64_gate {
	uint16_t	g_low;
	uint16_t	g_sel;
	uint8_t		g_ist;
	uint8_t		g_type;
	uint16_t	g_mid;
	uint32_t	g_high;
	uint32_t	g_reserved;
};

#define TRAP_NMI	2
#define TRAP_DF		8
#define TRAP_PF		14
#define GATE_INTR	0x8e	/* present, ring 0, interrupts off */
#define STUB_SIZE	16

extern const char amd64_trapstubs[];
void	amd64_trap(struct amd64_trapframe *);

#define VEC_FIRST	32	/* below are the CPU's own */

static struct amd64_gate idt[256], strays[256];

static const char *const trapnames[] = {
	"divide error", "debug", "NMI", "breakpoint", "overflow", "bound",
	"invalid opcode", "no FPU", "double fault", "FPU segment",
	"invalid TSS", "segment not present", "stack fault",
	"general protection", "page fault", "reserved", "FPU error",
	"alignment check", "machine check", "SIMD error", "virtualisation",
	"control protection",
};

static void
gate_set(struct amd64_gate *g, uintptr_t addr)
{
	g->g_low = addr;
	g->g_mid = addr >> 16;
	g->g_high = addr >> 32;
	g->g_sel = GSEL_CODE;
	g->g_type = GATE_INTR;
}

void
idt_set(int vec, void (*func)(void))
{
	gate_set(&idt[vec], (uintptr_t)func);
}

/* The stacks of their own are there from cpu_tables() on. */
void
idt_init(void)
{
	int vec;

	for (vec = 0; vec < 256; vec++)
		gate_set(&idt[vec], (uintptr_t)amd64_trapstubs +
		    vec * STUB_SIZE);
}

/* A table in which func takes every interrupt; for lapic.c. */
void
idt_strays(void (*func)(void))
{
	int vec;

	memcpy(strays, idt, sizeof(strays));
	for (vec = VEC_FIRST; vec < 256; vec++)
		gate_set(&strays[vec], (uintptr_t)func);
}

static void
idt_load_table(const struct amd64_gate *table)
{
	struct {
		uint16_t	limit;
		uint64_t	base;
	} __attribute__((__packed__)) idtr = { sizeof(idt) - 1,
	    (uint64_t)table };

	__asm volatile("lidt %0" :: "m" (idtr) : "memory");
}

void
idt_load_strays(void)
{
	idt_load_table(strays);
}

void
idt_load(void)
{
	if (curcpu()->ci_md.mc_tss.ts_ist[0] != 0) {
		idt[TRAP_NMI].g_ist = IST_NMI;
		idt[TRAP_DF].g_ist = IST_DF;
	}
	idt_load_table(idt);
}

static void
print_frame(const void *frame)
{
	const struct amd64_trapframe *tf = frame;

	printf("rip %016lx rsp %016lx rfl %08lx err %lx\n", tf->tf_rip,
	    tf->tf_rsp, tf->tf_rflags, tf->tf_err);
	printf("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", tf->tf_rax,
	    tf->tf_rbx, tf->tf_rcx, tf->tf_rdx);
	printf("rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", tf->tf_rsi,
	    tf->tf_rdi, tf->tf_rbp, tf->tf_r8);
	printf("r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", tf->tf_r9,
	    tf->tf_r10, tf->tf_r11, tf->tf_r12);
	printf("r13 %016lx r14 %016lx r15 %016lx\n", tf->tf_r13,
	    tf->tf_r14, tf->tf_r15);
}

void
amd64_trap(struct amd64_trapframe *tf)
{
	const char *name = "interrupt nobody asked for";
	uint64_t cr2 = 0;

	if (tf->tf_vec == TRAP_NMI &&
	    (atomic_load_acquire(&curcpu()->ci_flags) & CPUF_STOP) != 0)
		cpu_stopped(tf->tf_rip, tf->tf_rbp);
	if (tf->tf_vec < nitems(trapnames))
		name = trapnames[tf->tf_vec];
	if (tf->tf_vec == TRAP_PF || tf->tf_vec == TRAP_DF)
		__asm volatile("movq %%cr2, %0" : "=r" (cr2));
	panic_show(print_frame, tf, "trap %lu: %s, address 0x%lx%s",
	    tf->tf_vec, name, cr2, tf->tf_vec == TRAP_DF ?
	    " (has the stack run into its guard page?)" : "");
}
