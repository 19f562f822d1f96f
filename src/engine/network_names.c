/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "codec/json.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "engine/network_endpoint.h"
#include "net/resolver.h"
#include "net/sandbox.h"

#define RESOLV_CONF     "/etc/resolv.conf"
#define RESOLV_CONF_MAX (64u << 10)
#define NAMES_MAX       64
#define NETWORKS_MAX    64

bool bt_network_names_wanted(const json_t *endpoints)
{
	const char *name;
	json_t *e;

	json_object_foreach ((json_t *)(uintptr_t)endpoints, name, e)
		if (json_is_array(json_object_get(e, "DNSNames")))
			return true;
	return false;
}

static struct bt_prefix address_of(const json_t *endpoint, const char *key)
{
	struct bt_prefix p = { 0 };

	if (bt_prefix_parse_address(bt_json_str(endpoint, key, ""), &p) < 0)
		p.family = 0;
	return p;
}

static int add_names(struct bt_networks *nets, const char *container_id, const char *network_name,
		     const json_t *endpoint)
{
	const json_t *list = bt_json_arr(endpoint, "DNSNames");
	const struct bt_prefix v4 = address_of(endpoint, "IPAddress");
	const struct bt_prefix v6 = address_of(endpoint, "GlobalIPv6Address");
	const char *names[NAMES_MAX];
	const json_t *item;
	size_t i, n = 0;

	json_array_foreach ((json_t *)(uintptr_t)list, i, item)
		if (n < NAMES_MAX && json_is_string(item))
			names[n++] = json_string_value(item);
	return bt_resolver_names_add(nets->resolver, bt_json_str(endpoint, "NetworkID", ""),
				     network_name, container_id, names, n, &v4, &v6);
}

/* Names on all networks that have them; `networks` gets their ids, borrowed from `endpoints`. */
static int add_all_names(struct bt_networks *nets, const char *container_id,
			 const json_t *endpoints, const char *networks[NETWORKS_MAX + 1])
{
	const char *name;
	json_t *e;
	size_t n = 0;
	int r = 0;

	json_object_foreach ((json_t *)(uintptr_t)endpoints, name, e) {
		if (!json_is_array(json_object_get(e, "DNSNames")) || n == NETWORKS_MAX || r < 0)
			continue;
		r = add_names(nets, container_id, name, e);
		networks[n++] = bt_json_str(e, "NetworkID", "");
	}
	networks[n] = NULL;
	return r;
}

static void add_upstream(struct bt_resolver_client *c, size_t *n, const char *text)
{
	if (*n < BT_RESOLVER_UPSTREAMS_MAX && bt_prefix_parse_address(text, &c->upstreams[*n]) == 0)
		(*n)++;
}

/* The host's own name servers, one of them on its loopback included. */
static void host_upstreams(struct bt_resolver_client *c, size_t *n)
{
	bt_auto_free char *text = NULL;
	char *save = NULL;

	if (bt_io_read_file(AT_FDCWD, RESOLV_CONF, RESOLV_CONF_MAX, &text, NULL) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char address[BT_PREFIX_TEXT_LEN];

		if (sscanf(line, "nameserver %49s", address) == 1)
			add_upstream(c, n, address);
	}
}

static void find_upstreams(struct bt_resolver_client *c, const json_t *host_config)
{
	const json_t *own = bt_json_arr(host_config, "Dns"), *item;
	size_t i, n = 0;

	json_array_foreach ((json_t *)(uintptr_t)own, i, item)
		if (json_is_string(item))
			add_upstream(c, &n, json_string_value(item));
	if (n == 0)
		host_upstreams(c, &n);
	/* As Docker, where the host has none. */
	if (n == 0) {
		add_upstream(c, &n, "8.8.8.8");
		add_upstream(c, &n, "8.8.4.4");
	}
}

/* The gateway of one of its networks; family 0 where all are internal, and nothing gets out. */
static struct bt_prefix gateway_of(const json_t *endpoints)
{
	struct bt_prefix p = { 0 };
	const char *name;
	json_t *e;

	json_object_foreach ((json_t *)(uintptr_t)endpoints, name, e) {
		p = address_of(e, "Gateway");
		if (!p.family)
			p = address_of(e, "IPv6Gateway");
		if (p.family)
			break;
	}
	return p;
}

int bt_network_names_join(struct bt_networks *nets, const char *container_id, int netns_fd,
			  const json_t *endpoints, const json_t *host_config, struct bt_err *err)
{
	const char *networks[NETWORKS_MAX + 1];
	struct bt_resolver_client c = { .owner = container_id, .networks = networks };
	int r;

	if (!bt_network_names_wanted(endpoints))
		return 0;
	r = add_all_names(nets, container_id, endpoints, networks);
	if (r < 0)
		return bt_err_sys(err, r, "make names known");
	c.host = gateway_of(endpoints);
	if (c.host.family)
		find_upstreams(&c, host_config);
	r = bt_sandbox_names(nets->thread, netns_fd, &c.udp, &c.tcp, err);
	if (r < 0)
		return r;
	r = bt_resolver_add(nets->resolver, &c);
	return r < 0 ? bt_err_sys(err, r, "answer a container's questions") : 0;
}

void bt_network_names_update(struct bt_networks *nets, const char *container_id,
			     const json_t *endpoints)
{
	const char *networks[NETWORKS_MAX + 1];

	bt_resolver_names_remove(nets->resolver, container_id, NULL);
	if (add_all_names(nets, container_id, endpoints, networks) < 0)
		bt_log_warn("container %.12s: its names are not known", container_id);
	bt_resolver_networks(nets->resolver, container_id, networks);
}

void bt_network_names_leave(struct bt_networks *nets, const char *container_id)
{
	bt_resolver_remove(nets->resolver, container_id);
}

void bt_network_names_restore(struct bt_networks *nets, const char *container_id, pid_t pid)
{
	json_auto_t *endpoints = bt_network_endpoint_of_container(nets, container_id);
	bt_auto_container struct bt_container *c = NULL;
	bt_auto_settings struct bt_container_settings s = { 0 };
	bt_auto_close int fd = -EBADF;
	struct bt_err err = { 0 };
	char path[32];
	int r;

	if (!bt_network_names_wanted(endpoints))
		return;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? bt_err_sys(&err, -errno, "open its network") : 0;
	if (r == 0)
		r = bt_container_get(nets->engine, container_id, &c, &err);
	if (r == 0)
		r = bt_container_row_settings(c, &s, &err);
	if (r == 0)
		r = bt_network_names_join(nets, container_id, fd, endpoints, s.host_config, &err);
	if (r < 0)
		bt_log_warn("names for container %.12s: %s", container_id, err.msg);
}
