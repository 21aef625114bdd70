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
 * The cases that are measured: name, CPUs needed, clauses: of a run what the
 * points say.  Included where XTEST says what to make of a line.
 */

XTEST(compare_dry_run, 1, "POINT-1")
XTEST(compare_self, 1, "POINT-1")
XTEST(compare_running, 2, "POINT-1")
XTEST(compare_idle, 2, "POINT-1")
XTEST(compare_deferred, 2, "POINT-1")
XTEST(compare_coalesced, 2, "POINT-1")
XTEST(compare_sync, 2, "POINT-1")
XTEST(compare_broadcast, 2, "POINT-1")
XTEST(compare_broadcast_lock, 2, "POINT-1")
XTEST(compare_multicast, 2, "POINT-1")
XTEST(compare_scaling, 2, "POINT-1")
XTEST(compare_all_to_one, 2, "POINT-1")
