/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_RTNL_H
#define BT_NET_RTNL_H

/*
 * Requests to the kernel's routing netlink (rtnetlink(7)), several in one
 * system call. A socket belongs to the network namespace that its thread was
 * in when it was opened, wherever the thread goes later.
 *
 * Functions return 0 or -errno and no message, for their callers know what
 * was being attempted.
 */

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define BT_RTNL_BATCH_SIZE 4096

/** A socket. `nl` NULL: not open. */
struct bt_rtnl {
	struct mnl_socket *nl;
	uint32_t seq;
};

/** Open one in the calling thread's namespace. */
bt_nodiscard int bt_rtnl_open(struct bt_rtnl *ret);
/** Close it; a zeroed one is fine. */
void bt_rtnl_done(struct bt_rtnl *rtnl);
#define bt_auto_rtnl bt_auto(bt_rtnl_done)

/** Requests to be sent together; zero `len` and `count` first. The kernel carries each out by
 * itself: after a failure those before it stay. */
struct bt_rtnl_batch {
	_Alignas(4) char buf[BT_RTNL_BATCH_SIZE];
	size_t len;
	unsigned count;
};

/** Begin a request; what mnl_attr_put() and mnl_nlmsg_put_extra_header() add goes to its end.
 * It must stay below 1 KiB. NULL when the batch is full. */
struct nlmsghdr *bt_rtnl_add(struct bt_rtnl_batch *batch, uint16_t type, uint16_t flags);
/** The request is complete. */
void bt_rtnl_end(struct bt_rtnl_batch *batch, const struct nlmsghdr *nlh);
/** Send all, wait for all answers. The first failure is returned; `ret_at` (may be NULL) gets
 * the number of that request. The batch is empty afterwards. */
bt_nodiscard int bt_rtnl_run(struct bt_rtnl *rtnl, struct bt_rtnl_batch *batch, unsigned *ret_at);

/** Index of the interface `name`, or -ENODEV. */
int bt_rtnl_index(struct bt_rtnl *rtnl, const char *name);

/** Ask for all objects (`type` RTM_GET…), calling `cb` for each answer; what it returns ends
 * the walk where negative. Where objects changed meanwhile all are asked for again: `cb` may see
 * one more than once. Returns 0 or -errno. */
bt_nodiscard int bt_rtnl_dump(struct bt_rtnl *rtnl, uint16_t type, int family,
			      int (*cb)(const struct nlmsghdr *nlh, void *arg), void *arg);

/** The first attribute `type` of an answer whose own header has `header_size` bytes, or NULL. */
const struct nlattr *bt_rtnl_attr(const struct nlmsghdr *nlh, size_t header_size, uint16_t type);

/** Add to the batch: interface `index` up. */
void bt_rtnl_put_up(struct bt_rtnl_batch *batch, int index);
/** Add to the batch: an address (4 or 16 bytes by `family`) for the interface. */
void bt_rtnl_put_address(struct bt_rtnl_batch *batch, int index, int family, const void *address,
			 unsigned prefix_len);
/** Add to the batch: a route to `dst`/`prefix_len` (NULL: default) by `gateway`, or directly on
 * the link where that is NULL. */
void bt_rtnl_put_route(struct bt_rtnl_batch *batch, int index, int family, const void *dst,
		       unsigned prefix_len, const void *gateway);
/** Add to the batch: remove the interface. */
void bt_rtnl_put_remove(struct bt_rtnl_batch *batch, int index);

#endif
