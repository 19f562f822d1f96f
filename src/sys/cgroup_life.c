/* SPDX-License-Identifier: Apache-2.0 */

/* What happens to the processes of a group: stopping, killing, counting them, and
 * the group's removal. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/time.h"
#include "sys/cgroup.h"
#include "sys/cgroup_files.h"

#define DEPTH_MAX      64
#define PIDS_MAX       (1u << 20)
#define FREEZE_WAIT_MS 2000
#define KILL_ROUNDS    5

static void sleep_us(long us)
{
	(void)nanosleep(
		&(struct timespec){ .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 }, NULL);
}

static int64_t now_ms(void)
{
	return bt_time_monotonic_ns() / 1000000;
}

/* ---- walking ------------------------------------------------------------------- */

/* Call `visit` for the group at `at`/`name` after its children. `visit` returns 0 or a
 * negative errno, which ends the walk. */
static int walk(int at, const char *name, unsigned depth,
		int (*visit)(int at, const char *name, void *arg), void *arg)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct dirent *entry;
	int r = 0;
	DIR *dir;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	dir = fdopendir(fd);
	if (!dir) {
		bt_close(&fd);
		return -ENOMEM;
	}
	while (r >= 0 && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			r = depth == 0 ? -ELOOP
				       : walk(dirfd(dir), entry->d_name, depth - 1, visit, arg);
	(void)closedir(dir);
	return r < 0 ? r : visit(at, name, arg);
}

/* The directory that processes are counted in: the one they are stopped in. */
static int process_dir(const struct bt_cgroup *cg)
{
	int dir = bt_cgroup_files_dir(cg, BT_CGROUP_FREEZER);

	for (unsigned i = 0; dir < 0 && i < cg->ndirs; i++)
		dir = cg->dirs[i];
	return dir < 0 ? -ENOENT : dir;
}

struct pid_list {
	pid_t *v;
	size_t n, cap;
};

static int add_pid(struct pid_list *list, pid_t pid)
{
	if (list->n == PIDS_MAX)
		return -E2BIG;
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 64;
		pid_t *v = realloc(list->v, cap * sizeof(*v));

		if (!v)
			return -ENOMEM;
		list->v = v;
		list->cap = cap;
	}
	list->v[list->n++] = pid;
	return 0;
}

