/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_SYSCTL_H
#define BT_NET_SYSCTL_H

/*
 * The kernel's network settings, in the calling thread's network namespace. A thread
 * that comes here keeps a procfs of its own open: see bt_sysctl_done().
 */

#include <stdbool.h>

#include "base/attr.h"

/** Write /proc/sys/net/<name>, printf(3)-formatted, e.g. "ipv4/ip_forward". A setting that has
 * the value already is not written. Returns 0 or -errno; -ENOENT where the kernel lacks it. */
bt_nodiscard int bt_sysctl_set(const char *value, const char *name, ...) bt_printf(2, 3);

/** Is the setting there, and has this value? */
bool bt_sysctl_is(const char *value, const char *name);

/** Close what the calling thread keeps open for the next settings; before it ends. */
void bt_sysctl_done(void);

#endif
