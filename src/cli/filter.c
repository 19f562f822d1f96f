/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/filter.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "client/target.h"

static void add_one(json_t *filters, const char *text)
{
	size_t len = strcspn(text, "=");
	char name[64];
	json_t *values;

	if (!text[len] || len >= sizeof(name))
		return;
	for (size_t i = 0; i < len; i++)
		name[i] = (char)tolower((unsigned char)text[i]);
	while (len && name[len - 1] == ' ')
		len--;
	name[len] = '\0';
	values = json_object_get(filters, name);
	if (!values) {
		values = json_object();
		(void)json_object_set_new(filters, name, values);
	}
	text = strchr(text, '=') + 1;
	(void)json_object_set_new(values, text + strspn(text, " "), json_true());
}

void bt_filter_add(struct bt_str *target, const struct bt_args *args, const char *name,
		   const char *extra)
{
	json_auto_t *filters = json_object();
	bt_auto_free char *text = NULL;
	const char *value;

	for (size_t i = 0; (value = bt_args_item(args, name, i)); i++)
		add_one(filters, value);
	if (extra)
		add_one(filters, extra);
	if (!json_object_size(filters))
		return;
	text = json_dumps(filters, JSON_COMPACT);
	bt_target_add(target, "filters", text);
}
