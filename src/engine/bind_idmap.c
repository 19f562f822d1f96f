/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/bind_idmap.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "engine/jget.h"

/* The last id: the one behind it means none. */
#define LAST (UINT32_MAX - 1)

static int bad(const char *why, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "invalid mount config for type \"bind\": IDMapping: %s", why);
}

int bt_bind_idmap_check(const json_t *mapping, struct bt_err *err)
{
	const char *source = bt_jget_text(mapping, "Source");
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)mapping, key, value) {
		if (strcmp(key, "Source") != 0 && strcmp(key, "User") != 0)
			return bad("only Source and User are known", err);
		if (!json_is_string(value))
			return bad("Source and User are texts", err);
	}
	if (strcmp(source, "match-user") != 0 && strcmp(source, "userns") != 0)
		return bad("Source must be \"match-user\" or \"userns\"", err);
	if (strcmp(source, "userns") == 0 && bt_jget_text(mapping, "User")[0])
		return bad("User goes with \"match-user\" only", err);
	return 0;
}

static void add(struct bt_id_range *ranges, unsigned *n, uint32_t inside, uint32_t outside,
		uint32_t size)
{
	if (size > 0)
		ranges[(*n)++] = (struct bt_id_range){ inside, outside, size };
}

unsigned bt_bind_idmap_exchange(uint32_t on_disk, uint32_t outside,
				struct bt_id_range ret[BT_BIND_IDMAP_RANGES])
{
	uint32_t low = on_disk < outside ? on_disk : outside;
	uint32_t high = on_disk < outside ? outside : on_disk;
	unsigned n = 0;

	add(ret, &n, 0, 0, low);
	add(ret, &n, low, high, 1);
	if (low != high) {
		add(ret, &n, low + 1, low + 1, high - low - 1);
		add(ret, &n, high, low, 1);
	}
	add(ret, &n, high + 1, high + 1, LAST - high);
	return n;
}

static json_t *exchange(uint32_t on_disk, uint32_t outside)
{
	struct bt_id_range ranges[BT_BIND_IDMAP_RANGES];
	unsigned n = bt_bind_idmap_exchange(on_disk, outside, ranges);

	return bt_container_userns_ranges(ranges, n);
}

static int fill_user(json_t *mount, const struct bt_user *user,
		     const struct bt_container_userns *userns, struct bt_err *err)
{
	const char *source = bt_jget_text(mount, "Source");
	uint32_t uid = user->uid, gid = user->gid;
	struct stat st;

	if (stat(source, &st) < 0)
		return bt_err_sys(err, -errno, "look at %s", source);
	if (userns->mapped) {
		uid = bt_id_map_outside(userns->map.uids, userns->map.nuids, uid);
		gid = bt_id_map_outside(userns->map.gids, userns->map.ngids, gid);
	}
	json_object_set_new(mount, "UidMappings", exchange(st.st_uid, uid));
	json_object_set_new(mount, "GidMappings", exchange(st.st_gid, gid));
	return 0;
}

static int fill_one(json_t *mount, int root, const struct bt_user *user,
		    const struct bt_container_userns *userns, bool ours, struct bt_err *err)
{
	const json_t *mapping = json_object_get(mount, "IDMapping");
	bt_auto_user struct bt_user other = { 0 };
	int r;

	if (!mapping)
		return 0;
	if (!ours)
		return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOSYS,
				  "the bind at %s: only berth's own runtime has id-mapped binds",
				  bt_jget_text(mount, "Destination"));
	if (strcmp(bt_jget_text(mapping, "Source"), "userns") == 0) {
		if (!userns->mapped)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "IDMapping \"userns\" of the bind at %s needs a "
					  "container with a user namespace (userns-remap)",
					  bt_jget_text(mount, "Destination"));
		return json_object_set_new(mount, "Mapped", json_true());
	}
	if (bt_jget_text(mapping, "User")[0] == '\0')
		return fill_user(mount, user, userns, err);
	r = bt_user_lookup(root, bt_jget_text(mapping, "User"), NULL, &other, err);
	return r < 0 ? r : fill_user(mount, &other, userns, err);
}

int bt_bind_idmap_fill(json_t *mounts, int root, const struct bt_user *user,
		       const struct bt_container_userns *userns, bool ours, struct bt_err *err)
{
	json_t *mount;
	size_t i;
	int r = 0;

	json_array_foreach (mounts, i, mount) {
		if (r == 0)
			r = fill_one(mount, root, user, userns, ours, err);
	}
	return r;
}
