/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_HOST_CONFIG_H
#define BT_ENGINE_HOST_CONFIG_H

/*
 * The HostConfig part of a container: checked, completed with Docker's defaults,
 * in the form that inspect shows.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine_config;

/**
 * Check and complete.
 *
 * @in:       HostConfig of the request, borrowed; may be NULL.
 * @cfg:      what the daemon sets where the request says nothing.
 * @warnings: array that "Warnings" of the answer are added to; borrowed.
 *
 * INVALID where a member is wrong, in Docker's words; NOT_IMPLEMENTED where it asks for what
 * berth does not do.
 */
bt_nodiscard int bt_host_config_make(const json_t *in, const struct bt_engine_config *cfg,
				     json_t *warnings, json_t **ret, struct bt_err *err);

/** The paths that are hidden by default: a new array of strings. */
json_t *bt_host_config_masked_paths(void);
/** The paths that are read-only by default: a new array of strings. */
json_t *bt_host_config_readonly_paths(void);

/** "container:X": X, borrowed; NULL for every other mode. */
const char *bt_host_config_container(const char *mode);
/** Does it join a namespace of another container: its network's, its processes' or its IPC's? */
bool bt_host_config_shares(const json_t *host_config);

#endif
