/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_VOLUME_OPTIONS_H
#define BT_ENGINE_VOLUME_OPTIONS_H

/*
 * The options of Docker's local volume driver: type, device and o are what
 * mount(8) calls them; size would be a quota. Pure: text to arguments of mount(2).
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

/** Arguments of mount(2). Owned. */
struct bt_volume_options {
	char *type, *device;
	char *data;          /* for the file system; "" for none */
	unsigned long flags; /* MS_* */
	unsigned long propagation;
	char *server; /* nfs, cifs: addr= of a server whose name must be looked up, or NULL */
};

/** Release and zero. */
void bt_volume_options_done(struct bt_volume_options *options);
#define bt_auto_volume_options bt_auto(bt_volume_options_done)

/** Are they options that a volume may have? INVALID in Docker's words. NULL and empty are fine. */
bt_nodiscard int bt_volume_options_check(const json_t *options, struct bt_err *err);

/** Sort them for mount(2). 1, or 0 where nothing is to be mounted. */
bt_nodiscard int bt_volume_options_read(const json_t *options, struct bt_volume_options *ret,
					struct bt_err *err);

#endif
