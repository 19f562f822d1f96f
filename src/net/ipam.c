/* SPDX-License-Identifier: Apache-2.0 */

#include "net/ipam.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

#define WORD_BITS 64u
#define REST_NS   (2 * BT_TIME_NSEC_PER_SEC)

/* The bits are of numbers from here on: of all, or where the range begins far off, as in a part of
 * an IPv6 subnet, of its. */
static uint64_t base(const struct bt_ipam *ipam)
{
	return ipam->first < BT_IPAM_MAX ? 0 : ipam->first;
}

static bool is_far(const struct bt_ipam *ipam, uint64_t index)
{
	return index < base(ipam) || index - base(ipam) >= BT_IPAM_MAX;
}

static bool is_set(const struct bt_ipam *ipam, uint64_t index)
{
	uint64_t word = index / WORD_BITS;

	return word < ipam->nwords && (ipam->words[word] >> index % WORD_BITS & 1);
}

static void clear(struct bt_ipam *ipam, uint64_t index)
{
	if (is_set(ipam, index))
		ipam->words[index / WORD_BITS] &= ~(UINT64_C(1) << index % WORD_BITS);
}

static int set(struct bt_ipam *ipam, uint64_t index)
{
	size_t word = (size_t)(index / WORD_BITS);

	if (word >= ipam->nwords) {
		size_t n = word + 1 > 2 * ipam->nwords ? word + 1 : 2 * ipam->nwords;
		uint64_t *grown = realloc(ipam->words, n * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		memset(grown + ipam->nwords, 0, (n - ipam->nwords) * sizeof(*grown));
		ipam->words = grown;
		ipam->nwords = n;
	}
	ipam->words[word] |= UINT64_C(1) << index % WORD_BITS;
	return 0;
}

static void end_oldest_rest(struct bt_ipam *ipam)
{
	clear(ipam, ipam->rests[ipam->rest_at].index);
	ipam->rest_at = (ipam->rest_at + 1) % BT_IPAM_RESTS;
	ipam->nrests--;
}

/* Lowest bit of the range that is free, or one behind it. */
static uint64_t lowest(const struct bt_ipam *ipam)
{
	uint64_t i = ipam->first - base(ipam);

	while (i <= ipam->last - base(ipam) && i / WORD_BITS < ipam->nwords) {
		uint64_t word = ~ipam->words[i / WORD_BITS] & ~UINT64_C(0) << i % WORD_BITS;

		if (word)
			return i / WORD_BITS * WORD_BITS + (uint64_t)__builtin_ctzll(word);
		i = (i / WORD_BITS + 1) * WORD_BITS;
	}
	return i;
}

int bt_ipam_next(struct bt_ipam *ipam, int64_t now_ns, uint64_t *ret)
{
	const uint64_t end = ipam->last - base(ipam);
	const uint64_t last = end < BT_IPAM_MAX ? end : BT_IPAM_MAX - 1;
	uint64_t index;
	int r;

	while (ipam->nrests && ipam->rests[ipam->rest_at].until_ns <= now_ns)
		end_oldest_rest(ipam);
	index = lowest(ipam);
	while (index > last && ipam->nrests) {
		end_oldest_rest(ipam);
		index = lowest(ipam);
	}
	if (index > last)
		return -EADDRNOTAVAIL;
	r = set(ipam, index);
	if (r == 0)
		*ret = base(ipam) + index;
	return r;
}

static int take_far(struct bt_ipam *ipam, uint64_t index)
{
	uint64_t *grown;

	for (size_t i = 0; i < ipam->nfar; i++)
		if (ipam->far[i] == index)
			return -EADDRINUSE;
	grown = realloc(ipam->far, (ipam->nfar + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	ipam->far = grown;
	ipam->far[ipam->nfar++] = index;
	return 0;
}

/* Take a number out of the ring; the others keep their order. */
static bool wake(struct bt_ipam *ipam, uint64_t index)
{
	for (size_t i = 0; i < ipam->nrests; i++) {
		if (ipam->rests[(ipam->rest_at + i) % BT_IPAM_RESTS].index != index)
			continue;
		for (; i > 0; i--)
			ipam->rests[(ipam->rest_at + i) % BT_IPAM_RESTS] =
				ipam->rests[(ipam->rest_at + i - 1) % BT_IPAM_RESTS];
		ipam->rest_at = (ipam->rest_at + 1) % BT_IPAM_RESTS;
		ipam->nrests--;
		return true;
	}
	return false;
}

int bt_ipam_take(struct bt_ipam *ipam, uint64_t index)
{
	if (is_far(ipam, index))
		return take_far(ipam, index);
	index -= base(ipam);
	if (is_set(ipam, index))
		return wake(ipam, index) ? 0 : -EADDRINUSE;
	return set(ipam, index);
}

void bt_ipam_give(struct bt_ipam *ipam, uint64_t index, int64_t now_ns)
{
	size_t at;

	for (size_t i = 0; i < ipam->nfar; i++)
		if (ipam->far[i] == index)
			ipam->far[i] = ipam->far[--ipam->nfar];
	if (is_far(ipam, index))
		return;
	index -= base(ipam);
	if (!is_set(ipam, index))
		return;
	if (ipam->nrests == BT_IPAM_RESTS)
		end_oldest_rest(ipam);
	at = (ipam->rest_at + ipam->nrests++) % BT_IPAM_RESTS;
	ipam->rests[at].index = index;
	ipam->rests[at].until_ns = now_ns + REST_NS;
}

void bt_ipam_done(struct bt_ipam *ipam)
{
	free(ipam->words);
	free(ipam->far);
	*ipam = (struct bt_ipam){ 0 };
}
