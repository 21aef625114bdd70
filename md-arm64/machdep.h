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
 * arm64: what its files share.
 */

#ifndef MACHDEP_H
#define MACHDEP_H

#include <stdint.h>

#include "fdt.h"

struct cpu_info;

/* machdep.c */
extern struct fdt arm64_fdt;
extern enum arm64_psci { PSCI_NONE, PSCI_HVC, PSCI_SMC } arm64_psci;
int64_t	psci_call(uint64_t, uint64_t, uint64_t, uint64_t);

/* cons.c */
void	cons_init(const struct fdt *);

/* pmap.c */
void	pmap_early(uint64_t);
void	pmap_high(uint64_t);
size_t	pmap_dtb(uint64_t);
void	pmap_init(void);
uint64_t pmap_kernel_pa(const void *);
volatile uint32_t *pmap_device(uint64_t, size_t);

/*
 * The interrupt controller, chosen at boot: only what sets it up.  How
 * doorbells are written is in ipi.c, how they are answered in vector.S.
 */
struct arm64_gic {
	const char	 *gic_name;
	const char	 *gic_compatible[4];
	const char	 *gic_vectors;
	int		  gic_v3;
	void		(*gic_setup)(int);	/* boot CPU, device tree node */
	void		(*gic_init)(struct cpu_info *);	/* each CPU */
	void		(*gic_setpri)(int);	/* mask up to this level */
};
extern const struct arm64_gic arm64_gicv2, arm64_gicv3, *arm64_gic;
extern const char arm64_vectors_gicv2[], arm64_vectors_gicv3[];

/* Below IPL_BIO no hard interrupt is masked. */
#define GIC_LEVEL(_ipl)		((_ipl) < IPL_BIO ? IPL_NONE : (_ipl))

/* clock.c */
extern unsigned int arm64_clock_intid;
void	clock_silence(void);

/* ipi.c */
struct arm64_frame;
void	arm64_ipi(const struct arm64_frame *);
void	arm64_intr(unsigned int);
#define IPI_UNIDLE	0x01
#define IPI_STOP	0x02

#endif /* MACHDEP_H */
