/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLIENT_AUTH_H
#define BT_CLIENT_AUTH_H

/*
 * Credentials of registries: in config.json, or in a helper program (docker-credential-NAME), and
 * the header that carries them to the daemon.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "client/config.h"

/** The key of Docker Hub, by which it has always been called. */
#define BT_AUTH_HUB "https://index.docker.io/v1/"

/** What a registry is called in the configuration, from its domain. */
const char *bt_auth_key(const char *domain);

/** The credentials of a registry: an object of username, password, identitytoken, serveraddress (a
 * new reference), or json_null() where there are none. */
bt_nodiscard int bt_auth_get(const struct bt_config *config, const char *key, json_t **ret,
			     struct bt_err *err);

/** Store or, with `auth` NULL, forget them. */
bt_nodiscard int bt_auth_set(struct bt_config *config, const char *key, const json_t *auth,
			     struct bt_err *err);

/** Append "X-Registry-Auth: …\r\n" for the registry of an image's name. */
bt_nodiscard int bt_auth_header(const struct bt_config *config, const char *image,
				struct bt_str *ret, struct bt_err *err);

#endif
