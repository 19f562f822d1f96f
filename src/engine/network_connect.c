/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "engine/host_config.h"
#include "engine/network.h"
#include "engine/network_endpoint.h"
#include "engine/network_event.h"
#include "engine/network_lease.h"
#include "engine/network_mode.h"
#include "engine/network_names.h"
#include "engine/network_private.h"
#include "engine/network_table.h"
#include "net/sandbox.h"

/* A connection or disconnection under way. */
struct change {
	struct bt_networks *nets;
	struct bt_container *container; /* reference */
	struct bt_network *net;         /* held by a lease count */
	pid_t pid;                      /* of the container; 0: it does not run */
	const char *mode;               /* of its network, borrowed from `settings` */
	struct bt_container_settings settings;
	json_t *present;    /* network → EndpointSettings of what it has now */
	json_t *configured; /* network → what the next start joins; borrowed from `settings` */
	const json_t *want; /* EndpointConfig, or NULL */
};

static void change_done(struct change *c)
{
	if (c->net) {
		pthread_mutex_lock(&c->nets->lock);
		c->net->leases--;
		pthread_mutex_unlock(&c->nets->lock);
	}
	json_decref(c->present);
	bt_container_row_settings_done(&c->settings);
	bt_container_unref(c->container);
}

/* Find both ends, and keep them. */
static int begin(struct bt_engine *engine, const char *ref, const json_t *body, struct change *ret,
		 struct bt_err *err)
{
	struct bt_networks *nets = engine->networks;
	int r = bt_container_get(engine, bt_json_str(body, "Container", ""), &ret->container, err);

	if (r < 0)
		return r;
	ret->nets = nets;
	ret->want = bt_json_obj(body, "EndpointConfig");
	pthread_mutex_lock(&nets->lock);
	r = bt_network_table_find(nets, ref, &ret->net, err);
	if (r == 0)
		ret->net->leases++;
	pthread_mutex_unlock(&nets->lock);
	return r;
}

/* Under the container's operation: what it has, and what it was told to have. Only now, since it
 * may have ended while somebody else's operation was waited for. */
static int look(struct change *c, struct bt_err *err)
{
	int r = bt_container_row_settings(c->container, &c->settings, err);

	if (r < 0)
		return r;
	pthread_mutex_lock(&c->container->lock);
	if (bt_container_is_running(c->container))
		c->pid = c->container->state.pid;
	pthread_mutex_unlock(&c->container->lock);
	c->present = bt_network_endpoint_of_container(c->nets, c->container->id);
	c->mode = bt_network_mode_of(c->nets->engine, c->settings.host_config);
	pthread_mutex_lock(&c->nets->lock);
	c->configured = bt_network_mode_complete(c->nets, c->mode, c->settings.networking);
	pthread_mutex_unlock(&c->nets->lock);
	return c->present && c->configured ? 0 : bt_err_sys(err, -ENOMEM, "network settings");
}

/* The endpoints as the database has them become those that inspect shows. */
static int publish(struct change *c, struct bt_err *err)
{
	json_auto_t *all = bt_network_endpoint_of_container(c->nets, c->container->id);
	char *text;
	int r;

	if (bt_json_dump(all, &text, NULL) < 0)
		return bt_err_sys(err, -ENOMEM, "network settings");
	pthread_mutex_lock(&c->container->lock);
	free(c->container->state.networks);
	c->container->state.networks = text;
	r = bt_container_row_state(c->container, err);
	pthread_mutex_unlock(&c->container->lock);
	bt_network_names_refresh(c->container);
	return r;
}

/* Change what the next start joins: NetworkingConfig.EndpointsConfig of the row. */
static int remember(struct change *c, bool joined, struct bt_err *err)
{
	json_t *networking = c->settings.networking;
	bt_auto_free char *text = NULL;
	int r = 0;

	if (joined)
		r = bt_network_mode_join(networking, c->net->name, c->want);
	else
		bt_network_mode_leave(networking, c->net->name);
	if (r < 0 || bt_json_dump(networking, &text, NULL) < 0)
		return bt_err_sys(err, -ENOMEM, "network settings");
	return bt_db_run(c->nets->db, err,
			 "UPDATE container_settings SET networking = ?1 WHERE container_id = ?2", 2,
			 text, c->container->id);
}

static int open_netns(const struct change *c, struct bt_err *err)
{
	char path[32];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)c->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? bt_err_sys(err, -errno, "open the network of container %.12s",
				   c->container->id)
		      : fd;
}

