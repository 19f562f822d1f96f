/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_IPAM_H
#define BT_NET_IPAM_H

/*
 * Which numbers of a network's addresses (net/prefix.h) are given out. In
 * memory only: what must survive is in the database, from which this is
 * filled again.
 *
 * The lowest free number is given. One that was given back rests for a while
 * first, because the kernel removes the interface that had it only some time
 * after its namespace was dropped; until then two would answer for it.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* So many are given out by themselves, from zero or where `first` is beyond them from there; others
 * are only taken by name. */
#define BT_IPAM_MAX   (UINT64_C(1) << 24)
#define BT_IPAM_RESTS 128

/** Zeroed, with `first` and `last` (inclusive) set: nothing is given out. Not locked. */
struct bt_ipam {
	uint64_t first, last;
	uint64_t *words; /* a bit for each number, set: in use or resting */
	size_t nwords;
	uint64_t *far; /* numbers in use that have no bit */
	size_t nfar;
	struct {
		uint64_t index; /* of the bit */
		int64_t until_ns;
	} rests[BT_IPAM_RESTS]; /* a ring, oldest first */
	size_t rest_at, nrests;
};

/** Give out the lowest free number between first and last. `now_ns`: CLOCK_MONOTONIC. Returns
 * 0, -EADDRNOTAVAIL where all are in use, or -ENOMEM. */
bt_nodiscard int bt_ipam_next(struct bt_ipam *ipam, int64_t now_ns, uint64_t *ret);
/** Take this number, inside first and last or not; a resting one is taken at once. Returns 0,
 * -EADDRINUSE or -ENOMEM. */
bt_nodiscard int bt_ipam_take(struct bt_ipam *ipam, uint64_t index);
/** Give a number back; one that is not in use is fine. It rests for two seconds. */
void bt_ipam_give(struct bt_ipam *ipam, uint64_t index, int64_t now_ns);
/** Release the memory. */
void bt_ipam_done(struct bt_ipam *ipam);

#endif
