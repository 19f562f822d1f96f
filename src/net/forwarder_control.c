/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "codec/json.h"
#include "net/forwarder_private.h"

/* What one owner may have: every port of a few protocols and addresses. */
#define PORTS_MAX (4u * 65536)
#define BACKLOG   4096

static struct bt_forwarder_owner *find(const struct bt_forwarder *fw,
				       const struct bt_helper_message *m)
{
	return bt_map_get(&fw->owners, bt_json_str(m->json, "owner", ""));
}

static void cut(struct bt_forwarder *fw, struct bt_forwarder_port *port)
{
	bt_forwarder_stream_cut(fw, port);
	bt_forwarder_flow_cut(fw, port);
}

static void drop(struct bt_forwarder *fw, struct bt_forwarder_port *port)
{
	cut(fw, port);
	/* The daemon's copy holds the port on, but nobody is to wait at it for an answer. */
	if (port->sock.fd >= 0 && port->proto != IPPROTO_UDP)
		(void)shutdown(port->sock.fd, SHUT_RD);
	bt_helper_loop_drop(&fw->helper.loop, &port->sock);
	(void)bt_map_remove(&port->owner->ports, port->key);
	bt_map_done(&port->flows);
	free(port->key);
	bt_helper_loop_bury(&fw->helper.loop, &port->link);
}

void bt_forwarder_forget(struct bt_forwarder *fw, struct bt_forwarder_owner *owner)
{
	void *port;

	for (size_t pos = 0; bt_map_next(&owner->ports, &pos, NULL, &port); bt_map_removed(&pos))
		drop(fw, port);
	bt_helper_loop_drop(&fw->helper.loop, &owner->life);
	(void)bt_map_remove(&fw->owners, owner->id);
	bt_map_done(&owner->ports);
	free(owner->id);
	bt_helper_loop_bury(&fw->helper.loop, &owner->link);
}

/* The monitor ended, and no daemon said so. */
static void life_ended(void *forwarder, struct bt_helper_loop_watch *watch)
{
	bt_forwarder_forget(forwarder, bt_list_entry(watch, struct bt_forwarder_owner, life));
}

static struct bt_forwarder_owner *owner_create(struct bt_forwarder *fw, const char *id)
{
	struct bt_forwarder_owner *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	bt_list_init(&o->link);
	o->life = (struct bt_helper_loop_watch){ .ready = life_ended, .fd = -EBADF };
	o->id = strdup(id);
	if (o->id && bt_map_put(&fw->owners, id, o, NULL) == 0)
		return o;
	free(o->id);
	free(o);
	return NULL;
}

static void port_free(struct bt_forwarder_port *p)
{
	free(p->key);
	free(p);
}

/* What is left of its connections when we die (FIN_WAIT and TIME_WAIT, for a minute) keeps the port
 * from whoever binds it next, unless they have this flag, which they inherit; and that one has it,
 * too. Not before it listens: a socket with the flag that does not holds nothing. */
static int listen_at(int fd)
{
	const int one = 1;

	if (listen(fd, BACKLOG) < 0)
		return -errno;
	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ? -errno : 0;
}

