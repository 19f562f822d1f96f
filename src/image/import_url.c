/* SPDX-License-Identifier: Apache-2.0 */

#include "image/import_url.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/sock.h"
#include "base/str.h"
#include "base/thread.h"
#include "image/images_private.h"
#include "registry/fetch.h"

#define STACK_SIZE (256u << 10)
/* How many bytes there are between two bars. */
#define BAR_BYTES ((int64_t)512 << 10)

/* A thread fetches into a socket, whose buffer is all that is kept, and who unpacks reads. */
struct download {
	struct bt_images *images;
	const struct bt_progress *progress;
	char *url, *shown; /* owned */
	int ours, theirs;
	pthread_t thread;
	bool running;
	atomic_bool cancelled;
	_Atomic(int64_t) length;
	int64_t have, told;
	/* The thread's, until it is joined. */
	int r;
	struct bt_err err;
};

static int put(void *arg, const void *data, size_t len)
{
	const struct download *d = arg;

	return bt_sock_send_all(d->theirs, data, len);
}

static void *fetch_main(void *arg)
{
	struct download *d = arg;
	bt_auto(bt_settings_done) struct bt_settings settings = { 0 };

	d->r = bt_images_settings_(d->images, &settings, &d->err);
	if (d->r == 0)
		d->r = bt_fetch(&(struct bt_fetch){ .url = d->url,
						    .settings = &settings,
						    .sink = put,
						    .arg = d,
						    .ret_length = &d->length,
						    .cancelled = &d->cancelled },
				&d->err);
	(void)shutdown(d->theirs, SHUT_WR);
	return NULL;
}

static int start(struct download *d, struct bt_err *err)
{
	int ends[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return bt_err_sys(err, -errno, "fetch an archive");
	d->ours = ends[0];
	d->theirs = ends[1];
	r = bt_thread_start(&d->thread, STACK_SIZE, fetch_main, d);
	d->running = r == 0;
	return r == 0 ? 0 : bt_err_sys(err, r, "fetch an archive");
}

/* What the fetching ended with. */
static int finish(struct download *d, struct bt_err *err)
{
	if (d->running)
		(void)pthread_join(d->thread, NULL);
	d->running = false;
	if (d->r < 0)
		*err = d->err;
	return d->r;
}

static void download_done(struct download *d)
{
	atomic_store(&d->cancelled, true);
	if (d->ours >= 0)
		(void)shutdown(d->ours, SHUT_RDWR);
	if (d->running)
		(void)pthread_join(d->thread, NULL);
	bt_close(&d->ours);
	bt_close(&d->theirs);
	free(d->url);
	free(d->shown);
}

static int tell(struct download *d, size_t n)
{
	bool first = d->have == 0;
	bt_auto_free char *words = first ? bt_str_format("Downloading from %s", d->shown) : NULL;
	int r = words ? bt_progress_status(d->progress, NULL, words) : first ? -ENOMEM : 0;

	d->have += (int64_t)n;
	if (r < 0 ||
	    (!first && d->have - d->told < BAR_BYTES && d->have != atomic_load(&d->length)))
		return r;
	d->told = d->have;
	return bt_progress_bar(d->progress, NULL, "Importing", d->have, atomic_load(&d->length));
}

/* A bt_inflate_read_fn. */
static ssize_t take(void *arg, void *buf, size_t len, struct bt_err *err)
{
	struct download *d = arg;
	ssize_t n;
	int r = d->ours < 0 ? start(d, err) : 0;

	if (r < 0)
		return r;
	do
		n = recv(d->ours, buf, len, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return bt_err_sys(err, -errno, "fetch an archive");
	if (n == 0)
		return finish(d, err);
	r = tell(d, (size_t)n);
	return r < 0 ? bt_err_sys(err, r, "tell how far an import is") : n;
}

int bt_images_import_url(struct bt_images *images, const char *url, const struct bt_import *import,
			 const struct bt_progress *progress, struct bt_err *err)
{
	bt_auto(download_done) struct download d = { .images = images,
						     .progress = progress,
						     .ours = -EBADF,
						     .theirs = -EBADF,
						     .length = -1 };
	bt_auto_free char *message = NULL;
	struct bt_import how = *import;
	char id[72];
	int r = bt_fetch_url(url, &d.url, err);

	if (r < 0)
		return r;
	d.shown = bt_fetch_public_url(d.url);
	message = d.shown ? bt_str_format("Imported from %s", d.shown) : NULL;
	if (!message)
		return bt_err_sys(err, -ENOMEM, "import an image");
	if (!how.message || !how.message[0])
		how.message = message;
	r = bt_images_import_from(images, take, &d, &how, id, err);
	if (r == 0 && bt_progress_status(progress, NULL, id) < 0)
		r = bt_err_sys(err, -EPIPE, "tell the image's id");
	return r;
}
