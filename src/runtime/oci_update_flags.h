/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_OCI_UPDATE_FLAGS_H
#define BT_RUNTIME_OCI_UPDATE_FLAGS_H

/*
 * What the flags of `update` say, in the terms of the OCI specification's linux.resources.
 */

#include "base/attr.h"
#include "base/err.h"
#include "codec/oci_spec.h"

struct bt_oci_update_flags {
	struct bt_oci_resources resources; /* its texts are borrowed of the arguments */
	struct bt_oci_intel_rdt rdt;       /* set where a flag of it was given */
	const char *file;                  /* --resources, whose content counts instead; or NULL */
};

/** Read the flags before the first argument, which is at `optind` then; `argv[0]` is the command's
 * name. The last of several counts. Returns 0, or -EINVAL with the flag or its value named. */
bt_nodiscard int bt_oci_update_flags_take(int argc, char **argv, struct bt_oci_update_flags *ret,
					  struct bt_err *err);

#endif
