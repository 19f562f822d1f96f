/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_USER_LOOKUP_H
#define BT_ENGINE_USER_LOOKUP_H

/*
 * Who a container's process runs as: "name", "uid", "name:group", "uid:gid",
 * looked up in /etc/passwd and /etc/group of its root, as Docker does. Both
 * files are the image's and hostile: they are reached beneath the root's
 * descriptor, and read a bounded number of bytes.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/* As the kernel has it (NGROUPS_MAX is larger than anybody needs). */
#define BT_USER_GIDS_MAX 1024
/* Longer files are refused. */
#define BT_USER_FILE_MAX (4u << 20)

struct bt_user {
	uint32_t uid, gid;
	uint32_t *gids; /* supplementary, the primary one first (owned) */
	size_t ngids;
	char *home; /* owned; "/" where none is known */
};

/**
 * Find out who `spec` is ("": root).
 *
 * @passwd, @group: texts of the two files, borrowed; "" where one is missing.
 * @extra:          NULL-terminated names or numbers of further groups, or NULL.
 *
 * INVALID "unable to find user X: no matching entries in passwd file", as Docker says.
 */
bt_nodiscard int bt_user_lookup_resolve(const char *spec, const char *passwd, const char *group,
					const char *const *extra, struct bt_user *ret,
					struct bt_err *err);

/** The same, with the files read beneath the root directory `root` (a descriptor). */
bt_nodiscard int bt_user_lookup(int root, const char *spec, const char *const *extra,
				struct bt_user *ret, struct bt_err *err);

/** Release what it owns and leave it empty. */
void bt_user_lookup_done(struct bt_user *user);
#define bt_auto_user bt_auto(bt_user_lookup_done)

#endif
