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
 * arm64: the console, a pl011 or an 8250, that the device tree's stdout-path
 * names, or else the first pl011.  Without a device tree there is nothing to
 * ask; then it is where QEMU's virt board has it, to be able to say so.
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"

#define VIRT_PL011	0x09000000

/* PL011, ARM DDI 0183, 3.3; 8250, National Semiconductor PC16550D, 8. */
#define PL011_DR	0x00
#define PL011_FR	0x18
#define PL011_FR_TXFF	0x20
#define COM_DATA	0
#define COM_LSR		5
#define LSR_THRE	0x20

static volatile uint8_t *uart;
static unsigned int com_shift;		/* 8250: log2 bytes a register */
static int is_com;

/* Is it a console that is known here?  Sets what it is. */
static int
cons_known(const struct fdt *fdt, int node)
{
	uint32_t shift;

	is_com = fdt_compatible(fdt, node, "ns16550a") ||
	    fdt_compatible(fdt, node, "ns16550") ||
	    fdt_compatible(fdt, node, "snps,dw-apb-uart");
	com_shift = 0;
	if (fdt_prop_u32(fdt, node, "reg-shift", &shift) && shift <= 3)
		com_shift = shift;
	return (is_com || fdt_compatible(fdt, node, "arm,pl011"));
}

static void
cons_map(uint64_t addr)
{
	uart = (volatile uint8_t *)pmap_device(addr, MD_PAGESIZE);
}

void
cons_init(const struct fdt *fdt)
{
	uint64_t addr, size;
	int node, other;

	if (fdt == NULL) {
		cons_map(VIRT_PL011);
		return;
	}
	uart = NULL;
	node = fdt_stdout(fdt);
	other = !cons_known(fdt, node);
	if (other)
		node = fdt_by_compatible(fdt, -1, "arm,pl011");
	if (!cons_known(fdt, node) ||
	    fdt_reg(fdt, node, 0, &addr, &size) != NULL)
		return;
	cons_map(addr);
	if (other)
		printf("console: stdout-path leads to none that is known; "
		    "this is %s\n", fdt_name(fdt, node));
}

void
md_putc(int c)
{
	int i;

	if (uart == NULL)
		return;
	for (i = 0; i < 1000000; i++) {
		if (is_com ? (uart[COM_LSR << com_shift] & LSR_THRE) != 0 :
		    (*(volatile uint32_t *)(uart + PL011_FR) &
		    PL011_FR_TXFF) == 0)
			break;
		CPU_BUSY_CYCLE();
	}
	if (is_com)
		uart[COM_DATA] = c;
	else
		*(volatile uint32_t *)(uart + PL011_DR) = c;
}
