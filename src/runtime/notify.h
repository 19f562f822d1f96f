/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_NOTIFY_H
#define BT_RUNTIME_NOTIFY_H

/*
 * Handing the listener of a filter with SCMP_ACT_NOTIFY to the agent that will
 * answer for the process (config-linux.md, "The Container Process State").
 */

#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "codec/oci_spec.h"

/**
 * Connect to spec->linux_.seccomp.listener_path and send the state and the
 * descriptor.
 *
 * @pid:    the process that installed the filter.
 * @init:   the container's init.
 * @status: of the container.
 *
 * Returns 0 or -errno.
 */
bt_nodiscard int bt_notify_send(const struct bt_oci_spec *spec, const char *id, const char *bundle,
				pid_t pid, pid_t init, const char *status, int listener,
				struct bt_err *err);

#endif
