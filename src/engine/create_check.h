/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CREATE_CHECK_H
#define BT_ENGINE_CREATE_CHECK_H

/*
 * What of a request to create a container fits together only with something
 * else: other members of it, or other containers.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

/**
 * Check the names of other containers in IpcMode, PidMode and Links, and that hostname, links and
 * ports fit the network mode.
 *
 * @body: the request; @hc: its HostConfig, complete. A link's container gets its own name there:
 *        "3f2a:db" is stored as "web:db".
 *
 * INVALID in Docker's words.
 */
bt_nodiscard int bt_create_check(struct bt_engine *engine, const json_t *body, json_t *hc,
				 struct bt_err *err);

/** "container[:alias]", as in HostConfig.Links: both owned, `alias` is the name where it is not
 * given. INVALID. */
bt_nodiscard int bt_create_check_link(const char *link, char **ret_name, char **ret_alias,
				      struct bt_err *err);

#endif
