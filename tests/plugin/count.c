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
 * A TCG plugin that counts what a guest executes, stage by stage, between
 * labels.  It knows no architecture: labels and what instructions look like
 * are in the file that labels= names, one record a line, numbers in
 * hexadecimal, a name up to the end of its line:
 *
 *	text START END		instructions here only; as many as there are
 *	cpu REGISTER		CPUs are told apart by it, not by QEMU's number
 *	label NAME ADDR		a point; those of one address in this order
 *	within START END NAME	a label wherever it can be met between these
 *	looks NAME BYTES MASK	a label at instructions that look so
 *	entry ADDR		where an interrupt of another kind enters
 *	only NAME		a call without this label is left out
 *	class NAME BYTES MASK	atomic, barrier, firmware; wait: a relax hint
 *	reg STAGE BYTES MASK NAME	an access to a system register; STAGE
 *				is - or the only one it is meant in
 *	dev r|w PADDR NAME	an access to a device
 *	ring NAME		the access that rings: the doorbell is done
 *
 * A CPU is in a stage from one label to the next; the table is stage_next().
 * An interrupt begins a context of its own, from "vector" or an entry to the
 * instruction at "leave": a doorbell is one that reaches "pend", or any label
 * after it; one that reaches "reasons" woke an idle CPU; any other is not part
 * of what it interrupted, and the call that it disturbed is left out.
 *
 * A waiting loop is what comes back to an instruction it was at before, in one
 * stage, by way of a relax hint: all but the last round are counted apart.
 *
 * The result goes to the file that out= names, a paragraph for each case;
 * without "complete" at its end it was cut off.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "qemu.h"

#define NPATTERN	128
#define NREG		48
#define INSNMAX		16	/* bytes of an instruction that are compared */
#define NAMEMAX		64
#define NCPU		1024
#define NCONTEXT	8	/* interrupts that interrupt interrupts */
#define NHISTORY	128	/* instructions: the longest waiting loop */
#define NLINE		(1 << 17)	/* a power of 2 */
#define NPATH		4096
#define NLABEL		6	/* at one address */
#define NTEXT		4

int qemu_plugin_version = PLUGIN_API;

enum stage {
	NONE, POST, DOORBELL, UNWIND, SLEEP, LOWER, IDLE, VECTOR, MARK, EOI,
	SOFT, DISPATCH, CALL, WAKE, RETURN, IDLELOOP, UNIDLE, RESUME, NSTAGE,
};
static const struct {
	const char	*name;
	const char	*cpu;
} stages[NSTAGE] = {
	{ "none", "" }, { "post", "sender" }, { "doorbell", "sender" },
	{ "unwind", "sender" }, { "sleep", "sender" }, { "lower", "target" },
	{ "idle", "target" }, { "vector", "target" }, { "mark", "target" },
	{ "eoi", "target" }, { "soft", "target" }, { "dispatch", "target" },
	{ "call", "target" }, { "wake", "target" }, { "return", "target" },
	{ "idleloop", "target" }, { "unidle", "sender" },
	{ "resume", "sender" },
};
#define BIT(_stage)	(1U << (_stage))

/* What is counted; accesses to registers by name come after these. */
enum { INSNS, LOADS, STORES, ATOMICS, BARRIERS, TAKEN, LINES, WAITING,
    FIRMWARE, NMETRIC };
static const char *const metrics[NMETRIC] = { "insns", "loads", "stores",
    "atomics", "barriers", "taken", "lines", "waiting", "firmware" };
#define NCOUNT		(NMETRIC + NREG)

enum { IS_ATOMIC = 1, IS_BARRIER = 2, IS_FIRMWARE = 4, IS_WAIT = 8 };
static const char *const classes[] = { "atomic", "barrier", "firmware",
    "wait" };

static struct reg {
	char		r_name[NAMEMAX];
	bool		r_rings;
	uint64_t	r_window;	/* accesses in this case, by any CPU */
} regs[NREG];
static unsigned int nreg;

static struct pattern {
	uint8_t		p_bytes[INSNMAX];
	uint8_t		p_mask[INSNMAX];
	size_t		p_size;
	unsigned int	p_class;	/* IS_*; 0: a register or a label */
	const char	*p_label;
	unsigned int	p_reg;
	enum stage	p_stage;	/* NONE: any */
} patterns[NPATTERN];
static unsigned int npattern;

