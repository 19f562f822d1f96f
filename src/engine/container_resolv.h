/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_RESOLV_H
#define BT_ENGINE_CONTAINER_RESOLV_H

/*
 * A container's resolv.conf(5): made of the host's and of what the user asked
 * for, and left alone from the moment when somebody edited it. Its last line is a
 * comment with the digest of those before; where Docker wrote it, or an earlier
 * berth, that is in resolv.conf.hash beside it.
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/** What it is made of; borrowed. */
struct bt_container_resolv {
	const char *host;          /* the text of the host's */
	const json_t *host_config; /* Dns, DnsSearch, DnsOptions */
	bool resolver;             /* the name server at 127.0.0.11 asks the others */
	bool host_network;         /* the host's loopback is the container's, too */
};

/** Append the text to `out`. */
void bt_container_resolv_make(const struct bt_container_resolv *resolv, struct bt_str *out);

/** Write the text to the file resolv.conf in the directory at path `dir`, in place, unless somebody
 * changed what is there. Returns 0 also then. */
bt_nodiscard int bt_container_resolv_write(const char *dir, const char *text, struct bt_err *err);

#endif
