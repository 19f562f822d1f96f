/* SPDX-License-Identifier: Apache-2.0 */

#include "image/push_layers.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/thread.h"
#include "base/time.h"
#include "image/blobs.h"
#include "image/images_private.h"
#include "image/media.h"
#include "store/deflate.h"
#include "store/ring.h"

#define AT_ONCE      3
#define STACK_SIZE   (512u << 10)
#define KNOWN_MAX    8
#define TRIES        4
#define BLOCK_SIZE   (256u << 10)
#define BLOCK_COUNT  4
#define BAR_PAUSE_NS 100000000

struct layer {
	struct batch *batch;
	const struct bt_layer_result *layer;
	char id[13];
	struct bt_blob blob; /* what it is in the registry, in the end */
};

struct batch {
	const struct bt_push_layers *job;
	struct bt_layer_result chain[BT_LAYERS_MAX];
	struct layer layers[BT_LAYERS_MAX];
	size_t len;
	pthread_mutex_t mutex; /* of all below, and of the progress */
	size_t next;
	bool failed;
	struct bt_err err;
};

/* A layer being packed by one thread, and sent by another. */
struct packing {
	struct layer *l;
	struct bt_ring *ring;
	struct bt_digest digest; /* the packing thread's, as the next */
	struct bt_err err;
	int64_t skip; /* the sending thread's, as the next: bytes that are there already */
	int64_t sent, last_told; /* with those */
	bool taken;              /* the registry has taken it all, as it says */
	const char *data;
	size_t data_len;
};

static int tell(struct layer *l, const char *status, int64_t current, int64_t total)
{
	struct batch *b = l->batch;
	int r = -ECANCELED;

	(void)pthread_mutex_lock(&b->mutex);
	if (!b->failed)
		r = current < 0 ? bt_progress_status(b->job->progress, l->id, status)
				: bt_progress_bar(b->job->progress, l->id, status, current, total);
	if (r < 0 && !b->failed) {
		b->failed = true;
		(void)bt_err_set(&b->err, BT_ERR_UNAVAILABLE, ECANCELED,
				 "the push was cancelled: the client has gone");
	}
	(void)pthread_mutex_unlock(&b->mutex);
	return r < 0 ? -ECANCELED : 0;
}

/* Packed bytes, into the ring. */
static int push_block(void *arg, const void *data, size_t len)
{
	struct packing *p = arg;
	const char *from = data;

	bt_digest_update(&p->digest, data, len);
	while (len > 0) {
		size_t n = len < BLOCK_SIZE ? len : BLOCK_SIZE;
		void *block;
		int r = bt_ring_claim(p->ring, &block);

		if (r < 0)
			return r;
		memcpy(block, from, n);
		bt_ring_push(p->ring, n);
		from += n;
		len -= n;
	}
	return 0;
}

static void *pack_main(void *arg)
{
	struct packing *p = arg;
	struct bt_deflate *deflate = NULL;
	int r = bt_deflate_create(push_block, p, &deflate);

	if (r < 0)
		r = bt_err_sys(&p->err, r, "pack a layer");
	else
		r = bt_layers_write(p->l->batch->job->images->layers, p->l->layer->chain_id,
				    bt_deflate_write, deflate, &p->err);
	if (r == 0) {
		r = bt_deflate_finish(deflate);
		if (r < 0)
			r = bt_err_sys(&p->err, r, "pack a layer");
	}
	bt_deflate_destroy(deflate);
	bt_ring_finish(p->ring, r);
	return NULL;
}

/* The next bytes into `data`. Returns 1, 0 at the end, or a negative errno. */
static int next_data(struct packing *p)
{
	while (p->data_len == 0) {
		const void *data;
		int64_t n;
		int r = bt_ring_next(p->ring, &data, &p->data_len);

		if (r <= 0) {
			p->data_len = 0;
			return r;
		}
		n = p->skip < (int64_t)p->data_len ? p->skip : (int64_t)p->data_len;
		p->data = (const char *)data + n;
		p->data_len -= (size_t)n;
		p->skip -= n;
		p->sent += n;
	}
	return 1;
}

/* A bt_http_source_fn. */
static ssize_t read_packed(void *arg, void *buf, size_t len)
{
	struct packing *p = arg;
	int64_t now = bt_time_monotonic_ns();
	int r = next_data(p);

	if (r <= 0)
		return r;
	if (now - p->last_told > BAR_PAUSE_NS) {
		p->last_told = now;
		if (tell(p->l, "Pushing", p->sent, p->l->layer->size) < 0)
			return -ECANCELED;
	}
	if (len > p->data_len)
		len = p->data_len;
	memcpy(buf, p->data, len);
	p->data += len;
	p->data_len -= len;
	p->sent += (int64_t)len;
	return (ssize_t)len;
}

