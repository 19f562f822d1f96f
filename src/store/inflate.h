/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_INFLATE_H
#define BT_STORE_INFLATE_H

/*
 * A stream, unpacked: gzip (by ISA-L), zstd (by libzstd), xz (by liblzma),
 * bzip2 (by libbz2), or plain, told apart by the first bytes. Several members
 * in a row are one stream. The input is hostile: memory is bounded whatever it
 * claims (windows of 128 MiB, 130 MiB for xz), and bytes behind the end are an
 * error. Nothing but these libraries ever decompresses: no program, of the host
 * or of a container, is run.
 */

#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_inflate;

/** Where bytes come from: returns how many were put into `buf` (at most `len`), 0 at the end,
 * or a negative errno with `err` filled. */
typedef ssize_t (*bt_inflate_read_fn)(void *arg, void *buf, size_t len, struct bt_err *err);

/** Read from `fn`, whose `arg` is borrowed. Release with bt_inflate_destroy(). */
bt_nodiscard int bt_inflate_create(bt_inflate_read_fn fn, void *arg, struct bt_inflate **ret,
				   struct bt_err *err);
/** Release. NULL is fine. */
void bt_inflate_destroy(struct bt_inflate *inf);

/** Fill `buf` with the next unpacked bytes. Returns the count (0 only at the end), or a
 * negative errno: -EBADMSG with kind INVALID for damaged input. */
bt_nodiscard ssize_t bt_inflate_read(struct bt_inflate *inf, void *buf, size_t len,
				     struct bt_err *err);

/** A reading function for a descriptor: `arg` points to the int. */
ssize_t bt_inflate_read_fd(void *arg, void *buf, size_t len, struct bt_err *err);

#endif
