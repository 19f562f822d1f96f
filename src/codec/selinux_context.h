/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CODEC_SELINUX_CONTEXT_H
#define BT_CODEC_SELINUX_CONTEXT_H

/*
 * Security contexts of SELinux, "user:role:type" or "user:role:type:level", and the
 * files in which policies name those of containers (selinux(8), lxc_contexts(5)).
 * Whether a context exists is the policy's to say; here it is only text.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

/** The longest label with its NUL: fsconfig(2) takes no longer text. */
#define BT_SELINUX_LABEL_LEN 256

enum bt_selinux_part {
	BT_SELINUX_USER,
	BT_SELINUX_ROLE,
	BT_SELINUX_TYPE,
	BT_SELINUX_LEVEL, /* with its categories, "s0:c1,c2"; "" where the policy has no levels */
	BT_SELINUX_PARTS
};

/** A context taken apart. */
struct bt_selinux_context {
	char part[BT_SELINUX_PARTS][BT_SELINUX_LABEL_LEN];
};

/** Take `text` apart. Returns 0, or -EINVAL where it has fewer than three parts, an empty one, or
 * a byte that no context has (blanks, quotes, control characters, bytes beyond ASCII), or where it
 * is too long. */
bt_nodiscard int bt_selinux_context_parse(const char *text, struct bt_selinux_context *ret);

/** Replace one part. -EINVAL for a value that parsing would not give back as that part; an empty
 * level is none. */
bt_nodiscard int bt_selinux_context_set(struct bt_selinux_context *context,
					enum bt_selinux_part part, const char *value);

/** Put it together again. -EINVAL where the whole is too long. */
bt_nodiscard int bt_selinux_context_print(const struct bt_selinux_context *context,
					  char ret[BT_SELINUX_LABEL_LEN]);

/** The part called by the first `len` bytes of `name`: "user", "role", "type", "level". -EINVAL
 * for another. */
bt_nodiscard int bt_selinux_context_part(const char *name, size_t len);

/** What the lines 'key = "value"' of `text` say of `key`, the last one winning, as in
 * lxc_contexts; lines that begin with # or ; are remarks. Returns whether there is such a line
 * whose value is a context. */
bool bt_selinux_context_find(const char *text, const char *key, char ret[BT_SELINUX_LABEL_LEN]);

#endif
