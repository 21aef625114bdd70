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
 * A TCG plugin that says what a guest executes, and judges nothing.  It knows
 * no architecture: what to look for is in the file that points= names, one
 * record a line, numbers in hexadecimal:
 *
 *	text START END		instructions here only
 *	cpu REGISTER		CPUs are told apart by it, and numbered in the
 *				order in which they come; else as QEMU says
 *	at TAG ADDR		the one at this address
 *	insn TAG BYTES MASK	those that look so; the first record counts,
 *	name TAG BYTES MASK	likewise, but only their accesses are said,
 *	look START END		in these ranges
 *	io START END		device accesses by those in this range
 *	learn START END		what those store to is in a place to watch,
 *	place SIZE		of this size, 64 at the least
 *	watch START END		accesses to such places by those in this range,
 *	part r|w FROM TO	to these parts of a place
 *	cover START END		count executions, into the file cover= names
 *
 * Lines in QEMU's log, where -d plugin puts them between those of the device
 * trace, in order while there is one host thread.  On one, QEMU 10 says for all
 * time the CPU that an instruction was translated on, so the register is asked.
 *
 *	@CPU TAG PC		about to be executed
 *	@CPU TAG PC r|w ADDR	has read or written; TAG is - where it has none
 *	@CPU TAG PC R|W PADDR	likewise of a device, its physical address
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "qemu.h"

#define NPATTERN	64
#define NRANGE		64
#define INSNMAX		16	/* bytes of an instruction that are compared */
#define NLINE		16384	/* 64 bytes of places to watch; power of 2 */
#define NPART		8
#define NCPU		64

int qemu_plugin_version = PLUGIN_API;

struct range {
	uint64_t	r_start;
	uint64_t	r_end;
};
struct ranges {
	struct range	rs_range[NRANGE];
	unsigned int	rs_n;
};

static struct pattern {
	char		p_tag[16];
	uint8_t		p_bytes[INSNMAX];
	uint8_t		p_mask[INSNMAX];
	size_t		p_size;
	bool		p_quiet;
} patterns[NPATTERN];
static unsigned int npattern;

/* One for each byte of the text, made when it is first translated. */
static struct insn {
	uint64_t	 i_pc;
	const char	*i_at;		/* tag of its address */
	const struct pattern *i_looks;
	uint64_t	 i_count;
	uint8_t		 i_done;
	uint8_t		 i_io, i_learn, i_watch, i_cover;
} *insns;

static struct part {
	bool		pt_store;
	uint64_t	pt_from, pt_to;
} parts[NPART];
static unsigned int npart;

static struct range text;
static struct ranges look, io, learn, watch, cover;
static struct line {
	uint64_t	l_key;		/* address / 64 + 1 */
	uint64_t	*l_base;	/* where its place begins */
} lines[NLINE];
static uint64_t places[NLINE / 2];
static unsigned int nplace;
static uint64_t place_size = 64;
static const char *cover_file;
static char cpu_name[32];
static uint64_t cpus[NCPU];
static unsigned int ncpu;
static enum qemu_plugin_cb_flags flags = QEMU_PLUGIN_CB_NO_REGS;

static int
in(const struct ranges *rs, uint64_t a)
{
	unsigned int i;

	for (i = 0; i < rs->rs_n; i++) {
		if (a >= rs->rs_range[i].r_start && a < rs->rs_range[i].r_end)
			return (1);
	}
	return (0);
}

/* Where a line is in the table, or would be. */
static struct line *
line_find(uint64_t a)
{
	uint64_t key = a / 64 + 1;
	unsigned int i = (key * 0x9e3779b97f4a7c15) >> 50;

	while (lines[i % NLINE].l_key != 0 && lines[i % NLINE].l_key != key)
		i++;
	return (&lines[i % NLINE]);
}

/* What is stored to in one place comes in any order: it begins at the least. */
static void
line_learn(uint64_t a)
{
	static unsigned int n;
	struct line *line = line_find(a);
	uint64_t *base;

	for (base = places; base < &places[nplace]; base++) {
		if (a - *base < place_size || *base - a < place_size)
			break;
	}
	if (nplace == NLINE / 2 - 1 || n == NLINE / 2) {
		fprintf(stderr, "witness: too many places to watch\n");
		exit(1);
	}
	if (base == &places[nplace]) {
		nplace++;
		*base = a;
	} else if (a < *base)
		*base = a;
	n += line->l_key == 0;
	line->l_key = a / 64 + 1;
	line->l_base = base;
}

/* Is this access to one of the parts of a place? */
static int
watched(uint64_t a, bool store)
{
	const struct line *line = line_find(a);
	const struct part *pt;

	if (line->l_key == 0)
		return (0);
	for (pt = parts; pt < &parts[npart]; pt++) {
		if (pt->pt_store == store && a - *line->l_base >= pt->pt_from &&
		    a - *line->l_base < pt->pt_to)
			return (1);
	}
	return (0);
}