static struct device {
	uint64_t	d_addr;
	bool		d_store;
	unsigned int	d_reg;
} devices[NREG];
static unsigned int ndevice;

/* One for each byte of the text. */
struct insn {
	uint64_t	 i_pc;
	char		*i_text;	/* as a person reads it */
	uint8_t		 i_size;	/* 0: not translated yet */
	uint8_t		 i_class;
	uint8_t		 i_entry;	/* 2: it has the label "vector" */
	uint8_t		 i_nlabel;
	uint8_t		 i_nreg;
	uint8_t		 i_reg[4];	/* patterns */
	const char	*i_label[NLABEL];
	const char	*i_within;
};
static struct text {
	uint64_t	 t_start;
	uint64_t	 t_end;
	struct insn	*t_insns;
} texts[NTEXT];
static unsigned int ntext;

struct history {
	const struct insn *h_insn;
	uint8_t		 h_count[TAKEN + 1];
	int		 h_path;	/* index, or -1 */
};

static struct cpu {
	struct context {
		enum stage	   x_stage;
		enum stage	   x_next;	/* after this instruction */
		const struct insn *x_prev;
		bool		   x_idled;	/* "reasons" */
		/* VECTOR as it was, should this be no doorbell. */
		bool		   x_touched;
		uint32_t	   x_count[NCOUNT];
	}		 c_context[NCONTEXT];
	unsigned int	 c_depth;
	bool		 c_leaves;
	unsigned int	 c_touched;		/* BIT(stage) */
	uint32_t	 c_count[NSTAGE][NCOUNT];
	struct history	 c_history[NHISTORY];
	unsigned int	 c_nhistory;
} cpus[NCPU], unknown;
static unsigned int ncpu;			/* seen */
static char cpu_name[NAMEMAX];
static uint64_t cpu_value[NCPU];
static enum qemu_plugin_cb_flags flags = QEMU_PLUGIN_CB_NO_REGS;

/* Distinct cache lines of this call, by CPU and stage. */
static struct line {
	uint64_t	l_key;
	uint32_t	l_call;
} lines[NLINE];
static uint32_t call_number;
static unsigned int call_lines;

/* The samples of the case: one for each pass through a stage. */
static struct samples {
	uint32_t	*s_value;
	size_t		 s_n, s_room;
} samples[NSTAGE + 1][NCOUNT], ran;		/* NSTAGE: the whole call */
static size_t passes[NSTAGE + 1];

static char case_name[NAMEMAX];
static bool case_open, call_open, call_disturbed;
static unsigned int call_ran, case_calls, case_disturbed, ncase;
static struct step {
	const struct insn *st_insn;		/* NULL: in a waiting loop */
	enum stage	  st_stage;
} path[NPATH];
static unsigned int npath;
static bool path_kept;
static const char *only;
static bool only_met;

static FILE *out;
static const char *failed;

