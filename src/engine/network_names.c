/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "codec/json.h"
#include "engine/container_dns.h"
#include "engine/container_files.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "engine/monitor_link.h"
#include "engine/network_endpoint.h"
#include "net/host_servers.h"
#include "net/resolver.h"
#include "net/sandbox.h"

#define RESOLV_CONF     "/etc/resolv.conf"
#define RESOLV_CONF_MAX (64u << 10)

/* One endpoint's place on its network, or NULL where it has no names. */
static json_t *make_place(const char *network_name, const json_t *endpoint)
{
	json_t *names = bt_json_arr(endpoint, "DNSNames");
	const json_t *list = bt_json_arr(endpoint, "Links"), *item;
	json_t *links;
	size_t i;

	if (!names)
		return NULL;
	links = json_object();
	/* "name" or "name:alias". */
	json_array_foreach ((json_t *)(uintptr_t)list, i, item) {
		const char *text = json_string_value(item);
		const char *colon = text ? strchr(text, ':') : NULL;

		if (text)
			(void)json_object_set_new(
				links, colon ? colon + 1 : text,
				json_stringn(text, colon ? (size_t)(colon - text) : strlen(text)));
	}
	return json_pack("{s:s,s:s,s:O,s:s,s:s,s:o}", "network",
			 bt_json_str(endpoint, "NetworkID", ""), "name", network_name, "names",
			 names, "v4", bt_json_str(endpoint, "IPAddress", ""), "v6",
			 bt_json_str(endpoint, "GlobalIPv6Address", ""), "links", links);
}

/* The gateway of one of its networks; NULL where all are internal, and nothing gets out. */
static const char *gateway_of(const json_t *endpoints)
{
	const char *name;
	json_t *e;

	json_object_foreach ((json_t *)(uintptr_t)endpoints, name, e) {
		const char *v4 = bt_json_str(e, "Gateway", "");
		const char *v6 = bt_json_str(e, "IPv6Gateway", "");

		if (v4[0] || v6[0])
			return v4[0] ? v4 : v6;
	}
	return NULL;
}

/* What host.docker.internal is; "" for a container that reaches nobody outside. */
static const char *host_address(const struct bt_engine *engine, const char *gateway)
{
	const json_t *first = json_array_get(engine->cfg.host_gateways, 0);

	if (!gateway)
		return "";
	return first ? json_string_value(first) : gateway;
}

static json_t *make_client(const struct bt_networks *nets, const char *container_id,
			   const json_t *endpoints, const json_t *host_config)
{
	const char *gateway = gateway_of(endpoints);
	json_t *places = json_array(), *servers = bt_json_arr(host_config, "Dns");
	const char *name;
	json_t *e;

	json_object_foreach ((json_t *)(uintptr_t)endpoints, name, e) {
		json_t *place = make_place(name, e);

		if (place)
			(void)json_array_append_new(places, place);
	}
	return json_pack("{s:s,s:b,s:s,s:o,s:o}", "owner", container_id, "external",
			 gateway != NULL, "host", host_address(nets->engine, gateway), "places",
			 places, "servers", servers ? json_incref(servers) : json_array());
}

static bool host_resolves_by_itself(void)
{
	bt_auto_free char *text = NULL;

	return bt_io_read_file(AT_FDCWD, RESOLV_CONF, RESOLV_CONF_MAX, &text, NULL) == 0 &&
	       bt_host_servers_all_local(text);
}

static bool has_names(const json_t *endpoints)
{
	const char *name;
	json_t *e;

	json_object_foreach ((json_t *)(uintptr_t)endpoints, name, e)
		if (bt_json_arr(e, "DNSNames"))
			return true;
	return false;
}

bool bt_network_names_wanted(const json_t *endpoints, const json_t *host_config)
{
	if (has_names(endpoints))
		return true;
	return gateway_of(endpoints) && json_array_size(bt_json_arr(host_config, "Dns")) == 0 &&
	       host_resolves_by_itself();
}

/* With sockets made in the namespace. */
static int put_with_sockets(struct bt_networks *nets, const json_t *client, int netns_fd, int life,
			    struct bt_err *err)
{
	bt_auto_close int udp = -EBADF, tcp = -EBADF;
	struct bt_resolver_fds fds = { .life = life };
	bool sockets;
	int r = bt_sandbox_names(nets->thread, netns_fd, &udp, &tcp, err);

	if (r < 0)
		return r;
	fds.udp = udp;
	fds.tcp = tcp;
	return bt_resolver_put(nets->resolver, client, &fds, &sockets, err);
}

