/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_COMMAND_H
#define BT_MONITOR_COMMAND_H

/*
 * Running another program to its end: what other OCI runtimes are driven by.
 */

#include "base/attr.h"
#include "base/err.h"

/* A program that takes longer is killed. */
#define BT_COMMAND_TIMEOUT_MS 120000

/**
 * Run `argv[0]` (a path, or found in $PATH's usual places) with these arguments and
 * wait for it. `stdio` becomes 0, 1, 2; -EBADF there stands for /dev/null. Signals are
 * as at birth; all other descriptors are closed that are close-on-exec.
 *
 * Returns the exit code, 128 and the signal that ended it, or -errno where it could not run
 * (-ETIMEDOUT: it was killed).
 */
bt_nodiscard int bt_command_run(const char *const argv[], const int stdio[3]);

#endif
