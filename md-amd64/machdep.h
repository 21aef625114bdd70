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
 * amd64: what its files share.
 */

#ifndef MACHDEP_H
#define MACHDEP_H

#include <stdint.h>

#include "acpi.h"

struct cpu_info;

/* machdep.c */
extern struct acpi amd64_acpi;
extern const char *amd64_acpi_error;	/* NULL: amd64_acpi is good */

/* cons.c */
void	cons_init(uint16_t);

/* pmap.c */
extern uint64_t amd64_pml4;		/* physical address */
void	pmap_init(void);
int	pmap_mapped(uintptr_t);
void	pmap_tramp(uint64_t);
volatile uint32_t *pmap_device(uint64_t, size_t);

/* trap.c */
void	idt_init(void);
void	idt_set(int, void (*)(void));
void	idt_load(void);
void	idt_strays(void (*)(void));
void	idt_load_strays(void);

/* cpu.c */
void	cpu_tables(struct cpu_info *);

/* lapic.c */
void	lapic_setup(uint64_t);
void	lapic_init(void);
void	ioapic_mask(uint64_t);
uint32_t lapic_id(void);
int	lapic_reach(uint64_t);
uint32_t lapic_read(uint32_t);
void	lapic_write(uint32_t, uint32_t);

/* ipi.c */
void	ipi_init(void);
void	ipi_start(uint32_t, uint32_t);
#define IPI_UNIDLE	0x01
#define IPI_STOP	0x02

/* clock.c */
void	delay(unsigned int);		/* microseconds */

#endif /* MACHDEP_H */
