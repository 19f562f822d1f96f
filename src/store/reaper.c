/* SPDX-License-Identifier: Apache-2.0 */

#include "store/reaper.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/io.h"
#include "base/list.h"
#include "base/map.h"
#include "base/thread.h"

#define STACK_SIZE (256u << 10)
#define LOWER_BY   10 /* steps of nice(2), each a tenth of the processor's time */

struct item {
	struct bt_list link;
	char name[];
};

struct bt_reaper {
	int dirfd;
	bt_reaper_gone_fn gone;
	void *arg;
	pthread_mutex_t mutex;
	pthread_cond_t idle;
	struct bt_list items; /* this and the rest below the mutex */
	struct bt_map names;  /* of the items */
	bool running, stopping;
};

int bt_reaper_create(int dirfd, bt_reaper_gone_fn gone, void *arg, struct bt_reaper **ret)
{
	struct bt_reaper *reaper = calloc(1, sizeof(*reaper));

	if (!reaper)
		return -ENOMEM;
	reaper->dirfd = dirfd;
	reaper->gone = gone;
	reaper->arg = arg;
	(void)pthread_mutex_init(&reaper->mutex, NULL);
	(void)pthread_cond_init(&reaper->idle, NULL);
	bt_list_init(&reaper->items);
	*ret = reaper;
	return 0;
}

static struct item *next_item(struct bt_reaper *reaper)
{
	struct item *item = NULL;

	(void)pthread_mutex_lock(&reaper->mutex);
	if (!reaper->stopping && !bt_list_empty(&reaper->items)) {
		item = bt_list_entry(reaper->items.next, struct item, link);
		bt_list_remove(&item->link);
		(void)bt_map_remove(&reaper->names, item->name);
	} else {
		reaper->running = false;
		(void)pthread_cond_broadcast(&reaper->idle);
	}
	(void)pthread_mutex_unlock(&reaper->mutex);
	return item;
}

/* Nobody waits for it, so whoever is waited for goes first; but only while nothing is locked. */
static int remove_tree(const struct bt_reaper *reaper, const char *name)
{
	const id_t self = (id_t)gettid();
	const int before = getpriority(PRIO_PROCESS, self);
	int r;

	(void)setpriority(PRIO_PROCESS, self, before + LOWER_BY);
	r = bt_io_remove_tree(reaper->dirfd, name);
	(void)setpriority(PRIO_PROCESS, self, before);
	return r;
}

static void *reaper_main(void *arg)
{
	struct bt_reaper *reaper = arg;
	struct item *item;

	while ((item = next_item(reaper))) {
		if (remove_tree(reaper, item->name) == 0 && reaper->gone)
			reaper->gone(reaper->arg, item->name);
		free(item);
	}
	return NULL;
}

/* With the mutex held. Where there is no thread to be had, the next addition tries again. */
static void start(struct bt_reaper *reaper)
{
	if (!reaper->running)
		reaper->running = bt_thread_detach(STACK_SIZE, reaper_main, reaper) == 0;
}

void bt_reaper_add(struct bt_reaper *reaper, const char *name)
{
	struct item *item = malloc(sizeof(*item) + strlen(name) + 1);

	if (!item)
		return;
	(void)strcpy(item->name, name);
	(void)pthread_mutex_lock(&reaper->mutex);
	/* Who looks what there is to remove finds what waits here, too. */
	if (bt_map_get(&reaper->names, name) || bt_map_put(&reaper->names, name, item, NULL) < 0)
		free(item);
	else
		bt_list_append(&reaper->items, &item->link);
	start(reaper);
	(void)pthread_mutex_unlock(&reaper->mutex);
}

void bt_reaper_destroy(struct bt_reaper *reaper)
{
	if (!reaper)
		return;
	(void)pthread_mutex_lock(&reaper->mutex);
	reaper->stopping = true;
	while (reaper->running)
		(void)pthread_cond_wait(&reaper->idle, &reaper->mutex);
	(void)pthread_mutex_unlock(&reaper->mutex);
	bt_list_foreach (it, &reaper->items)
		free(bt_list_entry(it, struct item, link));
	bt_map_done(&reaper->names);
	(void)pthread_cond_destroy(&reaper->idle);
	(void)pthread_mutex_destroy(&reaper->mutex);
	free(reaper);
}
