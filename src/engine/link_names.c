/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/link_names.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/lock.h"
#include "base/str.h"
#include "engine/container_links.h"
#include "engine/container_row.h"
#include "engine/link_name.h"

static int append(json_t *names, const char *id, const char *parent, const char *alias)
{
	bt_auto_free char *name = bt_str_format("/%s/%s", parent, alias);
	json_t *list = json_object_get(names, id);

	if (!list && json_object_set_new(names, id, list = json_array()) < 0)
		return -ENOMEM;
	return name && json_array_append_new(list, json_string(name)) == 0 ? 0 : -ENOMEM;
}

static int add_link(struct bt_engine *engine, const char *parent, const char *stored, json_t *names)
{
	bt_auto_link_name struct bt_link_name link = { 0 };
	bt_auto_container struct bt_container *target = NULL;
	int r = bt_link_name_split(stored, &link);

	if (r < 0)
		return r;
	/* One that leads nowhere any more names nobody. */
	if (bt_link_name_target(engine, &link, &target, BT_ERR_IGNORED) < 0)
		return 0;
	return append(names, target->id, parent, link.alias);
}

static int add_links(struct bt_container *c, json_t *names, struct bt_err *err)
{
	bt_auto_settings struct bt_container_settings s = { 0 };
	bt_auto_free char *parent = NULL;
	const json_t *link;
	size_t i;
	int r = bt_container_row_settings(c, &s, err);

	/* Removed at this moment. */
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	pthread_mutex_lock(&c->lock);
	parent = strdup(c->name);
	pthread_mutex_unlock(&c->lock);
	r = parent ? 0 : -ENOMEM;
	json_array_foreach (bt_container_links_of(s.host_config), i, link)
		if (r == 0)
			r = add_link(c->engine, parent, json_string_value(link), names);
	return r < 0 ? bt_err_sys(err, r, "name the links of container %.12s", c->id) : 0;
}

int bt_link_names_all(struct bt_container *const *containers, ssize_t n, json_t **ret,
		      struct bt_err *err)
{
	json_auto_t *names = NULL;
	int r = 0;

	for (ssize_t i = 0; r == 0 && i < n; i++) {
		if (!containers[i]->has_links)
			continue;
		if (!names)
			names = json_object();
		r = add_links(containers[i], names, err);
	}
	if (r == 0)
		*ret = bt_take(names);
	return r;
}