int bt_network_names_join(struct bt_networks *nets, const char *container_id, int netns_fd,
			  const json_t *endpoints, const json_t *host_config, struct bt_err *err)
{
	json_auto_t *client = NULL;

	if (!bt_network_names_wanted(endpoints, host_config))
		return 0;
	client = make_client(nets, container_id, endpoints, host_config);
	if (!client)
		return bt_err_sys(err, -ENOMEM, "make names known");
	return put_with_sockets(nets, client, netns_fd, -EBADF, err);
}

void bt_network_names_life(struct bt_container *container)
{
	bt_auto_close int life = bt_link_open_life(container);

	if (life >= 0)
		bt_resolver_life(container->engine->networks->resolver, container->id, life);
}

static int open_netns(struct bt_container *c, struct bt_err *err)
{
	char path[32];
	pid_t pid;
	int fd;

	pthread_mutex_lock(&c->lock);
	pid = bt_container_is_running(c) ? c->state.pid : 0;
	pthread_mutex_unlock(&c->lock);
	/* It gets them when it runs again. */
	if (pid == 0)
		return -ESRCH;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? bt_err_sys(err, -errno, "open its network") : fd;
}

static int refresh(struct bt_container *c, const json_t *endpoints, const json_t *host_config,
		   struct bt_err *err)
{
	struct bt_networks *nets = c->engine->networks;
	json_auto_t *client = make_client(nets, c->id, endpoints, host_config);
	bt_auto_close int netns = -EBADF, life = -EBADF;
	struct bt_resolver_fds fds = { .udp = -EBADF, .tcp = -EBADF };
	bool sockets;
	int r;

	if (!client)
		return bt_err_sys(err, -ENOMEM, "make names known");
	if (!bt_network_names_wanted(endpoints, host_config)) {
		bt_resolver_update(nets->resolver, client);
		return 0;
	}
	life = bt_link_open_life(c);
	fds.life = life;
	r = bt_resolver_put(nets->resolver, client, &fds, &sockets, err);
	if (r < 0 || sockets)
		return r;
	netns = open_netns(c, err);
	if (netns < 0)
		return netns == -ESRCH ? 0 : netns;
	r = put_with_sockets(nets, client, netns, life, err);
	/* It may have begun without, on the default bridge. */
	return r < 0 ? r : bt_container_files_use_resolver(c->engine, c->id, host_config, err);
}

static bool is_alive(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	return bt_container_is_running(c) || c->state.status == BT_CONTAINER_RESTARTING;
}

static int refresh_one(struct bt_container *container)
{
	struct bt_networks *nets = container->engine->networks;
	json_auto_t *endpoints = bt_network_endpoint_of_container(nets, container->id);
	bt_auto_settings struct bt_container_settings s = { 0 };
	struct bt_err err = { 0 };
	int r = 0;

	/* Most containers need no more than a look. */
	if (has_names(endpoints) || host_resolves_by_itself())
		r = bt_container_row_settings(container, &s, &err);
	if (r == 0 && s.host_config)
		bt_container_dns_default(&container->engine->cfg, s.host_config);
	if (r == 0)
		r = refresh(container, endpoints, s.host_config, &err);
	if (r < 0)
		bt_log_warn("names for container %.12s: %s", container->id, err.msg);
	/* Its end may have come in between, and been told before. */
	if (is_alive(container))
		return r;
	bt_network_names_leave(nets, container->id);
	return 0;
}

void bt_network_names_refresh(struct bt_container *container)
{
	(void)refresh_one(container);
}

void bt_network_names_leave(struct bt_networks *nets, const char *container_id)
{
	bt_resolver_forget(nets->resolver, container_id);
}

int bt_network_names_all(struct bt_networks *nets)
{
	struct bt_container **all = NULL;
	const ssize_t n = bt_container_all(nets->engine, &all);
	int worst = n < 0 ? (int)n : 0;

	for (ssize_t i = 0; i < n; i++) {
		int r = is_alive(all[i]) ? refresh_one(all[i]) : 0;

		worst = r < 0 ? r : worst;
	}
	bt_container_unref_all(all, n);
	return worst;
}

int bt_network_names_start(void *data, int listen_fd, struct bt_err *err)
{
	const struct bt_networks *nets = data;

	return bt_client_spawn_helper(nets->engine->cfg.spawner_fd, BT_PROTOCOL_NAMES, listen_fd,
				      err);
}

int bt_network_names_lost(void *data, bool ended)
{
	struct bt_networks *nets = data;

	if (ended)
		bt_log_warn("the name server ended: names are told to a new one");
	return bt_network_names_all(nets);
}
