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
 * amd64: from the boot loader, and from the start of another CPU, to C.
 *
 * PVH entry: 32-bit protected mode, flat segments, no paging, interrupts
 * off, %ebx the physical address of struct hvm_start_info (Xen,
 * docs/misc/pvh.pandoc).  The boot tables map the first 4 GB at 0 and the
 * first GB at KERNBASE, all of it writable and executable: they last until
 * pmap_init().
 */

#include <machine/param.h>
#include <machine/asm.h>

#include "ipl.h"
#include "assym.h"

#define PHYS(_s)	((_s) - KERNBASE)

#define PG_V		0x001
#define PG_W		0x002
#define PG_PS		0x080

#define CR0_PE		0x00000001
#define CR0_WP		0x00010000
#define CR0_PG		0x80000000
#define CR4_PAE		0x00000020
#define CR4_PGE		0x00000080

#define XEN_ELFNOTE_PHYS32_ENTRY	18

	.section .note.Xen, "a", @note
	.p2align 2
	.long	4, 4, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.long	PHYS(amd64_pvh_start)

	.text
	.code32
	.globl	amd64_pvh_start
amd64_pvh_start:
	cli
	cld
	movl	$PHYS(amd64_bootstack_end), %esp
	movl	%ebx, %ebp

	/* Four page directories, one after the other: 2 MB pages. */
	movl	$PHYS(boot_pd), %edi
	movl	$(PG_V | PG_W | PG_PS), %eax
	movl	$(4 * 512), %ecx
