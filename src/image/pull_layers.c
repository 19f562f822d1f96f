/* SPDX-License-Identifier: Apache-2.0 */

#include "image/pull_layers.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/time.h"
#include "image/blob_stream.h"
#include "image/images_private.h"
#include "image/manifest.h"

/* Each has two threads that work and one that waits for the network. */
#define AT_ONCE    4
#define STACK_SIZE (256u << 10)
/* A bar that moves ten times in a second is a good one. */
#define BAR_PAUSE_NS 100000000

struct layer {
	struct batch *batch;
	const char *digest, *diff_id;
	int64_t size, last_told;
	char id[13];
	struct bt_layer_copy *copy;
};

/* The layers that are not here yet, and the threads that fetch them. */
struct batch {
	const struct bt_pull_layers *job;
	struct layer layers[BT_LAYERS_MAX];
	size_t len;
	pthread_mutex_t mutex; /* of all below, and of the progress */
	size_t next;
	bool failed;
	struct bt_err err;
};

/* Tell something of a layer. Once something has failed, or the client has gone, all end. */
static int tell(struct layer *l, const char *status, int64_t current)
{
	struct batch *b = l->batch;
	int r = -ECANCELED;

	(void)pthread_mutex_lock(&b->mutex);
	if (!b->failed)
		r = current < 0
			    ? bt_progress_status(b->job->progress, l->id, status)
			    : bt_progress_bar(b->job->progress, l->id, status, current, l->size);
	if (r < 0 && !b->failed) {
		b->failed = true;
		(void)bt_err_set(&b->err, BT_ERR_UNAVAILABLE, ECANCELED,
				 "the pull was cancelled: the client has gone");
	}
	(void)pthread_mutex_unlock(&b->mutex);
	return r;
}

static int on_bytes(void *arg, int64_t got)
{
	struct layer *l = arg;
	int64_t now = bt_time_monotonic_ns();

	if (now - l->last_told < BAR_PAUSE_NS && got != l->size)
		return 0;
	l->last_told = now;
	return tell(l, "Downloading", got);
}

static int fetch(struct layer *l, struct bt_err *err)
{
	const struct bt_pull_layers *job = l->batch->job;
	struct bt_blob_stream *stream = NULL;
	int r;

	r = bt_blob_stream_create(&(struct bt_blob_stream_source){ .session = job->session,
								   .digest = l->digest,
								   .size = l->size,
								   .told = on_bytes,
								   .arg = l },
				  &stream, err);
	if (r < 0)
		return r;
	r = bt_layers_prepare(job->images->layers,
			      &(struct bt_layer_source){ .read = bt_blob_stream_read,
							 .arg = stream,
							 .diff_id = l->diff_id },
			      &l->copy, err);
	if (r == 0)
		r = bt_blob_stream_finish(stream, err);
	bt_blob_stream_destroy(stream);
	return r;
}

static struct layer *next_layer(struct batch *b)
{
	struct layer *l = NULL;

	(void)pthread_mutex_lock(&b->mutex);
	if (!b->failed && b->next < b->len)
		l = &b->layers[b->next++];
	(void)pthread_mutex_unlock(&b->mutex);
	return l;
}

static void *fetch_main(void *arg)
{
	struct batch *b = arg;
	struct layer *l;

	while ((l = next_layer(b))) {
		struct bt_err err = { 0 };

		if (fetch(l, &err) < 0) {
			(void)pthread_mutex_lock(&b->mutex);
			if (!b->failed)
				b->err = err;
			b->failed = true;
			(void)pthread_mutex_unlock(&b->mutex);
		} else {
			(void)tell(l, "Download complete", -1);
		}
	}
	return NULL;
}

/* Fetch all. Some threads are enough, one is the least. */
static int fetch_all(struct batch *b, struct bt_err *err)
{
	pthread_t threads[AT_ONCE];
	size_t n = 0;
	pthread_attr_t attr;

	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	while (n < AT_ONCE && n < b->len && pthread_create(&threads[n], &attr, fetch_main, b) == 0)
		n++;
	(void)pthread_attr_destroy(&attr);
	if (n == 0 && b->len > 0)
		return bt_err_sys(err, -EAGAIN, "fetch layers");
	for (size_t i = 0; i < n; i++)
		(void)pthread_join(threads[i], NULL);
	if (!b->failed)
		return 0;
	*err = b->err;
	return -err->errnum;
}

static int pile_up(struct batch *b, struct bt_stack *stack, struct bt_err *err)
{
	for (size_t i = 0; i < b->len; i++) {
		struct layer *l = &b->layers[i];
		int r = tell(l, "Extracting", l->size);

		if (r == 0)
			r = bt_stack_push(stack, l->copy, err);
		else
			*err = b->err;
		if (r < 0)
			return r;
		(void)tell(l, "Pull complete", -1);
	}
	return 0;
}

/* Put those on the stack that are here; the others go into the batch. */
static int sort_out(struct batch *b, struct bt_stack *stack, struct bt_err *err)
{
	const json_t *descriptor;
	bool missing = false;
	size_t i;
	int r;

	json_array_foreach (b->job->descriptors, i, descriptor) {
		struct layer *l = &b->layers[b->len];

		l->batch = b;
		l->diff_id = json_string_value(json_array_get(b->job->diff_ids, i));
		r = bt_manifest_descriptor(descriptor, &l->digest, &l->size, err);
		if (r < 0)
			return r;
		(void)snprintf(l->id, sizeof(l->id), "%.12s", bt_digest_hex(l->digest));
		r = missing ? 0 : bt_stack_find(stack, l->diff_id, err);
		if (r < 0)
			return r;
		if (tell(l, r > 0 ? "Already exists" : "Pulling fs layer", -1) < 0) {
			*err = b->err;
			return -err->errnum;
		}
		missing |= r == 0;
		b->len += r == 0;
	}
	return 0;
}

int bt_pull_layers(const struct bt_pull_layers *job, struct bt_stack *stack, struct bt_err *err)
{
	struct batch *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return bt_err_sys(err, -ENOMEM, "fetch layers");
	b->job = job;
	(void)pthread_mutex_init(&b->mutex, NULL);
	r = sort_out(b, stack, err);
	if (r == 0)
		r = fetch_all(b, err);
	if (r == 0)
		r = pile_up(b, stack, err);
	for (size_t i = 0; i < b->len; i++)
		bt_layer_copy_destroy(b->layers[i].copy);
	(void)pthread_mutex_destroy(&b->mutex);
	free(b);
	return r;
}
