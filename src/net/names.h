/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_NAMES_H
#define BT_NET_NAMES_H

/*
 * Who is called what on which network. Looked up by hash, so that a question
 * costs the same with ten containers or thousands. Not locked.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/map.h"
#include "net/prefix.h"

/* Addresses that one question gets at most. */
#define BT_NAMES_ANSWERS_MAX 128
/* What one network's container may be called. */
#define BT_NAMES_LIST_MAX 64

/** Zeroed is empty. */
struct bt_names {
	struct bt_map networks; /* id → struct network of names.c */
};

/** Release everything. */
void bt_names_done(struct bt_names *names);

/** A container's place on a network; everything is borrowed. */
struct bt_names_place {
	const char *network;      /* its id */
	const char *network_name; /* completes names: "web.network" */
	const char *owner;        /* the container's id */
	const char *const *list;  /* what it is called, in any case; the first answers reverse
				     questions */
	size_t n;
	struct bt_prefix v4, v6; /* family 0: none */
};

/** Add a place, instead of what was known of this owner on this network. All is copied. Returns 0;
 * -E2BIG for more than BT_NAMES_LIST_MAX names; -ENOMEM, with the place unknown. */
bt_nodiscard int bt_names_add(struct bt_names *names, const struct bt_names_place *place);
/** Forget `owner` on `network`; an unknown one is fine. */
void bt_names_remove(struct bt_names *names, const char *owner, const char *network);

/** Addresses of `family` of who is called `name` (lower case), or `name`.`network_name`, on the
 * first of the networks (NULL-terminated) that knows it. Several owners take turns in being first.
 * Returns 1 where the name is known (`*ret_n` may be 0), 0 where not. */
int bt_names_find(struct bt_names *names, const char *const *networks, const char *name, int family,
		  struct bt_prefix ret[BT_NAMES_ANSWERS_MAX], size_t *ret_n);
/** "name.network" of who has the address on one of the networks, in `ret`. Returns 1 or 0. */
int bt_names_reverse(const struct bt_names *names, const char *const *networks,
		     const struct bt_prefix *address, char *ret, size_t size);

#endif
