/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_SPREAD_H
#define BT_STORE_SPREAD_H

/*
 * Makes directories far from each other on the disk, where the file system
 * (ext4) has a say in that. An ext4 without journal does not use the inodes of
 * removed files for minutes, and looks at them one by one for each file that is
 * made near them: an image that is pulled where another one was removed a moment
 * ago takes ten times as long. Other file systems just make the directory.
 */

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"

#define BT_SPREAD_KEPT 48

/** Where the last ones were made. Any thread. */
struct bt_spread {
	pthread_mutex_t mutex;
	ino_t used[BT_SPREAD_KEPT];
	size_t next;
};

/** Prepare. */
void bt_spread_init(struct bt_spread *spread);
/** Release. */
void bt_spread_done(struct bt_spread *spread);
/** Make `name` in the directory `dir`, with `mode` whatever the umask is. Other directories that
 * are made in `dir` by others afterwards are spread, too. Returns a descriptor of it, or a negative
 * errno. */
bt_nodiscard int bt_spread_mkdir(struct bt_spread *spread, int dir, const char *name, mode_t mode);
/** Mark `dir` so that directories made in it are spread over the disk. Returns whether the file
 * system does that. */
bool bt_spread_mark(int dir);
/** Is the inode `ino` near one of the last ones? */
bool bt_spread_is_near(struct bt_spread *spread, ino_t ino);
/** Remember `ino`. */
void bt_spread_note(struct bt_spread *spread, ino_t ino);

#endif
