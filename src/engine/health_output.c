/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/health_output.h"

#include <string.h>

#include "base/str.h"

#define HEAD 8

/* Take the frames' heads out, in place. Returns how much is left. */
static size_t unframe(char *text, size_t len)
{
	size_t in = 0, out = 0;

	while (in + HEAD <= len) {
		const unsigned char *head = (const unsigned char *)text + in;
		size_t n = (size_t)head[4] << 24 | (size_t)head[5] << 16 | (size_t)head[6] << 8 |
			   head[7];

		in += HEAD;
		if (n > len - in)
			n = len - in;
		memmove(text + out, text + in, n);
		in += n;
		out += n;
	}
	return out;
}

char *bt_health_output_keep(char *stream, size_t len)
{
	if (!stream)
		return strdup("");
	len = unframe(stream, len);
	if (len <= BT_HEALTH_OUTPUT_MAX)
		return strndup(stream, len);
	return bt_str_format("%.*s...", BT_HEALTH_OUTPUT_MAX, stream);
}
