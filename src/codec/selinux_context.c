/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/selinux_context.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = { "user", "role", "type", "level" };

/* The level is last and may have colons of its own. */
static bool is_value(enum bt_selinux_part part, const char *value, size_t len)
{
	if (len >= BT_SELINUX_LABEL_LEN || (len == 0 && part != BT_SELINUX_LEVEL))
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = value[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"'\\", c))
			return false;
		if (part != BT_SELINUX_LEVEL && (c == ':' || c == ','))
			return false;
	}
	return true;
}

static int take(const char *value, size_t len, enum bt_selinux_part part,
		struct bt_selinux_context *ret)
{
	if (!is_value(part, value, len))
		return -EINVAL;
	memcpy(ret->part[part], value, len);
	ret->part[part][len] = '\0';
	return 0;
}

int bt_selinux_context_parse(const char *text, struct bt_selinux_context *ret)
{
	struct bt_selinux_context context = { 0 };

	if (strnlen(text, BT_SELINUX_LABEL_LEN) == BT_SELINUX_LABEL_LEN)
		return -EINVAL;
	for (int part = 0; part < BT_SELINUX_PARTS; part++) {
		bool last = part == BT_SELINUX_LEVEL;
		size_t len = last ? strlen(text) : strcspn(text, ":");

		if (take(text, len, (enum bt_selinux_part)part, &context) < 0)
			return -EINVAL;
		/* "a:b:c:" has an empty level, which is not the same as none. */
		if (text[len] == ':' && text[len + 1] == '\0' && part == BT_SELINUX_TYPE)
			return -EINVAL;
		text += len + (text[len] == ':');
	}
	*ret = context;
	return 0;
}

int bt_selinux_context_set(struct bt_selinux_context *context, enum bt_selinux_part part,
			   const char *value)
{
	return take(value, strnlen(value, BT_SELINUX_LABEL_LEN), part, context);
}

int bt_selinux_context_print(const struct bt_selinux_context *context,
			     char ret[BT_SELINUX_LABEL_LEN])
{
	const char *level = context->part[BT_SELINUX_LEVEL];
	char text[BT_SELINUX_LABEL_LEN];
	int n = snprintf(text, sizeof(text), "%s:%s:%s%s%s", context->part[BT_SELINUX_USER],
			 context->part[BT_SELINUX_ROLE], context->part[BT_SELINUX_TYPE],
			 level[0] ? ":" : "", level);

	if (n < 0 || (size_t)n >= sizeof(text))
		return -EINVAL;
	memcpy(ret, text, (size_t)n + 1);
	return 0;
}

int bt_selinux_context_part(const char *name, size_t len)
{
	for (int i = 0; i < BT_SELINUX_PARTS; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return i;
	return -EINVAL;
}

static size_t trim(const char **at, const char *end)
{
	while (*at < end && strchr(" \t\r", **at))
		(*at)++;
	while (end > *at && strchr(" \t\r", end[-1]))
		end--;
	return (size_t)(end - *at);
}

/* The value of a line that is of `key`: its context, without quotes. */
static bool read_line(const char *line, const char *end, const char *key,
		      char ret[BT_SELINUX_LABEL_LEN])
{
	const char *equals = memchr(line, '=', (size_t)(end - line));
	const char *value = equals ? equals + 1 : end;
	struct bt_selinux_context context;
	char text[BT_SELINUX_LABEL_LEN];
	size_t len = equals ? trim(&line, equals) : 0;

	if (len == 0 || len != strlen(key) || memcmp(line, key, len) != 0)
		return false;
	len = trim(&value, end);
	while (len > 0 && value[0] == '"') {
		value++;
		len--;
	}
	while (len > 0 && value[len - 1] == '"')
		len--;
	if (len >= sizeof(text))
		return false;
	memcpy(text, value, len);
	text[len] = '\0';
	return bt_selinux_context_parse(text, &context) == 0 &&
	       bt_selinux_context_print(&context, ret) == 0;
}

bool bt_selinux_context_find(const char *text, const char *key, char ret[BT_SELINUX_LABEL_LEN])
{
	bool found = false;

	while (*text) {
		const char *end = text + strcspn(text, "\n"), *line = text;

		(void)trim(&line, end);
		if (line < end && *line != '#' && *line != ';')
			found |= read_line(line, end, key, ret);
		text = end + (*end == '\n');
	}
	return found;
}
