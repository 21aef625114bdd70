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
 * arm64: page tables.  RAM at its physical address, written and never
 * executed, without the kernel itself; the kernel with each segment's rights;
 * devices and stacks in ranges of their own.
 *
 * 39 bits of address: three levels, of 1 GB, 2 MB and 4 KB.  The first
 * tables are made with the MMU off, at physical addresses: pmap_early() and
 * what it calls use no pointer but those they are given or compute.
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"

/* ARM DDI 0487, D8.3: descriptors of stage 1. */
#define PTE_VALID	0x001ULL
#define PTE_TABLE	0x002ULL	/* a table, or a page at the last */
#define PTE_DEVICE	(1ULL << 2)	/* MAIR attribute 1 */
#define PTE_RO		(1ULL << 7)
#define PTE_INNER	(3ULL << 8)
#define PTE_AF		(1ULL << 10)
#define PTE_GP		(1ULL << 50)	/* landing pads, where there are */
#define PTE_PXN		(1ULL << 53)
#define PTE_UXN		(1ULL << 54)
#define PTE_FRAME	0x0000fffffffff000ULL
#define LARGEPAGE	(2UL << 20)
#define HUGEPAGE	(1UL << 30)

#define NEARLY		64		/* tables before there is memory */
#define DTB_HEADER	40
#define DTB_MAX		(2U << 20)

extern const char kernel_rodata[], kernel_data[];
extern const char arm64_idmap[], arm64_idmap_end[];

extern uint64_t arm64_ttbr0[512], arm64_ttbr1[512];
_Alignas(4096) uint64_t arm64_ttbr0[512];
_Alignas(4096) uint64_t arm64_ttbr1[512];
_Alignas(4096) static uint64_t early[NEARLY][512];
static unsigned int nearly;
static int memory;			/* pmem_alloc() can be used */
static int64_t delta;			/* kernel's addresses - physical */
static uintptr_t device_next = DEVICEVA + GICC_SIZE;

/* Early tables are in the kernel, the others in RAM. */
static uint64_t *
table_va(uint64_t pa)
{
	uint64_t first = (uint64_t)early - delta;

	if (pa >= first && pa < first + sizeof(early))
		return ((uint64_t *)(pa + delta));
	return (md_ram(pa));
}

static uint64_t
table_new(void)
{
	if (memory)
		return (pmem_alloc(1));
	if (nearly == NEARLY)
		panic("pmap: %d early tables are not enough", NEARLY);
	return ((uint64_t)early[nearly++] - delta);
}

static uint64_t
pmap_bits(int prot)
{
	uint64_t bits = PTE_VALID | PTE_AF | PTE_INNER | PTE_UXN;

	if ((prot & PROT_WRITE) != 0 && (prot & PROT_EXEC) != 0)
		panic("MEM-2: md_map: writable and executable");
	if ((prot & PROT_WRITE) == 0)
		bits |= PTE_RO;
	if ((prot & PROT_EXEC) == 0)
		bits |= PTE_PXN;
	else
		bits |= PTE_GP;
	if ((prot & PROT_DEVICE) != 0)
		bits |= PTE_DEVICE;
	return (bits);
}

/* The table below an entry, made if there is none. */
static uint64_t *
pmap_down(uint64_t *pte)
{
	if ((*pte & PTE_VALID) == 0)
		*pte = table_new() | PTE_VALID | PTE_TABLE;
	else if ((*pte & PTE_TABLE) == 0)
		panic("MEM-2: md_map: a large page is in the way");
	return (table_va(*pte & PTE_FRAME));
}

static void
pmap_map(uint64_t *root, uintptr_t va, uint64_t pa, size_t size, int prot)
{
	uint64_t bits = pmap_bits(prot), *pte;
	size_t step;

	for (; size > 0; va += step, pa += step, size -= step) {
		pte = &root[va >> 30 & 511];
		step = HUGEPAGE;
		if ((va | pa) % step != 0 || size < step) {
			pte = pmap_down(pte) + (va >> 21 & 511);
			step = LARGEPAGE;
		}
		if ((va | pa) % step != 0 || size < step) {
			pte = pmap_down(pte) + (va >> 12 & 511);
			step = MD_PAGESIZE;
		}
		if ((*pte & PTE_VALID) != 0)
			panic("MEM-2: md_map: 0x%lx is mapped", va);
		*pte = pa | bits | (step == MD_PAGESIZE ? PTE_TABLE : 0);
	}
	/* The walker sees the entries before what is mapped is used. */
	__asm volatile("dsb ishst; isb" ::: "memory");
}

