/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_LIMITS_H
#define BT_RUNTIME_LIMITS_H

/*
 * What a process is limited by or served with apart from control groups: rlimits,
 * scheduling, I/O priority, personality.
 */

#include "codec/oci_spec.h"
#include "runtime/sync.h"

/** Apply to the calling process, all but the number of its user's processes. A limit higher than
 * the machine allows is set as high as it goes, and `warning` says so. Returns 0 or -errno. */
bt_nodiscard int bt_limits_apply(const struct bt_oci_process *process,
				 char warning[BT_SYNC_WARNING_LEN], struct bt_err *err);

/** Apply the number of the user's processes (RLIMIT_NPROC) in the same way. */
bt_nodiscard int bt_limits_count(const struct bt_oci_process *process,
				 char warning[BT_SYNC_WARNING_LEN], struct bt_err *err);

/** Set the personality of linux.personality. Returns 0 or -errno. */
bt_nodiscard int bt_limits_personality(const struct bt_oci_personality *personality,
				       struct bt_err *err);

/** Set the NUMA policy of linux.memoryPolicy. Returns 0 or -errno. */
bt_nodiscard int bt_limits_memory_policy(const struct bt_oci_memory_policy *policy,
					 struct bt_err *err);

/** Bind the caller to processors listed as "0-3,7"; NULL or "" changes nothing. `field` names
 * it in errors. Returns 0 or -errno. */
bt_nodiscard int bt_limits_affinity(const char *list, const char *field, struct bt_err *err);

#endif
