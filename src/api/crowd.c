/* SPDX-License-Identifier: Apache-2.0 */

#include "api/crowd.h"

#include <sys/socket.h>
#include <time.h>

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void bt_crowd_init(struct bt_crowd *crowd)
{
	*crowd = (struct bt_crowd){ .lock = PTHREAD_MUTEX_INITIALIZER };
	bt_list_init(&crowd->silent);
}

void bt_crowd_done(struct bt_crowd *crowd)
{
	(void)pthread_mutex_destroy(&crowd->lock);
}

void bt_crowd_enter(struct bt_crowd *crowd, struct bt_crowd_member *member, int sock)
{
	member->sock = sock;
	bt_list_init(&member->link);
	bt_crowd_set_silent(crowd, member, true);
}

void bt_crowd_set_silent(struct bt_crowd *crowd, struct bt_crowd_member *member, bool silent)
{
	pthread_mutex_lock(&crowd->lock);
	bt_list_remove(&member->link);
	member->since = now_ms();
	if (silent)
		bt_list_append(&crowd->silent, &member->link);
	pthread_mutex_unlock(&crowd->lock);
}

void bt_crowd_leave(struct bt_crowd *crowd, struct bt_crowd_member *member)
{
	bt_crowd_set_silent(crowd, member, false);
}

unsigned bt_crowd_shed(struct bt_crowd *crowd, unsigned silent_ms)
{
	int64_t latest = now_ms() - silent_ms;
	unsigned n = 0;

	/* Under the lock nobody leaves, so each socket is open and no other's. */
	pthread_mutex_lock(&crowd->lock);
	while (n < BT_CROWD_SHED && !bt_list_empty(&crowd->silent)) {
		struct bt_list *first = crowd->silent.next;
		struct bt_crowd_member *member = bt_list_entry(first, struct bt_crowd_member, link);

		if (member->since > latest)
			break;
		bt_list_remove(first);
		(void)shutdown(member->sock, SHUT_RDWR);
		n++;
	}
	pthread_mutex_unlock(&crowd->lock);
	return n;
}

static rlim_t limit(void)
{
	struct rlimit files;

	return getrlimit(RLIMIT_NOFILE, &files) < 0 ? RLIM_INFINITY : files.rlim_cur;
}

bool bt_crowd_is_scarce(int fd)
{
	return fd >= 0 && (rlim_t)fd >= limit() / 4 * 3;
}

bool bt_crowd_stay(struct bt_crowd *crowd)
{
	bool may;

	pthread_mutex_lock(&crowd->lock);
	may = crowd->staying < limit() / 16;
	crowd->staying += may;
	pthread_mutex_unlock(&crowd->lock);
	return may;
}

void bt_crowd_go(struct bt_crowd *crowd)
{
	pthread_mutex_lock(&crowd->lock);
	crowd->staying--;
	pthread_mutex_unlock(&crowd->lock);
}
