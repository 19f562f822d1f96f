/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_SECCOMP_H
#define BT_RUNTIME_SECCOMP_H

/*
 * An OCI linux.seccomp object to a BPF program, with the choices that runc makes: system calls that
 * this build does not know are left out, rules equal to the default are left out, conditions on one
 * argument given twice are alternatives; and where the default refuses, system calls newer than
 * every one that the profile names are answered with ENOSYS, so that a C library falls back.
 *
 * Most objects take a fraction of a millisecond (runtime/seccomp_program.h), others
 * some twenty (libseccomp). The result depends on nothing but the object and the machine,
 * so callers may keep it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "codec/oci_spec.h"
#include "runtime/seccomp_filter.h"

/**
 * Compile. Nothing is loaded into the kernel, and no privilege is needed.
 *
 * Returns 0; -EINVAL (kind INVALID) with the field in the message; -ENOMEM; or
 * what libseccomp answered.
 */
bt_nodiscard int bt_seccomp_compile(const struct bt_oci_seccomp *spec,
				    struct bt_seccomp_filter *ret, struct bt_err *err);

/**
 * Keep a filter and its flags in a sealed memfd, as bt_seccomp_stored() reads it.
 * Returns 0 with an owned descriptor, or -errno.
 */
bt_nodiscard int bt_seccomp_store(const struct bt_seccomp_filter *filter, int *ret_fd);

/**
 * What such a memfd holds, of its `len` bytes at `data`, which is aligned as malloc(3) and mmap(2)
 * align: `insns` of *ret borrows from it, so *ret is not for bt_seccomp_done().
 * Returns 0, or -EBADMSG where it is something else.
 */
bt_nodiscard int bt_seccomp_stored(const void *data, size_t len, struct bt_seccomp_filter *ret);

/** Release and leave it empty. */
void bt_seccomp_done(struct bt_seccomp_filter *filter);

#define bt_auto_seccomp bt_auto(bt_seccomp_done)

/** Load into the calling thread. It needs no_new_privs or CAP_SYS_ADMIN. Returns a listener's
 * descriptor where `notify`, else 0; or -errno. Async-signal-safe. */
int bt_seccomp_load(const void *insns, size_t len, unsigned flags, bool notify);

#endif
