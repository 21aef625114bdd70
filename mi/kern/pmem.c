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
 * RAM, as the boot code found it: ranges to take from and ranges to keep off,
 * handed out page by page, lowest first, and never given back.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"

struct range {
	uint64_t	r_start;
	uint64_t	r_end;
};

static struct range ram[32], kept[32];
static unsigned int nram, nkept;
static uint64_t next;		/* nothing below is left */
static uintptr_t stackva = MD_STACKVA;
static unsigned char *heap, *heapend;
static unsigned int allocating;	/* a spin lock, interrupts off */
static struct mutex map_mtx = MUTEX_INITIALIZER(IPL_HIGH);

static void
range_add(struct range *r, unsigned int *n, unsigned int max, uint64_t start,
    uint64_t end)
{
	if (start >= end)
		return;
	if (*n == max) {
		printf("memory: more than %u ranges; 0x%llx-0x%llx ignored\n",
		    max, (unsigned long long)start, (unsigned long long)end);
		return;
	}
	r[*n].r_start = start;
	r[*n].r_end = end;
	(*n)++;
}

void
pmem_add(uint64_t start, uint64_t end)
{
	if (end > MD_RAMEND) {
		printf("memory: 0x%llx-0x%llx: only what is below 0x%llx is "
		    "used\n", (unsigned long long)start,
		    (unsigned long long)end, (unsigned long long)MD_RAMEND);
		end = MD_RAMEND;
	}
	range_add(ram, &nram, nitems(ram), roundup(start, MD_PAGESIZE),
	    end & ~(uint64_t)(MD_PAGESIZE - 1));
}

/* What cannot be kept off must not be handed out: so this one panics. */
void
pmem_reserve(uint64_t start, uint64_t end)
{
	if (nkept == nitems(kept))
		panic("memory: more than %u reserved ranges", nkept);
	range_add(kept, &nkept, nitems(kept),
	    start & ~(uint64_t)(MD_PAGESIZE - 1),
	    roundup(end, MD_PAGESIZE));
}

uint64_t
pmem_size(void)
{
	uint64_t size = 0;
	unsigned int i;

	for (i = 0; i < nram; i++)
		size += ram[i].r_end - ram[i].r_start;
	return (size);
}

/* The end of a reserved range that meets this one, or 0. */
static uint64_t
pmem_kept(uint64_t start, uint64_t end)
{
	unsigned int i;

	for (i = 0; i < nkept; i++) {
		if (start < kept[i].r_end && kept[i].r_start < end)
			return (kept[i].r_end);
	}
	return (0);
}

/*
 * RAM that may be touched, piece by piece: the first at or above *start that
 * is in a range and not kept off.  Returns 0 when there is none.
 */
int
pmem_piece(uint64_t *start, uint64_t *end)
{
	uint64_t s, e, best = UINT64_MAX;
	unsigned int i, j;

	for (i = 0; i < nram; i++) {
		s = ram[i].r_start > *start ? ram[i].r_start : *start;
		while (s < ram[i].r_end && (e = pmem_kept(s, s + 1)) != 0)
			s = e;
		if (s >= ram[i].r_end || s >= best)
			continue;
		best = s;
		*end = ram[i].r_end;
		for (j = 0; j < nkept; j++) {
			if (kept[j].r_start > s && kept[j].r_start < *end)
				*end = kept[j].r_start;
		}
	}
	*start = best;
	return (best != UINT64_MAX);
}

/* What may be handed out, on a line. */
void
pmem_print(void)
{
	uint64_t start, end;

	printf("memory:");
	for (start = 0; pmem_piece(&start, &end); start = end)
		printf(" 0x%llx-0x%llx", (unsigned long long)start,
		    (unsigned long long)end);
	printf("\n");
}

/* The lowest address at or above next where so much fits in range r. */
static uint64_t
pmem_fit(const struct range *r, uint64_t size)
{
	uint64_t start = r->r_start > next ? r->r_start : next, end;

	while (start < r->r_end && size <= r->r_end - start) {
		end = pmem_kept(start, start + size);
		if (end == 0)
			return (start);
		start = end;
	}
	return (UINT64_MAX);
}

static uint64_t
pmem_take(size_t npages)
{
	uint64_t size = (uint64_t)npages * MD_PAGESIZE, best, start;
	unsigned int i;

	best = UINT64_MAX;
	for (i = 0; i < nram; i++) {
		start = pmem_fit(&ram[i], size);
		if (start < best)
			best = start;
	}
	if (best == UINT64_MAX)
		panic("out of memory: %zu pages, of %llu kilobytes", npages,
		    (unsigned long long)pmem_size() / 1024);
	next = best + size;
	return (best);
}

static unsigned long
alloc_enter(void)
{
	unsigned long s;

	s = intr_disable();
	while (atomic_swap(&allocating, 1) != 0)
		CPU_BUSY_CYCLE();
	return (s);
}

static void
alloc_leave(unsigned long s)
{
	atomic_store_release(&allocating, 0);
	intr_restore(s);
}

uint64_t
pmem_alloc(size_t npages)
{
	unsigned long s;
	uint64_t pa;

	s = alloc_enter();
	pa = pmem_take(npages);
	alloc_leave(s);
	memset(md_ram(pa), 0, npages * MD_PAGESIZE);
	return (pa);
}

void *
kmem_alloc(size_t size)
{
	unsigned long s;
	size_t npages;
	void *p;

	size = roundup(size, MD_CACHELINE);
	s = alloc_enter();
	if ((size_t)(heapend - heap) < size) {
		npages = (size + MD_PAGESIZE - 1) / MD_PAGESIZE;
		heap = md_ram(pmem_take(npages));
		heapend = heap + npages * MD_PAGESIZE;
	}
	p = heap;
	heap += size;
	alloc_leave(s);
	memset(p, 0, size);
	return (p);
}

/*
 * A stack is the upper half of a range of twice its size, the lower half
 * stays unmapped: running off the end faults.  So does KSTACK_SIZE tell, as
 * a bit of the stack pointer, whether it is on its stack.
 */
uintptr_t
kstack_alloc(void)
{
	uintptr_t va;
	uint64_t pa;

	mtx_enter(&map_mtx);
	va = stackva + KSTACK_SIZE;
	stackva += 2 * KSTACK_SIZE;
	pa = pmem_alloc(KSTACK_SIZE / MD_PAGESIZE);
	md_map(va, pa, KSTACK_SIZE, PROT_READ | PROT_WRITE);
	mtx_leave(&map_mtx);
	return (va);
}
