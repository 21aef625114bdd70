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
 * amd64: time.  The TSC counts, the timer of the local APIC interrupts; both
 * are measured at boot against whichever clock with a known rate there is.
 */

#include "md.h"
#include "kern.h"
#include "machdep.h"
#include <machine/encode.h>

#define CALIBRATE_HZ	100	/* measure for 1/100 s, */
#define CALIBRATE_TRIES	20	/* until two in a row agree, */
#define CALIBRATE_NEAR	64	/* to such a part */

/* 8254, channel 0, which is always gated on; its interrupt is masked. */
#define PIT_HZ		1193182
#define PIT_CH0		0x40
#define PIT_CMD		0x43
#define PIT_CH0_MODE2	0x34		/* low byte, high byte, rate */
#define PIT_CH0_LATCH	0x00

#define PMTIMER_HZ	3579545		/* ACPI 6.5, 4.8.2.1 */

/* IA-PC HPET 1.0a, 2.3. */
#define HPET_PERIOD	1		/* upper half of the capabilities */
#define HPET_CONFIG	(0x10 / 4)
#define HPET_COUNTER	(0xf0 / 4)

uint64_t md_clock_hz;
static uint64_t timer_hz;

/* What ran while the reference clock counted to e_ref. */
struct elapsed {
	uint64_t	e_tsc;
	uint32_t	e_timer;
	uint32_t	e_ref;
};

static void
elapsed_begin(struct elapsed *e)
{
	e->e_timer = lapic_read(LAPIC_TCCR);
	e->e_tsc = md_clock_read();
}

static void
elapsed_end(struct elapsed *e, uint32_t n)
{
	e->e_ref = n;
	e->e_tsc = md_clock_read() - e->e_tsc;
	e->e_timer -= lapic_read(LAPIC_TCCR);
}

static uint16_t
pit_read(void)
{
	uint16_t lo;

	outb(PIT_CMD, PIT_CH0_LATCH);
	lo = inb(PIT_CH0);
	return (lo | inb(PIT_CH0) << 8);
}

/*
 * Each returns the rate of its clock, or 0 if there is none.  This one counts
 * down, from 65536 again and again.
 */
static uint64_t
calibrate_pit(struct elapsed *e)
{
	uint16_t start;
	uint32_t n = 0, i = 0;

	outb(PIT_CMD, PIT_CH0_MODE2);
	outb(PIT_CH0, 0);
	outb(PIT_CH0, 0);
	start = pit_read();
	elapsed_begin(e);
	while (n < PIT_HZ / CALIBRATE_HZ) {
		n = (uint16_t)(start - pit_read());
		/* Without a PIT the ports always read the same. */
		if (n == 0 && i++ == 100000)
			return (0);
		CPU_BUSY_CYCLE();
	}
	elapsed_end(e, n);
	return (PIT_HZ);
}

static uint64_t
calibrate_pmtimer(struct elapsed *e)
{
	struct acpi_fadt fa;
	uint32_t mask, start, n = 0, i = 0, port;

	if (amd64_acpi_error != NULL || acpi_fadt(&amd64_acpi, &fa) != NULL ||
	    fa.fa_pmtmr_bits == 0 || fa.fa_pmtmr.ga_space != ACPI_SPACE_IO)
		return (0);
	port = fa.fa_pmtmr.ga_addr;
	mask = fa.fa_pmtmr_bits == 24 ? 0xffffff : 0xffffffff;
	start = inl(port) & mask;
	elapsed_begin(e);
	while (n < PMTIMER_HZ / CALIBRATE_HZ) {
		n = (inl(port) - start) & mask;
		if (n == 0 && i++ == 100000)
			return (0);
		CPU_BUSY_CYCLE();
	}
	elapsed_end(e, n);
	return (PMTIMER_HZ);
}

