/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_LOGS_JSON_TEXT_H
#define BT_LOGS_JSON_TEXT_H

/*
 * The inside of a JSON string, both ways, at the speed that logs need. A general
 * JSON library is used wherever this speed does not matter.
 *
 * Escaping follows what Docker's json-file writes (and Go's encoder): control
 * characters, quotes, backslashes, <, > and & are escaped, U+2028 and U+2029 too,
 * and each byte that is no UTF-8 becomes \ufffd.
 */

#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"

/* The most that one byte grows to, and what may be written beyond the end. */
#define BT_JSON_TEXT_GROWTH 6
#define BT_JSON_TEXT_SLACK  16

/** Write `len` bytes of `src`, escaped, without quotes. `dst` has room for
 * BT_JSON_TEXT_GROWTH * len + BT_JSON_TEXT_SLACK bytes. Returns the end of what was written. */
char *bt_json_text_escape(char *dst, const char *src, size_t len);

/** A string being read: moves as far as it is understood. */
struct bt_json_text {
	const char *src, *src_end;
	char *dst, *dst_end;
};

/**
 * Copy from src to dst, unescaped, up to the quote that ends the string; src then
 * points at that quote. Returns 0; -ENOSPC when dst is full, -EAGAIN when src
 * ended first, -EINVAL for what is no plain JSON text here (control characters, an unknown
 * escape, surrogates): a general parser shall look at it.
 */
bt_nodiscard int bt_json_text_unescape(struct bt_json_text *text);

#endif
