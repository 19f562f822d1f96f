/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_DNS_CACHE_H
#define BT_NET_DNS_CACHE_H

/*
 * Answers of other name servers, for as long as they said that they hold: a
 * bounded number of small ones, the least recently used go first. Not locked.
 */

#include "base/list.h"
#include "base/map.h"
#include "net/dns_message.h"

#define BT_DNS_CACHE_ENTRIES_MAX 256
/* Larger answers are rare, and not worth their room. */
#define BT_DNS_CACHE_ANSWER_MAX 1500
/* However long a record's own time is. */
#define BT_DNS_CACHE_SECONDS_MAX 3600

/** Initialise with bt_dns_cache_init(). */
struct bt_dns_cache {
	struct bt_map map;   /* key → struct kept of dns_cache.c */
	struct bt_list used; /* the least recently used first */
};

/** Ready an empty cache. */
void bt_dns_cache_init(struct bt_dns_cache *cache);
/** Forget everything. */
void bt_dns_cache_done(struct bt_dns_cache *cache);

/** The answer to query `msg` with question `q` as servers called `who` gave it, with id, spelling
 * and times made right, in `ret` of BT_DNS_CACHE_ANSWER_MAX bytes. Returns its length, or 0. */
size_t bt_dns_cache_get(struct bt_dns_cache *cache, const char *who, const uint8_t *msg,
			const struct bt_dns_question *q, int64_t now_ns, uint8_t *ret);

/** Keep an answer if it may be kept. Without memory it is not. */
void bt_dns_cache_put(struct bt_dns_cache *cache, const char *who, const uint8_t *msg,
		      const struct bt_dns_question *q, int64_t now_ns, const uint8_t *answer,
		      size_t len);

#endif
