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
 * The explorer: breadth first through every state that a scenario can reach,
 * so that the first failure has the shortest schedule.  A state is all memory
 * of the machine, the stacks in use included; it is compared whole, not by a
 * hash.  To keep that small, a state is a row of numbers, one for the content
 * of each CPU, each stack and the rest; equal contents have equal numbers.
 *
 * A scenario fails at a violated rule; in a state that is quiet, or in which
 * nobody can go on, and that is not as it must be at the end; in a state from
 * which no quiet one can be reached; and at a bound.
 *
 *	model [-d] [-l] [-m states] [scenario ...]
 *
 * -d with those that take long, -l lists, -m the bound.
 */

#include <sys/types.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model.h"

#define NPART		(2 * MAXCPUS + 1)	/* CPUs, stacks, the rest */
#define MAXSTATES	20000000
#define SECONDS		3600		/* a loop that has no operation in it */

struct state {
	unsigned int	  s_part[NPART];
	unsigned int	  s_parent;
	unsigned char	  s_cpu;
	unsigned char	  s_choice;
};

/* Contents by number. */
struct pool {
	unsigned char	**p_data;
	unsigned int	 *p_len;
	unsigned int	 *p_hash;	/* numbers + 1, by hash */
	unsigned int	  p_n;
	unsigned int	  p_size;	/* of p_hash; p_data half of it */
};

static struct pool pools[NPART];
static unsigned int current[NPART];	/* what is in memory */
static struct state *states;
static unsigned int nstates, statesize, *statehash, hashsize, maxstates;
static unsigned int (*edges)[2];
static size_t nedges, edgesize;

static void *
grow(void *p, size_t n, size_t size)
{
	p = realloc(p, n * size);
	if (p == NULL) {
		printf("Bail out! no memory for %zu bytes\n", n * size);
		exit(2);
	}
	return (p);
}

static unsigned int
hash(const void *data, size_t len)
{
	const unsigned char *p = data;
	unsigned long long h = len, w;

	for (; len >= sizeof(w); p += sizeof(w), len -= sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		h = (h ^ w) * 0x9e3779b97f4a7c15ULL;
		h ^= h >> 29;
	}
	for (; len > 0; len--)
		h = (h ^ *p++) * 0x9e3779b97f4a7c15ULL;
	return ((unsigned int)(h >> 32));
}

static unsigned int
pool_add(struct pool *p, const void *data, unsigned int len)
{
	unsigned int h, i, n;

	if (p->p_n * 2 >= p->p_size) {
		p->p_size = p->p_size == 0 ? 1024 : p->p_size * 2;
		p->p_hash = grow(p->p_hash, p->p_size, sizeof(*p->p_hash));
		p->p_data = grow(p->p_data, p->p_size, sizeof(*p->p_data));
		p->p_len = grow(p->p_len, p->p_size, sizeof(*p->p_len));
		memset(p->p_hash, 0, p->p_size * sizeof(*p->p_hash));
		for (i = 0; i < p->p_n; i++) {
			h = hash(p->p_data[i], p->p_len[i]);
			while (p->p_hash[h % p->p_size] != 0)
				h++;
			p->p_hash[h % p->p_size] = i + 1;
		}
	}
	for (h = hash(data, len); (n = p->p_hash[h % p->p_size]) != 0; h++) {
		if (p->p_len[n - 1] == len &&
		    memcmp(p->p_data[n - 1], data, len) == 0)
			return (n - 1);
	}
	n = p->p_n++;
	p->p_hash[h % p->p_size] = n + 1;
	p->p_data[n] = grow(NULL, len, 1);
	p->p_len[n] = len;
	memcpy(p->p_data[n], data, len);
	return (n);
}

static void
pool_free(struct pool *p)
{
	while (p->p_n > 0)
		free(p->p_data[--p->p_n]);
	free(p->p_data);
	free(p->p_len);
	free(p->p_hash);
	memset(p, 0, sizeof(*p));
}

static void *
part(int i, unsigned int *len)
{
	if (i < MAXCPUS) {
		*len = sizeof(cpus[i]);
		return (&cpus[i]);
	}
	if (i < 2 * MAXCPUS) {
		i -= MAXCPUS;
		if (cpus[i].c_sp == NULL) {
			*len = 0;
			return (stacks[i] + STACKSIZE);
		}
		*len = (unsigned int)(stacks[i] + STACKSIZE - cpus[i].c_sp);
		return (cpus[i].c_sp);
	}
	*len = sizeof(global);
	return (&global);
}

