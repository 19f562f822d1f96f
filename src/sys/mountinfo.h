/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_MOUNTINFO_H
#define BT_SYS_MOUNTINFO_H

/*
 * /proc/PID/mountinfo (proc(5)): which mounts lie below another. Where mounts are
 * is named by whoever mounts, so the text is not to be trusted beyond its form.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/** More mounts than any kernel allows in a namespace by default (fs.mount-max). */
#define BT_MOUNTINFO_MAX 100000

struct bt_mountinfo {
	uint64_t id, parent;
	char *point; /* the mount point, unescaped; into the list's text */
};

struct bt_mountinfo_list {
	char *text;             /* owned */
	struct bt_mountinfo *v; /* owned, in the order of the file */
	size_t n;
};

/** Undo mountinfo's \ooo for blanks and backslashes, in place. */
void bt_mountinfo_unescape(char *s);

/** Read a mountinfo file's text. Lines of another form are passed over. Returns 0, -E2BIG or
 * -ENOMEM. */
bt_nodiscard int bt_mountinfo_parse(const char *text, struct bt_mountinfo_list *ret);

/** Release it and leave it empty. */
void bt_mountinfo_done(struct bt_mountinfo_list *list);

#define bt_auto_mountinfo bt_auto(bt_mountinfo_done)

/** Keep only the mounts below the mount `id`, parents before children; `point` becomes relative to
 * its mount point, without a slash in front. What covers the mount itself has the path "". */
void bt_mountinfo_keep_below(struct bt_mountinfo_list *list, uint64_t id);

#endif
