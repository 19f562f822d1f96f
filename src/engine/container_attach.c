/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/io.h"
#include "base/time.h"
#include "engine/container_clients.h"
#include "engine/container_event.h"
#include "engine/container_files.h"
#include "engine/early_pump.h"
#include "engine/engine_private.h"
#include "engine/monitor_link.h"
#include "logs/reader.h"
#include "monitor/detach_keys.h"

#define LOG_BUFFER ((64u << 10) + 64)

struct bt_container_attach {
	struct bt_container *container;
	struct bt_attach_options opt; /* detach_keys: owned copy in `keys` */
	char *keys;
	bool expected; /* a start waits until this one has arrived */
	struct bt_container_arrival arrival;
};

/* `ref` is how the client called it. */
static int check_state(struct bt_container *c, const char *ref, struct bt_err *err)
{
	bt_auto_lock(held, &c->lock);

	if (c->state.status == BT_CONTAINER_PAUSED)
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "container %s is paused, unpause the container before attach",
				  ref);
	if (c->state.status == BT_CONTAINER_RESTARTING)
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "container %s is restarting, wait until the container is running",
				  ref);
	return 0;
}

int bt_container_attach_open(struct bt_engine *engine, const char *ref,
			     const struct bt_attach_options *opt, bool *ret_tty,
			     struct bt_container_attach **ret, struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	struct bt_container_attach *attach;
	struct bt_detach_keys keys;
	int r = bt_container_get(engine, ref, &c, err);

	if (r == 0)
		r = check_state(c, ref, err);
	if (r == 0 && bt_detach_keys_parse(opt->detach_keys, &keys) < 0)
		r = bt_err_set(err, BT_ERR_INVALID, EINVAL, "Invalid detach keys (%.64s) provided",
			       opt->detach_keys);
	if (r < 0)
		return r;
	attach = calloc(1, sizeof(*attach));
	if (!attach)
		return bt_err_sys(err, -ENOMEM, "attach");
	attach->opt = *opt;
	if (opt->detach_keys && opt->detach_keys[0])
		attach->keys = strdup(opt->detach_keys);
	attach->opt.detach_keys = attach->keys;
	attach->container = bt_container_ref(c);
	/* Not where the log is sent first: that takes as long as the client does. */
	attach->expected = opt->stream && !opt->logs;
	if (attach->expected)
		bt_container_clients_expect(c, &attach->arrival);
	*ret_tty = c->tty;
	*ret = attach;
	return 0;
}

void bt_container_attach_cancel(struct bt_container_attach *attach)
{
	if (!attach)
		return;
	if (attach->expected)
		bt_container_clients_arrived(attach->container, &attach->arrival);
	bt_container_unref(attach->container);
	free(attach->keys);
	free(attach);
}

/* What was said before, for `attach --logs`, behind the line of the time `*last_ns`, which is then
 * that of the last line that was read, and not behind `until_ns` (0: all). */
static int send_logs(const struct bt_container_attach *attach, int sock, int64_t *last_ns,
		     int64_t until_ns, struct bt_err *err)
{
	const struct bt_container *c = attach->container;
	bt_auto_free char *path = bt_container_files_log(c->engine, c->id);
	bt_auto_free char *buf = malloc(LOG_BUFFER);
	const struct bt_reader_options opt = { .path = path,
					       .out = attach->opt.out,
					       .err = attach->opt.err,
					       .mux = !c->tty && !attach->opt.raw,
					       .since_ns = *last_ns > 0 ? *last_ns + 1 : 0,
					       .until_ns = until_ns,
					       .tail = -1 };
	struct bt_reader *reader = NULL;
	int64_t last;
	ssize_t n;
	int r;

	if (!path || !buf)
		return bt_err_sys(err, -ENOMEM, "read the log");
	r = bt_reader_open(&opt, &reader, err);
	if (r < 0)
		return r;
	while ((n = bt_reader_read(reader, buf, LOG_BUFFER)) > 0 && r == 0)
		r = bt_io_write_all(sock, buf, (size_t)n);
	last = bt_reader_last_ns(reader);
	*last_ns = last > *last_ns ? last : *last_ns;
	bt_reader_close(reader);
	if (n < 0)
		r = (int)n;
	return r < 0 ? bt_err_sys(err, r, "send the log") : 0;
}