1:	movl	%eax, (%edi)
	movl	$0, 4(%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	1b

	movl	$PHYS(boot_pdpt), %edi
	movl	$(PHYS(boot_pd) + (PG_V | PG_W)), %eax
	movl	$4, %ecx
1:	movl	%eax, (%edi)
	addl	$4096, %eax
	addl	$8, %edi
	loop	1b

	/* KERNBASE is entry 511 of the top level, 510 of the next. */
	movl	$(PHYS(boot_pd) + (PG_V | PG_W)), PHYS(boot_pdpt_high) + 510 * 8
	movl	$(PHYS(boot_pdpt) + (PG_V | PG_W)), PHYS(boot_pml4)
	movl	$(PHYS(boot_pdpt_high) + (PG_V | PG_W)), \
		PHYS(boot_pml4) + 511 * 8

	movl	$(CR4_PAE | CR4_PGE), %eax
	movl	%eax, %cr4
	movl	$PHYS(boot_pml4), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$(EFER_LME | EFER_NXE), %eax
	wrmsr
	movl	$(CR0_PG | CR0_WP | CR0_PE), %eax
	movl	%eax, %cr0
	lgdt	PHYS(boot_gdtr)
	ljmp	$GSEL_CODE, $PHYS(2f)

	.code64
2:	movabsq	$amd64_boot_high, %rax
	jmp	*%rax

ENTRY(amd64_boot_high)
	lgdt	boot_gdtr_high(%rip)		/* outlasts the boot tables */
	movw	$GSEL_DATA, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	xorl	%eax, %eax
	movw	%ax, %fs
	movw	%ax, %gs
	leaq	amd64_bootstack_end(%rip), %rsp
	movl	%ebp, %edi
	xorl	%ebp, %ebp
	call	amd64_init
	ud2
END(amd64_boot_high)

/*
 * Another CPU starts here, in real mode, at the page that its start-up IPI
 * names.  The code is copied to such a page, below 1 MB, and mapped there at
 * its physical address, executable and not writable.  What differs from one
 * boot to the next stands at its end: amd64_tramp_*.
 *
 * Real mode to protected mode to long mode: SDM 3A 10.9 and 11.8.5 [AP
 * initialisation, IA-32e mode].
 */
#define TRAMP(_s)	((_s) - amd64_tramp)

	.section .rodata
	.p2align 4
	.code16
	.globl	amd64_tramp, amd64_tramp_end
amd64_tramp:
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	xorl	%ebx, %ebx
	movw	%ax, %bx
	shll	$4, %ebx			/* where this page is */
	leal	TRAMP(tramp_gdt)(%ebx), %eax
	movl	%eax, TRAMP(tramp_gdtr) + 2
	leal	TRAMP(tramp_32)(%ebx), %eax
	movl	%eax, TRAMP(tramp_jump32)
	leal	TRAMP(tramp_64)(%ebx), %eax
	movl	%eax, TRAMP(tramp_jump64)
	lgdtl	TRAMP(tramp_gdtr)
	movl	%cr0, %eax
	orl	$CR0_PE, %eax
	movl	%eax, %cr0
	ljmpl	*TRAMP(tramp_jump32)

	.code32
tramp_32:
	movw	$GSEL_DATA, %ax
	movw	%ax, %ds
	movl	$(CR4_PAE | CR4_PGE), %eax
	movl	%eax, %cr4
	movl	TRAMP(amd64_tramp_cr3)(%ebx), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$(EFER_LME | EFER_NXE), %eax
	wrmsr
	movl	$(CR0_PG | CR0_WP | CR0_PE), %eax
	movl	%eax, %cr0
	ljmp	*TRAMP(tramp_jump64)(%ebx)

	.code64
tramp_64:
	movq	TRAMP(amd64_tramp_entry)(%rbx), %rax
	jmp	*%rax

	.p2align 3
tramp_gdt:
	.quad	0
	.quad	0x00af9a000000ffff		/* 64-bit code */
	.quad	0x00cf92000000ffff		/* data */
	.quad	0x00cf9a000000ffff		/* 32-bit code */
tramp_gdtr:
	.word	31
	.long	0
tramp_jump32:
	.long	0
	.word	0x18
tramp_jump64:
	.long	0
	.word	GSEL_CODE
	.p2align 3
	.globl	amd64_tramp_cr3, amd64_tramp_entry
amd64_tramp_cr3:
	.quad	0
amd64_tramp_entry:
	.quad	0
amd64_tramp_end:

/*
 * The other CPU in long mode, on no stack yet.  It takes the start that is
 * meant for it, by its hardware id, and only once; one that comes too late,
 * or twice, finds none and halts.  The id: leaf 0Bh where it counts, else
 * leaf 1 (SDM 3A 9.4.5 [determining the initial APIC id]).
 */
ENTRY(amd64_ap_start)
	movw	$GSEL_DATA, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	xorl	%eax, %eax
	movw	%ax, %fs
	movw	%ax, %gs
	cpuid
	cmpl	$0x0b, %eax
	jb	1f
	movl	$0x0b, %eax
	xorl	%ecx, %ecx
	cpuid
	testl	%ebx, %ebx
	jnz	2f
1:	movl	$1, %eax
	cpuid
	shrl	$24, %ebx
	movl	%ebx, %edx
2:	cmpl	%edx, amd64_ap_id
	jne	9f
	xorl	%edi, %edi
	xchgq	%rdi, amd64_ap_ci
	testq	%rdi, %rdi
	jz	9f
	movq	CI_IDLE(%rdi), %rsp
	movq	T_STACK(%rsp), %rsp
	addq	$KSTACK_SIZE, %rsp
	xorl	%ebp, %ebp
	movl	$1, amd64_ap_taken
	call	amd64_hatch
	ud2
9:	cli
	hlt
	jmp	9b
END(amd64_ap_start)

	.section .rodata
	.p2align 3
boot_gdt:
	.quad	0
	.quad	0x00af9a000000ffff
	.quad	0x00cf92000000ffff
boot_gdt_end:
boot_gdtr:
	.word	boot_gdt_end - boot_gdt - 1
	.long	PHYS(boot_gdt)
boot_gdtr_high:
	.word	boot_gdt_end - boot_gdt - 1
	.quad	boot_gdt

	.bss
	.p2align 12
boot_pml4:	.space	4096
boot_pdpt:	.space	4096
boot_pdpt_high:	.space	4096
boot_pd:	.space	4 * 4096
	.space	16384
	.globl	amd64_bootstack_end
amd64_bootstack_end:
