/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_LOGIN_H
#define BT_IMAGE_LOGIN_H

/*
 * `login`: are these credentials good for that registry?
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "image/images.h"

/** POST /auth: `auth` is its body {"username", "password", "serveraddress", …}. The answer is
 * {"Status": "Login Succeeded", "IdentityToken": ""}. Kind UNAUTHORIZED where they are refused. */
bt_nodiscard int bt_login(struct bt_images *images, const json_t *auth, json_t **ret,
			  struct bt_err *err);

#endif
