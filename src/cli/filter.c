/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/filter.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "client/target.h"
#include "codec/json.h"

/* `len` bytes without the blanks around them, as a JSON string: what is no UTF-8 must not get lost,
 * since a filter that is not sent lets everything through. */
static json_t *trimmed(const char *text, size_t len)
{
	bt_auto_free char *copy = NULL;

	while (len && isspace((unsigned char)*text))
		text++, len--;
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	copy = strndup(text, len);
	return copy ? bt_json_text(copy) : NULL;
}

static int add_one(json_t *filters, const char *text)
{
	size_t len = strcspn(text, "=");
	json_auto_t *name = NULL, *value = NULL;
	bt_auto_free char *lower = NULL;
	json_t *values;

	/* An empty one is none, and there is no other without '=': bt_check_filter(). */
	if (!text[len])
		return 0;
	name = trimmed(text, len);
	value = trimmed(text + len + 1, strlen(text + len + 1));
	lower = name ? strdup(json_string_value(name)) : NULL;
	if (!lower || !value)
		return -ENOMEM;
	for (char *c = lower; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (!json_object_get(filters, lower))
		(void)json_object_set_new(filters, lower, json_object());
	values = json_object_get(filters, lower);
	return json_object_set_new(values, json_string_value(value), json_true()) < 0 ? -ENOMEM : 0;
}

void bt_filter_add(struct bt_str *target, const struct bt_args *args, const char *name,
		   const char *extra)
{
	json_auto_t *filters = json_object();
	bt_auto_free char *text = NULL;
	const char *value;
	int r = 0;

	for (size_t i = 0; r == 0 && (value = bt_args_item(args, name, i)); i++)
		r = add_one(filters, value);
	if (r == 0 && extra)
		r = add_one(filters, extra);
	if (r == 0 && !json_object_size(filters))
		return;
	text = r == 0 ? json_dumps(filters, JSON_COMPACT) : NULL;
	if (text)
		bt_target_add(target, "filters", text);
	else
		target->failed = -ENOMEM;
}
