/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/detach_keys.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

#define DEFAULT "ctrl-p,ctrl-q"

/* The byte of one key of `len` characters, or -1. */
static int parse_key(const char *text, size_t len)
{
	char c;

	if (len == 1)
		return (unsigned char)text[0];
	if (len != 6 || strncmp(text, "ctrl-", 5) != 0)
		return -1;
	c = text[5];
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 1;
	if (c == '@' || (c >= '[' && c <= '_'))
		return c - '@';
	return -1;
}

int bt_detach_keys_parse(const char *text, struct bt_detach_keys *ret)
{
	struct bt_detach_keys keys = { 0 };
	const char *p = text && *text ? text : DEFAULT;

	for (;;) {
		/* A lone comma is a key too: the separator is the comma behind a key. */
		size_t len = *p ? 1 + strcspn(p + 1, ",") : 0;
		int key = parse_key(p, len);

		if (key < 0 || keys.len == BT_DETACH_KEYS_MAX)
			return -EINVAL;
		keys.keys[keys.len++] = (unsigned char)key;
		p += len;
		if (*p == '\0')
			break;
		p++;
	}
	*ret = keys;
	return 0;
}

bool bt_detach_keys_filter(struct bt_detach_keys *keys, const char *data, size_t len, char *out,
			   size_t *ret_len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)data[i];

		if (keys->matched > 0 && c != keys->keys[keys->matched]) {
			memcpy(out + n, keys->keys, keys->matched);
			n += keys->matched;
			keys->matched = 0;
		}
		if (keys->len > 0 && c == keys->keys[keys->matched])
			keys->matched++;
		else
			out[n++] = data[i];
		if (keys->len > 0 && keys->matched == keys->len) {
			keys->matched = 0;
			*ret_len = n;
			return true;
		}
	}
	*ret_len = n;
	return false;
}
