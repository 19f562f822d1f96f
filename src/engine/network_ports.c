/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_ports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/lock.h"
#include "base/log.h"
#include "codec/json.h"
#include "engine/engine_private.h"
#include "engine/network_bindings.h"
#include "engine/network_forward.h"
#include "engine/publish_policy.h"
#include "net/conntrack.h"
#include "net/port_spec.h"

#define PORT_KEY_LEN 12
/* Among the ports of a row of the database: the host's firewall judges them. */
#define JUDGED_KEY "judged"

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
	const int host = memcmp(x->host.addr, y->host.addr, sizeof(x->host.addr));

	/* A port is published on several addresses, of both families: each has its own ranges. */
	if (x->host.family != y->host.family)
		return x->host.family - y->host.family;
	if (host != 0)
		return host;
	if (x->proto != y->proto)
		return x->proto - y->proto;
	return x->first - y->first;
}

/* Does `b`, the next one in order, go on where `a` ends, in the same way? What the forwarder takes
 * is for the rules a range of the host's ports, wherever each of them goes. */
static bool goes_on(const struct bt_firewall_port *a, const struct bt_firewall_port *b)
{
	if (b->proto != a->proto || b->first != a->last + 1 || b->direct != a->direct ||
	    b->judged != a->judged || b->forwarded != a->forwarded ||
	    !bt_prefix_same_address(&b->host, &a->host))
		return false;
	return a->forwarded || (b->first == b->target_first && a->first == a->target_first &&
				bt_prefix_same_address(&b->target, &a->target));
}

/* Neighbours that keep their numbers become one range: one element of the rules. */
static size_t merge(struct bt_firewall_port *p, size_t n)
{
	size_t out = 0;

	qsort(p, n, sizeof(*p), by_port);
	for (size_t i = 1; i < n; i++) {
		struct bt_firewall_port *last = &p[out];

		if (goes_on(last, &p[i]))
			last->last = p[i].last;
		else
			p[++out] = p[i];
	}
	return n ? out + 1 : 0;
}

static int put_rules(struct bt_networks *nets, const char *id, const struct bt_network_published *p,
		     struct bt_err *err)
{
	bt_auto_free struct bt_firewall_port *copy = calloc(p->n + 1, sizeof(*copy));

	if (!copy)
		return bt_err_sys(err, -ENOMEM, "publish ports");
	for (size_t i = 0; i < p->n; i++)
		copy[i] = p->list[i].rule;
	return bt_firewall_publish(nets->firewall, id, copy, merge(copy, p->n), err);
}

/* Nobody else's ports: those of `id` are again what they were. */
static void put_back(struct bt_networks *nets, const char *id,
		     const struct bt_network_published *old)
{
	if (old)
		(void)!put_rules(nets, id, old, BT_ERR_IGNORED);
	else
		(void)!bt_firewall_unpublish(nets->firewall, id, BT_ERR_IGNORED);
}

/* The rules, and what the forwarder has to do, for `now` in the place of `old` (NULL: nothing), of
 * which `now` has the first `kept` ports. On failure all is as it was. */
static int carry_out(struct bt_networks *nets, const char *id,
		     const struct bt_network_published *old, size_t kept,
		     const struct bt_network_published *now, struct bt_err *err)
{
	int r = put_rules(nets, id, now, err);

	if (r < 0)
		return r;
	r = bt_network_forward_put(nets, id, now, err);
	if (r < 0) {
		bt_network_forward_drop(nets, id, now->list + kept, now->n - kept);
		put_back(nets, id, old);
	}
	return r;
}

static int keep(struct bt_networks *nets, const char *id, struct bt_network_published **p,
		struct bt_err *err)
{
	void *old = NULL;
	int r;

	pthread_mutex_lock(&nets->lock);
	r = bt_map_put(&nets->published, id, *p, &old);
	pthread_mutex_unlock(&nets->lock);
	if (r < 0)
		return bt_err_sys(err, r, "publish ports");
	bt_network_published_destroy(old);
	*p = NULL;
	return 0;
}

/* What the database keeps: the ports as shown, and who judges them. */
static json_t *row_of(const struct bt_network_published *p, enum bt_publish_policy policy)
{
	json_t *row = json_copy(p->ports);

	if (row && policy == BT_PUBLISH_HOST_FIREWALL)
		(void)json_object_set_new(row, JUDGED_KEY, json_true());
	return row;
}

int bt_network_ports_publish(struct bt_networks *nets, const char *container_id,
			     const struct bt_network_lease *lease, const json_t *config,
			     const json_t *host_config, json_t **ret, struct bt_err *err)
{
	json_auto_t *want = NULL;
	bt_auto_published struct bt_network_published *out = NULL;
	struct bt_network_bindings b = { .nets = nets, .lease = lease };
	json_t *ports;
	int r = 0;

	*ret = NULL;
	if (!bt_json_bool(host_config, "PublishAllPorts", false) &&
	    json_object_size(bt_json_obj(host_config, "PortBindings")) == 0)
		return 0;
	r = bt_publish_policy_of(nets->engine->cfg.publish_policy, config, &b.policy, err);
	if (r < 0)
		return r;
	want = wanted(host_config, config);
	out = bt_network_published_create();
	if (!out)
		return bt_err_sys(err, -ENOMEM, "publish ports");
	r = bt_network_bindings_resolve(&b, want, out, err);
	if (r < 0)
		return r;
	bt_auto_read_lock(held, &nets->forwarding);
	r = carry_out(nets, container_id, NULL, 0, out, err);
	if (r < 0)
		return r;
	ports = row_of(out, b.policy);
	r = keep(nets, container_id, &out, err);
	if (r < 0) {
		put_back(nets, container_id, NULL);
		bt_network_forward_forget(nets, container_id, out);
		json_decref(ports);
	} else {
		*ret = ports;
	}
	return r;
}

