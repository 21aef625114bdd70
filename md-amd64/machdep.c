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
 * amd64: what the boot loader hands over, and the end of a run.
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"

/*
 * Xen, xen/include/public/arch-x86/hvm/start_info.h.  The memory map is there
 * from version 1 on.
 */
struct hvm_start_info {
	uint32_t	hs_magic;
	uint32_t	hs_version;
	uint32_t	hs_flags;
	uint32_t	hs_nmodules;
	uint64_t	hs_modules;
	uint64_t	hs_cmdline;
	uint64_t	hs_rsdp;
	uint64_t	hs_memmap;
	uint32_t	hs_nmemmap;
	uint32_t	hs_reserved;
};

struct hvm_memmap {
	uint64_t	hm_addr;
	uint64_t	hm_size;
	uint32_t	hm_type;
	uint32_t	hm_reserved;
};

#define HVM_MAGIC	0x336ec578
#define HVM_RAM		1

struct acpi amd64_acpi;
const char *amd64_acpi_error = "not looked for";

static uint16_t end_port;	/* isa-debug-exit; 0: none known */

void	amd64_init(uint64_t);

/* How much the CPU can address: APM 3, E.4.7. */
static uint64_t
physical_end(void)
{
	uint32_t r[4];
	unsigned int bits = 36;

	cpuid(0x80000000, 0, r);
	if (r[0] >= 0x80000008) {
		cpuid(0x80000008, 0, r);
		bits = r[0] & 0xff;
	}
	return (1ULL << bits < MD_RAMEND ? 1ULL << bits : MD_RAMEND);
}

/*
 * Tables are anywhere in memory: mapped, to be read, when looked at.  Not in
 * page 0, which stays unmapped.
 */
static const void *
acpi_map(uint64_t pa, size_t len)
{
	uint64_t page, end = physical_end();

	if (pa < MD_PAGESIZE || len > (16 << 20) || pa >= end ||
	    len > end - pa)
		return (NULL);
	end = pa + len;
	for (page = pa & ~(uint64_t)(MD_PAGESIZE - 1); page < end;
	    page += MD_PAGESIZE) {
		if (!pmap_mapped(page))
			md_map(page, page, MD_PAGESIZE, PROT_READ);
	}
	return (md_ram(pa));
}

static uint64_t
number(const char *s)
{
	uint64_t n = 0;
	unsigned int base = 10, d;

	if (s[0] == '0' && s[1] == 'x') {
		base = 16;
		s += 2;
	}
	for (; *s != '\0'; s++) {
		d = *s >= 'a' && *s <= 'f' ? *s - 'a' + 10U : *s - '0' + 0U;
		if (d >= base)
			return (0);
		n = n * base + d;
	}
	return (n);
}

/*
 * Where the pointer is: what the command line says, what the boot loader
 * says, else where a BIOS leaves it, ACPI 6.5, 5.2.5.1.
 */
static void
acpi_init(uint64_t rsdp)
{
	const char *error = NULL;
	char buf[20];

	if (boot_arg("rsdp", buf, sizeof(buf)) != NULL)
		rsdp = number(buf);
	if (rsdp == 0)
		error = acpi_scan(acpi_map, 0xe0000, 0x20000, &rsdp);
	if (error == NULL)
		error = acpi_open(&amd64_acpi, acpi_map, rsdp);
	amd64_acpi_error = error;
	if (error != NULL)
		printf("%s: one CPU, and a PIT if there is one\n", error);
}

/* An 8250 keeps what is written to its scratch register. */
static int
com_present(uint16_t port)
{
	outb(port + 7, 0x5a);
	if (inb(port + 7) != 0x5a)
		return (0);
	outb(port + 7, 0xa5);
	return (inb(port + 7) == 0xa5);
}

static void
acpi_console(void)
{
	struct acpi_spcr sp;

	if (amd64_acpi_error == NULL && acpi_spcr(&amd64_acpi, &sp) == NULL &&
	    sp.sp_kind == ACPI_CONSOLE_NS8250 &&
	    sp.sp_base.ga_space == ACPI_SPACE_IO && sp.sp_base.ga_addr != 0 &&
	    sp.sp_base.ga_addr <= 0xfff8) {
		if (com_present(sp.sp_base.ga_addr))
			cons_init(sp.sp_base.ga_addr);
		else
			printf("ACPI: SPCR: there is no 8250 at port 0x%llx\n",
			    (unsigned long long)sp.sp_base.ga_addr);
	}
}

/* What RAM there is; nothing of it is touched yet. */
static void
memory_init(const struct hvm_start_info *hs)
{
	const struct hvm_memmap *hm = md_ram(hs->hs_memmap);
	uint32_t i;

	if (hs->hs_version < 1 || hs->hs_memmap == 0 || hs->hs_nmemmap == 0)
		panic("boot: the boot loader gives no memory map");
	if (hs->hs_memmap >= 1ULL << 32 || hs->hs_nmemmap > 1024)
		panic("boot: memory map at 0x%llx, %u entries: out of reach",
		    (unsigned long long)hs->hs_memmap, hs->hs_nmemmap);
	for (i = 0; i < hs->hs_nmemmap; i++) {
		if (hm[i].hm_type == HVM_RAM &&
		    hm[i].hm_addr + hm[i].hm_size > hm[i].hm_addr)
			pmem_add(hm[i].hm_addr, hm[i].hm_addr + hm[i].hm_size);
	}
	/* Page 0 stays unmapped; the kernel is where it is. */
	pmem_reserve(0, MD_PAGESIZE);
	pmem_reserve(0xa0000, 0x100000);
	pmem_reserve(KERNPHYS, (uintptr_t)kernel_end - KERNBASE);
}

/* The legacy interrupt controllers: initialised, and every line masked. */
static void
pic_init(void)
{
	outb(0x20, 0x11);
	outb(0xa0, 0x11);
	outb(0x21, 0x20);
	outb(0xa1, 0x28);
	outb(0x21, 0x04);
	outb(0xa1, 0x02);
	outb(0x21, 0x01);
	outb(0xa1, 0x01);
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
}

/* On the boot CPU, the boot stack and the boot tables, interrupts off. */
void
amd64_init(uint64_t pa)
{
	const struct hvm_start_info *hs = md_ram(pa);
	uint64_t rsdp;
	char buf[16];

	cpu_info_primary.ci_self = &cpu_info_primary;
	cpu_info_primary.ci_ilevel = IPL_HIGH;
	wrmsr(MSR_GSBASE, (uint64_t)&cpu_info_primary);
	cons_init(0x3f8);
	idt_init();
	idt_load();
	pic_init();
	if (pa == 0 || pa >= 1ULL << 32 || hs->hs_magic != HVM_MAGIC)
		panic("boot: 0x%llx is no PVH start info",
		    (unsigned long long)pa);
	if (hs->hs_cmdline != 0 && hs->hs_cmdline < 1ULL << 32)
		boot_args_set(md_ram(hs->hs_cmdline));
	if (boot_arg("debugexit", buf, sizeof(buf)) != NULL)
		end_port = number(buf);
	rsdp = hs->hs_rsdp;
	memory_init(hs);
	pmap_init();
	acpi_init(rsdp);
	acpi_console();
	kern_main();
}

/*
 * The command line says whether there is an isa-debug-exit, and where: it
 * cannot be found by looking.
 */
void
md_end(int failed)
{
	intr_disable();
	if (end_port != 0)
		outb(end_port, failed ? 1 : 0);
	cpu_halt();
}
