/* SPDX-License-Identifier: Apache-2.0 */

#include "net/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "net/rtnl.h"
#include "net/sandbox_link.h"
#include "net/sysctl.h"

/* Loopback is the first interface of every namespace. */
#define LOOPBACK_INDEX 1
/* Longer than any name and value that the kernel has there. */
#define SYSCTL_MAX 128
/* A second and a half in all. */
#define ADDRESS_PAUSE_MS 10
#define ADDRESS_TRIES    150

static void put_inside(struct bt_rtnl_batch *batch, const struct bt_sandbox_port *port, int index)
{
	/* The third layer of an ipvlan has no neighbours to ask: everything goes by the link. */
	const bool l3 = port->kind == BT_SANDBOX_IPVLAN && port->mode != IPVLAN_MODE_L2;

	if (port->prefix_len)
		bt_rtnl_put_address(batch, index, AF_INET, &port->address, port->prefix_len);
	for (unsigned i = 0; i < port->nlink_local; i++)
		bt_rtnl_put_address(batch, index, port->link_local[i].family,
				    port->link_local[i].addr, port->link_local[i].len);
	bt_rtnl_put_up(batch, index);
	if (port->gateway.s_addr)
		bt_rtnl_put_route(batch, index, AF_INET, NULL, 0, l3 ? NULL : &port->gateway);
	if (port->prefix6_len == 0)
		return;
	bt_rtnl_put_address(batch, index, AF_INET6, &port->address6, port->prefix6_len);
	if (!IN6_IS_ADDR_UNSPECIFIED(&port->gateway6))
		bt_rtnl_put_route(batch, index, AF_INET6, NULL, 0, l3 ? NULL : &port->gateway6);
}

/* Give the interface all it has. A macvlan of a container that ended goes with its namespace, when
 * the kernel comes to that; until then its parent lets no other one of the same address up. */
static int configure(struct bt_rtnl *inside, struct bt_rtnl_batch *batch,
		     const struct bt_sandbox_port *port, int index)
{
	const struct timespec pause = { .tv_nsec = ADDRESS_PAUSE_MS * 1000000L };
	int r = port->kind == BT_SANDBOX_MACVLAN ? -EADDRINUSE : 0;

	for (int i = 0; r == -EADDRINUSE && i < ADDRESS_TRIES; i++) {
		struct bt_rtnl_batch up = { 0 };

		if (i > 0)
			(void)nanosleep(&pause, NULL);
		bt_rtnl_put_up(&up, index);
		r = bt_rtnl_run(inside, &up, NULL);
	}
	if (r < 0)
		return r;
	put_inside(batch, port, index);
	return bt_rtnl_run(inside, batch, NULL);
}

/* In the interface's namespace: one setting, "net.ipv4.conf.IFNAME.x=1" of `len` bytes. A point
 * inside the interface's name must not end it, so that parts are put together, not cut. */
static int apply_sysctl(const char *text, size_t len, const char *ifname)
{
	static const char stands[] = ".IFNAME.";
	char name[SYSCTL_MAX];
	char *mark, *value;

	if (len >= sizeof(name))
		return -ENAMETOOLONG;
	memcpy(name, text, len);
	name[len] = '\0';
	value = strchr(name, '=');
	mark = strstr(name, stands);
	if (!value || !mark || mark > value || strncmp(name, "net.", strlen("net.")) != 0)
		return -EINVAL;
	*value++ = *mark = '\0';
	for (char *p = name; *p; p++)
		*p = *p == '.' ? '/' : *p;
	for (char *p = mark + strlen(stands); *p; p++)
		*p = *p == '.' ? '/' : *p;
	return bt_sysctl_set(value, "%s/%s/%s", name + strlen("net."), ifname,
			     mark + strlen(stands));
}

static int apply_sysctls(const struct bt_sandbox_port *port)
{
	const char *text = port->sysctls;
	int r = 0;

	while (text && *text && r == 0) {
		size_t len = strcspn(text, ",");

		r = len ? apply_sysctl(text, len, port->ifname) : 0;
		text += len + (text[len] == ',');
	}
	return r;
}

/* The thread comes home after its job, so this need not bring it there. */
static int settings_of_ports(int netns_fd, const struct bt_sandbox_port *ports, unsigned n,
			     struct bt_err *err)
{
	for (unsigned i = 0; i < n; i++) {
		int r = 0;

		if (!ports[i].sysctls)
			continue;
		if (setns(netns_fd, CLONE_NEWNET) < 0)
			r = -errno;
		if (r == 0)
			r = apply_sysctls(&ports[i]);
		if (r < 0)
			return bt_err_set(err, BT_ERR_INVALID, -r,
					  "settings of interface %s (%s): %s", ports[i].ifname,
					  ports[i].sysctls, strerror(-r));
	}
	return 0;
}

