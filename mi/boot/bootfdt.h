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
 * What a device tree tells every architecture that is given one.
 */

#ifndef BOOTFDT_H
#define BOOTFDT_H

#include "fdt.h"

/* Memory and what of it is taken, to pmem.c; the command line. */
void	bootfdt_memory(const struct fdt *);
void	bootfdt_args(const struct fdt *);

/* cpu_listed() for each CPU that can be used. */
void	bootfdt_cpus(const struct fdt *);

#endif /* BOOTFDT_H */
