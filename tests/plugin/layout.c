/*
 * Copyright (c) 2026 the portkit authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES.
 */

/* Where in a queue what the plugin watches is; compiled, never run. */

#include <stddef.h>
#include "xcall_md.h"

#define SAY(_name, _value)						\
	__asm volatile(".ascii \"->" _name " %c0\"" :: "i" (_value))

void	layout(void);

void
layout(void)
{
	SAY("ends", offsetof(struct xcall_cpu, xci_ends));
	SAY("ends_size", sizeof(((struct xcall_cpu *)0)->xci_ends));
	SAY("slots", offsetof(struct xcall_cpu, xci_slots));
	SAY("slots_size", sizeof(((struct xcall_cpu *)0)->xci_slots));
	SAY("size", sizeof(struct xcall_cpu));
}
