/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_bindings.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/json.h"
#include "engine/engine_private.h"
#include "net/port_hold.h"
#include "net/port_spec.h"

#define OPT_HOST_BINDING "com.docker.network.bridge.host_binding_ipv4"
#define PORT_TEXT_LEN    12
/* Where a port that the kernel chose is taken in the other family, another is tried. */
#define CHOICES_MAX 32
/* A binding has one address of the host, or by default one of each family. */
#define HOSTS_MAX 2

struct bt_network_published *bt_network_published_create(void)
{
	struct bt_network_published *p = calloc(1, sizeof(*p));

	if (p)
		p->ports = json_object();
	if (p && !p->ports)
		free(bt_take(p));
	return p;
}

void bt_network_published_destroy(struct bt_network_published *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		bt_close(&p->list[i].fd);
	json_decref(p->ports);
	free(p->list);
	free(p);
}

void bt_network_published_destroyp(struct bt_network_published **p)
{
	bt_network_published_destroy(*p);
}

/* As inspect shows it. Without a number: reachable by the container's own address. */
static int show(struct bt_network_published *p, const char *key,
		const struct bt_firewall_port *rule)
{
	json_t *list = json_object_get(p->ports, key);
	char host[BT_PREFIX_TEXT_LEN], number[PORT_TEXT_LEN] = "";

	if (!list) {
		list = json_array();
		if (json_object_set_new(p->ports, key, list) < 0)
			return -ENOMEM;
	}
	bt_prefix_format_address(&rule->host, host);
	if (!rule->direct)
		(void)snprintf(number, sizeof(number), "%u", rule->first);
	return json_array_append_new(list,
				     json_pack("{s:s,s:s}", "HostIp", host, "HostPort", number)) < 0
		       ? -ENOMEM
		       : 0;
}

