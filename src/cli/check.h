/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_CHECK_H
#define BT_CLI_CHECK_H

/*
 * Checks of flags' values, in the words of docker and of Go's strconv. Each returns 0, or -EINVAL
 * with the reason.
 */

#include "base/attr.h"
#include "base/err.h"

/** A signed whole number. */
bt_nodiscard int bt_check_int(const char *value, struct bt_err *err);
/** A whole number of 64 bits without sign. */
bt_nodiscard int bt_check_uint(const char *value, struct bt_err *err);
/** A whole number of 16 bits without sign. */
bt_nodiscard int bt_check_uint16(const char *value, struct bt_err *err);
/** A size: "512m", "1.5GiB". */
bt_nodiscard int bt_check_bytes(const char *value, struct bt_err *err);
/** A size, or -1. */
bt_nodiscard int bt_check_swap(const char *value, struct bt_err *err);
/** A Go duration. */
bt_nodiscard int bt_check_duration(const char *value, struct bt_err *err);
/** A number of processors, as a decimal or a fraction. */
bt_nodiscard int bt_check_cpus(const char *value, struct bt_err *err);
/** An environment variable: "NAME" or "NAME=value". */
bt_nodiscard int bt_check_env(const char *value, struct bt_err *err);
/** "name=value", as filters are given. */
bt_nodiscard int bt_check_filter(const char *value, struct bt_err *err);
/** "HOST:ADDRESS" or "HOST=ADDRESS". */
bt_nodiscard int bt_check_host(const char *value, struct bt_err *err);
/** An IP address. */
bt_nodiscard int bt_check_ip(const char *value, struct bt_err *err);
/** STDIN, STDOUT or STDERR. */
bt_nodiscard int bt_check_stream(const char *value, struct bt_err *err);
/** --disable-content-trust: only true, for nothing can be verified. */
bt_nodiscard int bt_check_no_trust(const char *value, struct bt_err *err);
/** "name=value" of sysctls and annotations. */
bt_nodiscard int bt_check_pair(const char *value, struct bt_err *err);

#endif
