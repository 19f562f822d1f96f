/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/state.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/time.h"
#include "codec/json.h"
#include "runtime/cgroups.h"
#include "runtime/launch.h"
#include "runtime/state_lock.h"
#include "sys/pidfd.h"

#define STATE_MAX (64u << 10)

bool bt_state_id_valid(const char *id)
{
	if (*id == '\0' || strlen(id) > 1024 || strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
		return false;
	for (; *id != '\0'; id++) {
		if (!isalnum((unsigned char)*id) && strchr("_+-.", *id) == NULL)
			return false;
	}
	return true;
}

static int dir_of(const char *root, const char *id, char **ret, struct bt_err *err)
{
	if (!bt_state_id_valid(id))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid container id: \"%s\"", id);
	*ret = bt_path_join(root, id);
	return *ret == NULL ? bt_err_sys(err, -ENOMEM, "container %s", id) : 0;
}

/* Whoever deletes such a name may take a new directory for the remains of a creator that was
 * killed, and hold its lock. Returns the lock; -ENOENT where it is gone with the directory; or
 * -errno. */
static int lock_new(const char *dir)
{
	bt_auto_free char *path = bt_path_join(dir, "state.json");
	bt_auto_close int lock = bt_state_lock_create(dir);

	if (lock == -EEXIST || lock == -EAGAIN)
		lock = bt_state_lock_take(dir, -1);
	/* It may be another's by now. */
	if (lock >= 0 && (path == NULL || access(path, F_OK) == 0))
		return path == NULL ? -ENOMEM : -EEXIST;
	return lock < 0 ? lock : bt_take_fd(&lock);
}

/* As lock_new(); -EEXIST where the name is taken. */
static int make(const char *dir)
{
	int r;

	if (mkdir(dir, 0700) < 0)
		return -errno;
	r = lock_new(dir);
	/* Short of descriptors, perhaps: it is empty then. */
	if (r < 0 && r != -ENOENT && r != -EEXIST && rmdir(dir) < 0)
		bt_ignore(bt_state_remove(dir, NULL, BT_ERR_IGNORED));
	return r;
}

int bt_state_reserve(const char *root, const char *id, char **ret_dir, int *ret_lock,
		     struct bt_err *err)
{
	bt_auto_free char *dir = NULL;
	int r = dir_of(root, id, &dir, err);

	if (r < 0)
		return r;
	r = bt_io_mkdir_p(root, 0711);
	if (r < 0)
		return bt_err_sys(err, r, "make %s", root);
	while ((r = make(dir)) == -ENOENT && access(root, F_OK) == 0)
		continue;
	if (r == -EEXIST)
		return bt_err_set(err, BT_ERR_CONFLICT, EEXIST,
				  "container with given ID already exists: %s", id);
	if (r < 0)
		return bt_err_sys(err, r, "make %s", dir);
	*ret_dir = bt_take(dir);
	*ret_lock = r;
	return 0;
}

/* Nobody reads it as long as there is no state. */
static int write_config(const char *dir, const char *text, struct bt_err *err)
{
	bt_auto_free char *path = bt_path_join(dir, "config.json");
	int r = path == NULL ? -ENOMEM
			     : bt_io_create_file(AT_FDCWD, path, 0600, text, strlen(text));

	return r < 0 ? bt_err_sys(err, r, "write config.json in %s", dir) : 0;
}

/* A file that nobody else has open: what a killed writer left behind may be the state before, which
 * somebody still reads, so it is not written over. */
static int write_apart(const char *path, const char *text)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	bt_auto_close int fd = open(path, flags, 0600);

	if (fd < 0 && errno == EEXIST && unlink(path) == 0)
		fd = open(path, flags, 0600);
	return fd < 0 ? -errno : bt_io_write_all(fd, text, strlen(text));
}

/* A file once in place never changes: who opens it reads one state to its end, and a writer that is
 * killed leaves the old one or the new one. The two change places instead of one replacing the
 * other, for a replacement makes ext4 write its blocks out at once (its auto_da_alloc). */
