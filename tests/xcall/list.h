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
 * The tests of the cross-call: name, CPUs needed, clauses proved.  Included
 * where XTEST says what to make of a line.
 */

XTEST(run_pairs, 1,
    "X-CPU-2 X-CPU-3 X-IPI-1 X-SOFT-2 X-CPU-1 X-SOFT-3 SMP-2 SMP-3 X-INTR-1 "
    "X-SPL-1 X-ORDER-1 X-RING-1")
XTEST(run_argument, 1, "X-SOFT-2 X-CALL-5")
XTEST(run_eoi, 2, "X-SOFT-2 INTR-2")
XTEST(run_depth, 2, "X-SOFT-2")
XTEST(run_rest, 2, "X-RING-1 X-SOFT-2")
XTEST(run_registers, 2, "X-SOFT-2 X-SOFT-3 INTR-2")
XTEST(run_idle, 2, "X-IPI-1 X-SOFT-2 IDLE-2")
XTEST(run_idle_race, 2, "X-IPI-1 X-SOFT-2 IDLE-2")
XTEST(run_only, 3, "X-IPI-1")
XTEST(run_wrap, 1, "X-SOFT-2 X-ORDER-1")

XTEST(level_softclock, 2, "X-SPL-1 X-SOFT-2 SPL-1")
XTEST(level_high, 2, "X-IPI-1 X-SPL-1 X-SOFT-2 SPL-1")
XTEST(level_introff, 2, "X-INTR-1 X-IPI-1 X-WAIT-2")
XTEST(level_restore, 2, "X-INTR-1 X-SPL-1 X-SOFT-2")
XTEST(level_steps, 2, "X-SPL-1 X-SOFT-2")
XTEST(level_busy, 2, "X-IPI-1 X-SOFT-2")
XTEST(level_more, 2, "X-SOFT-2")
XTEST(level_open, 2, "X-SPL-1 X-INTR-1 X-SOFT-2")
XTEST(level_raise, 1, "X-SPL-1")
XTEST(level_nested, 1, "X-INTR-1")
XTEST(level_pend, 1, "X-SOFT-1 X-SOFT-2")
XTEST(level_off_all, 2, "X-INTR-1 X-IPI-1 SPL-1 X-SPL-1")

XTEST(table_remote, 2, "X-IPI-1 X-INTR-1")
XTEST(table_remote_runs, 2, "X-IPI-1 X-SOFT-2")
XTEST(table_self_below, 1, "X-SPL-1 X-SOFT-2 X-SELF-1 X-RING-1")
XTEST(table_self_at, 1, "X-SPL-1 X-SOFT-1 X-SOFT-2 X-SELF-1 X-RING-1")
XTEST(table_self_incall, 1, "X-SOFT-1 X-SOFT-2 X-SELF-1 X-RING-1")
XTEST(table_self_above, 1, "X-SPL-1 X-SOFT-1 X-SOFT-2 X-SELF-1 X-RING-1")
XTEST(table_self_off, 1, "X-INTR-1 X-SOFT-1 X-SOFT-2 X-SELF-1 X-RING-1")
XTEST(table_self_often, 1, "X-SPL-1 X-SOFT-1 X-SOFT-2 X-TICK-1")
XTEST(table_self_after, 2, "X-SOFT-2 X-SELF-1 X-ORDER-1")
XTEST(table_offline, 1, "X-CPU-3 X-CALL-3")
XTEST(table_offline_void, 1, "X-CALL-3 X-DIAG-1")
XTEST(table_establish, 1, "X-CPU-1")

