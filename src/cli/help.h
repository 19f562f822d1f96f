/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_HELP_H
#define BT_CLI_HELP_H

/*
 * Help and usage texts in docker's layout, wrapped to the terminal's width.
 */

#include <stdio.h>

#include "cli/args.h"

/** All about one command: usage, purpose, aliases, flags. `prog` is the program's name, `path` the
 * name under which it was called ("docker container ls"). */
void bt_help_command(FILE *out, const struct bt_command *command, const char *prog,
		     const char *path);

/** "Usage:  docker ps [OPTIONS]" */
void bt_help_usage(FILE *out, const struct bt_command *command, const char *path);

/** The commands below a group ("container"), or, for "", the whole program. */
void bt_help_group(FILE *out, const char *prog, const char *group, const struct bt_flag *flags);

#endif
