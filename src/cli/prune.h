/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_PRUNE_H
#define BT_CLI_PRUNE_H

/*
 * Clearing away what is not used: the forms for one kind of thing, which `system prune` puts
 * together.
 */

#include "cli/cli.h"

/** What one kind is called in the API and in what is printed. */
struct bt_prune_kind {
	const char *target; /* "/containers/prune" */
	const char *list;   /* member of the answer: "ContainersDeleted" */
	const char *title;  /* "Deleted Containers" */
};

extern const struct bt_prune_kind bt_prune_containers, bt_prune_images, bt_prune_networks,
	bt_prune_volumes;

/** Clear one kind, print what went, and add the bytes won to `*space`. `filter`: one more filter
 * ("dangling=true"), or NULL. */
bt_nodiscard int bt_prune_kind(struct bt_cli *cli, const struct bt_args *args,
			       const struct bt_prune_kind *kind, const char *filter,
			       json_int_t *space, struct bt_err *err);

#endif
