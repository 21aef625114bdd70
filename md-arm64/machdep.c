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
 * arm64: what the boot loader hands over, and the end of a run.
 */

#include "md.h"
#include "kern.h"
#include "bootfdt.h"
#include "efi.h"
#include "machdep.h"

struct fdt arm64_fdt;
enum arm64_psci arm64_psci;

void	arm64_init(uint64_t, uint64_t);

/* ARM DEN 0022 (PSCI), 5.1; ARM DEN 0028 (SMC calling convention), 2.6. */
#define PSCI_FUNCTION(_name, _insn)					\
static int64_t								\
_name(uint64_t func, uint64_t a1, uint64_t a2, uint64_t a3)		\
{									\
	register uint64_t x0 __asm("x0") = func;			\
	register uint64_t x1 __asm("x1") = a1;				\
	register uint64_t x2 __asm("x2") = a2;				\
	register uint64_t x3 __asm("x3") = a3;				\
									\
	__asm volatile(_insn : "+r" (x0), "+r" (x1), "+r" (x2),		\
	    "+r" (x3) :: "x4", "x5", "x6", "x7", "x8", "x9", "x10",	\
	    "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory");	\
	return (x0);							\
}

PSCI_FUNCTION(psci_hvc, "hvc #0")
PSCI_FUNCTION(psci_smc, "smc #0")

/* Who calls.  One that traps there must not call again to end the run. */
static struct cpu_info *psci_caller;

int64_t
psci_call(uint64_t func, uint64_t a1, uint64_t a2, uint64_t a3)
{
	int64_t r;

	psci_caller = curcpu();
	r = arm64_psci == PSCI_HVC ? psci_hvc(func, a1, a2, a3) :
	    psci_smc(func, a1, a2, a3);
	psci_caller = NULL;
	return (r);
}

static void
psci_init(void)
{
	static const char *const compatible[] = { "arm,psci-1.0",
	    "arm,psci-0.2" };
	const char *method;
	int node = -1;
	size_t i;

	for (i = 0; node == -1 && i < nitems(compatible); i++)
		node = fdt_by_compatible(&arm64_fdt, -1, compatible[i]);
	method = fdt_prop_string(&arm64_fdt, node, "method");
	if (method == NULL || (strcmp(method, "hvc") != 0 &&
	    strcmp(method, "smc") != 0)) {
		printf("psci: not in the device tree: "
		    "no other CPU can start\n");
		return;
	}
	arm64_psci = strcmp(method, "hvc") == 0 ? PSCI_HVC : PSCI_SMC;
}

/* RAM as UEFI tells of it, where that was the boot loader. */
static void
memory_init(const struct efi_handover *eh)
{
	uint32_t i;

	if (eh == NULL) {
		bootfdt_memory(&arm64_fdt);
		return;
	}
	/* It is mapped already, to be read. */
	pmem_reserve((uint64_t)eh, (uint64_t)eh + MD_PAGESIZE);
	for (i = 0; i < eh->eh_nrange; i++)
		pmem_add(eh->eh_ranges[i].er_addr,
		    eh->eh_ranges[i].er_addr + eh->eh_ranges[i].er_size);
}

/*
 * On the boot CPU and the boot stack, interrupts off.  dtb is the device
 * tree, or what the EFI loader hands over.
 */
void
arm64_init(uint64_t image, uint64_t dtb)
{
	const struct efi_handover *eh;
	const char *error;
	size_t size;

	cpu_info_primary.ci_self = &cpu_info_primary;
	cpu_info_primary.ci_ilevel = IPL_HIGH;
	WRITE_SPECIAL(tpidr_el1, &cpu_info_primary);

	pmap_high(image);
	cons_init(NULL);
	size = pmap_dtb(dtb);
	eh = md_ram(dtb);
	if (dtb == 0 || dtb % MD_PAGESIZE != 0 || eh->eh_magic != EFI_MAGIC)
		eh = NULL;
	else if ((dtb = eh->eh_fdt) == 0)
		panic("boot: UEFI has no device tree; under QEMU it has one "
		    "with acpi=off");
	else
		size = pmap_dtb(dtb);
	error = fdt_open(&arm64_fdt, md_ram(dtb), size);
	if (error != NULL)
		panic("boot: 0x%llx: %s", (unsigned long long)dtb, error);
	cons_init(&arm64_fdt);
	bootfdt_args(&arm64_fdt);
	if (eh != NULL && eh->eh_args[0] != '\0')
		boot_args_set(eh->eh_args);
	pmem_reserve(image, image + (kernel_end - kernel_text));
	pmem_reserve(dtb, dtb + arm64_fdt.f_size);
	memory_init(eh);
	pmap_init();
	psci_init();
	kern_main();
}

void
md_end(int failed)
{
	(void)failed;
	intr_disable();
	if (arm64_psci != PSCI_NONE && psci_caller != curcpu())
		psci_call(PSCI_SYSTEM_OFF, 0, 0, 0);
	cpu_halt();
}