static int write_state(const char *dir, const char *text)
{
	bt_auto_free char *path = bt_path_join(dir, "state.json");
	bt_auto_free char *next = bt_path_join(dir, "state.json.new");
	int r = path == NULL || next == NULL ? -ENOMEM : write_apart(next, text);

	if (r < 0)
		return r;
	if (renameat2(AT_FDCWD, next, AT_FDCWD, path, RENAME_EXCHANGE) == 0) {
		/* Nobody looks for it, and it goes with its directory. */
		(void)unlink(next);
		return 0;
	}
	/* The first one, or a file system (or kernel) that does not exchange. */
	return rename(next, path) < 0 ? -errno : 0;
}

int bt_state_save(const struct bt_state *state, const char *config, struct bt_err *err)
{
	/* The first five are runc's names, for programs that look into its state. */
	json_auto_t *json = json_pack(
		"{s:s, s:i, s:I, s:I, s:s, s:s, s:b, s:b, s:b, s:b, s:b}", "id", state->id,
		"init_process_pid", (int)state->pid, "init_process_start",
		(json_int_t)state->start_time, "created_ns", (json_int_t)state->created, "bundle",
		state->bundle, "rootfs", state->rootfs, "creating", state->creating, "no_pivot",
		state->no_pivot, "no_new_keyring", state->no_new_keyring, "systemd_cgroup",
		state->systemd_cgroup, "rootless", state->rootless);
	bt_auto_free char *text = NULL;
	int r;

	if (json == NULL || bt_json_dump(json, &text, NULL) < 0)
		return bt_err_sys(err, -ENOMEM, "write the state of %s", state->id);
	r = config != NULL ? write_config(state->dir, config, err) : 0;
	if (r < 0)
		return r;
	r = write_state(state->dir, text);
	return r < 0 ? bt_err_sys(err, r, "write state.json in %s", state->dir) : 0;
}

static int fill(struct bt_state *s, const json_t *json)
{
	s->id = bt_arena_strdup(&s->arena, bt_json_str(json, "id", ""));
	s->bundle = bt_arena_strdup(&s->arena, bt_json_str(json, "bundle", ""));
	s->rootfs = bt_arena_strdup(&s->arena, bt_json_str(json, "rootfs", ""));
	s->pid = (pid_t)bt_json_i64(json, "init_process_pid", 0);
	s->start_time = (uint64_t)bt_json_i64(json, "init_process_start", 0);
	s->created = bt_json_i64(json, "created_ns", 0);
	s->creating = bt_json_bool(json, "creating", false);
	s->no_pivot = bt_json_bool(json, "no_pivot", false);
	s->no_new_keyring = bt_json_bool(json, "no_new_keyring", false);
	s->systemd_cgroup = bt_json_bool(json, "systemd_cgroup", false);
	s->rootless = bt_json_bool(json, "rootless", false);
	return s->id != NULL && s->bundle != NULL && s->rootfs != NULL ? 0 : -ENOMEM;
}

/* Both of one directory, for another container may have its name by the time the second is read.
 * Returns 1; 0 where there is none, or where it was removed meanwhile, the state before all else.
 */
static int read_both(const char *dir, char *ret[static 2], size_t len[static 2])
{
	bt_auto_close int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = at < 0 ? -errno : bt_io_read_file(at, "state.json", STATE_MAX, &ret[0], &len[0]);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = bt_io_read_file(at, "config.json", BT_OCI_SPEC_TEXT_MAX, &ret[1], &len[1]);
	if (r == -ENOENT && faccessat(at, "state.json", F_OK, 0) < 0 && errno == ENOENT)
		return 0;
	return r < 0 ? r : 1;
}

static int parse(const char *dir, char *const texts[static 2], const size_t len[static 2],
		 struct bt_state *s, struct bt_err *err)
{
	json_auto_t *json = NULL;
	int r = bt_json_parse(texts[0], len[0], 0, &json, err);

