/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLIENT_CONFIG_H
#define BT_CLIENT_CONFIG_H

/*
 * The command line's configuration file, $DOCKER_CONFIG/config.json or ~/.docker/config.json,
 * which berth shares with docker. The contexts beside it are in context.h.
 */

#include <jansson.h>
#include <sys/types.h>

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

/** Replace a file of text, atomically; its directory exists. */
bt_nodiscard int bt_config_replace_file(const char *path, mode_t mode, const char *text,
					struct bt_err *err);

/** A top-level string, borrowed, or NULL. */
const char *bt_config_string(const struct bt_config *config, const char *name);

/** Release and leave empty. */
void bt_config_done(struct bt_config *config);

#endif
