/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_TERMINAL_H
#define BT_CLI_TERMINAL_H

/*
 * The user's terminal: its size, and raw mode, in which every key goes to the container.
 */

#include <stdbool.h>

/** Put the terminal at standard input into raw mode; it is restored at exit, or earlier by
 * bt_terminal_restore(). Nothing happens where there is no terminal. */
void bt_terminal_raw(void);

/** Back to how it was. */
void bt_terminal_restore(void);

/** The size of the terminal at standard output, or at standard input. False where there is none. */
bool bt_terminal_size(unsigned *ret_rows, unsigned *ret_cols);

#endif
