/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_DAEMON_H
#define BT_API_DAEMON_H

/*
 * The daemon's life: configuration, roots, spawner, engine, server; then
 * signals until it ends. Containers go on without it.
 */

/** Run until told to end. Returns the process's exit code. */
int bt_daemon_run(int argc, char *argv[]);

#endif
