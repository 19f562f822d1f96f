/* SPDX-License-Identifier: Apache-2.0 */

#include "net/helper.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/time.h"
#include "codec/json.h"
#include "sys/caps.h"

/* A daemon that had us started comes at once; one that died in between never. */
#define FIRST_DAEMON_NS (10 * BT_TIME_NSEC_PER_SEC)

int bt_helper_take_fd(struct bt_helper_message *m, const char *role)
{
	const json_t *roles = bt_json_arr(m->json, "fds");
	const size_t size = json_array_size(roles), n = size < m->nfds ? size : m->nfds;

	for (size_t k = 0; k < n; k++) {
		const size_t i = (m->next + k) % n;
		const char *text = json_string_value(json_array_get(roles, i));

		if (!text || strcmp(text, role) != 0)
			continue;
		m->next = i + 1;
		return bt_take_fd(&m->fds[i]);
	}
	return -EBADF;
}

static int obey(struct bt_helper *h, struct bt_helper_message *m, json_t *reply)
{
	const char *op = bt_json_str(m->json, "op", "");

	if (strcmp(op, "hello") == 0)
		return json_object_set_new(reply, "v", json_integer(h->version));
	if (strcmp(op, "quit") == 0) {
		h->quit = true;
		return 0;
	}
	return h->obey(h->owner, m, reply);
}

static void answer(struct bt_helper *h, struct bt_helper_message *m)
{
	json_auto_t *reply = json_pack("{s:b}", "ok", 1);
	bt_auto_free char *text = NULL;
	size_t len;
	int r = reply ? obey(h, m, reply) : -ENOMEM;

	if (r < 0 && reply) {
		(void)json_object_clear(reply);
		(void)json_object_set_new(reply, "error", json_integer(-r));
	}
	if (!reply || bt_json_dump(reply, &text, &len) < 0 ||
	    bt_sock_send(h->control.fd, text, len, NULL, 0) < 0)
		bt_helper_loop_drop(&h->loop, &h->control);
}

static void told(void *owner, struct bt_helper_loop_watch *watch)
{
	struct bt_helper *h = bt_list_entry(watch, struct bt_helper, control);
	static char text[BT_SOCK_MSG_MAX];
	struct bt_helper_message m = { 0 };
	json_auto_t *json = NULL;
	ssize_t n = bt_sock_recv(watch->fd, text, sizeof(text), m.fds, &m.nfds, MSG_DONTWAIT);

	(void)owner;
	if (n == -EAGAIN)
		return;
	if (n <= 0 || bt_json_parse(text, (size_t)n, 0, &json, BT_ERR_IGNORED) < 0) {
		bt_helper_loop_drop(&h->loop, watch);
	} else {
		m.json = json;
		answer(h, &m);
	}
	while (m.nfds > 0)
		bt_close(&m.fds[--m.nfds]);
}

static bool is_root(int fd)
{
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == 0;
}

static void called(void *owner, struct bt_helper_loop_watch *watch)
{
	struct bt_helper *h = bt_list_entry(watch, struct bt_helper, listener);
	bt_auto_close int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC);

	(void)owner;
	if (fd < 0 || !is_root(fd))
		return;
	/* A daemon that comes later has taken the earlier one's place. */
	bt_helper_loop_drop(&h->loop, &h->control);
	h->control.ready = told;
	if (bt_helper_loop_add(&h->loop, &h->control, bt_take_fd(&fd)) == 0)
		h->met = true;
}

int bt_helper_init(struct bt_helper *helper, int listen_fd)
{
	int r = bt_helper_loop_init(&helper->loop, helper->owner);

	helper->control.fd = -EBADF;
	helper->listener = (struct bt_helper_loop_watch){ .ready = called, .fd = -EBADF };
	if (r == 0)
		return bt_helper_loop_add(&helper->loop, &helper->listener, listen_fd);
	(void)close(listen_fd);
	return r;
}

static bool is_done(const struct bt_helper *h)
{
	return h->quit || (h->met && h->control.fd < 0 && h->is_idle(h->owner));
}

void bt_helper_run(struct bt_helper *helper)
{
	const int64_t patience = bt_time_monotonic_ns() + FIRST_DAEMON_NS;

	while (!is_done(helper)) {
		const int64_t now = bt_time_monotonic_ns();
		const int n = bt_helper_loop_turn(&helper->loop,
						  helper->met ? helper->next_due(helper->owner, now)
							      : (int)(FIRST_DAEMON_NS / 1000000));

		if (!helper->met && n <= 0 && now >= patience)
			return;
		helper->tick(helper->owner, bt_time_monotonic_ns());
		bt_helper_loop_free_buried(&helper->loop);
	}
}

void bt_helper_done(struct bt_helper *helper)
{
	bt_helper_loop_drop(&helper->loop, &helper->control);
	bt_helper_loop_drop(&helper->loop, &helper->listener);
	bt_helper_loop_done(&helper->loop);
}

/* Hostile input is read here: keep nothing that the work does not take. */
int bt_helper_drop_privileges(const char *name)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || prctl(PR_SET_NAME, name, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    bt_caps_set_ambient(0) < 0 || bt_caps_limit_bounding(0) < 0)
		return -EPERM;
	return bt_caps_set(0, 0, 0);
}
