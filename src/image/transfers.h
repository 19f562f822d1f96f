/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_TRANSFERS_H
#define BT_IMAGE_TRANSFERS_H

/*
 * Layers on their way from registries into the store, each fetched once however
 * many clients wait for it: who pulls a layer joins its transfer, or begins one.
 * When the last one leaves, it is cancelled. A transfer ends with an unpacked
 * copy that one of those who wait puts on its layers; the others find it there.
 */

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "registry/session.h"
#include "store/layers.h"

struct bt_transfers;
struct bt_transfer;

/** Open. What downloads of an earlier daemon have left below DATA_ROOT/transfers is kept for a
 * day, for those who go on with it. Borrows `layers`. */
bt_nodiscard int bt_transfers_open(const char *data_root, struct bt_layers *layers,
				   struct bt_transfers **ret, struct bt_err *err);
/** Cancel all, wait for their ends, release. NULL is fine. */
void bt_transfers_close(struct bt_transfers *transfers);
/** Remove what no transfer uses of DATA_ROOT/transfers, if it was not touched for `seconds`. */
void bt_transfers_sweep(struct bt_transfers *transfers, int64_t seconds);

/** What to fetch. Strings are copied, and a reference of the session is taken. */
struct bt_transfers_want {
	struct bt_session *session;
	const char *digest, *diff_id;
	int64_t size;
};
/** Join the transfer, or begin it; `ret_mine` tells which. Leave it with bt_transfers_leave(). */
bt_nodiscard int bt_transfers_join(struct bt_transfers *transfers,
				   const struct bt_transfers_want *want, struct bt_transfer **ret,
				   bool *ret_mine, struct bt_err *err);
/** Leave; does not wait. NULL is fine. */
void bt_transfers_leave(struct bt_transfers *transfers, struct bt_transfer *transfer);

enum bt_transfer_state {
	BT_TRANSFER_FETCHING,
	BT_TRANSFER_READY,   /* somebody may claim the copy */
	BT_TRANSFER_CLAIMED, /* somebody has */
	BT_TRANSFER_OVER,    /* it has been put to use, or given up */
	BT_TRANSFER_FAILED,
};
/** How far it is. `err` is filled for BT_TRANSFER_FAILED only. */
enum bt_transfer_state bt_transfers_look(struct bt_transfers *transfers,
					 struct bt_transfer *transfer, int64_t *ret_have,
					 struct bt_err *err);
/** Wait until the state of some transfer has changed, or for `ms`. */
void bt_transfers_wait(struct bt_transfers *transfers, int ms);

/** Claim the copy of a transfer that is ready. Returns it (borrowed until it is settled), or NULL
 * where somebody else was faster. */
struct bt_layer_copy *bt_transfers_claim(struct bt_transfers *transfers,
					 struct bt_transfer *transfer);
/** The copy that was claimed has been put to use, or cannot be; it is released. */
void bt_transfers_settle(struct bt_transfers *transfers, struct bt_transfer *transfer);

#endif
