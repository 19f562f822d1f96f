/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/exec_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

#define DIR_NAME  "execs"
#define VERSION   "1 "
#define FILE_MAX  (4u << 20)
#define NAME_LONG 128

static void dir_done(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* The path of an exec's file; NULL for what is no plain name, and without memory. */
static char *make_path(const char *dir, const char *id)
{
	if (!id[0] || id[0] == '.' || strchr(id, '/') || strlen(id) >= NAME_LONG)
		return NULL;
	return bt_str_format("%s/" DIR_NAME "/%s", dir, id);
}

/* One write(2), so that a line is whole or the last. */
static int append(const char *path, int flags, const char *text, size_t len)
{
	bt_auto_close int fd =
		open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = write(fd, text, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n < len ? -ENOSPC : 0;
}

int bt_exec_file_create(const char *dir, const char *id, const char *config)
{
	bt_auto_free char *path = make_path(dir, id);
	bt_auto_free char *parent = bt_str_format("%s/" DIR_NAME, dir);
	bt_auto_free char *text = bt_str_format(VERSION "%s\n", config);
	int r;

	if (!path)
		return -EINVAL;
	if (!parent || !text)
		return -ENOMEM;
	if (mkdir(parent, 0700) < 0 && errno != EEXIST)
		return -errno;
	r = append(path, O_CREAT | O_EXCL, text, strlen(text));
	if (r < 0 && r != -EEXIST)
		(void)unlink(path);
	return r;
}

static int add_line(const char *dir, const char *id, const char *line)
{
	bt_auto_free char *path = make_path(dir, id);
	int r;

	if (!path)
		return -EINVAL;
	r = append(path, 0, line, strlen(line));
	return r == -ENOENT ? 0 : r;
}

int bt_exec_file_started(const char *dir, const char *id, int64_t at_ns, pid_t pid)
{
	char line[64];

	snprintf(line, sizeof(line), "started %" PRId64 " %d\n", at_ns, (int)pid);
	return add_line(dir, id, line);
}

int bt_exec_file_ended(const char *dir, const char *id, int64_t at_ns, int code)
{
	char line[64];

	snprintf(line, sizeof(line), "ended %" PRId64 " %d\n", at_ns, code);
	return add_line(dir, id, line);
}

int bt_exec_file_told(const char *dir, const char *id)
{
	return add_line(dir, id, "told\n");
}

static void take_line(const char *line, struct bt_exec_file *file)
{
	int64_t at;
	int number, end = 0;

	if (sscanf(line, "started %" SCNd64 " %d%n", &at, &number, &end) == 2 && !line[end]) {
		file->started = true;
		file->started_ns = at;
		file->pid = number;
	} else if (sscanf(line, "ended %" SCNd64 " %d%n", &at, &number, &end) == 2 && !line[end]) {
		file->ended = true;
		file->ended_ns = at;
		file->code = number;
	} else if (strcmp(line, "told") == 0) {
		file->told = true;
	}
}

int bt_exec_file_parse(char *text, struct bt_exec_file *ret)
{
	bt_auto_exec_file struct bt_exec_file file = { 0 };
	char *line = text, *end = strchr(text, '\n');

	if (!end || strncmp(line, VERSION, strlen(VERSION)) != 0)
		return -EBADMSG;
	*end = '\0';
	file.config = strdup(line + strlen(VERSION));
	if (!file.config)
		return -ENOMEM;
	for (line = end + 1; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		take_line(line, &file);
	}
	*ret = bt_take_struct(file);
	return 0;
}

int bt_exec_file_read(const char *dir, const char *id, struct bt_exec_file *ret)
{
	bt_auto_free char *path = make_path(dir, id);
	bt_auto_free char *text = NULL;
	int r = path ? bt_io_read_file(AT_FDCWD, path, FILE_MAX, &text, NULL) : -EINVAL;

	return r < 0 ? r : bt_exec_file_parse(text, ret);
}

void bt_exec_file_done(struct bt_exec_file *file)
{
	free(file->config);
	*file = (struct bt_exec_file){ 0 };
}

int bt_exec_file_each(const char *dir, int (*fn)(void *data, const char *id), void *data)
{
	bt_auto_free char *path = bt_str_format("%s/" DIR_NAME, dir);
	bt_auto(dir_done) DIR *list = path ? opendir(path) : NULL;
	const struct dirent *entry;
	int r = 0;

	if (!list)
		return !path ? -ENOMEM : errno == ENOENT ? 0 : -errno;
	while (r == 0 && (entry = readdir(list)))
		if (entry->d_name[0] != '.')
			r = fn(data, entry->d_name);
	return r;
}

void bt_exec_file_remove(const char *dir, const char *id)
{
	bt_auto_free char *path = make_path(dir, id);

	if (path)
		(void)unlink(path);
}
