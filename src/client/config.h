/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLIENT_CONFIG_H
#define BT_CLIENT_CONFIG_H

/*
 * The command line's configuration file, $DOCKER_CONFIG/config.json or ~/.docker/config.json,
 * which berth shares with docker, and the contexts beside it.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_config {
	char *dir;    /* "/root/.docker" */
	json_t *json; /* an object, empty where there is no file */
};

/** Read the configuration below `dir` (NULL: as the environment says). A file that is not there is
 * an empty one. Returns 0 (release with bt_config_done()), or -EINVAL where it is no JSON. */
bt_nodiscard int bt_config_load(const char *dir, struct bt_config *ret, struct bt_err *err);

/** Replace the file by `config->json`, mode 0600, atomically. */
bt_nodiscard int bt_config_save(const struct bt_config *config, struct bt_err *err);

/** A top-level string, borrowed, or NULL. */
const char *bt_config_string(const struct bt_config *config, const char *name);

/** Release and leave empty. */
void bt_config_done(struct bt_config *config);

/** All contexts but "default": a new array of their meta.json objects, in order of name; each has
 * its directory of TLS files added as "TLSPath". */
bt_nodiscard int bt_config_contexts(const struct bt_config *config, json_t **ret,
				    struct bt_err *err);

/** The meta.json of the context `name` (a new reference), or -ENOENT with kind NOT_FOUND. */
bt_nodiscard int bt_config_context(const struct bt_config *config, const char *name, json_t **ret,
				   struct bt_err *err);

#endif
