/* SPDX-License-Identifier: Apache-2.0 */

#include "image/blob_stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "store/digest.h"
#include "store/ring.h"

#define BLOCK_SIZE  (256u << 10)
#define BLOCK_COUNT 4
#define STACK_SIZE  (256u << 10)

struct bt_blob_stream {
	struct bt_blob_stream_source source;
	struct bt_ring *ring;
	pthread_t thread;
	bool started;
	/* The fetching thread's. */
	char *block;
	size_t block_len;
	int64_t got;
	struct bt_digest digest;
	struct bt_err err; /* valid once the ring is finished */
	/* The reader's. */
	const char *data;
	size_t data_len;
};

static int flush(struct bt_blob_stream *s)
{
	if (s->block_len > 0)
		bt_ring_push(s->ring, s->block_len);
	s->block = NULL;
	s->block_len = 0;
	return s->source.told ? s->source.told(s->source.arg, s->got) : 0;
}

static int take(void *arg, const void *data, size_t len)
{
	struct bt_blob_stream *s = arg;
	const char *p = data;
	int r;

	bt_digest_update(&s->digest, data, len);
	s->got += (int64_t)len;
	while (len > 0) {
		size_t n = BLOCK_SIZE - s->block_len;

		if (!s->block) {
			void *block;

			r = bt_ring_claim(s->ring, &block);
			if (r < 0)
				return r;
			s->block = block;
			n = BLOCK_SIZE;
		}
		if (n > len)
			n = len;
		memcpy(s->block + s->block_len, p, n);
		s->block_len += n;
		p += n;
		len -= n;
		if (s->block_len == BLOCK_SIZE) {
			r = flush(s);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int check(struct bt_blob_stream *s)
{
	char digest[BT_DIGEST_SIZE];

	bt_digest_text(&s->digest, digest);
	if (strcmp(digest, s->source.digest) == 0)
		return 0;
	return bt_err_set(
		&s->err, BT_ERR_INVALID, EBADMSG,
		"filesystem layer verification failed for digest %s: the registry sent %s",
		s->source.digest, digest);
}

static void *fetch_main(void *arg)
{
	struct bt_blob_stream *s = arg;
	int r;

	r = bt_session_get_blob(s->source.session, s->source.digest, s->source.size, take, s,
				&s->err);
	if (r == 0)
		r = check(s);
	if (r == 0 && flush(s) < 0)
		r = bt_err_set(&s->err, BT_ERR_UNAVAILABLE, ECANCELED, "cancelled");
	bt_ring_finish(s->ring, r);
	return NULL;
}

int bt_blob_stream_create(const struct bt_blob_stream_source *source, struct bt_blob_stream **ret,
			  struct bt_err *err)
{
	struct bt_blob_stream *s = calloc(1, sizeof(*s));
	pthread_attr_t attr;
	int r;

	if (!s || bt_ring_create(BLOCK_COUNT, BLOCK_SIZE, &s->ring) < 0) {
		free(s);
		return bt_err_sys(err, -ENOMEM, "fetch a blob");
	}
	s->source = *source;
	bt_digest_init(&s->digest);
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	r = pthread_create(&s->thread, &attr, fetch_main, s);
	(void)pthread_attr_destroy(&attr);
	s->started = r == 0;
	if (r != 0) {
		bt_blob_stream_destroy(s);
		return bt_err_sys(err, -r, "fetch a blob");
	}
	*ret = s;
	return 0;
}

ssize_t bt_blob_stream_read(void *arg, void *buf, size_t len, struct bt_err *err)
{
	struct bt_blob_stream *s = arg;

	if (s->data_len == 0) {
		const void *data;
		int r = bt_ring_next(s->ring, &data, &s->data_len);

		if (r < 0)
			*err = s->err;
		if (r <= 0) {
			s->data_len = 0;
			return r;
		}
		s->data = data;
	}
	if (len > s->data_len)
		len = s->data_len;
	memcpy(buf, s->data, len);
	s->data += len;
	s->data_len -= len;
	return (ssize_t)len;
}

int bt_blob_stream_finish(struct bt_blob_stream *stream, struct bt_err *err)
{
	char rest[4096];
	ssize_t n;

	do
		n = bt_blob_stream_read(stream, rest, sizeof(rest), err);
	while (n > 0);
	return (int)n;
}

void bt_blob_stream_destroy(struct bt_blob_stream *stream)
{
	if (!stream)
		return;
	bt_ring_cancel(stream->ring);
	if (stream->started)
		(void)pthread_join(stream->thread, NULL);
	bt_ring_destroy(stream->ring);
	free(stream);
}
