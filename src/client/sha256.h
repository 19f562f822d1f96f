/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLIENT_SHA256_H
#define BT_CLIENT_SHA256_H

/*
 * SHA-256 (FIPS 180-4) of short texts: contexts lie in directories named after it. Here, so that a
 * command which hashes nothing loads no library for it.
 */

#include <stddef.h>

/** The digest of `len` bytes as 64 hex digits and a NUL. */
void bt_sha256_hex(const void *data, size_t len, char ret[65]);

#endif
