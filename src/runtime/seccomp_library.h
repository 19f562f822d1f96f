/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_SECCOMP_LIBRARY_H
#define BT_RUNTIME_SECCOMP_LIBRARY_H

/*
 * A seccomp specification to a program by libseccomp: for every architecture and every
 * specification, in some twenty milliseconds. Private to runtime/seccomp.c, and what
 * its tests compare runtime/seccomp_program.h with.
 */

#include "base/attr.h"
#include "base/err.h"
#include "codec/oci_spec.h"
#include "runtime/seccomp_filter.h"

/** Compile into ret->insns and ret->len (the rest is the caller's). Returns 0 or a negative
 * errno with a message. */
bt_nodiscard int bt_seccomp_library_compile(const struct bt_oci_seccomp *spec,
					    struct bt_seccomp_filter *ret, struct bt_err *err);

#endif