static bool has_gateway(const json_t *endpoints)
{
	const char *name;
	json_t *e;

	json_object_foreach ((json_t *)(uintptr_t)endpoints, name, e)
		if (bt_json_str(e, "Gateway", "")[0] || bt_json_str(e, "IPv6Gateway", "")[0])
			return true;
	return false;
}

/* Which of a container's endpoints the default route goes through: by GwPriority, then by name. */
static const json_t *best_gateway(const json_t *present, const char **ret_name)
{
	const json_t *best = NULL;
	const char *name;
	json_t *e;

	json_object_foreach ((json_t *)(uintptr_t)present, name, e) {
		int64_t mine = bt_json_i64(e, "GwPriority", 0);
		int64_t theirs = bt_json_i64(best, "GwPriority", 0);

		if (!bt_json_str(e, "Gateway", "")[0] && !bt_json_str(e, "IPv6Gateway", "")[0])
			continue;
		if (best && (mine < theirs || (mine == theirs && strcmp(name, *ret_name) > 0)))
			continue;
		best = e;
		*ret_name = name;
	}
	return best;
}

/* After an interface came or went: the default route through the one that has the right to it. */
static int restore_gateway(struct change *c, int fd, struct bt_err *err)
{
	json_auto_t *present = bt_network_endpoint_of_container(c->nets, c->container->id);
	json_auto_t *interfaces = bt_network_endpoint_interfaces(c->nets, c->container->id);
	struct bt_sandbox_port port = { 0 };
	struct bt_prefix g = { 0 };
	const char *name = NULL;
	const json_t *e = best_gateway(present, &name);

	if (!e)
		return 0;
	port.ifname = bt_json_str(interfaces, name, "");
	if (bt_prefix_parse_address(bt_json_str(e, "Gateway", ""), &g) == 0)
		port.gateway = bt_prefix_in_addr(&g);
	if (bt_prefix_parse_address(bt_json_str(e, "IPv6Gateway", ""), &g) == 0)
		port.gateway6 = bt_prefix_in6_addr(&g);
	return bt_sandbox_port_gateway(c->nets->thread, fd, &port, err);
}

static bool is_name_taken(const char *name, const void *arg)
{
	const char *network;
	json_t *taken;

	json_object_foreach ((json_t *)(uintptr_t)arg, network, taken)
		if (bt_str_eq(json_string_value(taken), name))
			return true;
	return false;
}

/* Under lock: addresses and a name that the container's other interfaces do not have. */
static int lease(struct change *c, const json_t *interfaces, struct bt_network_lease *ret,
		 struct bt_err *err)
{
	struct bt_network_lease l;
	int r = bt_network_lease_take(c->net, c->want, &l, err);

	if (r < 0)
		return r;
	r = bt_network_lease_name(&l, c->want, is_name_taken, interfaces, err);
	if (r < 0)
		bt_network_lease_give(&l);
	else
		*ret = l;
	return r;
}

/* The interface first, then its row: one that fails leaves neither. */
static int join_running(struct change *c, struct bt_err *err)
{
	bt_auto_free char *name = bt_container_name_of(c->nets->engine, c->container->id);
	const struct bt_network_endpoint_owner owner = { .id = c->container->id,
							 .name = name,
							 .hostname = NULL };
	json_auto_t *interfaces = bt_network_endpoint_interfaces(c->nets, c->container->id);
	json_auto_t *settings = NULL;
	struct bt_network_lease l = { 0 };
	struct bt_sandbox_port port;
	bt_auto_close int fd = open_netns(c, err);
	int r;

	if (fd < 0)
		return fd;
	pthread_mutex_lock(&c->nets->lock);
	r = lease(c, interfaces, &l, err);
	pthread_mutex_unlock(&c->nets->lock);
	if (r < 0)
		return r;
	bt_network_lease_port(&l, c->want, !has_gateway(c->present), &port);
	r = bt_sandbox_port_add(c->nets->thread, fd, &port, err);
	pthread_mutex_lock(&c->nets->lock);
	if (r == 0) {
		settings = bt_network_endpoint_settings(&l, c->want, &owner);
		r = bt_network_endpoint_store(c->nets, &l, c->container->id, settings, NULL, err);
		if (r < 0)
			(void)!bt_sandbox_port_remove(c->nets->thread, fd, port.ifname,
						      BT_ERR_IGNORED);
	}
	if (r < 0)
		bt_network_lease_give(&l);
	pthread_mutex_unlock(&c->nets->lock);
	if (r == 0)
		r = restore_gateway(c, fd, err);
	return r < 0 ? r : publish(c, err);
}

