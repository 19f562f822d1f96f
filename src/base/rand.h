/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_RAND_H
#define BT_BASE_RAND_H

/*
 * Randomness from getrandom(2): identifiers and seeds.
 */

#include <stddef.h>

#include "base/attr.h"

/** Length of a container, exec, network or image identifier, without its NUL. */
#define BT_RAND_ID_LEN 64

/** Fill `len` bytes. Returns 0 or -errno. */
bt_nodiscard int bt_rand_bytes(void *ret, size_t len);

/** Write `len` random lower-case hexadecimal digits and a NUL. Returns 0 or -errno. */
bt_nodiscard int bt_rand_hex(char *ret, size_t len);

/** A new identifier of 64 hexadecimal digits. Its first twelve are never all decimal, so
 * that the short form cannot be taken for a number. Returns 0 or -errno. */
bt_nodiscard int bt_rand_id(char ret[BT_RAND_ID_LEN + 1]);

#endif
