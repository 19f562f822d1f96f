/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TEST_LAUNCH_FIXTURE_H
#define BT_TEST_LAUNCH_FIXTURE_H

/*
 * A container of the static busybox with Docker's defaults, for tests that start
 * real ones: a root in a directory of its own, a specification as JSON to change,
 * and a run that gives back the exit code and what was written.
 */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "runtime/launch.h"

struct fixture {
	char bundle[64];
	char root[80];
	char id[24];
	json_t *config;
	struct bt_arena arena;
	struct bt_oci_spec spec;
	struct bt_launch_request req;
	struct bt_err err;
	char out[16384];
};

static const char fixture_config[] =
	"{'ociVersion':'1.1.0','process':{'user':{'uid':0,'gid':0},'cwd':'/','args':['true'],"
	"'env':['PATH=/bin'],'capabilities':{"
	"'bounding':['CAP_CHOWN','CAP_KILL','CAP_MKNOD','CAP_SETUID','CAP_SETGID'],"
	"'effective':['CAP_CHOWN','CAP_KILL','CAP_MKNOD','CAP_SETUID','CAP_SETGID'],"
	"'permitted':['CAP_CHOWN','CAP_KILL','CAP_MKNOD','CAP_SETUID','CAP_SETGID']}},"
	"'root':{'path':'rootfs'},'hostname':'fixture','mounts':["
	"{'destination':'/proc','type':'proc','source':'proc',"
	" 'options':['nosuid','noexec','nodev']},"
	"{'destination':'/dev','type':'tmpfs','source':'tmpfs',"
	" 'options':['nosuid','strictatime','mode=755','size=65536k']},"
	"{'destination':'/dev/pts','type':'devpts','source':'devpts','options':"
	" ['nosuid','noexec','newinstance','ptmxmode=0666','mode=0620','gid=5']},"
	"{'destination':'/sys','type':'sysfs','source':'sysfs',"
	" 'options':['nosuid','noexec','nodev','ro']},"
	"{'destination':'/sys/fs/cgroup','type':'cgroup','source':'cgroup',"
	" 'options':['ro','nosuid','noexec','nodev']},"
	"{'destination':'/dev/mqueue','type':'mqueue','source':'mqueue',"
	" 'options':['nosuid','noexec','nodev']},"
	"{'destination':'/dev/shm','type':'tmpfs','source':'shm',"
	" 'options':['nosuid','noexec','nodev','mode=1777','size=67108864']}],"
	"'linux':{'namespaces':[{'type':'mount'},{'type':'network'},{'type':'uts'},{'type':'pid'},"
	"{'type':'ipc'}],'resources':{},"
	"'maskedPaths':['/proc/kcore','/proc/keys','/proc/acpi','/sys/firmware','/proc/nothing'],"
	"'readonlyPaths':['/proc/bus','/proc/fs','/proc/irq','/proc/sys','/proc/sysrq-trigger']}}";

static inline json_t *fixture_json(const char *text)
{
	char buf[8192];
	json_error_t error;
	json_t *json;

	ck_assert_uint_lt(strlen(text), sizeof(buf));
	strcpy(buf, text);
	for (char *p = buf; *p != '\0'; p++) {
		if (*p == '\'')
			*p = '"';
	}
	json = json_loads(buf, JSON_DECODE_ANY, &error);
	ck_assert_msg(json != NULL, "%s in %s", error.text, text);
	return json;
}

/* Make or replace the file `path` of the root. */
static inline void fixture_file(struct fixture *f, const char *path, const char *text, mode_t mode)
{
	char full[256];

	(void)snprintf(full, sizeof(full), "%s/%s", f->root, path);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, full, mode, text, strlen(text)), 0);
	ck_assert_int_eq(chmod(full, mode), 0);
}

