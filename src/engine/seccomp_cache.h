/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_SECCOMP_CACHE_H
#define BT_ENGINE_SECCOMP_CACHE_H

/*
 * Compiled system call filters. Compiling takes milliseconds and depends on the
 * profile, the capabilities and the machine alone: each pair is compiled once and
 * kept as a sealed memfd that goes to the monitors.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_seccomp_cache;

/** An empty cache. `profile` is the daemon's: a path, "unconfined", or NULL or "builtin" for
 * Docker's. INVALID where the file's profile is wrong. */
bt_nodiscard int bt_seccomp_cache_create(const char *profile, struct bt_seccomp_cache **ret,
					 struct bt_err *err);
/** Release. NULL is fine. */
void bt_seccomp_cache_destroy(struct bt_seccomp_cache *cache);

/** The filter that a checked HostConfig asks for: `*ret_fd` is an owned descriptor of a memfd as
 * bt_seccomp_store() makes it, or -EBADF where none is wanted. INVALID where its profile is wrong.
 */
bt_nodiscard int bt_seccomp_cache_get(struct bt_seccomp_cache *cache, const json_t *hc, int *ret_fd,
				      struct bt_err *err);

/** The same as an OCI linux.seccomp object, for a runtime that compiles by itself: a new reference,
 * or NULL where no filter is wanted. */
bt_nodiscard int bt_seccomp_cache_text(const struct bt_seccomp_cache *cache, const json_t *hc,
				       json_t **ret, struct bt_err *err);

#endif
