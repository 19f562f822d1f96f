/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_SECCOMP_CALLS_H
#define BT_RUNTIME_SECCOMP_CALLS_H

/*
 * The words of a seccomp specification as the kernel's numbers: architectures,
 * system calls and answers. Names are libseccomp's to know; calls that came after
 * the installed version are added here.
 *
 * Architectures are libseccomp's tokens (SCMP_ARCH_*), which but for x32 are the
 * kernel's AUDIT_ARCH_*.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "codec/oci_spec.h"

#define BT_SECCOMP_ARCHS_MAX 16
/* x32 shares its architecture with x86_64; its numbers have this bit. */
#define BT_SECCOMP_X32_BIT 0x40000000

/** The kernel's answer (SECCOMP_RET_*) for an action. ERRNO and TRACE without a number mean
 * EPERM, as with runc. */
uint32_t bt_seccomp_calls_answer(enum bt_oci_seccomp_action action, struct bt_oci_u64 errno_ret);

/** Has one argument several conditions in a rule? They are alternatives then: see
 * runtime/seccomp.h. */
bool bt_seccomp_calls_repeats(const struct bt_oci_seccomp_rule *rule);

/** Does the default let unnamed calls through, or say ENOSYS by itself? Everywhere else a call
 * newer than the profile is answered with ENOSYS. */
bool bt_seccomp_calls_is_permissive(const struct bt_oci_seccomp *spec);

/** The architectures of a filter: the native one first, then those that the specification
 * lists. Returns their number, or -EINVAL with a message. */
bt_nodiscard int bt_seccomp_calls_archs(const struct bt_oci_seccomp *spec,
					uint32_t ret[BT_SECCOMP_ARCHS_MAX], struct bt_err *err);

/**
 * The number of a call. Below 0: the architecture does not have it as a call of its
 * own (libseccomp's pseudo numbers), or nobody knows it.
 *
 * @ret_known: libseccomp knows it. May be NULL.
 */
int bt_seccomp_calls_number(uint32_t arch, const char *name, bool *ret_known);

/** i386 has a call of its own for most of what its socketcall and ipc multiplex: the number,
 * or -1. (libseccomp knows those names by pseudo numbers.) */
int bt_seccomp_calls_direct(const char *name);

#endif
