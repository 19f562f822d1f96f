/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_ports.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "codec/json.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "net/port_spec.h"

#define OPT_HOST_BINDING "com.docker.network.bridge.host_binding_ipv4"
#define PORT_TEXT_LEN    12

/* What one container published. */
struct published {
	json_t *ports; /* as inspect shows it */
	struct bt_firewall_port *list;
	int *fds; /* that hold the ports of `list`, -EBADF: not held */
	size_t n;
};

static void published_destroy(struct published *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		bt_close(&p->fds[i]);
	json_decref(p->ports);
	free(p->list);
	free(p->fds);
	free(p);
}

static void published_destroyp(struct published **p)
{
	published_destroy(*p);
}

static int add(struct published *p, const struct bt_firewall_port *port, int fd)
{
	struct bt_firewall_port *list = reallocarray(p->list, p->n + 1, sizeof(*list));
	int *fds;

	if (!list)
		return -ENOMEM;
	p->list = list;
	fds = reallocarray(p->fds, p->n + 1, sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	p->fds = fds;
	p->list[p->n] = *port;
	p->fds[p->n++] = fd;
	return 0;
}

static socklen_t fill(struct sockaddr_storage *sa, const struct bt_prefix *host, uint16_t port)
{
	memset(sa, 0, sizeof(*sa));
	if (host->family == AF_INET) {
		struct sockaddr_in *in = (void *)sa;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		in->sin_addr = bt_prefix_in_addr(host);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (void *)sa;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	in6->sin6_addr = bt_prefix_in6_addr(host);
	return sizeof(*in6);
}

/* Bind a socket that never listens. Connections that linger after a program's end do not
 * count: only SO_REUSEADDR overlooks them, and it does not overlook who listens. */
static int hold(const struct bt_firewall_port *p, uint16_t port, bool lenient)
{
	const int type = p->proto == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
	bt_auto_close int fd = socket(p->host.family, type | SOCK_CLOEXEC, p->proto);
	struct sockaddr_storage sa;
	socklen_t len = fill(&sa, &p->host, port);
	const int one = 1;

	if (fd < 0)
		return -errno;
	if (p->host.family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (lenient)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&sa, len) < 0)
		return -errno;
	return bt_take_fd(&fd);
}

static int port_of(int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
		return -errno;
	return ntohs(sa.ss_family == AF_INET ? ((struct sockaddr_in *)(void *)&sa)->sin_port
					     : ((struct sockaddr_in6 *)(void *)&sa)->sin6_port);
}

/* Take one of first..last (0: any that is free) and set it in `p`. Returns the descriptor. */
static int hold_one_of(struct bt_firewall_port *p, uint16_t first, uint16_t last)
{
	int fd = -EADDRINUSE, port;

	for (unsigned n = first; n <= last && fd == -EADDRINUSE; n++) {
		fd = hold(p, (uint16_t)n, false);
		if (fd == -EADDRINUSE && p->proto == IPPROTO_TCP)
			fd = hold(p, (uint16_t)n, true);
	}
	if (fd < 0)
		return fd;
	port = port_of(fd);
	p->first = p->last = (uint16_t)port;
	return fd;
}

static bool is_ours(struct bt_networks *nets, const struct bt_firewall_port *p, uint16_t port)
{
	void *value;
	size_t pos = 0;

	while (bt_map_next(&nets->published, &pos, NULL, &value)) {
		const struct published *other = value;

		for (size_t i = 0; i < other->n; i++)
			if (other->list[i].proto == p->proto && other->list[i].first <= port &&
			    other->list[i].last >= port)
				return true;
	}
	return false;
}

static int taken(struct bt_networks *nets, const struct bt_firewall_port *p, uint16_t port, int r,
		 struct bt_err *err)
{
	char host[BT_PREFIX_TEXT_LEN], target[BT_PREFIX_TEXT_LEN];
	bool ours;

	bt_prefix_format_address(&p->host, host);
	bt_prefix_format_address(&p->target, target);
	pthread_mutex_lock(&nets->lock);
	ours = r == -EADDRINUSE && is_ours(nets, p, port);
	pthread_mutex_unlock(&nets->lock);
	if (ours)
		return bt_err_set(err, BT_ERR_SYSTEM, EADDRINUSE,
				  "driver failed programming external connectivity: Bind for "
				  "%s:%u failed: port is already allocated",
				  host, port);
	return bt_err_set(err, BT_ERR_SYSTEM, -r,
			  "driver failed programming external connectivity: failed to bind host "
			  "port for %s:%u:%s:%u/%s: %s",
			  host, port, target, p->target_first, bt_port_spec_proto_name(p->proto),
			  r == -EADDRINUSE ? "address already in use" : strerror(-r));
}

/* Where a binding's request leads: one port of one family. */
struct request {
	struct bt_networks *nets;
	const struct bt_network_lease *lease;
	struct published *out;
	const char *key; /* "80/tcp" */
};

static int publish_family(struct request *rq, struct bt_firewall_port *p, uint16_t first,
			  uint16_t last, struct bt_err *err)
{
	const struct bt_network *net = rq->lease->network;
	const bool six = p->host.family == AF_INET6;
	json_t *list = json_object_get(rq->out->ports, rq->key);
	char host[BT_PREFIX_TEXT_LEN], number[PORT_TEXT_LEN];
	int fd;

	p->target = six ? bt_prefix_at(&net->v6.subnet, rq->lease->index6)
			: bt_prefix_at(&net->v4.subnet, rq->lease->index4);
	fd = hold_one_of(p, first, last);
	/* What the kernel has no sockets for is translated all the same. */
	if (fd == -EPROTONOSUPPORT && first) {
		p->first = p->last = first;
		fd = -EBADF;
	} else if (fd < 0) {
		return taken(rq->nets, p, first, fd, err);
	}
	if (add(rq->out, p, fd) < 0) {
		bt_close(&fd);
		return bt_err_sys(err, -ENOMEM, "publish a port");
	}
	if (!list) {
		list = json_array();
		(void)json_object_set_new(rq->out->ports, rq->key, list);
	}
	bt_prefix_format_address(&p->host, host);
	(void)snprintf(number, sizeof(number), "%u", p->first);
	(void)json_array_append_new(list,
				    json_pack("{s:s,s:s}", "HostIp", host, "HostPort", number));
	return 0;
}

static int publish_binding(struct request *rq, struct bt_firewall_port *p, const json_t *binding,
			   struct bt_err *err)
{
	const struct bt_network *net = rq->lease->network;
	const bool has4 = rq->lease->index4 != BT_PREFIX_NO_INDEX;
	const bool has6 = rq->lease->index6 != BT_PREFIX_NO_INDEX;
	const char *ip = bt_json_str(binding, "HostIp", "");
	const char *text = bt_json_str(binding, "HostPort", "");
	uint16_t first = 0, last = 0;
	int r = 0;

	if (text[0] && bt_port_spec_range(text, &first, &last) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid host port: \"%s\"", text);
	if (ip[0]) {
		if (bt_prefix_parse_address(ip, &p->host) < 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid IP address: %s",
					  ip);
		if (p->host.family == AF_INET6 ? !has6 : !has4)
			return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, EAFNOSUPPORT,
					  "a port on %s needs a network with that address family: "
					  "%s has none",
					  ip, net->name);
		return publish_family(rq, p, first, last, err);
	}
	if (has4) {
		if (bt_prefix_parse_address(bt_json_str(bt_json_obj(net->config, "Options"),
							OPT_HOST_BINDING, "0.0.0.0"),
					    &p->host) < 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid %s of network %s",
					  OPT_HOST_BINDING, net->name);
		r = publish_family(rq, p, first, last, err);
	}
	if (r < 0 || !has6)
		return r;
	if (has4)
		first = last = p->first; /* the same on both */
	p->host = (struct bt_prefix){ .family = AF_INET6, .len = 128 };
	return publish_family(rq, p, first, last, err);
}

