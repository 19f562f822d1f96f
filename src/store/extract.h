/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_EXTRACT_H
#define BT_STORE_EXTRACT_H

/*
 * Makes one entry of an archive beneath a root: file, directory, link, node,
 * with owner, mode, extended attributes and times. The archive is hostile;
 * every path goes through store/tree.h. Whiteouts become overlay's form:
 * a device 0:0 for ".wh.name", trusted.overlay.opaque for ".wh..wh..opq"
 * (OCI image-spec, layer.md, "Whiteouts").
 *
 * The thread that calls this has umask 0 of its own.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "store/implied.h"
#include "store/skeleton.h"
#include "store/tree.h"
#include "sys/id_map.h"

struct archive_entry;

/** Writes the current entry's content to `fd`. Returns its size or a negative errno. */
typedef int64_t (*bt_extract_content_fn)(void *arg, int fd, struct bt_err *err);

/** An owner. */
struct bt_extract_owner {
	uid_t uid;
	gid_t gid;
};

/** The extraction into one root. Zeroed but for the first block, it is ready. */
struct bt_extract {
	struct bt_tree tree;
	bool whiteouts;                       /* translate them; else they are plain files */
	const struct bt_extract_owner *owner; /* whose everything becomes, or NULL: the archive's
					       * word; borrowed */
	const struct bt_id_map *ids; /* owners, and whom capabilities are for, are those inside of
				      * a user namespace, and the tree is seen from outside; NULL:
				      * they are what they are. Borrowed */
	bool keep_kinds; /* refuse to replace a directory by something else, and the reverse */
	int shadow_fd;   /* where entries replaced by later ones go, or negative: removed */
	struct bt_skeleton *skeleton; /* told of those, or NULL; borrowed */
	struct bt_implied *implied;   /* filled, see `tree`, or NULL; borrowed */
	bt_extract_content_fn content;
	void *content_arg;

	int64_t size; /* bytes of files and symlinks' targets so far */
	uint32_t shadows;
	struct bt_extract_dir *dirs; /* whose mode and times come last */
	size_t dirs_len, dirs_cap, dirs_names;
};

/** What an entry will become, told before its content is read. */
enum bt_extract_kind {
	BT_EXTRACT_FILE, /* a regular file; its content goes to `path` */
	BT_EXTRACT_OTHER,
};

/** Which of both is `entry`, whose cleaned path is `path`? */
enum bt_extract_kind bt_extract_kind(const struct bt_extract *x, struct archive_entry *entry,
				     const char *path);

/** Make `entry` at `path` (clean). Returns 0 or a negative errno. */
bt_nodiscard int bt_extract_entry(struct bt_extract *x, struct archive_entry *entry,
				  const char *path, struct bt_err *err);

/** After the last entry: give the directories their modes and times. */
bt_nodiscard int bt_extract_finish(struct bt_extract *x, struct bt_err *err);

/** Release. */
void bt_extract_done(struct bt_extract *x);

#endif
