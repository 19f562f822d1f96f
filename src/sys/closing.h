/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_CLOSING_H
#define BT_SYS_CLOSING_H

/*
 * close_range(2), which came with Linux 5.9, and what does the same without it: the
 * open descriptors are read from procfs, if what is mounted there is one, and tried
 * one by one otherwise.
 */

#include <stdbool.h>

#include "base/attr.h"

/** Close the descriptors from `first` to `last`, both included, or only mark them to be closed by
 * execve(2). Async-signal-safe, allocates nothing. Returns 0 or -errno. */
bt_nodiscard int bt_closing_range(unsigned first, unsigned last, bool on_exec);

#endif