static int send_packed(struct packing *p, const char *url, struct bt_err *err)
{
	struct bt_session *session = p->l->batch->job->session;
	bt_auto_free char *end = NULL;
	int r;

	r = bt_session_upload(session, url, read_packed, p, &end, err);
	if (r < 0)
		return r;
	p->taken = true;
	bt_digest_text(&p->digest, p->l->blob.digest);
	p->l->blob.size = p->sent;
	(void)snprintf(p->l->blob.media_type, sizeof(p->l->blob.media_type), "%s",
		       BT_MEDIA_DOCKER_LAYER);
	return bt_session_end_upload(session, end, p->l->blob.digest, NULL, 0, err);
}

/* Pack and send, once, to `url`, what follows the first `have` bytes. `ret_taken`: the
 * registry has taken everything; where it failed all the same, something of it was wrong. */
static int upload_to(struct layer *l, const char *url, int64_t have, bool *ret_taken,
		     struct bt_err *err)
{
	struct packing p = { .l = l, .skip = have };
	pthread_t thread;
	int r;

	if (bt_ring_create(BLOCK_COUNT, BLOCK_SIZE, &p.ring) < 0)
		return bt_err_sys(err, -ENOMEM, "pack a layer");
	bt_digest_init(&p.digest);
	r = bt_thread_start(&thread, STACK_SIZE, pack_main, &p);
	if (r < 0) {
		bt_ring_destroy(p.ring);
		return bt_err_sys(err, r, "pack a layer");
	}
	r = send_packed(&p, url, err);
	bt_ring_cancel(p.ring);
	(void)pthread_join(thread, NULL);
	bt_ring_destroy(p.ring);
	*ret_taken = p.taken;
	/* Why there was nothing to send tells more than that there was nothing. */
	if (r < 0 && p.err.kind != BT_ERR_NONE && p.err.errnum != ECANCELED) {
		*err = p.err;
		r = -err->errnum;
	}
	return r;
}

/* An upload has broken off: how to go on with it. Where the registry does not know, or what it has
 * of it is not what was sent, another one is begun (`*url` is NULL, `*have` 0). */
static void take_up(struct layer *l, bool taken, char **url, int64_t *have)
{
	struct bt_session *session = l->batch->job->session;
	bt_auto_free char *old = bt_take(*url);
	int64_t n = 0;

	*have = 0;
	if (taken || bt_session_ask_upload(session, old, url, &n, BT_ERR_IGNORED) < 0)
		bt_session_drop_upload(session, old);
	else
		*have = n;
}

/* Wait, as long as anybody does. */
static int wait_to_retry(struct layer *l, unsigned int seconds)
{
	for (; seconds > 0; seconds--) {
		bt_auto_free char *text =
			bt_str_format("Retrying in %u second%s", seconds, seconds == 1 ? "" : "s");

		if (tell(l, text ? text : "Retrying", -1, 0) < 0)
			return -ECANCELED;
		(void)sleep(1);
	}
	return 0;
}

/* Pack and send, and where the connection breaks go on at the byte. `begun`: the URL of an upload
 * that has been begun, or NULL; taken. */
static int upload(struct layer *l, char *begun, struct bt_err *err)
{
	struct bt_session *session = l->batch->job->session;
	bt_auto_free char *url = begun;
	int64_t have = 0;

	for (unsigned int attempt = 1;; attempt++) {
		int64_t before = have;
		bool taken = false;
		int r = 0;

		if (!url)
			r = bt_session_begin_upload(session, "", NULL, &url, err);
		/* What the registry refuses to begin it refuses again. */
		if (r < 0 && err->kind != BT_ERR_UNAVAILABLE)
			return r;
		if (r == 0)
			r = upload_to(l, url, have, &taken, err);
		if (r == 0)
			return 0;
		if (r != -ECANCELED && attempt < TRIES && wait_to_retry(l, attempt) == 0) {
			if (url)
				take_up(l, taken, &url, &have);
			/* Whoever makes progress may go on for ever. */
			if (have > before)
				attempt = 0;
			continue;
		}
		if (url)
			bt_session_drop_upload(session, url);
		return r;
	}
}

static bool may_be_reused(const struct bt_blob *known)
{
	return strcmp(known->media_type, BT_MEDIA_DOCKER_LAYER) == 0 ||
	       strcmp(known->media_type, BT_MEDIA_OCI_LAYER "+gzip") == 0;
}

/* Is the blob there, or in a repository beside it? 1, 0 or a negative errno; then `ret_url` (owned,
 * or NULL) is an upload that the registry has begun instead of mounting. */
