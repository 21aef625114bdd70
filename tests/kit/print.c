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
 * Printing, panics, symbols, strings, memory, the command line, and the end.
 */

#include "md.h"
#include "kern.h"
#include "synch.h"
#include "kit/kit.h"

static void
is_string(const char *file, int line, const char *have, const char *want)
{
	if (strcmp(have, want) != 0)
		xt_fail(file, line, "\"%s\", not \"%s\"", have, want);
}

#define FORMATS(_want, ...)						\
	do {								\
		int len_ = snprintf(buf, sizeof(buf), __VA_ARGS__);	\
									\
		is_string(__FILE__, __LINE__, buf, (_want));		\
		XT_EQ(len_, strlen(_want));				\
	} while (0)

/* The conversions that there are. */
void
test_printf_formats(void)
{
	char buf[128];

	FORMATS("plain", "plain");
	FORMATS("100%", "%d%%", 100);
	FORMATS("c=x s=yz", "c=%c s=%s", 'x', "yz");
	FORMATS("[  ab][ab  ][a]", "[%4s][%-4s][%.*s]", "ab", "ab", 1, "ab");
	FORMATS("0 -1 2147483647", "%d %i %d", 0, -1, 2147483647);
	FORMATS("-2147483648", "%d", -2147483647 - 1);
	FORMATS("4294967295", "%u", 4294967295U);
	FORMATS("deadbeef 0x10", "%x 0x%x", 0xdeadbeef, 16);
	FORMATS("[   7][0007][7   ]", "[%4d][%04d][%-4d]", 7, 7, 7);
	FORMATS("[  -7][-007]", "[%4d][%04d]", -7, -7);
	FORMATS("18446744073709551615", "%llu", ~0ULL);
	FORMATS("-9223372036854775808", "%lld", -9223372036854775807LL - 1);
	FORMATS("ffffffffffffffff", "%lx", ~0UL);
	FORMATS("42", "%zu", (size_t)42);
	FORMATS("0x1234", "%p", (void *)0x1234);
}

/* Too little room: cut, ended, and the whole length returned. */
void
test_printf_cut(void)
{
	char buf[8];

	memset(buf, 'z', sizeof(buf));
	XT_EQ(snprintf(buf, 4, "%s", "abcdef"), 6);
	is_string(__FILE__, __LINE__, buf, "abc");
	XT_EQ(buf[4], 'z');
	XT_EQ(snprintf(buf, 1, "%d", 12345), 5);
	XT_EQ(buf[0], '\0');
	buf[0] = 'q';
	XT_EQ(snprintf(buf, 0, "%d", 12), 2);
	XT_EQ(buf[0], 'q');
}

static void
panic_run(void *arg)
{
	panic("a panic of %s, number %d", (const char *)arg, 17);
}

#ifdef DIAGNOSTIC
static void
panic_assert(void *arg)
{
	KASSERT(arg != NULL);
}
#endif

/* A panic says what it was told; an assertion says what was asserted. */
void
test_panic_message(void)
{
	XT_PANICS(0, panic_run, "the test", "a panic of the test, number 17");
	XT_PANICS(xt_ncpu() - 1, panic_run, "cpu", "a panic of cpu");
#ifdef DIAGNOSTIC
	XT_PANICS(0, panic_assert, NULL, "arg != NULL");
#endif
}

/* An address in a function has the function's name. */
void
test_panic_symbol(void)
{
	uintptr_t off, at = (uintptr_t)test_panic_symbol;
	const char *name;

	off = 99;
	name = ksym(at, &off);
	is_string(__FILE__, __LINE__, name != NULL ? name : "none",
	    "test_panic_symbol");
	XT_EQ(off, 0);
	name = ksym(at + 4, &off);
	is_string(__FILE__, __LINE__, name != NULL ? name : "none",
	    "test_panic_symbol");
	XT_EQ(off, 4);
	name = ksym((uintptr_t)user_main, &off);
	is_string(__FILE__, __LINE__, name != NULL ? name : "none",
	    "user_main");
	XT_CHECK(ksym((uintptr_t)kernel_text - 1, &off) == NULL);
	XT_CHECK(ksym((uintptr_t)kernel_etext, &off) == NULL);
	XT_CHECK(ksym(0, &off) == NULL);
}

#define FOUND_CALL	1
#define FOUND_DISPATCH	2
#define FOUND_CALLER	4
static const char *frames_caller;	/* the function that is looked for */
static unsigned int frames_found;	/* [a] */

