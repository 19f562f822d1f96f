/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_SPOOL_H
#define BT_IMAGE_SPOOL_H

/*
 * The bytes of a blob that is being downloaded, on disk under
 * <data-root>/transfers/<hex>/, in one file for every 32 MiB of it. Each file is
 * written from its beginning, so that its length says what is here: after the
 * daemon was killed the next download of the blob goes on at that byte. Several
 * threads write, one reads what has come, in order.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

#define BT_SPOOL_CHUNK ((int64_t)32 << 20)
/** A larger blob is refused. */
#define BT_SPOOL_MAX ((int64_t)1 << 40)

struct bt_spool;

/** Open the spool of `digest` (valid) below the directory `root`, with what is there of it. Nobody
 * else may have it open. */
bt_nodiscard int bt_spool_open(const char *root, const char *digest, int64_t size,
			       struct bt_spool **ret, struct bt_err *err);
/** Remove the files and release. Nobody writes or reads any more. NULL is fine. */
void bt_spool_destroy(struct bt_spool *spool);

/** How many bytes were here when it was opened. */
int64_t bt_spool_found(const struct bt_spool *spool);
/** How many bytes are here now. Any thread. */
int64_t bt_spool_have(struct bt_spool *spool);

/** A stretch of bytes that is missing. */
struct bt_spool_piece {
	int64_t from, len;
};
/** Take charge of the next piece that nobody has. Returns 1, or 0 where there is none. */
int bt_spool_claim(struct bt_spool *spool, struct bt_spool_piece *ret);
/** Write bytes at `at`, which is in a piece that was claimed, following what was written there
 * before; `len` does not lead past the end of that piece. Returns 0 or -errno. */
bt_nodiscard int bt_spool_write(struct bt_spool *spool, int64_t at, const void *data, size_t len);
/** No more is written: 0 where all was, or why not (a negative errno). The first answer counts. */
void bt_spool_finish(struct bt_spool *spool, int r);

/** Read up to `len` bytes at `at`, which moves forward only; waits for them. Returns how many, 0 at
 * the blob's end, or the negative errno of bt_spool_finish(). */
bt_nodiscard ssize_t bt_spool_read(struct bt_spool *spool, int64_t at, void *buf, size_t len);

#endif
