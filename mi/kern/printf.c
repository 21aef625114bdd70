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
 * printf, and the console's owner.  A line is formatted first and put out
 * while the CPU owns the console, interrupts off, so that lines of several
 * CPUs never mix.  A panic breaks in on an owner that does not let go.
 */

#include "md.h"
#include "kern.h"

struct out {
	char	*o_buf;
	size_t	 o_size;
	size_t	 o_len;		/* as if there were room for all */
};

static unsigned int cons_owner;	/* CPU id + 1; 0: nobody */
static int cons_broken;		/* a panic has it */

static void
out_char(struct out *o, char c)
{
	if (o->o_len + 1 < o->o_size)
		o->o_buf[o->o_len] = c;
	o->o_len++;
}

static void
out_pad(struct out *o, char c, int n)
{
	while (n-- > 0)
		out_char(o, c);
}

static void
out_string(struct out *o, const char *s, int width, int left, int prec)
{
	int n;

	if (s == NULL)
		s = "(null)";
	for (n = 0; s[n] != '\0' && (prec < 0 || n < prec); n++)
		continue;
	if (!left)
		out_pad(o, ' ', width - n);
	width -= n;
	while (n-- > 0)
		out_char(o, *s++);
	if (left)
		out_pad(o, ' ', width);
}

static void
out_number(struct out *o, unsigned long long v, unsigned int base, int neg,
    int width, int left, char pad)
{
	char digits[24];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v != 0);
	if (neg && pad == '0')
		out_char(o, '-');
	else if (neg)
		digits[n++] = '-';
	width -= n + (neg && pad == '0');
	if (!left)
		out_pad(o, pad, width);
	while (n-- > 0)
		out_char(o, digits[n]);
	if (left)
		out_pad(o, ' ', width);
}

static unsigned long long
get_unsigned(va_list *ap, int lng)
{
	if (lng > 1)
		return (va_arg(*ap, unsigned long long));
	if (lng == 1)
		return (va_arg(*ap, unsigned long));
	return (va_arg(*ap, unsigned int));
}

static long long
get_signed(va_list *ap, int lng)
{
	if (lng > 1)
		return (va_arg(*ap, long long));
	if (lng == 1)
		return (va_arg(*ap, long));
	return (va_arg(*ap, int));
}

/* One conversion, fmt behind the '%'; returns what follows it. */
static const char *
out_conv(struct out *o, const char *fmt, va_list *ap)
{
	unsigned long long u;
	long long v;
	char pad = ' ';
	int width = 0, prec = -1, left = 0, lng = 0;

	for (;; fmt++) {
		if (*fmt == '-')
			left = 1;
		else if (*fmt == '0')
			pad = '0';
		else
			break;
	}
	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		width = width * 10 + *fmt - '0';
	if (fmt[0] == '.' && fmt[1] == '*') {
		prec = va_arg(*ap, int);
		fmt += 2;
	}
	for (; *fmt == 'l' || *fmt == 'z'; fmt++)
		lng++;

	switch (*fmt) {
	case 'c':
		out_char(o, va_arg(*ap, int));
		break;
	case 's':
		out_string(o, va_arg(*ap, const char *), width, left, prec);
		break;
	case 'd':
	case 'i':
		v = get_signed(ap, lng);
		u = v < 0 ? 0 - (unsigned long long)v : (unsigned long long)v;
		out_number(o, u, 10, v < 0, width, left, pad);
		break;
	case 'u':
		out_number(o, get_unsigned(ap, lng), 10, 0, width, left, pad);
		break;
	case 'p':
		out_string(o, "0x", 0, 0, -1);
		lng = 1;
		/* FALLTHROUGH */
	case 'x':
		out_number(o, get_unsigned(ap, lng), 16, 0, width, left, pad);
		break;
	case '\0':
		return (fmt);
	default:
		out_char(o, *fmt);
		break;
	}
	return (fmt + 1);
}

int
vsnprintf(char *buf, size_t size, const char *fmt, va_list ap0)
{
	struct out o = { buf, size, 0 };
	va_list ap;

	va_copy(ap, ap0);
	while (*fmt != '\0') {
		if (*fmt == '%')
			fmt = out_conv(&o, fmt + 1, &ap);
		else
			out_char(&o, *fmt++);
	}
	va_end(ap);
	if (size > 0)
		buf[o.o_len < size ? o.o_len : size - 1] = '\0';
	return (o.o_len);
}

int
snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return (n);
}

/* Returns whether the console was free; not if this CPU printed already. */
static int
cons_enter(void)
{
	unsigned int self = curcpu()->ci_cpuid + 1, owner;

	for (;;) {
		owner = 0;
		if (atomic_cas(&cons_owner, &owner, self))
			return (1);
		if (owner == self || atomic_load_relaxed(&cons_broken))
			return (0);
		CPU_BUSY_CYCLE();
	}
}

void
cons_break(void)
{
	atomic_store_relaxed(&cons_broken, 1);
}

void
printf(const char *fmt, ...)
{
	char line[512];
	unsigned long s;
	va_list ap;
	int i, mine;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);

	s = intr_disable();
	mine = cons_enter();
	for (i = 0; line[i] != '\0'; i++) {
		if (line[i] == '\n')
			md_putc('\r');
		md_putc(line[i]);
	}
	if (mine)
		atomic_store_release(&cons_owner, 0);
	intr_restore(s);
}
