/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_SYSTEMD_H
#define BT_API_SYSTEMD_H

/*
 * What a service says to systemd and gets from it (sd_notify(3),
 * sd_listen_fds(3)); both are a few bytes, and need no library.
 */

/** Send a state ("READY=1"). Does nothing where no service manager listens. */
void bt_systemd_notify(const char *state);

/** How many listening sockets were handed over, from descriptor *ret_first on; 0 for none. */
int bt_systemd_listen_fds(int *ret_first);

#endif
