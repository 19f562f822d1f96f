/* SPDX-License-Identifier: Apache-2.0 */

#include "net/dns_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/time.h"

/* Servers, type, flags and a name. */
#define KEY_MAX (256 + BT_DNS_NAME_MAX)
/* The bit CD of a header's fourth byte: an answer that was not checked is another answer. */
#define FLAG_UNCHECKED 0x10
/* ANY, AXFR, IXFR and other questions about questions are nobody's habit. */
#define TYPE_META 128

struct kept {
	struct bt_list link;
	char *key;
	int64_t at_ns, until_ns;
	size_t len;
	uint8_t msg[];
};

void bt_dns_cache_init(struct bt_dns_cache *cache)
{
	cache->map = (struct bt_map){ 0 };
	bt_list_init(&cache->used);
}

static void drop(struct bt_dns_cache *cache, struct kept *k)
{
	(void)bt_map_remove(&cache->map, k->key);
	bt_list_remove(&k->link);
	free(k->key);
	free(k);
}

void bt_dns_cache_done(struct bt_dns_cache *cache)
{
	bt_list_foreach (it, &cache->used)
		drop(cache, bt_list_entry(it, struct kept, link));
	bt_map_done(&cache->map);
}

/* What an answer depends on. Returns false for questions that are not kept. */
static bool make_key(const char *who, const uint8_t *msg, const struct bt_dns_question *q,
		     char ret[KEY_MAX])
{
	int n;

	/* What options ask for is the answer to one client. */
	if (q->options || (q->type >= TYPE_META && q->type < 256) || q->type == BT_DNS_TYPE_OPT)
		return false;
	n = snprintf(ret, KEY_MAX, "%s %u %u %d%d%d %s", who, q->type, q->class_, q->edns,
		     q->dnssec, (msg[3] & FLAG_UNCHECKED) != 0, q->name);
	return n > 0 && n < KEY_MAX;
}

size_t bt_dns_cache_get(struct bt_dns_cache *cache, const char *who, const uint8_t *msg,
			const struct bt_dns_question *q, int64_t now_ns, uint8_t *ret)
{
	char key[KEY_MAX];
	struct kept *k = make_key(who, msg, q, key) ? bt_map_get(&cache->map, key) : NULL;

	if (!k)
		return 0;
	if (now_ns >= k->until_ns) {
		drop(cache, k);
		return 0;
	}
	memcpy(ret, k->msg, k->len);
	bt_dns_message_renew(ret, k->len, msg, q,
			     (uint32_t)((now_ns - k->at_ns) / BT_TIME_NSEC_PER_SEC));
	bt_list_remove(&k->link);
	bt_list_append(&cache->used, &k->link);
	return k->len;
}

void bt_dns_cache_put(struct bt_dns_cache *cache, const char *who, const uint8_t *msg,
		      const struct bt_dns_question *q, int64_t now_ns, const uint8_t *answer,
		      size_t len)
{
	uint32_t ttl = len <= BT_DNS_CACHE_ANSWER_MAX ? bt_dns_message_ttl(answer, len) : 0;
	char key[KEY_MAX];
	struct kept *k;

	if (ttl == 0 || !make_key(who, msg, q, key))
		return;
	k = bt_map_get(&cache->map, key);
	if (k)
		drop(cache, k);
	if (cache->map.used == BT_DNS_CACHE_ENTRIES_MAX)
		drop(cache, bt_list_entry(cache->used.next, struct kept, link));
	k = calloc(1, sizeof(*k) + len);
	if (!k)
		return;
	ttl = ttl < BT_DNS_CACHE_SECONDS_MAX ? ttl : BT_DNS_CACHE_SECONDS_MAX;
	k->key = strdup(key);
	k->at_ns = now_ns;
	k->until_ns = now_ns + ttl * BT_TIME_NSEC_PER_SEC;
	k->len = len;
	memcpy(k->msg, answer, len);
	bt_list_init(&k->link);
	if (!k->key || bt_map_put(&cache->map, key, k, NULL) < 0) {
		free(k->key);
		free(k);
		return;
	}
	bt_list_append(&cache->used, &k->link);
}