static void __attribute__((__format__(printf, 1, 2)))
fail(const char *fmt, ...)
{
	static char why[200];
	va_list ap;

	if (failed != NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	failed = why;
}

/*
 * Samples, and what is said of them.
 */

static void
sample(struct samples *s, uint32_t v)
{
	if (s->s_n == s->s_room) {
		s->s_room = s->s_room * 2 + 64;
		s->s_value = realloc(s->s_value, s->s_room * sizeof(v));
		if (s->s_value == NULL)
			abort();
	}
	s->s_value[s->s_n++] = v;
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return ((x > y) - (x < y));
}

/* A line: name, least, median, most. */
static void
summary(const char *what, const char *name, struct samples *s)
{
	if (s->s_n == 0)
		return;
	qsort(s->s_value, s->s_n, sizeof(s->s_value[0]), compare);
	if (s->s_value[s->s_n - 1] != 0)
		fprintf(out, "%s %u %u %u %s\n", what, s->s_value[0],
		    s->s_value[s->s_n / 2], s->s_value[s->s_n - 1], name);
	s->s_n = 0;
}

static const char *
count_name(unsigned int m)
{
	return (m < NMETRIC ? metrics[m] : regs[m - NMETRIC].r_name);
}

static void
case_begin(const char *name)
{
	struct cpu *c;
	unsigned int i;

	snprintf(case_name, sizeof(case_name), "%s", name);
	case_open = true;
	case_calls = case_disturbed = 0;
	path_kept = false;
	for (i = 0; i < nreg; i++)
		regs[i].r_window = 0;
	/* A thread that began since has no label for that. */
	for (c = cpus; c < &cpus[ncpu]; c++) {
		if (c->c_depth == 0 && c->c_context[0].x_stage != IDLE)
			c->c_context[0].x_stage = NONE;
	}
}

static void
case_end(void)
{
	char log[NAMEMAX + 16];
	unsigned int i, m;

	fprintf(out, "case %u %u %s\n", case_calls, case_disturbed, case_name);
	summary("ran", "calls", &ran);
	for (i = 0; i <= NSTAGE; i++) {
		if (passes[i] == 0)
			continue;
		if (i < NSTAGE)
			fprintf(out, "stage %s %s %zu\n", stages[i].name,
			    stages[i].cpu, passes[i]);
		passes[i] = 0;
		for (m = 0; m < NMETRIC + nreg; m++)
			summary(i < NSTAGE ? "count" : "total",
			    count_name(m), &samples[i][m]);
	}
	for (i = 0; i < nreg; i++)
		fprintf(out, "window %" PRIu64 " %s\n", regs[i].r_window,
		    regs[i].r_name);
	for (i = 0; path_kept && i < npath; i++) {
		if (path[i].st_insn != NULL)
			fprintf(out, "path %s %" PRIx64 " %s\n",
			    stages[path[i].st_stage].name,
			    path[i].st_insn->i_pc, path[i].st_insn->i_text);
	}
	fprintf(out, "\n");
	snprintf(log, sizeof(log), "@end %s\n", case_name);
	qemu_plugin_outs(log);
	case_open = false;
	ncase++;
}

static struct context *
context(struct cpu *c)
{
	return (&c->c_context[c->c_depth]);
}

static void
call_begin(void)
{
	struct context *x;
	struct cpu *c;

	if (call_open)
		fail("\"begin\" again before \"done\"");
	for (c = cpus; c < &cpus[ncpu]; c++) {
		if (c->c_touched != 0)
			memset(c->c_count, 0, sizeof(c->c_count));
		c->c_touched = 0;
		c->c_nhistory = 0;
		for (x = c->c_context; x <= context(c); x++) {
			memset(x->x_count, 0, sizeof(x->x_count));
			x->x_touched = false;
		}
	}
	call_open = true;
	call_disturbed = only_met = false;
	call_ran = 0;
	call_number++;
	call_lines = 0;
	if (!path_kept)
		npath = 0;
}

static void
call_done(void)
{
	static uint64_t total[NCOUNT];
	struct cpu *c;
	unsigned int i, m, n = NMETRIC + nreg;

	if (!call_open)
		fail("\"done\" without \"begin\"");
	call_open = false;
	if (!case_open)
		return;
	if (call_disturbed || (only != NULL && !only_met)) {
		case_disturbed++;
		return;
	}
	case_calls++;
	sample(&ran, call_ran);
	memset(total, 0, sizeof(total));
	for (c = cpus; c < &cpus[ncpu]; c++) {
		for (i = 1; i < NSTAGE; i++) {
			if ((c->c_touched & BIT(i)) == 0)
				continue;
			passes[i]++;
			for (m = 0; m < n; m++) {
				sample(&samples[i][m], c->c_count[i][m]);
				total[m] += c->c_count[i][m];
			}
		}
	}
	passes[NSTAGE]++;
	for (m = 0; m < n; m++)
		sample(&samples[NSTAGE][m], total[m]);
	if (npath < NPATH)
		path_kept = true;
}

/*
 * Stages.
 */

static void
enter(struct cpu *c)
{
	struct context *x;

	/* Its first stage is counted in one place. */
	if (c->c_depth != 0 && context(c)->x_stage == VECTOR)
		call_disturbed = true;
	if (++c->c_depth == NCONTEXT) {
		fail("%d interrupts, and none leaves", NCONTEXT);
		c->c_depth--;
	}
	x = context(c);
	*x = (struct context){ .x_stage = VECTOR,
	    .x_touched = (c->c_touched & BIT(VECTOR)) != 0 };
	memcpy(x->x_count, c->c_count[VECTOR], sizeof(x->x_count));
	c->c_nhistory = 0;
}

/* The interrupt is over.  What it was decides whether it counts. */
static void
leave(struct cpu *c)
{
	struct context *x = context(c), *old;
	unsigned int m;
	bool counts = x->x_stage != VECTOR;

	if (c->c_depth == 0)
		return;
	c->c_depth--;
	old = context(c);
	c->c_nhistory = 0;
	if (x->x_stage == VECTOR && x->x_idled && old->x_stage != NONE) {
		for (m = 0; m < NCOUNT; m++)
			c->c_count[UNIDLE][m] += c->c_count[VECTOR][m] -
			    x->x_count[m];
		c->c_touched |= BIT(UNIDLE);
		counts = true;
	}
	if (x->x_stage == VECTOR) {
		memcpy(c->c_count[VECTOR], x->x_count, sizeof(x->x_count));
		if (!x->x_touched)
			c->c_touched &= ~BIT(VECTOR);
	}
	if (!counts && old->x_stage != NONE)
		call_disturbed = true;
	if (old->x_stage == IDLE)
		old->x_stage = IDLELOOP;
}

/* In which stages a label may be met, and the stage that it begins. */
static const struct {
	const char	*l_name;
	enum stage	 l_stage;	/* NSTAGE: as it is */
	unsigned int	 l_from;	/* in others it means nothing, */
	unsigned int	 l_never;	/* or that labels are out of order */
} labels[] = {
#define CHAIN	(BIT(VECTOR) | BIT(MARK) | BIT(EOI) | BIT(SOFT) |	\
		    BIT(DISPATCH) | BIT(CALL) | BIT(WAKE) | BIT(RETURN))
#define ALL	(BIT(NSTAGE) - 1)
	{ "post", POST, BIT(NONE) | BIT(POST) | BIT(UNWIND) | BIT(IDLELOOP),
	    0 },
	{ "doorbell", DOORBELL, BIT(POST) | BIT(UNWIND), 0 },
	{ "pend", MARK, BIT(VECTOR), ALL & ~BIT(VECTOR) },
	{ "eoi", EOI, BIT(VECTOR) | BIT(MARK),
	    ALL & ~(BIT(VECTOR) | BIT(MARK)) },
	{ "soft", SOFT, BIT(VECTOR) | BIT(EOI) | BIT(LOWER) | BIT(POST) |
	    BIT(UNWIND) | BIT(RETURN), BIT(MARK) | BIT(SOFT) | BIT(DISPATCH) },
	{ "dispatch", DISPATCH, BIT(VECTOR) | BIT(EOI) | BIT(SOFT),
	    ALL & ~(BIT(NONE) | BIT(VECTOR) | BIT(EOI) | BIT(SOFT)) },
	{ "call", CALL, CHAIN & ~(BIT(MARK) | BIT(CALL) | BIT(WAKE)),
	    BIT(MARK) | BIT(CALL) | BIT(WAKE) | BIT(DOORBELL) },
	{ "return", RETURN, BIT(CALL) | BIT(WAKE),
	    CHAIN & ~(BIT(CALL) | BIT(WAKE)) },
	{ "signalled", WAKE, BIT(CALL), 0 },
	{ "waits", SLEEP, BIT(POST) | BIT(UNWIND), 0 },
	{ "idle", IDLE, BIT(NONE) | BIT(SLEEP) | BIT(IDLELOOP), CHAIN },
	{ "resume", RESUME, BIT(SLEEP) | BIT(IDLELOOP), 0 },
	{ "leave", NSTAGE, 0,
	    BIT(MARK) | BIT(SOFT) | BIT(DISPATCH) | BIT(CALL) | BIT(WAKE) },
	{ "@call", CALL, BIT(NONE), 0 },
	{ "@lower", LOWER, BIT(NONE), CHAIN },
	{ "@lowered", NONE, BIT(RETURN) | BIT(LOWER), 0 },
	{ "@sent", NONE, ALL, BIT(VECTOR) | BIT(MARK) | BIT(EOI) },
};

