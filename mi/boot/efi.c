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
 * The EFI loader: a program for a UEFI, or for U-Boot, with the kernel inside
 * of it.  It puts the kernel where it belongs, reads the kernel's command line
 * from the file \cmdline.txt of the volume that it came from, ends the boot
 * services, and tells the kernel of RAM and of the firmware's tables.
 *
 * UEFI 2.10: 4 (tables), 7.2 and 7.4 (memory, ExitBootServices), 9.1 (loaded
 * image), 13.4 and 13.5 (files).  Only what is called is declared.
 */

#include "efi.h"

#define ERROR(_n)		((efi_status)1 << 63 | (_n))
#define LOAD_ERROR		ERROR(1)

/* EFI_MEMORY_TYPE. */
#define LOADER_CODE		1
#define LOADER_DATA		2
#define BOOT_CODE		3
#define BOOT_DATA		4
#define CONVENTIONAL		7
/* EFI_ALLOCATE_TYPE. */
#define ANY_PAGES		0
#define MAX_ADDRESS		1
#define ADDRESS			2

#define PAGE			4096
#define ALIGN			(2 << 20)
#define MODE_READ		1

typedef uint64_t efi_status;
typedef uint16_t efi_char;
typedef void *efi_handle;
/* What this does not call. */
typedef void (*efi_unused)(void);

struct efi_guid {
	uint32_t	g_a;
	uint16_t	g_b, g_c;
	uint8_t		g_d[8];
};

struct efi_table_header {
	uint64_t	th_signature;
	uint32_t	th_revision, th_size, th_crc, th_reserved;
};

struct efi_memory {
	uint32_t	m_type;
	uint64_t	m_start;
	uint64_t	m_virtual;
	uint64_t	m_pages;
	uint64_t	m_attribute;
};

struct efi_boot {
	struct efi_table_header b_header;
	efi_unused	b_tpl[2];
	efi_status	(*b_allocate_pages)(int, int, uint64_t, uint64_t *);
	efi_unused	b_free_pages;
	efi_status	(*b_memory_map)(uint64_t *, void *, uint64_t *,
			    uint64_t *, uint32_t *);
	efi_unused	b_pool[2], b_events[6], b_protocol[3];
	efi_status	(*b_handle_protocol)(efi_handle,
			    const struct efi_guid *, void **);
	efi_unused	b_reserved, b_locate[4], b_image[4];
	efi_status	(*b_exit)(efi_handle, uint64_t);
};

struct efi_text_output {
	efi_unused	o_reset;
	efi_status	(*o_string)(struct efi_text_output *, const efi_char *);
};

struct efi_system {
	struct efi_table_header s_header;
	efi_char	*s_vendor;
	uint32_t	 s_revision;
	efi_handle	 s_in_handle;
	void		*s_in;
	efi_handle	 s_out_handle;
	struct efi_text_output *s_out;
	efi_handle	 s_err_handle;
	void		*s_err, *s_runtime;
	struct efi_boot	*s_boot;
	uint64_t	 s_ntable;
	struct efi_config {
		struct efi_guid	 c_guid;
		void		*c_table;
	}		*s_tables;
};

struct efi_loaded {
	uint32_t	 l_revision;
	efi_handle	 l_parent;
	struct efi_system *l_system;
	efi_handle	 l_device;
};

struct efi_file {
	uint64_t	f_revision;
	efi_status	(*f_open)(struct efi_file *, struct efi_file **,
			    const efi_char *, uint64_t, uint64_t);
	efi_unused	f_close[2];
	efi_status	(*f_read)(struct efi_file *, uint64_t *, void *);
};

struct efi_volume {
	uint64_t	v_revision;
	efi_status	(*v_open)(struct efi_volume *, struct efi_file **);
};

