/* SPDX-License-Identifier: Apache-2.0 */

/* delete of the OCI command line. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "runtime/launch.h"
#include "runtime/oci_cli.h"
#include "runtime/state.h"
#include "runtime/state_lock.h"

/* How long whoever forces it waits for another who is about the container, before it ends that one:
 * a hook may hang. */
#define PATIENCE_MS 10000
#define NAP_US      5000

/* The init is somebody else's child: it is gone once it is a zombie or less. */
static void wait_gone(const struct bt_state *state)
{
	for (int i = 0; i < 1000; i++) {
		uint64_t start = 0;
		int r = bt_state_start_time(state->pid, &start);

		if (r == 0 || (r > 0 && start != state->start_time))
			return;
		(void)usleep(10000);
	}
}

static int does_not_exist(const char *id, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "container does not exist: %s", id);
}

static int is_not_stopped(const char *id, enum bt_state_status status, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
			  "cannot delete container %s that is not stopped: %s", id,
			  bt_state_status_name(status));
}

static bool has_state(const char *dir)
{
	bt_auto_free char *path = bt_path_join(dir, "state.json");

	return path == NULL || access(path, F_OK) == 0;
}

/* A directory without a state: its creator was killed before there was one, is about to write it,
 * or another deletion is removing it, and has said so. It is no container, and goes. Returns 0, 1
 * where it is to be looked at again, or -errno. */
static int delete_half_made(const struct bt_oci_cli *cli, const char *id, bool force,
			    struct bt_err *err)
{
	bt_auto_free char *dir = bt_path_join(cli->root, id);
	bt_auto_close int lock = -EBADF;
	int r;

	if (dir == NULL)
		return bt_err_sys(err, -ENOMEM, "delete %s", id);
	if (access(dir, F_OK) < 0)
		return force ? 0 : does_not_exist(id, err);
	lock = bt_state_lock_take(dir, 0);
	/* Its creator has not made it yet, or never did. */
	if (lock == -ENOENT)
		lock = bt_state_lock_create(dir);
	if (lock == -EAGAIN || lock == -EEXIST || lock == -ENOENT)
		return 1;
	if (lock < 0)
		return bt_err_sys(err, lock, "delete %s", id);
	/* Until it was held the creation may have come to its end. */
	if (has_state(dir))
		return 1;
	r = bt_state_remove(dir, &lock, err);
	return r < 0 || force ? r : does_not_exist(id, err);
}

/* Its processes, but for those that its control group alone knows. */
static int end(const struct bt_state *state, enum bt_state_status status, struct bt_err *err)
{
	int r = bt_state_signal(state, SIGKILL);

	if (r < 0 && r != -ESRCH)
		return bt_err_sys(err, r, "kill %s", state->id);
	if (status == BT_STATE_PAUSED) {
		bt_auto_cgroup struct bt_cgroup cg = { 0 };

		r = bt_state_cgroup(state, &cg, err);
		if (r == 0)
			r = bt_cgroup_kill(&cg, SIGKILL);
		if (r < 0 && r != -ENOENT && r != -ESRCH)
			return bt_err_sys(err, r, "kill all processes of %s", state->id);
	}
	wait_gone(state);
	return 0;
}

static int remove_all(const struct bt_oci_cli *cli, const struct bt_state *state, int *lock,
		      struct bt_err *err)
{
	const struct bt_cgroups_owner owner = bt_state_owner(state);
	char warning[BT_SYNC_WARNING_LEN] = "";
	int r = bt_launch_cleanup(&owner, warning, err);

	if (warning[0] != '\0')
		bt_oci_cli_warn(cli, warning);
	return r < 0 ? r : bt_state_remove(state->dir, lock, err);
}

/* Has another container this one's name by now, or none? */
static bool is_the_same(const struct bt_oci_cli *cli, const struct bt_state *state)
{
	bt_auto_state struct bt_state now = { 0 };

	return bt_state_load(cli->root, state->id, &now, BT_ERR_IGNORED) == 0 &&
	       now.created == state->created;
}

