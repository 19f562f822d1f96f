/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_FRAMING_H
#define BT_API_FRAMING_H

/*
 * Do a request's headers leave no doubt about where it ends? Where a proxy in front
 * of the daemon and the daemon differ about that, what the one takes for a body is
 * the next request to the other (RFC 9112, sections 5.1, 6.1 and 6.3, and 11.2).
 * The HTTP library takes the first of several lengths and of several encodings, and an
 * encoding in HTTP/1.0, which has none; here all are looked at, and what is doubtful is
 * refused, and its connection closed.
 *
 * A line that ends in LF alone is a line (section 2.2 allows it, and Go's server, which
 * is Docker's, reads it so, too): what such an end could hide from a proxy is in the
 * headers that are looked at here.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

/** What the headers say; all else is zero at the beginning. */
struct bt_framing {
	bool is_old;        /* the request is of a version before HTTP/1.1: set it */
	const char *length; /* of the first Content-Length; borrowed */
	size_t length_len;
	unsigned lengths, encodings, hosts;
	bool lengths_differ, encoding_is_other, is_malformed;
};

/** Is a request's version, as it stands in its line, before HTTP/1.1? */
bool bt_framing_is_old(const char *http_version);

/** One header as it came, its bytes borrowed until bt_framing_check(). A field that has no name of
 * a token's characters or control characters in its value is malformed (RFC 9110, section 5). */
void bt_framing_add(struct bt_framing *framing, const char *name, size_t name_len,
		    const char *value, size_t value_len);

/** After all were added. Kind INVALID, or NOT_IMPLEMENTED for another encoding than "chunked".
 * Since HTTP/1.1 there must be a Host (section 3.2; with Docker's words), before it no encoding
 * (6.1); the errnum is EBADMSG: nothing that follows on this connection may be read as a request.
 */
bt_nodiscard int bt_framing_check(const struct bt_framing *framing, struct bt_err *err);

#endif
