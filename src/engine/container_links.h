/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_LINKS_H
#define BT_ENGINE_CONTAINER_LINKS_H

/*
 * Links of old (`--link db:alias` on the default bridge): a line in /etc/hosts,
 * and variables that tell of the other's ports and environment. On networks of
 * the user's a link is a name (engine/network_names.h), and nothing here applies.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "engine/container.h"

/** The links of old that a HostConfig names, borrowed: those on the default bridge; or NULL. */
const json_t *bt_container_links_of(const json_t *host_config);

/** What a container called `name` gets of its links when it starts: lines appended to `hosts`, and
 * variables to the array `env`. A target that does not run is kind CONFLICT. */
bt_nodiscard int bt_container_links_make(struct bt_engine *engine, const char *name,
					 const json_t *host_config, struct bt_str *hosts,
					 json_t *env, struct bt_err *err);

/** The variables of one link; appended to `env`. `path` is "/web/alias"; `ports` an object "80/tcp"
 * → {} or NULL; `child_env` an array of "K=V" or NULL. */
void bt_container_links_env(const char *path, const char *address, const json_t *ports,
			    const json_t *child_env, json_t *env);

#endif
