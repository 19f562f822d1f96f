/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CODEC_SECCOMP_PROFILE_H
#define BT_CODEC_SECCOMP_PROFILE_H

/*
 * Docker's seccomp profiles: what `--security-opt seccomp=FILE` takes. A profile
 * names rules with conditions (capabilities, architectures, kernel); for one
 * container on one machine it becomes an OCI linux.seccomp object, which
 * runtime/seccomp.h compiles.
 *
 * Nothing here asks the machine: the target says what it is.
 */

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

/** What a profile's conditions are about. */
struct bt_seccomp_profile_target {
	uint64_t capabilities; /* the container's bounding set, bits 1 << CAP_* */
	const char *machine;   /* as uname(2) calls it: "x86_64", "aarch64" … */
	unsigned kernel_major, kernel_minor;
};

/** Fill the target from uname(2)'s answer; `release` is "6.1.0-18-amd64". Returns 0 or -EINVAL. */
bt_nodiscard int bt_seccomp_profile_target_init(struct bt_seccomp_profile_target *ret,
						uint64_t capabilities, const char *machine,
						const char *release);

/** Docker's default profile as JSON text, a constant. */
const char *bt_seccomp_profile_default(size_t *ret_len);

/**
 * Make an OCI seccomp object of a profile.
 *
 * Returns 0 with a new reference in *ret, or with NULL where the profile is empty,
 * which Docker reads as "no filter"; -EINVAL (kind INVALID) with Docker's words
 * where it has some; or -ENOMEM.
 */
bt_nodiscard int bt_seccomp_profile_convert(const char *text, size_t len,
					    const struct bt_seccomp_profile_target *target,
					    json_t **ret, struct bt_err *err);

#endif
