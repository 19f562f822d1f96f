/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_forward.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/engine_private.h"
#include "engine/monitor_link.h"
#include "monitor/client.h"
#include "net/forward.h"
#include "net/forwarder.h"
#include "net/port_hold.h"

static int start(void *data, int listen_fd, struct bt_err *err)
{
	const struct bt_networks *nets = data;

	return bt_client_spawn_helper(nets->engine->cfg.spawner_fd, BT_PROTOCOL_FORWARDER,
				      listen_fd, err);
}

static int lost(void *data, bool ended)
{
	if (ended)
		bt_log_warn("the forwarder ended: ports are told to a new one");
	return bt_network_forward_all(data);
}

int bt_network_forward_open(struct bt_networks *nets, struct bt_err *err)
{
	bt_auto_free char *path = bt_str_format("%s/forward.sock", nets->engine->cfg.exec_root);
	const struct bt_helper_link_owner owner = { .data = nets,
						    .what = "the forwarder",
						    .version = BT_FORWARDER_VERSION,
						    .start = start,
						    .lost = lost };

	return path ? bt_helper_link_open(path, &owner, &nets->forwarder, err)
		    : bt_err_sys(err, -ENOMEM, "open the forwarder");
}

int bt_network_forward_put(struct bt_networks *nets, const char *container_id,
			   const struct bt_network_published *p, struct bt_err *err)
{
	bt_auto_free struct bt_forward_port *ports = NULL;
	const ssize_t n = bt_network_published_carried(p, &ports);

	if (n < 0)
		return bt_err_sys(err, (int)n, "forward ports");
	return n > 0 ? bt_forward_put(nets->forwarder, container_id, ports, (size_t)n, -EBADF, err)
		     : 0;
}

void bt_network_forward_drop(struct bt_networks *nets, const char *container_id,
			     const struct bt_network_port *ports, size_t n)
{
	const struct bt_network_published gone = {
		.list = (struct bt_network_port *)(uintptr_t)ports, .n = n
	};
	bt_auto_free struct bt_forward_port *list = NULL;
	const ssize_t count = bt_network_published_carried(&gone, &list);

	if (count > 0)
		bt_forward_drop(nets->forwarder, container_id, list, (size_t)count);
}

static bool is_carried(const struct bt_network_published *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->list[i].carried)
			return true;
	return false;
}

void bt_network_forward_forget(struct bt_networks *nets, const char *container_id,
			       const struct bt_network_published *p)
{
	if (is_carried(p))
		bt_forward_forget(nets->forwarder, container_id);
}

void bt_network_forward_life(struct bt_container *container)
{
	struct bt_networks *nets = container->engine->networks;
	const struct bt_network_published *p;
	bt_auto_close int life = -EBADF;
	bool carried;

	pthread_mutex_lock(&nets->lock);
	p = bt_map_get(&nets->published, container->id);
	carried = p && is_carried(p);
	pthread_mutex_unlock(&nets->lock);
	if (!carried)
		return;
	life = bt_link_open_life(container);
	if (life >= 0)
		bt_forward_life(nets->forwarder, container->id, life);
}

/* Copies of what one container published, with descriptors of their own. */
static ssize_t copy_carried(struct bt_networks *nets, const char *id, struct bt_forward_port **ret)
{
	const struct bt_network_published *p;
	ssize_t n = 0;

	pthread_mutex_lock(&nets->lock);
	p = bt_map_get(&nets->published, id);
	if (p)
		n = bt_network_published_carried(p, ret);
	for (ssize_t i = 0; i < n; i++)
		if ((*ret)[i].fd >= 0)
			(*ret)[i].fd = fcntl((*ret)[i].fd, F_DUPFD_CLOEXEC, 0);
	pthread_mutex_unlock(&nets->lock);
	return n;
}

/* A forwarder that ended held these alone: an earlier daemon had made their sockets. Returns how
 * many can be put; those that another program took meanwhile are added to `*unserved`. */
static size_t hold_missing(const struct bt_networks *nets, struct bt_forward_port *ports, size_t n,
			   size_t *unserved)
{
	/* It is tried until that program lets go of them: said once. */
	const enum bt_log_level level = nets->unserved > 0 ? BT_LOG_DEBUG : BT_LOG_WARN;
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		struct bt_forward_port *p = &ports[i];

		if (!p->missing)
			continue;
		if (p->fd < 0)
			p->fd = bt_port_hold(p->proto, &p->host, p->number, true);
		if (p->fd >= 0) {
			found++;
			continue;
		}
		(*unserved)++;
		bt_log_write(level, "port %u is held by another program: not forwarded yet",
			     p->number);
	}
	return found;
}

static int put_again(struct bt_container *c, size_t *unserved, struct bt_err *err)
{
	struct bt_networks *nets = c->engine->networks;
	bt_auto_close int life = -EBADF;
	bt_auto_free struct bt_forward_port *ports = NULL;
	const ssize_t n = copy_carried(nets, c->id, &ports);
	int r;

	if (n <= 0)
		return (int)n;
	life = bt_link_open_life(c);
	r = bt_forward_put(nets->forwarder, c->id, ports, (size_t)n, life, err);
	if (r == 0 && hold_missing(nets, ports, (size_t)n, unserved) > 0)
		r = bt_forward_put(nets->forwarder, c->id, ports, (size_t)n, life, err);
	for (ssize_t i = 0; i < n; i++)
		bt_close(&ports[i].fd);
	return r;
}

/* Under nets->forwarding. Returns 0, or the negative errno of one that failed. */
static int put_all_again(struct bt_networks *nets, size_t *unserved)
{
	struct bt_container **all = NULL;
	const ssize_t n = bt_container_all(nets->engine, &all);
	int worst = n < 0 ? (int)n : 0;

	for (ssize_t i = 0; i < n; i++) {
		struct bt_err err = { 0 };
		const int r = put_again(all[i], unserved, &err);

		if (r < 0)
			bt_log_warn("ports of container %.12s: %s", all[i]->id, err.msg);
		worst = r < 0 ? r : worst;
	}
	bt_container_unref_all(all, n);
	return worst;
}

int bt_network_forward_all(struct bt_networks *nets)
{
	size_t unserved = 0;
	int r;

	pthread_rwlock_wrlock(&nets->forwarding);
	bt_forward_begin(nets->forwarder);
	r = put_all_again(nets, &unserved);
	/* What could not be told is not dropped for that. */
	if (r == 0)
		bt_forward_sweep(nets->forwarder);
	nets->unserved = unserved;
	pthread_rwlock_unlock(&nets->forwarding);
	return r == 0 && unserved > 0 ? -EADDRINUSE : r;
}
