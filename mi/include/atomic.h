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
 * Atomic operations.  The name says the order it gives: relaxed none, acquire
 * and release their half, no suffix both.  All of them come from the
 * compiler, so they are right on any CPU that C11 knows.
 */

#ifndef ATOMIC_H
#define ATOMIC_H

#define atomic_load_relaxed(_p)		__atomic_load_n((_p), __ATOMIC_RELAXED)
#define atomic_load_acquire(_p)		__atomic_load_n((_p), __ATOMIC_ACQUIRE)
#define atomic_store_relaxed(_p, _v)					\
	__atomic_store_n((_p), (_v), __ATOMIC_RELAXED)
#define atomic_store_release(_p, _v)					\
	__atomic_store_n((_p), (_v), __ATOMIC_RELEASE)
#define atomic_cas_acquire(_p, _o, _n)					\
	__atomic_compare_exchange_n((_p), (_o), (_n), 1,		\
	    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)
#define atomic_cas(_p, _o, _n)						\
	__atomic_compare_exchange_n((_p), (_o), (_n), 0,		\
	    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)
#define atomic_swap(_p, _v)						\
	__atomic_exchange_n((_p), (_v), __ATOMIC_SEQ_CST)
#define atomic_sub_release(_p, _v)					\
	((void)__atomic_fetch_sub((_p), (_v), __ATOMIC_RELEASE))
#define atomic_add_nv(_p, _v)						\
	__atomic_add_fetch((_p), (_v), __ATOMIC_SEQ_CST)
#define atomic_sub_nv(_p, _v)						\
	__atomic_sub_fetch((_p), (_v), __ATOMIC_SEQ_CST)
#define atomic_setbits(_p, _v)						\
	((void)__atomic_fetch_or((_p), (_v), __ATOMIC_SEQ_CST))
#define atomic_clearbits(_p, _v)					\
	((void)__atomic_fetch_and((_p), ~(_v), __ATOMIC_SEQ_CST))
#define atomic_inc_relaxed(_p)						\
	((void)__atomic_fetch_add((_p), 1, __ATOMIC_RELAXED))

/* OpenBSD's names, for callers written to its manuals. */
#define atomic_load_int(_p)	atomic_load_acquire(_p)
#define atomic_store_int(_p, _v) atomic_store_release((_p), (_v))
#define atomic_inc_int(_p)	((void)atomic_add_nv((_p), 1))
#define atomic_dec_int(_p)	((void)atomic_sub_nv((_p), 1))
#define atomic_setbits_int(_p, _v) atomic_setbits((_p), (_v))

/* Keeps the compiler, not the CPU, from moving memory accesses across. */
#define compiler_barrier()	__asm volatile("" ::: "memory")

#endif /* ATOMIC_H */