static int publish_key(struct request *rq, const json_t *bindings, struct bt_err *err)
{
	struct bt_firewall_port p = { 0 };
	const json_t *binding;
	size_t i;
	int r = 0;

	if (bt_port_spec_container(rq->key, &p.target_first, &p.proto) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid port specification: \"%s\"",
				  rq->key);
	if (json_array_size(bindings) == 0)
		return publish_binding(rq, &p, NULL, err);
	json_array_foreach (bindings, i, binding)
		if (r == 0)
			r = publish_binding(rq, &p, binding, err);
	return r;
}

/* PortBindings, and for -P what is exposed and not among them. */
static json_t *wanted(struct bt_networks *nets, const char *id, const json_t *host_config)
{
	json_t *out = json_object(), *value;
	bt_auto_container struct bt_container *c = NULL;
	bt_auto_settings struct bt_container_settings s = { 0 };
	struct bt_err err;
	const char *key;

	json_object_foreach (bt_json_obj(host_config, "PortBindings"), key, value)
		(void)json_object_set(out, key, value);
	if (!bt_json_bool(host_config, "PublishAllPorts", false) ||
	    bt_container_get(nets->engine, id, &c, &err) < 0 ||
	    bt_container_row_settings(c, &s, &err) < 0)
		return out;
	json_object_foreach (bt_json_obj(s.config, "ExposedPorts"), key, value)
		if (!json_object_get(out, key))
			(void)json_object_set_new(out, key, json_array());
	return out;
}

