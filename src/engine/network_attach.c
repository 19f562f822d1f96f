/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"
#include "engine/container.h"
#include "engine/engine_private.h"
#include "engine/network.h"
#include "engine/network_endpoint.h"
#include "engine/network_endpoint_options.h"
#include "engine/network_event.h"
#include "engine/network_lease.h"
#include "engine/network_mode.h"
#include "engine/network_names.h"
#include "engine/network_pool.h"
#include "engine/network_ports.h"
#include "engine/network_private.h"
#include "engine/network_table.h"
#include "net/sandbox.h"

/* Interfaces of one container. */
#define PORTS_MAX 64

/* One network that a container joins. */
struct join {
	const json_t *want; /* EndpointSettings of the request, or NULL */
	struct bt_network_lease lease;
};

struct joins {
	struct bt_networks *nets;
	const struct bt_sandbox_owner *sandbox_owner; /* NULL: ours */
	struct bt_network_endpoint_owner owner;
	struct join list[PORTS_MAX];
	unsigned n;
	unsigned gateway; /* which of them has the default route, and the ports; PORTS_MAX: none */
	json_t *ports;    /* published (owned) */
	int netns_fd;
};

static bool is_name_taken(const char *name, const void *arg)
{
	const struct joins *j = arg;

	for (unsigned i = 0; i < j->n; i++)
		if (strcmp(j->list[i].lease.ifname, name) == 0)
			return true;
	return false;
}

static int lease_one(struct joins *j, struct bt_network *net, const json_t *want,
		     struct bt_err *err)
{
	struct join *join = &j->list[j->n];
	int r;

	if (j->n == PORTS_MAX)
		return bt_err_set(err, BT_ERR_INVALID, E2BIG,
				  "a container can join %d networks at most", PORTS_MAX);
	for (unsigned i = 0; i < j->n; i++)
		if (j->list[i].lease.network == net)
			return 0;
	r = bt_network_lease_take(net, want, &join->lease, err);
	if (r < 0)
		return r;
	join->want = want;
	if (bt_network_has_interface(net))
		r = bt_network_lease_name(&join->lease, want, is_name_taken, j, err);
	j->n++;
	return r;
}

/* Beside names, which need nothing of the kernel; where there are none, they are refused. */
static bool asks_for_something(const struct bt_network *net, const json_t *want)
{
	const json_t *ipam = bt_json_member(want, "IPAMConfig");

	return bt_json_str(ipam, "IPv4Address", "")[0] || bt_json_str(ipam, "IPv6Address", "")[0] ||
	       bt_json_str(want, "MacAddress", "")[0] || bt_network_endpoint_options_any(want) ||
	       (net->is_default && json_array_size(bt_json_arr(want, "Aliases")) > 0);
}

/* The first network, then the others by name, as clients expect eth0, eth1 … */
static int lease_all(struct joins *j, struct bt_network *first, const json_t *endpoints,
		     struct bt_err *err)
{
	int r = lease_one(j, first, bt_network_mode_want(endpoints, first), err);
	json_t *want;
	const char *name;

	json_object_foreach ((json_t *)(uintptr_t)endpoints, name, want) {
		struct bt_network *net;

		if (r == 0)
			r = bt_network_table_find(j->nets, name, &net, err);
		if (r == 0)
			r = lease_one(j, net, want, err);
	}
	return r;
}

/* Which of the networks the default route goes through: the highest GwPriority, then the first
 * by name; none that is internal. */
static unsigned gateway_of(const struct joins *j)
{
	unsigned best = PORTS_MAX;

	for (unsigned i = 0; i < j->n; i++) {
		const struct join *a = &j->list[i], *b;
		int64_t pa = bt_json_i64(a->want, "GwPriority", 0), pb;

		if (a->lease.network->internal)
			continue;
		if (best == PORTS_MAX) {
			best = i;
			continue;
		}
		b = &j->list[best];
		pb = bt_json_i64(b->want, "GwPriority", 0);
		if (pa > pb ||
		    (pa == pb && strcmp(a->lease.network->name, b->lease.network->name) < 0))
			best = i;
	}
	return best;
}

static void give_all(struct joins *j)
{
	for (unsigned i = 0; i < j->n; i++)
		bt_network_lease_give(&j->list[i].lease);
	j->n = 0;
}

static int lease_locked(struct joins *j, const char *mode, const json_t *endpoints,
			struct bt_err *err)
{
	struct bt_network *net;
	const json_t *want;
	int r = bt_network_mode_first(j->nets, mode, endpoints, &net, err);

	if (r < 0)
		return r;
	want = bt_network_mode_want(endpoints, net);
	if ((net->driver == BT_NETWORK_DRIVER_BRIDGE || net->driver == BT_NETWORK_DRIVER_NULL) &&
	    !net->config_only && json_object_size(endpoints) < 2 &&
	    j->sandbox_owner == j->nets->owner && !asks_for_something(net, want)) {
		struct join *join = &j->list[0];

		j->netns_fd = bt_network_pool_take(j->nets->pool, net, &join->lease);
		if (j->netns_fd >= 0) {
			join->want = want;
			j->n = 1;
			return 0;
		}
	}
	r = lease_all(j, net, endpoints, err);
	if (r < 0)
		give_all(j);
	return r;
}