static int check_connect(const struct change *c, struct bt_err *err)
{
	const json_t *endpoints = c->pid ? c->present : c->configured;
	const char *name = c->net->name;

	if (bt_host_config_container(c->mode))
		return bt_err_set(err, BT_ERR_INVALID, EPERM,
				  "container sharing network namespace with another container or "
				  "host cannot be connected to any other network");
	if (c->net->driver == BT_NETWORK_DRIVER_HOST)
		return bt_err_set(err, BT_ERR_FORBIDDEN, EPERM,
				  "container cannot be connected to host network - container must "
				  "be created in host network mode");
	if (json_object_get(endpoints, BT_NETWORK_HOST))
		return bt_err_set(err, BT_ERR_FORBIDDEN, EPERM,
				  "container cannot be disconnected from host network - container "
				  "was created in host network mode");
	if (json_object_get(endpoints, BT_NETWORK_NONE) || c->net->driver == BT_NETWORK_DRIVER_NULL)
		return bt_err_set(err, BT_ERR_INVALID, EPERM,
				  "container cannot be connected to multiple networks with one of "
				  "the networks in private (none) mode");
	if (c->pid && json_object_get(endpoints, name))
		return bt_err_set(err, BT_ERR_FORBIDDEN, EEXIST,
				  "endpoint with name %s already exists in network %s",
				  c->container->name, name);
	return 0;
}

static int leave_running(struct change *c, struct bt_err *err)
{
	json_auto_t *interfaces = bt_network_endpoint_interfaces(c->nets, c->container->id);
	bt_auto_close int fd = open_netns(c, err);
	const char *ifname = bt_json_str(interfaces, c->net->name, "");
	int r;

	if (fd < 0)
		return fd;
	if (ifname[0]) {
		r = bt_sandbox_port_remove(c->nets->thread, fd, ifname, err);
		if (r < 0)
			return r;
	}
	pthread_mutex_lock(&c->nets->lock);
	r = bt_network_endpoint_delete(c->nets, c->container->id, c->net, err);
	pthread_mutex_unlock(&c->nets->lock);
	if (r == 0)
		r = restore_gateway(c, fd, err);
	return r < 0 ? r : publish(c, err);
}

static int check_disconnect(const struct change *c, struct bt_err *err)
{
	const json_t *endpoints = c->pid ? c->present : c->configured;

	if (c->net->driver == BT_NETWORK_DRIVER_HOST)
		return bt_err_set(err, BT_ERR_FORBIDDEN, EPERM,
				  "container cannot be disconnected from host network - "
				  "container was created in host network mode");
	if (!json_object_get(endpoints, c->net->name))
		return bt_err_set(err, BT_ERR_FORBIDDEN, ENOENT,
				  "container %s is not connected to network %s", c->container->id,
				  c->net->name);
	return 0;
}

/* What a change consists of: for a container that runs now, for any at its next start. */
static int apply(struct change *c, bool joins, struct bt_err *err)
{
	int r = look(c, err);

	if (r == 0)
		r = joins ? check_connect(c, err) : check_disconnect(c, err);
	if (r == 0 && c->pid)
		r = joins ? join_running(c, err) : leave_running(c, err);
	if (r == 0)
		r = remember(c, joins, err);
	if (r == 0 && c->pid)
		bt_network_event(c->nets, c->net, joins ? "connect" : "disconnect",
				 c->container->id);
	return r;
}

static int change(struct bt_engine *engine, const char *ref, const json_t *body, bool joins,
		  struct bt_err *err)
{
	bt_auto(change_done) struct change c = { 0 };
	int r = begin(engine, ref, body, &c, err);

	if (r < 0)
		return r;
	bt_auto_lock(held, &c.container->op);
	return apply(&c, joins, err);
}

int bt_network_connect(struct bt_engine *engine, const char *ref, const json_t *body,
		       struct bt_err *err)
{
	return change(engine, ref, body, true, err);
}

int bt_network_disconnect(struct bt_engine *engine, const char *ref, const json_t *body,
			  struct bt_err *err)
{
	return change(engine, ref, body, false, err);
}
