/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_COMPLETE_VALUES_H
#define BT_CLI_COMPLETE_VALUES_H

/*
 * The words that are offered for a flag's value or an argument: what the daemon has, the contexts,
 * and the fixed words of some flags.
 */

#include "cli/complete.h"

enum bt_complete_kind {
	BT_COMPLETE_NOTHING, /* nothing is known, and files are not meant */
	BT_COMPLETE_FILES,   /* the shell's own names of files */
	BT_COMPLETE_CONTAINERS,
	BT_COMPLETE_IMAGES,
	BT_COMPLETE_NETWORKS,
	BT_COMPLETE_VOLUMES,
	BT_COMPLETE_CONTEXTS,
};

/** What argument `index` (from 0) is, by what a command's usage calls it. */
enum bt_complete_kind bt_complete_values_kind(const char *usage, size_t index);

/** Offer all of a kind. Of containers those are offered that `command` (may be NULL) can do
 * something with: "start" has those that do not run. Returns the bits for the last line. */
int bt_complete_values_of(struct bt_cli *cli, const struct bt_complete *c,
			  enum bt_complete_kind kind, const struct bt_command *command);

/** The same for the value of a flag. */
int bt_complete_values_flag(struct bt_cli *cli, const struct bt_complete *c,
			    const struct bt_flag *flag);

#endif