/* What is below the stack in use is no part of the state: no old values. */
static void
scrub(int cpu)
{
	char *sp = cpus[cpu].c_sp;

	if (sp != NULL)
		memset(stacks[cpu], 0, (size_t)(sp - stacks[cpu]));
}

/* The state in memory into current[]; cpu has run, or none if negative. */
static void
save(int cpu)
{
	unsigned int len;
	struct pool *p;
	void *data;
	int i;

	machine_normalise();
	if (cpu >= 0)
		scrub(cpu);
	for (i = 0; i < NPART; i++) {
		p = &pools[i];
		data = part(i, &len);
		if (p->p_n > 0 && p->p_len[current[i]] == len &&
		    memcmp(p->p_data[current[i]], data, len) == 0)
			continue;
		current[i] = pool_add(p, data, len);
	}
}

static void
load(const struct state *s)
{
	unsigned int len;
	char *old;
	void *data;
	int i;

	for (i = 0; i < NPART; i++) {
		if (current[i] == s->s_part[i])
			continue;
		old = i >= MAXCPUS && i < 2 * MAXCPUS ? stacks[i - MAXCPUS] +
		    STACKSIZE - pools[i].p_len[current[i]] : NULL;
		len = pools[i].p_len[s->s_part[i]];
		if (old != NULL) {
			data = stacks[i - MAXCPUS] + STACKSIZE - len;
			if (old < (char *)data)
				memset(old, 0, (size_t)((char *)data - old));
		} else
			data = part(i, &len);
		memcpy(data, pools[i].p_data[s->s_part[i]], len);
		current[i] = s->s_part[i];
	}
}

/* Memory is not what current[] says: a step was broken off. */
static void
reload(const struct state *s)
{
	unsigned int len;
	int i;

	for (i = 0; i < NPART; i++) {
		if (i >= MAXCPUS && i < 2 * MAXCPUS) {
			len = pools[i].p_len[s->s_part[i]];
			memset(stacks[i - MAXCPUS], 0, STACKSIZE);
			memcpy(stacks[i - MAXCPUS] + STACKSIZE - len,
			    pools[i].p_data[s->s_part[i]], len);
		} else
			memcpy(part(i, &len), pools[i].p_data[s->s_part[i]],
			    pools[i].p_len[s->s_part[i]]);
		current[i] = s->s_part[i];
	}
}

/* The number of the state in current[]; a new one is put last. */
static unsigned int
state_add(unsigned int parent, int cpu, int choice)
{
	unsigned int h, i, n;

	if (nstates * 2 >= hashsize) {
		hashsize = hashsize == 0 ? 4096 : hashsize * 2;
		statehash = grow(statehash, hashsize, sizeof(*statehash));
		memset(statehash, 0, hashsize * sizeof(*statehash));
		for (i = 0; i < nstates; i++) {
			h = hash(states[i].s_part, sizeof(states[i].s_part));
			while (statehash[h % hashsize] != 0)
				h++;
			statehash[h % hashsize] = i + 1;
		}
	}
	h = hash(current, sizeof(current));
	for (; (n = statehash[h % hashsize]) != 0; h++) {
		if (memcmp(states[n - 1].s_part, current,
		    sizeof(current)) == 0)
			return (n - 1);
	}
	if (nstates == statesize) {
		statesize = statesize == 0 ? 4096 : statesize * 2;
		states = grow(states, statesize, sizeof(*states));
	}
	n = nstates++;
	statehash[h % hashsize] = n + 1;
	memcpy(states[n].s_part, current, sizeof(current));
	states[n].s_parent = parent;
	states[n].s_cpu = (unsigned char)cpu;
	states[n].s_choice = (unsigned char)choice;
	return (n);
}

static void
edge_add(unsigned int from, unsigned int to)
{
	if (nedges == edgesize) {
		edgesize = edgesize == 0 ? 4096 : edgesize * 2;
		edges = grow(edges, edgesize, sizeof(*edges));
	}
	edges[nedges][0] = from;
	edges[nedges++][1] = to;
}

