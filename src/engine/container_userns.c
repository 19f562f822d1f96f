/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_userns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "engine/engine_private.h"
#include "engine/jget.h"
#include "engine/remap.h"

bool bt_container_userns_wanted(const struct bt_engine *engine, const json_t *hc)
{
	return engine->remap && strcmp(bt_jget_text(hc, "UsernsMode"), "host") != 0;
}

int bt_container_userns_check(const struct bt_engine *engine, const json_t *hc, struct bt_err *err)
{
	bt_auto_live_config struct bt_live_config *live =
		bt_live_config_get((struct bt_live *)(uintptr_t)&engine->live);
	const char *why = NULL, *runtime = bt_jget_text(hc, "Runtime");

	if (!bt_container_userns_wanted(engine, hc))
		return 0;
	if (bt_jget_bool(hc, "Privileged"))
		why = "privileged mode is incompatible with user namespaces.  You must run the "
		      "container in the host namespace when running privileged mode";
	else if (strcmp(bt_jget_text(hc, "NetworkMode"), "host") == 0)
		why = "cannot share the host's network namespace when user namespaces are enabled";
	else if (strcmp(bt_jget_text(hc, "PidMode"), "host") == 0)
		why = "cannot share the host PID namespace when user namespaces are enabled";
	else if (json_object_get(live->cfg.runtimes, runtime))
		why = "user namespaces are enabled, and only berth's own runtime has them: a "
		      "container of another one needs --userns=host";
	return why ? bt_err_set(err, BT_ERR_INVALID, EINVAL, "%s", why) : 0;
}

static int open_proc(pid_t pid)
{
	char path[32];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int join(struct bt_container_userns *u, pid_t pid, struct bt_err *err)
{
	bt_auto_close int own = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	bt_auto_close int proc = open_proc(pid);
	bt_auto_close int fd = proc < 0 ? proc : openat(proc, "ns/user", O_RDONLY | O_CLOEXEC);
	int r = 0;

	if (own < 0 || fd < 0)
		return bt_err_sys(err, proc < 0 ? proc : -errno, "open a user namespace");
	if (bt_userns_is_same(own, fd))
		return bt_err_set(err, BT_ERR_CONFLICT, EINVAL,
				  "cannot join the namespaces of a container in the host's user "
				  "namespace when user namespaces are enabled: --userns=host goes "
				  "with it");
	if (u->joined >= 0)
		return bt_userns_is_same(u->joined, fd)
			       ? 0
			       : bt_err_set(err, BT_ERR_CONFLICT, EINVAL,
					    "cannot join the namespaces of several containers "
					    "when user namespaces are enabled: each has its own");
	r = bt_id_map_of(proc, &u->map);
	if (r < 0)
		return bt_err_sys(err, r, "read the map of a user namespace");
	u->joined = bt_take_fd(&fd);
	u->join_pid = pid;
	return 0;
}

int bt_container_userns_find(const struct bt_engine *engine, const json_t *hc, const pid_t *pids,
			     size_t n, struct bt_container_userns *ret, struct bt_err *err)
{
	bt_auto(bt_container_userns_done) struct bt_container_userns u = { .mapped = true,
									   .joined = -EBADF };
	int r = 0;

	if (!bt_container_userns_wanted(engine, hc)) {
		*ret = (struct bt_container_userns){ .joined = -EBADF };
		return 0;
	}
	for (size_t i = 0; i < n && r == 0; i++)
		r = pids[i] > 0 ? join(&u, pids[i], err) : 0;
	if (r < 0)
		return r;
	if (u.joined < 0)
		u.map = engine->remap->map;
	*ret = u;
	u.joined = -EBADF;
	bt_remap_view(&ret->map, ret->joined >= 0 ? ret->joined : engine->remap->userns,
		      &ret->view);
	ret->joined_owner = (struct bt_sandbox_owner){ .userns = ret->joined };
	ret->owner = ret->joined >= 0 ? &ret->joined_owner : &engine->remap->owner;
	return 0;
}

void bt_container_userns_done(struct bt_container_userns *userns)
{
	bt_close(&userns->joined);
}

json_t *bt_container_userns_ranges(const struct bt_id_range *ranges, unsigned n)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:I,s:I,s:I}", "containerID",
						      (json_int_t)ranges[i].inside, "hostID",
						      (json_int_t)ranges[i].outside, "size",
						      (json_int_t)ranges[i].size));
	return list;
}
