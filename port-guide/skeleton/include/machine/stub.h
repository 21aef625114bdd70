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
 * What is not written yet.  A function that has MD_STUB() panics, with its
 * name, clause and stage, when it is reached; one that has MD_LATER() does
 * not hold up what is before its stage.  `make status' lists both.  This file
 * and stub.c go with the last of them.
 */

#ifndef MACHINE_STUB_H
#define MACHINE_STUB_H

void	md_stub(const char *, const char *, const char *);

#define MD_STUB(_clause, _stage)	md_stub(__func__, (_clause), (_stage))
#define MD_LATER(_clause, _stage)	((void)0)

#endif /* MACHINE_STUB_H */
