/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_PATH_H
#define BT_BASE_PATH_H

/*
 * Paths as text. Nothing here asks the file system; what lies inside a
 * container's root is never reached by text, but by sys/ beneath a descriptor.
 */

#include <stdbool.h>

#include "base/attr.h"

/** "dir/name" with exactly one slash between, as a new string (owned), or NULL without
 * memory. An absolute `name` is appended all the same. */
char *bt_path_join(const char *dir, const char *name);

/** Clean `path` as Go's path.Clean does: no ".", no doubled slash, ".." folded (never above
 * "/"). Returns a new string (owned), or NULL without memory. */
char *bt_path_clean(const char *path);

/** The part after the last slash; borrowed from `path`. */
const char *bt_path_base(const char *path);

/** Is `path` `dir` itself or below it? Both clean and absolute. */
bool bt_path_is_under(const char *path, const char *dir);

#endif