static int cannot_make(const struct bt_sandbox_port *port, int r, struct bt_err *err)
{
	static const char *const names[] = { "bridge", "macvlan", "ipvlan" };

	if (r == -EOPNOTSUPP)
		return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOTSUP,
				  "this kernel has no %s interfaces", names[port->kind]);
	if (port->kind == BT_SANDBOX_BRIDGE)
		return bt_err_sys(err, r, "connect a container to bridge %s", port->bridge);
	return bt_err_sys(err, r, "make a %s interface on %s", names[port->kind], port->bridge);
}

/* Settings of a namespace that its interfaces inherit at birth. A kernel without IPv6 lacks the
 * settings and needs none. */
static int settings(bool ipv6)
{
	int r;

	r = bt_sysctl_set(ipv6 ? "0" : "1", "ipv6/conf/default/disable_ipv6");
	if (r == 0)
		r = bt_sysctl_set("0", "ipv6/conf/default/accept_ra");
	if (r < 0 && r != -ENOENT)
		return r;
	r = bt_sysctl_set("0", "ipv4/ip_unprivileged_port_start");
	if (r == 0)
		r = bt_sysctl_set("0\t2147483647", "ipv4/ping_group_range");
	return r;
}

struct create {
	const struct bt_sandbox_owner *owner;
	const struct bt_sandbox_port *ports;
	unsigned nports;
	int fd; /* result */
};

/* The thread ends up in it. */
static int make_namespace(const struct bt_sandbox_owner *owner, int *ret_fd)
{
	bt_auto_close int user = -EBADF, net = -EBADF;
	int r = 0;

	if (!owner && unshare(CLONE_NEWNET) < 0)
		return -errno;
	if (owner)
		r = owner->map ? bt_userns_make(owner->map, &user, &net)
			       : bt_userns_make_net(owner->userns, &net);
	else
		net = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (r == 0 && (net < 0 || (owner && setns(net, CLONE_NEWNET) < 0)))
		r = -errno;
	if (r == 0)
		*ret_fd = bt_take_fd(&net);
	return r;
}

/* In the new namespace, which `ret_fd` gets to stand for. */
static int enter_new(const struct create *c, struct bt_rtnl *ret_inside, int *ret_fd)
{
	bool ipv6 = false;
	int r = make_namespace(c->owner, ret_fd);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < c->nports; i++)
		ipv6 |= c->ports[i].prefix6_len != 0;
	r = settings(ipv6);
	return r < 0 ? r : bt_rtnl_open(ret_inside);
}

static int create(const struct bt_nsthread_env *env, void *arg, struct bt_err *err)
{
	struct create *c = arg;
	struct bt_rtnl_batch batch = { 0 };
	bt_auto_rtnl struct bt_rtnl inside = { 0 };
	bt_auto_close int fd = -EBADF;
	char host_name[IFNAMSIZ];
	int r;

	r = enter_new(c, &inside, &fd);
	if (r < 0)
		return bt_err_sys(err, r, "make a network namespace");
	if (setns(env->home_fd, CLONE_NEWNET) < 0)
		return bt_err_sys(err, -errno, "leave the new network namespace");
	bt_rtnl_put_up(&batch, LOOPBACK_INDEX);
	for (unsigned i = 0; i < c->nports; i++) {
		const int index = LOOPBACK_INDEX + 1 + (int)i;

		r = bt_sandbox_link_make(env, &c->ports[i], fd, index, host_name);
		if (r < 0)
			return cannot_make(&c->ports[i], r, err);
		r = configure(&inside, &batch, &c->ports[i], index);
		if (r < 0)
			return bt_err_sys(err, r, "configure interface %s of a container",
					  c->ports[i].ifname);
		bt_sandbox_link_settle(env->home, host_name, c->ports[i].bridge);
	}
	r = bt_rtnl_run(&inside, &batch, NULL);
	if (r < 0)
		return bt_err_sys(err, r, "bring up loopback in a network namespace");
	r = settings_of_ports(fd, c->ports, c->nports, err);
	if (r < 0)
		return r;
	c->fd = bt_take_fd(&fd);
	return 0;
}

int bt_sandbox_create(struct bt_nsthread *thread, const struct bt_sandbox_owner *owner,
		      const struct bt_sandbox_port *ports, unsigned nports, struct bt_err *err)
{
	struct create c = { .owner = owner, .ports = ports, .nports = nports, .fd = -EBADF };
	int r = bt_nsthread_run(thread, create, &c, err);

	return r < 0 ? r : c.fd;
}

