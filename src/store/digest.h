/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_DIGEST_H
#define BT_STORE_DIGEST_H

/*
 * SHA-256 digests in the form "sha256:<64 hex>" (OCI image-spec, descriptor.md,
 * "Digests"), computed by nettle, which uses the CPU's SHA instructions.
 */

#include <nettle/sha2.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

/** Room for a digest's text and its NUL. */
#define BT_DIGEST_SIZE 72

/** A digest being computed; ready after bt_digest_init(). Owns nothing. */
struct bt_digest {
	struct sha256_ctx sha256;
};

/** Start anew. */
void bt_digest_init(struct bt_digest *d);
/** Add bytes. */
void bt_digest_update(struct bt_digest *d, const void *data, size_t len);
/** Write the text of what was added, and start anew. */
void bt_digest_text(struct bt_digest *d, char ret[BT_DIGEST_SIZE]);

/** The digest of `len` bytes. */
void bt_digest_of(const void *data, size_t len, char ret[BT_DIGEST_SIZE]);

/** Is `text` "sha256:" and 64 lower-case hexadecimal digits? Other algorithms are not. */
bool bt_digest_is_valid(const char *text);

/** The 64 digits behind "sha256:"; borrowed from `digest`, which is valid. */
const char *bt_digest_hex(const char *digest);

/** The chain id of a layer (OCI image-spec, config.md, "Layer ChainID"): `diff_id` itself
 * where `parent` is NULL. Both valid digests. `ret` may be the same array as `parent`. */
void bt_digest_chain(const char *parent, const char *diff_id, char ret[BT_DIGEST_SIZE]);

#endif
