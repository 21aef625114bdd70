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
 * The only program of a Linux that is measured: its init.  With the argument
 * "symbols" it prints where the kernel's functions are, otherwise it makes
 * the kernel call smp_call_function_single_async() for a CPU that runs a
 * thread, again and again.  Then the machine is reset, which ends QEMU.
 *
 * A user program cannot make that call for a function of its own.  The
 * scheduler makes it: with its feature HRTICK, the wake-up of a thread on
 * another CPU, which has another to run already, asks that CPU by such a call
 * to arm a timer.  NO_TTWU_QUEUE has the thread put on the other CPU's queue
 * by the waker, and both are SCHED_BATCH, so that no other interrupt is sent.
 *
 * The marks are those of tests/compare/compare.h.
 */

#include <stddef.h>

#define WARM		20
#define CALLS		320
#define SPINS		1000	/* rounds that the target has been on its way */

#define AT_FDCWD	(-100)
#define O_WRONLY	1
#define FUTEX_WAIT	128	/* private */
#define FUTEX_WAKE	129
#define SCHED_BATCH	3
#define THREAD_FLAGS	0x50f00	/* VM FS FILES SIGHAND THREAD SYSVSEM */
#define REBOOT_MAGIC1	0xfee1dead
#define REBOOT_MAGIC2	672274793
#define REBOOT_RESTART	0x1234567

#define POINT(_name)							\
	__asm volatile("99: .pushsection .md_points, \"\", %%progbits\n\t" \
	    ".dc.a 99b\n\t.asciz \"" _name "\"\n\t.popsection" ::: "memory")
#define LOAD(_p)	__atomic_load_n((_p), __ATOMIC_SEQ_CST)
#define STORE(_p, _v)	__atomic_store_n((_p), (_v), __ATOMIC_SEQ_CST)

long	sys_read(int, void *, size_t);
long	sys_pread(int, void *, size_t, long);
long	sys_write(int, const void *, size_t);
long	sys_mount(const char *, const char *, const char *, long, void *);
long	sys_reboot(long, long, long, void *);
long	sys_sched_setscheduler(int, int, const int *);
long	sys_sched_yield(void);
long	sys_futex(unsigned int *, int, unsigned int, void *);
long	sys_sched_setaffinity(int, size_t, const unsigned long *);
long	sys_openat(int, const char *, int, int);
long	sys_mkdirat(int, const char *, int);
long	sys_thread(long, void *, void (*)(void));
void	sys_relax(void);
void	init_main(const long *);
void	*memcpy(void *, const void *, size_t);

static unsigned char stacks[2][16384] __attribute__((__aligned__(16)));
static unsigned int wake;	/* [a] wake-ups so far */
static unsigned int woken = -1;	/* [a] and how many the sleeper has seen */
static unsigned int turn;	/* [a] up to here the spinner makes way */
static unsigned int spins;	/* [a] rounds the spinner has made */
static int stat;		/* the sleeper's */
static char text[1 << 16];

void *
memcpy(void *to, const void *from, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		((volatile char *)to)[i] = ((const char *)from)[i];
	return (to);
}

static void
say(const char *s)
{
	size_t n;

	for (n = 0; s[n] != '\0'; n++)
		continue;
	sys_write(1, s, n);
}

static void __attribute__((__noreturn__))
end(void)
{
	sys_reboot(REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_RESTART, NULL);
	for (;;)
		sys_relax();
}

/* What it takes has to work. */
static long
need(const char *what, long error)
{
	if (error < 0) {
		say("linux: cannot ");
		say(what);
		say("\n");
		end();
	}
	return (error);
}

static void
pin(unsigned int cpu)
{
	const unsigned long set = 1UL << cpu;
	const int priority = 0;

	need("pin a thread", sys_sched_setaffinity(0, sizeof(set), &set));
	need("make a thread SCHED_BATCH",
	    sys_sched_setscheduler(0, SCHED_BATCH, &priority));
}

static int
function(char type)
{
	return (type == 't' || type == 'T' || type == 'w' || type == 'W');
}

