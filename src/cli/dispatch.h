/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_DISPATCH_H
#define BT_CLI_DISPATCH_H

/*
 * The program: its global flags are read, then the words behind them choose a command, a group's
 * help, a plugin, or are refused with a reason.
 */

/** Run the program by its arguments, the first of which is what it was called by. Returns its exit
 * code. Standard output has been written when it returns. */
int bt_dispatch_main(int argc, char **argv);

#endif
