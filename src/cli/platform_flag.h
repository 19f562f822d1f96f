/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_PLATFORM_FLAG_H
#define BT_CLI_PLATFORM_FLAG_H

/*
 * --platform "os[/arch[/variant]]", which the daemon wants as JSON wherever an
 * image is here already (pull, import and create take the text itself).
 */

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

#define BT_HELP_PLATFORM "Platform, as os[/arch[/variant]]"

/** Append `text` as the parameter `name`, as JSON of an OCI platform. NULL and "" append nothing.
 * Kind INVALID where it is no platform. */
bt_nodiscard int bt_platform_flag_add(struct bt_str *target, const char *name, const char *text,
				      struct bt_err *err);

#endif
