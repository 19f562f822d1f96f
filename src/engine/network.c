/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "engine/container.h"
#include "engine/engine_private.h"
#include "engine/network_bring_up.h"
#include "engine/network_default.h"
#include "engine/network_endpoint.h"
#include "engine/network_names.h"
#include "engine/network_pool.h"
#include "engine/remap.h"
#include "engine/network_forward.h"
#include "engine/network_ports.h"
#include "engine/network_private.h"
#include "engine/network_table.h"
#include "net/bridge.h"
#include "net/resolver.h"
#include "net/retire.h"

/* Two daemons on one machine have different bridges, and so different tables. */
static int open_firewall(struct bt_networks *nets, struct bt_err *err)
{
	const char *bridge = nets->engine->cfg.bridge;
	bt_auto_free char *table = bt_str_format("berth-%s", bridge ? bridge : BT_NETWORK_NONE);

	if (!table)
		return bt_err_sys(err, -ENOMEM, "open the firewall");
	return bt_firewall_open(table, true, &nets->firewall, err);
}

static int open_resolver(struct bt_networks *nets, struct bt_err *err)
{
	bt_auto_free char *path = bt_str_format("%s/names.sock", nets->engine->cfg.exec_root);
	const struct bt_resolver_owner owner = { .data = nets,
						 .start = bt_network_names_start,
						 .lost = bt_network_names_lost };

	return path ? bt_resolver_open(path, &owner, &nets->resolver, err)
		    : bt_err_sys(err, -ENOMEM, "open the resolver");
}

static int open_parts(struct bt_networks *nets, struct bt_err *err)
{
	struct bt_network *net;
	int r = bt_nsthread_start(&nets->thread, err);

	if (r == 0)
		r = bt_retire_open(&nets->retire, err);
	if (r == 0)
		r = open_resolver(nets, err);
	if (r == 0)
		r = bt_network_forward_open(nets, err);
	if (r == 0)
		r = bt_network_table_load(nets, err);
	if (r == 0)
		r = bt_network_default_read_pools(nets, err);
	if (r == 0)
		r = bt_network_default_ensure(nets, err);
	if (r == 0)
		r = open_firewall(nets, err);
	if (r == 0)
		r = bt_network_endpoint_load(nets, err);
	if (r == 0)
		r = bt_network_bring_all_up(nets, err);
	if (r == 0)
		r = bt_network_pool_start(nets, &nets->pool, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&nets->lock);
	net = bt_network_table_named(nets, BT_NETWORK_BRIDGE);
	if (net)
		bt_network_pool_want(nets->pool, net);
	pthread_mutex_unlock(&nets->lock);
	return 0;
}

int bt_network_open(struct bt_engine *engine, struct bt_networks **ret, struct bt_err *err)
{
	struct bt_networks *nets = calloc(1, sizeof(*nets));
	int r;

	if (!nets)
		return bt_err_sys(err, -ENOMEM, "open networks");
	nets->engine = engine;
	nets->db = engine->db;
	nets->owner = engine->remap ? &engine->remap->owner : NULL;
	pthread_mutex_init(&nets->lock, NULL);
	bt_lock_init_shared(&nets->forwarding);
	bt_list_init(&nets->list);
	r = open_parts(nets, err);
	if (r < 0) {
		bt_network_close(nets);
		return r;
	}
	*ret = nets;
	return 0;
}

/* Where nothing uses them any more, bridges and rules have no reason to stay. */
static void tidy(struct bt_networks *nets)
{
	bool used = false;
	struct bt_err err;

	bt_list_foreach (it, &nets->list) {
		struct bt_network *net = bt_list_entry(it, struct bt_network, link);

		used |= net->leases != 0;
		if (net->driver == BT_NETWORK_DRIVER_BRIDGE && net->leases == 0 &&
		    bt_bridge_remove(nets->retire, net->bridge, &err) < 0)
			bt_log_warn("%s", err.msg);
	}
	if (!used && bt_firewall_remove(nets->firewall, &err) < 0)
		bt_log_warn("%s", err.msg);
}

void bt_network_close(struct bt_networks *networks)
{
	if (!networks)
		return;
	/* First, because their threads call into everything else. */
	bt_resolver_close(networks->resolver);
	bt_helper_link_close(networks->forwarder);
	bt_network_pool_stop(networks->pool);
	if (networks->pool)
		tidy(networks);
	bt_retire_close(networks->retire);
	bt_network_ports_free(networks);
	bt_firewall_close(networks->firewall);
	bt_nsthread_stop(networks->thread);
	bt_network_table_free(networks);
	pthread_rwlock_destroy(&networks->forwarding);
	pthread_mutex_destroy(&networks->lock);
	free(networks->pools);
	free(networks);
}

void bt_network_detach(struct bt_engine *engine, const char *container_id)
{
	struct bt_networks *nets = engine->networks;
	struct bt_err err;
	int r;

	if (!nets)
		return;
	bt_network_ports_withdraw(nets, container_id);
	bt_network_names_leave(nets, container_id);
	pthread_mutex_lock(&nets->lock);
	r = bt_network_endpoint_delete_all(nets, container_id, &err);
	pthread_mutex_unlock(&nets->lock);
	if (r < 0)
		bt_log_error("give back the addresses of container %.12s: %s", container_id,
			     err.msg);
}

/* Who has endpoints: id → true. */
static json_t *owners(struct bt_networks *nets)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	json_t *ids = json_object();
	struct bt_err err;

	if (bt_db_prepare(nets->db, &q, &err, "SELECT container_id FROM endpoints") < 0)
		return ids;
	while (bt_db_step(&q, &err) > 0)
		(void)json_object_set_new(ids, bt_db_text(&q, 0), json_true());
	return ids;
}

static bool is_alive(struct bt_engine *engine, const char *id)
{
	bt_auto_container struct bt_container *c = NULL;
	bool alive;

	if (bt_container_get(engine, id, &c, BT_ERR_IGNORED) < 0)
		return false;
	pthread_mutex_lock(&c->lock);
	alive = bt_container_is_running(c) || c->state.status == BT_CONTAINER_RESTARTING;
	pthread_mutex_unlock(&c->lock);
	return alive;
}

void bt_network_sweep(struct bt_engine *engine)
{
	struct bt_networks *nets = engine->networks;
	json_auto_t *ids = owners(nets);
	const char *id;
	json_t *value;

	json_object_foreach (ids, id, value)
		if (!is_alive(engine, id))
			bt_network_detach(engine, id);
	bt_resolver_begin(nets->resolver);
	(void)bt_network_names_all(nets);
	bt_resolver_sweep(nets->resolver);
	if (bt_network_forward_all(nets) < 0)
		bt_helper_link_again(nets->forwarder);
}

void bt_network_attachment_done(struct bt_network_attachment *attachment)
{
	bt_close(&attachment->netns_fd);
	json_decref(attachment->settings);
	json_decref(attachment->dns);
	free(attachment->address);
	*attachment = (struct bt_network_attachment){ .netns_fd = -EBADF };
}
