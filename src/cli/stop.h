/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_STOP_H
#define BT_CLI_STOP_H

/*
 * What `stop` and `restart` have in common: the flags that say how a container is
 * asked to end, and where they go.
 */

#include "base/str.h"
#include "cli/args.h"

/** --signal, --timeout, and its older name --time. */
extern const struct bt_flag bt_stop_flags[];

/** The target of a request for `action` ("/stop") on the container `name`, with what the flags
 * say, into `to`, which fails sticky. */
void bt_stop_target(const struct bt_args *args, const char *name, const char *action,
		    struct bt_str *to);

#endif
