/* SPDX-License-Identifier: Apache-2.0 */

#include "image/blob_stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/thread.h"
#include "image/spool.h"
#include "store/digest.h"

#define STACK_SIZE (256u << 10)
/* So much is gathered before it is written, where it comes fast: libcurl gives 16 KiB at a time. */
#define GATHER_SIZE (256u << 10)
/* Connections for one blob, where the registry serves ranges. */
#define FETCHERS 3

struct fetcher {
	struct bt_blob_stream *stream;
	pthread_t thread;
	struct bt_spool_piece piece; /* what it fetches, and how much of that is here */
	int64_t done;
	bool partial;
	size_t gathered; /* the last bytes of those, which are not in the spool yet */
	char *gather;
	int unwritten; /* why the spool took no more: whoever fetches only knows that it was stopped
			*/
};

struct bt_blob_stream {
	struct bt_blob_stream_source source;
	struct bt_spool *spool;
	atomic_bool ended;     /* for the fetchers */
	pthread_mutex_t mutex; /* of the next ones */
	size_t fetchers, working;
	bool failed;
	struct bt_err err; /* what failed first */
	struct fetcher fetcher[FETCHERS];
	/* The reader's. */
	int64_t at;
	struct bt_digest digest;
	bool checked;
};

static void *fetch_main(void *arg);

static int start_fetcher(struct bt_blob_stream *s)
{
	struct fetcher *f;
	int r;

	(void)pthread_mutex_lock(&s->mutex);
	f = &s->fetcher[s->fetchers];
	*f = (struct fetcher){ .stream = s };
	r = bt_thread_start(&f->thread, STACK_SIZE, fetch_main, f);
	if (r == 0) {
		s->fetchers++;
		s->working++;
	}
	(void)pthread_mutex_unlock(&s->mutex);
	return r;
}

/* The first one has seen that ranges are served: others help, if there is something to do. That
 * there is no thread for one is no harm. */
static void call_help(struct fetcher *f)
{
	struct bt_blob_stream *s = f->stream;

	if (f != &s->fetcher[0] || !f->partial || s->fetchers > 1)
		return;
	for (int i = 1; i < FETCHERS && s->source.size > i * BT_SPOOL_CHUNK; i++)
		if (start_fetcher(s) < 0)
			return;
}

/* Write what is gathered. */
static int flush(struct fetcher *f)
{
	int64_t at = f->piece.from + f->done - (int64_t)f->gathered;
	size_t n = f->gathered;

	f->gathered = 0;
	if (n > 0 && f->unwritten == 0)
		f->unwritten = bt_spool_write(f->stream->spool, at, f->gather, n);
	return f->unwritten;
}

