/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_PROGRAM_H
#define BT_RUNTIME_PROGRAM_H

/*
 * Finding the user's program inside the container, and saying why it cannot be
 * run in the words that Docker's command line knows: it tells exit code 127 from
 * 126 by "executable file not found", "no such file or directory" and
 * "permission denied" in the message.
 */

#include <limits.h>

#include "base/attr.h"
#include "base/err.h"

/**
 * The path to give to execve(2) for `name`: itself if it has a slash, else the
 * first executable file of that name in `path_list` (as $PATH). Relative to the
 * caller's root and working directory, with the caller's rights; allocates nothing.
 *
 * Returns 0, or -ENOENT, or what hinders it (with a slash in the name; or a fault, as of a
 * disk, in a directory of the list), with the message.
 */
bt_nodiscard int bt_program_find(const char *name, const char *path_list, char ret[PATH_MAX],
				 struct bt_err *err);

/** The error of an execve(2) of `name` that failed with `errnum`. Returns -errnum. */
int bt_program_failed(const char *name, int errnum, struct bt_err *err);

/**
 * The home directory of `uid` by /etc/passwd in the caller's root; "/" where it has
 * none. Reads at most 1 MiB, ignores longer lines than 4 KiB, allocates nothing.
 */
void bt_program_home(unsigned uid, char ret[PATH_MAX]);

/** The same from an open passwd file (passwd(5)). */
void bt_program_home_in(int fd, unsigned uid, char ret[PATH_MAX]);

#endif
