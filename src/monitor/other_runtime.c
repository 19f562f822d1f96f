/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/other_runtime.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/sock.h"
#include "base/str.h"
#include "codec/json.h"
#include "codec/oci_spec.h"
#include "monitor/command.h"
#include "monitor/other_init.h"
#include "runtime/systemd_unit.h"

#define LOG_MAX (1u << 20)
/* From the runtime's `start` to the program: a few system calls, on a busy machine. */
#define EXEC_MS 2000

/* The places of one container; all below the bundle's directory. */
struct places {
	char *bundle, *rootfs, *config, *pid_file, *log, *console, *root, *process;
};

static void places_done(struct places *p)
{
	free(p->bundle);
	free(p->rootfs);
	free(p->config);
	free(p->pid_file);
	free(p->log);
	free(p->console);
	free(p->root);
	free(p->process);
}

#define auto_places bt_auto(places_done)

/* `name` tells processes of one container apart. */
static int make_places(const struct bt_monitor *m, const char *name, struct places *ret,
		       struct bt_err *err)
{
	const char *dir = m->spawn.bundle;

	if (!dir)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "spawn: a runtime, but no bundle");
	*ret = (struct places){ .bundle = strdup(dir),
				.rootfs = bt_str_format("%s/rootfs", dir),
				.config = bt_str_format("%s/config.json", dir),
				.pid_file = bt_str_format("%s/%s.pid", dir, name),
				.log = bt_str_format("%s/%s.log", dir, name),
				.console = bt_str_format("%s/%s.tty", dir, name),
				.root = bt_str_format("%s/state", dir),
				.process = bt_str_format("%s/%s.json", dir, name) };
	if (!ret->bundle || !ret->rootfs || !ret->config || !ret->pid_file || !ret->log ||
	    !ret->console || !ret->root || !ret->process)
		return bt_err_sys(err, -ENOMEM, "name the bundle's files");
	return 0;
}

/* ---- the bundle ---------------------------------------------------------------- */

/* Give the root file system a place, in mounts of our own. Once for all runs. */
static int mount_rootfs(struct bt_monitor *m, const struct places *p, struct bt_err *err)
{
	int r = bt_io_mkdir_p(p->rootfs, 0700);

	if (r < 0)
		return bt_err_sys(err, r, "make %s", p->rootfs);
	if (m->other_ready)
		return 0;
	if (unshare(CLONE_NEWNS) < 0)
		return bt_err_sys(err, -errno, "unshare mounts");
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return bt_err_sys(err, -errno, "keep mounts apart");
	if (m->rootfs_fd >= 0 && syscall(SYS_move_mount, m->rootfs_fd, "", AT_FDCWD, p->rootfs,
					 MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return bt_err_sys(err, -errno, "mount the root file system at %s", p->rootfs);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return bt_err_sys(err, -errno, "become a subreaper");
	m->other_ready = true;
	return 0;
}

/* The network namespace we hold, where the specification asks for a new one. */
static int set_network(const struct bt_monitor *m, json_t *linux_)
{
	json_t *list = bt_json_arr(linux_, "namespaces"), *item;
	char path[64];
	size_t i;

	if (m->netns_fd < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), m->netns_fd);
	json_array_foreach (list, i, item) {
		if (bt_str_eq(bt_json_str(item, "type", NULL), "network"))
			return json_object_set_new(item, "path", json_string(path));
	}
	item = json_pack("{s:s, s:s}", "type", "network", "path", path);
	return json_array_append_new(list, item);
}

/* To watch it for kills. */
static void remember_cgroup(struct bt_monitor *m, const char *path)
{
	struct bt_systemd_unit unit;

	if (m->cgroup_path)
		return;
	if (m->spawn.systemd_cgroup &&
	    bt_systemd_unit_parse(path, m->spawn.id, &unit, BT_ERR_IGNORED) == 0)
		m->cgroup_path = strdup(unit.path);
	else if (path[0] == '/')
		m->cgroup_path = strdup(path);
}

static int write_config(struct bt_monitor *m, const struct places *p, struct bt_err *err)
{
	bt_auto_free char *text = NULL, *out = NULL;
	json_auto_t *spec = NULL;
	json_t *root;
	size_t len;
	int r = bt_io_read_fd(m->spec_fd, BT_OCI_SPEC_TEXT_MAX, &text, &len);

	if (lseek(m->spec_fd, 0, SEEK_SET) < 0 || r < 0)
		return bt_err_sys(err, r < 0 ? r : -errno, "read the specification");
	r = bt_json_parse(text, len, 0, &spec, err);
	if (r < 0)
		return r;
	if (m->seccomp_fd >= 0 && !bt_json_obj(bt_json_obj(spec, "linux"), "seccomp"))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "runtime %s needs the seccomp profile in the specification",
				  m->spawn.runtime);
	remember_cgroup(m, bt_json_str(bt_json_obj(spec, "linux"), "cgroupsPath", ""));
	/* Nothing in it is newer, and older runtimes refuse what they do not know. */
	if (json_object_set_new(spec, "ociVersion", json_string("1.0.2")) < 0)
		return bt_err_sys(err, -ENOMEM, "write the specification");
	root = bt_json_obj(spec, "root");
	if (root && m->rootfs_fd >= 0 &&
	    json_object_set_new(root, "path", json_string(p->rootfs)) < 0)
		return bt_err_sys(err, -ENOMEM, "write the specification");
	if (set_network(m, bt_json_obj(spec, "linux")) < 0)
		return bt_err_sys(err, -ENOMEM, "write the specification");
	r = bt_json_dump(spec, &out, &len);
	if (r == 0)
		r = bt_io_create_file(AT_FDCWD, p->config, 0600, out, len);
	return r < 0 ? bt_err_sys(err, r, "write %s", p->config) : 0;
}