static const struct efi_guid loaded_guid = { 0x5b1b31a1, 0x9562, 0x11d2,
    { 0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };
static const struct efi_guid volume_guid = { 0x964e5b22, 0x6459, 0x11d2,
    { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };
static const struct efi_guid acpi2_guid = { 0x8868e871, 0xe4f1, 0x11d3,
    { 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 } };
static const struct efi_guid acpi1_guid = { 0xeb9d2d30, 0x2d88, 0x11d3,
    { 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d } };
static const struct efi_guid fdt_guid = { 0xb1b621d5, 0xf19c, 0x41a5,
    { 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 } };

/* ELF-64, as much as a linked kernel needs of it. */
struct elf {
	uint8_t		e_ident[16];
	uint16_t	e_type, e_machine;
	uint32_t	e_version;
	uint64_t	e_entry, e_phoff, e_shoff;
	uint32_t	e_flags;
	uint16_t	e_ehsize, e_phentsize, e_phnum;
};
struct segment {
	uint32_t	p_type, p_flags;
	uint64_t	p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
};
#define PT_LOAD		1

__asm(
	".section .rdata, \"dr\"\n"
	".p2align 12\n"
	"kernel:\n"
	".incbin \"" KERNEL "\"\n"
	".text\n");
extern const uint8_t kernel[];

efi_status	efi_main(efi_handle, struct efi_system *);
void		*memcpy(void *, const void *, size_t);
void		*memset(void *, int, size_t);

static struct efi_system *sys;

/* The compiler calls these. */
void *
memcpy(void *to, const void *from, size_t n)
{
	const volatile uint8_t *f = from;
	volatile uint8_t *t = to;

	while (n-- > 0)
		*t++ = *f++;
	return (to);
}

void *
memset(void *to, int c, size_t n)
{
	volatile uint8_t *t = to;

	while (n-- > 0)
		*t++ = c;
	return (to);
}

static void
say(const char *s)
{
	efi_char c[2] = { 0, 0 };

	for (; *s != '\0'; s++) {
		c[0] = *s;
		sys->s_out->o_string(sys->s_out, c);
	}
}

static void
say_number(uint64_t n)
{
	int shift;

	say("0x");
	for (shift = 60; shift >= 0; shift -= 4) {
		char c[2] = { "0123456789abcdef"[n >> shift & 15], '\0' };

		if (n >> shift != 0 || shift == 0)
			say(c);
	}
}

static efi_status
fail(const char *what, uint64_t n)
{
	say("portkit: ");
	say(what);
	say(" (");
	say_number(n);
	say(")\r\n");
	return (LOAD_ERROR);
}

static const void *
table(const struct efi_guid *guid)
{
	const uint64_t *want = (const void *)guid, *have;
	uint64_t i;

	for (i = 0; i < sys->s_ntable; i++) {
		have = (const void *)&sys->s_tables[i].c_guid;
		if (have[0] == want[0] && have[1] == want[1])
			return (sys->s_tables[i].c_table);
	}
	return (NULL);
}

/* A command line is for those who want one: none is no error. */
static void
read_args(efi_handle image, char *args)
{
	static const efi_char name[] = { '\\', 'c', 'm', 'd', 'l', 'i', 'n',
	    'e', '.', 't', 'x', 't', 0 };
	struct efi_loaded *loaded;
	struct efi_volume *volume;
	struct efi_file *root, *file;
	uint64_t n = EFI_ARGS - 1, i;

	if (sys->s_boot->b_handle_protocol(image, &loaded_guid,
	    (void **)&loaded) != 0 ||
	    sys->s_boot->b_handle_protocol(loaded->l_device, &volume_guid,
	    (void **)&volume) != 0 || volume->v_open(volume, &root) != 0 ||
	    root->f_open(root, &file, name, MODE_READ, 0) != 0 ||
	    file->f_read(file, &n, args) != 0)
		n = 0;
	args[n] = '\0';
	for (i = 0; i < n; i++) {
		if (args[i] == '\n' || args[i] == '\r')
			args[i] = ' ';
	}
}

/* Copy the kernel's segments to where they belong; where it begins. */
static efi_status
load(uint64_t *entry, uint64_t *start, uint64_t *end)
{
	const struct elf *e = (const void *)kernel;
	const struct segment *p = (const void *)(kernel + e->e_phoff);
	uint64_t lo = UINT64_MAX, hi = 0, size, at = md_efi_base;
	efi_status error;
	unsigned int i;

	for (i = 0; i < e->e_phnum; i++) {
		if (p[i].p_type != PT_LOAD)
			continue;
		if (p[i].p_vaddr < lo)
			lo = p[i].p_vaddr;
		if (p[i].p_vaddr + p[i].p_memsz > hi)
			hi = p[i].p_vaddr + p[i].p_memsz;
	}
	size = (hi - lo + PAGE - 1) / PAGE;
	error = sys->s_boot->b_allocate_pages(at != 0 ? ADDRESS : ANY_PAGES,
	    LOADER_DATA, size + (at != 0 ? 0 : ALIGN / PAGE), &at);
	if (error != 0 && md_efi_base != 0)
		return (fail("the firmware uses the memory that the kernel "
		    "has to be in", md_efi_base));
	if (error != 0)
		return (fail("no memory for the kernel", error));
	at = (at + ALIGN - 1) & -(uint64_t)ALIGN;
	memset((void *)at, 0, size * PAGE);
	for (i = 0; i < e->e_phnum; i++) {
		if (p[i].p_type == PT_LOAD)
			memcpy((void *)(at + p[i].p_vaddr - lo),
			    kernel + p[i].p_offset, p[i].p_filesz);
	}
	*start = at;
	*end = at + size * PAGE;
	*entry = at + e->e_entry - lo;
	return (0);
}

/* What is free once the boot services are gone, neighbours together. */
static void
ranges(struct efi_handover *eh, const uint8_t *map, uint64_t size,
    uint64_t step)
{
	const struct efi_memory *m;
	struct efi_range *er = NULL;
	uint64_t o;

	eh->eh_nrange = 0;
	for (o = 0; o < size; o += step) {
		m = (const void *)(map + o);
		if (m->m_type != CONVENTIONAL && m->m_type != BOOT_CODE &&
		    m->m_type != BOOT_DATA && m->m_type != LOADER_CODE &&
		    m->m_type != LOADER_DATA)
			continue;
		if (er != NULL && er->er_addr + er->er_size == m->m_start) {
			er->er_size += m->m_pages * PAGE;
			continue;
		}
		if (eh->eh_nrange == EFI_NRANGE)
			return;		/* enough to run in */
		er = &eh->eh_ranges[eh->eh_nrange++];
		er->er_addr = m->m_start;
		er->er_size = m->m_pages * PAGE;
		er->er_type = 1;
		er->er_reserved = 0;
	}
}

efi_status
efi_main(efi_handle image, struct efi_system *system)
{
	static uint8_t map[64 * 1024] __attribute__((__aligned__(16)));
	uint64_t page = UINT32_MAX, entry, start, end, size, key, step;
	struct efi_handover *eh;
	uint32_t version;
	efi_status error;
	int try;

	sys = system;
	error = sys->s_boot->b_allocate_pages(MAX_ADDRESS, LOADER_CODE, 2,
	    &page);
	if (error != 0)
		return (fail("no memory below 4 GB", error));
	eh = (struct efi_handover *)page;
	memset(eh, 0, 2 * PAGE);
	if (load(&entry, &start, &end) != 0)
		return (LOAD_ERROR);
	read_args(image, eh->eh_args);
	eh->eh_magic = EFI_MAGIC;
	eh->eh_rsdp = (uintptr_t)table(&acpi2_guid);
	if (eh->eh_rsdp == 0)
		eh->eh_rsdp = (uintptr_t)table(&acpi1_guid);
	eh->eh_fdt = (uintptr_t)table(&fdt_guid);

	/* 7.4.6: the first try may change the map, and has to be repeated. */
	for (try = 0; try < 8; try++) {
		size = sizeof(map);
		error = sys->s_boot->b_memory_map(&size, map, &key, &step,
		    &version);
		if (error != 0)
			return (fail("no memory map", error));
		error = sys->s_boot->b_exit(image, key);
		if (error == 0) {
			ranges(eh, map, size, step);
			md_efi_start(entry, eh, start, end);
		}
	}
	return (fail("the boot services do not end", error));
}