/* The names of the callers, as a backtrace would find them. */
static __attribute__((__noinline__)) void
frames_walk(void)
{
	uintptr_t fp = md_frame(), pc, off;
	unsigned int found = 0;
	const char *name;
	int n;

	for (n = 0; n < 10 && fp != 0; n++) {
		fp = md_frame_next(fp, &pc);
		name = pc != 0 ? ksym(pc, &off) : NULL;
		if (name == NULL)
			break;
		if (strcmp(name, "frames_call") == 0)
			found |= FOUND_CALL;
		if (strcmp(name, "cpu_xcall_dispatch") == 0)
			found |= FOUND_DISPATCH;
		if (strcmp(name, frames_caller) == 0)
			found |= FOUND_CALLER;
	}
	XT_STORE(&frames_found, found);
}

static void
frames_call(void *arg)
{
	(void)arg;
	frames_walk();
	compiler_barrier();
}

/*
 * DIAG-1: the frames lead from a call back to who made it: through the
 * dispatch and its entry.
 */
void
test_panic_frames(void)
{
	struct xcall xc = XCALL_INITIALIZER(frames_call, NULL);

	frames_found = 0;
	frames_caller = "test_panic_frames";
	cpu_xcall(curcpu(), &xc);
	XT_EQ(frames_found, FOUND_CALL | FOUND_DISPATCH | FOUND_CALLER);
}

static unsigned int frames_in;

/* No frame of its own, perhaps: it is found by where it was interrupted. */
static __attribute__((__noinline__)) void
frames_spin(void)
{
	XT_STORE(&frames_in, 1);
	while (XT_LOAD(&frames_found) == 0)
		CPU_BUSY_CYCLE();
}

static void
frames_thread(void *arg)
{
	(void)arg;
	frames_spin();
	compiler_barrier();
}

/* DIAG-1: and to whom it interrupted. */
void
test_panic_interrupted(void)
{
	struct xcall xc = XCALL_INITIALIZER(frames_call, NULL);
	unsigned int n = xt_ncpu() - 1;

	frames_found = frames_in = 0;
	frames_caller = "frames_spin";
	xt_thread(n, frames_thread, NULL);
	XT_WAIT(XT_LOAD(&frames_in));
	cpu_xcall(xt_cpu(n), &xc);
	xt_join();
	XT_EQ(frames_found, FOUND_CALL | FOUND_DISPATCH | FOUND_CALLER);
}

/* The functions that the compiler may call as well. */
void
test_string_all(void)
{
	char a[] = "0123456789", b[16];

	XT_EQ(strlen(a), 10);
	XT_CHECK(memcpy(b, a, 11) == b);
	XT_EQ(strcmp(a, b), 0);
	memmove(b + 2, b, 8);
	is_string(__FILE__, __LINE__, b, "0101234567");
	memmove(b, b + 2, 9);
	is_string(__FILE__, __LINE__, b, "01234567");
	memset(b, 'x', 3);
	is_string(__FILE__, __LINE__, b, "xxx34567");
	XT_CHECK(strcmp("ab", "abc") < 0 && strcmp("b", "ab") > 0);
	XT_EQ(strncmp("abx", "aby", 2), 0);
	XT_CHECK(strncmp("abx", "aby", 3) < 0);
	XT_EQ(strncmp("ab", "ab", 9), 0);
	XT_EQ(memcmp("a\0b", "a\0b", 3), 0);
	XT_CHECK(memcmp("a\0b", "a\0c", 3) < 0);
	XT_CHECK(memcmp("\xff", "\x01", 1) > 0);
}

/* Memory is zeroed, aligned, and nobody else's. */
void
test_memory_zeroed(void)
{
	unsigned char *p[4];
	unsigned int i, j;

	for (i = 0; i < 4; i++) {
		p[i] = kmem_alloc(100 + i);
		XT_EQ((uintptr_t)p[i] % MD_CACHELINE, 0);
		for (j = 0; j < 100 + i; j++)
			XT_EQ(p[i][j], 0);
		memset(p[i], 0xee, 100 + i);
	}
	for (i = 1; i < 4; i++)
		XT_CHECK(p[i] >= p[i - 1] + 100 || p[i] + 100 <= p[i - 1]);
}

static unsigned char kept_data[64] = { 1 }, kept_bss[64];

/* Is there RAM to be handed out that is this very memory? */
static int
kept_not(unsigned char *p)
{
	uintptr_t off = (uintptr_t)p % MD_PAGESIZE;
	uint64_t start, end, pa;
	int is = 0;

	for (start = 0; pmem_piece(&start, &end); start = end) {
		for (pa = start; pa < end && !is; pa += MD_PAGESIZE) {
			XT_STORE(p, 0x5a);
			if (*((volatile unsigned char *)md_ram(pa) + off) !=
			    0x5a)
				continue;
			XT_STORE(p, 0xa5);
			is = *((volatile unsigned char *)md_ram(pa) + off) ==
			    0xa5;
		}
	}
	return (is);
}

