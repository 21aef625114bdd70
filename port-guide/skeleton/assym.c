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
 * Offsets of structure members for assembler: compiled, never linked;
 * mk/kernel.mk makes assym.h of the strings that begin with an arrow.
 */

#include "md.h"
#include "intr.h"
#include "synch.h"

/* Some compilers for other CPUs write the number with %0, not %c0. */
#define DEFINE(_name, _v)						\
	__asm volatile(".ascii \"->#define " #_name " %0\"" :: "i" (_v))

void	assym(void);

void
assym(void)
{
	DEFINE(CI_IPENDING, offsetof(struct cpu_info, ci_ipending));
	DEFINE(CI_ILEVEL, offsetof(struct cpu_info, ci_ilevel));
	DEFINE(CI_IDEPTH, offsetof(struct cpu_info, ci_idepth));
	DEFINE(IS_FUNC, offsetof(struct intrsource, is_func));
	DEFINE(IS_ARG, offsetof(struct intrsource, is_arg));
	DEFINE(IS_IPL, offsetof(struct intrsource, is_ipl));
	DEFINE(IS_SIZE, sizeof(struct intrsource));
	DEFINE(CI_IDLE, offsetof(struct cpu_info, ci_idle));
	DEFINE(T_STACK, offsetof(struct thread, t_stack));
	DEFINE(T_SP, offsetof(struct thread, t_sp));
}