static int by_port(const void *a, const void *b)
{
	const struct bt_firewall_port *x = a, *y = b;

	if (x->proto != y->proto)
		return x->proto - y->proto;
	return x->first - y->first;
}

/* Neighbours that keep their numbers become one range: one element of the rules. */
static size_t merge(struct bt_firewall_port *p, size_t n)
{
	size_t out = 0;

	qsort(p, n, sizeof(*p), by_port);
	for (size_t i = 1; i < n; i++) {
		struct bt_firewall_port *last = &p[out];

		if (p[i].proto == last->proto && p[i].first == last->last + 1 &&
		    p[i].first == p[i].target_first && last->first == last->target_first &&
		    bt_prefix_same_address(&p[i].host, &last->host) &&
		    bt_prefix_same_address(&p[i].target, &last->target))
			last->last = p[i].last;
		else
			p[++out] = p[i];
	}
	return n ? out + 1 : 0;
}

static int put_rules(struct bt_networks *nets, const char *id, const struct published *p,
		     struct bt_err *err)
{
	bt_auto_free struct bt_firewall_port *copy = calloc(p->n + 1, sizeof(*copy));

	if (!copy)
		return bt_err_sys(err, -ENOMEM, "publish ports");
	memcpy(copy, p->list, p->n * sizeof(*copy));
	return bt_firewall_publish(nets->firewall, id, copy, merge(copy, p->n), err);
}

static int keep(struct bt_networks *nets, const char *id, struct published **p, struct bt_err *err)
{
	void *old = NULL;
	int r;

	pthread_mutex_lock(&nets->lock);
	r = bt_map_put(&nets->published, id, *p, &old);
	pthread_mutex_unlock(&nets->lock);
	if (r < 0)
		return bt_err_sys(err, r, "publish ports");
	published_destroy(old);
	*p = NULL;
	return 0;
}