struct change {
	int netns_fd;
	const struct bt_sandbox_port *port;
	const char *ifname;
};

static int inside_settings(const struct bt_nsthread_env *env, const struct change *c,
			   struct bt_rtnl *ret_inside)
{
	int r = 0;

	if (setns(c->netns_fd, CLONE_NEWNET) < 0)
		return -errno;
	if (c->port) {
		r = bt_sysctl_set(c->port->prefix6_len ? "0" : "1",
				  "ipv6/conf/default/disable_ipv6");
		if (r == -ENOENT)
			r = 0;
	}
	if (r == 0)
		r = bt_rtnl_open(ret_inside);
	if (setns(env->home_fd, CLONE_NEWNET) < 0)
		return -errno;
	return r;
}

static int port_add(const struct bt_nsthread_env *env, void *arg, struct bt_err *err)
{
	struct change *c = arg;
	struct bt_rtnl_batch batch = { 0 };
	bt_auto_rtnl struct bt_rtnl inside = { 0 };
	char host_name[IFNAMSIZ];
	int r, index;

	r = inside_settings(env, c, &inside);
	if (r < 0)
		return bt_err_sys(err, r, "enter a container's network namespace");
	r = bt_sandbox_link_make(env, c->port, c->netns_fd, 0, host_name);
	if (r < 0)
		return cannot_make(c->port, r, err);
	index = bt_rtnl_index(&inside, c->ifname);
	if (index < 0) {
		r = index;
	} else {
		r = configure(&inside, &batch, c->port, index);
	}
	if (r < 0)
		r = bt_err_sys(err, r, "configure interface %s of a container", c->ifname);
	else
		r = settings_of_ports(c->netns_fd, c->port, 1, err);
	if (r < 0 && index >= 0) {
		bt_rtnl_put_remove(&batch, index);
		(void)!bt_rtnl_run(&inside, &batch, NULL);
	}
	if (r < 0)
		bt_sandbox_link_remove(env->home, host_name);
	return r;
}

int bt_sandbox_port_add(struct bt_nsthread *thread, int netns_fd,
			const struct bt_sandbox_port *port, struct bt_err *err)
{
	struct change c = { .netns_fd = netns_fd, .port = port, .ifname = port->ifname };

	return bt_nsthread_run(thread, port_add, &c, err);
}

static int port_gateway(const struct bt_nsthread_env *env, void *arg, struct bt_err *err)
{
	struct change *c = arg;
	struct bt_rtnl_batch batch = { 0 };
	bt_auto_rtnl struct bt_rtnl inside = { 0 };
	int r = inside_settings(env, c, &inside), index;

	if (r < 0)
		return bt_err_sys(err, r, "enter a container's network namespace");
	index = bt_rtnl_index(&inside, c->ifname);
	r = index < 0 ? index : 0;
	if (r == 0 && c->port->gateway.s_addr)
		bt_rtnl_put_route(&batch, index, AF_INET, NULL, 0, &c->port->gateway);
	if (r == 0 && !IN6_IS_ADDR_UNSPECIFIED(&c->port->gateway6))
		bt_rtnl_put_route(&batch, index, AF_INET6, NULL, 0, &c->port->gateway6);
	if (r == 0)
		r = bt_rtnl_run(&inside, &batch, NULL);
	return r < 0 ? bt_err_sys(err, r, "change a container's default route") : 0;
}

int bt_sandbox_port_gateway(struct bt_nsthread *thread, int netns_fd,
			    const struct bt_sandbox_port *port, struct bt_err *err)
{
	struct change c = { .netns_fd = netns_fd, .port = port, .ifname = port->ifname };

	return bt_nsthread_run(thread, port_gateway, &c, err);
}

static int port_remove(const struct bt_nsthread_env *env, void *arg, struct bt_err *err)
{
	struct change *c = arg;
	struct bt_rtnl_batch batch = { 0 };
	bt_auto_rtnl struct bt_rtnl inside = { 0 };
	int r, index;

	r = inside_settings(env, c, &inside);
	if (r < 0)
		return bt_err_sys(err, r, "enter a container's network namespace");
	index = bt_rtnl_index(&inside, c->ifname);
	if (index >= 0) {
		bt_rtnl_put_remove(&batch, index);
		r = bt_rtnl_run(&inside, &batch, NULL);
	}
	return r < 0 ? bt_err_sys(err, r, "remove a container's interface") : 0;
}

int bt_sandbox_port_remove(struct bt_nsthread *thread, int netns_fd, const char *ifname,
			   struct bt_err *err)
{
	struct change c = { .netns_fd = netns_fd, .ifname = ifname };

	return bt_nsthread_run(thread, port_remove, &c, err);
}