static void
stage_set(struct cpu *c, struct context *x, enum stage stage)
{
	x->x_stage = stage;
	x->x_next = NONE;
	c->c_nhistory = 0;
}

/* Not a label: where it cannot be met it means nothing. */
static void
within(struct cpu *c, const char *name)
{
	struct context *x = context(c);
	unsigned int n;

	for (n = 0; n < sizeof(labels) / sizeof(labels[0]); n++) {
		if (strcmp(name, labels[n].l_name) == 0 &&
		    (labels[n].l_from & BIT(x->x_stage)) != 0) {
			stage_set(c, x, labels[n].l_stage);
			return;
		}
	}
}

static void
label(struct cpu *c, const struct insn *i, const char *name)
{
	struct context *x = context(c);
	unsigned int n;

	if (strncmp(name, "@case ", 6) == 0) {
		case_begin(name + 6);
		qemu_plugin_outs(name);
		qemu_plugin_outs("\n");
	} else if (strcmp(name, "@begin") == 0)
		call_begin();
	else if (strcmp(name, "@done") == 0)
		call_done();
	else if (strcmp(name, "@end") == 0)
		case_end();
	else if (strcmp(name, "vector") == 0) {
		/* Behind the entry's first instruction, or without one. */
		if (x->x_stage != VECTOR || x->x_prev == NULL ||
		    x->x_prev->i_entry != 1)
			enter(c);
	}
	else if (strcmp(name, "reasons") == 0)
		x->x_idled = true;
	else if (strcmp(name, "leave") == 0)
		c->c_leaves = true;
	for (n = 0; n < sizeof(labels) / sizeof(labels[0]); n++) {
		if (strcmp(name, labels[n].l_name) != 0)
			continue;
		if (case_open && (labels[n].l_never & BIT(x->x_stage)) != 0)
			fail("label \"%s\" at 0x%" PRIx64 " out of order: in "
			    "stage %s, case %s", name, i->i_pc,
			    stages[x->x_stage].name, case_name);
		if (strcmp(name, "call") == 0)
			call_ran++;
		if (only != NULL && strcmp(name, only) == 0)
			only_met = true;
		if ((labels[n].l_from & BIT(x->x_stage)) == 0)
			continue;
		/* The instruction that calls is the caller's. */
		if (labels[n].l_stage == CALL)
			x->x_next = CALL;
		else
			stage_set(c, x, labels[n].l_stage);
	}
}

