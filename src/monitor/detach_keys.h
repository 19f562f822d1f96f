/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_DETACH_KEYS_H
#define BT_MONITOR_DETACH_KEYS_H

/*
 * The key sequence that lets go of a terminal ("ctrl-p,ctrl-q"), found in a stream
 * of input that may come in any pieces. Bytes that may be the beginning of the
 * sequence are held back until that is known, as Docker does.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

#define BT_DETACH_KEYS_MAX 32

/** Zeroed: no sequence, everything passes. */
struct bt_detach_keys {
	unsigned char keys[BT_DETACH_KEYS_MAX];
	unsigned len;
	unsigned matched; /* bytes held back */
};

/** Parse Docker's form: keys with commas between, each one character or ctrl-X with X of a-z
 * and @[\]^_ . NULL and "" stand for "ctrl-p,ctrl-q". Returns 0 or -EINVAL. */
bt_nodiscard int bt_detach_keys_parse(const char *text, struct bt_detach_keys *ret);

/**
 * Pass input on. `out` has room for len + BT_DETACH_KEYS_MAX bytes; *ret_len says how many are
 * to be passed on. Returns true where the sequence is complete: what comes after it is dropped.
 */
bool bt_detach_keys_filter(struct bt_detach_keys *keys, const char *data, size_t len, char *out,
			   size_t *ret_len);

#endif
