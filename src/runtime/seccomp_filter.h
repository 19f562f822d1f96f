/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_SECCOMP_FILTER_H
#define BT_RUNTIME_SECCOMP_FILTER_H

/*
 * What a seccomp specification becomes, as data: runtime/seccomp.h makes, keeps and loads it.
 */

#include <stdbool.h>
#include <stddef.h>

/** A compiled filter. Zeroed is none. */
struct bt_seccomp_filter {
	void *insns;    /* struct sock_filter[], owned */
	size_t len;     /* bytes */
	unsigned flags; /* for seccomp(2), SECCOMP_FILTER_FLAG_* */
	bool notify;    /* has SCMP_ACT_NOTIFY: load it with SECCOMP_FILTER_FLAG_NEW_LISTENER */
};

#endif
