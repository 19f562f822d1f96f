/* SPDX-License-Identifier: Apache-2.0 */

/* `image make`: a base image from a distribution's mirror, by mmdebstrap(1), with no registry. The
 * same packages give the same digest: entries are sorted, and times are clamped to
 * SOURCE_DATE_EPOCH. */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/import.h"
#include "client/target.h"

#define ARGS_MAX 32
/* What the child exits with where there is no such program, as a shell does. */
#define NOT_THERE 127

static void make_arguments(const struct bt_args *args, char *include, const char *argv[ARGS_MAX])
{
	const char *mirror = bt_args_string(args, "mirror");
	size_t n = 0;

	argv[n++] = "mmdebstrap";
	argv[n++] = "--quiet";
	argv[n++] = "--format=tar";
	argv[n++] = "--variant=minbase";
	argv[n++] = "--aptopt=Apt::Install-Recommends \"false\"";
	argv[n++] = "--dpkgopt=path-exclude=/usr/share/man/*";
	argv[n++] = "--dpkgopt=path-exclude=/usr/share/doc/*";
	argv[n++] = "--dpkgopt=path-include=/usr/share/doc/*/copyright";
	if (include)
		argv[n++] = include;
	argv[n++] = args->pos[1];
	argv[n++] = "-";
	if (mirror)
		argv[n++] = mirror;
	argv[n] = NULL;
}

/* Start mmdebstrap with its archive going into a pipe. Returns the process; `*ret_fd` is to read.
 */
static pid_t start(const struct bt_args *args, int *ret_fd, struct bt_err *err)
{
	const char *packages = bt_args_string(args, "include"), *argv[ARGS_MAX];
	bt_auto_free char *include = packages ? bt_str_format("--include=%s", packages) : NULL;
	int pair[2];
	pid_t pid;

	make_arguments(args, include, argv);
	if (pipe2(pair, O_CLOEXEC) < 0)
		return bt_err_sys(err, -errno, "pipe");
	pid = fork();
	if (pid == 0) {
		/* A set time makes the archive the same each time. */
		(void)setenv("SOURCE_DATE_EPOCH", "0", 0);
		if (dup2(pair[1], STDOUT_FILENO) >= 0)
			(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(NOT_THERE);
	}
	(void)close(pair[1]);
	*ret_fd = pair[0];
	return pid < 0 ? bt_err_sys(err, -errno, "fork") : pid;
}

static int finish(pid_t pid, struct bt_err *err)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_THERE)
		return bt_err_set(err, BT_ERR_SYSTEM, ENOENT,
				  "image make needs mmdebstrap, which is not installed: apt-get "
				  "install mmdebstrap");
	return bt_err_set(err, BT_ERR_SYSTEM, EIO, "mmdebstrap failed; no image was made");
}

/* The archive is complete before the daemon sees any of it: half an image must not get the name. */
static int collect(const struct bt_args *args, FILE *to, struct bt_err *err)
{
	bt_auto_close int fd = -EBADF;
	char buf[65536];
	ssize_t n;
	pid_t pid = start(args, &fd, err);

	if (pid < 0)
		return (int)pid;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (fwrite(buf, 1, (size_t)n, to) != (size_t)n)
			break;
	bt_close(&fd);
	int r = finish(pid, err);
	if (r == 0 && (fflush(to) != 0 || ferror(to)))
		return bt_err_sys(err, -ENOSPC, "keep the archive");
	return r;
}

/* When the image says it was made: never now, or it would be another one each time. */
static void made_at(char ret[BT_TIME_RFC3339_LEN])
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	long long seconds = 0;
	struct tm tm;
	time_t t;

	t = text && bt_str_to_i64(text, &seconds) == 0 ? (time_t)seconds : 0;
	if (!gmtime_r(&t, &tm) || strftime(ret, BT_TIME_RFC3339_LEN, "%FT%TZ", &tm) == 0)
		(void)strcpy(ret, "1970-01-01T00:00:00Z");
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	const char *name = args->pos[0], *colon = strrchr(name, ':');
	bt_auto_str struct bt_str target = { 0 };
	struct bt_err err = { 0 };
	char created[BT_TIME_RFC3339_LEN];
	FILE *archive = tmpfile();
	int r;

	if (colon && strchr(colon, '/'))
		colon = NULL;
	bt_auto_free char *message = bt_str_format("Made by mmdebstrap, %s", args->pos[1]);
	made_at(created);
	bt_auto_free char *repo = strndup(name, colon ? (size_t)(colon - name) : strlen(name));
	bt_str_puts(&target, "/images/create?fromSrc=-");
	bt_target_add(&target, "repo", repo);
	bt_target_add(&target, "tag", colon ? colon + 1 : "latest");
	bt_target_add(&target, "changes", "CMD [\"/bin/bash\"]");
	bt_target_add(&target, "message", message);
	bt_target_add(&target, "created", created);
	if (!archive) {
		(void)bt_err_sys(&err, -errno, "temporary file");
		return bt_cli_fail(&err);
	}
	r = collect(args, archive, &err);
	if (r == 0 && lseek(fileno(archive), 0, SEEK_SET) < 0)
		r = bt_err_sys(&err, -errno, "temporary file");
	if (r == 0)
		r = bt_import_fd(cli, bt_str_get(&target), fileno(archive), &err);
	(void)fclose(archive);
	return r < 0 ? bt_cli_fail(&err) : 0;
}

static const struct bt_flag flags[] = {
	{ 0, BT_FLAG_STRING, "include", NULL, "Further packages, separated by commas", NULL, NULL },
	{ 0, BT_FLAG_STRING, "mirror", NULL, "Address of the mirror", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_image_make_command = {
	.names = "image make",
	.usage = "[OPTIONS] NAME[:TAG] SUITE",
	.brief = "Make a base image from a distribution's mirror",
	.flags = { flags },
	.min = 2,
	.max = 2,
	.run = run,
};
