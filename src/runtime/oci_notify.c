/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/oci_notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/sock.h"
#include "runtime/environment.h"

#define INSIDE      "/run/notify"
#define SOCKET      "notify.sock"
#define MESSAGE_MAX 4096
#define TICK_MS     100
#define BARRIER_MS  30000

static const char *host_socket(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	return path != NULL && *path != '\0' ? path : NULL;
}

/* The mounts of the specification, and one more. */
static int add_mount(struct bt_state *state, const char *source)
{
	static const char *const options[] = { "bind", "nosuid", "noexec", "nodev", "ro", NULL };
	const size_t n = sizeof(options) / sizeof(options[0]) - 1;
	struct bt_oci_spec *spec = &state->spec;
	struct bt_oci_mount *all =
		bt_arena_alloc(&state->arena, (spec->nmounts + 1) * sizeof(*all));
	char **words = bt_arena_alloc(&state->arena, sizeof(options));
	struct bt_oci_mount mount = { .destination = INSIDE,
				      .type = "bind",
				      .source = bt_arena_strdup(&state->arena, source),
				      .options = { .v = words, .n = n } };

	if (all == NULL || words == NULL || mount.source == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		words[i] = bt_arena_strdup(&state->arena, options[i]);
		if (words[i] == NULL)
			return -ENOMEM;
	}
	if (spec->nmounts > 0)
		memcpy(all, spec->mounts, spec->nmounts * sizeof(*all));
	all[spec->nmounts++] = mount;
	spec->mounts = all;
	return 0;
}

int bt_oci_notify_plan(struct bt_state *state, struct bt_err *err)
{
	bt_auto_free char *dir = NULL;
	int r;

	if (host_socket() == NULL)
		return 0;
	dir = bt_path_join(state->dir, "notify");
	r = dir == NULL ? -ENOMEM : 0;
	/* Whoever the program is run as has to get at the socket. */
	if (r == 0 && (mkdir(dir, 0755) < 0 || chmod(dir, 0755) < 0))
		r = -errno;
	if (r == 0)
		r = add_mount(state, dir);
	if (r == 0)
		r = bt_environment_add(&state->spec.process.env, &state->arena,
				       "NOTIFY_SOCKET=" INSIDE "/" SOCKET);
	return r < 0 ? bt_err_sys(err, r, "prepare the container's NOTIFY_SOCKET") : 0;
}

int bt_oci_notify_bind(const char *state_dir, struct bt_oci_notify *ret, struct bt_err *err)
{
	bt_auto_free char *dir = bt_path_join(state_dir, "notify");
	bt_auto_free char *path = NULL;
	int fd;

	*ret = BT_OCI_NOTIFY_NONE;
	if (host_socket() == NULL)
		return 0;
	if (dir != NULL && access(dir, F_OK) < 0 && errno == ENOENT)
		return 0;
	path = dir != NULL ? bt_path_join(dir, SOCKET) : NULL;
	fd = path != NULL ? bt_sock_listen(path, SOCK_DGRAM, 0777) : -ENOMEM;
	if (fd < 0)
		return bt_err_sys(err, fd, "make the container's NOTIFY_SOCKET");
	*ret = (struct bt_oci_notify){ .fd = fd, .host = host_socket() };
	return 0;
}

static bool says_ready(const char *message, size_t len)
{
	static const char ready[] = "READY=1";
	const char *end = message + len;

	while (message < end) {
		const char *newline = memchr(message, '\n', (size_t)(end - message));
		size_t n = newline != NULL ? (size_t)(newline - message) : (size_t)(end - message);

		if (n == sizeof(ready) - 1 && memcmp(message, ready, n) == 0)
			return true;
		message += n + 1;
	}
	return false;
}

/* Returns a socket connected to the manager's (owned), the message sent, or -errno. */
static int tell_host(const struct bt_oci_notify *notify, pid_t main)
{
	bt_auto_close int sock = bt_sock_connect(notify->host, SOCK_DGRAM);
	char text[64];
	int n = snprintf(text, sizeof(text), "READY=1\nMAINPID=%d\n", (int)main), r;

	if (sock < 0)
		return sock;
	r = bt_sock_send(sock, text, (size_t)n, NULL, 0);
	return r < 0 ? r : bt_take_fd(&sock);
}

static bool hear(const struct bt_oci_notify *notify)
{
	char message[MESSAGE_MAX];
	ssize_t n = recv(notify->fd, message, sizeof(message), MSG_DONTWAIT);

	return n > 0 && says_ready(message, (size_t)n);
}

int bt_oci_notify_take(const struct bt_oci_notify *notify, pid_t main)
{
	bt_auto_close int sock = hear(notify) ? tell_host(notify, main) : -EBADF;

	return sock >= 0;
}

/* sd_notify_barrier(3): the manager closes the descriptor when it has come to this message. */
static void barrier(int sock)
{
	static const char text[] = "BARRIER=1";
	bt_auto_close int ours = -EBADF, theirs = -EBADF;
	struct pollfd fd = { 0 };
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return;
	ours = pair[0];
	theirs = pair[1];
	if (bt_sock_send(sock, text, sizeof(text) - 1, &theirs, 1) < 0)
		return;
	bt_close(&theirs);
	fd.fd = ours;
	(void)poll(&fd, 1, BARRIER_MS);
}

static bool has_ended(pid_t pid)
{
	uint64_t start;

	return bt_state_start_time(pid, &start) == 0;
}

void bt_oci_notify_wait(const struct bt_oci_notify *notify, pid_t init)
{
	struct pollfd fd = { .fd = notify->fd, .events = POLLIN };

	while (notify->fd >= 0) {
		bt_auto_close int sock = -EBADF;
		/* Before the poll: what it said last is read in any case. */
		bool ended = has_ended(init);

		if (poll(&fd, 1, ended ? 0 : TICK_MS) <= 0) {
			if (ended)
				return;
			continue;
		}
		if (!hear(notify))
			continue;
		sock = tell_host(notify, init);
		if (sock >= 0)
			barrier(sock);
		return;
	}
}

void bt_oci_notify_done(struct bt_oci_notify *notify)
{
	bt_close(&notify->fd);
}