/* ---- what the runtime says ------------------------------------------------------- */

/* The last message of the runtime's log: lines of {"level","msg",…}. */
static void last_message(const char *log, char *ret, size_t size)
{
	bt_auto_free char *text = NULL;
	char *line, *end;

	snprintf(ret, size, "it did not say why");
	if (bt_io_read_file(AT_FDCWD, log, LOG_MAX, &text, NULL) < 0)
		return;
	for (line = text; *line; line = end) {
		json_auto_t *json = NULL;

		end = line + strcspn(line, "\n");
		if (bt_json_parse(line, (size_t)(end - line), 0, &json, BT_ERR_IGNORED) == 0 &&
		    bt_json_str(json, "msg", NULL))
			snprintf(ret, size, "%s", bt_json_str(json, "msg", ""));
		end += *end == '\n';
	}
}

/* Which errno its words stand for: 127 and 126 are told by it. */
static int errno_of(const char *message)
{
	if (strstr(message, "executable file not found") ||
	    strstr(message, "no such file or directory") || strstr(message, "No such file"))
		return ENOENT;
	if (strstr(message, "permission denied") || strstr(message, "Permission denied"))
		return EACCES;
	if (strstr(message, "is a directory"))
		return EISDIR;
	return EIO;
}

/* Run `runtime --root … --log … VERB …`; `rest` ends in NULL. */
static int call(struct bt_monitor *m, const struct places *p, const char *const rest[],
		const int stdio[3], struct bt_err *err)
{
	const char *argv[24] = { m->spawn.runtime, "--root",       p->root, "--log",
				 p->log,           "--log-format", "json",  "--systemd-cgroup" };
	char message[400];
	size_t n = 7 + m->spawn.systemd_cgroup;
	int r;

	while (*rest && n < 23)
		argv[n++] = *rest++;
	(void)unlink(p->log);
	r = bt_command_run(argv, stdio);
	if (r < 0)
		return bt_err_sys(err, r, "run %s", m->spawn.runtime);
	if (r == 0)
		return 0;
	last_message(p->log, message, sizeof(message));
	return bt_err_set(err, BT_ERR_SYSTEM, errno_of(message), "%s: %s", m->spawn.runtime,
			  message);
}

static const int no_stdio[3] = { -EBADF, -EBADF, -EBADF };

/* ---- processes -------------------------------------------------------------------- */

/* A socket that a terminal's master is sent to. Named through our descriptor of its
 * directory: a bundle's path may be longer than such names can be. */
static int listen_for_console(const struct places *p, char *ret_name, size_t size, int *ret_dir)
{
	int fd;

	(void)unlink(p->console);
	*ret_dir = open(p->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*ret_dir < 0)
		return -errno;
	fd = bt_sock_listen(p->console, SOCK_STREAM | SOCK_NONBLOCK, 0600);
	snprintf(ret_name, size, "/proc/%d/fd/%d/%s", (int)getpid(), *ret_dir,
		 strrchr(p->console, '/') + 1);
	return fd;
}

/* The runtime has ended by now: who has not connected before never will. */
static int receive_console(int listener)
{
	bt_auto_close int conn = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	int fds[BT_SOCK_FDS_MAX], console;
	size_t nfds = 0;
	char buf[256];
	ssize_t n;

	if (conn < 0)
		return errno == EAGAIN ? -EPROTO : -errno;
	n = bt_sock_recv(conn, buf, sizeof(buf), fds, &nfds, 0);
	if (n < 0)
		return (int)n;
	console = nfds > 0 ? bt_take_fd(&fds[0]) : -EPROTO;
	while (nfds > 0)
		bt_close(&fds[--nfds]);
	return console;
}

static int read_pid(const struct places *p, struct bt_process *process, struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	unsigned long long pid;
	int r = bt_io_read_file(AT_FDCWD, p->pid_file, 64, &text, NULL);

	if (r < 0)
		return bt_err_sys(err, r, "read %s", p->pid_file);
	text[strcspn(text, " \n")] = '\0';
	r = bt_str_to_u64(text, &pid);
	if (r == 0 && (pid == 0 || pid > INT_MAX))
		r = -ERANGE;
	if (r < 0)
		return bt_err_sys(err, r, "read %s", p->pid_file);
	process->pid = (pid_t)pid;
	process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
	return process->pidfd < 0 ? bt_err_sys(err, -errno, "find process %d", (int)pid) : 0;
}

