/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/volume_mount.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/container.h"
#include "engine/engine_private.h"
#include "engine/events.h"
#include "engine/host_mount.h"
#include "engine/jget.h"
#include "engine/volume.h"
#include "engine/volume_options.h"

struct bt_volume_mounts {
	pthread_mutex_t lock; /* also held while something is mounted */
	json_t *users;        /* volume → {user: true} */
};

struct bt_volume_mounts *bt_volume_mounts_create(void)
{
	struct bt_volume_mounts *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	pthread_mutex_init(&m->lock, NULL);
	m->users = json_object();
	if (m->users)
		return m;
	bt_volume_mounts_destroy(m);
	return NULL;
}

void bt_volume_mounts_destroy(struct bt_volume_mounts *m)
{
	if (!m)
		return;
	json_decref(m->users);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

/* The first address of a server. */
static int resolve(const char *server, char ret[INET6_ADDRSTRLEN], struct bt_err *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int r = getaddrinfo(server, NULL, &hints, &list);

	if (r == 0)
		r = getnameinfo(list->ai_addr, list->ai_addrlen, ret, INET6_ADDRSTRLEN, NULL, 0,
				NI_NUMERICHOST);
	if (list)
		freeaddrinfo(list);
	return r == 0 ? 0
		      : bt_err_set(err, BT_ERR_SYSTEM, EHOSTUNREACH,
				   "error resolving passed in network volume address: %s: %s",
				   server, gai_strerror(r));
}

static int mount_options(const struct bt_volume_options *o, const char *path, struct bt_err *err)
{
	char address[INET6_ADDRSTRLEN] = "";
	bt_auto_free char *data = NULL;
	unsigned long late = o->flags & ~(unsigned long)(MS_BIND | MS_REC);
	bool bind = (o->flags & MS_BIND) != 0;
	int r = o->server ? resolve(o->server, address, err) : 0;

	if (r < 0)
		return r;
	data = bt_str_format("%s%s%s%s", o->data, o->server && o->data[0] ? "," : "",
			     o->server ? "addr=" : "", address);
	if (!data)
		return bt_err_sys(err, -ENOMEM, "mount a volume");
	r = mount(o->device, path, o->type, o->flags, data) < 0 ? -errno : 0;
	/* mount(2) looks at nothing else where it binds: a second call does. */
	if (r == 0 && bind && late != 0 &&
	    mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | late, NULL) < 0)
		r = -errno;
	if (r == 0 && o->propagation != 0 && mount(NULL, path, NULL, o->propagation, NULL) < 0)
		r = -errno;
	if (r == 0)
		return 0;
	(void)!bt_host_mount_detach(path);
	return bt_err_set(err, BT_ERR_SYSTEM, -r,
			  "failed to mount local volume: mount %s:%s, data: %s: %s", o->device,
			  path, data, strerror(-r));
}

/* The volume's own options, NULL where it has none. */
static int read_options(struct bt_engine *engine, const char *volume, json_t **ret,
			struct bt_err *err)
{
	json_auto_t *config = NULL;
	int r = bt_volume_config(engine, volume, &config, err);

	if (r > 0)
		*ret = json_incref(json_object_get(config, "Options"));
	return r < 0 ? r : 0;
}

/* Under the lock. */
static int ensure_mounted(struct bt_engine *engine, const char *volume, struct bt_err *err)
{
	bt_auto_volume_options struct bt_volume_options o = { 0 };
	bt_auto_free char *path = bt_volume_path(engine, volume);
	json_auto_t *options = NULL;
	int r = path ? read_options(engine, volume, &options, err)
		     : bt_err_sys(err, -ENOMEM, "mount volume %s", volume);

	if (r == 0)
		r = bt_volume_options_read(options, &o, err);
	if (r <= 0 || bt_host_mount_is_there(path))
		return r < 0 ? r : 0;
	return mount_options(&o, path, err);
}

int bt_volume_mount_is_foreign(struct bt_engine *engine, const char *volume, struct bt_err *err)
{
	json_auto_t *options = NULL;
	int r = read_options(engine, volume, &options, err);

	return r < 0 ? r : json_object_get(options, "device") != NULL;
}

static int count(struct bt_volume_mounts *m, const char *volume, const char *user)
{
	json_t *users = json_object_get(m->users, volume);

	if (!users && json_object_set_new(m->users, volume, users = json_object()) < 0)
		return -ENOMEM;
	return json_object_set_new(users, user, json_true()) < 0 ? -ENOMEM : 0;
}

int bt_volume_mount_use(struct bt_engine *engine, const char *volume, const char *user,
			struct bt_err *err)
{
	int r;

	bt_auto_lock(held, &engine->volume_mounts->lock);
	r = ensure_mounted(engine, volume, err);
	if (r == 0 && count(engine->volume_mounts, volume, user) < 0)
		r = bt_err_sys(err, -ENOMEM, "mount volume %s", volume);
	return r;
}

/* Under the lock. What others mounted at a volume without options is theirs. */
static void unmount(struct bt_engine *engine, const char *volume)
{
	bt_auto_free char *path = bt_volume_path(engine, volume);
	json_auto_t *options = NULL;
	int r = path ? read_options(engine, volume, &options, BT_ERR_IGNORED) : -ENOMEM;

	if (r == 0 && json_object_get(options, "device"))
		r = bt_host_mount_detach(path);
	if (r < 0)
		bt_log_warn("unmount volume %s: %s", volume, strerror(-r));
}

void bt_volume_mount_drop(struct bt_engine *engine, const char *user, bool tell)
{
	const char *volume;
	json_t *users;
	void *next;

	bt_auto_lock(held, &engine->volume_mounts->lock);
	json_object_foreach_safe (engine->volume_mounts->users, next, volume, users) {
		if (json_object_del(users, user) < 0)
			continue;
		if (tell)
			bt_events_emit(
				engine, "volume", "unmount", volume,
				json_pack("{s:s,s:s}", "driver", "local", "container", user));
		if (json_object_size(users) > 0)
			continue;
		unmount(engine, volume);
		json_object_del(engine->volume_mounts->users, volume);
	}
}

void bt_volume_mount_adopt(struct bt_container *c)
{
	json_auto_t *summary = bt_jget_load(c->summary);
	const json_t *mount;
	size_t i;

	bt_auto_lock(held, &c->engine->volume_mounts->lock);
	json_array_foreach (json_object_get(summary, "Mounts"), i, mount) {
		const char *name = bt_jget_text(mount, "Name");

		if (strcmp(bt_jget_text(mount, "Type"), "volume") == 0 &&
		    count(c->engine->volume_mounts, name, c->id) < 0)
			bt_log_warn("container %.12s: no memory to count its volumes", c->id);
	}
}

bool bt_volume_mount_is_used(struct bt_engine *engine, const char *volume)
{
	bt_auto_lock(held, &engine->volume_mounts->lock);

	return json_object_size(json_object_get(engine->volume_mounts->users, volume)) > 0;
}

void bt_volume_mount_sweep(struct bt_engine *engine)
{
	json_auto_t *names = json_array();
	const json_t *name;
	struct bt_err err;
	size_t i;
	int r = bt_volume_names(engine, names, &err);

	if (r < 0)
		bt_log_warn("sweep the mounts of volumes: %s", err.msg);
	json_array_foreach (names, i, name) {
		bt_auto_free char *path = bt_volume_path(engine, json_string_value(name));

		if (path && bt_host_mount_is_there(path) &&
		    !bt_volume_mount_is_used(engine, json_string_value(name)))
			unmount(engine, json_string_value(name));
	}
}