/* Hold the lock, whoever is about the container: one who is still about it when another has its
 * name would undo that one's. Returns it (owned); -ENOENT; or another -errno, with *err. */
static int take_by_force(const struct bt_state *state, struct bt_err *err)
{
	int lock = bt_state_lock_take_by_force(state->dir, PATIENCE_MS);

	if (lock >= 0 || lock == -ENOENT)
		return lock;
	if (lock == -EREMOTE || lock == -EAGAIN)
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "cannot delete container %s: another process is about it, which "
				  "cannot be ended from here",
				  state->id);
	return bt_err_sys(err, lock, "delete %s", state->id);
}

/* Whoever forces it ends the container first, for its creator or its start may wait for it. Returns
 * 0, 1 where it is to be looked at again, or -errno. */
static int delete_forced(const struct bt_oci_cli *cli, const struct bt_state *state,
			 enum bt_state_status status, struct bt_err *err)
{
	bt_auto_close int lock = -EBADF;
	int r = status != BT_STATE_STOPPED ? end(state, status, err) : 0;

	if (r < 0)
		return r;
	lock = take_by_force(state, err);
	/* One that an earlier version made has none. */
	if (lock < 0 && lock != -ENOENT)
		return lock;
	return is_the_same(cli, state) ? remove_all(cli, state, &lock, err) : 1;
}

/* Returns 0, 1 where it is to be looked at again, or -errno. */
static int delete_stopped(const struct bt_oci_cli *cli, const struct bt_state *state,
			  enum bt_state_status status, struct bt_err *err)
{
	bt_auto_close int lock = -EBADF;
	enum bt_state_status now = status;
	int r;

	if (status != BT_STATE_STOPPED && status != BT_STATE_CREATED)
		return is_not_stopped(state->id, status, err);
	lock = bt_state_lock_take(state->dir, -1);
	if (lock < 0 && lock != -ENOENT)
		return bt_err_sys(err, lock, "delete %s", state->id);
	if (!is_the_same(cli, state))
		return 1;
	/* It may have been started meanwhile. */
	r = bt_state_status(state, &now, err);
	if (r < 0)
		return r;
	if (now != BT_STATE_STOPPED && now != BT_STATE_CREATED)
		return is_not_stopped(state->id, now, err);
	r = now == BT_STATE_CREATED ? end(state, now, err) : 0;
	return r < 0 ? r : remove_all(cli, state, &lock, err);
}

/* Returns 0, 1 where it is to be looked at again, or -errno. */
static int delete_once(const struct bt_oci_cli *cli, const char *id, bool force, struct bt_err *err)
{
	bt_auto_state struct bt_state state = { 0 };
	enum bt_state_status status;
	int r = bt_state_load(cli->root, id, &state, err);

	if (r == -ENOENT && err->kind == BT_ERR_NOT_FOUND)
		return delete_half_made(cli, id, force, err);
	if (r == 0)
		r = bt_state_status(&state, &status, err);
	if (r < 0)
		return r;
	return force ? delete_forced(cli, &state, status, err)
		     : delete_stopped(cli, &state, status, err);
}

int bt_oci_delete(const struct bt_oci_cli *cli, int argc, char **argv, int *ret_code,
		  struct bt_err *err)
{
	static const struct option flags[] = { { "force", no_argument, NULL, 'f' }, { 0 } };
	bool force = false;
	int flag, r;

	(void)ret_code;
	while ((flag = bt_oci_cli_flag(argc, argv, "+f", flags, err)) != -1) {
		if (flag != 'f')
			return -EINVAL;
		force = true;
	}
	r = bt_oci_cli_count(argv[0], argc - optind, 1, 1, err);
	if (r < 0)
		return r;
	while ((r = delete_once(cli, argv[optind], force, err)) > 0)
		(void)usleep(NAP_US);
	return r;
}
