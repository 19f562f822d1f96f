/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/systemd_bus.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/sock.h"
#include "base/time.h"
#include "codec/dbus.h"

/* A manager that is busy with a reload answers late, one that hangs never. */
#define TIMEOUT_S 30

#define MANAGER   "org.freedesktop.systemd1"
#define PATH      "/org/freedesktop/systemd1"
#define INTERFACE "org.freedesktop.systemd1.Manager"

/* A message as it was received; the union is for its alignment. */
union buffer {
	uint64_t first;
	char bytes[4096];
};

static int receive_all(int fd, char *to, size_t len)
{
	while (len > 0) {
		ssize_t n = recv(fd, to, len, 0);

		if (n == 0)
			return -ECONNRESET;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		to += n;
		len -= (size_t)n;
	}
	return 0;
}

static int send_all(int fd, const char *from, size_t len)
{
	int r = bt_sock_send_all(fd, from, len);

	return r == -EAGAIN ? -ETIMEDOUT : r;
}

/* ---- connecting ---------------------------------------------------------------- */

/* SASL's EXTERNAL: the kernel tells the other end who we are, and the text must agree
 * (D-Bus Specification, "Authentication Protocol"). */
static int authenticate(int fd)
{
	char line[128], uid[16];
	size_t n = 0;
	int len, r;

	len = snprintf(uid, sizeof(uid), "%u", (unsigned)geteuid());
	n = 1 + (size_t)snprintf(line + 1, sizeof(line) - 1, "AUTH EXTERNAL ");
	line[0] = '\0';
	for (int i = 0; i < len; i++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "%02x", (unsigned)uid[i]);
	n += (size_t)snprintf(line + n, sizeof(line) - n, "\r\n");
	r = send_all(fd, line, n);
	for (n = 0; r == 0 && (n < 2 || line[n - 1] != '\n'); n++) {
		if (n == sizeof(line) - 1)
			return -EPROTO;
		r = receive_all(fd, line + n, 1);
	}
	if (r < 0)
		return r;
	if (n < 3 || strncmp(line, "OK ", 3) != 0)
		return -EACCES;
	return send_all(fd, "BEGIN\r\n", 7);
}

static int connect_to(const char *path, struct bt_systemd_bus *bus)
{
	const struct timeval limit = { .tv_sec = TIMEOUT_S };
	bt_auto_close int fd = bt_sock_connect(path, SOCK_STREAM);
	int r;

	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return -errno;
	r = authenticate(fd);
	if (r == 0)
		bus->fd = bt_take_fd(&fd);
	return r;
}

/* The first path of an address list "unix:path=/run/…;…"; others (abstract, TCP) are none. */
static bool path_of(const char *address, char *ret, size_t size)
{
	const char *path = address != NULL ? bt_str_after(address, "unix:path=") : NULL;
	size_t len = path != NULL ? strcspn(path, ",;") : 0;

	if (len == 0 || len >= size)
		return false;
	memcpy(ret, path, len);
	ret[len] = '\0';
	return true;
}

/* Where the bus is, and where the manager listens without one. */
static bool find_sockets(char bus[], char direct[], size_t size)
{
	const char *run = getenv("XDG_RUNTIME_DIR");

	if (geteuid() == 0) {
		if (!path_of(getenv("DBUS_SYSTEM_BUS_ADDRESS"), bus, size))
			(void)snprintf(bus, size, "/run/dbus/system_bus_socket");
		(void)snprintf(direct, size, "/run/systemd/private");
		return true;
	}
	if (run == NULL || *run != '/')
		return false;
	if (!path_of(getenv("DBUS_SESSION_BUS_ADDRESS"), bus, size))
		(void)snprintf(bus, size, "%s/bus", run);
	(void)snprintf(direct, size, "%s/systemd/private", run);
	return true;
}

static int greet(struct bt_systemd_bus *bus, struct bt_err *err);

int bt_systemd_bus_open(struct bt_systemd_bus *ret, struct bt_err *err)
{
	bt_auto_systemd_bus struct bt_systemd_bus bus = { .fd = -EBADF };
	char path[108], direct[108];
	int r;

	if (!find_sockets(path, direct, sizeof(path)))
		return bt_err_set(err, BT_ERR_UNAVAILABLE, ENOENT,
				  "systemd: XDG_RUNTIME_DIR is not set, so the user's manager "
				  "cannot be found");
	r = connect_to(path, &bus);
	if (r < 0) {
		bus.direct = true;
		r = connect_to(direct, &bus);
	}
	if (r < 0)
		return bt_err_set(err, BT_ERR_UNAVAILABLE, -r,
				  "systemd: no manager at %s or %s: %s", path, direct,
				  strerrordesc_np(-r));
	r = greet(&bus, err);
	if (r < 0)
		return r;
	*ret = bus;
	bus.fd = -EBADF;
	return 0;
}

void bt_systemd_bus_done(struct bt_systemd_bus *bus)
{
	bt_close(&bus->fd);
	*bus = (struct bt_systemd_bus){ .fd = -EBADF };
}

/* ---- messages ------------------------------------------------------------------- */

