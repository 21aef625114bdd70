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
 * The machine of the model.  A CPU is a coroutine; before each operation that
 * others can see, or at which an interrupt can come, it stands still, and the
 * explorer chooses who goes on, and how.
 *
 * What is modelled:
 * - Interrupts: doorbells, a device, the clock; taken at any such point while
 *   interrupts are on, as late as the explorer likes.  Plain writes of a CPU
 *   to its own queue are such points, so one can come within x++.
 * - The contract of xcall_md.h, as a kernel that just keeps it: X-SOFT-2 by
 *   the return from interrupt, splx() and intr_restore(); X-TICK-1; a thread
 *   a CPU, and an idle loop that halts with interrupts off.
 * - Stores: an atomic store sits in a buffer of its CPU until the explorer
 *   lets it out, in any order, but for: the order of one word; a release
 *   comes out after all that is older.  A doorbell (X-IPI-1) and a release
 *   that reads and writes wait until all are out.
 * - Loads: one may return the value before the latest, as long as its CPU
 *   does not know of the latest, by an earlier load, an acquire or a
 *   doorbell.
 * - Plain memory: happened-before is tracked, as C11 has it, through
 *   releases, acquires and doorbells.  Each read of a call object must come
 *   after its last write, each write after all reads, and each store to a
 *   slot after the store before it, by that order and not just in time.
 *   The accesses are those that the compiler instruments (-fsanitize=thread).
 *
 * What is not: loads of values older than one store back; a compare-and-swap
 * whose store comes out later than its load; more than NBUF stores on their
 * way; fences (there are none; one would not link); that stores become
 * visible to one CPU before another.  Interrupts between other instructions
 * than those.  Plain stores to memory that the model knows nothing of.
 */

#include <sys/types.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include "model.h"

struct cpu cpus[MAXCPUS];
struct global global;
char stacks[MAXCPUS][STACKSIZE] __attribute__((__aligned__(64)));
const struct scenario *scn;

int tracing;
char violation[512];
jmp_buf explorer;

/* Of the step under way only. */
static int self, chosen;
static int outside;			/* not a CPU: all may be looked at */
static struct op at;

void
model_at(const char *file, int line, const char *func)
{
	at.o_file = file;
	at.o_line = line;
	at.o_func = func;
}

static const char *
base(const char *file)
{
	const char *slash;

	if (file == NULL)
		return ("?");
	slash = strrchr(file, '/');
	return (slash != NULL ? slash + 1 : file);
}

void
machine_look(int on)
{
	outside = on;
}

struct cpu *
machine_cpu(void)
{
	return (&cpus[self]);
}