/* BOOT-1: the kernel is not in memory that is handed out. */
void
test_memory_kept(void)
{
	XT_CHECK(!kept_not(kept_data));
	XT_CHECK(!kept_not(kept_bss));
}

/* Words of the command line: key=value, whole words only. */
void
test_boot_words(void)
{
	static char saved[sizeof(boot_args)];
	char buf[6];

	memcpy(saved, boot_args, sizeof(saved));
	boot_args_set("first=1 xkey=no  key=value quiet key=second "
	    "long=abcdefg n=1207 none=0 word=n");
	XT_CHECK(boot_arg("key", buf, sizeof(buf)) == buf);
	is_string(__FILE__, __LINE__, buf, "value");
	XT_CHECK(boot_arg("quiet", buf, sizeof(buf)) == NULL);
	XT_CHECK(boot_arg("ke", buf, sizeof(buf)) == NULL);
	XT_CHECK(boot_arg("long", buf, sizeof(buf)) == buf);
	is_string(__FILE__, __LINE__, buf, "abcde");
	XT_EQ(boot_number("n", 9), 1207);
	XT_EQ(boot_number("none", 9), 9);
	XT_EQ(boot_number("word", 9), 9);
	XT_EQ(boot_number("other", 9), 9);
	boot_args_set("");
	XT_CHECK(boot_arg("first", buf, sizeof(buf)) == NULL);
	memcpy(boot_args, saved, sizeof(saved));
}

static unsigned int stop_in, stop_never;

/* Until it is stopped. */
static __attribute__((__noinline__)) void
stop_spin(void)
{
	XT_INC(&stop_in);
	while (!XT_LOAD(&stop_never))
		CPU_BUSY_CYCLE();
}

static void
stop_thread(void *arg)
{
	int ipl;

	ipl = splraise(*(int *)arg);
	stop_spin();
	splx(ipl);
}

static void
stop_cpu(struct cpu_info *ci)
{
	unsigned long s;

	s = intr_disable();
	atomic_setbits(&ci->ci_flags, CPUF_STOP);
	cpu_stop(ci);
	intr_restore(s);
}

/*
 * Where it was: the function, which an interrupt may just have come into, and
 * who called it.
 */
static void
stop_where(struct cpu_info *ci, int spins)
{
	uintptr_t off, pc = ci->ci_stop_pc, fp = ci->ci_stop_fp;
	const char *name;
	int i;

	name = ksym(pc, &off);
	XT_CHECK(name != NULL);
	if (!spins)
		return;
	for (i = 0; i < 8 && name != NULL && !xt_names(name, "stop_spin");
	    i++) {
		fp = md_frame_next(fp, &pc);
		name = ksym(pc, &off);
	}
	is_string(__FILE__, __LINE__, name != NULL ? name : "none",
	    "stop_spin");
	md_frame_next(fp, &pc);
	name = ksym(pc, &off);
	XT_CHECK(name != NULL && (strcmp(name, "stop_thread") == 0 ||
	    strcmp(name, "thread_start") == 0));
}

/*
 * IPI-3: each of the other CPUs stops, idle, in a thread, or at IPL_HIGH, and
 * says where it was.  IDLE-1: then nothing wakes it.
 */
void
test_stop_all(void)
{
	/* Below IPL_CLOCK it could be found in the clock's handler. */
	static int levels[] = { IPL_CLOCK, IPL_HIGH };
	static struct xt_note xn;
	struct cpu_info *ci;
	unsigned int n, spin = 0, before;

	xt_note_set(&xn);
	stop_in = 0;
	for (n = 1; n < xt_ncpu(); n++) {
		if (n % 3 == 2)
			continue;
		thread_create(xt_cpu(n), stop_thread, &levels[n % 3], "stop");
		spin++;
	}
	XT_WAIT(XT_LOAD(&stop_in) == spin);
	for (n = 1; n < xt_ncpu(); n++) {
		stop_cpu(xt_cpu(n));
		XT_WAIT((XT_LOAD(&xt_cpu(n)->ci_flags) & CPUF_STOPPED) != 0);
		stop_where(xt_cpu(n), n % 3 != 2);
		cpu_xcall(xt_cpu(n), &xn.xn_xc);
	}
	before = XT_LOAD(&ticks);
	XT_WAIT(XT_LOAD(&ticks) - before >= 5);
	XT_EQ(XT_LOAD(&xn.xn_ran), 0);
	for (n = 1; n < xt_ncpu(); n++) {
		ci = xt_cpu(n);
		XT_EQ(XT_QUEUED(ci), 1);
		atomic_clearbits(&ci->ci_flags, CPUF_RUNNING);
	}
}