/* Whoever used a port last would go on reaching it, or who has the address next. */
static void forget_connections(const struct bt_network_port *list, size_t n)
{
	bt_auto_free struct bt_conntrack_target *targets = calloc(n + 1, sizeof(*targets));
	int r = targets ? 0 : -ENOMEM;
	size_t used = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct bt_firewall_port *p = &list[i].rule;

		/* The forwarder cuts its own. */
		if (!p->forwarded)
			targets[used++] = (struct bt_conntrack_target){ .proto = p->proto,
									.address = p->target,
									.first = p->target_first,
									.last = p->target_first };
	}
	if (r == 0 && used)
		r = bt_conntrack_forget(targets, used);
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

/* Take over what stays of the old, without their descriptors; those that go come to the front of
 * `gone`. */
static int take_over(struct bt_network_published *out, const struct bt_network_published *old,
		     const struct bt_network_ports_change *change, struct bt_network_port *gone,
		     size_t *ngone, struct bt_err *err)
{
	char key[PORT_KEY_LEN];

	for (size_t i = 0; old && i < old->n; i++) {
		struct bt_network_port p = old->list[i];

		if (is_removed(change->remove, change->nremove, &p.rule)) {
			gone[(*ngone)++] = p;
			continue;
		}
		(void)snprintf(key, sizeof(key), "%u/%s", p.rule.target_first,
			       bt_port_spec_proto_name(p.rule.proto));
		p.fd = -EBADF;
		if (bt_network_published_add(out, key, &p) < 0)
			return bt_err_sys(err, -ENOMEM, "publish a port");
	}
	return 0;
}

/* The rules say so now: who stays keeps its descriptor. */
static void move_descriptors(struct bt_network_published *old, struct bt_network_published *out,
			     const struct bt_network_ports_change *change)
{
	size_t at = 0;

	for (size_t i = 0; old && i < old->n; i++)
		if (!is_removed(change->remove, change->nremove, &old->list[i].rule))
			out->list[at++].fd = bt_take_fd(&old->list[i].fd);
}

static struct bt_network_published *published_of(struct bt_networks *nets, const char *id)
{
	struct bt_network_published *p;

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
	struct bt_network_published *old = published_of(nets, container_id);
	bt_auto_published struct bt_network_published *out = bt_network_published_create();
	bt_auto_free struct bt_network_port *gone = calloc((old ? old->n : 0) + 1, sizeof(*gone));
	struct bt_network_bindings b = { .nets = nets, .lease = lease };
	json_auto_t *row = NULL;
	size_t ngone = 0;
	int r;

	if (!out || !gone)
		return bt_err_sys(err, -ENOMEM, "change ports");
	r = bt_publish_policy_of(nets->engine->cfg.publish_policy, change->config, &b.policy, err);
	if (r == 0)
		r = take_over(out, old, change, gone, &ngone, err);
	if (r == 0)
		r = bt_network_bindings_resolve(&b, change->add, out, err);
	if (r < 0)
		return r;
	bt_auto_read_lock(held, &nets->forwarding);
	r = carry_out(nets, container_id, old, old ? old->n - ngone : 0, out, err);
	if (r < 0)
		return r;
	row = row_of(out, b.policy);
	bt_network_forward_drop(nets, container_id, gone, ngone);
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
	bt_auto_published struct bt_network_published *out = bt_network_published_create();
	json_auto_t *shown = json_copy((json_t *)(uintptr_t)ports);
	struct bt_network_bindings b = { .nets = nets, .lease = lease };
	int r = out && shown ? 0 : -ENOMEM;

	b.policy = json_is_true(json_object_get(ports, JUDGED_KEY)) ? BT_PUBLISH_HOST_FIREWALL
								    : BT_PUBLISH_ALL;
	if (r == 0) {
		(void)json_object_del(shown, JUDGED_KEY);
		r = bt_network_bindings_restore(&b, shown, out);
	}
	if (r < 0)
		return bt_err_sys(err, r, "restore ports of container %.12s", container_id);
	r = put_rules(nets, container_id, out, err);
	return r < 0 ? r : keep(nets, container_id, &out, err);
}

void bt_network_ports_withdraw(struct bt_networks *nets, const char *container_id)
{
	struct bt_network_published *p;

	/* Most publish nothing, and do not wait until everything has been told to a forwarder. */
	if (!published_of(nets, container_id))
		return;
	bt_auto_read_lock(held, &nets->forwarding);
	pthread_mutex_lock(&nets->lock);
	p = bt_map_remove(&nets->published, container_id);
	pthread_mutex_unlock(&nets->lock);
	if (!p)
		return;
	/* The next load of the rules is without them, should this one fail. */
	(void)!bt_firewall_unpublish(nets->firewall, container_id, BT_ERR_IGNORED);
	bt_network_forward_forget(nets, container_id, p);
	forget_connections(p->list, p->n);
	bt_network_published_destroy(p);
}

void bt_network_ports_free(struct bt_networks *nets)
{
	void *value;
	size_t pos = 0;

	while (bt_map_next(&nets->published, &pos, NULL, &value))
		bt_network_published_destroy(value);
	bt_map_done(&nets->published);
}

json_t *bt_network_ports(struct bt_engine *engine, const char *container_id)
{
	struct bt_networks *nets = engine->networks;
	const struct bt_network_published *p;
	json_t *out;

	if (!nets)
		return NULL;
	pthread_mutex_lock(&nets->lock);
	p = bt_map_get(&nets->published, container_id);
	out = p ? json_deep_copy(p->ports) : NULL;
	pthread_mutex_unlock(&nets->lock);
	return out;
}