/*
 * Counting.
 */

static void
line_touch(const struct cpu *c, enum stage stage, uint64_t a, uint32_t *n)
{
	uint64_t key = (a / 64) << 16 ^ (uint64_t)(c - cpus) << 6 ^ stage;
	unsigned int i = (key * 0x9e3779b97f4a7c15) >> 47;

	for (;; i++) {
		struct line *line = &lines[i % NLINE];

		if (line->l_call != call_number) {
			if (call_lines++ == NLINE / 2)
				fail("too many cache lines in one call");
			if (call_lines > NLINE / 2)
				return;
			line->l_call = call_number;
			line->l_key = key;
			++*n;
			return;
		}
		if (line->l_key == key)
			return;
	}
}

/* Back at an instruction: was there a relax hint since it was last here? */
static void
wait_loop(struct cpu *c, enum stage stage, const struct insn *i)
{
	uint32_t *count = c->c_count[stage];
	unsigned int n = c->c_nhistory, m;
	bool waits = false;

	while (n > 0) {
		n--;
		waits |= (c->c_history[n].h_insn->i_class & IS_WAIT) != 0;
		if (c->c_history[n].h_insn == i)
			break;
	}
	if (!waits || c->c_history[n].h_insn != i)
		return;
	while (c->c_nhistory > n) {
		const struct history *h = &c->c_history[--c->c_nhistory];

		for (m = 0; m <= TAKEN; m++)
			count[m] -= h->h_count[m];
		count[WAITING]++;
		if (h->h_path >= 0 && (unsigned int)h->h_path < npath)
			path[h->h_path].st_insn = NULL;
	}
}

static struct history *
history(struct cpu *c)
{
	return (c->c_nhistory == 0 ? NULL : &c->c_history[c->c_nhistory - 1]);
}

static void
add(struct cpu *c, enum stage stage, unsigned int metric)
{
	struct history *h = history(c);

	c->c_count[stage][metric]++;
	if (h != NULL && metric <= TAKEN)
		h->h_count[metric]++;
}

static void
reg_access(struct cpu *c, struct context *x, unsigned int reg)
{
	if (case_open)
		regs[reg].r_window++;
	if (x->x_stage == NONE)
		return;
	c->c_count[x->x_stage][NMETRIC + reg]++;
	if (regs[reg].r_rings && x->x_stage == DOORBELL)
		x->x_next = UNWIND;
}

