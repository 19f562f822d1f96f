/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLIENT_CONTEXT_TAR_H
#define BT_CLIENT_CONTEXT_TAR_H

/*
 * A context as one file, as `context export` writes it and `context import` reads it: a tar archive
 * (POSIX.1-1988 ustar) of meta.json and tls/docker/{ca,cert,key}.pem.
 *
 * Archives come from other people: everything else in one is refused by name, nothing is unpacked
 * by the path it gives itself. docker's own archives lack the two empty blocks at the end, and the
 * padding of the last file, so an archive may end behind any whole file.
 */

#include <jansson.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/* An archive is at most that long. */
#define BT_CONTEXT_TAR_MAX (10u << 20)

/** Append the archive of a context; see bt_context_put() for `meta` and `tls`. */
bt_nodiscard int bt_context_tar_write(const json_t *meta, const json_t *tls, struct bt_str *ret,
				      struct bt_err *err);

/** Read an archive. `*ret_meta` has Name, Metadata and Endpoints, with a docker endpoint that is an
 * object; `*ret_tls` is as bt_context_tls() returns it. Both are new references. */
bt_nodiscard int bt_context_tar_read(const void *data, size_t len, json_t **ret_meta,
				     json_t **ret_tls, struct bt_err *err);

#endif
