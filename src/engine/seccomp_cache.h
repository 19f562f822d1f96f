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

/** An empty cache, or NULL without memory. */
struct bt_seccomp_cache *bt_seccomp_cache_create(void);
/** Release. NULL is fine. */
void bt_seccomp_cache_destroy(struct bt_seccomp_cache *cache);

/** The filter that a checked HostConfig asks for: `*ret_fd` is an owned descriptor of a memfd with
 * struct sock_filter[], or -EBADF where none is wanted. INVALID where its profile is wrong. */
bt_nodiscard int bt_seccomp_cache_get(struct bt_seccomp_cache *cache, const json_t *hc, int *ret_fd,
				      struct bt_err *err);

#endif
