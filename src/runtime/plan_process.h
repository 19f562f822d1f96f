/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_PLAN_PROCESS_H
#define BT_RUNTIME_PLAN_PROCESS_H

/*
 * The process part of a plan, for a container's init and for processes that join
 * it later: environment, capabilities, filter.
 */

#include "runtime/plan.h"

#define BT_PLAN_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/** The value of `name` in an environment, borrowed, or NULL. */
const char *bt_plan_process_getenv(const struct bt_oci_strings *env, const char *name);

#endif