	if (r < 0)
		return bt_err_context(err, "%s/state.json", dir);
	r = fill(s, json);
	s->dir = bt_arena_strdup(&s->arena, dir);
	if (r < 0 || s->dir == NULL)
		return bt_err_sys(err, -ENOMEM, "read the state in %s", dir);
	r = bt_oci_spec_parse(texts[1], len[1], &s->arena, &s->spec, err);
	return r < 0 ? bt_err_context(err, "%s/config.json", dir) : 0;
}

int bt_state_load(const char *root, const char *id, struct bt_state *ret, struct bt_err *err)
{
	bt_auto_free char *dir = NULL, *text = NULL, *config = NULL;
	bt_auto_state struct bt_state s = { 0 };
	char *texts[2] = { NULL };
	size_t len[2];
	int r = dir_of(root, id, &dir, err);

	if (r < 0)
		return r;
	r = read_both(dir, texts, len);
	text = texts[0];
	config = texts[1];
	if (r < 0)
		return bt_err_sys(err, r, "read the state in %s", dir);
	if (r == 0)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "container does not exist: %s",
				  id);
	r = parse(dir, texts, len, &s, err);
	if (r == 0)
		*ret = bt_take_struct(s);
	return r;
}

/* "pid (name) S …": the name may hold anything, the rest are numbers; the start time is field 22,
 * that is the twentieth from the state on. Returns as bt_state_start_time(). */
static int find_start_time(const char *text, uint64_t *ret)
{
	const char *p = strrchr(text, ')');

	if (p == NULL || p[1] != ' ' || p[2] == 'Z' || p[2] == 'X')
		return 0;
	p += 2;
	for (int field = 3; field < 22 && p != NULL; field++) {
		p = strchr(p, ' ');
		p = p != NULL ? p + 1 : NULL;
	}
	if (p == NULL)
		return 0;
	*ret = strtoull(p, NULL, 10);
	return 1;
}

int bt_state_start_time(pid_t pid, uint64_t *ret)
{
	bt_auto_close int fd = -1;
	char text[1024], path[40];
	ssize_t n;

	if (pid <= 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -errno : bt_io_read_all(fd, text, sizeof(text) - 1);
	/* A process that ends meanwhile cannot be read any more. */
	if (n == -ENOENT || n == -ESRCH)
		return 0;
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	return find_start_time(text, ret);
}

/* Returns 1, 0, or -errno where it cannot be told. */
static int waits_for_start(const struct bt_state *state)
{
	bt_auto_free char *path = bt_path_join(state->dir, BT_LAUNCH_START_SOCKET);

	if (path == NULL)
		return -ENOMEM;
	if (access(path, F_OK) == 0)
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

/* Each exec asks: of a dozen hierarchies only the one is opened that tells. Returns 1, 0 (also
 * where there are no control groups), or -errno where want of memory or descriptors keeps it from
 * being told: a frozen container must not pass for one that runs. */
static int is_frozen(const struct bt_state *state, struct bt_err *err)
{
	const struct bt_cgroups_owner owner = bt_state_owner(state);
	bt_auto_cgroup struct bt_cgroup cg = { 0 };
	const struct bt_cgroup_host *host;
	bt_auto_free char *path = NULL;
	int r = bt_cgroups_host(&host, err);

	if (r == 0)
		r = bt_cgroups_path(&owner, &path, err);
	if (r == 0)
		r = bt_cgroup_open_one(host, path, BT_CGROUP_FREEZER, &cg);
	if (r == 0)
		r = bt_cgroup_freeze_is_on(&cg);
	if (r < 0)
		return bt_err_is_shortage(r) ? r : 0;
	return r > 0;
}

static int find_status(const struct bt_state *state, enum bt_state_status *ret, struct bt_err *err)
{
	uint64_t start = 0;
	int r = bt_state_start_time(state->pid, &start);

	if (r < 0)
		return r;
	if (r == 0 || start != state->start_time) {
		*ret = BT_STATE_STOPPED;
		return 0;
	}
	r = state->creating ? 0 : waits_for_start(state);
	if (r < 0)
		return r;
	*ret = state->creating ? BT_STATE_CREATING : BT_STATE_CREATED;
	if (state->creating || r > 0)
		return 0;
	/* Its deletion takes the socket away, too, after it has ended the process. */
	r = bt_state_start_time(state->pid, &start);
	if (r <= 0 || start != state->start_time) {
		*ret = BT_STATE_STOPPED;
		return r < 0 ? r : 0;
	}
	r = is_frozen(state, err);
	if (r >= 0)
		*ret = r > 0 ? BT_STATE_PAUSED : BT_STATE_RUNNING;
	return r < 0 ? r : 0;
}

int bt_state_status(const struct bt_state *state, enum bt_state_status *ret, struct bt_err *err)
{
	enum bt_state_status found = BT_STATE_STOPPED;
	int r = find_status(state, &found, err);

	if (r < 0)
		return bt_err_sys(err, r, "find out what %s is doing", state->id);
	*ret = found;
	return 0;
}

int bt_state_failed(const struct bt_state *state, struct bt_err *err)
{
	bt_auto_free char *path = bt_path_join(state->dir, "state.json");
	enum bt_state_status status;
	struct bt_err ignored;

	if (path != NULL && access(path, F_OK) < 0 && errno == ENOENT)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "container does not exist: %s",
				  state->id);
	if (bt_state_status(state, &status, &ignored) == 0 && status == BT_STATE_STOPPED)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH,
				  "container not running: it has ended");
	return -err->errnum;
}

