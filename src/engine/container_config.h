/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_CONFIG_H
#define BT_ENGINE_CONTAINER_CONFIG_H

/*
 * The Config part of a container: what the request says, completed by its image,
 * in the form that inspect shows. No I/O.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

/**
 * Check and complete.
 *
 * @body:  the request of POST /containers/create, borrowed.
 * @image: the `config` object inside the image's configuration, borrowed; may be NULL.
 *
 * INVALID where a member is wrong, or "no command specified".
 */
bt_nodiscard int bt_container_config_make(const json_t *body, const json_t *image, json_t **ret,
					  struct bt_err *err);

/** Fill in Hostname where the request gave none: the host's own where it is shared (`host`),
 * else the id's first twelve digits. */
void bt_container_config_hostname(json_t *config, const char *id, bool host);

/** What runs: `*ret_path` is borrowed from `config`, `*ret_args` a new array of what follows it
 * (Docker's Path and Args). -ENOMEM or 0. */
bt_nodiscard int bt_container_config_command(const json_t *config, const char **ret_path,
					     json_t **ret_args);

#endif
