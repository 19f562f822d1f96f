/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/volume_users.h"

#include <errno.h>

#include "base/auto.h"
#include "base/lock.h"
#include "codec/json_raw.h"
#include "engine/container.h"
#include "engine/jget.h"
#include "engine/volume_claim.h"

static int add_user(json_t *users, const char *volume, const char *id)
{
	json_t *ids = json_object_get(users, volume);

	if (!ids && json_object_set_new(users, volume, ids = json_object()) < 0)
		return -ENOMEM;
	return json_object_set_new(ids, id, json_true()) < 0 ? -ENOMEM : 0;
}

/* The volumes of one container, out of its summary's text; `only` NULL: all. */
static int add_users(json_t *users, const struct bt_container *c, const char *only)
{
	struct bt_json_raw mounts = bt_json_raw_member(bt_json_raw_of(c->summary), "Mounts");
	struct bt_json_raw none, mount;
	struct bt_json_walk walk;
	int r = 0;

	if (!bt_json_raw_filled(mounts) || bt_json_walk_begin(mounts, &walk) < 0)
		return 0;
	while (r == 0 && bt_json_walk_next(&walk, &none, &mount) > 0) {
		struct bt_json_raw text = bt_json_raw_member(mount, "Name");
		json_auto_t *name = NULL;

		/* The name of a volume is written without escapes. */
		if (!bt_json_raw_is(bt_json_raw_member(mount, "Type"), "volume") ||
		    (only && !bt_json_raw_is(text, only)))
			continue;
		name = bt_json_raw_load(text);
		if (json_string_length(name) > 0)
			r = add_user(users, json_string_value(name), c->id);
	}
	return r;
}

/* Is it being removed together with its volumes? Such a one does not come back: where the removal
 * fails half-way it is dead (engine/container_remove.c). */
static bool goes(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	return c->state.remove_volumes &&
	       (c->state.status == BT_CONTAINER_REMOVING || c->state.status == BT_CONTAINER_DEAD);
}

/* Claims before the index: whoever is in neither yet began later than this. */
static json_t *collect(struct bt_engine *engine, const char *only, bool staying)
{
	json_auto_t *users = bt_volume_claim_users(engine);
	struct bt_container **all = NULL;
	ssize_t n = bt_container_all(engine, &all);
	int r = users && n >= 0 ? 0 : -ENOMEM;

	for (ssize_t i = 0; r == 0 && i < n; i++)
		if (!staying || !goes(all[i]))
			r = add_users(users, all[i], only);
	bt_container_unref_all(all, n);
	return r == 0 ? bt_take(users) : NULL;
}

int bt_volume_users_all(struct bt_engine *engine, json_t **ret, struct bt_err *err)
{
	json_t *users = collect(engine, NULL, false);

	if (!users)
		return bt_err_sys(err, -ENOMEM, "find the users of volumes");
	*ret = users;
	return 0;
}

int bt_volume_users_of(struct bt_engine *engine, const char *volume, bool staying, json_t **ret,
		       struct bt_err *err)
{
	json_auto_t *users = collect(engine, volume, staying);
	json_t *ids = json_object_get(users, volume);

	if (!users)
		return bt_err_sys(err, -ENOMEM, "find the users of volume %s", volume);
	*ret = json_incref(ids);
	return ids ? 1 : 0;
}
