/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CODEC_PLATFORM_H
#define BT_CODEC_PLATFORM_H

/*
 * Platforms, "os[/arch[/variant]]", in Go's words for architectures
 * (OCI image-spec, image-index.md, "platform").
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/** A platform. Empty strings mean "any", or "none" for a variant. */
struct bt_platform {
	char os[16], arch[16], variant[16];
};

/** This machine's. */
void bt_platform_host(struct bt_platform *ret);

/** Parse; NULL and "" mean this machine's. Kind INVALID. */
bt_nodiscard int bt_platform_parse(const char *text, struct bt_platform *ret, struct bt_err *err);

/** How well what is `offered` does for who wants `wanted`: 0 not at all, else higher is better. */
int bt_platform_match(const struct bt_platform *wanted, const struct bt_platform *offered);

#endif
