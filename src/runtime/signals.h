/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_SIGNALS_H
#define BT_RUNTIME_SIGNALS_H

/*
 * Names of signals on the command line: "9", "KILL", "SIGKILL", "sigkill", "RTMIN+3".
 */

/** The number of a signal, or -EINVAL. */
int bt_signals_parse(const char *name);

#endif