/* What does not fit is no answer to us: it is read and thrown away. */
static int receive(struct bt_systemd_bus *bus, union buffer *buf, struct bt_dbus_message *ret)
{
	for (;;) {
		size_t size, rest;
		int r = receive_all(bus->fd, buf->bytes, BT_DBUS_HEAD_LEN);

		if (r == 0)
			r = bt_dbus_size(buf->bytes, &size);
		if (r < 0)
			return r;
		rest = size - BT_DBUS_HEAD_LEN;
		if (size <= sizeof(buf->bytes)) {
			r = receive_all(bus->fd, buf->bytes + BT_DBUS_HEAD_LEN, rest);
			return r < 0 ? r : bt_dbus_read(buf->bytes, size, ret);
		}
		while (rest > 0 && r == 0) {
			size_t n = rest < sizeof(buf->bytes) ? rest : sizeof(buf->bytes);

			r = receive_all(bus->fd, buf->bytes, n);
			rest -= n;
		}
		if (r < 0)
			return r;
	}
}

/* JobRemoved(u id, o job, s unit, s result) of our unit: remember how it ended. */
static void hear(struct bt_systemd_bus *bus, const struct bt_dbus_message *m)
{
	const char *job, *unit, *result;
	uint32_t id;
	void *const args[] = { &id, &job, &unit, &result };

	if (m->type != BT_DBUS_SIGNAL || !bt_str_eq(m->member, "JobRemoved") ||
	    bt_dbus_read_args(m, "uoss", args) < 0 || strcmp(unit, bus->unit) != 0)
		return;
	(void)snprintf(bus->result, sizeof(bus->result), "%s", result);
}

static int send_call(struct bt_systemd_bus *bus, const struct bt_dbus_call *call,
		     const struct bt_str *body)
{
	bt_auto_str struct bt_str message = { .max = BT_DBUS_MESSAGE_MAX };
	const struct bt_str none = { 0 };

	if (body != NULL && body->failed < 0)
		return body->failed;
	bt_dbus_put_call(&message, call, body != NULL ? body : &none);
	return message.failed < 0 ? message.failed : send_all(bus->fd, message.p, message.len);
}

static int refused(const struct bt_dbus_message *m, const char *member, struct bt_err *err)
{
	const char *words = "";
	void *const args[] = { &words };
	int errnum = EIO;

	if (bt_dbus_read_args(m, "s", args) < 0)
		words = m->error_name != NULL ? m->error_name : "it did not say why";
	if (bt_str_eq(m->error_name, MANAGER ".NoSuchUnit"))
		errnum = ENOENT;
	else if (bt_str_eq(m->error_name, MANAGER ".UnitExists"))
		errnum = EEXIST;
	return bt_err_set(err, BT_ERR_SYSTEM, errnum, "systemd: %s: %s", member, words);
}

static int call(struct bt_systemd_bus *bus, struct bt_dbus_call *c, const struct bt_str *body,
		struct bt_err *err)
{
	union buffer buf;
	struct bt_dbus_message m;
	int r;

	c->serial = ++bus->serial;
	if (bus->direct)
		c->destination = NULL;
	r = send_call(bus, c, body);
	while (r == 0) {
		r = receive(bus, &buf, &m);
		if (r < 0)
			break;
		hear(bus, &m);
		if (m.reply_serial != c->serial)
			continue;
		if (m.type == BT_DBUS_RETURN)
			return 0;
		if (m.type == BT_DBUS_ERROR)
			return refused(&m, c->member, err);
	}
	return bt_err_sys(err, r, "systemd: %s", c->member);
}

/* The bus wants to be greeted first and to be told which signals to pass on; the manager sends
 * them to those who have subscribed. */
static int greet(struct bt_systemd_bus *bus, struct bt_err *err)
{
	static const char rule[] = "type='signal',interface='" INTERFACE "',member='JobRemoved'";
	struct bt_dbus_call hello = { .destination = "org.freedesktop.DBus",
				      .path = "/org/freedesktop/DBus",
				      .interface = "org.freedesktop.DBus",
				      .member = "Hello" };
	struct bt_dbus_call match = hello;
	bt_auto_str struct bt_str body = { 0 };
	int r = 0;

	match.member = "AddMatch";
	match.signature = "s";
	bt_dbus_put_str(&body, rule);
	if (!bus->direct) {
		r = call(bus, &hello, NULL, err);
		if (r == 0)
			r = call(bus, &match, &body, err);
	}
	return r < 0 ? r : bt_systemd_bus_call(bus, "Subscribe", NULL, NULL, err);
}

int bt_systemd_bus_call(struct bt_systemd_bus *bus, const char *member, const char *signature,
			const struct bt_str *body, struct bt_err *err)
{
	struct bt_dbus_call c = { .destination = MANAGER,
				  .path = PATH,
				  .interface = INTERFACE,
				  .member = member,
				  .signature = signature };

	return call(bus, &c, body, err);
}

int bt_systemd_bus_job(struct bt_systemd_bus *bus, const char *unit, const char *member,
		       const char *signature, const struct bt_str *body, struct bt_err *err)
{
	int64_t until = bt_time_monotonic_ns() + TIMEOUT_S * BT_TIME_NSEC_PER_SEC;
	union buffer buf;
	struct bt_dbus_message m;
	int r;

	bus->result[0] = '\0';
	(void)snprintf(bus->unit, sizeof(bus->unit), "%s", unit);
	r = bt_systemd_bus_call(bus, member, signature, body, err);
	if (r < 0)
		return r;
	while (bus->result[0] == '\0') {
		r = bt_time_monotonic_ns() > until ? -ETIMEDOUT : receive(bus, &buf, &m);
		if (r < 0)
			return bt_err_sys(err, r, "systemd: %s %s: wait for the job", member, unit);
		hear(bus, &m);
	}
	if (strcmp(bus->result, "done") != 0)
		return bt_err_set(err, BT_ERR_SYSTEM, ECANCELED, "systemd: %s %s: %s", member, unit,
				  bus->result);
	return 0;
}
