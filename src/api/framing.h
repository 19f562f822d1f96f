/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_FRAMING_H
#define BT_API_FRAMING_H

/*
 * Do a request's headers leave no doubt about where it ends? Where a proxy in front
 * of the daemon and the daemon differ about that, what the one takes for a body is
 * the next request to the other (RFC 9112, sections 5.1, 6.1 and 6.3, and 11.2).
 * The HTTP library takes the first of several lengths and of several encodings; here
 * all are looked at, and what is doubtful is refused, and its connection closed.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

/** What the headers say; zeroed at the beginning. */
struct bt_framing {
	const char *length; /* of the first Content-Length; borrowed */
	size_t length_len;
	unsigned lengths, encodings, hosts;
	bool lengths_differ, encoding_is_other, is_malformed;
};

/** One header as it came, its bytes borrowed until bt_framing_check(). A field that has no name of
 * a token's characters or control characters in its value is malformed (RFC 9110, section 5). */
void bt_framing_add(struct bt_framing *framing, const char *name, size_t name_len,
		    const char *value, size_t value_len);

/** After all were added. Kind INVALID, or NOT_IMPLEMENTED for another encoding than "chunked";
 * the errnum is EBADMSG: nothing that follows on this connection may be read as a request. */
bt_nodiscard int bt_framing_check(const struct bt_framing *framing, struct bt_err *err);

#endif