/* Give the socket (owned) to the monitor of what runs. Returns 1 where it has it. */
static int join(const struct bt_container_attach *attach, struct bt_spawn_client *how,
		int64_t logged_ns, int sock, struct bt_err *err)
{
	bt_auto_link struct bt_link *link = bt_link_get(attach->container);
	bt_auto_close int fd = sock;
	int r;

	if (!link)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "container %s is not running",
				  attach->container->id);
	how->logs = logged_ns >= 0;
	how->logged_ns = logged_ns;
	bt_fault_point("attach/told");
	r = bt_client_attach(bt_link_client(link), how, fd, err);
	/* It still has it in its queue. After any other failure the caller may have more to send.
	 */
	if (r == -ETIMEDOUT)
		(void)shutdown(fd, SHUT_RDWR);
	return r < 0 ? r : 1;
}

/* Wait for the start, or join what runs, of which the log has been sent up to `logged_ns` (-1: it
 * was not asked for). Takes the socket. Returns 1 where it is with the monitor; 0 where it waits,
 * since `*ret_since_ns`.
 */
static int hand_over(struct bt_container_attach *attach, int sock, int64_t logged_ns,
		     int64_t *ret_since_ns, struct bt_err *err)
{
	struct bt_container *c = attach->container;
	struct bt_spawn_client how = { .in = attach->opt.in && c->open_stdin,
				       .out = attach->opt.out,
				       .err = attach->opt.err,
				       .mux = !c->tty && !attach->opt.raw,
				       .detach_keys = attach->keys };
	int r = bt_container_clients_add(c, &how, sock, ret_since_ns, err);

	if (r > 0)
		r = join(attach, &how, logged_ns, sock, err);
	if (attach->expected)
		bt_container_clients_arrived(c, &attach->arrival);
	attach->expected = false;
	return r;
}

/* The log, and then what follows: none of it is missed, and none told twice. */
static int send_logs_and_stream(struct bt_container_attach *attach, int sock, struct bt_err *err)
{
	int64_t last = 0, before = -1, until = 0;
	int r, theirs;

	for (;;) {
		r = send_logs(attach, sock, &last, 0, err);
		if (r < 0)
			return r;
		theirs = fcntl(sock, F_DUPFD_CLOEXEC, 3);
		if (theirs < 0)
			return bt_err_sys(err, -errno, "attach");
		r = hand_over(attach, theirs, last, &until, err);
		/* So much was said meanwhile that it is sent from the log. */
		if (r != -EAGAIN || last == before)
			break;
		before = last;
	}
	/* It has ended: here is the rest. What a next run says comes from its monitor. */
	if (r == -ESRCH || r == -EPIPE)
		until = bt_time_now_ns();
	if (r == 0 || r == -ESRCH || r == -EPIPE)
		r = send_logs(attach, sock, &last, until, err);
	return r < 0 ? r : 0;
}

int bt_container_attach_run(struct bt_container_attach *attach, int sock, const void *early,
			    size_t early_len, struct bt_err *err)
{
	bt_auto_close int fd = bt_early_pump(sock, early, early_len);
	int64_t last = 0, since;
	int r = 0;

	if (fd < 0) {
		bt_container_attach_cancel(attach);
		return bt_err_sys(err, fd, "attach");
	}
	if (attach->opt.logs && attach->opt.stream)
		r = send_logs_and_stream(attach, fd, err);
	else if (attach->opt.logs)
		r = send_logs(attach, fd, &last, 0, err);
	else if (attach->opt.stream)
		r = hand_over(attach, bt_take_fd(&fd), -1, &since, err);
	if (r >= 0 && attach->opt.stream)
		bt_container_event(attach->container, "attach", NULL);
	r = r < 0 ? r : 0;
	bt_container_attach_cancel(attach);
	return r;
}

int bt_container_resize(struct bt_engine *engine, const char *ref, unsigned rows, unsigned cols,
			struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	bt_auto_link struct bt_link *link = NULL;
	char height[12], width[12];
	int r = bt_container_get(engine, ref, &c, err);

	if (r < 0)
		return r;
	link = bt_link_get(c);
	if (!link)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "container %s is not running",
				  c->id);
	r = bt_client_resize(bt_link_client(link), NULL, rows, cols, err);
	if (r < 0)
		return r;
	snprintf(height, sizeof(height), "%u", rows);
	snprintf(width, sizeof(width), "%u", cols);
	bt_container_event(c, "resize", json_pack("{s:s,s:s}", "height", height, "width", width));
	return 0;
}