void
machine_trace(const char *fmt, ...)
{
	char where[80];
	va_list ap;

	if (!tracing)
		return;
	snprintf(where, sizeof(where), "%s:%d %s", base(at.o_file), at.o_line,
	    at.o_func);
	printf("#   cpu%d  %-32s ", self, where);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

static void __attribute__((__format__(__printf__, 2, 3)))
note(int cpu, const char *fmt, ...)
{
	va_list ap;

	if (!tracing)
		return;
	printf("#   cpu%d  ", cpu);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

void
machine_fail(const char *fmt, ...)
{
	va_list ap;
	int n;

	n = outside ? 0 : snprintf(violation, sizeof(violation),
	    "cpu%d, %s:%d %s: ", self, base(at.o_file), at.o_line, at.o_func);
	va_start(ap, fmt);
	vsnprintf(violation + n, sizeof(violation) - (size_t)n, fmt, ap);
	va_end(ap);
	_longjmp(explorer, EX_VIOLATION);
}

/*
 * Atomic words.
 */

static int
loc_find(const void *p)
{
	const char *cp = p;
	struct xcall_cpu *xci;
	int i;

	for (i = 0; i < MAXCPUS; i++) {
		xci = &cpus[i].c_info.ci_xcall;
		if (p == &xci->xci_ends)
			return (i * NCPULOC + LOC_ENDS);
		if (p == &xci->xci_dropped)
			return (i * NCPULOC + LOC_DROPPED);
		if (cp >= (char *)xci->xci_slots &&
		    cp < (char *)(xci->xci_slots + XCALL_NSLOT))
			return (i * NCPULOC + LOC_SLOT +
			    (int)((struct xcall *const *)p - xci->xci_slots));
		if (cp >= stacks[i] && cp < stacks[i] + STACKSIZE)
			return (i * NCPULOC + LOC_COND);
	}
	if (cp >= (char *)global.g_atom &&
	    cp < (char *)(global.g_atom + NATOM))
		return (MAXCPUS * NCPULOC + (int)((const unsigned int *)p -
		    global.g_atom));
	return (-1);
}

static struct loc *
loc_get(int loc)
{
	if (loc >= MAXCPUS * NCPULOC)
		return (&global.g_loc[loc - MAXCPUS * NCPULOC]);
	return (&cpus[loc / NCPULOC].c_loc[loc % NCPULOC]);
}

static int
loc_cpu(int loc)
{
	return (loc < MAXCPUS * NCPULOC ? loc / NCPULOC : -1);
}

static int
loc_isslot(int loc)
{
	return (loc < MAXCPUS * NCPULOC && loc % NCPULOC >= LOC_SLOT);
}

static int
loc_isends(int loc)
{
	return (loc < MAXCPUS * NCPULOC && loc % NCPULOC == LOC_ENDS);
}

static const char *
loc_name(int loc)
{
	static char name[40];

	if (loc >= MAXCPUS * NCPULOC)
		snprintf(name, sizeof(name), "flag %d",
		    loc - MAXCPUS * NCPULOC);
	else if (loc_isslot(loc))
		snprintf(name, sizeof(name), "slot %d of cpu%d",
		    loc % NCPULOC - LOC_SLOT, loc / NCPULOC);
	else
		snprintf(name, sizeof(name), "%s of cpu%d",
		    loc % NCPULOC == LOC_ENDS ? "queue" :
		    loc % NCPULOC == LOC_COND ? "cond" : "dropped",
		    loc / NCPULOC);
	return (name);
}

static const char *
val_name(int loc, uintptr_t val)
{
	static char names[2][40];
	static int which;
	char *name = names[which ^= 1];
	size_t o = (val - (uintptr_t)global.g_obj) / sizeof(struct obj);

	if (loc_isends(loc))
		snprintf(name, sizeof(names[0]), "%u used, next %u",
		    XCALL_USED((unsigned int)val),
		    XCALL_NEXT((unsigned int)val));
	else if (!loc_isslot(loc))
		snprintf(name, sizeof(names[0]), "%u", (unsigned int)val);
	else if (val == 0)
		snprintf(name, sizeof(names[0]), "NULL");
	else if (o < NOBJ)
		snprintf(name, sizeof(names[0]), "call %c", 'A' + (int)o);
	else
		snprintf(name, sizeof(names[0]), "a call on a stack");
	return (name);
}

/* There is a younger store or write: nobody knows of it. */
static void
forget(know_t bits)
{
	struct cpu *c;
	int i, j;

	for (i = 0; i < MAXCPUS; i++) {
		c = &cpus[i];
		c->c_know &= ~bits;
		c->c_doorknow &= ~bits;
		c->c_wakeknow &= ~bits;
		for (j = 0; j < NCPULOC; j++) {
			c->c_loc[j].l_know &= ~bits;
			c->c_loc[j].l_oldknow &= ~bits;
		}
		for (j = 0; j < c->c_nbuf; j++) {
			c->c_buf[j].b_know &= ~bits;
			c->c_buf[j].b_pass &= ~bits;
		}
	}
	for (j = 0; j < NATOM; j++) {
		global.g_loc[j].l_know &= ~bits;
		global.g_loc[j].l_oldknow &= ~bits;
	}
}

static uintptr_t
fetch(const void *p, int size)
{
	return (size == sizeof(unsigned int) ? *(const unsigned int *)p :
	    *(const uintptr_t *)p);
}

/* The store becomes visible. */
static void
perform(int loc, void *p, int size, uintptr_t val, know_t know, int keep)
{
	struct loc *l;

	if (loc < 0)
		machine_fail("a store where nothing is watched");
	l = loc_get(loc);
	l->l_old = fetch(p, size);
	l->l_oldknow = l->l_know;
	l->l_hasold = 1;
	if (size == sizeof(unsigned int))
		*(unsigned int *)p = (unsigned int)val;
	else
		*(uintptr_t *)p = val;
	forget(KNOW(loc));
	l->l_know = know | KNOW(loc) | (keep ? l->l_know : 0);
}

/*
 * What does not change the future does not belong to the state: what all
 * CPUs know, and the value of a word that nobody can read any more.
 */
void
machine_normalise(void)
{
	know_t all = ~(know_t)0;
	struct cpu *c;
	struct loc *l;
	int i;

	for (i = 0; i < scn->s_ncpu; i++)
		all &= cpus[i].c_know;
	for (i = 0; i < NLOC; i++) {
		l = loc_get(i);
		l->l_know |= all;
		l->l_oldknow |= all;
		if ((all & KNOW(i)) != 0) {
			l->l_hasold = 0;
			l->l_old = 0;
			l->l_oldknow = all;
		}
	}
	for (c = cpus; c < cpus + scn->s_ncpu; c++) {
#ifdef XCALL_WATCH
		c->c_info.ci_xcall.xci_rung = 0;	/* only count */
		c->c_info.ci_xcall.xci_full = 0;
#endif
		c->c_doorknow |= all;
		c->c_wakeknow |= all;
		for (i = 0; i < c->c_nbuf; i++) {
			c->c_buf[i].b_know |= all;
			if (c->c_buf[i].b_release)
				c->c_buf[i].b_pass |= all;
		}
	}
}

/*
 * Standing still, and interrupts.
 */

static void *__attribute__((__noinline__))
lowest(void)
{
	return (__builtin_frame_address(0));
}

static void __attribute__((__noinline__))
stand(struct cpu *c)
{
	if (_setjmp(c->c_jmp) != 0)
		return;
	c->c_sp = lowest();
	_longjmp(explorer, EX_POINT);
}

void
machine_resume(int cpu, int choice)
{
	self = cpu;
	chosen = choice;
	at = cpus[cpu].c_op;
	_longjmp(cpus[cpu].c_jmp, 1);
}

static void interrupt(struct cpu *, int);
static int step_enabled(struct cpu *, const struct op *);

/*
 * An operation that nobody sees, at which no interrupt can matter, needs no
 * choice.  A doorbell only marks the soft interrupt, so that from
 * IPL_SOFTCLOCK up it is enough to let it in where the level drops: any
 * earlier, the CPU would only know more.
 */
static int
alone(struct cpu *c, const struct op *op)
{
	if (op->o_kind == OP_DROP)
		return (!c->c_intr);
	if (op->o_kind != OP_LOCAL && op->o_kind != OP_STORE)
		return (0);
	if (!step_enabled(c, op))
		return (0);
	return (!c->c_intr || (c->c_level >= IPL_SOFTCLOCK && c->c_dev == 0 &&
	    c->c_tick == 0));
}

/* May a doorbell come in at all? */
static int
open_door(struct cpu *c)
{
	if (c->c_op.o_kind == OP_HALT)
		return (1);
	return (c->c_intr && (c->c_level < IPL_SOFTCLOCK ||
	    c->c_op.o_kind == OP_DROP));
}

/* Returns CH_STEP, or CH_OLD for a load. */
static int
point(enum opkind kind, int loc, int release)
{
	struct cpu *c = &cpus[self];
	struct op op = at;

	if (c->c_reserved >= 0 && c->c_intr)
		machine_fail("interrupts are on between reserving a slot of "
		    "cpu%d and publishing", c->c_reserved);
	op.o_kind = kind;
	op.o_loc = loc;
	op.o_release = release;
	if (alone(c, &op))
		return (CH_STEP);
	for (;;) {
		c->c_op = op;
		stand(c);
		if (chosen == CH_STEP || chosen == CH_OLD)
			break;
		interrupt(c, chosen);
		if (kind == OP_HALT)
			break;
	}
	at = op;
	return (chosen);
}

/* X-SOFT-2, interrupts off. */
static void
softintr(struct cpu *c)
{
	int level = c->c_level;

	while (c->c_soft && level < IPL_SOFTCLOCK) {
		c->c_soft = 0;
		c->c_level = IPL_SOFTCLOCK;
		c->c_intr = 1;
		cpu_xcall_dispatch(&c->c_info);
		MODEL_AT;
		point(OP_DROP, -1, 0);
		if (c->c_level != IPL_SOFTCLOCK || !c->c_intr)
			machine_fail("X-SOFT-2: dispatch returned at level %d",
			    c->c_level);
		c->c_intr = 0;
		c->c_level = level;
	}
}

static void
interrupt(struct cpu *c, int which)
{
	int level = c->c_level;

	c->c_intr = 0;
	MODEL_AT;
	switch (which) {
	case CH_DOOR:
		note(self, "takes the doorbell");
		c->c_know |= c->c_doorknow;
		c->c_doorknow = 0;
		c->c_door = 0;
		c->c_soft = 1;
		break;
	case CH_WAKE:
		note(self, "takes the interrupt of cpu_unidle()");
		c->c_know |= c->c_wakeknow;
		c->c_wakeknow = 0;
		c->c_wake = 0;
		break;
	case CH_DEV:
		note(self, "takes a device interrupt");
		c->c_dev--;
		c->c_level = IPL_HIGH;
		c->c_intr = 1;
		(*scn->s_dev)();
		MODEL_AT;
		point(OP_DROP, -1, 0);
		c->c_intr = 0;
		break;
	case CH_TICK:
		note(self, "takes a clock tick");
		c->c_tick--;
		c->c_level = IPL_HIGH;
		cpu_xcall_tick(&c->c_info);
		break;
	}
	c->c_level = level;
	softintr(c);
	c->c_intr = 1;
}

/*
 * Choices.
 */

static int
buf_ordered(struct cpu *c, int n)
{
	struct buf *b = &c->c_buf[n];
	int i;

	for (i = 0; i < n; i++) {
		if (b->b_release || c->c_buf[i].b_addr == b->b_addr)
			return (0);
	}
	return (1);
}

static int
step_enabled(struct cpu *c, const struct op *op)
{
	int i;

	switch (op->o_kind) {
	case OP_HALT:
		return (0);
	case OP_STORE:
		return (c->c_nbuf < NBUF);
	case OP_RING:
		return (c->c_nbuf == 0);
	case OP_RMW:
		for (i = 0; i < c->c_nbuf; i++) {
			if (op->o_release ||
			    loc_find(c->c_buf[i].b_addr) == op->o_loc)
				return (0);
		}
		return (1);
	default:
		return (1);
	}
}

static int
old_enabled(struct cpu *c)
{
	struct loc *l;
	int i;

	if (c->c_op.o_kind != OP_LOAD)
		return (0);
	l = loc_get(c->c_op.o_loc);
	if (!l->l_hasold || (c->c_know & KNOW(c->c_op.o_loc)) != 0)
		return (0);
	for (i = 0; i < c->c_nbuf; i++) {
		if (loc_find(c->c_buf[i].b_addr) == c->c_op.o_loc)
			return (0);
	}
	return (1);
}

int
machine_enabled(int cpu, int choice)
{
	struct cpu *c = &cpus[cpu];
	int on = c->c_intr || c->c_op.o_kind == OP_HALT;

	switch (choice) {
	case CH_STEP:
		return (step_enabled(c, &c->c_op));
	case CH_OLD:
		return (old_enabled(c));
	case CH_DOOR:
		return (open_door(c) && c->c_door);
	case CH_WAKE:
		return (open_door(c) && c->c_wake);
	case CH_DEV:
		return (on && c->c_dev > 0 && c->c_level < IPL_HIGH);
	case CH_TICK:
		return (on && c->c_tick > 0 && c->c_level < IPL_HIGH);
	default:
		return (choice - CH_DRAIN < c->c_nbuf &&
		    buf_ordered(c, choice - CH_DRAIN));
	}
}

/* The n-th of the stores that a CPU has on their way is there. */
void
machine_drain(int cpu, int n)
{
	struct cpu *c = &cpus[cpu];
	struct buf b = c->c_buf[n];
	int i, loc;

	self = cpu;
	at = c->c_op;
	memmove(&c->c_buf[n], &c->c_buf[n + 1],
	    (size_t)(NBUF - n - 1) * sizeof(b));
	memset(&c->c_buf[NBUF - 1], 0, sizeof(b));
	c->c_nbuf--;

	loc = loc_find(b.b_addr);
	note(cpu, "its store to %s becomes visible: %s", loc_name(loc),
	    val_name(loc, b.b_val));
	if (loc_isslot(loc) && (b.b_know & KNOW(loc)) == 0)
		machine_fail("its store of %s to %s is not ordered after the "
		    "last one there: either may survive",
		    val_name(loc, b.b_val), loc_name(loc));
	perform(loc, b.b_addr, b.b_size, b.b_val, b.b_pass, 0);
	c->c_know |= KNOW(loc);
	for (i = n; i < c->c_nbuf; i++) {
		c->c_buf[i].b_know |= KNOW(loc);
		if (c->c_buf[i].b_release)
			c->c_buf[i].b_pass |= KNOW(loc);
	}
}

int
machine_quiet(void)
{
	struct cpu *c;

	for (c = cpus; c < cpus + scn->s_ncpu; c++) {
		if (c->c_op.o_kind != OP_HALT || c->c_nbuf != 0 ||
		    c->c_door || c->c_wake || c->c_dev > 0)
			return (0);
	}
	return (1);
}

void
machine_print(int cpu)
{
	struct cpu *c = &cpus[cpu];
	unsigned int ends = c->c_info.ci_xcall.xci_ends;

	printf("#   cpu%d  %s at %s:%d %s, level %d, interrupts %s, "
	    "queue %u of %d%s%s\n", cpu,
	    c->c_op.o_kind == OP_HALT ? "halted" : "stands",
	    base(c->c_op.o_file), c->c_op.o_line, c->c_op.o_func, c->c_level,
	    c->c_intr ? "on" : "off", XCALL_USED(ends), XCALL_NSLOT,
	    c->c_door ? ", doorbell pending" : "",
	    c->c_soft ? ", soft interrupt pending" : "");
}

/*
 * The atomic operations.
 */

static int
loc_check(const void *p)
{
	int loc;

	loc = loc_find(p);
	if (loc < 0)
		machine_fail("an atomic operation on an unknown word");
	return (loc);
}

static int
acquires(int order)
{
	return (order == __ATOMIC_ACQUIRE || order == __ATOMIC_CONSUME ||
	    order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST);
}

static int
releases(int order)
{
	return (order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL ||
	    order == __ATOMIC_SEQ_CST);
}

uintptr_t
model_load(const void *p, size_t size, int order)
{
	struct cpu *c = &cpus[self];
	int i, loc, what;
	struct loc *l;
	uintptr_t val;

	loc = loc_check(p);
	what = point(OP_LOAD, loc, 0);
	l = loc_get(loc);
	for (i = c->c_nbuf - 1; i >= 0; i--) {
		if (c->c_buf[i].b_addr == p)
			break;
	}
	if (i >= 0)
		val = c->c_buf[i].b_val;
	else if (what == CH_OLD) {
		val = l->l_old;
		if (acquires(order))
			c->c_know |= l->l_oldknow;
	} else {
		val = fetch(p, (int)size);
		c->c_know |= KNOW(loc);
		if (acquires(order))
			c->c_know |= l->l_know;
	}
	machine_trace("%s is %s%s", loc_name(loc), val_name(loc, val),
	    what == CH_OLD ? ", not seeing the latest store" : "");
	return (val);
}

/* What a store to a slot must look like. */
static void
slot_check(int loc, uintptr_t val)
{
	struct cpu *c = &cpus[self];
	int cpu = loc_cpu(loc);
	struct xcall *xc = (struct xcall *)val;
	char *sp = (char *)val;

	if (val == 0) {
		if (cpu != self || c->c_level != IPL_SOFTCLOCK)
			machine_fail("empties %s, at level %d", loc_name(loc),
			    c->c_level);
		return;
	}
	if (c->c_reserved != cpu)
		machine_fail("stores %s to %s and has not reserved it",
		    val_name(loc, val), loc_name(loc));
	c->c_reserved = -1;
	if (sp < stacks[self] || sp >= stacks[self] + STACKSIZE)
		return;
	/* cpu_xcall_sync(): two objects on this stack, complete up to here. */
	c->c_stackcall[0][0] = sp;
	c->c_stackcall[0][1] = sp + sizeof(struct xcall);
	c->c_stackcall[1][0] = xc->xc_arg;
	c->c_stackcall[1][1] = (char *)xc->xc_arg + 2 * sizeof(void *) +
	    sizeof(struct cond);
	forget(KNOW_WRITE(NOBJ + self));
	c->c_know |= KNOW_WRITE(NOBJ + self);
}

void
machine_stackcall_end(void)
{
	memset(cpus[self].c_stackcall, 0, sizeof(cpus[self].c_stackcall));
}

void
model_store(void *p, size_t size, uintptr_t val, int order)
{
	struct cpu *c = &cpus[self];
	struct buf *b;
	int loc;

#ifdef XCALL_WATCH
	if (p == &c->c_info.ci_xcall.xci_full)
		return;			/* only counts */
#endif
	loc = loc_check(p);
	point(OP_STORE, loc, releases(order));
	machine_trace("stores %s to %s%s", val_name(loc, val), loc_name(loc),
	    releases(order) ? ", release" : "");
	if (loc_isslot(loc))
		slot_check(loc, val);
	else if (loc_isends(loc))
		machine_fail("stores to %s, not in one step", loc_name(loc));
	b = &c->c_buf[c->c_nbuf++];
	b->b_know = c->c_know;
	b->b_pass = releases(order) ? c->c_know : 0;
	b->b_addr = p;
	b->b_val = val;
	b->b_size = (int)size;
	b->b_release = releases(order);
}

static void
rmw(int loc, void *p, size_t size, uintptr_t val, int order)
{
	struct cpu *c = &cpus[self];
	struct loc *l = loc_get(loc);

	if (acquires(order))
		c->c_know |= l->l_know;
	perform(loc, p, (int)size, val, releases(order) ? c->c_know : 0, 1);
	c->c_know |= KNOW(loc);
}

uintptr_t
model_add(void *p, size_t size, uintptr_t val, int order)
{
	struct cpu *c = &cpus[self];
	uintptr_t old;
	int loc;

	loc = loc_check(p);
	point(OP_RMW, loc, releases(order));
	old = fetch(p, (int)size);
	machine_trace("%s was %s, %+d", loc_name(loc), val_name(loc, old),
	    (int)val);
	if (loc_isends(loc) && (loc_cpu(loc) != self ||
	    c->c_level != IPL_SOFTCLOCK || XCALL_USED(old) == 0))
		machine_fail("takes off the queue of cpu%d, %u used, at level "
		    "%d", loc_cpu(loc), XCALL_USED((unsigned int)old),
		    c->c_level);
	rmw(loc, p, size, old + val, order);
	return (old);
}

int
model_cas(void *p, size_t size, void *expect, uintptr_t new, int order)
{
	struct cpu *c = &cpus[self];
	uintptr_t old;
	int cpu, loc;

	loc = loc_check(p);
	point(OP_RMW, loc, releases(order));
	old = fetch(p, (int)size);
	if (old != fetch(expect, (int)size)) {
		c->c_know |= KNOW(loc);
		if (size == sizeof(unsigned int))
			*(unsigned int *)expect = (unsigned int)old;
		else
			*(uintptr_t *)expect = old;
		machine_trace("%s is %s: once more", loc_name(loc),
		    val_name(loc, old));
		return (0);
	}
	machine_trace("%s was %s, is %s", loc_name(loc), val_name(loc, old),
	    val_name(loc, new));
	rmw(loc, p, size, new, order);
	if (loc_isends(loc)) {
		cpu = loc_cpu(loc);
		if (c->c_intr)
			machine_fail("reserves a slot of cpu%d with interrupts "
			    "on", cpu);
		if (c->c_reserved >= 0)
			machine_fail("reserves a slot of cpu%d, and has one of "
			    "cpu%d not published", cpu, c->c_reserved);
		if (XCALL_USED((unsigned int)new) > XCALL_NSLOT ||
		    XCALL_USED((unsigned int)new) !=
		    XCALL_USED((unsigned int)old) + 1)
			machine_fail("%s", "the count of slots is wrong");
		c->c_reserved = cpu;
		if (XCALL_USED((unsigned int)old) == 0)
			c->c_credit |= 1U << cpu;
	}
	return (1);
}

/*
 * Plain accesses, as the compiler tells of them.
 */

static int
plain_find(const char *p)
{
	int i, j;

	for (i = 0; i < NOBJ; i++) {
		if (p >= (char *)&global.g_obj[i].o_xc &&
		    p < (char *)(&global.g_obj[i].o_xc + 1))
			return (i);
	}
	for (i = 0; i < MAXCPUS; i++) {
		for (j = 0; j < 2; j++) {
			if (p >= cpus[i].c_stackcall[j][0] &&
			    p < cpus[i].c_stackcall[j][1])
				return (NOBJ + i);
		}
	}
	return (-1);
}

static void
plain(const char *p, int write)
{
	struct cpu *c = &cpus[self];
	char name[] = "A";
	int i, o;

	if (outside)
		return;
	o = plain_find(p);
	if (o >= 0) {
		name[0] = (char)('A' + o);
		if (o < NOBJ && global.g_obj[o].o_begun)
			machine_fail("call %s is touched after its function "
			    "began (after this line)", name);
		if ((c->c_know & KNOW_WRITE(o)) == 0)
			machine_fail("call %s is read, and nothing orders that "
			    "after it was written (after this line)",
			    o < NOBJ ? name : "on a stack");
		for (i = 0; write && i < scn->s_ncpu; i++) {
			if ((c->c_know & KNOW_READ(o, i)) == 0)
				machine_fail("call %s is written, and nothing "
				    "orders that after cpu%d read it",
				    o < NOBJ ? name : "on a stack", i);
		}
		if (write) {
			forget(KNOW_WRITE(o));
			c->c_know |= KNOW_WRITE(o);
		} else {
			forget(KNOW_READ(o, self));
			c->c_know |= KNOW_READ(o, self);
		}
		return;
	}
	for (i = 0; i < MAXCPUS; i++) {
		if (i != self && p >= stacks[i] && p < stacks[i] + STACKSIZE)
			machine_fail("touches the stack of cpu%d, where there "
			    "is no call any more (after this line)", i);
		if (p < (char *)&cpus[i].c_info.ci_xcall ||
		    p >= (char *)(&cpus[i].c_info.ci_xcall + 1))
			continue;
		if (i != self || loc_find(p) >= 0)
			machine_fail("a plain access to what is shared of the "
			    "queue of cpu%d (after this line)", i);
		if (write && (c->c_dev > 0 || c->c_tick > 0))
			point(OP_LOCAL, -1, 0);
	}
}

#define TSAN(_n)							\
void __tsan_read##_n(void *);						\
void __tsan_read##_n(void *p) { plain(p, 0); }				\
void __tsan_write##_n(void *);						\
void __tsan_write##_n(void *p) { plain(p, 1); }				\
void __tsan_unaligned_read##_n(void *);					\
void __tsan_unaligned_read##_n(void *p) { plain(p, 0); }		\
void __tsan_unaligned_write##_n(void *);				\
void __tsan_unaligned_write##_n(void *p) { plain(p, 1); }
TSAN(1)
TSAN(2)
TSAN(4)
TSAN(8)
TSAN(16)
void __tsan_init(void);
void __tsan_init(void) { }
void __tsan_func_entry(void *);
void __tsan_func_entry(void *pc) { (void)pc; }
void __tsan_func_exit(void);
void __tsan_func_exit(void) { }

/*
 * The contract of xcall_md.h.
 */

struct cpu_info *
model_curcpu(void)
{
	return (&cpus[self].c_info);
}

struct cpu_info *
model_cpu(int i)
{
	return (i < scn->s_ncpu ? &cpus[i].c_info : NULL);
}

unsigned long
model_intr_disable(void)
{
	struct cpu *c = &cpus[self];
	int old;

	point(OP_LOCAL, -1, 0);
	old = c->c_intr;
	c->c_intr = 0;
	if (old)
		machine_trace("interrupts off");
	return ((unsigned long)old);
}

void
model_intr_restore(unsigned long s)
{
	struct cpu *c = &cpus[self];

	point(OP_LOCAL, -1, 0);
	if (s == 0 || c->c_intr) {
		c->c_intr = s != 0;
		return;
	}
	machine_trace("interrupts on");
	softintr(c);
	c->c_intr = 1;
}

int
model_level(void)
{
	return (cpus[self].c_level);
}

int
model_splraise(int level)
{
	struct cpu *c = &cpus[self];
	int old;

	point(OP_LOCAL, -1, 0);
	old = c->c_level;
	if (level > old) {
		c->c_level = level;
		machine_trace("level %d", level);
	}
	return (old);
}

void
model_splx(int level)
{
	struct cpu *c = &cpus[self];

	point(level < c->c_level ? OP_DROP : OP_LOCAL, -1, 0);
	if (level != c->c_level) {
		c->c_level = level;
		machine_trace("level %d", level);
	}
	if (c->c_intr) {
		c->c_intr = 0;
		softintr(c);
		c->c_intr = 1;
	}
}

int
model_can_sleep(void)
{
	return (cpus[self].c_level == IPL_NONE && cpus[self].c_intr);
}

/* X-IPI-1: pending there at once, after all stores; taken later. */
static void
ring(int target, int wake)
{
	struct cpu *c = &cpus[target];

	point(OP_RING, -1, 0);
	machine_trace("%s cpu%d", wake ? "cpu_unidle" : "rings", target);
	if (wake) {
		c->c_wake = 1;
		c->c_wakeknow |= cpus[self].c_know;
	} else {
		c->c_door = 1;
		c->c_doorknow |= cpus[self].c_know;
	}
}

void
model_ipi(struct cpu_info *ci)
{
	struct cpu *c = &cpus[self];

	if (c->c_intr || ci->ci_num == self || !ci->ci_running)
		machine_fail("X-IPI-1: rings cpu%d, interrupts %s",
		    ci->ci_num, c->c_intr ? "on" : "off");
	if ((c->c_credit & 1U << ci->ci_num) == 0)
		machine_fail("rings cpu%d and has not made its queue "
		    "non-empty", ci->ci_num);
	c->c_credit &= ~(1U << ci->ci_num);
	ring(ci->ci_num, 0);
}

void
model_pend(void)
{
	point(OP_LOCAL, -1, 0);
	machine_trace("soft interrupt pending");
	cpus[self].c_soft = 1;
}

void
model_busy(void)
{
	point(OP_BUSY, -1, 0);
}

/* X-WAIT-1: another thread is woken by being seen in the idle loop. */
void
model_cond_wait(struct cond *c)
{
	unsigned long s;

	for (;;) {
		s = intr_disable();
		if (__atomic_load_n(&c->c_wait, __ATOMIC_ACQUIRE) == 0)
			break;
		MODEL_AT;
		point(OP_HALT, -1, 0);
	}
	intr_restore(s);
}

void
model_cond_signal(struct cond *c)
{
	int waiter = loc_cpu(loc_check(&c->c_wait));

	/* A call to oneself: the waiter has not looked yet. */
	if (waiter == self) {
		c->c_wait = 0;
		return;
	}
	__atomic_store_n(&c->c_wait, 0, __ATOMIC_RELEASE);
	MODEL_AT;
	ring(waiter, 1);
}

void
model_panic(const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	machine_fail("panic: %s", what);
}

void
machine_point(const char *what)
{
	point(OP_LOCAL, -1, 0);
	if (what != NULL)
		machine_trace("%s", what);
}

/*
 * Start.
 */

static void
begin(void)
{
	struct cpu *c = &cpus[self];

	MODEL_AT;
	point(OP_LOCAL, -1, 0);
	if (scn->s_body[self] != NULL)
		(*scn->s_body[self])();
	if (c->c_level != IPL_NONE || !c->c_intr)
		machine_fail("the thread ends at level %d", c->c_level);
	c->c_done = 1;
	for (;;) {
		intr_disable();
		cpu_xcall_tick(&c->c_info);
		MODEL_AT;
		if (c->c_soft) {
			intr_restore(1);
			continue;
		}
		machine_trace("halts");
		point(OP_HALT, -1, 0);
	}
}

void
machine_init(void)
{
	static ucontext_t here, there;
	struct cpu *c;
	int i;

	memset(cpus, 0, sizeof(cpus));
	memset(&global, 0, sizeof(global));
	memset(stacks, 0, sizeof(stacks));
	machine_look(1);
	for (i = 0; i < MAXCPUS; i++) {
		c = &cpus[i];
		c->c_info.ci_num = i;
		c->c_info.ci_running = i < scn->s_ncpu;
		c->c_intr = 1;
		c->c_reserved = -1;
		c->c_know = ~(know_t)0;
		c->c_tick = scn->s_tick;
		c->c_dev = i == 0 && scn->s_dev != NULL;
		cpu_xcall_establish(&c->c_info);
	}
	scenario_setup();
	machine_look(0);
	for (i = 0; i < scn->s_ncpu; i++) {
		self = i;
		getcontext(&there);
		there.uc_stack.ss_sp = stacks[i];
		there.uc_stack.ss_size = STACKSIZE;
		there.uc_link = NULL;
		makecontext(&there, begin, 0);
		if (_setjmp(explorer) == EX_RUN)
			swapcontext(&here, &there);
	}
}
