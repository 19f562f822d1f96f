/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_INSPECT_H
#define BT_CLI_INSPECT_H

/*
 * Showing things whole: as an indented list of JSON, or by a template each.
 */

#include "base/str.h"
#include "cli/cli.h"

/** Fetch the raw JSON of `name` into `ret` (owned by the caller). Returns 0, or negative. */
typedef int (*bt_inspect_fetch)(struct bt_cli *cli, const struct bt_args *args, const char *name,
				char **ret, struct bt_err *err);

/** Inspect all positional arguments by the flag --format. Returns the exit code. */
int bt_inspect_run(struct bt_cli *cli, const struct bt_args *args, bt_inspect_fetch fetch);

/** GET a target and keep the answer as text (owned by the caller). */
bt_nodiscard int bt_inspect_get(struct bt_cli *cli, const char *target, char **ret,
				struct bt_err *err);

/** Append JSON text with four blanks for each level, and `level` levels before each line but the
 * first. Strings and numbers stay exactly as they are. */
void bt_inspect_indent(struct bt_str *out, const char *json, unsigned level);

#endif
