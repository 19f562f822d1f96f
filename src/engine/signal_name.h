/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_SIGNAL_NAME_H
#define BT_ENGINE_SIGNAL_NAME_H

/*
 * Signals by the names that Docker accepts: "KILL", "SIGKILL", "sigkill", "9",
 * "RTMIN+3", "RTMAX-2".
 */

#include "base/attr.h"

/** The number of a signal, or -EINVAL. */
bt_nodiscard int bt_signal_parse(const char *name);

#endif