static uint64_t
calibrate_hpet(struct elapsed *e)
{
	volatile uint32_t *hpet;
	uint32_t period, start, n = 0, i = 0;
	uint64_t hz, pa;

	if (amd64_acpi_error != NULL || acpi_hpet(&amd64_acpi, &pa) != NULL)
		return (0);
	hpet = pmap_device(pa, 1024);
	period = hpet[HPET_PERIOD];	/* femtoseconds */
	if (period == 0 || period > 100000000)
		return (0);
	hz = 1000000000000000ULL / period;
	hpet[HPET_CONFIG] |= 1;
	start = hpet[HPET_COUNTER];
	elapsed_begin(e);
	while (n < hz / CALIBRATE_HZ) {
		n = hpet[HPET_COUNTER] - start;
		if (n == 0 && i++ == 100000)
			return (0);
		CPU_BUSY_CYCLE();
	}
	elapsed_end(e, n);
	return (hz);
}

/* One measurement, by the first clock that there is; its name, or NULL. */
static const char *
calibrate(uint64_t *tsc, uint64_t *timer)
{
	static const struct {
		const char	 *name;
		uint64_t	(*calibrate)(struct elapsed *);
	} clocks[] = {
		{ "HPET", calibrate_hpet },
		{ "PM timer", calibrate_pmtimer },
		{ "PIT", calibrate_pit },
	};
	struct elapsed e;
	uint64_t hz;
	size_t i;

	lapic_write(LAPIC_TICR, ~0U);
	for (i = 0; i < nitems(clocks); i++) {
		hz = clocks[i].calibrate(&e);
		if (hz == 0 || e.e_ref == 0)
			continue;
		*tsc = e.e_tsc * hz / e.e_ref;
		*timer = e.e_timer * hz / e.e_ref;
		return (clocks[i].name);
	}
	return (NULL);
}

static int
near(uint64_t a, uint64_t b)
{
	return ((a > b ? a - b : b - a) <= b / CALIBRATE_NEAR);
}

/*
 * A hypervisor may not run this CPU between two reads that belong together,
 * and a system management interrupt may come: so it is measured until it has
 * come out the same twice.
 */
void
md_clock_init(void)
{
	uint64_t tsc, timer;
	const char *name;
	int try = 0;

	lapic_init();
	lapic_write(LAPIC_TIMER, enc_lvt(VEC_CLOCK, 1));
	do {
		tsc = md_clock_hz;
		timer = timer_hz;
		name = calibrate(&md_clock_hz, &timer_hz);
		if (name == NULL)
			panic("CLK-2: no HPET, no PM timer and no PIT: nothing "
			    "to measure the local APIC timer against");
		if (try++ == CALIBRATE_TRIES)
			panic("CLK-2: against the %s the TSC counts %llu Hz, "
			    "then %llu Hz; the local APIC timer %llu, then "
			    "%llu", name, (unsigned long long)tsc,
			    (unsigned long long)md_clock_hz,
			    (unsigned long long)timer,
			    (unsigned long long)timer_hz);
	} while (!near(tsc, md_clock_hz) || !near(timer, timer_hz));
	lapic_write(LAPIC_TICR, 0);
	if (md_clock_hz < 1000000 || timer_hz < 1000000)
		panic("CLK-2: against the %s the TSC counts %llu Hz, the local "
		    "APIC timer %llu", name, (unsigned long long)md_clock_hz,
		    (unsigned long long)timer_hz);
	printf("clock: TSC %llu kHz, local APIC timer %llu kHz, by the %s\n",
	    (unsigned long long)md_clock_hz / 1000,
	    (unsigned long long)timer_hz / 1000, name);
}

void
md_clock_arm(uint64_t n)
{
	lapic_write(LAPIC_TICR, enc_count(n, timer_hz / 1000,
	    md_clock_hz / 1000));
}

void
delay(unsigned int us)
{
	uint64_t start = md_clock_read();

	while (md_clock_read() - start < md_clock_hz / 1000000 * us)
		CPU_BUSY_CYCLE();
}
