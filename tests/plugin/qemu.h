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
 * What the plugins use of QEMU's TCG plugin interface, declared here because
 * QEMU 7.2 installs no header.  PLUGIN_API is 1 for QEMU up to 8.2, 4 from
 * 10.0 on: QEMU refuses one that is not for it, and what differs between the
 * two is in insn_bytes() and cpu_register().  With a header of the same
 * number, -DPLUGIN_HEADER takes that instead.
 */

#ifndef QEMU_H
#define QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef PLUGIN_HEADER
#include <qemu-plugin.h>
#else
typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
typedef struct {
	const char	*target_name;
	struct {
		int	 min;
		int	 cur;
	} version;
	bool		 system_emulation;
	struct {
		int	 smp_vcpus;
		int	 max_vcpus;
	} system;
} qemu_info_t;

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_CB_R_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_R = 1, QEMU_PLUGIN_MEM_W,
	QEMU_PLUGIN_MEM_RW };

size_t	qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *,
	    size_t);
size_t	qemu_plugin_insn_size(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
#if PLUGIN_API == 1
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
#else
size_t	qemu_plugin_insn_data(const struct qemu_plugin_insn *, void *, size_t);
#endif
char	*qemu_plugin_insn_disas(const struct qemu_plugin_insn *);
bool	qemu_plugin_mem_is_store(qemu_plugin_meminfo_t);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t,
	    uint64_t);
bool	qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *);
void	qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t,
	    void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void	qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *,
	    void (*)(unsigned int, void *), enum qemu_plugin_cb_flags, void *);
void	qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *,
	    void (*)(unsigned int, qemu_plugin_meminfo_t, uint64_t, void *),
	    enum qemu_plugin_cb_flags, enum qemu_plugin_mem_rw, void *);
void	qemu_plugin_outs(const char *);
#if PLUGIN_API > 1
/* Of glib, which QEMU is linked with. */
typedef struct {
	uint8_t		*data;
	unsigned int	 len;
} GByteArray;
typedef struct {
	char		*data;
	unsigned int	 len;
} GArray;
GByteArray *g_byte_array_new(void);
GByteArray *g_byte_array_set_size(GByteArray *, unsigned int);

struct qemu_plugin_register;
typedef struct {
	struct qemu_plugin_register *handle;
	const char	*name;
	const char	*feature;
} qemu_plugin_reg_descriptor;
GArray	*qemu_plugin_get_registers(void);
int	qemu_plugin_read_register(struct qemu_plugin_register *, GByteArray *);
void	qemu_plugin_register_vcpu_init_cb(qemu_plugin_id_t,
	    void (*)(qemu_plugin_id_t, unsigned int));
#endif
#define QEMU_PLUGIN_EXPORT	__attribute__((__visibility__("default")))
#endif

QEMU_PLUGIN_EXPORT extern int qemu_plugin_version;
QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t,
	    const qemu_info_t *, int, char **);

/* The instruction's bytes; as many as there are, at most n. */
static inline size_t
insn_bytes(const struct qemu_plugin_insn *insn, uint8_t *bytes, size_t n)
{
	size_t size = qemu_plugin_insn_size(insn);

	if (size < n)
		n = size;
#if PLUGIN_API == 1
	memcpy(bytes, qemu_plugin_insn_data(insn), n);
	return (n);
#else
	return (qemu_plugin_insn_data(insn, bytes, n));
#endif
}

/*
 * A register of the CPU that runs, of 8 bytes: in a callback with
 * QEMU_PLUGIN_CB_R_REGS or of a CPU's start.  0 where there is none.
 */
static inline uint64_t
cpu_register(const char *name)
{
	uint64_t v = 0;
#if PLUGIN_API > 1
	static struct qemu_plugin_register *handle;
	static GByteArray *bytes;
	qemu_plugin_reg_descriptor *r;
	GArray *all;

	if (bytes == NULL) {
		bytes = g_byte_array_new();
		all = qemu_plugin_get_registers();
		r = (qemu_plugin_reg_descriptor *)(void *)all->data;
		for (; all->len > 0; all->len--, r++) {
			if (strcmp(r->name, name) == 0)
				handle = r->handle;
		}
	}
	g_byte_array_set_size(bytes, 0);
	if (handle != NULL && qemu_plugin_read_register(handle, bytes) == 8)
		memcpy(&v, bytes->data, sizeof(v));
#else
	(void)name;
#endif
	return (v);
}

#endif /* QEMU_H */