XTEST(full_below, 2, "X-SPL-1 X-SOFT-2 X-WAIT-2 X-ROOM-1 X-WATCH-1")
XTEST(full_at, 2, "X-SPL-1 X-WAIT-2 X-ROOM-1")
XTEST(full_incall, 2, "X-SPL-1 X-WAIT-2 X-ROOM-1")
XTEST(full_try, 2, "X-INTR-1 X-CALL-2 X-ROOM-1")
XTEST(full_try_self, 1, "X-INTR-1 X-SPL-1 X-CALL-2")
XTEST(full_self, 1, "X-SPL-1 X-ROOM-1")
XTEST(full_panic, 1, "X-CALL-2 X-DIAG-1 X-INTR-1")
XTEST(full_panic_remote, 2, "X-CALL-2 X-DIAG-1")
XTEST(full_mutual, 2, "X-SPL-1 X-WAIT-2 X-ROOM-1")
XTEST(full_mutual_calls, 2, "X-SPL-1 X-WAIT-2 X-ROOM-1")
XTEST(full_ring, 2, "X-SPL-1 X-WAIT-2 X-ROOM-1")
XTEST(full_nested, 2, "X-SPL-1 X-WAIT-2 X-ROOM-1")
XTEST(full_merge, 2, "X-IPI-1 X-SOFT-2 X-RING-1 X-ORDER-1")

XTEST(order_stream, 1, "X-SOFT-2 X-ORDER-1 X-IPI-1")
XTEST(order_contexts, 2, "X-SOFT-2 X-ORDER-1")
XTEST(order_self, 1, "X-SOFT-2 X-SPL-1 X-ORDER-1")
XTEST(order_nested, 1, "X-SOFT-1 X-SOFT-2 X-ORDER-1")
XTEST(order_both, 2, "X-SOFT-2 X-ORDER-1")

XTEST(object_twice, 2, "X-SOFT-2 X-CALL-5 X-ORDER-1")
XTEST(object_twice_self, 1, "X-SOFT-2 X-CALL-5 X-ORDER-1")
XTEST(object_shared, 1, "X-SOFT-2 X-CALL-5 X-ORDER-1")
XTEST(object_relay, 1, "X-SOFT-2 X-CALL-5 X-ORDER-1")
XTEST(object_freed, 1, "X-SOFT-2 X-CALL-5 X-ORDER-1")
XTEST(object_forget, 1, "X-SOFT-2 X-CALL-5 X-ORDER-1")

XTEST(fair_thread, 1, "X-TICK-1")
XTEST(fair_idle, 2, "X-TICK-1 IDLE-2")
XTEST(fair_pair, 2, "X-SOFT-2")

XTEST(wait_sleep, 1, "X-WAIT-1")
XTEST(wait_spin, 1, "X-WAIT-2")
XTEST(wait_all_sleep, 1, "X-WAIT-1")
XTEST(wait_all_spin, 1, "X-WAIT-2")
XTEST(wait_all_poll, 1, "X-WAIT-2")

XTEST(sync_after, 2, "X-WAIT-1 X-CALL-5")
XTEST(sync_sleeps, 2, "X-WAIT-1")
XTEST(sync_crowd, 1, "X-WAIT-1")
XTEST(sync_race, 2, "X-WAIT-1")
XTEST(sync_full, 3, "X-WAIT-1 X-ROOM-1")
XTEST(sync_misused, 1, "X-CALL-4 X-DIAG-1")
XTEST(sync_null, 1, "X-CALL-1 X-DIAG-1")

XTEST(many_all, 1, "X-SET-1 X-IPI-2")
XTEST(many_some, 1, "X-SET-1 X-IPI-2")
XTEST(many_none, 1, "X-SET-1")
XTEST(many_contexts, 1, "X-SET-1")
XTEST(many_remote, 2, "X-SET-1 X-IPI-2 X-RING-1")
XTEST(many_meet, 1, "X-SET-1 X-IPI-2")
XTEST(many_full, 3, "X-SET-1 X-IPI-2 X-ROOM-1")
XTEST(many_nested, 3, "X-SET-1 X-IPI-2")
XTEST(many_storm, 1, "X-SET-1 X-IPI-2")

XTEST(only_one, 3, "X-IPI-1")
XTEST(only_set, 3, "X-IPI-2")

XTEST(all_to_one, 1, "X-IPI-1 X-SOFT-1 X-SOFT-2 X-ORDER-1")
XTEST(all_to_all, 1, "X-IPI-1 X-SOFT-1 X-SOFT-2 X-ORDER-1 X-ATOM-1")
XTEST(all_atomic, 1, "X-ATOM-1")
XTEST(stress, 1, "X-IPI-1 X-INTR-1 X-SOFT-1 X-SOFT-2 X-WAIT-1 X-ORDER-1")