static const struct pattern *
looks(const uint8_t *bytes, size_t size)
{
	const struct pattern *p;
	size_t i;

	for (p = patterns; p < &patterns[npattern]; p++) {
		if (p->p_size > size)
			continue;
		for (i = 0; i < p->p_size; i++) {
			if ((bytes[i] & p->p_mask[i]) != p->p_bytes[i])
				break;
		}
		if (i == p->p_size)
			return (p);
	}
	return (NULL);
}

/* The number of the CPU that runs. */
static unsigned int
self(unsigned int cpu)
{
	uint64_t v;

	if (flags == QEMU_PLUGIN_CB_NO_REGS)
		return (cpu);
	v = cpu_register(cpu_name);
	for (cpu = 0; cpu < ncpu; cpu++) {
		if (cpus[cpu] == v)
			return (cpu);
	}
	if (v == 0 || ncpu == NCPU) {
		fprintf(stderr, "witness: %s does not tell CPUs apart\n",
		    cpu_name);
		exit(1);
	}
	cpus[ncpu] = v;
	return (ncpu++);
}

static void
exec_cb(unsigned int cpu, void *arg)
{
	const struct insn *i = arg;
	char line[80];

	snprintf(line, sizeof(line), "@%u %s %" PRIx64 "\n", self(cpu),
	    i->i_at != NULL ? i->i_at : i->i_looks->p_tag, i->i_pc);
	qemu_plugin_outs(line);
}

static void
cover_cb(unsigned int cpu, void *arg)
{
	struct insn *i = arg;

	(void)cpu;
	i->i_count++;
}

static void
say_access(unsigned int cpu, const struct insn *i, char how, uint64_t a)
{
	char line[100];

	snprintf(line, sizeof(line), "@%u %s %" PRIx64 " %c %" PRIx64 "\n",
	    self(cpu), i->i_looks != NULL ? i->i_looks->p_tag : "-", i->i_pc,
	    how, a);
	qemu_plugin_outs(line);
}

static void
mem_cb(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t va, void *arg)
{
	const struct insn *i = arg;
	struct qemu_plugin_hwaddr *hw;
	bool store = qemu_plugin_mem_is_store(info);

	if (i->i_learn && store)
		line_learn(va);
	if (i->i_learn ? store : i->i_watch && watched(va, store))
		say_access(cpu, i, store ? 'w' : 'r', va);
	if (i->i_io && (hw = qemu_plugin_get_hwaddr(info, va)) != NULL &&
	    qemu_plugin_hwaddr_is_io(hw))
		say_access(cpu, i, store ? 'W' : 'R',
		    qemu_plugin_hwaddr_phys_addr(hw));
}

static struct insn *
insn_at(uint64_t pc)
{
	struct insn *i = &insns[pc - text.r_start];

	i->i_pc = pc;
	return (i);
}

static void
trans_cb(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct qemu_plugin_insn *q;
	struct insn *i;
	uint8_t bytes[INSNMAX];
	size_t n_bytes, n, count = qemu_plugin_tb_n_insns(tb);
	uint64_t pc;

	(void)id;
	for (n = 0; n < count; n++) {
		q = qemu_plugin_tb_get_insn(tb, n);
		pc = qemu_plugin_insn_vaddr(q);
		if (pc < text.r_start || pc >= text.r_end)
			continue;
		i = insn_at(pc);
		if (!i->i_done) {
			n_bytes = insn_bytes(q, bytes, sizeof(bytes));
			if (in(&look, pc))
				i->i_looks = looks(bytes, n_bytes);
			i->i_io = in(&io, pc);
			i->i_learn = in(&learn, pc);
			i->i_watch = in(&watch, pc);
			i->i_cover = in(&cover, pc);
			i->i_done = 1;
		}
		if (i->i_cover)
			qemu_plugin_register_vcpu_insn_exec_cb(q, cover_cb,
			    QEMU_PLUGIN_CB_NO_REGS, i);
		if (i->i_at != NULL ||
		    (i->i_looks != NULL && !i->i_looks->p_quiet))
			qemu_plugin_register_vcpu_insn_exec_cb(q, exec_cb,
			    flags, i);
		if (i->i_io || i->i_learn || i->i_watch)
			qemu_plugin_register_vcpu_mem_cb(q, mem_cb, flags,
			    QEMU_PLUGIN_MEM_RW, i);
	}
}