static int find_there(struct layer *l, const struct bt_blob *known, char **ret_url,
		      struct bt_err *err)
{
	const struct bt_push_layers *job = l->batch->job;
	const char *from = bt_str_after(known->repo, job->domain);
	bt_auto_free char *text = NULL;
	int r;

	r = bt_session_has_blob(job->session, known->digest, err);
	if (r > 0)
		(void)tell(l, "Layer already exists", -1, 0);
	if (r != 0 || !from || from[0] != '/' || strcmp(known->repo, job->repo) == 0 || *ret_url)
		return r;
	r = bt_session_begin_upload(job->session, known->digest, from + 1, ret_url, err);
	if (r > 0) {
		text = bt_str_format("Mounted from %s", from + 1);
		(void)tell(l, text ? text : "Mounted", -1, 0);
	}
	return r;
}

static int push_layer(struct layer *l, struct bt_err *err)
{
	const struct bt_push_layers *job = l->batch->job;
	struct bt_blob known[KNOWN_MAX];
	bt_auto_free char *url = NULL;
	int n, r;

	n = bt_blobs_find(job->images, l->layer->diff_id, job->repo, known, KNOWN_MAX, err);
	for (int i = 0; i < n; i++) {
		if (!may_be_reused(&known[i]))
			continue;
		r = find_there(l, &known[i], &url, err);
		if (r != 0) {
			l->blob = known[i];
			return r < 0 ? r : 0;
		}
	}
	if (n < 0)
		return n;
	r = upload(l, bt_take(url), err);
	if (r == 0)
		(void)tell(l, "Pushed", -1, 0);
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

static void *push_main(void *arg)
{
	struct batch *b = arg;
	struct layer *l;

	while ((l = next_layer(b))) {
		struct bt_err err = { 0 };

		if (push_layer(l, &err) == 0)
			continue;
		(void)pthread_mutex_lock(&b->mutex);
		if (!b->failed)
			b->err = err;
		b->failed = true;
		(void)pthread_mutex_unlock(&b->mutex);
	}
	return NULL;
}

static int push_all(struct batch *b, struct bt_err *err)
{
	pthread_t threads[AT_ONCE];
	size_t n = 0;

	while (n < AT_ONCE && n < b->len &&
	       bt_thread_start(&threads[n], STACK_SIZE, push_main, b) == 0)
		n++;
	if (n == 0 && b->len > 0)
		return bt_err_sys(err, -EAGAIN, "push layers");
	for (size_t i = 0; i < n; i++)
		(void)pthread_join(threads[i], NULL);
	if (!b->failed)
		return 0;
	*err = b->err;
	return -err->errnum;
}

/* Remember where each is now, and say so in the manifest. */
static int describe(struct batch *b, json_t *descriptors, struct bt_err *err)
{
	for (size_t i = 0; i < b->len; i++) {
		struct bt_blob *blob = &b->layers[i].blob;

		(void)snprintf(blob->repo, sizeof(blob->repo), "%s", b->job->repo);
		/* A hint only: the push has succeeded. */
		bt_discard(
			bt_blobs_note(b->job->images, b->chain[i].diff_id, blob, BT_ERR_IGNORED));
		if (json_array_append_new(descriptors,
					  json_pack("{sssIss}", "mediaType", BT_MEDIA_DOCKER_LAYER,
						    "size", (json_int_t)blob->size, "digest",
						    blob->digest)) < 0)
			return bt_err_sys(err, -ENOMEM, "push layers");
	}
	return 0;
}

int bt_push_layers(const struct bt_push_layers *job, json_t **ret, struct bt_err *err)
{
	struct batch *b = calloc(1, sizeof(*b));
	json_auto_t *descriptors = json_array();
	int n = 0, r = 0;

	if (!b)
		return bt_err_sys(err, -ENOMEM, "push layers");
	b->job = job;
	(void)pthread_mutex_init(&b->mutex, NULL);
	if (job->chain_id)
		n = bt_layers_chain(job->images->layers, job->chain_id, b->chain, err);
	for (int i = 0; i < n && r == 0; i++) {
		struct layer *l = &b->layers[b->len++];

		*l = (struct layer){ .batch = b, .layer = &b->chain[i] };
		(void)snprintf(l->id, sizeof(l->id), "%.12s", bt_digest_hex(l->layer->diff_id));
		r = tell(l, "Preparing", -1, 0);
		if (r < 0)
			*err = b->err;
	}
	if (n < 0)
		r = n;
	if (r == 0)
		r = push_all(b, err);
	if (r == 0)
		r = describe(b, descriptors, err);
	(void)pthread_mutex_destroy(&b->mutex);
	free(b);
	if (r == 0)
		*ret = bt_take(descriptors);
	return r;
}
