/* SPDX-License-Identifier: Apache-2.0 */

#include "image/transfers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/path.h"
#include "base/thread.h"
#include "image/blob_stream.h"
#include "store/digest.h"

#define STACK_SIZE   (256u << 10)
#define KEEP_SECONDS 86400

struct bt_transfer {
	struct bt_transfers *all;
	struct bt_list node;
	struct bt_session *session;
	char digest[BT_DIGEST_SIZE], diff_id[BT_DIGEST_SIZE];
	int64_t size;
	atomic_bool cancelled;
	/* Under the mutex of all. */
	int refs; /* who waits, and the thread */
	enum bt_transfer_state state;
	struct bt_blob_stream *stream; /* while the thread runs */
	struct bt_layer_copy *copy;
	struct bt_err err;
};

struct bt_transfers {
	char *root;
	struct bt_layers *layers;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct bt_list list; /* of all that are not released */
};

/* Under the mutex. Nobody finds a transfer that is cancelled, over or failed. */
static bool can_be_joined(const struct bt_transfer *t)
{
	return !atomic_load(&t->cancelled) && t->state <= BT_TRANSFER_CLAIMED;
}

static void release(struct bt_transfer *t)
{
	bt_session_destroy(t->session);
	bt_layer_copy_destroy(t->copy);
	free(t);
}

/* What the last one leaves is released before the list forgets it, for bt_transfers_close() waits
 * for that, and its caller closes the layers. */
static void drop(struct bt_transfers *all, struct bt_transfer *t)
{
	struct bt_layer_copy *copy = NULL;

	(void)pthread_mutex_lock(&all->mutex);
	if (t->refs == 1) {
		t->state = BT_TRANSFER_OVER;
		copy = bt_take(t->copy);
		(void)pthread_mutex_unlock(&all->mutex);
		bt_layer_copy_destroy(copy);
		bt_session_destroy(bt_take(t->session));
		(void)pthread_mutex_lock(&all->mutex);
	}
	if (--t->refs > 0)
		t = NULL;
	else
		bt_list_remove(&t->node);
	(void)pthread_cond_broadcast(&all->changed);
	(void)pthread_mutex_unlock(&all->mutex);
	if (t)
		release(t);
}

static void set_stream(struct bt_transfer *t, struct bt_blob_stream *stream)
{
	(void)pthread_mutex_lock(&t->all->mutex);
	t->stream = stream;
	(void)pthread_mutex_unlock(&t->all->mutex);
}

/* Fetch and unpack. `ret_again`: bytes of an earlier download may have been at fault. */
static int fetch(struct bt_transfer *t, struct bt_layer_copy **ret, bool *ret_again,
		 struct bt_err *err)
{
	struct bt_blob_stream *stream = NULL;
	struct bt_layer_copy *copy = NULL;
	int r;

	r = bt_blob_stream_create(&(struct bt_blob_stream_source){ .session = t->session,
								   .root = t->all->root,
								   .digest = t->digest,
								   .size = t->size,
								   .cancelled = &t->cancelled },
				  &stream, err);
	if (r < 0)
		return r;
	set_stream(t, stream);
	r = bt_layers_prepare(t->all->layers,
			      &(struct bt_layer_source){ .read = bt_blob_stream_read,
							 .arg = stream,
							 .diff_id = t->diff_id },
			      &copy, err);
	if (r == 0)
		r = bt_blob_stream_finish(stream, err);
	*ret_again = r < 0 && err->kind == BT_ERR_INVALID && bt_blob_stream_was_resumed(stream);
	set_stream(t, NULL);
	bt_blob_stream_destroy(stream);
	if (r < 0)
		bt_layer_copy_destroy(copy);
	else
		*ret = copy;
	return r;
}

static void *transfer_main(void *arg)
{
	struct bt_transfer *t = arg;
	struct bt_transfers *all = t->all;
	struct bt_layer_copy *copy = NULL;
	struct bt_err err = { 0 };
	bool again = false;
	int r = fetch(t, &copy, &again, &err);

	if (again)
		r = fetch(t, &copy, &again, &err);
	(void)pthread_mutex_lock(&all->mutex);
	t->copy = copy;
	t->err = err;
	t->state = r < 0 ? BT_TRANSFER_FAILED : BT_TRANSFER_READY;
	(void)pthread_cond_broadcast(&all->changed);
	(void)pthread_mutex_unlock(&all->mutex);
	drop(all, t);
	return NULL;
}

static struct bt_transfer *find(struct bt_transfers *all, const struct bt_transfers_want *want)
{
	bt_list_foreach (it, &all->list) {
		struct bt_transfer *t = bt_list_entry(it, struct bt_transfer, node);

		if (can_be_joined(t) && strcmp(t->digest, want->digest) == 0 &&
		    strcmp(t->diff_id, want->diff_id) == 0 && t->size == want->size)
			return t;
	}
	return NULL;
}

/* A blob's spool is of one transfer at a time: another one, which is ending, has to be waited for.
 */
static bool is_in_use(struct bt_transfers *all, const char *digest)
{
	bt_list_foreach (it, &all->list) {
		const struct bt_transfer *t = bt_list_entry(it, struct bt_transfer, node);

		if (t->state == BT_TRANSFER_FETCHING &&
		    strcmp(bt_digest_hex(t->digest), digest) == 0)
			return true;
	}
	return false;
}

/* Under the mutex. */
static int begin(struct bt_transfers *all, const struct bt_transfers_want *want,
		 struct bt_transfer **ret)
{
	struct bt_transfer *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	t->all = all;
	t->session = bt_session_ref(want->session);
	memcpy(t->digest, want->digest, strlen(want->digest) + 1);
	memcpy(t->diff_id, want->diff_id, strlen(want->diff_id) + 1);
	t->size = want->size;
	t->refs = 2;
	r = bt_thread_detach(STACK_SIZE, transfer_main, t);
	if (r < 0) {
		release(t);
		return r;
	}
	bt_list_append(&all->list, &t->node);
	*ret = t;
	return 0;
}

