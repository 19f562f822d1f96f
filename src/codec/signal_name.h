/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CODEC_SIGNAL_NAME_H
#define BT_CODEC_SIGNAL_NAME_H

/*
 * Names of signals, as `kill -s`, `--stop-signal` and an image's StopSignal have
 * them: "SIGTERM", "term", "15", "RTMIN+3", "SIGRTMAX-1". Numbers are Linux's.
 */

#include <stddef.h>

#include "base/attr.h"

/** Room for every name. */
#define BT_SIGNAL_NAME_LEN 16

/** A name or a number to a number from 1 to 64; -EINVAL for everything else. Case does not
 * matter, nor does "SIG". */
int bt_signal_name_parse(const char *text);

/** "SIGTERM", "SIGRTMIN+3", or the number's digits where it has no name. */
void bt_signal_name_print(int number, char ret[BT_SIGNAL_NAME_LEN]);

#endif
