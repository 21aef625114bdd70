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
 * The tests of the substrate: name, CPUs needed, clauses proved.  Included
 * where XTEST says what to make of a line.
 */

XTEST(state_idle, 1, "SMP-2 CPU-1 CLK-2 MEM-2")

XTEST(entry_hold, 1, "INTR-2 IPI-2 CLK-2 SPL-1")
XTEST(entry_doorbell, 2, "INTR-2 X-SOFT-2")
XTEST(entry_masked, 2, "INTR-2 X-IPI-1")
XTEST(entry_nested, 2, "INTR-2 SPL-1")
XTEST(entry_replay, 1, "SPL-1 X-INTR-1 X-SPL-1")
XTEST(entry_spurious, 1, "X-IPI-1 INTR-2")
XTEST(entry_switch, 1, "THR-1")
XTEST(entry_stack, 1, "SPL-1 X-SOFT-2")

XTEST(spl_raise, 1, "SPL-1")
XTEST(spl_order, 1, "SPL-1 SOFT-1 INTR-1")
XTEST(spl_levels, 1, "SPL-1 SOFT-1")
XTEST(spl_introff, 1, "SPL-1 INTR-1")
XTEST(spl_xcall, 1, "SPL-1 X-SPL-1")
XTEST(spl_preempt, 1, "SPL-1")
XTEST(spl_interrupt, 1, "SPL-1 SOFT-1 CLK-2")
XTEST(spl_doorbell, 2, "SPL-1 SOFT-1 X-SOFT-2")
XTEST(spl_registers, 2, "SPL-1 IPI-2 INTR-2 X-SOFT-3")

XTEST(intr_slots, 1, "SOFT-1 SLOT-1")
XTEST(softintr_once, 1, "SOFT-1 SPL-1")
XTEST(softintr_again, 1, "SOFT-1")
XTEST(softintr_cpu, 2, "SOFT-1 CPU-1")
XTEST(softintr_level, 1, "SPL-1 SLOT-2")

XTEST(cpu_self, 1, "CPU-1 SMP-1 SMP-3")
XTEST(call_depth, 1, "CPU-1 SMP-2 X-SOFT-2")
XTEST(call_beside, 2, "X-IPI-1")
XTEST(call_levels, 2, "SPL-1 X-IPI-1 X-SOFT-2")
XTEST(call_handler, 1, "SPL-1 X-SOFT-2")
XTEST(call_stopped, 2, "X-CPU-3 X-CALL-3 X-SET-1")
XTEST(call_watch, 3, "X-WATCH-1")

XTEST(thread_registers, 1, "THR-1")
XTEST(thread_stacks, 1, "THR-1 MEM-2 PARAM-6 SMP-3")
XTEST(thread_reuse, 1, "THR-1")
XTEST(thread_yield, 1, "THR-1")
XTEST(thread_misused, 1, "THR-2")
XTEST(map_misused, 1, "MEM-2")

XTEST(sleep_early, 1, "THR-1")
XTEST(sleep_one, 1, "THR-1 IPI-2")
XTEST(sleep_all, 1, "THR-1 IPI-2 IPI-4")
XTEST(sleep_timeout, 1, "CLK-1 CLK-2")
XTEST(sleep_not, 1, "THR-1")
XTEST(sleep_misused, 1, "THR-1 SLEEP-1")
XTEST(cond_order, 1, "X-WAIT-1")
XTEST(cond_call, 2, "X-WAIT-1")
XTEST(refcnt_last, 1, "X-WAIT-1 REF-1")
XTEST(refcnt_calls, 1, "X-WAIT-1")

XTEST(mutex_count, 1, "CPU-1 MTX-2 X-ATOM-1")
XTEST(mutex_level, 1, "SPL-1 MTX-3")
XTEST(mutex_call, 2, "SPL-1 X-SOFT-2")
XTEST(mutex_held, 2, "SPL-1")
XTEST(mutex_again, 1, "SPL-1 MTX-1")
XTEST(mutex_stranger, 1, "MTX-2")
XTEST(mutex_crossed, 1, "MTX-3")

XTEST(timeout_early, 1, "CLK-2")
XTEST(timeout_whole, 1, "CLK-2")
XTEST(timeout_order, 1, "CLK-2")
XTEST(timeout_delete, 1, "CLK-2")
XTEST(timeout_level, 1, "CLK-2 SPL-1")
XTEST(timeout_fair, 1, "X-TICK-1 CLK-2")
XTEST(timeout_misused, 1, "TMO-1")

XTEST(clock_ticks, 1, "CLK-2 SMP-2")
XTEST(clock_late, 1, "CLK-2 SMP-2")
XTEST(clock_levels, 1, "SPL-1 CLK-2")
XTEST(clock_arm, 1, "CLK-2")
XTEST(clock_silent, 2, "X-SOFT-2 SPL-1")
XTEST(clock_forward, 1, "CLK-1 CLK-2")
XTEST(idle_halts, 1, "IDLE-2")
XTEST(idle_unidle, 2, "IPI-2 IDLE-2 IPI-4 X-IPI-1 SMP-2")

XTEST(use_cache, 1, "USE-1")
XTEST(use_cache_waits, 2, "USE-1")
XTEST(use_feature, 1, "USE-2 INTR-2")
XTEST(use_feature_fails, 1, "USE-2")

XTEST(printf_formats, 1, "CONS-1 X-DIAG-1")
XTEST(printf_cut, 1, "CONS-1")
XTEST(panic_message, 1, "X-DIAG-1")
XTEST(panic_symbol, 1, "DIAG-1")
XTEST(panic_frames, 1, "DIAG-1")
XTEST(panic_interrupted, 2, "DIAG-1")
XTEST(string_all, 1, "MEM-1")
XTEST(memory_zeroed, 1, "MEM-1 PARAM-3")
XTEST(memory_kept, 1, "BOOT-1 MEM-1")
XTEST(boot_words, 1, "SMP-1 BOOT-1")

XTEST(trap_read, 1, "TRAP-1")
XTEST(trap_write, 1, "TRAP-1 MEM-2")
XTEST(trap_execute, 1, "TRAP-1 MEM-1 MEM-2")

/* It stops the other CPUs for good, and has to be the last. */
XTEST(stop_all, 2, "IPI-3 IDLE-1 DIAG-1 IPI-4")
