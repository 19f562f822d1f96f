/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_ports.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "codec/json.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "engine/publish_policy.h"
#include "net/conntrack.h"
#include "net/port_hold.h"
#include "net/port_spec.h"

#define OPT_HOST_BINDING "com.docker.network.bridge.host_binding_ipv4"
#define PORT_TEXT_LEN    12
/* Among the ports of a row of the database: the host's firewall judges them. */
#define JUDGED_KEY "judged"

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
	enum bt_publish_policy policy;
	const char *key; /* "80/tcp" */
};

/* As inspect shows it. Without a port: reachable by the container's own address. */
static int show(struct request *rq, const struct bt_prefix *host_address, uint16_t port)
{
	json_t *list = json_object_get(rq->out->ports, rq->key);
	char host[BT_PREFIX_TEXT_LEN], number[PORT_TEXT_LEN] = "";

	if (!list) {
		list = json_array();
		(void)json_object_set_new(rq->out->ports, rq->key, list);
	}
	bt_prefix_format_address(host_address, host);
	if (port)
		(void)snprintf(number, sizeof(number), "%u", port);
	(void)json_array_append_new(list,
				    json_pack("{s:s,s:s}", "HostIp", host, "HostPort", number));
	return 0;
}

static bool is_loopback(const struct bt_prefix *p)
{
	const struct in6_addr a6 = bt_prefix_in6_addr(p);

	return p->family == AF_INET ? p->addr[0] == IN_LOOPBACKNET : IN6_IS_ADDR_LOOPBACK(&a6);
}

/* Where a family is routed there is nothing to translate and nothing to hold. */
static int publish_direct(struct request *rq, struct bt_firewall_port *p, struct bt_err *err)
{
	struct bt_firewall_port direct = *p;

	direct.direct = true;
	direct.first = direct.last = p->target_first;
	if (add(rq->out, &direct, -EBADF) < 0)
		return bt_err_sys(err, -ENOMEM, "publish a port");
	return show(rq, &p->host, 0);
}

static int publish_family(struct request *rq, struct bt_firewall_port *p, uint16_t first,
			  uint16_t last, struct bt_err *err)
{
	const struct bt_network *net = rq->lease->network;
	const bool six = p->host.family == AF_INET6;
	int fd;

	p->target = six ? bt_prefix_at(&net->v6.subnet, rq->lease->index6)
			: bt_prefix_at(&net->v4.subnet, rq->lease->index4);
	if ((six ? net->mode6 : net->mode4) == BT_NETWORK_GATEWAY_ROUTED)
		return publish_direct(rq, p, err);
	p->judged = rq->policy == BT_PUBLISH_HOST_FIREWALL && !is_loopback(&p->host);
	fd = bt_port_hold_one_of(p->proto, &p->host, first, last);
	/* What the kernel has no sockets for is translated all the same. */
	if (fd == -EPROTONOSUPPORT && first) {
		p->first = p->last = first;
		fd = -EBADF;
	} else if (fd < 0) {
		return taken(rq->nets, p, first, fd, err);
	} else {
		p->first = p->last = (uint16_t)bt_port_hold_number(fd);
	}
	if (add(rq->out, p, fd) < 0) {
		bt_close(&fd);
		return bt_err_sys(err, -ENOMEM, "publish a port");
	}
	return show(rq, &p->host, p->first);
}

