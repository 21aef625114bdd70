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
 * amd64: the console, an 8250 at an I/O port: the one that the SPCR table
 * names, before that and without it the first of the PC's.
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"

/* Registers and bits: National Semiconductor PC16550D, chapter 8. */
#define COM_DATA	0
#define COM_IER		1
#define COM_FCR		2
#define COM_LCR		3
#define COM_MCR		4
#define COM_LSR		5
#define LSR_THRE	0x20

static uint16_t com = 0x3f8;

/* Divisor 1 is 115200 baud. */
void
cons_init(uint16_t port)
{
	com = port;
	outb(com + COM_IER, 0);
	outb(com + COM_LCR, 0x80);
	outb(com + 0, 1);
	outb(com + 1, 0);
	outb(com + COM_LCR, 0x03);
	outb(com + COM_FCR, 0x07);
	outb(com + COM_MCR, 0x03);
}

void
md_putc(int c)
{
	int i;

	/* A port without an 8250 reads all ones: it is always ready. */
	for (i = 0; i < 1000000; i++) {
		if ((inb(com + COM_LSR) & LSR_THRE) != 0)
			break;
		CPU_BUSY_CYCLE();
	}
	outb(com + COM_DATA, c);
}
