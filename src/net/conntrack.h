/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_CONNTRACK_H
#define BT_NET_CONNTRACK_H

/*
 * Connections that the kernel remembers and translates. They outlive the rule
 * that made them: a port that is no longer published would stay open to whoever
 * used it last.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "net/prefix.h"

/** What a published port leads to. */
struct bt_conntrack_target {
	int proto; /* IPPROTO_… */
	struct bt_prefix address;
	uint16_t first, last;
};

/** Forget the connections that are translated to one of the `n` targets, in the calling thread's
 * network namespace. Returns 0 or -errno; what was forgotten before a failure stays so. */
bt_nodiscard int bt_conntrack_forget(const struct bt_conntrack_target *targets, size_t n);

#endif
