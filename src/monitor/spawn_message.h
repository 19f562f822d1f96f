/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_SPAWN_MESSAGE_H
#define BT_MONITOR_SPAWN_MESSAGE_H

/*
 * struct bt_spawn as the text of a "spawn" message, both ways.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "monitor/protocol.h"

/** The message without its "fds" member; a new reference. Returns 0; -EINVAL for texts that are
 * no UTF-8; -ENOMEM. */
bt_nodiscard int bt_spawn_message_encode(const struct bt_spawn *spawn, json_t **ret);

/** Read a message. Strings are borrowed from `json`; the clients are written to `ret_clients`,
 * which has room for `max_clients` and which *ret points to. Returns 0, or -EINVAL with the
 * member named. */
bt_nodiscard int bt_spawn_message_decode(const json_t *json, struct bt_spawn_client *ret_clients,
					 unsigned max_clients, struct bt_spawn *ret,
					 struct bt_err *err);

/** {"policy":NAME,"max":N}; a new reference, or NULL without memory. */
json_t *bt_spawn_message_restart(const struct bt_restart *restart);

/** The other way. Returns 0 or -EINVAL. */
bt_nodiscard int bt_spawn_message_restart_decode(const json_t *json, struct bt_restart *ret);

/** {"stdin":B,…} members of one client added to `object`. Returns 0, -EINVAL or -ENOMEM. */
bt_nodiscard int bt_spawn_message_client(const struct bt_spawn_client *client, json_t *object);

/** The other way; detach_keys is borrowed from `json`. */
struct bt_spawn_client bt_spawn_message_client_decode(const json_t *json);

#endif
