/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/sock.h"
#include "codec/json.h"
#include "monitor/client.h"
#include "monitor/message.h"
#include "monitor/spawn_message.h"

/* One spawner for each daemon: requests go one after the other, for the answer to each is the
 * next packet. The spawner answers within the time of a fork(2). */
static pthread_mutex_t spawn_lock = PTHREAD_MUTEX_INITIALIZER;

static int append_fd(json_t *roles, const char *role, int fd, int *fds, size_t *nfds)
{
	if (fd < 0)
		return 0;
	if (*nfds == BT_SOCK_FDS_MAX)
		return -E2BIG;
	if (json_array_append_new(roles, json_string(role)) < 0)
		return -ENOMEM;
	fds[(*nfds)++] = fd;
	return 0;
}

static int list_fds(const struct bt_spawn *spawn, const struct bt_client_fds *in, int control,
		    json_t *json, int *ret_fds, size_t *ret_nfds)
{
	const struct {
		const char *role;
		int fd;
	} list[] = {
		{ BT_PROTOCOL_FD_SPEC, in->spec },       { BT_PROTOCOL_FD_CONTROL, control },
		{ BT_PROTOCOL_FD_ROOTFS, in->rootfs },   { BT_PROTOCOL_FD_NETNS, in->netns },
		{ BT_PROTOCOL_FD_SECCOMP, in->seccomp },
	};
	json_t *roles = json_array();
	int r = 0;

	if (json_object_set_new(json, "fds", roles) < 0)
		return -ENOMEM;
	*ret_nfds = 0;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]) && r == 0; i++)
		r = append_fd(roles, list[i].role, list[i].fd, ret_fds, ret_nfds);
	for (unsigned i = 0; i < spawn->nclients && r == 0; i++)
		r = append_fd(roles, BT_PROTOCOL_FD_CLIENT, in->clients[i], ret_fds, ret_nfds);
	return r;
}

static int ask_spawner(int spawner_fd, const json_t *json, const int *fds, size_t nfds,
		       struct bt_message *ret, struct bt_err *err)
{
	int r;

	pthread_mutex_lock(&spawn_lock);
	r = bt_message_send(spawner_fd, json, fds, nfds);
	if (r == 0)
		r = bt_message_recv(spawner_fd, 0, ret);
	pthread_mutex_unlock(&spawn_lock);
	if (r == 0)
		r = -EPIPE;
	return r < 0 ? bt_err_sys(err, r, "ask the spawner") : 0;
}

int bt_client_spawn(int spawner_fd, const struct bt_spawn *spawn, const struct bt_client_fds *fds,
		    bt_client_fn fn, void *data, struct bt_client **ret, pid_t *ret_monitor,
		    struct bt_err *err)
{
	bt_auto_message struct bt_message reply = { 0 };
	bt_auto_close int ours = -EBADF, theirs = -EBADF;
	json_auto_t *json = NULL;
	int pair[2], all[BT_SOCK_FDS_MAX];
	const json_t *error;
	size_t nfds = 0;
	int r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return bt_err_sys(err, -errno, "make a control connection");
	ours = pair[0];
	theirs = pair[1];
	r = bt_spawn_message_encode(spawn, &json);
	if (r == 0)
		r = list_fds(spawn, fds, theirs, json, all, &nfds);
	if (r < 0)
		return bt_err_sys(err, r, "describe the container to the spawner");
	r = ask_spawner(spawner_fd, json, all, nfds, &reply, err);
	if (r < 0)
		return r;
	error = json_object_get(reply.json, "error");
	if (error)
		return bt_message_to_error(error, err);
	r = bt_client_create(bt_take_fd(&ours), fn, data, ret);
	if (r < 0)
		return bt_err_sys(err, r, "make a control connection");
	*ret_monitor = (pid_t)bt_json_i64(reply.json, "pid", 0);
	return 0;
}

int bt_client_spawn_helper(int spawner_fd, const char *request, int listen_fd, struct bt_err *err)
{
	bt_auto_message struct bt_message reply = { 0 };
	const json_t *error;
	int r;

	pthread_mutex_lock(&spawn_lock);
	r = bt_sock_send(spawner_fd, request, strlen(request), &listen_fd, 1);
	if (r == 0)
		r = bt_message_recv(spawner_fd, 0, &reply);
	pthread_mutex_unlock(&spawn_lock);
	if (r <= 0)
		return bt_err_sys(err, r < 0 ? r : -EPIPE, "ask the spawner for a helper");
	error = json_object_get(reply.json, "error");
	return error ? bt_message_to_error(error, err) : 0;
}
