/* SPDX-License-Identifier: Apache-2.0 */

/* `cp`: files between a container and here, carried as archives. tar(1) is what unpacks and packs
 * on our side, in the directory that is meant and nowhere else. */

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/multi.h"
#include "cli/upload.h"
#include "client/base64.h"
#include "client/target.h"

#define MODE_DIR (1ll << 31) /* Go's os.ModeDir */

/* "CONTAINER:PATH" or a path here: a path with a slash or dot before its colon is one here. */
static const char *split(const char *text, char **ret_container)
{
	const char *colon = strchr(text, ':');

	if (!colon || colon == text || *text == '/' || *text == '.' ||
	    memchr(text, '/', (size_t)(colon - text)))
		return text;
	*ret_container = strndup(text, (size_t)(colon - text));
	return colon + 1;
}

static void archive_target(struct bt_str *to, const char *container, const char *path)
{
	bt_multi_container(to, container, "/archive");
	bt_target_add(to, "path", path);
}

/* Run tar with `fd` as its input or output. Returns its process, or negative. */
static pid_t run_tar(const char *const *argv, int fd, int to)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid < 0 ? -errno : pid;
	if (dup2(fd, to) >= 0)
		(void)execvp("tar", (char *const *)(uintptr_t)argv);
	_exit(127);
}

static int finish_tar(pid_t pid, struct bt_err *err)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status == 0)
		return 0;
	return bt_err_set(err, BT_ERR_SYSTEM, EIO, "tar failed with status %d",
			  WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static int open_pipe(int *ret_read, int *ret_write, struct bt_err *err)
{
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return bt_err_sys(err, -errno, "pipe");
	*ret_read = pair[0];
	*ret_write = pair[1];
	return 0;
}

/* Where an archive's only root entry goes, and what it is called there. */
struct place {
	char *dir;  /* exists */
	char *name; /* NULL: as it is called in the archive */
};

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int local_place(const char *path, struct place *ret, struct bt_err *err)
{
	size_t n = strlen(path);
	bt_auto_free char *copy = strdup(path);

	if (!copy)
		return bt_err_sys(err, -ENOMEM, "cp");
	if (is_dir(path)) {
		ret->dir = strdup(path);
		return 0;
	}
	if (n && path[n - 1] == '/')
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "no such directory");
	ret->name = strdup(bt_path_base(path));
	ret->dir = strdup(dirname(copy));
	if (!is_dir(ret->dir))
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
				  "invalid output path: directory \"%s\" does not exist", ret->dir);
	return 0;
}

/* tar's way to rename the archive's root: "s,^NAME,NEW,". Names are quoted for the expression. */
static void quote(struct bt_str *out, const char *text, const char *special)
{
	for (; *text; text++) {
		if (strchr(special, *text))
			bt_str_putc(out, '\\');
		bt_str_putc(out, *text);
	}
}

static void rename_rule(struct bt_str *out, const char *from, const char *to)
{
	bt_str_puts(out, "--transform=s,^");
	quote(out, from, "\\.[]*^$,/");
	bt_str_puts(out, "\\(/\\|$\\),");
	quote(out, to, "\\&,");
	bt_str_puts(out, "\\1,S");
}

static int unpack(struct bt_http_conn *conn, const struct place *place, const char *root,
		  bool archive, struct bt_err *err)
{
	const char *argv[] = { "tar", "-xf", "-", "-C", place->dir, "--no-same-owner", NULL, NULL };
	bt_auto_close int in = -EBADF;
	bt_auto_close int out = -EBADF;
	bt_auto_str struct bt_str rule = { 0 };
	int r = open_pipe(&in, &out, err);
	pid_t pid;

	if (archive)
		argv[5] = "--same-owner";
	if (place->name && strcmp(place->name, root) != 0) {
		rename_rule(&rule, root, place->name);
		argv[6] = bt_str_get(&rule);
	}
	if (r < 0)
		return r;
	pid = run_tar(argv, in, STDIN_FILENO);
	if (pid < 0)
		return bt_err_sys(err, (int)pid, "tar");
	bt_close(&in);
	r = bt_upload_download(conn, out, err);
	bt_close(&out);
	int t = finish_tar(pid, err);
	return r < 0 ? r : t;
}

