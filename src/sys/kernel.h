/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_KERNEL_H
#define BT_SYS_KERNEL_H

/*
 * System calls that not every kernel has and not every engine's filter lets through,
 * asked for by calling them in a way that cannot do anything: every argument is -1.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

/** Is the call SYS_* to be had? One that only those with CAP_SYS_ADMIN may make counts as missing
 * for others. */
bool bt_kernel_has(long call);

/** For calls that failed with `error` (positive): was that because the call is not to be had? Only
 * ENOSYS and EPERM may mean so. */
bool bt_kernel_lacks(long call, int error);

/** The calls for which there is no full replacement and that this kernel or a filter refuses, as
 * "fsopen(2) of Linux 5.2, …"; "" where all are there. Cut where `len` ends. */
void bt_kernel_missing(char *ret, size_t len);

#endif
