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
 * XCALL_MACHINE of the model: what xcall_md.h asks of a kernel, and the
 * compiler's atomic operations, all as calls into machine.c, where the
 * explorer decides what happens next.  mi/xcall is compiled unchanged: the
 * memory orders are those that its own macros hand to the compiler.
 */

#ifndef MODEL_MACHINE_H
#define MODEL_MACHINE_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#define MAXCPUS		3

#define IPL_NONE	0
#define IPL_SOFTCLOCK	1
#define IPL_HIGH	2

struct cpu_info {
	struct xcall_cpu  ci_xcall;
	int		  ci_num;
	int		  ci_running;
};

struct cond {
	unsigned int	  c_wait;
};
#define COND_INITIALIZER()	{ 1 }

struct cpuset {
	unsigned int	  cs_set;
};

/* Each notes where in the source it is: traces name the line. */
void	model_at(const char *, int, const char *);
#define MODEL_AT	model_at(__FILE__, __LINE__, __func__)

struct cpu_info *model_curcpu(void);
struct cpu_info *model_cpu(int);	/* NULL if there is no such CPU */
unsigned long model_intr_disable(void);
void	model_intr_restore(unsigned long);
int	model_splraise(int);
void	model_splx(int);
int	model_level(void);
int	model_can_sleep(void);
void	model_ipi(struct cpu_info *);
void	model_pend(void);
void	model_busy(void);
void	model_cond_wait(struct cond *);
void	model_cond_signal(struct cond *);
void	model_panic(const char *, ...) __attribute__((__noreturn__));

#define curcpu()		model_curcpu()
#define CPU_IS_RUNNING(_ci)	((_ci)->ci_running)
#define intr_disable()		(MODEL_AT, model_intr_disable())
#define intr_restore(_s)	(MODEL_AT, model_intr_restore(_s))
#define intr_enabled(_s)	((_s) != 0)
#define splraise(_l)		(MODEL_AT, model_splraise(_l))
#define splx(_l)		(MODEL_AT, model_splx(_l))
#define XCALL_AT_SOFTCLOCK()	(model_level() == IPL_SOFTCLOCK)
#define cpu_xcall_ipi(_ci)	(MODEL_AT, model_ipi(_ci))
#define cpu_xcall_pend()	(MODEL_AT, model_pend())
#define CPU_BUSY_CYCLE()	(MODEL_AT, model_busy())
#define cond_wait(_c, _wmesg)	((void)(_wmesg), MODEL_AT, model_cond_wait(_c))
#define cond_signal(_c)		(MODEL_AT, model_cond_signal(_c))
#define cpu_can_sleep()		model_can_sleep()
#define panic(...)		(MODEL_AT, model_panic(__VA_ARGS__))

#define cpuset_clear(_cs)	((void)((_cs)->cs_set = 0))
#define cpuset_add(_cs, _ci)	((void)((_cs)->cs_set |= 1U << (_ci)->ci_num))
#define cpuset_isset(_cs, _ci)	(((_cs)->cs_set >> (_ci)->ci_num) & 1)
#define CPU_INFO_ITERATOR	int
#define CPU_INFO_FOREACH(_cii, _ci)					\
	for ((_cii) = 0; ((_ci) = model_cpu(_cii)) != NULL; (_cii)++)

/*
 * The compiler's atomic operations, by their own names.  Those not mapped
 * here are instrumented by the compiler and do not link.
 */
uintptr_t model_load(const void *, size_t, int);
void	model_store(void *, size_t, uintptr_t, int);
uintptr_t model_add(void *, size_t, uintptr_t, int);	/* the old value */
int	model_cas(void *, size_t, void *, uintptr_t, int);

#define __atomic_load_n(_p, _o)						\
	(MODEL_AT, (__typeof__(*(_p)))model_load((_p), sizeof(*(_p)), (_o)))
#define __atomic_store_n(_p, _v, _o)					\
	(MODEL_AT,							\
	    model_store((_p), sizeof(*(_p)), (uintptr_t)(_v), (_o)))
#define __atomic_compare_exchange_n(_p, _e, _n, _w, _o, _f)		\
	(MODEL_AT, (void)(_w), (void)(_f),				\
	    model_cas((_p), sizeof(*(_p)), (_e), (uintptr_t)(_n), (_o)))
#define __atomic_fetch_add(_p, _v, _o)					\
	(MODEL_AT,							\
	    (__typeof__(*(_p)))model_add((_p), sizeof(*(_p)), (_v), (_o)))
#define __atomic_fetch_sub(_p, _v, _o)					\
	(MODEL_AT, (__typeof__(*(_p)))model_add((_p), sizeof(*(_p)),	\
	    -(uintptr_t)(_v), (_o)))
#define __atomic_sub_fetch(_p, _v, _o)					\
	(MODEL_AT, (__typeof__(*(_p)))(model_add((_p), sizeof(*(_p)),	\
	    -(uintptr_t)(_v), (_o)) - (_v)))

#endif /* MODEL_MACHINE_H */
