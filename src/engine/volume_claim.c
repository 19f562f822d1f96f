/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/volume_claim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/lock.h"
#include "engine/engine_private.h"
#include "engine/jget.h"

struct bt_volume_claims {
	pthread_mutex_t lock;
	pthread_cond_t ended; /* a claim of one alone */
	json_t *made;         /* volume → {id of a container that is being made: true} */
	json_t *left;         /* volume → true: one of `made`, whose removal is left to these */
	json_t *alone;        /* volume → true */
};

struct bt_volume_claims *bt_volume_claims_create(void)
{
	struct bt_volume_claims *claims = calloc(1, sizeof(*claims));

	if (!claims)
		return NULL;
	pthread_mutex_init(&claims->lock, NULL);
	pthread_cond_init(&claims->ended, NULL);
	claims->made = json_object();
	claims->left = json_object();
	claims->alone = json_object();
	if (claims->made && claims->left && claims->alone)
		return claims;
	bt_volume_claims_destroy(claims);
	return NULL;
}

void bt_volume_claims_destroy(struct bt_volume_claims *claims)
{
	if (!claims)
		return;
	json_decref(claims->made);
	json_decref(claims->left);
	json_decref(claims->alone);
	pthread_cond_destroy(&claims->ended);
	pthread_mutex_destroy(&claims->lock);
	free(claims);
}

/* Under the lock, which is let go of meanwhile. */
static void wait_for_it(struct bt_volume_claims *claims, const char *volume)
{
	while (json_object_get(claims->alone, volume))
		pthread_cond_wait(&claims->ended, &claims->lock);
}

int bt_volume_claim_for(struct bt_engine *engine, const char *volume, const char *user,
			struct bt_err *err)
{
	struct bt_volume_claims *claims = engine->volume_claims;
	json_t *users;

	bt_auto_lock(held, &claims->lock);
	wait_for_it(claims, volume);
	users = json_object_get(claims->made, volume);
	if (!users && json_object_set_new(claims->made, volume, users = json_object()) < 0)
		return bt_err_sys(err, -ENOMEM, "claim volume %s", volume);
	return json_object_set_new(users, user, json_true()) < 0
		       ? bt_err_sys(err, -ENOMEM, "claim volume %s", volume)
		       : 0;
}

/* Under the lock: nobody who is being made has it any more. Its removal is the caller's then, if it
 * was left to these. */
static void let_go(struct bt_volume_claims *claims, const char *volume, json_t **left)
{
	if (json_object_get(claims->left, volume)) {
		if (!*left)
			*left = json_object();
		(void)json_object_set_new(*left, volume, json_true());
		(void)json_object_del(claims->left, volume);
	}
	/* Last, for the name may be that of the member. */
	(void)json_object_del(claims->made, volume);
}

json_t *bt_volume_claim_drop(struct bt_engine *engine, const char *user)
{
	struct bt_volume_claims *claims = engine->volume_claims;
	const char *volume;
	json_t *users, *left = NULL;
	void *next;

	bt_auto_lock(held, &claims->lock);
	json_object_foreach_safe (claims->made, next, volume, users) {
		(void)json_object_del(users, user);
		if (json_object_size(users) == 0)
			let_go(claims, volume, &left);
	}
	return left;
}

static int claim_alone(struct bt_engine *engine, const char *volume, bool leave,
		       struct bt_volume_claim *ret, struct bt_err *err)
{
	struct bt_volume_claims *claims = engine->volume_claims;
	bt_auto_free char *name = strdup(volume);
	int r;

	if (!name)
		return bt_err_sys(err, -ENOMEM, "claim volume %s", volume);
	bt_auto_lock(held, &claims->lock);
	wait_for_it(claims, volume);
	if (!json_object_get(claims->made, volume)) {
		r = json_object_set_new(claims->alone, volume, json_true());
		if (r == 0)
			*ret = (struct bt_volume_claim){ .engine = engine,
							 .volume = bt_take(name) };
		return r < 0 ? bt_err_sys(err, -ENOMEM, "claim volume %s", volume) : 1;
	}
	r = leave ? json_object_set_new(claims->left, volume, json_true()) : 0;
	return r < 0 ? bt_err_sys(err, -ENOMEM, "leave volume %s", volume) : 0;
}

int bt_volume_claim_alone(struct bt_engine *engine, const char *volume, struct bt_volume_claim *ret,
			  struct bt_err *err)
{
	return claim_alone(engine, volume, false, ret, err);
}

int bt_volume_claim_or_leave(struct bt_engine *engine, const char *volume,
			     struct bt_volume_claim *ret, struct bt_err *err)
{
	return claim_alone(engine, volume, true, ret, err);
}

void bt_volume_claim_done(struct bt_volume_claim *claim)
{
	struct bt_volume_claims *claims;

	if (!claim->volume)
		return;
	claims = claim->engine->volume_claims;
	pthread_mutex_lock(&claims->lock);
	json_object_del(claims->alone, claim->volume);
	pthread_cond_broadcast(&claims->ended);
	pthread_mutex_unlock(&claims->lock);
	free(claim->volume);
	*claim = (struct bt_volume_claim){ 0 };
}

json_t *bt_volume_claim_users(struct bt_engine *engine)
{
	bt_auto_lock(held, &engine->volume_claims->lock);

	return json_deep_copy(engine->volume_claims->made);
}
