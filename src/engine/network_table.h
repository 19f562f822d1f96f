/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_TABLE_H
#define BT_ENGINE_NETWORK_TABLE_H

/*
 * The networks in memory, and their rows in the database.
 */

#include "base/attr.h"
#include "base/err.h"
#include "engine/network_private.h"

/** Read all rows into the list. */
bt_nodiscard int bt_network_table_load(struct bt_networks *nets, struct bt_err *err);
/** Free the list. */
void bt_network_table_free(struct bt_networks *nets);

/** A network made of its parts, in no list; `config` is borrowed and copied. INVALID where the
 * config makes no sense. */
bt_nodiscard int bt_network_table_make(const char *id, const char *name, int64_t created_ns,
				       const json_t *config, struct bt_network **ret,
				       struct bt_err *err);
/** Free one that is in no list. NULL is fine. */
void bt_network_table_destroy(struct bt_network *net);
/** Write its row, new or changed, and put it into the list where it is not there yet, which
 * then owns it. */
bt_nodiscard int bt_network_table_store(struct bt_networks *nets, struct bt_network *net,
					struct bt_err *err);
/** Delete its row, take it out of the list and free it. */
bt_nodiscard int bt_network_table_delete(struct bt_networks *nets, struct bt_network *net,
					 struct bt_err *err);

/** Under lock: by id, name, or unambiguous prefix of an id. NOT_FOUND "network x not found". */
bt_nodiscard int bt_network_table_find(struct bt_networks *nets, const char *ref,
				       struct bt_network **ret, struct bt_err *err);
/** Under lock: by exact name; NULL where there is none. */
struct bt_network *bt_network_table_named(struct bt_networks *nets, const char *name);

/** Under lock: CONFLICT where another network has the same bridge. */
bt_nodiscard int bt_network_table_bridge_free(struct bt_networks *nets,
					      const struct bt_network *net, struct bt_err *err);
/** For bt_subnets_find(): under lock, does one of our networks overlap it? `arg`: nets. */
bool bt_network_table_overlaps(const struct bt_prefix *network, const void *arg);

#endif
