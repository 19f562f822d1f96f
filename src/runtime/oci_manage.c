/* SPDX-License-Identifier: Apache-2.0 */

/* state, kill, delete, pause and resume of the OCI command line. */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/time.h"
#include "codec/json.h"
#include "runtime/launch.h"
#include "runtime/oci_cli.h"
#include "codec/signal_name.h"
#include "runtime/state.h"

static const struct option no_flags[] = { { 0 } };

/* A command that takes a container and no flag. */
static int load_only(const struct bt_oci_cli *cli, int argc, char **argv, struct bt_state *ret,
		     struct bt_err *err)
{
	int r;

	if (bt_oci_cli_flag(argc, argv, "+", no_flags, err) != -1)
		return -EINVAL;
	r = bt_oci_cli_count(argv[0], argc - optind, 1, 1, err);
	return r < 0 ? r : bt_state_load(cli->root, argv[optind], ret, err);
}

static json_t *annotations(const struct bt_oci_spec *spec)
{
	json_t *json = json_object();

	for (size_t i = 0; i < spec->annotations.n && json != NULL; i++) {
		if (json_object_set_new(json, spec->annotations.v[i].key,
					json_string(spec->annotations.v[i].value)) < 0) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

json_t *bt_oci_describe(const struct bt_state *state, enum bt_state_status status,
			const char *owner)
{
	char created[BT_TIME_RFC3339_LEN];
	json_auto_t *json = NULL;

	bt_time_rfc3339(state->created, created);
	json = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s}", "ociVersion", "1.3.0", "id",
			 state->id, "pid", status == BT_STATE_STOPPED ? 0 : (int)state->pid,
			 "status", bt_state_status_name(status), "bundle", state->bundle, "rootfs",
			 state->rootfs, "created", created, "owner", owner);
	if (json == NULL)
		return NULL;
	if (state->spec.annotations.n > 0 &&
	    json_object_set_new(json, "annotations", annotations(&state->spec)) < 0)
		return NULL;
	return bt_take(json);
}

int bt_oci_state(const struct bt_oci_cli *cli, int argc, char **argv, int *ret_code,
		 struct bt_err *err)
{
	bt_auto_state struct bt_state state = { 0 };
	json_auto_t *json = NULL;
	enum bt_state_status status;
	int r = load_only(cli, argc, argv, &state, err);

	(void)ret_code;
	if (r == 0)
		r = bt_state_status(&state, &status, err);
	if (r < 0)
		return r;
	json = bt_oci_describe(&state, status, "");
	if (json == NULL || json_dumpf(json, stdout, JSON_INDENT(2)) < 0 || putchar('\n') < 0)
		return bt_err_sys(err, -ENOMEM, "print the state");
	return 0;
}

static int signal_all(const struct bt_state *state, int signal, struct bt_err *err)
{
	bt_auto_cgroup struct bt_cgroup cg = { 0 };
	int r = bt_state_cgroup(state, &cg, err);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = bt_cgroup_kill(&cg, signal);
	return r < 0 ? bt_err_sys(err, r, "signal all processes of %s", state->id) : 0;
}

/* Where the container shares its PID namespace, the end of its init ends nobody else. */
static bool kills_all_by_init(const struct bt_state *state)
{
	const struct bt_oci_namespace *ns = bt_oci_spec_namespace(&state->spec, CLONE_NEWPID);

	return ns != NULL && ns->path == NULL;
}

/* Version 1's freezer keeps a killed process from ending. What has no group (any more) is not
 * frozen.
 */
static int thaw(const struct bt_state *state, struct bt_err *err)
{
	bt_auto_cgroup struct bt_cgroup cg = { 0 };
	int r = bt_state_cgroup(state, &cg, err);

	if (r < 0)
		return bt_err_is_shortage(r) ? r : 0;
	if (bt_cgroup_freeze_is_on(&cg) <= 0)
		return 0;
	r = bt_cgroup_freeze_end(&cg);
	return r < 0 ? bt_err_sys(err, r, "let %s go on, to its end", state->id) : 0;
}

static int send_signal(const struct bt_state *state, int signal, bool all, struct bt_err *err)
{
	int r;

	/* Its creator stands for it, or it is not yet what it will be. */
	if (state->creating)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH,
				  "container not running: it is being created");
	if (all || (signal == SIGKILL && !kills_all_by_init(state)))
		return signal_all(state, signal, err);
	r = bt_state_signal(state, signal);
	if (r == -ESRCH)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "container not running");
	if (r < 0)
		return bt_err_sys(err, r, "signal %s", state->id);
	return signal == SIGKILL ? thaw(state, err) : 0;
}

int bt_oci_kill(const struct bt_oci_cli *cli, int argc, char **argv, int *ret_code,
		struct bt_err *err)
{
	static const struct option flags[] = { { "all", no_argument, NULL, 'a' }, { 0 } };
	bt_auto_state struct bt_state state = { 0 };
	bool all = false;
	int signal = SIGTERM, flag, r;

	(void)ret_code;
	while ((flag = bt_oci_cli_flag(argc, argv, "+a", flags, err)) != -1) {
		if (flag != 'a')
			return -EINVAL;
		all = true;
	}
	r = bt_oci_cli_count(argv[0], argc - optind, 1, 2, err);
	if (r < 0)
		return r;
	if (argc - optind == 2)
		/* 0 only asks whether it is there. */
		signal = strcmp(argv[optind + 1], "0") == 0
				 ? 0
				 : bt_signal_name_parse(argv[optind + 1]);
	if (signal < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "unknown signal \"%s\"",
				  argv[optind + 1]);
	r = bt_state_load(cli->root, argv[optind], &state, err);
	return r < 0 ? r : send_signal(&state, signal, all, err);
}

static int set_frozen(const struct bt_oci_cli *cli, int argc, char **argv, bool freeze,
		      struct bt_err *err)
{
	bt_auto_state struct bt_state state = { 0 };
	bt_auto_cgroup struct bt_cgroup cg = { 0 };
	enum bt_state_status status;
	int r = load_only(cli, argc, argv, &state, err);

	if (r == 0)
		r = bt_state_status(&state, &status, err);
	if (r < 0)
		return r;
	if (freeze && status != BT_STATE_RUNNING && status != BT_STATE_CREATED)
		return bt_err_set(err, BT_ERR_CONFLICT, EINVAL,
				  "container not running or created: %s",
				  bt_state_status_name(status));
	if (!freeze && status != BT_STATE_PAUSED)
		return bt_err_set(err, BT_ERR_CONFLICT, EINVAL, "container not paused");
	r = bt_state_cgroup(&state, &cg, err);
	if (r == 0) {
		r = freeze ? bt_cgroup_freeze(&cg) : bt_cgroup_freeze_end(&cg);
		if (r < 0)
			(void)bt_err_sys(err, r, "%s %s", argv[0], state.id);
	}
	return r < 0 ? bt_state_failed(&state, err) : 0;
}

int bt_oci_pause(const struct bt_oci_cli *cli, int argc, char **argv, int *ret_code,
		 struct bt_err *err)
{
	(void)ret_code;
	return set_frozen(cli, argc, argv, true, err);
}

int bt_oci_resume(const struct bt_oci_cli *cli, int argc, char **argv, int *ret_code,
		  struct bt_err *err)
{
	(void)ret_code;
	return set_frozen(cli, argc, argv, false, err);
}