int bt_transfers_join(struct bt_transfers *transfers, const struct bt_transfers_want *want,
		      struct bt_transfer **ret, bool *ret_mine, struct bt_err *err)
{
	struct bt_transfer *t;
	bool mine;
	int r = 0;

	(void)pthread_mutex_lock(&transfers->mutex);
	while (!(t = find(transfers, want)) && is_in_use(transfers, bt_digest_hex(want->digest)))
		(void)pthread_cond_wait(&transfers->changed, &transfers->mutex);
	mine = !t;
	if (t)
		t->refs++;
	else
		r = begin(transfers, want, &t);
	(void)pthread_mutex_unlock(&transfers->mutex);
	if (r < 0)
		return bt_err_sys(err, r, "fetch a layer");
	*ret = t;
	*ret_mine = mine;
	return 0;
}

void bt_transfers_leave(struct bt_transfers *transfers, struct bt_transfer *transfer)
{
	if (!transfer)
		return;
	(void)pthread_mutex_lock(&transfers->mutex);
	/* The thread's reference is the last one left. */
	if (transfer->state == BT_TRANSFER_FETCHING && transfer->refs == 2)
		atomic_store(&transfer->cancelled, true);
	(void)pthread_mutex_unlock(&transfers->mutex);
	drop(transfers, transfer);
}

enum bt_transfer_state bt_transfers_look(struct bt_transfers *transfers,
					 struct bt_transfer *transfer, int64_t *ret_have,
					 struct bt_err *err)
{
	enum bt_transfer_state state;

	(void)pthread_mutex_lock(&transfers->mutex);
	state = transfer->state;
	if (state == BT_TRANSFER_FETCHING)
		*ret_have = transfer->stream ? bt_blob_stream_have(transfer->stream) : 0;
	else
		*ret_have = transfer->size;
	if (state == BT_TRANSFER_FAILED)
		*err = transfer->err;
	(void)pthread_mutex_unlock(&transfers->mutex);
	return state;
}

void bt_transfers_wait(struct bt_transfers *transfers, int ms)
{
	struct timespec end;

	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += ms % 1000 * 1000000L;
	end.tv_sec += ms / 1000 + end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	(void)pthread_mutex_lock(&transfers->mutex);
	(void)pthread_cond_timedwait(&transfers->changed, &transfers->mutex, &end);
	(void)pthread_mutex_unlock(&transfers->mutex);
}

struct bt_layer_copy *bt_transfers_claim(struct bt_transfers *transfers,
					 struct bt_transfer *transfer)
{
	struct bt_layer_copy *copy = NULL;

	(void)pthread_mutex_lock(&transfers->mutex);
	if (transfer->state == BT_TRANSFER_READY) {
		transfer->state = BT_TRANSFER_CLAIMED;
		copy = transfer->copy;
	}
	(void)pthread_mutex_unlock(&transfers->mutex);
	return copy;
}

void bt_transfers_settle(struct bt_transfers *transfers, struct bt_transfer *transfer)
{
	bt_layer_copy_destroy(bt_take(transfer->copy));
	(void)pthread_mutex_lock(&transfers->mutex);
	transfer->state = BT_TRANSFER_OVER;
	(void)pthread_cond_broadcast(&transfers->changed);
	(void)pthread_mutex_unlock(&transfers->mutex);
}

static void sweep_one(struct bt_transfers *all, int dir, const char *name, time_t before)
{
	struct stat st;
	bool used;

	(void)pthread_mutex_lock(&all->mutex);
	used = is_in_use(all, name);
	/* Under the mutex, so that no transfer begins with what is being removed. */
	if (!used && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtime <= before)
		bt_discard(bt_io_remove_tree(dir, name));
	(void)pthread_mutex_unlock(&all->mutex);
}

void bt_transfers_sweep(struct bt_transfers *transfers, int64_t seconds)
{
	DIR *dir = opendir(transfers->root);
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			sweep_one(transfers, dirfd(dir), entry->d_name, time(NULL) - seconds);
	(void)closedir(dir);
}

int bt_transfers_open(const char *data_root, struct bt_layers *layers, struct bt_transfers **ret,
		      struct bt_err *err)
{
	struct bt_transfers *all = calloc(1, sizeof(*all));

	if (all)
		all->root = bt_path_join(data_root, "transfers");
	if (!all || !all->root) {
		free(all);
		return bt_err_sys(err, -ENOMEM, "open the transfers");
	}
	all->layers = layers;
	bt_list_init(&all->list);
	(void)pthread_mutex_init(&all->mutex, NULL);
	bt_lock_init_condition(&all->changed);
	bt_transfers_sweep(all, KEEP_SECONDS);
	*ret = all;
	return 0;
}

void bt_transfers_close(struct bt_transfers *transfers)
{
	if (!transfers)
		return;
	(void)pthread_mutex_lock(&transfers->mutex);
	bt_list_foreach (it, &transfers->list)
		atomic_store(&bt_list_entry(it, struct bt_transfer, node)->cancelled, true);
	while (!bt_list_empty(&transfers->list))
		(void)pthread_cond_wait(&transfers->changed, &transfers->mutex);
	(void)pthread_mutex_unlock(&transfers->mutex);
	(void)pthread_cond_destroy(&transfers->changed);
	(void)pthread_mutex_destroy(&transfers->mutex);
	free(transfers->root);
	free(transfers);
}
