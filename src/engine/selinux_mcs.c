/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/selinux_mcs.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lock.h"
#include "base/rand.h"

#define CATEGORIES BT_SELINUX_MCS_CATEGORIES
#define PAIRS      (CATEGORIES * (CATEGORIES - 1) / 2)
/* With half of all pairs in use one in a million takings would fail. */
#define ATTEMPTS 20
/* A pair that so many hold stays in use for good. */
#define MANY 255

/* Half a megabyte, of which the kernel gives only the pages that are touched. */
struct bt_selinux_mcs {
	pthread_mutex_t lock;
	uint8_t users[PAIRS];
};

/* A pair is 1024 times the higher category and the lower one: never 0. */
static uint32_t pair_of(unsigned low, unsigned high)
{
	return high * CATEGORIES + low;
}

static uint8_t *users_of(struct bt_selinux_mcs *mcs, uint32_t pair)
{
	uint32_t high = pair / CATEGORIES, low = pair % CATEGORIES;

	return high < CATEGORIES && low < high ? &mcs->users[high * (high - 1) / 2 + low] : NULL;
}

struct bt_selinux_mcs *bt_selinux_mcs_create(void)
{
	struct bt_selinux_mcs *mcs = calloc(1, sizeof(*mcs));

	if (!mcs)
		return NULL;
	(void)pthread_mutex_init(&mcs->lock, NULL);
	bt_selinux_mcs_hold(mcs, pair_of(CATEGORIES - 2, CATEGORIES - 1));
	return mcs;
}

void bt_selinux_mcs_destroy(struct bt_selinux_mcs *mcs)
{
	if (!mcs)
		return;
	(void)pthread_mutex_destroy(&mcs->lock);
	free(mcs);
}

static int random_pair(uint32_t *ret)
{
	uint32_t number;
	unsigned a, b;
	int r;

	do {
		r = bt_rand_bytes(&number, sizeof(number));
		if (r < 0)
			return r;
		a = number % CATEGORIES;
		b = number / CATEGORIES % CATEGORIES;
	} while (a == b);
	*ret = a < b ? pair_of(a, b) : pair_of(b, a);
	return 0;
}

int bt_selinux_mcs_take(struct bt_selinux_mcs *mcs, uint32_t *ret_pair)
{
	uint32_t pair;

	for (int i = 0; i < ATTEMPTS; i++) {
		int r = random_pair(&pair);

		if (r < 0)
			return r;
		bt_auto_lock(held, &mcs->lock);
		if (*users_of(mcs, pair) > 0)
			continue;
		*users_of(mcs, pair) = 1;
		*ret_pair = pair;
		return 0;
	}
	return -ENOSPC;
}

void bt_selinux_mcs_hold(struct bt_selinux_mcs *mcs, uint32_t pair)
{
	uint8_t *users = users_of(mcs, pair);

	if (!users)
		return;
	bt_auto_lock(held, &mcs->lock);
	*users = (uint8_t)(*users + (*users < MANY));
}

void bt_selinux_mcs_drop(struct bt_selinux_mcs *mcs, uint32_t pair)
{
	uint8_t *users = mcs ? users_of(mcs, pair) : NULL;

	if (!users)
		return;
	bt_auto_lock(held, &mcs->lock);
	*users = (uint8_t)(*users - (*users > 0 && *users < MANY));
}

void bt_selinux_mcs_print(uint32_t pair, char ret[BT_SELINUX_MCS_LEN])
{
	(void)snprintf(ret, BT_SELINUX_MCS_LEN, "s0:c%u,c%u", pair % CATEGORIES,
		       pair / CATEGORIES % CATEGORIES);
}

uint32_t bt_selinux_mcs_parse(const char *level)
{
	unsigned a, b;
	char text[BT_SELINUX_MCS_LEN];

	/* What does not read the same when it is written again has another form. */
	if (sscanf(level, "s0:c%4u,c%4u", &a, &b) != 2 || a >= b || b >= CATEGORIES)
		return 0;
	bt_selinux_mcs_print(pair_of(a, b), text);
	return strcmp(text, level) == 0 ? pair_of(a, b) : 0;
}