int bt_network_ports_publish(struct bt_networks *nets, const char *container_id,
			     const struct bt_network_lease *lease, const json_t *host_config,
			     json_t **ret, struct bt_err *err)
{
	json_auto_t *want = wanted(nets, container_id, host_config);
	bt_auto(published_destroyp) struct published *out = NULL;
	struct request rq = { .nets = nets, .lease = lease };
	json_t *bindings, *ports;
	int r = 0;

	*ret = NULL;
	if (json_object_size(want) == 0)
		return 0;
	out = calloc(1, sizeof(*out));
	if (!out)
		return bt_err_sys(err, -ENOMEM, "publish ports");
	out->ports = json_object();
	rq.out = out;
	json_object_foreach (want, rq.key, bindings)
		if (r == 0)
			r = publish_key(&rq, bindings, err);
	if (r == 0)
		r = put_rules(nets, container_id, out, err);
	if (r < 0)
		return r;
	ports = json_deep_copy(out->ports);
	r = keep(nets, container_id, &out, err);
	if (r < 0)
		json_decref(ports);
	else
		*ret = ports;
	return r;
}

static int restore_key(struct published *out, const struct bt_network_lease *lease, const char *key,
		       const json_t *bindings)
{
	const json_t *binding;
	size_t i;

	json_array_foreach (bindings, i, binding) {
		struct bt_firewall_port p = { 0 };
		int r, fd;

		if (bt_port_spec_container(key, &p.target_first, &p.proto) < 0 ||
		    bt_prefix_parse_address(bt_json_str(binding, "HostIp", ""), &p.host) < 0 ||
		    bt_port_spec_range(bt_json_str(binding, "HostPort", ""), &p.first, &p.last) < 0)
			return -EINVAL;
		p.target = p.host.family == AF_INET6
				   ? bt_prefix_at(&lease->network->v6.subnet, lease->index6)
				   : bt_prefix_at(&lease->network->v4.subnet, lease->index4);
		/* Taken by somebody else while no daemon was there: the rules still win. */
		fd = hold(&p, p.first, true);
		r = add(out, &p, fd);
		if (r < 0) {
			bt_close(&fd);
			return r;
		}
	}
	return 0;
}

int bt_network_ports_restore(struct bt_networks *nets, const char *container_id,
			     const struct bt_network_lease *lease, const json_t *ports,
			     struct bt_err *err)
{
	bt_auto(published_destroyp) struct published *out = calloc(1, sizeof(*out));
	json_t *bindings;
	const char *key;
	int r = out ? 0 : -ENOMEM;

	if (r == 0)
		out->ports = json_deep_copy(ports);
	json_object_foreach ((json_t *)(uintptr_t)ports, key, bindings)
		if (r == 0)
			r = restore_key(out, lease, key, bindings);
	if (r < 0)
		return bt_err_sys(err, r, "restore ports of container %.12s", container_id);
	r = put_rules(nets, container_id, out, err);
	return r < 0 ? r : keep(nets, container_id, &out, err);
}

void bt_network_ports_withdraw(struct bt_networks *nets, const char *container_id)
{
	struct published *p;

	pthread_mutex_lock(&nets->lock);
	p = bt_map_remove(&nets->published, container_id);
	pthread_mutex_unlock(&nets->lock);
	if (!p)
		return;
	/* The next load of the rules is without them, should this one fail. */
	(void)!bt_firewall_unpublish(nets->firewall, container_id, BT_ERR_IGNORED);
	published_destroy(p);
}

void bt_network_ports_free(struct bt_networks *nets)
{
	void *value;
	size_t pos = 0;

	while (bt_map_next(&nets->published, &pos, NULL, &value))
		published_destroy(value);
	bt_map_done(&nets->published);
}

json_t *bt_network_ports(struct bt_engine *engine, const char *container_id)
{
	struct bt_networks *nets = engine->networks;
	const struct published *p;
	json_t *out;

	if (!nets)
		return NULL;
	pthread_mutex_lock(&nets->lock);
	p = bt_map_get(&nets->published, container_id);
	out = p ? json_deep_copy(p->ports) : NULL;
	pthread_mutex_unlock(&nets->lock);
	return out;
}