/* Bytes of the piece. */
static int gather(struct fetcher *f, const char *data, size_t len)
{
	while (len > 0) {
		size_t room = GATHER_SIZE - f->gathered, n = len < room ? len : room;
		int r = 0;

		memcpy(f->gather + f->gathered, data, n);
		f->gathered += n;
		f->done += (int64_t)n;
		data += n;
		len -= n;
		if (f->gathered == GATHER_SIZE || f->done == f->piece.len)
			r = flush(f);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Bytes of the piece and, where the registry sends all that follows, of the next ones. */
static int take(void *arg, const void *data, size_t len)
{
	struct fetcher *f = arg;
	const char *p = data;

	if (atomic_load(&f->stream->ended))
		return -ECANCELED;
	if (len == 0)
		return flush(f);
	call_help(f);
	while (len > 0) {
		int64_t left = f->piece.len - f->done;
		size_t n = (int64_t)len < left ? len : (size_t)left;
		int r;

		if (left == 0) {
			int64_t end = f->piece.from + f->piece.len;

			if (!bt_spool_claim(f->stream->spool, &f->piece))
				return BT_HTTP_ENOUGH;
			f->done = 0;
			/* Something of it is here already: that is asked for by itself. */
			if (f->piece.from != end)
				return BT_HTTP_ENOUGH;
			continue;
		}
		r = gather(f, p, n);
		if (r < 0)
			return r;
		p += n;
		len -= n;
	}
	return 0;
}

static int fetch_piece(struct fetcher *f, struct bt_err *err)
{
	const struct bt_blob_stream_source *source = &f->stream->source;
	int r;

	r = bt_session_get_part(source->session,
				&(struct bt_session_part){ .digest = source->digest,
							   .from = f->piece.from + f->done,
							   .len = f->piece.len - f->done,
							   .size = source->size,
							   .sink = take,
							   .arg = f,
							   .ret_partial = &f->partial,
							   .cancelled = source->cancelled },
				err);
	/* Whoever takes it up again asks for what follows. */
	if (flush(f) < 0)
		return bt_err_sys(err, f->unwritten, "write what was downloaded");
	return r;
}

static void *fetch_main(void *arg)
{
	struct fetcher *f = arg;
	struct bt_blob_stream *s = f->stream;
	struct bt_err err = { 0 };
	bool last;
	int r = 0;

	f->gather = malloc(GATHER_SIZE);
	if (!f->gather)
		r = bt_err_sys(&err, -ENOMEM, "fetch a blob");
	while (r == 0 && bt_spool_claim(s->spool, &f->piece)) {
		f->done = 0;
		do
			r = fetch_piece(f, &err);
		while (r == 0 && f->done < f->piece.len);
	}
	free(bt_take(f->gather));
	(void)pthread_mutex_lock(&s->mutex);
	if (r < 0 && !s->failed)
		s->err = err;
	s->failed |= r < 0;
	last = --s->working == 0;
	(void)pthread_mutex_unlock(&s->mutex);
	if (r < 0)
		atomic_store(&s->ended, true);
	if (r < 0 || last)
		bt_spool_finish(s->spool, r);
	return NULL;
}

int bt_blob_stream_create(const struct bt_blob_stream_source *source, struct bt_blob_stream **ret,
			  struct bt_err *err)
{
	struct bt_blob_stream *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return bt_err_sys(err, -ENOMEM, "fetch a blob");
	s->source = *source;
	bt_digest_init(&s->digest);
	(void)pthread_mutex_init(&s->mutex, NULL);
	r = bt_spool_open(source->root, source->digest, source->size, &s->spool, err);
	if (r == 0) {
		r = start_fetcher(s);
		if (r < 0)
			r = bt_err_sys(err, r, "fetch a blob");
	}
	if (r < 0) {
		bt_blob_stream_destroy(s);
		return r;
	}
	*ret = s;
	return 0;
}

int64_t bt_blob_stream_have(struct bt_blob_stream *stream)
{
	return bt_spool_have(stream->spool);
}

bool bt_blob_stream_was_resumed(const struct bt_blob_stream *stream)
{
	return bt_spool_found(stream->spool) > 0;
}

static int check(struct bt_blob_stream *s, struct bt_err *err)
{
	char digest[BT_DIGEST_SIZE];

	bt_digest_text(&s->digest, digest);
	s->checked = true;
	if (strcmp(digest, s->source.digest) == 0)
		return 0;
	return bt_err_set(
		err, BT_ERR_INVALID, EBADMSG,
		"filesystem layer verification failed for digest %s: the registry sent %s",
		s->source.digest, digest);
}

ssize_t bt_blob_stream_read(void *arg, void *buf, size_t len, struct bt_err *err)
{
	struct bt_blob_stream *s = arg;
	ssize_t n = bt_spool_read(s->spool, s->at, buf, len);

	if (n < 0) {
		(void)pthread_mutex_lock(&s->mutex);
		if (s->failed)
			*err = s->err;
		else
			(void)bt_err_sys(err, (int)n, "read what was downloaded");
		(void)pthread_mutex_unlock(&s->mutex);
		return -err->errnum;
	}
	bt_digest_update(&s->digest, buf, (size_t)n);
	s->at += n;
	if (n == 0 && !s->checked) {
		int r = check(s, err);

		if (r < 0)
			return r;
	}
	return n;
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
	atomic_store(&stream->ended, true);
	/* Only the first starts others, and it is waited for first. */
	for (size_t i = 0; i < stream->fetchers; i++)
		(void)pthread_join(stream->fetcher[i].thread, NULL);
	bt_spool_destroy(stream->spool);
	(void)pthread_mutex_destroy(&stream->mutex);
	free(stream);
}