/* Run `create` or `exec`, and take its terminal and pid. `args` has room for two more. */
static int make_process(struct bt_monitor *m, const struct places *p, const char **args, size_t n,
			bool tty, const int stdio[3], struct bt_process *ret, struct bt_err *err)
{
	bt_auto_close int listener = -EBADF, dir = -EBADF, console = -EBADF;
	struct bt_process process = { .pidfd = -EBADF, .console_fd = -EBADF };
	char name[256];
	int r;

	if (tty) {
		listener = listen_for_console(p, name, sizeof(name), &dir);
		if (listener < 0)
			return bt_err_sys(err, listener, "listen for the terminal");
		args[n++] = "--console-socket";
		args[n++] = name;
	}
	args[n++] = m->spawn.id;
	args[n] = NULL;
	r = call(m, p, args, stdio, err);
	if (r < 0)
		return r;
	if (tty) {
		console = receive_console(listener);
		if (console < 0)
			return bt_err_sys(err, console, "receive the terminal");
	}
	r = read_pid(p, &process, err);
	if (r < 0)
		return r;
	process.console_fd = bt_take_fd(&console);
	*ret = process;
	return 0;
}

/* Let it run. What is sent to it from now on meets the container's program. */
static int start_process(struct bt_monitor *m, const struct places *p,
			 const struct bt_process *process, struct bt_err *err)
{
	const char *start[] = { "start", m->spawn.id, NULL };
	struct bt_other_init before;
	int r;

	if (m->other_keeps_init)
		return call(m, p, start, no_stdio, err);
	bt_other_init_look(process->pid, &before);
	r = call(m, p, start, no_stdio, err);
	if (r == 0)
		m->other_keeps_init =
			!bt_other_init_await(process->pid, process->pidfd, &before, EXEC_MS);
	return r;
}

int bt_other_runtime_start(struct bt_monitor *m, const int stdio[3], struct bt_process *ret,
			   struct bt_err *err)
{
	auto_places struct places p = { 0 };
	const char *create[12] = { "create", "--bundle", NULL, "--pid-file", NULL };
	struct bt_process process;
	int r = make_places(m, "init", &p, err);

	if (r == 0)
		r = mount_rootfs(m, &p, err);
	if (r == 0)
		r = write_config(m, &p, err);
	if (r < 0)
		return r;
	create[2] = p.bundle;
	create[4] = p.pid_file;
	r = make_process(m, &p, create, 5, m->spawn.tty, stdio, &process, err);
	if (r == 0) {
		r = start_process(m, &p, &process, err);
		if (r == 0) {
			*ret = process;
			return 0;
		}
		bt_close(&process.pidfd);
		bt_close(&process.console_fd);
	}
	bt_other_runtime_cleanup(m);
	bt_other_runtime_reap(m);
	return r;
}

int bt_other_runtime_exec(struct bt_monitor *m, const char *exec_id, int process_fd, bool tty,
			  const int stdio[3], struct bt_process *ret, struct bt_err *err)
{
	auto_places struct places p = { 0 };
	const char *args[16] = { "exec", "--detach", "--process", NULL, "--pid-file", NULL };
	bt_auto_free char *text = NULL;
	size_t len;
	int r;

	/* Ids become names of files. */
	for (const char *c = exec_id; *c; c++)
		if (!isalnum((unsigned char)*c))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "exec: bad id %s", exec_id);
	r = make_places(m, exec_id, &p, err);
	if (r < 0)
		return r;
	r = bt_io_read_fd(process_fd, BT_OCI_SPEC_TEXT_MAX, &text, &len);
	if (r == 0)
		r = bt_io_create_file(AT_FDCWD, p.process, 0600, text, len);
	if (r < 0)
		return bt_err_sys(err, r, "write %s", p.process);
	args[3] = p.process;
	args[5] = p.pid_file;
	r = make_process(m, &p, args, 6, tty, stdio, ret, err);
	(void)unlink(p.process);
	(void)unlink(p.pid_file);
	(void)unlink(p.log);
	if (tty)
		(void)unlink(p.console);
	return r;
}

void bt_other_runtime_cleanup(struct bt_monitor *m)
{
	const char *args[] = { "delete", "--force", m->spawn.id, NULL };
	auto_places struct places p = { 0 };
	struct bt_err ignored;

	/* What is left then, the daemon sweeps up. */
	if (make_places(m, "delete", &p, &ignored) < 0 || call(m, &p, args, no_stdio, &ignored) < 0)
		return;
	(void)unlink(p.log);
}

/* Is somebody waiting for this process? */
static bool is_known(const struct bt_monitor *m, pid_t pid)
{
	return (m->run && m->run->pid == pid) || bt_execs_have(m, pid);
}

void bt_other_runtime_reap(struct bt_monitor *m)
{
	siginfo_t info = { 0 };

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0 &&
	       !is_known(m, info.si_pid)) {
		(void)waitpid(info.si_pid, NULL, WNOHANG);
		info.si_pid = 0;
	}
}