/* A namespace with all interfaces, unless the pool had one. */
static int make_sandbox(struct joins *j, struct bt_err *err)
{
	struct bt_sandbox_port ports[PORTS_MAX];
	unsigned nports = 0;

	j->gateway = gateway_of(j);
	if (j->netns_fd >= 0 || j->list[0].lease.network->driver == BT_NETWORK_DRIVER_HOST)
		return 0;
	if (bt_network_has_interface(j->list[0].lease.network)) {
		for (; nports < j->n; nports++)
			bt_network_lease_port(&j->list[nports].lease, j->list[nports].want,
					      nports == j->gateway, &ports[nports]);
	}
	j->netns_fd = bt_sandbox_create(j->nets->thread, j->sandbox_owner, ports, nports, err);
	return j->netns_fd < 0 ? j->netns_fd : 0;
}

/* Settings of all networks, and their rows; under lock. */
static int store(struct joins *j, json_t *settings, struct bt_err *err)
{
	int r = bt_db_begin(j->nets->db, err);

	if (r < 0)
		return r;
	for (unsigned i = 0; r == 0 && i < j->n; i++) {
		const struct join *join = &j->list[i];
		json_t *one = bt_network_endpoint_settings(&join->lease, join->want, &j->owner);

		if (json_object_set_new(settings, join->lease.network->name, one) < 0)
			r = bt_err_sys(err, -ENOMEM, "network settings");
		if (r == 0)
			r = bt_network_endpoint_store(j->nets, &join->lease, j->owner.id, one,
						      i == j->gateway ? j->ports : NULL, err);
	}
	if (r < 0) {
		bt_db_rollback(j->nets->db);
		return r;
	}
	return bt_db_commit(j->nets->db, err);
}

static char *first_address(const struct joins *j)
{
	const struct bt_network_lease *l = &j->list[0].lease;
	char text[BT_PREFIX_TEXT_LEN];
	struct bt_prefix p;

	if (l->index4 == BT_PREFIX_NO_INDEX)
		return NULL;
	p = bt_prefix_at(&l->network->v4.subnet, l->index4);
	bt_prefix_format_address(&p, text);
	return strdup(text);
}

static bool has_ports(const struct joins *j)
{
	return j->gateway < j->n &&
	       j->list[j->gateway].lease.network->driver == BT_NETWORK_DRIVER_BRIDGE;
}

static int join_networks(struct joins *j, const char *mode, const json_t *config,
			 const json_t *host_config, const json_t *endpoints,
			 struct bt_network_attachment *ret, struct bt_err *err)
{
	struct bt_networks *nets = j->nets;
	json_auto_t *settings = json_object();
	int r;

	bt_network_ports_withdraw(nets, j->owner.id);
	pthread_mutex_lock(&nets->lock);
	/* What an attempt that was cut short may have left. */
	r = bt_network_endpoint_delete_all(nets, j->owner.id, err);
	if (r == 0)
		r = lease_locked(j, mode, endpoints, err);
	pthread_mutex_unlock(&nets->lock);
	if (r < 0)
		return r;
	r = make_sandbox(j, err);
	if (r == 0 && has_ports(j))
		r = bt_network_ports_publish(nets, j->owner.id, &j->list[j->gateway].lease, config,
					     host_config, &j->ports, err);
	pthread_mutex_lock(&nets->lock);
	if (r == 0)
		r = store(j, settings, err);
	if (r == 0) {
		ret->host = j->list[0].lease.network->driver == BT_NETWORK_DRIVER_HOST;
		ret->netns_fd = bt_take_fd(&j->netns_fd);
		ret->address = first_address(j);
		ret->settings = json_incref(settings);
		if (bt_network_names_wanted(settings, host_config))
			ret->dns = json_pack("[s]", "127.0.0.11");
		for (unsigned i = 0; i < j->n; i++)
			bt_network_event(nets, j->list[i].lease.network, "connect", j->owner.id);
	} else {
		give_all(j);
	}
	pthread_mutex_unlock(&nets->lock);
	if (r == 0)
		r = bt_network_names_join(nets, j->owner.id, ret->netns_fd, settings, host_config,
					  err);
	if (r < 0)
		bt_network_detach(nets->engine, j->owner.id);
	return r;
}

static int join_container(struct bt_engine *engine, const char *other,
			  struct bt_network_attachment *ret, struct bt_err *err)
{
	struct bt_network_attachment a = { .netns_fd = -EBADF };
	int r = bt_container_running_pid(engine, other, NULL, &a.join_pid, err);

	if (r < 0)
		return r;
	a.settings = json_object();
	*ret = a;
	return 0;
}

int bt_network_attach(struct bt_engine *engine, const char *container_id, const json_t *config,
		      const json_t *host_config, const json_t *networking,
		      const struct bt_sandbox_owner *owner, struct bt_network_attachment *ret,
		      struct bt_err *err)
{
	const char *mode = bt_network_mode_of(engine, host_config);
	const char *other = bt_str_after(mode, "container:");
	bt_auto_free char *name = NULL;
	struct bt_network_attachment a = { .netns_fd = -EBADF };
	struct joins j = { .nets = engine->networks, .sandbox_owner = owner, .netns_fd = -EBADF };
	int r;

	if (other)
		return join_container(engine, other, ret, err);
	name = bt_container_name_of(engine, container_id);
	j.owner = (struct bt_network_endpoint_owner){
		.id = container_id, .name = name, .hostname = bt_json_str(config, "Hostname", "")
	};
	r = join_networks(&j, mode, config, host_config, bt_json_obj(networking, "EndpointsConfig"),
			  &a, err);
	bt_close(&j.netns_fd);
	json_decref(j.ports);
	if (r < 0)
		bt_network_attachment_done(&a);
	if (r < 0)
		return bt_err_context(err, "failed to set up container networking");
	*ret = a;
	return 0;
}