const char *bt_state_status_name(enum bt_state_status status)
{
	static const char *const names[] = { "creating", "created", "running", "paused",
					     "stopped" };

	return names[status];
}

struct bt_cgroups_owner bt_state_owner(const struct bt_state *state)
{
	return (struct bt_cgroups_owner){ .spec = &state->spec,
					  .id = state->id,
					  .bundle = state->bundle,
					  .systemd = state->systemd_cgroup };
}

int bt_state_cgroup(const struct bt_state *state, struct bt_cgroup *ret, struct bt_err *err)
{
	const struct bt_cgroups_owner owner = bt_state_owner(state);
	const struct bt_cgroup_host *host;
	bt_auto_free char *path = NULL;
	int r = bt_cgroups_host(&host, err);

	if (r == 0)
		r = bt_cgroups_path(&owner, &path, err);
	if (r < 0)
		return r;
	r = bt_cgroup_open(host, path, ret);
	if (r == -ENOENT && state->rootless)
		return bt_err_set(err, BT_ERR_CONFLICT, ENOENT,
				  "container %s has no control group: it was made without root's "
				  "rights",
				  state->id);
	return r < 0 ? bt_err_sys(err, r, "open control group %s", path) : 0;
}

int bt_state_signal(const struct bt_state *state, int signal)
{
	bt_auto_close int pidfd = bt_pidfd_open(state->pid);
	uint64_t start = 0;
	int r;

	if (pidfd < 0)
		return pidfd;
	/* Asked after the descriptor was opened, so both are about the same process. */
	r = bt_state_start_time(state->pid, &start);
	if (r < 0)
		return r;
	if (r == 0 || start != state->start_time)
		return -ESRCH;
	return bt_pidfd_signal(pidfd, state->pid, signal);
}

int bt_state_remove(const char *dir, int *lock, struct bt_err *err)
{
	bt_auto_free char *path = bt_path_join(dir, "state.json");
	int r = path == NULL ? -ENOMEM : 0;

	if (r == 0 && unlink(path) < 0 && errno != ENOENT)
		r = -errno;
	if (r == 0)
		r = bt_io_remove_tree(AT_FDCWD, dir);
	/* Perhaps the lock itself, under another name, for it is open. */
	if ((r == -EBUSY || r == -ENOTEMPTY) && lock != NULL && *lock >= 0 &&
	    bt_state_lock_close(lock, dir) == 0)
		return 0;
	return r < 0 ? bt_err_sys(err, r, "remove %s", dir) : 0;
}

void bt_state_done(struct bt_state *state)
{
	bt_arena_done(&state->arena);
	*state = (struct bt_state){ 0 };
}
