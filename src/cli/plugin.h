/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_PLUGIN_H
#define BT_CLI_PLUGIN_H

/*
 * docker's plugins: programs called docker-NAME that add a command (compose, buildx). Nothing is
 * run to look for them: a plugin is a file of that name in one of docker's directories.
 */

#include "cli/cli.h"

/** Become the plugin that has the command `words[0]`; `build` is buildx's. Returns only where there
 * is none, or where it cannot be run (the message is printed then, and the exit code returned); 0
 * means none. */
int bt_plugin_try(struct bt_cli *cli, int argc, char **words);

#endif