/* Where a port goes that names no address of the host. */
static const char *default_host(const struct request *rq)
{
	const json_t *options = bt_json_obj(rq->lease->network->config, "Options");
	const char *text = bt_json_str(options, OPT_HOST_BINDING, "");

	/* What the default bridge says where nobody said anything. */
	if (text[0] && (rq->policy != BT_PUBLISH_LOOPBACK || strcmp(text, "0.0.0.0") != 0))
		return text;
	return rq->policy == BT_PUBLISH_LOOPBACK ? "127.0.0.1" : "0.0.0.0";
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
		if (bt_prefix_parse_address(default_host(rq), &p->host) < 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid %s of network %s",
					  OPT_HOST_BINDING, net->name);
		r = publish_family(rq, p, first, last, err);
	}
	/* The host's own ::1 is not translated by any kernel. */
	if (r < 0 || !has6 || rq->policy == BT_PUBLISH_LOOPBACK)
		return r;
	if (has4 && p->first)
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
static json_t *wanted(const json_t *host_config, const json_t *config)
{
	json_t *out = json_object(), *value;
	const char *key;

	json_object_foreach (bt_json_obj(host_config, "PortBindings"), key, value)
		(void)json_object_set(out, key, value);
	if (!bt_json_bool(host_config, "PublishAllPorts", false))
		return out;
	json_object_foreach (bt_json_obj(config, "ExposedPorts"), key, value)
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
		    p[i].direct == last->direct && p[i].judged == last->judged &&
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

/* What the database keeps: the ports as shown, and who judges them. */
static json_t *row_of(const struct published *p, enum bt_publish_policy policy)
{
	json_t *row = json_deep_copy(p->ports);

	if (row && policy == BT_PUBLISH_HOST_FIREWALL)
		(void)json_object_set_new(row, JUDGED_KEY, json_true());
	return row;
}

int bt_network_ports_publish(struct bt_networks *nets, const char *container_id,
			     const struct bt_network_lease *lease, const json_t *host_config,
			     json_t **ret, struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	bt_auto_settings struct bt_container_settings settings = { 0 };
	json_auto_t *want = NULL;
	bt_auto(published_destroyp) struct published *out = NULL;
	struct request rq = { .nets = nets, .lease = lease };
	json_t *bindings, *ports;
	int r = 0;

	*ret = NULL;
	if (!bt_json_bool(host_config, "PublishAllPorts", false) &&
	    json_object_size(bt_json_obj(host_config, "PortBindings")) == 0)
		return 0;
	r = bt_container_get(nets->engine, container_id, &c, err);
	if (r == 0)
		r = bt_container_row_settings(c, &settings, err);
	/* Who is not there (any more) has no label that could say anything. */
	if (r < 0 && err->kind != BT_ERR_NOT_FOUND)
		return r;
	r = bt_publish_policy_of(nets->engine->cfg.publish_policy, settings.config, &rq.policy,
				 err);
	if (r < 0)
		return r;
	want = wanted(host_config, settings.config);
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
	ports = row_of(out, rq.policy);
	r = keep(nets, container_id, &out, err);
	if (r < 0)
		json_decref(ports);
	else
		*ret = ports;
	return r;
}

static int restore_binding(struct published *out, const struct bt_network_lease *lease,
			   const char *key, const json_t *binding, bool judged)
{
	const char *number = bt_json_str(binding, "HostPort", "");
	struct bt_firewall_port p = { .direct = !number[0] };
	int r, fd = -EBADF;

	if (bt_port_spec_container(key, &p.target_first, &p.proto) < 0 ||
	    bt_prefix_parse_address(bt_json_str(binding, "HostIp", ""), &p.host) < 0 ||
	    (!p.direct && bt_port_spec_range(number, &p.first, &p.last) < 0))
		return -EINVAL;
	p.judged = judged && !p.direct && !is_loopback(&p.host);
	p.target = p.host.family == AF_INET6
			   ? bt_prefix_at(&lease->network->v6.subnet, lease->index6)
			   : bt_prefix_at(&lease->network->v4.subnet, lease->index4);
	/* Taken by somebody else while no daemon was there: the rules still win. */
	if (p.direct)
		p.first = p.last = p.target_first;
	else
		fd = bt_port_hold(p.proto, &p.host, p.first, true);
	r = add(out, &p, fd);
	if (r < 0)
		bt_close(&fd);
	return r;
}

/* Whoever used a port last would go on reaching it, or who has the address next. */
static void forget_connections(const struct bt_firewall_port *list, size_t n)
{
	bt_auto_free struct bt_conntrack_target *targets = calloc(n + 1, sizeof(*targets));
	int r = targets ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < n; i++)
		targets[i] = (struct bt_conntrack_target){
			.proto = list[i].proto,
			.address = list[i].target,
			.first = list[i].target_first,
			.last = (uint16_t)(list[i].target_first + list[i].last - list[i].first),
		};
	if (r == 0 && n)
		r = bt_conntrack_forget(targets, n);
	if (r < 0)
		bt_log_warn("forget the connections of published ports: %s", strerror(-r));
}

/* Does the text of a removal name this port? */
static bool is_named(const struct bt_port_publish *n, const struct bt_firewall_port *p)
{
	return p->proto == n->proto && p->target_first >= n->target_first &&
	       p->target_first <= n->target_last &&
	       (!n->first || (p->first >= n->first && p->first <= n->last)) &&
	       (!n->host.family || bt_prefix_same_address(&n->host, &p->host));
}

