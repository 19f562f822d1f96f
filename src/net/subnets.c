/* SPDX-License-Identifier: Apache-2.0 */

#include "net/subnets.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "net/rtnl.h"

/* A host that routes more than this one by one is a router of the Internet. */
#define ROUTES_MAX 65536u
/* Of one pool: a /64 out of a /8 has too many to try. */
#define ATTEMPTS_MAX 4096u

#define POOL4(a, b, len_, size_)                                                            \
	{                                                                                   \
		.base = { .family = AF_INET, .addr = { a, b }, .len = len_ }, .size = size_ \
	}

static const struct bt_subnets_pool default_pools[] = {
	POOL4(172, 17, 16, 16),  POOL4(172, 18, 16, 16), POOL4(172, 19, 16, 16),
	POOL4(172, 20, 14, 16),  POOL4(172, 24, 14, 16), POOL4(172, 28, 14, 16),
	POOL4(192, 168, 16, 20),
};

const struct bt_subnets_pool *bt_subnets_default_pools(size_t *ret_n)
{
	*ret_n = sizeof(default_pools) / sizeof(default_pools[0]);
	return default_pools;
}

int bt_subnets_pool_parse(const char *base, int64_t size, struct bt_subnets_pool *ret)
{
	struct bt_prefix p;

	if (bt_prefix_parse(base, &p) < 0 || size < p.len ||
	    size > (p.family == AF_INET ? 30 : 126))
		return -EINVAL;
	*ret = (struct bt_subnets_pool){ .base = bt_prefix_network(&p), .size = (unsigned)size };
	return 0;
}

struct routes {
	struct bt_prefix *list;
	size_t n, cap;
	int family;
};

static int take_route(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtmsg *rt = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *dst = bt_rtnl_attr(nlh, sizeof(*rt), RTA_DST);
	struct routes *routes = arg;
	struct bt_prefix *p;

	if (!dst || rt->rtm_family != routes->family || rt->rtm_type != RTN_UNICAST ||
	    rt->rtm_dst_len == 0 || routes->n == ROUTES_MAX)
		return 0;
	if (routes->n == routes->cap) {
		size_t cap = routes->cap ? 2 * routes->cap : 64;
		struct bt_prefix *grown = reallocarray(routes->list, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		routes->list = grown;
		routes->cap = cap;
	}
	p = &routes->list[routes->n++];
	*p = (struct bt_prefix){ .family = routes->family, .len = rt->rtm_dst_len };
	memcpy(p->addr, mnl_attr_get_payload(dst), routes->family == AF_INET ? 4 : 16);
	return 0;
}

static bool is_routed(const struct routes *routes, const struct bt_prefix *network)
{
	for (size_t i = 0; i < routes->n; i++)
		if (bt_prefix_overlaps(&routes->list[i], network))
			return true;
	return false;
}

/* The n-th network of the pool. */
static bool nth(const struct bt_subnets_pool *pool, uint64_t n, struct bt_prefix *ret)
{
	const unsigned shift = pool->size - pool->base.len;
	struct bt_prefix p = bt_prefix_network(&pool->base);

	if (shift < 63 && n >> shift)
		return false;
	/* Put n into the bits that end at `size`. */
	for (unsigned bit = 0; bit < shift && bit < 63; bit++) {
		unsigned at = pool->size - 1 - bit;

		if (n >> bit & 1)
			p.addr[at / 8] = (uint8_t)(p.addr[at / 8] | 0x80 >> at % 8);
	}
	p.len = pool->size;
	*ret = p;
	return true;
}

static bool search(const struct bt_subnets_pool *pool, const struct routes *routes,
		   bt_subnets_used_fn used, const void *arg, struct bt_prefix *ret)
{
	struct bt_prefix p;

	for (uint64_t n = 0; n < ATTEMPTS_MAX && nth(pool, n, &p); n++) {
		if (is_routed(routes, &p) || used(&p, arg))
			continue;
		*ret = p;
		return true;
	}
	return false;
}

int bt_subnets_find(const struct bt_subnets_pool *pools, size_t npools, int family,
		    bt_subnets_used_fn used, const void *arg, struct bt_prefix *ret,
		    struct bt_err *err)
{
	bt_auto_rtnl struct bt_rtnl rtnl = { 0 };
	struct routes routes = { .family = family };
	bool found = false;
	int r;

	r = bt_rtnl_open(&rtnl);
	if (r == 0)
		r = bt_rtnl_dump(&rtnl, RTM_GETROUTE, family, take_route, &routes);
	for (size_t i = 0; r == 0 && !found && i < npools; i++)
		if (pools[i].base.family == family)
			found = search(&pools[i], &routes, used, arg, ret);
	free(routes.list);
	if (r < 0)
		return bt_err_sys(err, r, "read the host's routes");
	if (!found)
		return bt_err_set(err, BT_ERR_NOT_FOUND, EADDRNOTAVAIL,
				  "all predefined address pools have been fully subnetted");
	return 0;
}