/* The name of the archive's root entry, by the daemon's description of it. */
static char *root_name(const struct bt_http_conn *conn, const char *path)
{
	const char *header = bt_http_head_get(&conn->head, "X-Docker-Container-Path-Stat");
	bt_auto_str struct bt_str plain = { 0 };
	json_auto_t *stat = NULL;
	const char *name;

	if (header && bt_base64_decode(&plain, header) == 0)
		stat = json_loads(bt_str_get(&plain), 0, NULL);
	name = json_string_value(json_object_get(stat, "name"));
	return strdup(name && *name ? name : bt_path_base(path));
}

static int copy_out(struct bt_cli *cli, const struct bt_args *args, const char *container,
		    const char *path, const char *to, struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };
	struct bt_http_conn conn;
	struct place place = { 0 };
	struct bt_api *api;
	int r = bt_cli_api(cli, &api, err);

	archive_target(&target, container, path);
	struct bt_api_request req = { .method = "GET", .target = bt_str_get(&target) };
	if (r == 0)
		r = bt_api_open(api, &req, &conn, err);
	if (r < 0)
		return r;
	if (strcmp(to, "-") == 0) {
		r = bt_upload_download(&conn, STDOUT_FILENO, err);
	} else {
		bt_auto_free char *root = root_name(&conn, path);
		r = local_place(to, &place, err);
		/* "DIR/." means what is in it. */
		if (r == 0 && !place.name && bt_str_ends(path, "/."))
			place.name = strdup(".");
		if (r == 0)
			r = unpack(&conn, &place, root ? root : "", bt_args_bool(args, "archive"),
				   err);
	}
	free(place.dir);
	free(place.name);
	bt_api_keep(api, &conn);
	return r;
}

static int missing(const char *path, const char *container, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
			  "Error response from daemon: Could not find the file %s in container %s",
			  path, container);
}

/* What is at `path` in the container: 1 a directory, 0 something else, -ENOENT. */
static int remote_kind(struct bt_cli *cli, const char *container, const char *path,
		       struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };
	bt_auto_str struct bt_str plain = { 0 };
	json_auto_t *stat = NULL;
	struct bt_http_conn conn;
	const char *header;
	struct bt_api *api;
	int r = bt_cli_api(cli, &api, err);

	archive_target(&target, container, path);
	struct bt_api_request req = { .method = "HEAD", .target = bt_str_get(&target) };
	if (r == 0)
		r = bt_api_open(api, &req, &conn, err);
	/* The answer to HEAD has no body to say what is missing. */
	if (r < 0 && err->kind == BT_ERR_NOT_FOUND)
		return missing(path, container, err);
	if (r < 0)
		return r;
	header = bt_http_head_get(&conn.head, "X-Docker-Container-Path-Stat");
	if (header && bt_base64_decode(&plain, header) == 0)
		stat = json_loads(bt_str_get(&plain), 0, NULL);
	bt_api_keep(api, &conn);
	return json_integer_value(json_object_get(stat, "mode")) & MODE_DIR ? 1 : 0;
}

/* Nothing is at `path`: say whether there is no container, or nothing in it. Negative. */
static int say_missing(struct bt_cli *cli, const char *container, const char *path,
		       struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };
	int r;

	bt_multi_container(&target, container, "/json");
	r = bt_cli_call(cli, "GET", bt_str_get(&target), NULL, NULL, err);
	return r < 0 ? r : missing(path, container, err);
}

static int send_archive(struct bt_cli *cli, const char *container, const char *dir, int fd,
			bool archive, struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };
	struct bt_http_conn conn;
	struct bt_api *api;
	int r = bt_cli_api(cli, &api, err);

	archive_target(&target, container, dir);
	bt_target_add(&target, "noOverwriteDirNonDir", "true");
	bt_target_add_flag(&target, "copyUIDGID", archive);
	struct bt_api_request req = { .method = "PUT",
				      .target = bt_str_get(&target),
				      .type = "application/x-tar" };
	if (r == 0)
		r = bt_upload_fd(api, &req, fd, &conn, err);
	if (r < 0)
		return r;
	bt_http_close(&conn);
	return 0;
}

