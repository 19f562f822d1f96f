/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_MOUNT_OPTIONS_H
#define BT_RUNTIME_MOUNT_OPTIONS_H

/*
 * The options of an OCI mount (config.md, "Linux mount options"), sorted by who
 * acts on them: the mount, the mounts below it, the file system, or the runtime.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "codec/oci_spec.h"

struct bt_mount_options {
	uint64_t set, clear;         /* MOUNT_ATTR_* of the mount */
	uint64_t rec_set, rec_clear; /* of it and all below */
	uint64_t propagation;        /* MS_SHARED … of the mount, or 0 */
	uint64_t rec_propagation;    /* of it and all below, or 0 */
	bool bind, recursive;        /* bind, rbind */
	bool remount;
	bool read_only; /* "ro" was given: a new file system is read-only too */
	bool tmpcopyup;
	bool idmap, idmap_recursive;
	const char **data; /* options for the file system */
	size_t ndata;
};

/** Sort a mount's options; strings stay borrowed from `mount`. Returns 0, -EINVAL (kind
 * INVALID) for options that contradict each other, or -ENOMEM. */
bt_nodiscard int bt_mount_options_parse(const struct bt_oci_mount *mount, struct bt_arena *arena,
					struct bt_mount_options *ret, struct bt_err *err);

/** The propagation flag (MS_SHARED …) that "private", "rshared" and so on name, and whether it
 * is recursive. Returns 0, or -EINVAL for another word. */
bt_nodiscard int bt_mount_options_propagation(const char *word, uint64_t *ret, bool *ret_recursive);

/** Every option word that is understood, for `features`: NULL-terminated, static. */
const char *const *bt_mount_options_known(void);

#endif