static inline void fixture_init(struct fixture *f)
{
	static const char *const dirs[] = { "bin", "etc", "tmp", "proc", "sys", "dev", "root" };
	static const char *const links[] = { "sh",    "true",  "cat",      "ls",      "id",
					     "mount", "stat",  "pwd",      "sleep",   "readlink",
					     "grep",  "mkdir", "touch",    "tty",     "stty",
					     "wc",    "env",   "hostname", "echo",    "mknod",
					     "ps",    "kill",  "ulimit",   "unshare", "umount" };
	char path[256];

	memset(f, 0, sizeof(*f));
	strcpy(f->bundle, "/tmp/test_launch.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(f->bundle));
	(void)snprintf(f->root, sizeof(f->root), "%s/rootfs", f->bundle);
	(void)snprintf(f->id, sizeof(f->id), "t%s", strrchr(f->bundle, '.') + 1);
	ck_assert_int_eq(mkdir(f->root, 0755), 0);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", f->root, dirs[i]);
		ck_assert_int_eq(mkdir(path, 0755), 0);
	}
	(void)snprintf(path, sizeof(path), "cp /bin/busybox %s/bin/busybox", f->root);
	ck_assert_int_eq(system(path), 0);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/bin/%s", f->root, links[i]);
		ck_assert_int_eq(symlink("busybox", path), 0);
	}
	fixture_file(f, "etc/passwd",
		     "root:x:0:0:root:/root:/bin/sh\nu:x:1000:1000::/home/u:/bin/sh\n", 0644);
	f->config = fixture_json(fixture_config);
	f->req = (struct bt_launch_request){ .rootfs_fd = -EBADF, .netns_fd = -EBADF };
}

static inline void fixture_done(struct fixture *f)
{
	json_decref(f->config);
	bt_arena_done(&f->arena);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, f->bundle), 0);
}

/* Set the member at `path` ("process.cwd") to the JSON text `value`. */
static inline void fixture_set(struct fixture *f, const char *path, const char *value)
{
	json_t *at = f->config;
	char part[64];

	for (;;) {
		size_t len = strcspn(path, ".");

		memcpy(part, path, len);
		part[len] = '\0';
		if (path[len] == '\0')
			break;
		if (json_object_get(at, part) == NULL)
			ck_assert_int_eq(json_object_set_new(at, part, json_object()), 0);
		at = json_object_get(at, part);
		path += len + 1;
	}
	ck_assert_int_eq(json_object_set_new(at, part, fixture_json(value)), 0);
}

static inline void fixture_add_mount(struct fixture *f, const char *value)
{
	ck_assert_int_eq(
		json_array_append_new(json_object_get(f->config, "mounts"), fixture_json(value)),
		0);
}

static inline void fixture_shell(struct fixture *f, const char *script)
{
	json_t *args = json_pack("[s,s,s]", "sh", "-c", script);

	ck_assert_int_eq(json_object_set_new(json_object_get(f->config, "process"), "args", args),
			 0);
}

/* Parse what the configuration is now and create the container, with its output
 * going to the write end of a pipe, of which *ret_out is the other. */
static inline int fixture_create(struct fixture *f, struct bt_launch *launch, int *ret_out)
{
	bt_auto_free char *text = json_dumps(f->config, 0);
	bt_auto_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int out[2], r;

	bt_arena_done(&f->arena);
	ck_assert_msg(bt_oci_spec_parse(text, strlen(text), &f->arena, &f->spec, &f->err) == 0,
		      "%s", f->err.msg);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	f->req.id = f->id;
	f->req.spec = &f->spec;
	f->req.bundle = f->bundle;
	f->req.stdio[0] = null;
	f->req.stdio[1] = f->req.stdio[2] = out[1];
	r = bt_launch_create(&f->req, launch, &f->err);
	bt_close(&out[1]);
	if (r < 0)
		bt_close(&out[0]);
	else
		*ret_out = out[0];
	return r;
}

static inline int fixture_wait(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* All that comes until the end, which is EIO for a terminal's master. */
static inline void fixture_read(struct fixture *f, int fd)
{
	size_t used = 0;
	ssize_t n;

	while ((n = read(fd, f->out + used, sizeof(f->out) - 1 - used)) > 0)
		used += (size_t)n;
	f->out[used] = '\0';
}

/* What is left of the container goes. Returns 0 or -errno. */
static inline int fixture_cleanup(const struct fixture *f, struct bt_err *err)
{
	const struct bt_cgroups_owner owner = { .spec = &f->spec, .id = f->id };

	return bt_launch_cleanup(&owner, NULL, err);
}

/* The whole life of a container. Returns its exit code, or a negative errno with
 * f->err where it did not start. */
static inline int fixture_run(struct fixture *f)
{
	struct bt_launch launch = { 0 };
	bt_auto_close int out = -EBADF;
	struct bt_err ignored;
	int r = fixture_create(f, &launch, &out), code;

	f->out[0] = '\0';
	if (r < 0)
		return r;
	r = bt_launch_start(&launch, &f->err);
	fixture_read(f, out);
	code = fixture_wait(launch.pid);
	bt_launch_done(&launch);
	ck_assert_int_eq(fixture_cleanup(f, &ignored), 0);
	return r < 0 ? r : code;
}

#endif
