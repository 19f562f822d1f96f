/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_SECCOMP_PROLOGUE_H
#define BT_RUNTIME_SECCOMP_PROLOGUE_H

/*
 * What goes before libseccomp's program: system calls that are newer than something.
 * Private to runtime/seccomp_library.c.
 *
 * Newer than libseccomp: a profile may name calls that the installed library has no
 * number for. Theirs are in runtime/seccomp_calls.h, and their rules (those without
 * conditions on arguments) are decided before its program.
 *
 * Newer than the profile: a filter that refuses what it does not name would answer
 * them with EPERM, and a C library that tries the newest call first takes that for
 * an answer instead of falling back. So where a number is beyond every one that
 * the profile names for its architecture, the answer is ENOSYS, as a kernel without
 * the call gives it, and as runc does.
 */

#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>

#include "base/attr.h"
#include "codec/oci_spec.h"

/** Instructions at most. */
#define BT_SECCOMP_PROLOGUE_MAX 1024

/**
 * Write the instructions that go before a filter of `spec`.
 *
 * @archs: libseccomp's tokens of the filter's architectures, `narchs` of them.
 *
 * Returns their number, or -E2BIG.
 */
int bt_seccomp_prologue_write(const struct bt_oci_seccomp *spec, const uint32_t *archs,
			      size_t narchs, struct sock_filter ret[BT_SECCOMP_PROLOGUE_MAX]);

#endif
