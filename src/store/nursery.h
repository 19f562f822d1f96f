/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_NURSERY_H
#define BT_STORE_NURSERY_H

/*
 * Makes the directories of containers where nothing was removed lately, and near
 * each other. New files lie near their directory, and a new directory near its
 * parent; an ext4 without journal asks for each of them, one by one, for every file
 * that was removed there in the last minutes (see store/spread.h). So containers
 * that come and go in one place make each start slower, up to hundredfold.
 *
 * Here a directory is made in another one, the nursery, and then renamed to where
 * it belongs: a rename moves no inode. When some were removed the nursery is given
 * up for one far away. Where the file system has no say in where files lie, or one
 * cannot be made, directories are made in place.
 */

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/rand.h"
#include "store/spread.h"

/* So many removals make a place used. */
#define BT_NURSERY_REMOVALS 8

/** Any thread, but for opening and releasing it. */
struct bt_nursery {
	struct bt_spread *spread; /* borrowed */
	int top; /* the directory in which nurseries are; negative: none are made */
	pthread_mutex_t mutex;
	int fd; /* this and the rest below the mutex; negative: there is none yet */
	char name[BT_RAND_ID_LEN + 1];
	unsigned removed; /* since the last turn */
};

/** Prepare; `path` is an empty directory for it alone, on the file system of what will be made.
 * The first nursery comes with the first turn. */
void bt_nursery_open(struct bt_nursery *nursery, const char *path, struct bt_spread *spread);
/** Release. */
void bt_nursery_done(struct bt_nursery *nursery);

/** As mkdirat(2), returning 0 or a negative errno; -EEXIST where something is there. What a crash
 * leaves is an empty directory in the nursery. */
bt_nodiscard int bt_nursery_mkdir(struct bt_nursery *nursery, int at, const char *path,
				  mode_t mode);

/** A tree was removed. Takes another nursery when it is time to: a thread calls this for which
 * nobody waits. */
void bt_nursery_removed(struct bt_nursery *nursery);

#endif