/* The socket (owned) becomes one that is served. */
static int open_sock(struct bt_forwarder *fw, struct bt_forwarder_port *p, int fd)
{
	bt_auto_close int sock = fd;
	const int flags = fcntl(sock, F_GETFL);
	int r = fcntl(sock, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;

	if (r == 0 && p->proto == IPPROTO_UDP)
		r = bt_forwarder_flow_prepare(sock);
	else if (r == 0)
		r = listen_at(sock);
	p->sock.ready =
		p->proto == IPPROTO_UDP ? bt_forwarder_flow_asked : bt_forwarder_stream_accept;
	return r < 0 ? r : bt_helper_loop_add(&fw->helper.loop, &p->sock, bt_take_fd(&sock));
}

/* A new one, with its socket (owned). */
static int port_create(struct bt_forwarder *fw, struct bt_forwarder_owner *o,
		       const struct bt_forwarder_port *wanted, const char *key, int fd)
{
	struct bt_forwarder_port *p = calloc(1, sizeof(*p));
	bt_auto_close int sock = fd;
	int r;

	if (!p || o->ports.used >= PORTS_MAX) {
		free(p);
		return -ENOMEM;
	}
	*p = *wanted;
	p->owner = o;
	p->sock.fd = -EBADF;
	bt_list_init(&p->link);
	bt_list_init(&p->streams);
	p->key = strdup(key);
	r = p->key ? bt_map_put(&o->ports, key, p, NULL) : -ENOMEM;
	if (r < 0) {
		port_free(p);
		return r;
	}
	r = open_sock(fw, p, bt_take_fd(&sock));
	if (r < 0)
		drop(fw, p);
	return r;
}

static int parse_port(const json_t *json, struct bt_forwarder_port *ret)
{
	const int64_t number = bt_json_i64(json, "port", 0);

	*ret = (struct bt_forwarder_port){ .proto = (int)bt_json_i64(json, "proto", 0) };
	if (number < 1 || number > UINT16_MAX || !bt_json_str(json, "key", "")[0] ||
	    (ret->proto != IPPROTO_TCP && ret->proto != IPPROTO_UDP && ret->proto != IPPROTO_SCTP))
		return -EINVAL;
	ret->number = (uint16_t)number;
	return bt_prefix_parse_address(bt_json_str(json, "target", ""), &ret->target);
}

/* Returns 1 where it is there, 0 where it has no socket. */
static int put_port(struct bt_forwarder *fw, struct bt_forwarder_owner *o, const json_t *json,
		    int fd)
{
	const char *key = bt_json_str(json, "key", "");
	bt_auto_close int sock = fd;
	struct bt_forwarder_port wanted, *p;
	int r = parse_port(json, &wanted);

	if (r < 0)
		return r;
	p = bt_map_get(&o->ports, key);
	if (!p && sock < 0)
		return 0;
	if (!p) {
		r = port_create(fw, o, &wanted, key, bt_take_fd(&sock));
		return r < 0 ? r : 1;
	}
	p->marked = false;
	if (p->number != wanted.number || !bt_prefix_same_address(&p->target, &wanted.target))
		cut(fw, p);
	p->target = wanted.target;
	p->number = wanted.number;
	return 1;
}

static int take_life(struct bt_forwarder *fw, struct bt_forwarder_owner *o,
		     struct bt_helper_message *m)
{
	const int fd = bt_helper_take_fd(m, "life");

	if (fd < 0)
		return 0;
	bt_helper_loop_drop(&fw->helper.loop, &o->life);
	return bt_helper_loop_add(&fw->helper.loop, &o->life, fd);
}

static int put_all(struct bt_forwarder *fw, struct bt_forwarder_owner *o,
		   struct bt_helper_message *m, json_t *reply)
{
	const json_t *ports = bt_json_arr(m->json, "ports"), *item;
	json_t *missing = json_array();
	char role[24];
	size_t i;
	int r = json_object_set_new(reply, "missing", missing) < 0 ? -ENOMEM : 0;

	json_array_foreach (ports, i, item) {
		if (r < 0)
			break;
		(void)snprintf(role, sizeof(role), "%zu", i);
		r = put_port(fw, o, item, bt_helper_take_fd(m, role));
		if (r == 0)
			(void)json_array_append_new(missing, json_integer((json_int_t)i));
	}
	return r < 0 ? r : take_life(fw, o, m);
}

static int put(struct bt_forwarder *fw, struct bt_helper_message *m, json_t *reply)
{
	const char *id = bt_json_str(m->json, "owner", "");
	struct bt_forwarder_owner *o = find(fw, m);
	int r;

	if (!id[0])
		return -EINVAL;
	if (!o)
		o = owner_create(fw, id);
	if (!o)
		return -ENOMEM;
	r = put_all(fw, o, m, reply);
	if (o->ports.used == 0)
		bt_forwarder_forget(fw, o);
	return r;
}

static void drop_keys(struct bt_forwarder *fw, struct bt_forwarder_owner *o, const json_t *keys)
{
	const json_t *item;
	size_t i;

	json_array_foreach (keys, i, item) {
		struct bt_forwarder_port *p =
			json_is_string(item) ? bt_map_get(&o->ports, json_string_value(item))
					     : NULL;

		if (p)
			drop(fw, p);
	}
	if (o->ports.used == 0)
		bt_forwarder_forget(fw, o);
}

/* Drop what is marked. */
static void sweep_owner(struct bt_forwarder *fw, struct bt_forwarder_owner *o)
{
	void *value;
	size_t pos = 0;

	while (bt_map_next(&o->ports, &pos, NULL, &value)) {
		struct bt_forwarder_port *p = value;

		if (p->marked) {
			drop(fw, p);
			bt_map_removed(&pos);
		}
	}
}

static void sweep(struct bt_forwarder *fw)
{
	void *value;
	size_t pos = 0;

	while (bt_map_next(&fw->owners, &pos, NULL, &value)) {
		struct bt_forwarder_owner *o = value;

		sweep_owner(fw, o);
		if (o->ports.used == 0) {
			bt_forwarder_forget(fw, o);
			bt_map_removed(&pos);
		}
	}
}

static void mark_all(struct bt_forwarder *fw)
{
	void *owner, *port;

	for (size_t at = 0; bt_map_next(&fw->owners, &at, NULL, &owner);)
		for (size_t pos = 0;
		     bt_map_next(&((struct bt_forwarder_owner *)owner)->ports, &pos, NULL, &port);)
			((struct bt_forwarder_port *)port)->marked = true;
}

int bt_forwarder_obey(void *owner, struct bt_helper_message *m, json_t *reply)
{
	const char *op = bt_json_str(m->json, "op", "");
	struct bt_forwarder *fw = owner;
	struct bt_forwarder_owner *o = find(fw, m);

	if (strcmp(op, "put") == 0)
		return put(fw, m, reply);
	if (strcmp(op, "begin") == 0)
		mark_all(fw);
	else if (strcmp(op, "sweep") == 0)
		sweep(fw);
	else if (strcmp(op, "drop") == 0 && o)
		drop_keys(fw, o, bt_json_arr(m->json, "keys"));
	else if (strcmp(op, "forget") == 0 && o)
		bt_forwarder_forget(fw, o);
	else if (strcmp(op, "life") == 0 && o)
		return take_life(fw, o, m);
	else if (o ||
		 (strcmp(op, "drop") != 0 && strcmp(op, "forget") != 0 && strcmp(op, "life") != 0))
		return -EOPNOTSUPP;
	return 0;
}