int bt_network_published_add(struct bt_network_published *p, const char *key,
			     const struct bt_network_port *port)
{
	struct bt_network_port *list = p->list;

	/* In steps of powers of two. */
	if ((p->n & (p->n - 1)) == 0)
		list = reallocarray(p->list, p->n ? 2 * p->n : 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	p->list = list;
	if (show(p, key, &port->rule) < 0)
		return -ENOMEM;
	list[p->n++] = *port;
	return 0;
}

static bool is_loopback(const struct bt_prefix *p)
{
	const struct in6_addr a6 = bt_prefix_in6_addr(p);

	return p->family == AF_INET ? p->addr[0] == IN_LOOPBACKNET : IN6_IS_ADDR_LOOPBACK(&a6);
}

static bool is_any(const struct bt_prefix *p)
{
	static const uint8_t zero[16];

	return memcmp(p->addr, zero, sizeof(zero)) == 0;
}

static bool has(const struct bt_network_bindings *b, bool six)
{
	return (six ? b->lease->index6 : b->lease->index4) != BT_PREFIX_NO_INDEX;
}

static enum bt_network_gateway_mode mode_of(const struct bt_network_bindings *b, bool six)
{
	return six ? b->lease->network->mode6 : b->lease->network->mode4;
}

/* Where what comes to `port->rule.host` goes, and who takes it there. Returns false where nobody
 * can. */
static bool lead(const struct bt_network_bindings *b, struct bt_network_port *port)
{
	const struct bt_network *net = b->lease->network;
	struct bt_firewall_port *p = &port->rule;
	const bool from6 = p->host.family == AF_INET6;
	const bool six = has(b, from6) ? from6 : !from6;
	const bool may_carry = !b->nets->engine->cfg.no_forwarder;

	if (!has(b, six))
		return false;
	p->target = six ? bt_prefix_at(&net->v6.subnet, b->lease->index6)
			: bt_prefix_at(&net->v4.subnet, b->lease->index4);
	p->direct = mode_of(b, six) == BT_NETWORK_GATEWAY_ROUTED;
	/* The kernel translates within a family, and nothing that comes from ::1. */
	p->forwarded = six != from6 || (from6 && is_loopback(&p->host));
	if (p->direct)
		return !p->forwarded;
	port->carried = may_carry && (p->forwarded || (from6 && is_any(&p->host)));
	p->judged =
		!p->forwarded && b->policy == BT_PUBLISH_HOST_FIREWALL && !is_loopback(&p->host);
	return !p->forwarded || port->carried;
}

static bool is_ours(struct bt_networks *nets, const struct bt_firewall_port *p, uint16_t port)
{
	void *value;
	size_t pos = 0;

	while (bt_map_next(&nets->published, &pos, NULL, &value)) {
		const struct bt_network_published *other = value;

		for (size_t i = 0; i < other->n; i++)
			if (other->list[i].rule.proto == p->proto &&
			    other->list[i].rule.first <= port && other->list[i].rule.last >= port)
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

/* One binding on its way. */
struct request {
	const struct bt_network_bindings *b;
	const char *key;      /* "80/tcp" */
	int *six;             /* the host has IPv6; negative: not asked yet */
	uint16_t first, last; /* numbers that will do; 0: any */
	struct bt_network_port ports[HOSTS_MAX];
	size_t n;
};

static void let_go(struct request *rq)
{
	for (size_t i = 0; i < rq->n; i++)
		bt_close(&rq->ports[i].fd);
}

/* Hold one number on all the binding's addresses; 0: any that is free on the first of them. What
 * the kernel has no sockets for is translated all the same. Returns 0, or -errno with `*ret_failed`
 * that address's. */
static int hold_number(struct request *rq, uint16_t number, size_t *ret_failed)
{
	for (size_t i = 0; i < rq->n; i++) {
		struct bt_firewall_port *p = &rq->ports[i].rule;
		int fd = -EBADF;

		if (p->direct)
			continue;
		fd = bt_port_hold_one_of(p->proto, &p->host, number, number);
		if (fd == -EPROTONOSUPPORT && number && !p->forwarded) {
			fd = -EBADF;
			rq->ports[i].carried = false;
		} else if (fd < 0) {
			*ret_failed = i;
			let_go(rq);
			return fd;
		} else if (!number) {
			number = (uint16_t)bt_port_hold_number(fd);
		}
		p->first = p->last = number;
		rq->ports[i].fd = fd;
	}
	return 0;
}

/* The same number on all of them, the first that is free. */
static int hold(struct request *rq, struct bt_err *err)
{
	unsigned number = rq->first;
	size_t failed = 0;
	int r = -EADDRINUSE;

	for (unsigned i = 0; r == -EADDRINUSE && number <= rq->last; i++) {
		/* Of its own choice the kernel finds one that is free in the first family. */
		if (number == 0 && i == CHOICES_MAX)
			break;
		r = hold_number(rq, (uint16_t)number, &failed);
		number += number != 0;
	}
	return r < 0 ? taken(rq->b->nets, &rq->ports[failed].rule, rq->first, r, err) : 0;
}

/* Add an address to the binding. Returns false where nothing leads from there. */
static bool add_host(struct request *rq, const struct bt_firewall_port *what,
		     const struct bt_prefix *host)
{
	struct bt_network_port *port = &rq->ports[rq->n];

	*port = (struct bt_network_port){ .rule = *what, .fd = -EBADF };
	port->rule.host = *host;
	if (!lead(rq->b, port))
		return false;
	port->rule.first = port->rule.last = port->rule.target_first;
	rq->n++;
	return true;
}

/* Has the host IPv6? Where its loopback has not, nothing has. */
static bool ask_host_has_six(void)
{
	const struct bt_prefix loopback = { .family = AF_INET6, .len = 128, .addr = { [15] = 1 } };
	bt_auto_close int fd = bt_port_hold(IPPROTO_TCP, &loopback, 0, false);

	return fd >= 0;
}

/* Asked once for all bindings of a container. */
static bool host_has_six(const struct request *rq)
{
	if (*rq->six < 0)
		*rq->six = ask_host_has_six();
	return *rq->six > 0;
}

/* Where a port goes that names no address of the host. */
static const char *default_host(const struct bt_network_bindings *b)
{
	const json_t *options = bt_json_obj(b->lease->network->config, "Options");
	const char *text = bt_json_str(options, OPT_HOST_BINDING, "");

	/* What the default bridge says where nobody said anything. */
	if (text[0] && (b->policy != BT_PUBLISH_LOOPBACK || strcmp(text, "0.0.0.0") != 0))
		return text;
	return b->policy == BT_PUBLISH_LOOPBACK ? "127.0.0.1" : "0.0.0.0";
}

/* Both families, as far as the container or the forwarder reaches them; as Docker, none of IPv4 for
 * a container without. */
static int add_default_hosts(struct request *rq, const struct bt_firewall_port *what,
			     struct bt_err *err)
{
	const char *text = default_host(rq->b);
	struct bt_prefix host, six = { .family = AF_INET6, .len = 128 };

	if (bt_prefix_parse_address(text, &host) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid %s of network %s",
				  OPT_HOST_BINDING, rq->b->lease->network->name);
	if (has(rq->b, false))
		(void)add_host(rq, what, &host);
	six.addr[15] = rq->b->policy == BT_PUBLISH_LOOPBACK;
	if (!is_any(&host) && !is_loopback(&host))
		return 0;
	/* 127.0.0.1 that was asked for is no word about IPv6; the policy's is. */
	if (is_loopback(&host) && rq->b->policy != BT_PUBLISH_LOOPBACK)
		return 0;
	if (host_has_six(rq))
		(void)add_host(rq, what, &six);
	return 0;
}

static int add_hosts(struct request *rq, const struct bt_firewall_port *what, const char *ip,
		     struct bt_err *err)
{
	const char *name = rq->b->lease->network->name;
	struct bt_prefix host;

	if (!ip[0])
		return add_default_hosts(rq, what, err);
	if (bt_prefix_parse_address(ip, &host) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid IP address: %s", ip);
	if (add_host(rq, what, &host))
		return 0;
	return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, EAFNOSUPPORT,
			  "a port on %s needs a network with that address family: %s has none, or "
			  "is routed",
			  ip, name);
}

/* `rq` copied: what all bindings of the key have in common. */
static int resolve_binding(struct request rq, const struct bt_firewall_port *what,
			   const json_t *binding, struct bt_network_published *out,
			   struct bt_err *err)
{
	const char *text = bt_json_str(binding, "HostPort", "");
	int r;

	if (text[0] && bt_port_spec_range(text, &rq.first, &rq.last) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid host port: \"%s\"", text);
	r = add_hosts(&rq, what, bt_json_str(binding, "HostIp", ""), err);
	if (r == 0)
		r = hold(&rq, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < rq.n; i++) {
		if (r == 0 && bt_network_published_add(out, rq.key, &rq.ports[i]) == 0)
			rq.ports[i].fd = -EBADF; /* given away */
		else
			r = bt_err_sys(err, -ENOMEM, "publish a port");
	}
	let_go(&rq);
	return r;
}

static int resolve_key(const struct request *rq, const json_t *bindings,
		       struct bt_network_published *out, struct bt_err *err)
{
	struct bt_firewall_port what = { 0 };
	const json_t *binding;
	size_t i;
	int r = 0;

	if (bt_port_spec_container(rq->key, &what.target_first, &what.proto) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid port specification: \"%s\"",
				  rq->key);
	if (json_array_size(bindings) == 0)
		return resolve_binding(*rq, &what, NULL, out, err);
	json_array_foreach (bindings, i, binding)
		if (r == 0)
			r = resolve_binding(*rq, &what, binding, out, err);
	return r;
}

int bt_network_bindings_resolve(const struct bt_network_bindings *b, const json_t *wanted,
				struct bt_network_published *out, struct bt_err *err)
{
	int six = -1;
	struct request rq = { .b = b, .six = &six };
	const json_t *bindings;
	int r = 0;

	json_object_foreach ((json_t *)(uintptr_t)wanted, rq.key, bindings)
		if (r == 0)
			r = resolve_key(&rq, bindings, out, err);
	return r;
}

static int restore_binding(const struct bt_network_bindings *b, const char *key,
			   const json_t *binding, struct bt_network_published *out)
{
	const char *number = bt_json_str(binding, "HostPort", "");
	struct bt_network_port port = { .fd = -EBADF };
	struct bt_firewall_port *p = &port.rule;
	int r;

	if (bt_port_spec_container(key, &p->target_first, &p->proto) < 0 ||
	    bt_prefix_parse_address(bt_json_str(binding, "HostIp", ""), &p->host) < 0 ||
	    (number[0] && bt_port_spec_range(number, &p->first, &p->last) < 0))
		return -EINVAL;
	(void)lead(b, &port);
	p->direct = !number[0];
	/* Taken by somebody else while no daemon was there: the rules still win. */
	if (p->direct)
		p->first = p->last = p->target_first;
	else
		port.fd = bt_port_hold(p->proto, &p->host, p->first, true);
	r = bt_network_published_add(out, key, &port);
	if (r < 0)
		bt_close(&port.fd);
	return r;
}

int bt_network_bindings_restore(const struct bt_network_bindings *b, const json_t *ports,
				struct bt_network_published *out)
{
	const json_t *bindings, *binding;
	const char *key;
	size_t i;
	int r = 0;

	json_object_foreach ((json_t *)(uintptr_t)ports, key, bindings)
		json_array_foreach (bindings, i, binding)
			if (r == 0)
				r = restore_binding(b, key, binding, out);
	return r;
}

ssize_t bt_network_published_carried(const struct bt_network_published *p,
				     struct bt_forward_port **ret)
{
	struct bt_forward_port *out = calloc(p->n + 1, sizeof(*out));
	ssize_t n = 0;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++)
		if (p->list[i].carried)
			out[n++] = (struct bt_forward_port){
				.proto = p->list[i].rule.proto,
				.host = p->list[i].rule.host,
				.number = p->list[i].rule.first,
				.target = p->list[i].rule.target,
				.target_number = p->list[i].rule.target_first,
				.fd = p->list[i].fd,
			};
	*ret = out;
	return n;
}
