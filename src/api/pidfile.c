/* SPDX-License-Identifier: Apache-2.0 */

#include "api/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

int bt_pidfile_lock_root(const char *path, const char *what, struct bt_err *err)
{
	bt_auto_close int fd = -EBADF;
	int r = bt_io_mkdir_p(path, 0710);

	if (r < 0)
		return bt_err_sys(err, r, "make the %s %s", what, path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return bt_err_sys(err, -errno, "open the %s %s", what, path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return bt_err_sys(err, -errno, "lock the %s %s", what, path);
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "another daemon runs on the %s %s: give this one a %s of its own",
				  what, path, what);
	}
	return bt_take_fd(&fd);
}

/* Is `pid` a living process of our own name? Ids are used again, by others; and one that has ended
 * and was not waited for yet, as under an init that takes its time, is in nobody's way. */
static bool is_daemon(pid_t pid)
{
	char path[64], ours[32] = { 0 };
	bt_auto_free char *stat = NULL;
	char *comm, *end;

	/* "4711 (berthd) S ..."; the name may have blanks and parentheses of its own. */
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (bt_io_read_file(AT_FDCWD, path, 4096, &stat, NULL) < 0)
		return false;
	comm = strchr(stat, '(');
	end = strrchr(stat, ')');
	if (!comm || !end || end < comm || strchr("ZXx", end[1] ? end[2] : '\0'))
		return false;
	*end = '\0';
	return prctl(PR_GET_NAME, ours) == 0 && strcmp(comm + 1, ours) == 0;
}

/* The living daemon that a file names, or 0. */
static pid_t living(const char *path)
{
	bt_auto_free char *text = NULL;
	unsigned long long pid;

	if (bt_io_read_file(AT_FDCWD, path, 64, &text, NULL) < 0)
		return 0;
	text[strcspn(text, " \t\r\n")] = '\0';
	if (bt_str_to_u64(text, &pid) < 0 || pid == 0 || pid > INT32_MAX ||
	    (pid_t)pid == getpid() || !is_daemon((pid_t)pid))
		return 0;
	return (pid_t)pid;
}

int bt_pidfile_write(const char *path, struct bt_err *err)
{
	char text[32];
	pid_t other = living(path);
	int len, r;

	if (other > 0)
		return bt_err_set(err, BT_ERR_CONFLICT, EEXIST,
				  "process with PID %d is still running (from %s)", (int)other,
				  path);
	len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	r = bt_io_create_file(AT_FDCWD, path, 0644, text, (size_t)len);
	return r < 0 ? bt_err_sys(err, r, "write the pid file %s", path) : 0;
}
