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
 * amd64: the end of the EFI loader.  UEFI is in long mode, everything at its
 * physical address; the kernel is entered as PVH does it, in 32-bit mode
 * without paging (Xen, docs/misc/pvh.pandoc).  The way out of long mode, SDM
 * 3A 10.8.5.4 [leaving IA-32e mode], runs in the page behind the handover: this
 * program may be above 4 GB.
 */

#include "efi.h"

#define KERNPHYS	0x200000
#define HVM_MAGIC	0x336ec578

#define CR0_PE		0x00000001
#define MSR_EFER	0xc0000080
#define EFER_LME	0x00000100

#define PAGE		4096
#define TRAMP(_s)	((_s) - tramp)

	.section .rdata, "dr"
	.globl	md_efi_base
	.p2align 3
md_efi_base:
	.quad	KERNPHYS

	/* %ebx: this page; %ecx: the entry; %edx: the handover. */
	.p2align 4
tramp:
	leaq	TRAMP(tramp_gdt)(%rbx), %rax
	movq	%rax, TRAMP(tramp_gdtr) + 2(%rbx)
	lgdt	TRAMP(tramp_gdtr)(%rbx)
	leaq	TRAMP(tramp_32)(%rbx), %rax
	pushq	$0x08
	pushq	%rax
	lretq

	.code32
tramp_32:
	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$CR0_PE, %eax
	movl	%eax, %cr0			/* paging off: long mode ends */
	movl	%ecx, %esi
	movl	%edx, %edi
	movl	$MSR_EFER, %ecx
	rdmsr
	andl	$~EFER_LME, %eax
	wrmsr
	xorl	%eax, %eax
	movl	%eax, %cr4

	/* struct hvm_start_info; its map's entries are those of ours. */
	movl	EH_NRANGE(%edi), %eax
	movl	%eax, TRAMP(tramp_hvm) + 48(%ebx)
	leal	EH_RANGES(%edi), %eax
	movl	%eax, TRAMP(tramp_hvm) + 40(%ebx)
	movl	EH_RSDP(%edi), %eax
	movl	%eax, TRAMP(tramp_hvm) + 32(%ebx)
	leal	EH_ARGS(%edi), %eax
	movl	%eax, TRAMP(tramp_hvm) + 24(%ebx)
	leal	TRAMP(tramp_hvm)(%ebx), %ebx
	jmp	*%esi
	.code64

	.p2align 3
tramp_gdt:
	.quad	0
	.quad	0x00cf9a000000ffff		/* 32-bit code */
	.quad	0x00cf92000000ffff		/* data */
tramp_gdtr:
	.word	23
	.quad	0
	.p2align 3
tramp_hvm:
	.long	HVM_MAGIC, 1, 0, 0		/* version 1, no modules */
	.quad	0, 0, 0, 0
	.long	0, 0
tramp_end:

	/* Microsoft's convention: %rcx, %rdx, %r8, %r9. */
	.text
	.globl	md_efi_start
md_efi_start:
	cli
	cld
	movl	%ecx, %eax
	leaq	PAGE(%rdx), %rdi
	movq	%rdi, %rbx
	leaq	tramp(%rip), %rsi
	movl	$(tramp_end - tramp), %ecx
	rep movsb
	movl	%eax, %ecx
	leaq	PAGE(%rbx), %rsp
	jmp	*%rbx
