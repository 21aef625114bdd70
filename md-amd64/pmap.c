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
 * amd64: page tables.  RAM at its physical address, written and never
 * executed, without the kernel itself; the kernel with each segment's rights;
 * devices and stacks in ranges of their own.
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"

#define PG_V		0x001ULL
#define PG_W		0x002ULL
#define PG_WT		0x008ULL
#define PG_CD		0x010ULL
#define PG_PS		0x080ULL
#define PG_G		0x100ULL
#define PG_NX		(1ULL << 63)
#define PG_FRAME	0x000ffffffffff000ULL
#define LARGEPAGE	(2UL << 20)

extern const char kernel_rodata[], kernel_data[];
extern const char amd64_tramp[];

uint64_t amd64_pml4;
static uintptr_t device_next = DEVICEVA;

/* The entry for va at a level (4 the top), tables made on the way. */
static uint64_t *
pmap_pte(uintptr_t va, int level, int make)
{
	uint64_t *table = md_ram(amd64_pml4), *pte;
	int l;

	for (l = 4;; l--) {
		pte = &table[va >> (12 + 9 * (l - 1)) & 511];
		if (l == level || ((*pte & PG_V) != 0 && (*pte & PG_PS) != 0))
			return (pte);
		if ((*pte & PG_V) == 0) {
			if (!make)
				return (NULL);
			*pte = pmem_alloc(1) | PG_V | PG_W;
		}
		table = md_ram(*pte & PG_FRAME);
	}
}

static uint64_t
pmap_bits(int prot)
{
	uint64_t bits = PG_V;

	if ((prot & PROT_WRITE) != 0 && (prot & PROT_EXEC) != 0)
		panic("MEM-2: md_map: writable and executable");
	if ((prot & PROT_WRITE) != 0)
		bits |= PG_W;
	if ((prot & PROT_EXEC) == 0)
		bits |= PG_NX;
	if ((prot & PROT_DEVICE) != 0)
		bits |= PG_CD | PG_WT;
	return (bits);
}

int
pmap_mapped(uintptr_t va)
{
	uint64_t *pte = pmap_pte(va, 1, 0);

	return (pte != NULL && (*pte & PG_V) != 0);
}

void
md_map(uintptr_t va, uint64_t pa, size_t size, int prot)
{
	uint64_t bits = pmap_bits(prot), *pte;
	size_t step;

	KASSERT((va | pa | size) % MD_PAGESIZE == 0);
	for (; size > 0; va += step, pa += step, size -= step) {
		step = MD_PAGESIZE;
		if ((va | pa) % LARGEPAGE == 0 && size >= LARGEPAGE)
			step = LARGEPAGE;
		pte = pmap_pte(va, step == LARGEPAGE ? 2 : 1, 1);
		if ((*pte & PG_V) != 0)
			panic("MEM-2: md_map: 0x%lx is mapped", va);
		*pte = pa | bits | (step == LARGEPAGE ? PG_PS : 0);
	}
}

static void
pmap_segment(const char *start, const char *end, int prot)
{
	uintptr_t va = (uintptr_t)start;

	md_map(va, va - KERNBASE, roundup((uintptr_t)end - va, MD_PAGESIZE),
	    prot);
}

void
pmap_init(void)
{
	uint64_t start, end;

	amd64_pml4 = pmem_alloc(1);
	pmap_segment(kernel_text, kernel_etext, PROT_READ | PROT_EXEC);
	pmap_segment(kernel_rodata, kernel_data, PROT_READ);
	pmap_segment(kernel_data, kernel_end, PROT_READ | PROT_WRITE);
	for (start = 0; pmem_piece(&start, &end); start = end)
		md_map(start, start, end - start, PROT_READ | PROT_WRITE);
	__asm volatile("movq %0, %%cr3" :: "r" (amd64_pml4) : "memory");
}

/* The page where other CPUs start: it was written, now it is executed. */
void
pmap_tramp(uint64_t pa)
{
	uint64_t *pte = pmap_pte(pa, 1, 0);

	KASSERT(pte != NULL && (*pte & PG_PS) == 0);
	*pte = pa | PG_V;
	__asm volatile("invlpg (%0)" :: "r" (pa) : "memory");
}

volatile uint32_t *
pmap_device(uint64_t pa, size_t size)
{
	uintptr_t va = device_next, off = pa % MD_PAGESIZE;

	size = roundup(off + size, MD_PAGESIZE);
	if (size > 0 - va)
		panic("pmap: no room for a device of 0x%zx bytes at 0x%llx",
		    size, (unsigned long long)pa);
	device_next += size;
	md_map(va, pa - off, size, PROT_READ | PROT_WRITE | PROT_DEVICE);
	return ((volatile uint32_t *)(va + off));
}
