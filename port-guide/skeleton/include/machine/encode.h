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
 * @ARCH@: what registers are written with: functions of their arguments and
 * nothing else, so that proof/encode_test.c can ask them on any machine.
 */

#ifndef MACHINE_ENCODE_H
#define MACHINE_ENCODE_H

#include <stdint.h>

#endif /* MACHINE_ENCODE_H */
