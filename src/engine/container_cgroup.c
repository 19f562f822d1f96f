/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_cgroup.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/container_files.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "engine/jget.h"
#include "engine/spec.h"
#include "runtime/systemd_scope.h"

static char *known_path(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);
	return c->cgroup ? strdup(c->cgroup) : NULL;
}

/* linux.cgroupsPath of its specification. */
static int spec_path(struct bt_container *c, char **ret, struct bt_err *err)
{
	bt_auto_settings struct bt_container_settings s = { 0 };
	bt_auto_free char *path = known_path(c);
	int r = path ? 0 : bt_container_row_settings(c, &s, err);

	if (r < 0)
		return r;
	if (!path) {
		path = bt_spec_cgroup_path(s.host_config, c->engine->cgroup_parent,
					   c->engine->cfg.systemd_cgroup, c->id);
		if (!path)
			return bt_err_sys(err, -ENOMEM, "find the control group");
		bt_auto_lock(held, &c->lock);
		if (!c->cgroup)
			c->cgroup = strdup(path);
	}
	*ret = bt_take(path);
	return 0;
}

static int find_unit(struct bt_container *c, struct bt_systemd_unit *ret, struct bt_err *err)
{
	bt_auto_free char *name = NULL;
	int r = spec_path(c, &name, err);

	return r < 0 ? r : bt_systemd_unit_parse(name, c->id, ret, err);
}

int bt_container_cgroup_path(struct bt_container *c, char **ret, struct bt_err *err)
{
	struct bt_systemd_unit unit;
	int r;

	if (!c->engine->cfg.systemd_cgroup)
		return spec_path(c, ret, err);
	r = find_unit(c, &unit, err);
	if (r < 0)
		return r;
	*ret = strdup(unit.path);
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "find the control group");
}

int bt_container_cgroup_open(struct bt_container *c, struct bt_cgroup *ret, struct bt_err *err)
{
	bt_auto_free char *path = NULL;
	int r = bt_container_cgroup_path(c, &path, err);

	if (r < 0)
		return r;
	r = bt_cgroup_open(&c->engine->cgroups, path, ret);
	return r < 0 ? bt_err_sys(err, r, "open the control group of container %.12s", c->id) : 0;
}

/* Systemd keeps the limits of its scope, and sets them again when it likes. */
static int tell_systemd(struct bt_container *c, const struct bt_cgroup *group,
			const struct bt_cgroup_limits *limits, struct bt_err *err)
{
	struct bt_cgroup_limits whole = *limits;
	struct bt_systemd_unit unit;
	const char *what;
	int r = bt_cgroup_fill(group, &whole, &what);

	if (r < 0)
		return bt_err_sys(err, r, "Cannot update container %s: %s", c->id, what);
	r = find_unit(c, &unit, err);
	return r < 0 ? r
		     : bt_systemd_scope_update(&unit, &whole, bt_cgroup_host_is_v2(group->host),
					       err);
}

int bt_container_cgroup_limit(struct bt_container *c, const struct bt_cgroup_limits *limits,
			      struct bt_err *err)
{
	bt_auto_cgroup struct bt_cgroup group = { 0 };
	const char *what = "limits";
	int r = bt_container_cgroup_open(c, &group, err);

	if (r == 0 && c->engine->cfg.systemd_cgroup)
		r = tell_systemd(c, &group, limits, err);
	if (r < 0)
		return r;
	r = bt_cgroup_limit(&group, limits, &what);
	return r < 0 ? bt_err_sys(err, r, "Cannot update container %s: %s", c->id, what) : 0;
}

int bt_container_cgroup_freeze(struct bt_container *c, bool freeze, struct bt_err *err)
{
	bt_auto_cgroup struct bt_cgroup group = { 0 };
	int r = bt_container_cgroup_open(c, &group, err);

	if (r < 0)
		return r;
	r = freeze ? bt_cgroup_freeze(&group) : bt_cgroup_freeze_end(&group);
	return r < 0 ? bt_err_sys(err, r, "%s container %s", freeze ? "pause" : "unpause", c->id)
		     : 0;
}

int bt_container_cgroup_pids(struct bt_container *c, pid_t **ret, size_t *ret_n, struct bt_err *err)
{
	bt_auto_cgroup struct bt_cgroup group = { 0 };
	int r = bt_container_cgroup_open(c, &group, err);

	if (r < 0)
		return r;
	r = bt_cgroup_pids(&group, ret, ret_n);
	return r < 0 ? bt_err_sys(err, r, "list the processes of container %.12s", c->id) : 0;
}

/* How long killed processes may take to go. */
#define REMOVE_TIMEOUT_MS 5000

static void stop_scope(struct bt_container *c)
{
	struct bt_systemd_unit unit;
	struct bt_err err;
	int r = find_unit(c, &unit, &err);

	if (r == 0)
		r = bt_systemd_scope_stop(&unit, &err);
	if (r < 0)
		bt_log_warn("remove the scope of container %.12s: %s", c->id, err.msg);
}

void bt_container_cgroup_destroy(struct bt_container *c)
{
	bt_auto_cgroup struct bt_cgroup group = { 0 };
	struct bt_err err;
	int r = bt_container_cgroup_open(c, &group, &err);

	/* None left is what we want. */
	if (r < 0)
		return;
	r = bt_cgroup_kill(&group, SIGKILL);
	if (r == 0)
		r = bt_cgroup_remove(&group, REMOVE_TIMEOUT_MS);
	if (r < 0)
		bt_log_warn("remove the control group of container %.12s: %s", c->id, strerror(-r));
	if (c->engine->cfg.systemd_cgroup)
		stop_scope(c);
}

void bt_container_cgroup_sweep(struct bt_container *c)
{
	bt_auto_free char *dir = bt_container_files_run_dir(c->engine, c->id);
	bt_auto_free char *sock = dir ? bt_path_join(dir, "monitor.sock") : NULL;

	if (sock && unlink(sock) == 0)
		bt_container_cgroup_destroy(c);
}
