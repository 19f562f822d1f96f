/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CODEC_CAPABILITY_H
#define BT_CODEC_CAPABILITY_H

/*
 * Names of capabilities (capabilities(7)): "CAP_NET_ADMIN" in the OCI
 * specification, and "NET_ADMIN", "net_admin" or "ALL" on a command line.
 */

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/** How many capabilities this build knows; their numbers are 0 to one less. */
#define BT_CAPABILITY_COUNT 41

/** All of them, as bits 1 << number. */
#define BT_CAPABILITY_ALL ((1ull << BT_CAPABILITY_COUNT) - 1)

/** The number of the capability "CAP_…", exactly so spelled, or -EINVAL. */
int bt_capability_parse(const char *name);

/** The same with or without "CAP_" and in any case, as Docker takes it. */
int bt_capability_parse_lenient(const char *name);

/** "CAP_…" for a number, a constant; NULL for one that is not known. */
const char *bt_capability_name(int number);

/**
 * What --cap-add and --cap-drop make of the default set, by Docker's rules: "ALL"
 * among the added stands for all of `all` and then the dropped are taken away;
 * "ALL" among the dropped leaves only the added.
 *
 * @add, @drop: NULL-terminated lists of lenient names, or NULL.
 *
 * Returns 0 with the mask in *ret, or -EINVAL with Docker's words
 * ("invalid capability: "CAP_X"").
 */
bt_nodiscard int bt_capability_tweak(uint64_t defaults, uint64_t all, const char *const *add,
				     const char *const *drop, uint64_t *ret, struct bt_err *err);

#endif