/* One step, or a look at a quiet state.  EX_POINT: it went well. */
static int
step(int cpu, int choice)
{
	int ex;

	ex = _setjmp(explorer);
	if (ex == EX_RUN) {
		machine_look(choice < 0);
		if (choice < 0)
			scenario_quiet();
		else if (choice >= CH_DRAIN)
			machine_drain(cpu, choice - CH_DRAIN);
		else
			machine_resume(cpu, choice);
		ex = EX_POINT;
	}
	machine_look(0);
	return (ex);
}

static void
fault(int sig)
{
	snprintf(violation, sizeof(violation), "cpu%d: %s",
	    machine_cpu()->c_info.ci_num, sig == SIGSEGV || sig == SIGBUS ?
	    "a wild jump or access" : "a trap");
	_longjmp(explorer, EX_FAULT);
}

static void
overtime(int sig)
{
	static const char msg[] = "Bail out! out of time: a loop without an "
	    "operation in it?\n";

	(void)sig;
	(void)!write(STDOUT_FILENO, msg, sizeof(msg) - 1);
	_exit(2);
}

/* How it came to state n, and then to cpu's choice. */
static void
trace(unsigned int n, int cpu, int choice)
{
	static unsigned int path[100000];
	unsigned int i, k;

	for (k = 0; n != 0 && k < sizeof(path) / sizeof(path[0]); k++) {
		path[k] = n;
		n = states[n].s_parent;
	}
	reload(&states[n]);
	printf("# the schedule, %u steps:\n", k + (choice >= 0));
	tracing = 1;
	for (i = k; i-- > 0;) {
		step(states[path[i]].s_cpu, states[path[i]].s_choice);
		machine_normalise();
		scrub(states[path[i]].s_cpu);
	}
	if (choice >= 0)
		step(cpu, choice);
	tracing = 0;
	for (i = 0; i < (unsigned int)scn->s_ncpu; i++)
		machine_print((int)i);
}

/*
 * From each state some schedule must lead to a quiet one.  Returns the first
 * state for which that is not so, or nstates.
 */
static unsigned int
stuck(const unsigned char *quiet)
{
	unsigned int *first, *from, *todo, i, n, ntodo = 0;
	unsigned char *good;
	size_t e;

	first = grow(NULL, (size_t)nstates + 1, sizeof(*first));
	memset(first, 0, ((size_t)nstates + 1) * sizeof(*first));
	from = grow(NULL, nedges + 1, sizeof(*from));
	todo = grow(NULL, nstates, sizeof(*todo));
	good = grow(NULL, nstates, 1);
	memcpy(good, quiet, nstates);
	for (e = 0; e < nedges; e++)
		first[edges[e][1]]++;
	for (i = 0, n = 0; i < nstates; i++) {
		n += first[i];
		first[i] = n;
		if (good[i])
			todo[ntodo++] = i;
	}
	first[nstates] = n;
	for (e = 0; e < nedges; e++)
		from[--first[edges[e][1]]] = edges[e][0];
	while (ntodo > 0) {
		n = todo[--ntodo];
		for (i = first[n]; i < first[n + 1]; i++) {
			if (good[from[i]])
				continue;
			good[from[i]] = 1;
			todo[ntodo++] = from[i];
		}
	}
	for (i = 0; i < nstates && good[i]; i++)
		;
	free(first);
	free(from);
	free(todo);
	free(good);
	return (i);
}

static unsigned char *quiet;		/* by state */

/* Returns the number of quiet states, or 0: it failed, and has said how. */
static unsigned int
explore(void)
{
	unsigned int i, n, nquiet = 0, quietsize = 0;
	int choice, cpu, ex, moved;

	machine_init();
	for (cpu = 0; cpu < MAXCPUS; cpu++)
		scrub(cpu);
	save(-1);
	state_add(0, 0, 0);
	for (n = 0; n < nstates; n++) {
		if (nstates > maxstates) {
			printf("# more than %u states: not all were seen\n",
			    maxstates);
			return (0);
		}
		if (n >= quietsize) {
			quietsize = quietsize == 0 ? 4096 : quietsize * 2;
			quiet = grow(quiet, quietsize, 1);
		}
		quiet[n] = 0;
		moved = 0;
		load(&states[n]);
		if (machine_quiet()) {
			ex = step(0, -1);
			if (ex != EX_POINT) {
				printf("# %s\n", violation);
				trace(n, 0, -1);
				return (0);
			}
			quiet[n] = 1;
			nquiet++;
		}
		for (i = 0; i < (unsigned int)scn->s_ncpu * NCHOICE; i++) {
			cpu = (int)i / NCHOICE;
			choice = (int)i % NCHOICE;
			load(&states[n]);
			if (!machine_enabled(cpu, choice))
				continue;
			moved = 1;
			ex = step(cpu, choice);
			if (ex != EX_POINT) {
				printf("# %s\n", violation);
				trace(n, cpu, choice);
				return (0);
			}
			save(choice < CH_DRAIN ? cpu : -1);
			edge_add(n, state_add(n, cpu, choice));
		}
		if (!moved && !quiet[n]) {
			printf("# nobody can go on\n");
			trace(n, 0, -1);
			return (0);
		}
	}
	n = stuck(quiet);
	if (n != nstates) {
		printf("# whatever happens from here, it never ends\n");
		trace(n, 0, -1);
		return (0);
	}
	return (nquiet);
}

