/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_NETS_FIXTURE_H
#define BT_TESTS_NETS_FIXTURE_H

/*
 * Networks in a namespace of the test's own, as far as those need them who give
 * out addresses and ports: nothing is in a database.
 */

#include "../net/private_net.h"
#include "../suite.h"
#include "base/auto.h"
#include "engine/engine_private.h"
#include "engine/network_private.h"
#include "net/bridge.h"

static struct bt_engine engine;
static struct bt_networks nets;
static struct bt_err err;

static inline void setup_nets(void)
{
	private_net();
	nets = (struct bt_networks){ .engine = &engine };
	bt_list_init(&nets.list);
	(void)pthread_mutex_init(&nets.lock, NULL);
	ck_well(bt_nsthread_start(&nets.thread, &err), &err);
}

static inline void teardown_nets(void)
{
	bt_nsthread_stop(nets.thread);
	bt_map_done(&nets.published);
	(void)pthread_mutex_destroy(&nets.lock);
}

/** A bridge's network 10.`net`.0.0/24, of which the addresses `first` to `last` are given out.
 * `bridge`: in the kernel as well. Release it with net_done(). */
static inline void net_init(struct bt_network *ret, unsigned net, unsigned first, unsigned last,
			    bool bridge)
{
	char text[32];

	*ret = (struct bt_network){ .driver = BT_NETWORK_DRIVER_BRIDGE,
				    .icc = true,
				    .iface_prefix = "eth",
				    .v4.ipam = { .first = first, .last = last } };
	(void)snprintf(ret->bridge, sizeof(ret->bridge), "bt-test%u", net);
	ret->name = strdup(ret->bridge);
	ret->config = json_object();
	(void)snprintf(text, sizeof(text), "10.%u.0.0/24", net);
	ck_assert_int_eq(bt_prefix_parse(text, &ret->v4.subnet), 0);
	if (bridge) {
		struct bt_bridge_config cfg = { .name = ret->bridge,
						.prefix_len = 24,
						.address.s_addr = htonl(0x0a000001 | net << 16) };

		ck_well(bt_bridge_ensure(&cfg, &err), &err);
	}
}

static inline void net_done(struct bt_network *net)
{
	bt_ipam_done(&net->v4.ipam);
	bt_ipam_done(&net->v6.ipam);
	json_decref(net->config);
	free(net->name);
}

#endif
