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
 * Hostile circumstances, asked for on the command line.  dirty=1: each CPU
 * finds its interrupt controller as something else has left it.  permute=1:
 * CPUs are numbered in another order than their hardware ids are.  main.c is
 * compiled with other names, tests/files.mk, so that these come before it.
 */

#include "md.h"
#include "kern.h"
#include "intr.h"
#include "proof.h"

void	kern_main_plain(void) __attribute__((__noreturn__));
void	cpu_hatch_plain(struct cpu_info *) __attribute__((__noreturn__));
void	softintr_init_hostile(void);

static int
word(const char *key)
{
	char buf[4];

	return (boot_arg(key, buf, sizeof(buf)) != NULL);
}

/* The boot CPU, before anything is known of the controller. */
void
kern_main(void)
{
	if (word("dirty")) {
		printf("dirty: the interrupt controller\n");
		proof_dirty(1);
	}
	kern_main_plain();
}

/* Another CPU. */
void
cpu_hatch(struct cpu_info *ci)
{
	if (word("dirty"))
		proof_dirty(0);
	cpu_hatch_plain(ci);
}

/*
 * The CPUs are attached, none but the boot CPU has been started: go round by
 * one, the boot CPU apart, so that none has the number it would have.
 */
static void
permute(void)
{
	struct cpu_info *first;
	unsigned int i;

	if (ncpus < 3)
		return;
	first = cpu_infos[1];
	for (i = 1; i < ncpus; i++) {
		cpu_infos[i] = i < ncpus - 1 ? cpu_infos[i + 1] : first;
		cpu_infos[i]->ci_cpuid = i;
	}
	printf("permute: cpu1 has id 0x%llx, cpu%u 0x%llx\n",
	    (unsigned long long)cpu_infos[1]->ci_hwid, ncpus - 1,
	    (unsigned long long)cpu_infos[ncpus - 1]->ci_hwid);
}

void
softintr_init_hostile(void)
{
	if (word("permute"))
		permute();
	softintr_init();
}
