/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_SECCOMP_PROGRAM_H
#define BT_RUNTIME_SECCOMP_PROGRAM_H

/*
 * A seccomp specification to a program, made for speed: calls next to one another with
 * the same answer become one range, and ranges a binary tree. Docker's default takes
 * some hundred microseconds instead of libseccomp's twenty milliseconds, and a third
 * of its instructions, which the kernel loads as much faster.
 *
 * It takes what nearly all specifications are, and says so where it does not:
 * libseccomp (runtime/seccomp_library.h) takes the rest. Both decide every call alike.
 * Private to runtime/seccomp.c.
 */

#include "base/attr.h"
#include "base/err.h"
#include "codec/oci_spec.h"
#include "runtime/seccomp_filter.h"

/**
 * Compile into ret->insns and ret->len (the rest is the caller's).
 *
 * Returns 1; 0 where this is not for it: another architecture than x86 and ARM in 32
 * and 64 bits and RISC-V, different answers for one call, calls that an architecture
 * multiplexes; or a negative errno with a message.
 */
bt_nodiscard int bt_seccomp_program_compile(const struct bt_oci_seccomp *spec,
					    struct bt_seccomp_filter *ret, struct bt_err *err);

#endif
