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
 * The tests that act at points: name, CPUs needed, clauses proved.  Included
 * where XTEST says what to make of a line.
 */

XTEST(hook_start, 2, "SMP-3 X-CPU-3")
XTEST(hook_target, 4, "X-SOFT-2 X-IPI-1 SPL-1")
XTEST(hook_target_more, 4, "X-SOFT-2")
XTEST(hook_sender, 4, "X-SOFT-2 X-IPI-1")
XTEST(hook_sender_fill, 4, "X-SOFT-2 X-IPI-1")
XTEST(hook_unpublished, 4, "X-SOFT-2")
XTEST(hook_many, 4, "X-SET-1")
XTEST(hook_many_merge, 3, "X-RING-1 X-IPI-2")
XTEST(hook_self, 2, "X-SPL-1 X-SOFT-2")
XTEST(hook_full, 3, "X-ROOM-1 X-SOFT-2 X-IPI-1")
XTEST(hook_lower, 2, "SPL-1 X-SPL-1")
XTEST(hook_idle_thread, 3, "IDLE-2 IPI-2")
XTEST(hook_registers, 2, "INTR-2 SPL-1 POINT-1")
XTEST(hook_cond, 2, "X-WAIT-1")
XTEST(hook_signalled, 2, "X-WAIT-1")
XTEST(hook_wakeup, 2, "THR-1")
XTEST(hook_timeout, 2, "CLK-2 THR-1")
