/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_ENVIRONMENT_H
#define BT_RUNTIME_ENVIRONMENT_H

/*
 * The environment of a container's process, as a specification lists it and as the program gets it:
 * each name once. Which of two entries with one name a program goes by is its own affair (getenv(3)
 * finds the first, a shell the last), so the last one written is the only one.
 */

#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "codec/oci_spec.h"

/** The value of `name` in an environment, borrowed, or NULL: the last one written. */
const char *bt_environment_get(const struct bt_oci_strings *env, const char *name);

/** Copy the pointers of `env` to `ret`, which has room for as many, without those that a later
 * entry of the same name replaces; the others keep their order. An entry without "=" is a name as a
 * whole. Returns 0 with their number in *ret_n, or -ENOMEM. */
bt_nodiscard int bt_environment_unique(const struct bt_oci_strings *env, char **ret, size_t *ret_n);

/** Append a copy of `entry` ("NAME=value"); the list is made anew in `arena`. Returns 0 or -ENOMEM.
 */
bt_nodiscard int bt_environment_add(struct bt_oci_strings *env, struct bt_arena *arena,
				    const char *entry);

#endif
