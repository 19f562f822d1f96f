/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/link_name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "engine/container_row.h"
#include "engine/jget.h"

int bt_link_name_split(const char *stored, struct bt_link_name *ret)
{
	const char *target = stored[0] == '/' ? stored + 1 : stored;
	size_t len = strcspn(target, ":"), name = strcspn(target, "/:");
	const char *alias = target[len] ? target + len + 1 : target;
	const char *last = strrchr(alias, '/');
	struct bt_link_name link = {
		.name = strndup(target, name),
		.id = name < len ? strndup(target + name + 1, len - name - 1) : NULL,
		.alias = strdup(last ? last + 1 : alias),
	};

	if (!link.name || !link.alias || (name < len && !link.id)) {
		bt_link_name_done(&link);
		return -ENOMEM;
	}
	*ret = link;
	return 0;
}

char *bt_link_name_join(const char *name, const char *id, const char *alias)
{
	return bt_str_format("%s/%s:%s", name, id, alias);
}

int bt_link_name_target(struct bt_engine *engine, const struct bt_link_name *link,
			struct bt_container **ret, struct bt_err *err)
{
	int r = link->id ? bt_container_get(engine, link->id, ret, err) : -ENOENT;

	return r == -ENOENT ? bt_container_get(engine, link->name, ret, err) : r;
}

void bt_link_name_done(struct bt_link_name *link)
{
	free(link->name);
	free(link->id);
	free(link->alias);
	*link = (struct bt_link_name){ 0 };
}

/* Take the link away from the list: false where it is not there. */
static bool drop(json_t *links, const char *alias)
{
	const json_t *link;
	size_t i;

	json_array_foreach (links, i, link) {
		const char *colon = strchr(json_string_value(link), ':');

		if (colon && strcmp(colon + 1, alias) == 0)
			return json_array_remove(links, i) == 0;
	}
	return false;
}

int bt_link_name_remove(struct bt_engine *engine, const char *name, struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	bt_auto_settings struct bt_container_settings s = { 0 };
	const char *bare = name + (name[0] == '/'), *slash = strchr(bare, '/');
	bt_auto_free char *parent = slash ? strndup(bare, (size_t)(slash - bare)) : NULL;
	int r;

	if (!slash || slash == bare || slash[1] == '\0')
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "Conflict, cannot remove the default link name of the container");
	if (!parent)
		return bt_err_sys(err, -ENOMEM, "remove a link");
	r = bt_container_get(engine, parent, &c, err);
	if (r < 0)
		return bt_err_set(err, BT_ERR_INVALID, ENOENT,
				  "Cannot get parent /%.200s for name /%.200s", parent, bare);
	bt_auto_lock(op, &c->op);
	r = bt_container_row_settings(c, &s, err);
	if (r < 0)
		return r;
	if (!drop(json_object_get(s.host_config, "Links"), slash + 1))
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "no such link: %.200s", bare);
	return bt_container_row_host_config(c, s.host_config, err);
}
