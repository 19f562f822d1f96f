/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/exec_process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "engine/apparmor.h"
#include "engine/container_row.h"
#include "engine/container_selinux.h"
#include "engine/engine_private.h"
#include "engine/jget.h"
#include "engine/spec.h"
#include "engine/spec_security.h"
#include "engine/user_lookup.h"

/* Look the user up in the files of the running container. */
static int find_user(struct bt_container *c, const char *user, struct bt_user *ret,
		     struct bt_err *err)
{
	bt_auto_close int root = -EBADF;
	char path[40];
	pid_t pid;

	pthread_mutex_lock(&c->lock);
	pid = c->state.pid;
	pthread_mutex_unlock(&c->lock);
	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (pid == 0 || root < 0)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "container %s is not running",
				  c->id);
	return bt_user_lookup(root, user, NULL, ret, err);
}

static json_t *user_object(const struct bt_user *user)
{
	json_t *gids = json_array();

	for (size_t i = 0; i < user->ngids; i++)
		json_array_append_new(gids, json_integer(user->gids[i]));
	return json_pack("{s:I,s:I,s:o}", "uid", (json_int_t)user->uid, "gid",
			 (json_int_t)user->gid, "additionalGids", gids);
}

/* Privileged lifts the limits of this process alone. */
static int add_rights(const struct bt_container *c, const struct bt_container_settings *s,
		      const json_t *config, uint32_t uid, json_t *process, struct bt_err *err)
{
	json_auto_t *all = NULL;
	uint64_t mask;
	const struct bt_spec_security daemon = { c->engine->cfg.no_new_privileges,
						 c->engine->cfg.apparmor };
	int r = bt_spec_security_process(s->host_config, uid, &daemon, process, err);

	if (r < 0 || !bt_jget_bool(config, "Privileged"))
		return r;
	all = json_pack("{s:b}", "Privileged", 1);
	r = bt_spec_security_capabilities(all, &mask, err);
	if (r == 0)
		bt_spec_security_set_capabilities(process, mask, uid);
	if (daemon.apparmor)
		json_object_set_new(process, "apparmorProfile",
				    json_string(BT_APPARMOR_UNCONFINED));
	return r;
}

static const char *first_filled(const char *a, const char *b, const char *c)
{
	return a[0] ? a : b[0] ? b : c;
}

int bt_exec_process_make(struct bt_container *c, const json_t *config, unsigned rows, unsigned cols,
			 char **ret, struct bt_err *err)
{
	bt_auto_settings struct bt_container_settings s = { 0 };
	bt_auto_user struct bt_user user = { 0 };
	json_auto_t *process = json_object();
	bool tty = bt_jget_bool(config, "Tty");
	int r = bt_container_row_settings(c, &s, err);

	if (r == 0)
		r = find_user(c,
			      first_filled(bt_jget_text(config, "User"),
					   bt_jget_text(s.config, "User"), ""),
			      &user, err);
	if (r == 0)
		r = add_rights(c, &s, config, user.uid, process, err);
	if (r < 0)
		return r;
	if (bt_container_selinux_process(&s))
		json_object_set_new(process, "selinuxLabel",
				    json_string(bt_container_selinux_process(&s)));
	bt_spec_security_rlimits(s.host_config, c->engine->cfg.default_ulimits, process);
	json_object_set_new(process, "terminal", json_boolean(tty));
	if (tty && rows > 0 && cols > 0)
		json_object_set_new(
			process, "consoleSize",
			json_pack("{s:i,s:i}", "height", (int)rows, "width", (int)cols));
	json_object_set_new(process, "user", user_object(&user));
	json_object_set_new(process, "args", bt_jget_copy(json_object_get(config, "Cmd")));
	json_object_set_new(process, "env",
			    bt_spec_env(s.config, json_object_get(config, "Env"), tty, user.home));
	json_object_set_new(process, "cwd",
			    json_string(first_filled(bt_jget_text(config, "WorkingDir"),
						     bt_jget_text(s.config, "WorkingDir"), "/")));
	*ret = bt_jget_dump(process);
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "start exec");
}
