/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLIENT_BASE64_H
#define BT_CLIENT_BASE64_H

/*
 * Base 64 (RFC 4648): credentials in the configuration and in headers.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

/** Append the encoding of `data`; `url` takes the alphabet that is safe in addresses. Padded. */
void bt_base64_encode(struct bt_str *out, const void *data, size_t len, bool url);

/** Append the decoding of `text`, of either alphabet, with or without padding. Returns 0 or
 * -EINVAL. */
bt_nodiscard int bt_base64_decode(struct bt_str *out, const char *text);

#endif