static bool is_removed(const struct bt_port_publish *names, size_t n,
		       const struct bt_firewall_port *p)
{
	for (size_t i = 0; i < n; i++)
		if (is_named(&names[i], p))
			return true;
	return false;
}

/* Take over what stays of the old; `show` is by port, in the old order. Those that go come to the
 * front of `gone`. */
static int take_over(struct request *rq, const struct published *old,
		     const struct bt_network_ports_change *change, struct bt_firewall_port *gone,
		     size_t *ngone, struct bt_err *err)
{
	char key[PORT_TEXT_LEN];
	int r = 0;

	for (size_t i = 0; r == 0 && old && i < old->n; i++) {
		const struct bt_firewall_port *p = &old->list[i];

		if (is_removed(change->remove, change->nremove, p)) {
			gone[(*ngone)++] = *p;
			continue;
		}
		(void)snprintf(key, sizeof(key), "%u/%s", p->target_first,
			       bt_port_spec_proto_name(p->proto));
		rq->key = key;
		if (add(rq->out, p, -EBADF) < 0)
			return bt_err_sys(err, -ENOMEM, "publish a port");
		r = show(rq, &p->host, p->direct ? 0 : p->first);
	}
	return r;
}

/* The rules say so now: who stays keeps its descriptor. */
static void move_descriptors(struct published *old, struct published *out,
			     const struct bt_network_ports_change *change)
{
	size_t at = 0;

	for (size_t i = 0; old && i < old->n; i++)
		if (!is_removed(change->remove, change->nremove, &old->list[i]))
			out->fds[at++] = bt_take_fd(&old->fds[i]);
}

static struct published *published_of(struct bt_networks *nets, const char *id)
{
	struct published *p;

	pthread_mutex_lock(&nets->lock);
	p = bt_map_get(&nets->published, id);
	pthread_mutex_unlock(&nets->lock);
	return p;
}

int bt_network_ports_change(struct bt_networks *nets, const char *container_id,
			    const struct bt_network_lease *lease,
			    const struct bt_network_ports_change *change, json_t **ret,
			    struct bt_err *err)
{
	/* Whoever changes a container's ports holds its operation: nobody else does meanwhile. */
	struct published *old = published_of(nets, container_id);
	bt_auto(published_destroyp) struct published *out = calloc(1, sizeof(*out));
	bt_auto_free struct bt_firewall_port *gone = calloc((old ? old->n : 0) + 1, sizeof(*gone));
	struct request rq = { .nets = nets, .lease = lease, .out = out };
	json_auto_t *row = NULL;
	json_t *bindings;
	size_t ngone = 0;
	int r;

	if (!out || !gone)
		return bt_err_sys(err, -ENOMEM, "change ports");
	out->ports = json_object();
	r = bt_publish_policy_of(nets->engine->cfg.publish_policy, change->config, &rq.policy, err);
	if (r == 0)
		r = take_over(&rq, old, change, gone, &ngone, err);
	json_object_foreach ((json_t *)(uintptr_t)change->add, rq.key, bindings)
		if (r == 0)
			r = publish_key(&rq, bindings, err);
	if (r == 0)
		r = put_rules(nets, container_id, out, err);
	if (r < 0)
		return r;
	row = row_of(out, rq.policy);
	move_descriptors(old, out, change);
	r = keep(nets, container_id, &out, err);
	if (r < 0)
		return r;
	forget_connections(gone, ngone);
	*ret = json_incref(row);
	return 0;
}

int bt_network_ports_restore(struct bt_networks *nets, const char *container_id,
			     const struct bt_network_lease *lease, const json_t *ports,
			     struct bt_err *err)
{
	bt_auto(published_destroyp) struct published *out = calloc(1, sizeof(*out));
	const bool judged = json_is_true(json_object_get(ports, JUDGED_KEY));
	json_t *bindings, *binding;
	const char *key;
	size_t i;
	int r = out ? 0 : -ENOMEM;

	if (r == 0)
		out->ports = json_deep_copy(ports);
	if (r == 0)
		(void)json_object_del(out->ports, JUDGED_KEY);
	json_object_foreach ((json_t *)(uintptr_t)ports, key, bindings)
		json_array_foreach (bindings, i, binding)
			if (r == 0)
				r = restore_binding(out, lease, key, binding, judged);
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
	forget_connections(p->list, p->n);
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