static void
forget_all(void)
{
	int i;

	for (i = 0; i < NPART; i++)
		pool_free(&pools[i]);
	free(states);
	free(statehash);
	free(edges);
	free(quiet);
	memset(current, 0, sizeof(current));
	states = NULL;
	statehash = NULL;
	edges = NULL;
	quiet = NULL;
	nstates = statesize = hashsize = 0;
	nedges = edgesize = 0;
}

static int
wanted(const struct scenario *s, int deep, int argc, char **argv)
{
	char name[64];
	int i;

	if ((s->s_slots & XCALL_NSLOT) == 0)
		return (0);
	if (argc == 0)
		return (deep || (s->s_deep & XCALL_NSLOT) == 0);
	snprintf(name, sizeof(name), "%s-%d", s->s_name, XCALL_NSLOT);
	for (i = 0; i < argc; i++) {
		if (strcmp(argv[i], name) == 0 ||
		    strcmp(argv[i], s->s_name) == 0)
			return (1);
	}
	return (0);
}

int
main(int argc, char **argv)
{
	static char altstack[65536];
	const struct scenario *s;
	struct sigaction sa;
	unsigned int nquiet;
	stack_t ss;
	int deep = 0, failed = 0, ch, list = 0, n = 0;

	maxstates = MAXSTATES;
	while ((ch = getopt(argc, argv, "dlm:")) != -1) {
		if (ch == 'd')
			deep = 1;
		else if (ch == 'l')
			list = 1;
		else if (ch == 'm')
			maxstates = (unsigned int)strtoul(optarg, NULL, 10);
		else {
			fprintf(stderr, "usage: model [-dl] [-m states] "
			    "[scenario ...]\n");
			return (2);
		}
	}
	argc -= optind;
	argv += optind;

	memset(&ss, 0, sizeof(ss));
	ss.ss_sp = altstack;
	ss.ss_size = sizeof(altstack);
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = fault;
	sa.sa_flags = SA_ONSTACK | SA_NODEFER;
	if (sigaltstack(&ss, NULL) != 0 || sigaction(SIGSEGV, &sa, NULL) != 0 ||
	    sigaction(SIGBUS, &sa, NULL) != 0 ||
	    sigaction(SIGILL, &sa, NULL) != 0 ||
	    sigaction(SIGTRAP, &sa, NULL) != 0) {
		perror("sigaction");
		return (2);
	}
	signal(SIGALRM, overtime);
	alarm(SECONDS);

	for (s = scenarios; s->s_name != NULL; s++)
		n += wanted(s, deep, argc, argv);
	if (n == 0) {
		printf("Bail out! no such scenario\n");
		return (2);
	}
	if (!list)
		printf("1..%d\n", n);
	n = 0;
	for (s = scenarios; s->s_name != NULL; s++) {
		if (!wanted(s, deep, argc, argv))
			continue;
		if (list) {
			printf("%s-%d\n", s->s_name, XCALL_NSLOT);
			continue;
		}
		scn = s;
		n++;
		nquiet = explore();
		if (nquiet == 0) {
			printf("not ok %d - %s-%d\n", n, s->s_name,
			    XCALL_NSLOT);
			failed = 1;
		} else
			printf("ok %d - %s-%d %d CPUs, all of %u states, %zu "
			    "steps\n", n, s->s_name, XCALL_NSLOT, s->s_ncpu,
			    nstates, nedges);
		fflush(stdout);
		forget_all();
	}
	return (failed);
}