static void
count(struct cpu *c, struct context *x, const struct insn *i)
{
	enum stage stage = x->x_stage;
	struct history *h;

	if (c->c_nhistory == NHISTORY) {
		memmove(c->c_history, c->c_history + NHISTORY / 2,
		    sizeof(c->c_history) / 2);
		c->c_nhistory = NHISTORY / 2;
	}
	h = &c->c_history[c->c_nhistory++];
	*h = (struct history){ .h_insn = i, .h_path = -1 };
	c->c_touched |= BIT(stage);
	add(c, stage, INSNS);
	if ((i->i_class & IS_ATOMIC) != 0)
		add(c, stage, ATOMICS);
	if ((i->i_class & IS_BARRIER) != 0)
		add(c, stage, BARRIERS);
	if ((i->i_class & IS_FIRMWARE) != 0)
		c->c_count[stage][FIRMWARE]++;
	if (call_open && !path_kept && npath < NPATH) {
		h->h_path = npath;
		path[npath++] = (struct step){ i, stage };
	}
}

/* The CPU that runs; with one host thread QEMU 10 may give another. */
static struct cpu *
self(unsigned int cpu)
{
	static unsigned int last;
	uint64_t v;

	if (flags == QEMU_PLUGIN_CB_NO_REGS) {
		if (cpu >= ncpu)
			ncpu = cpu + 1;
		return (&cpus[cpu % NCPU]);
	}
	v = cpu_register(cpu_name);
	if (cpu_value[last] == v && last < ncpu)
		return (&cpus[last]);
	for (last = 0; last < ncpu; last++) {
		if (cpu_value[last] == v)
			return (&cpus[last]);
	}
	if (v == 0 || ncpu == NCPU) {
		/* Not set up yet: no label is there. */
		last = 0;
		if (case_open)
			fail("%s does not tell CPUs apart", cpu_name);
		return (&unknown);
	}
	cpu_value[ncpu++] = v;
	return (&cpus[last]);
}

static void
exec_cb(unsigned int cpu, void *arg)
{
	const struct insn *i = arg;
	struct cpu *c = self(cpu);
	struct context *x;
	unsigned int n;

	if (c->c_leaves) {
		c->c_leaves = false;
		leave(c);
	}
	x = context(c);
	if (x->x_prev != NULL && x->x_stage != NONE && !i->i_entry &&
	    i != x->x_prev && i->i_pc != x->x_prev->i_pc + x->x_prev->i_size)
		add(c, x->x_stage, TAKEN);
	if (x->x_next != NONE)
		stage_set(c, x, x->x_next);
	if (i->i_entry == 1)
		enter(c);
	else if (x->x_stage != NONE)
		wait_loop(c, x->x_stage, i);
	if (i->i_within != NULL)
		within(c, i->i_within);
	for (n = 0; n < i->i_nlabel; n++)
		label(c, i, i->i_label[n]);
	x = context(c);
	x->x_prev = i;
	if (x->x_stage != NONE)
		count(c, x, i);
	for (n = 0; n < i->i_nreg; n++) {
		const struct pattern *p = &patterns[i->i_reg[n]];

		if (p->p_stage == NONE || p->p_stage == x->x_stage) {
			reg_access(c, x, p->p_reg);
			break;
		}
	}
}

static unsigned int
reg_named(const char *name)
{
	unsigned int i;

	for (i = 0; i < nreg; i++) {
		if (strcmp(regs[i].r_name, name) == 0)
			return (i);
	}
	if (nreg == NREG) {
		fail("more than %d registers", NREG);
		return (0);
	}
	snprintf(regs[nreg].r_name, NAMEMAX, "%s", name);
	return (nreg++);
}

/* The register at a physical address; one that has no name gets one. */
static unsigned int
device(uint64_t a, bool store)
{
	char name[NAMEMAX];
	unsigned int i;

	for (i = 0; i < ndevice; i++) {
		if (devices[i].d_addr == a && devices[i].d_store == store)
			return (devices[i].d_reg);
	}
	snprintf(name, sizeof(name), "0x%" PRIx64 " %s", a,
	    store ? "write" : "read");
	i = reg_named(name);
	if (ndevice < NREG)
		devices[ndevice++] = (struct device){ a, store, i };
	return (i);
}

