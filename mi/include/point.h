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
 * MD_POINT("name") marks a place in the code: POINT-1 in md.h says which
 * there are.  It is no instruction, only an entry in .md_points, a section
 * that is not loaded: the address, then the name and a NUL, without padding.
 * MD_ENTRY(func, "name") stands outside and marks a function's first
 * instruction; nothing is called there.
 *
 * In a kernel for tests, HOOKS, md_point() is called there instead, in the
 * context of the place, and nothing but that function notices.  Assembler
 * has MD_POINT_CALL for this, from <machine/asm.h>.
 *
 * NOPOINTS leaves them out, to show that the code is the same.
 */

#ifndef POINT_H
#define POINT_H

#if defined(HOOKS) && defined(__ASSEMBLER__)

#define MD_POINT(_name)		MD_POINT_CALL(_name)

#elif defined(HOOKS)

void	md_point(const char *);
#define MD_POINT(_name)		md_point(_name)
#define MD_ENTRY(_func, _name)	struct cpu_info

#elif defined(NOPOINTS) && defined(__ASSEMBLER__)

#define MD_POINT(_name)

#elif defined(NOPOINTS)

#define MD_POINT(_name)		((void)0)
#define MD_ENTRY(_func, _name)	struct cpu_info

#elif defined(__ASSEMBLER__)

#define MD_POINT(_name)							\
99:	.pushsection .md_points, "", %progbits;				\
	.dc.a	99b;							\
	.asciz	_name;							\
	.popsection

#else

#define POINT_RECORD(_addr, _name)					\
	".pushsection .md_points, \"\", %progbits\n\t"			\
	".dc.a " _addr "\n\t"						\
	".asciz \"" _name "\"\n\t"					\
	".popsection"
#define MD_POINT(_name)	__asm volatile("99: " POINT_RECORD("99b", _name))
#define MD_ENTRY(_func, _name)	__asm(POINT_RECORD(#_func, _name))

#endif

#endif /* POINT_H */
