/* SPDX-License-Identifier: Apache-2.0 */

#include "client/dialer.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/sock.h"

#define ARGS_MAX 13

/* Pointers into `ep`. */
static void put_args(const struct bt_endpoint *ep, const char *argv[ARGS_MAX])
{
	const struct {
		const char *flag, *value;
	} files[] = {
		{ "--ca", ep->tls.ca },
		{ "--cert", ep->tls.cert },
		{ "--key", ep->tls.key },
	};
	size_t n = 0;

	argv[n++] = BT_DIALER_PROGRAM;
	if (ep->tls.enabled)
		argv[n++] = "--tls";
	if (ep->tls.verify)
		argv[n++] = "--verify";
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (!files[i].value)
			continue;
		argv[n++] = files[i].flag;
		argv[n++] = files[i].value;
	}
	argv[n++] = ep->url;
	argv[n++] = ep->host;
	argv[n++] = ep->port;
	argv[n] = NULL;
}

/* The program in the directory that ours is in. Returns whether there is a name for it. */
static bool name_beside(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (!slash || (size_t)(slash + 1 - path) + sizeof(BT_DIALER_PROGRAM) > PATH_MAX)
		return false;
	memcpy(slash + 1, BT_DIALER_PROGRAM, sizeof(BT_DIALER_PROGRAM));
	return true;
}

_Noreturn static void run(const struct bt_endpoint *ep, int sock)
{
	const char *argv[ARGS_MAX];
	struct bt_err err = { 0 };
	char path[PATH_MAX];

	put_args(ep, argv);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Its own session: a ctrl-C at our terminal is ours to handle. */
	(void)setsid();
	if (dup2(sock, BT_DIALER_FD) < 0)
		_exit(127);
	if (name_beside(path))
		(void)execv(path, (char *const *)(uintptr_t)argv);
	(void)execvp(BT_DIALER_PROGRAM, (char *const *)(uintptr_t)argv);
	(void)bt_err_sys(&err, -errno, "run " BT_DIALER_PROGRAM " to connect to %s", ep->url);
	bt_ignore(bt_sock_send(BT_DIALER_FD, &err, sizeof(err), NULL, 0));
	_exit(127);
}

static int receive(int sock, const struct bt_endpoint *ep, struct bt_err *err)
{
	int fds[BT_SOCK_FDS_MAX];
	struct bt_err said;
	size_t nfds = 0;
	ssize_t n = bt_sock_recv(sock, &said, sizeof(said), fds, &nfds, 0);
	bool whole = n == (ssize_t)sizeof(said);

	if (whole && said.kind == BT_ERR_NONE && nfds == 1)
		return fds[0];
	for (size_t i = 0; i < nfds; i++)
		bt_close(&fds[i]);
	if (!whole || said.kind == BT_ERR_NONE || said.errnum <= 0)
		return bt_err_sys(err, n < 0 ? (int)n : -EPROTO,
				  BT_DIALER_PROGRAM ": connect to %s", ep->url);
	said.msg[sizeof(said.msg) - 1] = '\0';
	*err = said;
	return -said.errnum;
}

int bt_dialer_connect(const struct bt_endpoint *ep, struct bt_err *err)
{
	bt_auto_close int near = -EBADF, far = -EBADF;
	int pair[2], fd;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return bt_err_sys(err, -errno, "connect");
	near = pair[0];
	far = pair[1];
	pid = fork();
	if (pid < 0)
		return bt_err_sys(err, -errno, "connect");
	if (pid == 0) {
		/* dup2(2) to itself would leave it close-on-exec. */
		int lifted = far == BT_DIALER_FD ? dup(far) : far;

		run(ep, lifted);
	}
	bt_close(&far);
	fd = receive(near, ep, err);
	/* With TLS it stays as long as the connection. */
	while ((fd < 0 || !ep->tls.enabled) && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	return fd;
}
