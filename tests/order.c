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
 * What the compiler is told of order: each routine is one operation between
 * two plain stores, for the rules in tests/order.rules.  Nothing calls them,
 * and they are in no kernel: what is judged is the compiler's intermediate
 * code, where a compiler that is cautious today does not hide what is missing.
 *
 *	before	what is stored before the operation is stored before it
 *	after	what is stored after it is stored after it
 *	both
 *	raise	after, if it does anything
 *	restore	both, if it does anything
 */

#include "md.h"

struct order {
	struct cpu_info	*o_ci;
	const struct cpuset *o_set;
	unsigned int	*o_word;
	unsigned long	 o_state;
	int		 o_ipl;
};

extern short order_word;	/* of a type that no operation has */

#define ORDER(_side, _name, _op)					\
void	order_##_side##_##_name(struct order *);			\
void									\
order_##_side##_##_name(struct order *o)				\
{									\
	(void)o;							\
	order_word = 1;							\
	_op;								\
	order_word = 2;							\
}

ORDER(after, intr_disable, intr_disable())
ORDER(restore, intr_restore, intr_restore(o->o_state))
ORDER(restore, intr_reopen, intr_reopen(o->o_state))
ORDER(both, intr_enable, intr_enable())
ORDER(raise, splraise, splraise(o->o_ipl))
ORDER(both, splx, splx(o->o_ipl))
ORDER(before, cpu_soft_pend, cpu_soft_pend(SLOT_XCALL))
ORDER(both, CPU_BUSY_CYCLE, CPU_BUSY_CYCLE())
ORDER(both, md_clock_read, md_clock_read())
ORDER(before, cpu_halt, cpu_halt())
ORDER(both, cpu_cache_sync, cpu_cache_sync())
ORDER(before, cpu_xcall_ipi, cpu_xcall_ipi(o->o_ci))
#ifdef __HAVE_CPU_XCALL_IPI_MANY
ORDER(before, cpu_xcall_ipi_many, cpu_xcall_ipi_many(o->o_set))
#endif
ORDER(both, compiler_barrier, compiler_barrier())
ORDER(after, atomic_load_acquire, atomic_load_acquire(o->o_word))
ORDER(before, atomic_store_release, atomic_store_release(o->o_word, 1))
ORDER(after, atomic_cas_acquire,
    (void)atomic_cas_acquire(o->o_word, &(unsigned int){ 0 }, 1))
ORDER(both, atomic_cas, (void)atomic_cas(o->o_word, &(unsigned int){ 0 }, 1))
ORDER(both, atomic_swap, atomic_swap(o->o_word, 1))
ORDER(before, atomic_sub_release, atomic_sub_release(o->o_word, 1))
ORDER(both, atomic_add_nv, atomic_add_nv(o->o_word, 1))
ORDER(both, atomic_sub_nv, atomic_sub_nv(o->o_word, 1))
ORDER(both, atomic_setbits, atomic_setbits(o->o_word, 1))
ORDER(both, atomic_clearbits, atomic_clearbits(o->o_word, 1U))
