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
 * @ARCH@: what its files share.
 */

#ifndef MACHDEP_H
#define MACHDEP_H

#include <stdint.h>

struct cpu_info;

/* machdep.c */
void	@ARCH@_init(void);

/* cons.c */
void	cons_init(void);

/* pmap.c */
void	pmap_init(void);

#endif /* MACHDEP_H */
