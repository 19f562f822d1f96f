/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"

/* An image's passwd is hostile input: no more of it is looked at. */
#define PASSWD_MAX (1u << 20)
#define LINE_LEN   4096

/* Can the caller execute the file? Returns 0 or -errno. */
static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	/* With AT_EACCESS it is faccessat2(2), Linux 5.8. Of a file it never says EPERM, only a
	 * filter does; the effective ids are the real ones here. */
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 &&
	    (errno != EPERM || access(path, X_OK) < 0))
		return -errno;
	/* With CAP_DAC_OVERRIDE access(2) agrees where one of the bits is set; a file with
	 * none, or on a mount without exec, is found out by execve(2). */
	return (st.st_mode & 0111) != 0 ? 0 : -EACCES;
}

static int with_slash(const char *name, char ret[PATH_MAX], struct bt_err *err)
{
	int r = executable(name);

	if (r < 0)
		return bt_program_failed(name, -r, err);
	if (strlen(name) >= PATH_MAX)
		return bt_program_failed(name, ENAMETOOLONG, err);
	memcpy(ret, name, strlen(name) + 1);
	return 0;
}

/* What says no more than that the program is not to be had in this directory. */
static bool is_absent(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -EACCES || r == -EISDIR || r == -ELOOP ||
	       r == -ENAMETOOLONG;
}

int bt_program_find(const char *name, const char *path_list, char ret[PATH_MAX], struct bt_err *err)
{
	int failed = 0;

	if (strchr(name, '/') != NULL)
		return with_slash(name, ret, err);
	for (const char *dir = path_list; dir != NULL; dir = strchr(dir, ':')) {
		size_t len;
		int n, r;

		dir += *dir == ':';
		len = strcspn(dir, ":");
		n = snprintf(ret, PATH_MAX, "%.*s%s%s", (int)len, dir, len > 0 ? "/" : "./", name);
		if (n < 0 || n >= PATH_MAX)
			continue;
		/* One that may not be executed counts as not there, as with Docker. */
		r = executable(ret);
		if (r == 0)
			return 0;
		if (failed == 0 && !is_absent(r))
			failed = r;
		if (dir[len] == '\0')
			break;
	}
	if (failed < 0)
		return bt_program_failed(name, -failed, err);
	return bt_err_set(err, BT_ERR_INVALID, ENOENT,
			  "exec: \"%s\": executable file not found in $PATH", name);
}

/* As Go prints errors: in lower case. */
static const char *words(int errnum)
{
	switch (errnum) {
	case ENOENT:
		return "no such file or directory";
	case EACCES:
	case EPERM:
		return "permission denied";
	case EISDIR:
		/* What execve(2) says of it comes behind: clients look for that. */
		return "is a directory: permission denied";
	case ENOTDIR:
		return "not a directory";
	case ENOEXEC:
		return "exec format error";
	case E2BIG:
		return "argument list too long";
	case ELOOP:
		return "too many levels of symbolic links";
	case ETXTBSY:
		return "text file busy";
	default:
		return strerrordesc_np(errnum);
	}
}

int bt_program_failed(const char *name, int errnum, struct bt_err *err)
{
	const char *how = errnum == ENOENT || errnum == ENOTDIR ? "stat " : "";

	if (*how != '\0')
		return bt_err_set(err, BT_ERR_INVALID, errnum, "exec: \"%s\": stat %s: %s", name,
				  name, words(errnum));
	return bt_err_set(err, BT_ERR_INVALID, errnum, "exec: \"%s\": %s", name, words(errnum));
}

/* The home in a line "name:password:uid:gid:gecos:home:shell" of `uid`, or NULL;
 * the line is taken apart. */
static const char *home_of(char *line, unsigned uid)
{
	char *fields[7] = { line };
	unsigned long long number;
	size_t n = 1;

	for (char *p = line; *p != '\0' && n < 7; p++) {
		if (*p == ':') {
			*p = '\0';
			fields[n++] = p + 1;
		}
	}
	if (n < 6 || bt_str_to_u64(fields[2], &number) < 0 || number != uid)
		return NULL;
	return fields[5][0] == '/' ? fields[5] : NULL;
}

struct reader {
	int fd;
	char buf[LINE_LEN];
	size_t start, end, total;
};

/* The next line, NUL-terminated in the buffer, or NULL. */
static char *next_line(struct reader *in)
{
	bool skip = false;

	for (;;) {
		char *nl = memchr(in->buf + in->start, '\n', in->end - in->start);
		ssize_t n;

		if (nl != NULL) {
			char *line = in->buf + in->start;

			*nl = '\0';
			in->start = (size_t)(nl + 1 - in->buf);
			if (!skip)
				return line;
			skip = false;
			continue;
		}
		memmove(in->buf, in->buf + in->start, in->end - in->start);
		in->end -= in->start;
		in->start = 0;
		if (in->end == sizeof(in->buf) - 1) {
			skip = true;
			in->end = 0;
		}
		n = read(in->fd, in->buf + in->end, sizeof(in->buf) - 1 - in->end);
		in->total += n > 0 ? (size_t)n : 0;
		if (n > 0 && in->total <= PASSWD_MAX) {
			in->end += (size_t)n;
			continue;
		}
		/* A last line without its newline. */
		if (n != 0 || in->end == 0 || skip)
			return NULL;
		in->buf[in->end] = '\0';
		in->start = in->end = 0;
		return in->buf;
	}
}

void bt_program_home_in(int fd, unsigned uid, char ret[PATH_MAX])
{
	struct reader in = { .fd = fd };
	char *line;

	memcpy(ret, "/", 2);
	while ((line = next_line(&in)) != NULL) {
		const char *home = home_of(line, uid);

		if (home != NULL) {
			(void)snprintf(ret, PATH_MAX, "%s", home);
			return;
		}
	}
}

void bt_program_home(unsigned uid, char ret[PATH_MAX])
{
	/* A pipe or a device of that name must not hold anybody up. */
	bt_auto_close int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	memcpy(ret, "/", 2);
	if (fd >= 0)
		bt_program_home_in(fd, uid, ret);
}