/* Pack `path` here under the name `name`, and send it into `dir` there. */
static int pack(struct bt_cli *cli, const struct bt_args *args, const char *path, const char *name,
		const char *container, const char *dir, struct bt_err *err)
{
	bt_auto_free char *clean = bt_path_clean(path);
	bt_auto_free char *copy = clean ? strdup(clean) : NULL;
	bool content = bt_str_ends(path, "/.") || strcmp(path, ".") == 0;
	const char *base = content ? "." : bt_path_base(clean ? clean : path);
	const char *argv[] = { "tar", "-cf", "-", "-C", NULL, NULL, "--", base, NULL, NULL };
	bt_auto_close int in = -EBADF;
	bt_auto_close int out = -EBADF;
	bt_auto_str struct bt_str rule = { 0 };
	pid_t pid;
	int r = copy ? open_pipe(&in, &out, err) : bt_err_sys(err, -ENOMEM, "cp");

	if (r < 0)
		return r;
	argv[4] = content ? clean : dirname(copy);
	rename_rule(&rule, base, name);
	argv[5] = content ? "--format=gnu" : bt_str_get(&rule);
	if (bt_args_bool(args, "follow-link")) {
		argv[8] = argv[7];
		argv[7] = argv[6];
		argv[6] = "--dereference";
	}
	pid = run_tar(argv, out, STDOUT_FILENO);
	if (pid < 0)
		return bt_err_sys(err, (int)pid, "tar");
	bt_close(&out);
	r = send_archive(cli, container, dir, in, bt_args_bool(args, "archive"), err);
	bt_close(&in);
	int t = finish_tar(pid, r < 0 ? BT_ERR_IGNORED : err);
	return r < 0 ? r : t;
}

/* `to` is none of the container's directories: what it becomes, or takes the place of, is in the
 * directory above. `there`: it exists. */
static int copy_as(struct bt_cli *cli, const struct bt_args *args, const char *path, bool is_dir,
		   const char *container, const char *to, bool there, struct bt_err *err)
{
	bt_auto_free char *copy = strdup(to);
	const char *above;

	if (!copy)
		return bt_err_sys(err, -ENOMEM, "cp");
	if (!there && bt_str_ends(to, "/") && !is_dir)
		return say_missing(cli, container, to, err);
	if (there && is_dir)
		return bt_err_set(err, BT_ERR_INVALID, ENOTDIR, "cannot copy directory");
	above = dirname(copy);
	if (!there && remote_kind(cli, container, above, err) != 1)
		return say_missing(cli, container, above, err);
	return pack(cli, args, path, bt_path_base(to), container, above, err);
}

static int copy_in(struct bt_cli *cli, const struct bt_args *args, const char *path,
		   const char *container, const char *to, struct bt_err *err)
{
	struct stat st;
	int kind;

	if (strcmp(path, "-") == 0)
		return send_archive(cli, container, to, STDIN_FILENO, bt_args_bool(args, "archive"),
				    err);
	if (lstat(path, &st) < 0)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
				  "lstat %s: no such file or directory", path);
	kind = remote_kind(cli, container, to, err);
	if (kind == 1) {
		bt_auto_free char *clean = bt_path_clean(path);

		return pack(cli, args, path, bt_path_base(clean ? clean : path), container, to,
			    err);
	}
	if (kind < 0 && err->kind != BT_ERR_NOT_FOUND)
		return kind;
	return copy_as(cli, args, path, S_ISDIR(st.st_mode), container, to, kind == 0, err);
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	bt_auto_free char *from = NULL;
	bt_auto_free char *to = NULL;
	const char *source = split(args->pos[0], &from), *target = split(args->pos[1], &to);
	struct bt_err err = { 0 };
	int r;

	if (from && to) {
		(void)fputs("copying between containers is not supported\n", stderr);
		return BT_CLI_FAILED;
	}
	if (!from && !to) {
		(void)fputs("must specify at least one container source\n", stderr);
		return BT_CLI_FAILED;
	}
	if (from)
		r = copy_out(cli, args, from, source, target, &err);
	else
		r = copy_in(cli, args, source, to, target, &err);
	return r < 0 ? bt_cli_fail(&err) : 0;
}

static const struct bt_flag flags[] = {
	{ 'a', BT_FLAG_BOOL, "archive", NULL, "Keep owners", NULL, NULL },
	{ 'L', BT_FLAG_BOOL, "follow-link", NULL, "Follow symbolic links in the source", NULL,
	  NULL },
	{ 'q', BT_FLAG_BOOL, "quiet", NULL, "Show no progress", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_cp_command = {
	.names = "container cp,cp",
	.usage = "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tdocker cp [OPTIONS] SRC_PATH|- "
		 "CONTAINER:DEST_PATH",
	.brief = "Copy files between a container and the local file system",
	.flags = { flags },
	.min = 2,
	.max = 2,
	.run = run,
};