/* However QEMU ends: a guest may make it call exit(). */
static void __attribute__((__destructor__))
cover_write(void)
{
	uint64_t a;
	FILE *f;

	if (cover_file == NULL || (f = fopen(cover_file, "w")) == NULL)
		return;
	for (a = text.r_start; a < text.r_end; a++) {
		if (insns[a - text.r_start].i_count != 0)
			fprintf(f, "%" PRIx64 " %" PRIu64 "\n", a,
			    insns[a - text.r_start].i_count);
	}
	fclose(f);
}

static size_t
parse_bytes(const char *s, uint8_t *bytes)
{
	unsigned int b;
	size_t n;

	for (n = 0; n < INSNMAX && sscanf(s, "%2x", &b) == 1; n++) {
		bytes[n] = b;
		s += 2;
	}
	return (n);
}

/* Returns what is wrong with a record. */
static const char *
parse(const char *line)
{
	static const struct {
		const char	*name;
		struct ranges	*ranges;
	} names[] = { { "look", &look }, { "io", &io }, { "learn", &learn },
	    { "watch", &watch }, { "cover", &cover } };
	char word[16], tag[16], bytes[40], mask[40];
	struct pattern *p = &patterns[npattern];
	uint64_t a, b;
	unsigned int i;

	if (sscanf(line, "text %" SCNx64 " %" SCNx64, &a, &b) == 2) {
		if (b <= a || b - a > 64 << 20)
			return ("text of no sensible size");
		text = (struct range){ a, b };
		insns = calloc(b - a, sizeof(*insns));
		return (insns == NULL ? "no memory" : NULL);
	}
	if (sscanf(line, "insn %15s %39s %39s", tag, bytes, mask) == 3 ||
	    sscanf(line, "name %15s %39s %39s", tag, bytes, mask) == 3) {
		if (npattern++ == NPATTERN)
			return ("too many patterns");
		strcpy(p->p_tag, tag);
		p->p_quiet = line[0] == 'n';
		p->p_size = parse_bytes(bytes, p->p_bytes);
		if (parse_bytes(mask, p->p_mask) != p->p_size)
			return ("bytes and mask differ in length");
		return (NULL);
	}
	if (sscanf(line, "cpu %31s", cpu_name) == 1) {
		flags = QEMU_PLUGIN_CB_R_REGS;
		return (NULL);
	}
	if (sscanf(line, "at %15s %" SCNx64, tag, &a) == 2) {
		if (a < text.r_start || a >= text.r_end)
			return ("outside the text");
		insn_at(a)->i_at = strdup(tag);
		return (NULL);
	}
	if (sscanf(line, "place %" SCNx64, &place_size) == 1)
		return (place_size < 64 ? "a place is too small" : NULL);
	if (sscanf(line, "part %15s %" SCNx64 " %" SCNx64, word, &a, &b) == 3) {
		if (npart == NPART)
			return ("too many parts");
		parts[npart++] = (struct part){ word[0] == 'w', a, b };
		return (NULL);
	}
	if (sscanf(line, "%15s %" SCNx64 " %" SCNx64, word, &a, &b) == 3) {
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			struct ranges *rs = names[i].ranges;

			if (strcmp(word, names[i].name) != 0)
				continue;
			if (rs->rs_n == NRANGE)
				return ("too many ranges");
			rs->rs_range[rs->rs_n++] = (struct range){ a, b };
			return (NULL);
		}
	}
	return ("no such record");
}

static int
points_read(const char *name)
{
	FILE *f = fopen(name, "r");
	const char *error = NULL;
	char line[200];
	int n = 0;

	if (f == NULL) {
		fprintf(stderr, "witness: %s: %s\n", name, strerror(errno));
		return (-1);
	}
	while (error == NULL && fgets(line, sizeof(line), f) != NULL) {
		n++;
		error = parse(line);
	}
	fclose(f);
	if (error == NULL && insns == NULL)
		error = "no text record";
	if (error != NULL)
		fprintf(stderr, "witness: %s:%d: %s\n", name, n, error);
	return (error == NULL ? 0 : -1);
}

int
qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
    char **argv)
{
	const char *points = NULL;
	int i;

	if (!info->system_emulation || info->version.cur < PLUGIN_API ||
	    (PLUGIN_API == 1) != (info->version.cur == 1)) {
		fprintf(stderr, "witness: built for plugin API %d; this QEMU "
		    "has %d\n", PLUGIN_API, info->version.cur);
		return (-1);
	}
	for (i = 0; i < argc; i++) {
		if (strncmp(argv[i], "points=", 7) == 0)
			points = argv[i] + 7;
		else if (strncmp(argv[i], "cover=", 6) == 0)
			cover_file = strdup(argv[i] + 6);
	}
	if (points == NULL) {
		fprintf(stderr, "witness: no points=FILE\n");
		return (-1);
	}
	if (points_read(points) != 0)
		return (-1);
	qemu_plugin_register_vcpu_tb_trans_cb(id, trans_cb);
	return (0);
}