/* Lines "ADDRESS TYPE NAME", those of functions. */
static void
symbols(void)
{
	static char line[1024], out[1 << 15];
	size_t n = 0, o = 0;
	long got, i;
	int fd;

	fd = need("read kallsyms",
	    sys_openat(AT_FDCWD, "/proc/kallsyms", 0, 0));
	while ((got = sys_read(fd, text, sizeof(text))) > 0) {
		for (i = 0; i < got; i++) {
			if (n < sizeof(line))
				line[n++] = text[i];
			if (text[i] != '\n')
				continue;
			if (n > 19 && function(line[17])) {
				if (o + n > sizeof(out)) {
					sys_write(1, out, o);
					o = 0;
				}
				memcpy(out + o, line, n);
				o += n;
			}
			n = 0;
		}
	}
	sys_write(1, out, o);
}

/* The target's thread: in user mode, but to make way. */
static void
spinner(void)
{
	pin(1);
	for (;;) {
		STORE(&spins, LOAD(&spins) + 1);
		if (LOAD(&woken) != LOAD(&turn))
			sys_sched_yield();
		sys_relax();
	}
}

/* The thread that is woken, on the same CPU. */
static void
sleeper(void)
{
	unsigned int n;

	pin(1);
	stat = need("open thread-self/stat", sys_openat(AT_FDCWD,
	    "/proc/thread-self/stat", 0, 0));
	for (n = 0;; n++) {
		STORE(&woken, n);
		while (LOAD(&wake) == n)
			sys_futex(&wake, FUTEX_WAIT, n, NULL);
	}
}

/* The state letter is after the name, in parentheses. */
static int
sleeps(void)
{
	long n = need("read a thread's state",
	    sys_pread(stat, text, sizeof(text), 0));

	while (n > 0 && text[n - 1] != ')')
		n--;
	return (text[n + 1] == 'S');
}

/*
 * The sleeper sleeps: it says so before, and is on no queue once the other
 * runs.  That is in its loop.
 */
static void
settle(void)
{
	unsigned int from;

	while (LOAD(&woken) != LOAD(&wake) || !sleeps())
		sys_relax();
	from = LOAD(&spins);
	while (LOAD(&spins) - from < SPINS)
		sys_relax();
}

static void
call(unsigned int n)
{
	long woke;

	settle();
	POINT("@begin");
	STORE(&wake, n);
	woke = sys_futex(&wake, FUTEX_WAKE, 1, NULL);
	POINT("@sent");
	need("wake the sleeper", woke == 1 ? 0 : -1);
	STORE(&turn, n);
	settle();
	POINT("@done");
}

static void
feature(const char *name)
{
	size_t n;
	int fd;

	fd = need("open sched/features", sys_openat(AT_FDCWD,
	    "/sys/kernel/debug/sched/features", O_WRONLY, 0));
	for (n = 0; name[n] != '\0'; n++)
		continue;
	need(name, sys_write(fd, name, n));
}

static void
measure(void)
{
	unsigned int n;

	need("mount sysfs", sys_mount("sysfs", "/sys", "sysfs", 0, NULL));
	need("mount debugfs",
	    sys_mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL));
	feature("HRTICK");
	feature("NO_TTWU_QUEUE");
	pin(0);
	need("make a thread",
	    sys_thread(THREAD_FLAGS, stacks[0] + sizeof(stacks[0]), sleeper));
	need("make a thread",
	    sys_thread(THREAD_FLAGS, stacks[1] + sizeof(stacks[1]), spinner));
	for (n = 1; n <= WARM; n++)
		call(n);
	POINT("@case running");
	for (; n <= WARM + CALLS; n++)
		call(n);
	POINT("@end");
}

/* sp: argc, argv; the kernel adds words of its own before ours. */
void
init_main(const long *sp)
{
	const char *last = (const char *)sp[sp[0]];

	say("linux: begin\n");
	need("mount proc", sys_mount("proc", "/proc", "proc", 0, NULL));
	if (last[0] == 's')
		symbols();
	else
		measure();
	say("linux: end\n");
	end();
}
