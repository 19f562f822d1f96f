/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_ROW_H
#define BT_ENGINE_CONTAINER_ROW_H

/*
 * A container's row in the database: what it was created with, as JSON text, and
 * its state. The column `config` holds {"Config":…,"Mounts":[…]}, and
 * "Labels" where SELinux gives any.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/container.h"

struct bt_engine;

/** What a container was created with; all owned. */
struct bt_container_settings {
	json_t *config;      /* as inspect shows it */
	json_t *host_config; /* as inspect shows it */
	json_t *networking;  /* NetworkingConfig of the request */
	json_t *mounts;      /* engine/mounts.h */
	json_t *labels;      /* {"Process":…,"Mount":…} of SELinux, or NULL */
};

/** Release what it owns. */
void bt_container_row_settings_done(struct bt_container_settings *settings);
#define bt_auto_settings bt_auto(bt_container_row_settings_done)

/** Insert the rows of a new container, within a transaction of the caller's. CONFLICT where its
 * name is in use: nothing is inserted then, and the transaction may go on. */
bt_nodiscard int bt_container_row_insert(struct bt_container *container,
					 const struct bt_container_settings *settings,
					 struct bt_err *err);
/** Read what it was created with. */
bt_nodiscard int bt_container_row_settings(const struct bt_container *container,
					   struct bt_container_settings *ret, struct bt_err *err);
/** Write HostConfig anew. */
bt_nodiscard int bt_container_row_host_config(const struct bt_container *container,
					      const json_t *hc, struct bt_err *err);
/** Write the state (and the journal's position). Under the container's lock. */
bt_nodiscard int bt_container_row_state(const struct bt_container *container, struct bt_err *err);
/** Write the name. */
bt_nodiscard int bt_container_row_name(const struct bt_container *container, const char *name,
				       struct bt_err *err);
/** Remove the row; a missing one is fine. */
bt_nodiscard int bt_container_row_delete(const struct bt_container *container, struct bt_err *err);
/** Make a container of each row and put it into the index. */
bt_nodiscard int bt_container_row_load_all(struct bt_engine *engine, struct bt_err *err);

#endif