static void
mem_cb(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t va, void *arg)
{
	struct qemu_plugin_hwaddr *hw;
	bool store = qemu_plugin_mem_is_store(info);
	struct context *x;
	struct cpu *c;

	(void)arg;
	if (!case_open)
		return;
	c = self(cpu);
	x = context(c);
	hw = qemu_plugin_get_hwaddr(info, va);
	if (hw != NULL && qemu_plugin_hwaddr_is_io(hw)) {
		reg_access(c, x, device(qemu_plugin_hwaddr_phys_addr(hw),
		    store));
		return;
	}
	if (x->x_stage == NONE || !call_open)
		return;
	add(c, x->x_stage, store ? STORES : LOADS);
	line_touch(c, x->x_stage, va, &c->c_count[x->x_stage][LINES]);
}

/* NULL where no text is. */
static struct insn *
insn_at(uint64_t pc)
{
	const struct text *t;

	for (t = texts; t < &texts[ntext]; t++) {
		if (pc >= t->t_start && pc < t->t_end)
			return (&t->t_insns[pc - t->t_start]);
	}
	return (NULL);
}

static void
insn_make(struct insn *i, struct qemu_plugin_insn *q)
{
	const struct pattern *p;
	uint8_t bytes[INSNMAX];
	size_t n, size = insn_bytes(q, bytes, sizeof(bytes));

	i->i_size = qemu_plugin_insn_size(q);
	i->i_text = qemu_plugin_insn_disas(q);
	for (p = patterns; p < &patterns[npattern]; p++) {
		for (n = 0; n < p->p_size && n < size; n++) {
			if ((bytes[n] & p->p_mask[n]) != p->p_bytes[n])
				break;
		}
		if (n < p->p_size)
			continue;
		if (p->p_class != 0)
			i->i_class |= p->p_class;
		else if (p->p_label != NULL) {
			if (i->i_nlabel < NLABEL)
				i->i_label[i->i_nlabel++] = p->p_label;
		} else if (i->i_nreg < sizeof(i->i_reg))
			i->i_reg[i->i_nreg++] = p - patterns;
	}
}

static void
trans_cb(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n, count = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (n = 0; n < count; n++) {
		struct qemu_plugin_insn *q = qemu_plugin_tb_get_insn(tb, n);
		uint64_t pc = qemu_plugin_insn_vaddr(q);
		struct insn *i = insn_at(pc);

		if (i == NULL)
			continue;
		i->i_pc = pc;
		if (i->i_size == 0)
			insn_make(i, q);
		qemu_plugin_register_vcpu_insn_exec_cb(q, exec_cb, flags, i);
		qemu_plugin_register_vcpu_mem_cb(q, mem_cb, flags,
		    QEMU_PLUGIN_MEM_RW, i);
	}
}

/* However QEMU ends: a guest may make it call exit(). */
static void __attribute__((__destructor__))
finish(void)
{
	if (out == NULL)
		return;
	if (failed == NULL && case_open)
		fail("the run ended in case %s", case_name);
	if (failed != NULL)
		fprintf(out, "failed %s\n", failed);
	else
		fprintf(out, "complete %u\n", ncase);
	fclose(out);
	out = NULL;
}

/*
 * The file of labels.
 */

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

static const char *
parse_pattern(const char *bytes, const char *mask, struct pattern **pp)
{
	struct pattern *p = &patterns[npattern];

	if (npattern++ == NPATTERN)
		return ("too many patterns");
	p->p_size = parse_bytes(bytes, p->p_bytes);
	if (p->p_size == 0 || parse_bytes(mask, p->p_mask) != p->p_size)
		return ("bytes and mask differ in length");
	*pp = p;
	return (NULL);
}

static const char *
parse_at(uint64_t a, const char *name)
{
	struct insn *i = insn_at(a);

	if (i == NULL)
		return ("outside the text");
	if (name == NULL)
		i->i_entry = 1;
	else if (i->i_nlabel == NLABEL)
		return ("too many labels at one address");
	else {
		i->i_label[i->i_nlabel++] = strdup(name);
		/* What enters is not a branch taken. */
		if (strcmp(name, "vector") == 0)
			i->i_entry = 2;
	}
	return (NULL);
}

