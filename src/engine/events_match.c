/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/events_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/filters.h"
#include "engine/jget.h"

static const char *get_label(const void *arg, const char *key)
{
	return json_string_value(json_object_get(arg, key));
}

/* "exec_start: sh -c x" is also found as "exec_start", "health_status: healthy" alike. */
static bool match_action(const struct bt_filters *f, const char *action)
{
	bt_auto_free char *head = strndup(action, strcspn(action, ":"));

	return bt_filters_exact(f, "event", action) || (head && bt_filters_exact(f, "event", head));
}

/* An object of `type` by its id (also a prefix) or name. */
static bool match_object(const struct bt_filters *f, const char *filter, const char *type,
			 const json_t *message)
{
	const json_t *actor = json_object_get(message, "Actor");
	const char *id = bt_jget_text(actor, "ID"), *value;
	const char *name = bt_jget_text(json_object_get(actor, "Attributes"), "name");

	if (!bt_filters_has(f, filter))
		return true;
	if (strcmp(bt_jget_text(message, "Type"), type) != 0)
		return false;
	for (size_t i = 0; (value = bt_filters_value(f, filter, i)); i++)
		if (value[0] && (strcmp(name, value) == 0 || bt_str_after(id, value)))
			return true;
	return false;
}

/* With or without its tag. */
static bool is_image(const char *value, const char *image)
{
	const char *rest = bt_str_after(image, value);

	return value[0] && rest && (*rest == '\0' || (*rest == ':' && !strchr(rest, '/')));
}

static bool match_image(const struct bt_filters *f, const json_t *message)
{
	const json_t *actor = json_object_get(message, "Actor");
	const json_t *attributes = json_object_get(actor, "Attributes");
	bool image = strcmp(bt_jget_text(message, "Type"), "image") == 0;
	const char *value;

	if (!bt_filters_has(f, "image"))
		return true;
	for (size_t i = 0; (value = bt_filters_value(f, "image", i)); i++)
		if (is_image(value, bt_jget_text(attributes, image ? "name" : "image")) ||
		    (image && value[0] && bt_str_after(bt_jget_text(actor, "ID"), value)))
			return true;
	return false;
}

bool bt_events_match(const struct bt_filters *f, const json_t *message)
{
	const json_t *attributes = json_object_get(json_object_get(message, "Actor"), "Attributes");

	if (!f)
		return true;
	return bt_filters_exact(f, "type", bt_jget_text(message, "Type")) &&
	       bt_filters_exact(f, "scope", "local") &&
	       match_action(f, bt_jget_text(message, "Action")) &&
	       bt_filters_labels(f, "label", get_label, attributes) &&
	       match_object(f, "container", "container", message) &&
	       match_object(f, "network", "network", message) &&
	       match_object(f, "volume", "volume", message) &&
	       match_object(f, "daemon", "daemon", message) && match_image(f, message);
}
