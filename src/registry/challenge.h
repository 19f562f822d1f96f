/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_REGISTRY_CHALLENGE_H
#define BT_REGISTRY_CHALLENGE_H

/*
 * The header WWW-Authenticate (RFC 9110, 11.6.1), as registries use it:
 * Bearer realm="https://auth",service="registry",scope="repository:a:pull"
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/** A challenge; owned texts, NULL where not given. */
struct bt_challenge {
	bool bearer, basic;
	char *realm, *service, *scope;
};

/** Parse the first challenge of `text`. Kind UNAUTHORIZED where it is malformed or of another
 * scheme. */
bt_nodiscard int bt_challenge_parse(const char *text, struct bt_challenge *ret, struct bt_err *err);
/** Release. */
void bt_challenge_done(struct bt_challenge *challenge);

#endif