/* Returns what is wrong with a record. */
static const char *
parse(const char *line)
{
	char word[NAMEMAX], bytes[40], mask[40], name[NAMEMAX];
	struct pattern *p = NULL;
	const char *error;
	uint64_t a, b;
	unsigned int n;

	if (sscanf(line, "text %" SCNx64 " %" SCNx64, &a, &b) == 2) {
		if (b <= a || b - a > 64 << 20)
			return ("text of no sensible size");
		if (ntext == NTEXT)
			return ("too many texts");
		texts[ntext] = (struct text){ a, b,
		    calloc(b - a, sizeof(struct insn)) };
		return (texts[ntext++].t_insns == NULL ? "no memory" : NULL);
	}
	if (sscanf(line, "within %" SCNx64 " %" SCNx64 " %63[^\n]", &a, &b,
	    name) == 3) {
		const char *label = NULL;

		for (; a < b && insn_at(a) != NULL; a++) {
			if (label == NULL)
				label = strdup(name);
			insn_at(a)->i_within = label;
		}
		return (a < b ? "outside the text" : NULL);
	}
	if (sscanf(line, "looks %63s %39s %39s", name, bytes, mask) == 3) {
		if ((error = parse_pattern(bytes, mask, &p)) != NULL)
			return (error);
		p->p_label = strdup(name);
		return (NULL);
	}
	if (sscanf(line, "cpu %63s", cpu_name) == 1) {
		flags = QEMU_PLUGIN_CB_R_REGS;
		return (NULL);
	}
	if (sscanf(line, "label %" SCNx64 " %63[^\n]", &a, name) == 2)
		return (parse_at(a, name));
	if (sscanf(line, "entry %" SCNx64, &a) == 1)
		return (parse_at(a, NULL));
	if (sscanf(line, "class %63s %39s %39s", word, bytes, mask) == 3) {
		if ((error = parse_pattern(bytes, mask, &p)) != NULL)
			return (error);
		for (n = 0; n < sizeof(classes) / sizeof(classes[0]); n++) {
			if (strcmp(word, classes[n]) == 0)
				p->p_class = 1 << n;
		}
		return (p->p_class == 0 ? "no such class" : NULL);
	}
	if (sscanf(line, "reg %63s %39s %39s %63[^\n]", word, bytes, mask,
	    name) == 4) {
		if ((error = parse_pattern(bytes, mask, &p)) != NULL)
			return (error);
		p->p_reg = reg_named(name);
		for (n = 0; n < NSTAGE && strcmp(word, "-") != 0; n++) {
			if (strcmp(word, stages[n].name) == 0)
				p->p_stage = n;
		}
		return (NULL);
	}
	if (sscanf(line, "dev %63s %" SCNx64 " %63[^\n]", word, &a, name) ==
	    3) {
		if (ndevice == NREG)
			return ("too many devices");
		devices[ndevice++] = (struct device){ a, word[0] == 'w',
		    reg_named(name) };
		return (NULL);
	}
	if (sscanf(line, "only %63[^\n]", name) == 1) {
		only = strdup(name);
		return (NULL);
	}
	if (sscanf(line, "ring %63[^\n]", name) == 1) {
		regs[reg_named(name)].r_rings = true;
		return (NULL);
	}
	return ("no such record");
}

static int
labels_read(const char *name)
{
	FILE *f = fopen(name, "r");
	const char *error = NULL;
	char line[200];
	int n = 0;

	if (f == NULL) {
		fprintf(stderr, "count: %s: %s\n", name, strerror(errno));
		return (-1);
	}
	while (error == NULL && fgets(line, sizeof(line), f) != NULL) {
		n++;
		error = parse(line);
	}
	fclose(f);
	if (error == NULL && ntext == 0)
		error = "no text record";
	if (error != NULL)
		fprintf(stderr, "count: %s:%d: %s\n", name, n, error);
	return (error == NULL ? 0 : -1);
}

int
qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
    char **argv)
{
	const char *file = NULL, *to = NULL;
	int i;

	if (!info->system_emulation || info->version.cur < PLUGIN_API ||
	    (PLUGIN_API == 1) != (info->version.cur == 1)) {
		fprintf(stderr, "count: built for plugin API %d; this QEMU "
		    "has %d\n", PLUGIN_API, info->version.cur);
		return (-1);
	}
	for (i = 0; i < argc; i++) {
		if (strncmp(argv[i], "labels=", 7) == 0)
			file = argv[i] + 7;
		else if (strncmp(argv[i], "out=", 4) == 0)
			to = argv[i] + 4;
	}
	if (file == NULL || to == NULL) {
		fprintf(stderr, "count: no labels=FILE or no out=FILE\n");
		return (-1);
	}
	if (labels_read(file) != 0)
		return (-1);
	if ((out = fopen(to, "w")) == NULL) {
		fprintf(stderr, "count: %s: %s\n", to, strerror(errno));
		return (-1);
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, trans_cb);
	return (0);
}
