/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_ORIGIN_H
#define BT_API_ORIGIN_H

/*
 * Requests that a web page makes in its reader's browser. Who listens on TCP is
 * reached by every page that is looked at on the machine: by a form that is
 * posted (it has an Origin that is not ours), and by a name that the page's owner
 * lets point to 127.0.0.1 (the Host is then that name).
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/** What a request over TCP says of where it comes from; texts are borrowed. */
struct bt_origin {
	const char *origin; /* header, or NULL */
	const char *host;   /* header, or NULL */
	bool changes;       /* not GET or HEAD, or it becomes a raw stream */
	bool tls;           /* then the certificate vouches for the name */
};

/** FORBIDDEN where a page of another origin asks for a change, or where without TLS the host is a
 * name: numbers, "localhost" and this machine's own name are fine. */
bt_nodiscard int bt_origin_check(const struct bt_origin *origin, struct bt_err *err);

#endif
