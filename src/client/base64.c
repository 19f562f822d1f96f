/* SPDX-License-Identifier: Apache-2.0 */

#include "client/base64.h"

#include <errno.h>
#include <string.h>

static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char letter(unsigned v, bool url)
{
	if (url && v == 62)
		return '-';
	return url && v == 63 ? '_' : plain[v];
}

void bt_base64_encode(struct bt_str *out, const void *data, size_t len, bool url)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i += 3) {
		unsigned v = (unsigned)p[i] << 16;

		v |= i + 1 < len ? (unsigned)p[i + 1] << 8 : 0;
		v |= i + 2 < len ? p[i + 2] : 0;
		bt_str_putc(out, letter(v >> 18, url));
		bt_str_putc(out, letter(v >> 12 & 63, url));
		bt_str_putc(out, i + 1 < len ? letter(v >> 6 & 63, url) : '=');
		bt_str_putc(out, i + 2 < len ? letter(v & 63, url) : '=');
	}
}

static int value(char c)
{
	const char *hit = c ? strchr(plain, c) : NULL;

	if (c == '-')
		return 62;
	if (c == '_')
		return 63;
	return hit ? (int)(hit - plain) : -1;
}

int bt_base64_decode(struct bt_str *out, const char *text)
{
	unsigned v = 0, bits = 0;

	for (; *text && *text != '='; text++) {
		int d = value(*text);

		if (*text == '\n' || *text == '\r')
			continue;
		if (d < 0)
			return -EINVAL;
		v = v << 6 | (unsigned)d;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			bt_str_putc(out, (char)(v >> bits & 0xff));
		}
	}
	return text[strspn(text, "=\r\n")] ? -EINVAL : 0;
}