void
md_map(uintptr_t va, uint64_t pa, size_t size, int prot)
{
	KASSERT((va | pa | size) % MD_PAGESIZE == 0);
	pmap_map(va >= KERNBASE ? arm64_ttbr1 : arm64_ttbr0, va, pa, size,
	    prot);
}

static void
pmap_segment(uint64_t image, const char *start, const char *end, int prot)
{
	uint64_t off = (uint64_t)start - image;

	pmap_map(arm64_ttbr1, KERNBASE + off, image + off,
	    roundup((uint64_t)end - (uint64_t)start, MD_PAGESIZE), prot);
}

/*
 * MMU off: every address here is physical, the kernel's own too.  The kernel
 * at its addresses; at its physical one the page that turns the MMU on.
 */
void
pmap_early(uint64_t image)
{
	pmap_segment(image, kernel_text, kernel_etext, PROT_READ | PROT_EXEC);
	pmap_segment(image, kernel_rodata, kernel_data, PROT_READ);
	pmap_segment(image, kernel_data, kernel_end, PROT_READ | PROT_WRITE);
	pmap_map(arm64_ttbr0, (uintptr_t)arm64_idmap, (uint64_t)arm64_idmap,
	    MD_PAGESIZE, PROT_READ | PROT_EXEC);
}

/* From here on the kernel is at its own addresses. */
void
pmap_high(uint64_t image)
{
	delta = KERNBASE - image;
}

/*
 * The device tree, where the boot loader left it, to be read: as much as it
 * says that there is, or its first page if it does not look like one.
 * Returns the bytes that can be read.
 */
size_t
pmap_dtb(uint64_t dtb)
{
	const uint8_t *p = md_ram(dtb);
	uint64_t start = dtb & ~(uint64_t)(MD_PAGESIZE - 1);
	uint64_t end = roundup(dtb + DTB_HEADER, MD_PAGESIZE);
	size_t size = 0;

	if (dtb == 0)
		return (0);
	if (dtb >= MD_RAMEND - DTB_MAX)
		panic("boot: 0x%llx: the device tree is out of reach",
		    (unsigned long long)dtb);
	md_map(start, start, end - start, PROT_READ);
	if (p[0] == 0xd0 && p[1] == 0x0d && p[2] == 0xfe && p[3] == 0xed)
		size = (size_t)p[4] << 24 | p[5] << 16 | p[6] << 8 | p[7];
	if (size > DTB_MAX)
		size = DTB_MAX;
	if (dtb + size > end)
		md_map(end, end, roundup(dtb + size, MD_PAGESIZE) - end,
		    PROT_READ);
	return (size < end - dtb ? end - dtb : size);
}

/* Memory is known: map it, and take tables from it from now on. */
void
pmap_init(void)
{
	uint64_t start, end;

	for (start = 0; pmem_piece(&start, &end); start = end)
		md_map(start, start, end - start, PROT_READ | PROT_WRITE);
	memory = 1;
}

uint64_t
pmap_kernel_pa(const void *p)
{
	return ((uint64_t)p - delta);
}

volatile uint32_t *
pmap_device(uint64_t pa, size_t size)
{
	uintptr_t va = device_next, off = pa % MD_PAGESIZE;

	size = roundup(off + size, MD_PAGESIZE);
	if (size > MD_STACKVA - va)
		panic("pmap: no room for a device of 0x%zx bytes at 0x%llx",
		    size, (unsigned long long)pa);
	device_next += size;
	md_map(va, pa - off, size, PROT_READ | PROT_WRITE | PROT_DEVICE);
	return ((volatile uint32_t *)(va + off));
}
