/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_NAMES_H
#define BT_NET_NAMES_H

/*
 * Who is called what on which network. Not locked.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/list.h"
#include "net/prefix.h"

/* Addresses that one question gets at most: what fits into the smallest answer. */
#define BT_NAMES_ANSWERS_MAX 24

/** Call bt_names_init() first. */
struct bt_names {
	struct bt_list entries;
	unsigned turn; /* who comes first, for names with several owners */
};

/** Ready an empty table. */
void bt_names_init(struct bt_names *names);
/** Release everything. */
void bt_names_done(struct bt_names *names);

/** A container's place on a network: `n` names, and its addresses (family 0: none). All is
 * copied. `network_name` completes names. Returns 0 or -ENOMEM. */
bt_nodiscard int bt_names_add(struct bt_names *names, const char *network, const char *network_name,
			      const char *owner, const char *const *list, size_t n,
			      const struct bt_prefix *v4, const struct bt_prefix *v6);
/** Forget `owner` on `network` (NULL: on all). */
void bt_names_remove(struct bt_names *names, const char *owner, const char *network);

/** Addresses of `family` of who is called `name`, or `name`.`network_name`, on one of the networks
 * (NULL-terminated). Returns 1 where the name is known (`*ret_n` may be 0), 0 where not. */
int bt_names_find(struct bt_names *names, const char *const *networks, const char *name, int family,
		  struct bt_prefix ret[BT_NAMES_ANSWERS_MAX], size_t *ret_n);
/** "name.network" of who has the address on one of the networks, in `ret`. Returns 1 or 0. */
int bt_names_reverse(const struct bt_names *names, const char *const *networks,
		     const struct bt_prefix *address, char *ret, size_t size);

#endif
