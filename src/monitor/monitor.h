/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_MONITOR_H
#define BT_MONITOR_MONITOR_H

/*
 * The monitor: one small process of one thread for each running container. It
 * starts the container, holds its standard input and output or its terminal,
 * writes its log, reaps it, restarts it by its policy, and journals every start
 * and every end. It needs no daemon: see docs/decisions/0001-processes.md.
 */

#include <stddef.h>

#include "base/attr.h"

/**
 * Be the monitor that the "spawn" packet `text` describes, until its container has
 * ended for good and every client has got its output. The calling process has one
 * thread and nothing else to do. Descriptors are taken over.
 *
 * Returns an exit code: 0 when all went as described; else what it could not say
 * on its control connection.
 */
int bt_monitor_run(const char *text, size_t len, const int *fds, size_t nfds);

#endif
