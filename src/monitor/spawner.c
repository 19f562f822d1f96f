/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/io.h"
#include "base/log.h"
#include "base/sock.h"
#include "monitor/monitor.h"
#include "monitor/protocol.h"
#include "runtime/cgroups.h"
#include "sys/caps.h"
#include "sys/closing.h"
#include "sys/elf.h"

/* memfd_create(2) since Linux 6.3; libc may be older. */
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

/* ---- the daemon's side ------------------------------------------------------- */

/* A memfd for the program, writable still, or -errno. */
static int make_memfd(void)
{
	int fd = memfd_create("berth-runtime", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (fd < 0 && errno == EINVAL) /* before Linux 6.3 there is no MFD_EXEC */
		fd = memfd_create("berth-runtime", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

/* Copy what is run of the program, and seal the copy. */
static int copy_sealed(int from, int to)
{
	struct stat st;
	off_t at = 0, size;

	if (fstat(from, &st) < 0)
		return -errno;
	size = bt_elf_loaded_size(from, st.st_size);
	while (at < size) {
		ssize_t n = sendfile(to, from, &at, (size_t)(size - at));

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
	}
	return fchmod(to, 0555) < 0 ? -errno : bt_io_seal(to);
}

/* In the new process: make `conn` descriptor 3, close everything else, become the spawner: the
 * program `file`, copied to `program`. */
static _Noreturn void exec_spawner(int file, int program, int conn)
{
	static char name[] = "berth-runtime", verb[] = "spawner";
	char *const argv[] = { name, verb, NULL };
	const char *fault = getenv(BT_FAULT_VARIABLE);
	char variable[PATH_MAX + 32];
	char *const envp[] = { fault ? variable : NULL, NULL };
	int flags, null;
	int r = copy_sealed(file, program);

	if (r < 0) {
		bt_log_error("copy the runtime into memory: %s", strerror(-r));
		_exit(126);
	}
	if (fault)
		(void)snprintf(variable, sizeof(variable), BT_FAULT_VARIABLE "=%s", fault);
	/* None may be in the way of another. */
	program = fcntl(program, F_DUPFD_CLOEXEC, 10);
	conn = fcntl(conn, F_DUPFD_CLOEXEC, 10);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (program < 0 || conn < 0 || dup2(conn, BT_PROTOCOL_SPAWNER_FD) < 0)
		_exit(126);
	/* Monitors outlive the daemon: whoever reads its output must see the end of it. */
	for (int fd = 0; fd < 3; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			_exit(126);
	flags = fcntl(BT_PROTOCOL_SPAWNER_FD, F_GETFD);
	if (flags < 0 || fcntl(BT_PROTOCOL_SPAWNER_FD, F_SETFD, flags & ~FD_CLOEXEC) < 0)
		_exit(126);
	if (bt_closing_range(BT_PROTOCOL_SPAWNER_FD + 1, ~0u, true) < 0 || setsid() < 0)
		_exit(126);
	fexecve(program, argv, envp);
	_exit(127);
}

int bt_spawner_start(const char *runtime_path, pid_t *ret_pid, int *ret_fd, struct bt_err *err)
{
	bt_auto_close int file = open(runtime_path, O_RDONLY | O_CLOEXEC);
	bt_auto_close int program = -EBADF, ours = -EBADF, theirs = -EBADF;
	int pair[2];
	pid_t pid;

	if (file < 0)
		return bt_err_sys(err, -errno, "open %s", runtime_path);
	program = make_memfd();
	if (program < 0)
		return bt_err_sys(err, program, "copy %s into memory", runtime_path);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return bt_err_sys(err, -errno, "make the spawner's connection");
	ours = pair[0];
	theirs = pair[1];
	pid = fork();
	if (pid < 0)
		return bt_err_sys(err, -errno, "fork the spawner");
	if (pid == 0)
		exec_spawner(file, program, theirs);
	*ret_pid = pid;
	*ret_fd = bt_take_fd(&ours);
	return 0;
}

/* ---- the spawner itself ------------------------------------------------------- */

/* Answer without a JSON library: monitors inherit what this process has touched. */
static int answer(int fd, pid_t pid, int errnum)
{
	char text[256];
	int n;

	if (pid > 0)
		n = snprintf(text, sizeof(text), "{\"ok\":true,\"pid\":%d}", (int)pid);
	else
		n = snprintf(
			text, sizeof(text),
			"{\"error\":{\"kind\":%d,\"errnum\":%d,\"msg\":\"spawn a monitor: %s\"}}",
			(int)BT_ERR_SYSTEM, errnum, strerror(errnum));
	return bt_sock_send(fd, text, (size_t)n, NULL, 0);
}

/* Where the packet lies. Not on the heap: its pages go away with the child that parses it. */
static char packet[BT_SOCK_MSG_MAX];

/* The program that the packet asks for, or NULL: the monitor's. */
static const struct bt_spawner_helper *find_helper(const struct bt_spawner_helper *helpers,
						   size_t len)
{
	for (const struct bt_spawner_helper *h = helpers; h->request; h++)
		if (len == strlen(h->request) && memcmp(packet, h->request, len) == 0)
			return h;
	return NULL;
}

/* One request: 1, 0 at the end of the connection, or a negative errno. */
static int serve_one(int fd, const struct bt_spawner_helper *helpers)
{
	int fds[BT_SOCK_FDS_MAX], errnum = 0;
	const struct bt_spawner_helper *helper;
	size_t nfds = 0;
	pid_t pid = -1;
	ssize_t n = bt_sock_recv(fd, packet, sizeof(packet), fds, &nfds, 0);

	if (n == 0)
		return 0;
	if (n < 0 && n != -EMSGSIZE)
		return (int)n;
	if (n > 0)
		pid = fork();
	errnum = n < 0 ? (int)-n : errno;
	if (pid == 0) {
		bt_close(&fd);
		(void)signal(SIGCHLD, SIG_DFL);
		helper = find_helper(helpers, (size_t)n);
		if (helper)
			_exit(helper->run(fds, nfds));
		_exit(bt_monitor_run(packet, (size_t)n, fds, nfds));
	}
	while (nfds > 0)
		bt_close(&fds[--nfds]);
	return answer(fd, pid, errnum) < 0 ? 0 : 1;
}

int bt_spawner_run(int fd, const struct bt_spawner_helper *helpers)
{
	const struct bt_cgroup_host *host;
	int r = 1;

	/* Monitors that end are reaped by the kernel: nobody asks for their status. */
	if (signal(SIGCHLD, SIG_IGN) == SIG_ERR || signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    signal(SIGHUP, SIG_IGN) == SIG_ERR || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NAME, "berth-spawner", 0, 0, 0) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return EXIT_FAILURE;
	(void)umask(0022);
	bt_fault_init();
	/* Found once for all monitors; whoever needs it and cannot have it says so. */
	(void)(bt_cgroups_host(&host, BT_ERR_IGNORED) < 0);
	(void)bt_caps_bounding();
	while (r > 0)
		r = serve_one(fd, helpers);
	bt_close(&fd);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
