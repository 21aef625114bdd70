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
 * What every part of the substrate uses: printing, checks, memory, strings.
 */

#ifndef KERN_H
#define KERN_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define ENXIO		6
#define ENOMEM		12
#define EBUSY		16
#define ENODEV		19
#define EINVAL		22
#define EAGAIN		35
#define EWOULDBLOCK	EAGAIN
#define ETIMEDOUT	60

#define nitems(_a)	(sizeof(_a) / sizeof((_a)[0]))
#define roundup(_x, _y)	((((_x) + (_y) - 1) / (_y)) * (_y))
#define predict_false(_e) __builtin_expect((_e) != 0, 0)

#define MSTR1(_s)	#_s
#define MSTR(_s)	MSTR1(_s)

#ifdef DIAGNOSTIC
#define KASSERT(_e)							\
	do {								\
		if (predict_false(!(_e)))				\
			panic("%s:%d: %s: assertion failed: %s",	\
			    __FILE__, __LINE__, __func__, #_e);		\
	} while (0)
/* The same for a clause of the contract: what is wrong, in words. */
#define KCLAUSE(_e, _clause, _what)					\
	do {								\
		if (predict_false(!(_e)))				\
			panic("%s: %s: %s", (_clause), __func__, (_what)); \
	} while (0)
#else
#define KASSERT(_e)	((void)0)
#define KCLAUSE(_e, _clause, _what) ((void)0)
#endif

/* printf.c: %c %d %i %u %x %p %s, with 0, width, l, ll, z.  Any context. */
void	printf(const char *, ...) __attribute__((__format__(printf, 1, 2)));
int	snprintf(char *, size_t, const char *, ...)
	    __attribute__((__format__(printf, 3, 4)));
int	vsnprintf(char *, size_t, const char *, va_list)
	    __attribute__((__format__(printf, 3, 0)));
void	cons_break(void);	/* panic: take the console from its owner */

/* panic.c */
void	panic(const char *, ...)
	    __attribute__((__noreturn__, __format__(printf, 1, 2)));
/* The same, and show(frame) says what there is besides. */
void	panic_show(void (*)(const void *), const void *, const char *, ...)
	    __attribute__((__noreturn__, __format__(printf, 3, 4)));
void	cpu_stopped(uintptr_t, uintptr_t) __attribute__((__noreturn__));
void	backtrace(uintptr_t, uintptr_t);
extern const char *panicstr;
/* A debugger's: called first, and may not return. */
extern void (*panic_hook)(const char *);

/* ksyms.c: the symbol at or below an address, NULL for none. */
const char *ksym(uintptr_t, uintptr_t *);
extern const char kernel_text[], kernel_etext[], kernel_end[];

/* string.c */
void	*memcpy(void *, const void *, size_t);
void	*memmove(void *, const void *, size_t);
void	*memset(void *, int, size_t);
int	 memcmp(const void *, const void *, size_t);
size_t	 strlen(const char *);
int	 strcmp(const char *, const char *);
int	 strncmp(const char *, const char *, size_t);

/* pmem.c: RAM, handed out and never given back; zeroed. */
void	pmem_add(uint64_t, uint64_t);
void	pmem_reserve(uint64_t, uint64_t);
uint64_t pmem_alloc(size_t);		/* pages; physical address */
uint64_t pmem_size(void);
int	pmem_piece(uint64_t *, uint64_t *);
void	pmem_print(void);
void	*kmem_alloc(size_t);		/* bytes, aligned to a cache line */
uintptr_t kstack_alloc(void);		/* lowest address of a new stack */

/* main.c */
extern char boot_args[256];		/* the command line */
void	boot_args_set(const char *);
const char *boot_arg(const char *, char *, size_t);	/* key=value */
unsigned int boot_number(const char *, unsigned int);	/* or that */
struct cpu_info;
void	cpu_attach(uint64_t);
void	cpu_listed(uint64_t);
void	kern_main(void) __attribute__((__noreturn__));
void	cpu_hatch(struct cpu_info *) __attribute__((__noreturn__));

/* What the kernel is booted for; in a thread on the boot CPU. */
void	user_main(void *);

#endif /* KERN_H */
