/* SPDX-License-Identifier: Apache-2.0 */

#include "net/forwarder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "net/forwarder_private.h"

int bt_forwarder_connect(const struct bt_forwarder_port *port)
{
	const int type = port->proto == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
	bt_auto_close int fd =
		socket(port->target.family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, port->proto);
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port->number) };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port->number) };
	int r;

	if (fd < 0)
		return -errno;
	if (port->target.family == AF_INET6) {
		in6.sin6_addr = bt_prefix_in6_addr(&port->target);
		r = connect(fd, (struct sockaddr *)&in6, sizeof(in6));
	} else {
		in.sin_addr = bt_prefix_in_addr(&port->target);
		r = connect(fd, (struct sockaddr *)&in, sizeof(in));
	}
	return r < 0 && errno != EINPROGRESS ? -errno : bt_take_fd(&fd);
}

static bool is_idle(void *owner)
{
	const struct bt_forwarder *fw = owner;

	return fw->owners.used == 0;
}

static int next_due(void *owner, int64_t now_ns)
{
	return bt_forwarder_flow_due(owner, now_ns);
}

static void tick(void *owner, int64_t now_ns)
{
	bt_forwarder_flow_expire(owner, now_ns);
}

static void finish(struct bt_forwarder *fw)
{
	void *owner;

	for (size_t pos = 0; bt_map_next(&fw->owners, &pos, NULL, &owner); bt_map_removed(&pos))
		bt_forwarder_forget(fw, owner);
	bt_helper_done(&fw->helper);
	bt_map_done(&fw->owners);
	bt_close(&fw->spare);
}

int bt_forwarder_serve(int listen_fd)
{
	struct bt_forwarder fw = {
		.helper = { .obey = bt_forwarder_obey,
			    .is_idle = is_idle,
			    .next_due = next_due,
			    .tick = tick,
			    .owner = &fw,
			    .version = BT_FORWARDER_VERSION },
		.spare = eventfd(0, EFD_CLOEXEC),
	};
	int r;

	bt_list_init(&fw.flows);
	r = bt_helper_init(&fw.helper, listen_fd);
	if (r == 0)
		bt_helper_run(&fw.helper);
	finish(&fw);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int bt_forwarder_run(const int *fds, size_t nfds)
{
	if (nfds != 1 || bt_helper_drop_privileges("berth-forward") < 0)
		return EXIT_FAILURE;
	return bt_forwarder_serve(fds[0]);
}
