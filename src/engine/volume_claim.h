/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_VOLUME_CLAIM_H
#define BT_ENGINE_VOLUME_CLAIM_H

/*
 * Who has a say about a volume at this moment. The containers that there are have
 * theirs by their index (engine/volume_users.h); one that is being made is not in
 * it yet, and its volumes are made, filled and promised to it all the same. So it
 * claims them first, together with others that are being made, and whoever removes
 * or renames a volume claims it alone. The former wait for the latter; the latter
 * never wait for the former, but are told that it is in use.
 *
 * Whoever claims several alone does so in the order of their names.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/auto.h"
#include "base/err.h"

struct bt_engine;
struct bt_volume_claims;

/** Nothing is claimed. NULL without memory. */
struct bt_volume_claims *bt_volume_claims_create(void);
/** NULL is fine. */
void bt_volume_claims_destroy(struct bt_volume_claims *claims);

/** `user`, the id of a container that is being made, will have the volume, there or not. Waits
 * while another has it alone. Once more is fine. */
bt_nodiscard int bt_volume_claim_for(struct bt_engine *engine, const char *volume, const char *user,
				     struct bt_err *err);
/** `user` is in the index, or will not be: nothing is claimed for it any more. Returns those of its
 * volumes whose removal was left to it (bt_volume_claim_or_leave()) and that nobody else who is
 * being made has: {volume: true} as a new object, NULL for none. The caller removes them, where
 * nobody has them. */
bt_nodiscard json_t *bt_volume_claim_drop(struct bt_engine *engine, const char *user);

/** A volume that nobody else has a say about; zeroed is none. */
struct bt_volume_claim {
	struct bt_engine *engine;
	char *volume;
};

/** Claim it alone. Waits while another has it so. Returns 1, or 0 where a container that is being
 * made has it: bt_volume_claim_users() says which. */
bt_nodiscard int bt_volume_claim_alone(struct bt_engine *engine, const char *volume,
				       struct bt_volume_claim *ret, struct bt_err *err);
/** The same for whoever wants to remove the volume: where a container that is being made has it
 * (0), the removal is left to that one, which may come to nothing: bt_volume_claim_drop() says so.
 */
bt_nodiscard int bt_volume_claim_or_leave(struct bt_engine *engine, const char *volume,
					  struct bt_volume_claim *ret, struct bt_err *err);
/** Give it back. One of nothing is fine. */
void bt_volume_claim_done(struct bt_volume_claim *claim);
#define bt_auto_volume_claim bt_auto(bt_volume_claim_done)

/** The volumes that containers being made have: volume → {id: true}. A new object, NULL without
 * memory. */
json_t *bt_volume_claim_users(struct bt_engine *engine);

#endif
