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
 * The sweeps: name, CPUs needed, clauses proved.  Included where XTEST says
 * what to make of a line.
 */

XTEST(sweep_nops, 2, "CLK-2 INTR-2")
XTEST(sweep_clock, 2, "CLK-2")
XTEST(sweep_counter, 1, "CLK-1 CLK-2")
XTEST(sweep_registers, 2, "INTR-2 SPL-1")
XTEST(sweep_registers_wide, 2, "INTR-2 SPL-1")
XTEST(sweep_flags, 2, "INTR-2")
XTEST(sweep_spl, 2, "SPL-1 X-SPL-1")
XTEST(sweep_intr, 2, "INTR-1 X-INTR-1 SPL-1")
XTEST(sweep_pend, 2, "SOFT-1 X-SOFT-1")
XTEST(sweep_replay, 2, "SPL-1 X-SOFT-2")
XTEST(sweep_mutex, 2, "SPL-1 CPU-1 MTX-1")
XTEST(sweep_atomic, 2, "X-ATOM-1")
XTEST(sweep_mutex_other, 2, "MTX-2 X-ATOM-1")
XTEST(sweep_self, 2, "X-SOFT-1 X-SOFT-2 X-SPL-1 X-INTR-1")
XTEST(sweep_dispatch, 2, "X-SOFT-2 X-SPL-1")
XTEST(sweep_full, 2, "X-SPL-1 X-SOFT-2")
XTEST(sweep_other, 2, "X-INTR-1 X-IPI-1")
XTEST(sweep_doorbell, 2, "X-SOFT-2 X-IPI-1 SPL-1")
XTEST(sweep_sync, 2, "X-WAIT-1 X-SOFT-2")
XTEST(sweep_idle, 2, "IDLE-2")
XTEST(sweep_yield, 2, "THR-1 SPL-1")
