/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/enter_find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "codec/json.h"

#define ID_LEN   64
#define FILE_MAX (64u << 10)

static void dir_done(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static bool is_id(const char *text)
{
	return strlen(text) == ID_LEN && strspn(text, "0123456789abcdef") == ID_LEN;
}

static bool is_called(int containers, const char *id, const char *name)
{
	bt_auto_free char *path = bt_str_format("%s/config.v2.json", id);
	bt_auto_free char *text = NULL;
	json_auto_t *json = NULL;
	struct bt_err ignored;
	const char *own;
	size_t len;

	if (!path || bt_io_read_file(containers, path, FILE_MAX, &text, &len) < 0 ||
	    bt_json_parse(text, len, 0, &json, &ignored) < 0)
		return false;
	own = bt_json_str(json, "Name", "");
	return strcmp(own[0] == '/' ? own + 1 : own, name) == 0;
}

int bt_enter_find_id(const char *data_root, const char *name, char ret_id[65], struct bt_err *err)
{
	bt_auto_free char *path = bt_str_format("%s/containers", data_root);
	bt_auto(dir_done) DIR *dir = path ? opendir(path) : NULL;
	unsigned begin_so = 0;
	const struct dirent *e;

	if (!dir)
		return bt_err_sys(err, -errno, "look for container %s in %s", name, data_root);
	name += name[0] == '/';
	while ((e = readdir(dir))) {
		if (!is_id(e->d_name))
			continue;
		/* A name goes before what ids begin with. */
		if (strcmp(e->d_name, name) == 0 || is_called(dirfd(dir), e->d_name, name)) {
			memcpy(ret_id, e->d_name, ID_LEN + 1);
			return 0;
		}
		if (bt_str_after(e->d_name, name) && begin_so++ == 0)
			memcpy(ret_id, e->d_name, ID_LEN + 1);
	}
	if (begin_so == 1)
		return 0;
	if (begin_so > 1)
		return bt_err_set(err, BT_ERR_CONFLICT, EEXIST,
				  "several containers have an id that begins with %s", name);
	return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "No such container: %s", name);
}

/* A line of /proc/PID/cgroup ends in the id, or in "-ID.scope" as systemd calls it. */
static bool is_in_group(const char *text, const char *id)
{
	const char *at = text;

	while ((at = strstr(at, id))) {
		const char *end = at + ID_LEN;

		if (at > text && (at[-1] == '/' || at[-1] == '-') &&
		    (*end == '\n' || *end == '\0' || bt_str_after(end, ".scope")))
			return true;
		at = end;
	}
	return false;
}

static char *read_proc(int proc, const char *pid, const char *file)
{
	bt_auto_free char *path = bt_str_format("%s/%s", pid, file);
	char *text = NULL;

	/* It may have ended meanwhile. */
	return path && bt_io_read_file(proc, path, FILE_MAX, &text, NULL) == 0 ? text : NULL;
}

/* "NSpid:\t4711\t1": in namespaces below ours, and the first in its own. */
static bool is_first(const char *status)
{
	const char *line = strstr(status, "\nNSpid:"), *end, *last;

	if (!line)
		return false;
	line++;
	end = line + strcspn(line, "\n");
	for (last = end; last > line && last[-1] != '\t'; last--)
		;
	return end - last == 1 && *last == '1' && last > line + strlen("NSpid:\t");
}

/* Field 22: when it was started. The second one, in brackets, may hold anything. */
static uint64_t started_at(const char *stat)
{
	const char *at = strrchr(stat, ')');

	for (int field = 2; at && field < 22; field++) {
		at = strchr(at + 1, ' ');
	}
	return at ? strtoull(at, NULL, 10) : UINT64_MAX;
}

int bt_enter_find_pid(const char *id, pid_t *ret, struct bt_err *err)
{
	bt_auto(dir_done) DIR *dir = opendir("/proc");
	uint64_t oldest = UINT64_MAX;
	const struct dirent *e;
	pid_t found = 0;

	if (!dir)
		return bt_err_sys(err, -errno, "look at the processes");
	while ((e = readdir(dir))) {
		bt_auto_free char *group = NULL, *status = NULL, *stat = NULL;
		uint64_t age;

		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		group = read_proc(dirfd(dir), e->d_name, "cgroup");
		if (!group || !is_in_group(group, id))
			continue;
		status = read_proc(dirfd(dir), e->d_name, "status");
		stat = read_proc(dirfd(dir), e->d_name, "stat");
		age = stat ? started_at(stat) : UINT64_MAX;
		if (status && is_first(status))
			age = 0;
		if (age < oldest) {
			oldest = age;
			found = (pid_t)strtol(e->d_name, NULL, 10);
		}
	}
	if (found == 0)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "container %.12s is not running",
				  id);
	*ret = found;
	return 0;
}
