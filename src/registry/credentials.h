/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_REGISTRY_CREDENTIALS_H
#define BT_REGISTRY_CREDENTIALS_H

/*
 * Credentials as clients send them: the header X-Registry-Auth, base64url of
 * {"username", "password", "identitytoken", "registrytoken", "auth", …}.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

/** Owned texts, NULL where not given. */
struct bt_credentials {
	char *user, *password;
	char *identity_token; /* to be exchanged for access tokens */
	char *registry_token; /* an access token itself */
};

/** From the header; NULL, "" and garbage mean none, as with Docker. Returns 0 or -ENOMEM. */
bt_nodiscard int bt_credentials_parse(const char *header, struct bt_credentials *ret);
/** From the object itself. Returns 0 or -ENOMEM. */
bt_nodiscard int bt_credentials_from_json(const json_t *auth, struct bt_credentials *ret);
/** Release. */
void bt_credentials_done(struct bt_credentials *credentials);

#endif
