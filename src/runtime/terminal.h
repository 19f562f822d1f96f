/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_TERMINAL_H
#define BT_RUNTIME_TERMINAL_H

/*
 * A terminal of the container's own devpts. The slave is taken from the master by
 * descriptor (TIOCGPTPEER), never by the name /dev/pts/N, which may be anything
 * by then (CVE-2025-52565).
 */

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/** Open a pair on the devpts at /dev/pts below `root`; its size is set where both numbers are
 * given. Both descriptors are close-on-exec and owned by the caller. Returns 0 or -errno. */
bt_nodiscard int bt_terminal_open(int root, uint32_t height, uint32_t width, int *ret_master,
				  int *ret_slave, struct bt_err *err);

/** Mount the slave over /dev/console below `root`. Returns 0 or -errno. */
bt_nodiscard int bt_terminal_bind_console(int root, int slave, struct bt_err *err);

#endif
