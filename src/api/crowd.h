/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_CROWD_H
#define BT_API_CROWD_H

/*
 * The connections of a server that hold a descriptor and ask nothing: a request
 * begun and not finished, or one answered and no other yet. Where descriptors
 * are scarce, the one that has been so for longest makes room for others.
 *
 * Whether they are scarce the kernel says with each new descriptor: it is the
 * lowest that is free (POSIX, 2.6), so all below it are in use.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/list.h"

#define BT_CROWD_SHED 32u
/* Where descriptors are scarce, so long a connection has for its request, in milliseconds. */
#define BT_CROWD_SILENT_MS 100u

struct bt_crowd {
	pthread_mutex_t lock;
	struct bt_list silent; /* of bt_crowd_member, the longest silent first */
	rlim_t staying;        /* requests that go on */
};

struct bt_crowd_member {
	struct bt_list link;
	int sock;      /* borrowed; open for as long as it is silent here */
	int64_t since; /* silent since then, in ms of the monotonic clock */
};

/** Nobody is there. */
void bt_crowd_init(struct bt_crowd *crowd);
/** Release; nobody may be there any more. */
void bt_crowd_done(struct bt_crowd *crowd);

/** A connection has come, and is silent. */
void bt_crowd_enter(struct bt_crowd *crowd, struct bt_crowd_member *member, int sock);
/** It is waited for again, or (`silent` false) its request is being answered. */
void bt_crowd_set_silent(struct bt_crowd *crowd, struct bt_crowd_member *member, bool silent);
/** It leaves; its socket is still open. */
void bt_crowd_leave(struct bt_crowd *crowd, struct bt_crowd_member *member);

/** Shut the sockets of those who have been silent for longest, and for `silent_ms` at least: at
 * most BT_CROWD_SHED, so that there is room for a while. Their connections end soon. Returns how
 * many. */
unsigned bt_crowd_shed(struct bt_crowd *crowd, unsigned silent_ms);

/** Does `fd`, just made, show that more than three quarters of the process's descriptors are in
 * use? Time for bt_crowd_shed(). */
bool bt_crowd_is_scarce(int fd);

/** One more request whose answer goes on for as long as its client likes. False where there are so
 * many that the descriptors they may need (a followed log has seven) would leave none for those who
 * ask and leave: a sixteenth of the process's limit. */
bool bt_crowd_stay(struct bt_crowd *crowd);
/** One of them, which was let stay, is over. */
void bt_crowd_go(struct bt_crowd *crowd);

#endif
