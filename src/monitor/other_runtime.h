/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_OTHER_RUNTIME_H
#define BT_MONITOR_OTHER_RUNTIME_H

/*
 * Containers by another OCI runtime (`--runtime NAME`), run as a program with the
 * command line that they all share: create, start, exec, delete on a bundle.
 *
 * The bundle is made in the spawn message's directory. The root file system stays
 * a mount of the monitor's own mount namespace, so that it ends with the monitor
 * and nobody else sees it; changes of mounts on the host arrive in it, and not the
 * other way round. The monitor becomes a subreaper: what the runtime leaves behind is its
 * child. A filter for system calls must be part of the specification: one that was
 * compiled ahead cannot be handed to a program, and is refused rather than dropped.
 */

#include "monitor/monitor_private.h"

/** As bt_launcher_start(). */
bt_nodiscard int bt_other_runtime_start(struct bt_monitor *m, const int stdio[3],
					struct bt_process *ret, struct bt_err *err);

/** As bt_launcher_exec(). */
bt_nodiscard int bt_other_runtime_exec(struct bt_monitor *m, const char *exec_id, int process_fd,
				       bool tty, const int stdio[3], struct bt_process *ret,
				       struct bt_err *err);

/** As bt_launcher_cleanup(). */
void bt_other_runtime_cleanup(struct bt_monitor *m);

/** Reap children that nobody here knows. */
void bt_other_runtime_reap(struct bt_monitor *m);

#endif
