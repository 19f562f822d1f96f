/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_OOM_H
#define BT_RUNTIME_OOM_H

/*
 * process.oomScoreAdj.
 */

#include <sys/types.h>

#include "codec/oci_spec.h"
#include "runtime/sync.h"

/** Set the score of another process (0: the caller's own). One that has ended is left alone. A
 * score lower than this machine lets us set (without CAP_SYS_RESOURCE) is raised to the lowest it
 * takes, and `warning` says so. Returns 0 or -errno. */
bt_nodiscard int bt_oom_set_score(pid_t pid, const struct bt_oci_i64 *score,
				  char warning[BT_SYNC_WARNING_LEN], struct bt_err *err);

#endif
