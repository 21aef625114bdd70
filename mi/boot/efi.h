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
 * What the EFI loader, efi.c, hands to the kernel that it carries: one page,
 * below 4 GB, and a second one for md-X/efi.S to work in.
 */

#ifndef EFI_H
#define EFI_H

#define EFI_MAGIC	0x6966656b74726f70	/* "portkefi" */
#define EFI_NRANGE	146
#define EFI_ARGS	512

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

/* RAM that may be used, the loader's own included. */
struct efi_range {
	uint64_t	er_addr;	/* bytes */
	uint64_t	er_size;
	uint32_t	er_type;	/* 1 */
	uint32_t	er_reserved;
};

struct efi_handover {
	uint64_t	 eh_magic;
	uint64_t	 eh_rsdp;	/* physical addresses; 0: none */
	uint64_t	 eh_fdt;
	uint32_t	 eh_nrange;
	uint32_t	 eh_reserved;
	struct efi_range eh_ranges[EFI_NRANGE];
	char		 eh_args[EFI_ARGS];	/* the kernel's command line */
};

/*
 * md-X/efi.S: boot services have ended, interrupts are as they left them.
 * The kernel is loaded at [start, end); go on at its entry as the boot
 * loader that it is written for would, and hand this over.
 */
void	md_efi_start(uint64_t entry, struct efi_handover *, uint64_t start,
	    uint64_t end) __attribute__((__noreturn__));
/* Where the kernel has to be; 0: anywhere, at a multiple of 2 MB. */
extern const uint64_t md_efi_base;

_Static_assert(sizeof(struct efi_handover) <= 4096, "more than a page");
_Static_assert(offsetof(struct efi_handover, eh_rsdp) == 8 &&
    offsetof(struct efi_handover, eh_nrange) == 24 &&
    offsetof(struct efi_handover, eh_ranges) == 32 &&
    offsetof(struct efi_handover, eh_args) == 32 + 24 * EFI_NRANGE,
    "md-X/efi.S has these numbers");
#endif

#define EH_RSDP		8
#define EH_NRANGE	24
#define EH_RANGES	32
#define EH_ARGS		(EH_RANGES + 24 * EFI_NRANGE)

#endif /* EFI_H */
