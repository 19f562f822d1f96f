/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLIENT_DIAL_TCP_H
#define BT_CLIENT_DIAL_TCP_H

/*
 * What berth-dial does: see client/dialer.h. Only that program links this.
 */

/** The program: connect where `argv` says, and answer on descriptor BT_DIALER_FD. Returns its exit
 * code: 0, 1 where it could not connect (which it has answered), 2 for a call that is none. */
int bt_dial_tcp_main(int argc, char **argv);

#endif
