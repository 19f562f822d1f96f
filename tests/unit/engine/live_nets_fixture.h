/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_LIVE_NETS_FIXTURE_H
#define BT_TESTS_LIVE_NETS_FIXTURE_H

/*
 * The networks of an engine as its daemon has them, in a network namespace of the
 * test's own: rules, bridge, pool, name server and forwarder.
 */

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../net/private_net.h"
#include "engine/network.h"
#include "engine_fixture.h"
#include "monitor/protocol.h"
#include "monitor/spawner.h"
#include "net/forwarder.h"
#include "net/nameserver.h"

#define BRIDGE "bt-test0"

/* The helpers of a test end with its spawner, and that with the test. */
static inline int run_names(const int *fds, size_t nfds)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	return bt_nameserver_run(fds, nfds);
}

static inline int run_forwarder(const int *fds, size_t nfds)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	return bt_forwarder_run(fds, nfds);
}

static inline void start_spawner(void)
{
	static const struct bt_spawner_helper helpers[] = {
		{ BT_PROTOCOL_NAMES, run_names },
		{ BT_PROTOCOL_FORWARDER, run_forwarder },
		{ NULL, NULL },
	};
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	if (fork() == 0) {
		close(pair[0]);
		_exit(bt_spawner_run(pair[1], helpers));
	}
	close(pair[1]);
	engine.cfg.spawner_fd = pair[0];
}

static inline void open_nets(void)
{
	ck_well(bt_network_open(&engine, &engine.networks, &err), &err);
}

static inline void close_nets(void)
{
	bt_network_close(bt_take(engine.networks));
}

/** As a daemon that begins after another one. */
static inline void reopen_nets(void)
{
	close_nets();
	bt_db_close(bt_take(engine.db));
	open_database();
	open_nets();
}

static inline void setup_live_nets(void)
{
	private_net();
	engine.cfg.bridge = BRIDGE;
	engine.cfg.bip = "10.95.7.1/24";
	engine.cfg.exec_root = dir;
	start_spawner();
	setup_engine();
	open_nets();
}

static inline void teardown_live_nets(void)
{
	close_nets();
	teardown_engine();
}

/** Create a network of the body (single quotes); its id goes to `ret_id`, which may be NULL.
 * Returns NULL, or why not. */
static inline const char *create_net(const char *body, char *ret_id)
{
	json_auto_t *b = parse(body), *made = NULL;

	err = (struct bt_err){ 0 };
	if (bt_network_create(&engine, b, &made, &err) < 0)
		return err.msg;
	if (ret_id)
		(void)strcpy(ret_id, json_string_value(json_object_get(made, "Id")));
	return NULL;
}

#endif
