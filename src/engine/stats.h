/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_STATS_H
#define BT_ENGINE_STATS_H

/*
 * What containers use: samples of their control groups, as Docker shows them. The
 * last sample of each container is kept, so that a single one can be answered at
 * once with something to compare it with.
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;
struct bt_stats;

/** Begin. `stream`: a sample each second, from now on; else one. `one_shot`: with nothing to
 * compare it with. */
bt_nodiscard int bt_stats_open(struct bt_engine *engine, const char *ref, bool stream,
			       bool one_shot, struct bt_stats **ret, struct bt_err *err);
/** Readable when there is a sample to take; borrowed. -EBADF: there always is. */
int bt_stats_fd(const struct bt_stats *stats);
/** The next sample as Docker's JSON text with "\n" (owned, free()): 1 where there was one, 0 where
 * it is not time yet, -ENODATA at the end. */
bt_nodiscard int bt_stats_next(struct bt_stats *stats, char **ret);
/** End. NULL is fine. */
void bt_stats_close(struct bt_stats *stats);

#endif