static int collect_pids(int at, const char *name, void *arg)
{
	char path[NAME_MAX + sizeof("/cgroup.procs")];
	int fd, r = 0;
	FILE *file;
	int pid;

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", name);
	fd = openat(at, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	file = fdopen(fd, "re");
	if (!file) {
		bt_close(&fd);
		return -ENOMEM;
	}
	/* 0 stands for a process that this pid namespace does not see. */
	while (r == 0 && fscanf(file, "%d", &pid) == 1)
		r = pid > 0 ? add_pid(arg, pid) : 0;
	(void)fclose(file);
	return r;
}

static int list_pids(int dir, struct pid_list *ret)
{
	return walk(dir, ".", DEPTH_MAX, collect_pids, ret);
}

int bt_cgroup_pids(const struct bt_cgroup *cg, pid_t **ret, size_t *ret_n)
{
	struct pid_list list = { 0 };
	int dir = process_dir(cg);
	int r = dir < 0 ? dir : list_pids(dir, &list);

	if (r < 0) {
		free(list.v);
		return r;
	}
	*ret = list.v;
	*ret_n = list.n;
	return 0;
}

int bt_cgroup_is_populated(const struct bt_cgroup *cg)
{
	bt_auto_free pid_t *pids = NULL;
	uint64_t populated;
	size_t n = 0;
	int r;

	if (bt_cgroup_files_is_v2(cg, BT_CGROUP_FREEZER)) {
		int dir = bt_cgroup_files_dir(cg, BT_CGROUP_FREEZER);

		r = dir < 0 ? dir
			    : bt_cgroup_files_read_key(dir, "cgroup.events", "populated",
						       &populated);
		return r < 0 ? r : populated > 0;
	}
	r = bt_cgroup_pids(cg, &pids, &n);
	return r < 0 ? r : n > 0;
}

/* ---- stopping ------------------------------------------------------------------ */

/* Version 1 tells only when asked; a task that is just being forked or moved may keep it at
 * FREEZING until it is thawed and frozen again. */
static int freeze_v1(int dir)
{
	int64_t end = now_ms() + FREEZE_WAIT_MS;
	char state[32];
	int r;

	for (unsigned round = 0; now_ms() < end; round++) {
		if (round > 0 && round % 50 == 0) {
			r = bt_cgroup_files_write(dir, "freezer.state", "THAWED");
			if (r < 0)
				return r;
			sleep_us(1000);
		}
		r = bt_cgroup_files_write(dir, "freezer.state", "FROZEN");
		if (r < 0)
			return r;
		r = bt_cgroup_files_read(dir, "freezer.state", state, sizeof(state));
		if (r < 0)
			return r;
		if (strcmp(state, "FROZEN") == 0)
			return 0;
		sleep_us(round < 10 ? 50 : 2000);
	}
	r = bt_cgroup_files_write(dir, "freezer.state", "THAWED");
	return r < 0 ? r : -ETIMEDOUT;
}

static int freeze_v2(int dir)
{
	bt_auto_close int fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int64_t end = now_ms() + FREEZE_WAIT_MS;
	int r;

	if (fd < 0)
		return -errno;
	r = bt_cgroup_files_write(dir, "cgroup.freeze", "1");
	if (r < 0)
		return r;
	for (;;) {
		char text[256] = "";
		int64_t left = end - now_ms();

		if (pread(fd, text, sizeof(text) - 1, 0) < 0)
			return -errno;
		if (strstr(text, "frozen 1"))
			return 0;
		if (left <= 0)
			break;
		(void)poll(&(struct pollfd){ .fd = fd, .events = POLLPRI }, 1, (int)left);
	}
	r = bt_cgroup_files_write(dir, "cgroup.freeze", "0");
	return r < 0 ? r : -ETIMEDOUT;
}

int bt_cgroup_freeze(const struct bt_cgroup *cg)
{
	int dir = bt_cgroup_files_dir(cg, BT_CGROUP_FREEZER);

	if (dir < 0)
		return dir;
	return bt_cgroup_files_is_v2(cg, BT_CGROUP_FREEZER) ? freeze_v2(dir) : freeze_v1(dir);
}

int bt_cgroup_thaw(const struct bt_cgroup *cg)
{
	int dir = bt_cgroup_files_dir(cg, BT_CGROUP_FREEZER);

	if (dir < 0)
		return dir;
	if (bt_cgroup_files_is_v2(cg, BT_CGROUP_FREEZER))
		return bt_cgroup_files_write(dir, "cgroup.freeze", "0");
	return bt_cgroup_files_write(dir, "freezer.state", "THAWED");
}

int bt_cgroup_is_frozen(const struct bt_cgroup *cg)
{
	int dir = bt_cgroup_files_dir(cg, BT_CGROUP_FREEZER);
	char state[32];
	uint64_t frozen;
	int r;

	if (dir < 0)
		return dir;
	if (bt_cgroup_files_is_v2(cg, BT_CGROUP_FREEZER)) {
		r = bt_cgroup_files_read_key(dir, "cgroup.events", "frozen", &frozen);
		return r < 0 ? r : frozen > 0;
	}
	r = bt_cgroup_files_read(dir, "freezer.state", state, sizeof(state));
	return r < 0 ? r : strcmp(state, "FROZEN") == 0;
}

/* ---- killing ------------------------------------------------------------------- */

/* Signal what is in the group now. Returns how many there were. */
static int signal_once(const struct bt_cgroup *cg, int signal)
{
	bt_auto_free pid_t *pids = NULL;
	size_t n = 0;
	int r = bt_cgroup_pids(cg, &pids, &n);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (kill(pids[i], signal) < 0 && errno != ESRCH)
			r = -errno;
	return r < 0 ? r : (int)n;
}

/* Without cgroup.kill: stop them so that nothing forks, signal all, and let them die. Where
 * they cannot be stopped, signal until nobody new appears. */
static int kill_by_list(const struct bt_cgroup *cg)
{
	int r, thawed;

	for (int round = 0; round < KILL_ROUNDS; round++) {
		int frozen = bt_cgroup_freeze(cg);

		r = signal_once(cg, SIGKILL);
		thawed = bt_cgroup_thaw(cg);
		if (r <= 0 || frozen == 0)
			return r < 0 ? r : thawed == -EOPNOTSUPP ? 0 : thawed;
		sleep_us(1000);
	}
	return 0;
}

int bt_cgroup_kill(const struct bt_cgroup *cg, int signal)
{
	int unified = bt_cgroup_clone_fd(cg);
	int r;

	if (signal != SIGKILL) {
		r = signal_once(cg, signal);
		return r < 0 ? r : 0;
	}
	if (unified < 0 || bt_cgroup_files_write(unified, "cgroup.kill", "1") < 0)
		return kill_by_list(cg);
	if (bt_cgroup_files_is_v2(cg, BT_CGROUP_FREEZER))
		return 0;
	/* Beside version 1 something may be there that never joined version 2; and what
	 * version 1 has frozen does not die before it is thawed. */
	r = signal_once(cg, SIGKILL);
	if (r <= 0)
		return r;
	r = bt_cgroup_thaw(cg);
	return r == -EOPNOTSUPP ? 0 : r;
}

/* ---- removing ------------------------------------------------------------------ */

static int remove_dir(int at, const char *name, void *arg)
{
	(void)arg;
	if (strcmp(name, ".") == 0)
		return 0;
	return unlinkat(at, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

/* Remove the group from one hierarchy. Returns 0 or -errno. */
static int remove_from(const struct bt_cgroup *cg, unsigned i)
{
	int root = cg->host->v[i].fd;
	const char *relative = cg->path + 1;
	int r;

	if (unlinkat(root, relative, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY)
		return -errno;
	r = walk(cg->dirs[i], ".", DEPTH_MAX, remove_dir, NULL);
	if (r < 0)
		return r;
	return unlinkat(root, relative, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

/* One try in each hierarchy that still has it. Returns 0, or the last -errno. */
static int remove_everywhere(const struct bt_cgroup *cg, bool gone[])
{
	int r = 0;

	for (unsigned i = 0; i < cg->ndirs; i++) {
		int one = gone[i] || cg->dirs[i] < 0 ? 0 : remove_from(cg, i);

		gone[i] = one == 0;
		if (one < 0)
			r = one;
	}
	return r;
}

int bt_cgroup_remove(struct bt_cgroup *cg, int timeout_ms)
{
	bool gone[BT_CGROUP_HIERARCHIES_MAX] = { false };
	int64_t end = now_ms() + timeout_ms;
	long wait = 200;
	int r;

	for (;;) {
		r = remove_everywhere(cg, gone);
		if (r != -EBUSY || now_ms() >= end)
			break;
		sleep_us(wait);
		wait = wait < 20000 ? wait * 2 : wait;
	}
	if (r == 0)
		bt_cgroup_done(cg);
	return r;
}
