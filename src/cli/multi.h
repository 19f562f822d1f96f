/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_MULTI_H
#define BT_CLI_MULTI_H

/*
 * Commands that do the same to several things: `stop a b c`. The calls run at the same time, each
 * on a connection of its own; what comes of them is told in the order of the arguments.
 */

#include "base/str.h"
#include "cli/cli.h"

struct bt_multi {
	const char *method;
	/* Append the target for `name`. */
	void (*target)(const struct bt_args *args, const char *name, struct bt_str *target);
	/* Tell what came of it; NULL: print the name. Returns 0 or a negative errno with `err` set.
	 */
	int (*done)(const struct bt_args *args, const char *name, const json_t *answer,
		    struct bt_err *err);
	/* Is a failure none after all (rm -f of what is not there)? NULL: never. */
	bool (*excused)(const struct bt_args *args, const struct bt_err *err);
};

/** Do it to all positional arguments. Messages of failures come last. Returns the exit code. */
int bt_multi_run(struct bt_cli *cli, const struct bt_args *args, const struct bt_multi *multi);

/** Append "/containers/NAME" and `rest`. */
void bt_multi_container(struct bt_str *target, const char *name, const char *rest);

#endif
