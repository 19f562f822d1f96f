/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_SKELETON_H
#define BT_STORE_SKELETON_H

/*
 * A layer's archive without the contents of its files: headers, padding and
 * everything else byte for byte, and where in the unpacked tree each file's
 * content lies. With both, the very archive that was unpacked can be written
 * again, to the same diff id, without having been kept.
 *
 * The file is a zstd stream of records: a type, a length (32 bits, little
 * endian), and the payload:
 *     'R'  bytes of the archive
 *     'F'  size (64 bits), path: the content of a file
 *     'M'  number (32 bits), path: what was there when the records before this
 *          one were written now is shadow/<number>
 *     'E'  nothing: the end
 */

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_skeleton;

/** Write to `fd` (owned from now on). */
bt_nodiscard int bt_skeleton_create(int fd, struct bt_skeleton **ret, struct bt_err *err);
/** Record bytes of the archive. Failures stick until bt_skeleton_finish(). */
void bt_skeleton_raw(struct bt_skeleton *sk, const void *data, size_t len);
/** Record that the next `size` bytes of the archive are the content of `path`. */
void bt_skeleton_file(struct bt_skeleton *sk, const char *path, int64_t size);
/** Record that `path`, a file or a directory, was moved to shadow/<number>. */
void bt_skeleton_moved(struct bt_skeleton *sk, const char *path, uint32_t number);
/** Write the end. Returns 0 or the first failure. */
bt_nodiscard int bt_skeleton_finish(struct bt_skeleton *sk, struct bt_err *err);
/** Release. NULL is fine. */
void bt_skeleton_destroy(struct bt_skeleton *sk);

#endif
