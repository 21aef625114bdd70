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
 * For mutants that wrap a function of the contract, of any architecture: the
 * linker calls __wrap_f() for f(), and f() for __real_f().  Only calls from
 * other files are wrapped.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "synch.h"

#define WRAP(_type, _name, ...)						\
	_type __real_##_name(__VA_ARGS__);				\
	_type __wrap_##_name(__VA_ARGS__);

WRAP(void, cpu_xcall_ipi_many, const struct cpuset *)
WRAP(void, cpu_xcall_dispatch, struct cpu_info *)
WRAP(void, cpu_xcall_tick, struct cpu_info *)
WRAP(void, cpu_unidle, struct cpu_info *)
WRAP(void, cpu_stop, struct cpu_info *)
WRAP(void, cpu_stopped, uintptr_t, uintptr_t)
WRAP(void, kern_main, void)
WRAP(void, cpu_idle_cycle, void)
WRAP(void, cpu_fork, struct thread *)
WRAP(void, cpu_switchto, struct thread *, struct thread *)
WRAP(void, cond_wait, struct cond *, const char *)
WRAP(void, cond_signal, struct cond *)
WRAP(void, md_cpus_attach, void)
WRAP(void, md_cpu_init, struct cpu_info *)
WRAP(const char *, md_cpu_start, struct cpu_info *)
WRAP(void, md_clock_init, void)
WRAP(void, md_clock_arm, uint64_t)
WRAP(void, md_map, uintptr_t, uint64_t, size_t, int)
WRAP(void, md_putc, int)
WRAP(void, md_end, int)
WRAP(int, cpu_feature_enable, void)
WRAP(void, cpu_feature_disable, void)
WRAP(int, cpu_feature_enabled, void)
