/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_RDT_H
#define BT_RUNTIME_RDT_H

/*
 * linux.intelRdt: a container's class of service (cache and memory bandwidth), by
 * way of the kernel's resctrl file system. Implements config-linux.md, "IntelRdt",
 * and the kernel's Documentation/arch/x86/resctrl.rst.
 *
 * A class that closID names may be somebody else's too: it is made where it is
 * missing, compared where it is there, and never removed. One without closID is
 * called as the container is, and goes with it.
 */

#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "codec/oci_spec.h"

/** Where resctrl is mounted, as a new string (owned). Kind INVALID, with the field's name, where it
 * is nowhere: then there is no class of service on this machine. */
bt_nodiscard int bt_rdt_root(char **ret, struct bt_err *err);

/** Make or check the container's class below `root`, and put the process `pid` into it, and into a
 * monitoring group of its own where that is wanted. After a failure nothing that it made stays. */
bt_nodiscard int bt_rdt_create(const char *root, const struct bt_oci_intel_rdt *rdt, const char *id,
			       pid_t pid, struct bt_err *err);

/** Put another process of the container into what bt_rdt_create() made. */
bt_nodiscard int bt_rdt_join(const char *root, const struct bt_oci_intel_rdt *rdt, const char *id,
			     pid_t pid, struct bt_err *err);

/** Write other schemata into the container's class, without a comparison: `update`. */
bt_nodiscard int bt_rdt_update(const char *root, const struct bt_oci_intel_rdt *rdt, const char *id,
			       struct bt_err *err);

/** Remove what is the container's alone. What is gone is fine. */
bt_nodiscard int bt_rdt_remove(const char *root, const struct bt_oci_intel_rdt *rdt, const char *id,
			       struct bt_err *err);

#endif
