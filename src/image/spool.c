/* SPDX-License-Identifier: Apache-2.0 */

#include "image/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "store/digest.h"

#define WRITERS_MAX 8

struct chunk {
	int64_t have;
	bool claimed;
};

/* A file kept open. */
struct handle {
	int64_t chunk; /* -1: none */
	int fd;
};

struct bt_spool {
	int dir;
	char *path;
	int64_t size, found;
	size_t count;
	struct handle reading; /* the reader's */
	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t changed;
	bool finished;
	int result;
	struct handle writing[WRITERS_MAX];
	struct chunk chunks[];
};

static int64_t chunk_len(const struct bt_spool *s, size_t i)
{
	int64_t left = s->size - (int64_t)i * BT_SPOOL_CHUNK;

	return left < BT_SPOOL_CHUNK ? left : BT_SPOOL_CHUNK;
}

static int open_chunk(const struct bt_spool *s, int64_t i, int flags)
{
	char name[24];
	int fd;

	(void)snprintf(name, sizeof(name), "%lld", (long long)i);
	fd = openat(s->dir, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : fd;
}

/* What an earlier download has left. A file that is too long is none of ours. */
static int scan(struct bt_spool *s)
{
	for (size_t i = 0; i < s->count; i++) {
		bt_auto_close int fd = open_chunk(s, (int64_t)i, O_RDWR);
		struct stat st;

		if (fd == -ENOENT)
			continue;
		if (fd < 0)
			return fd;
		if (fstat(fd, &st) < 0)
			return -errno;
		if (st.st_size > chunk_len(s, i)) {
			st.st_size = 0;
			if (ftruncate(fd, 0) < 0)
				return -errno;
		}
		s->chunks[i].have = st.st_size;
		s->found += st.st_size;
	}
	return 0;
}

static int open_dir(struct bt_spool *s)
{
	int r = bt_io_mkdir_p(s->path, 0700);

	if (r < 0)
		return r;
	s->dir = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return s->dir < 0 ? -errno : scan(s);
}

int bt_spool_open(const char *root, const char *digest, int64_t size, struct bt_spool **ret,
		  struct bt_err *err)
{
	size_t count = (size_t)((size + BT_SPOOL_CHUNK - 1) / BT_SPOOL_CHUNK);
	struct bt_spool *s;
	int r;

	if (size < 0 || size > BT_SPOOL_MAX)
		return bt_err_set(err, BT_ERR_INVALID, EFBIG,
				  "invalid manifest: a blob of %lld bytes", (long long)size);
	s = calloc(1, sizeof(*s) + count * sizeof(s->chunks[0]));
	if (!s)
		return bt_err_sys(err, -ENOMEM, "download a blob");
	s->dir = s->reading.fd = -EBADF;
	s->reading.chunk = -1;
	for (size_t i = 0; i < WRITERS_MAX; i++)
		s->writing[i] = (struct handle){ -1, -EBADF };
	s->size = size;
	s->count = count;
	(void)pthread_mutex_init(&s->mutex, NULL);
	(void)pthread_cond_init(&s->changed, NULL);
	s->path = bt_path_join(root, bt_digest_hex(digest));
	r = s->path ? open_dir(s) : -ENOMEM;
	if (r < 0) {
		bt_spool_destroy(s);
		return bt_err_sys(err, r, "download a blob");
	}
	*ret = s;
	return 0;
}

void bt_spool_destroy(struct bt_spool *s)
{
	if (!s)
		return;
	bt_close(&s->dir);
	bt_close(&s->reading.fd);
	for (size_t i = 0; i < WRITERS_MAX; i++)
		bt_close(&s->writing[i].fd);
	if (s->path)
		bt_discard(bt_io_remove_tree(AT_FDCWD, s->path));
	free(s->path);
	(void)pthread_cond_destroy(&s->changed);
	(void)pthread_mutex_destroy(&s->mutex);
	free(s);
}

int64_t bt_spool_found(const struct bt_spool *spool)
{
	return spool->found;
}

int64_t bt_spool_have(struct bt_spool *spool)
{
	int64_t have = 0;

	(void)pthread_mutex_lock(&spool->mutex);
	for (size_t i = 0; i < spool->count; i++)
		have += spool->chunks[i].have;
	(void)pthread_mutex_unlock(&spool->mutex);
	return have;
}

int bt_spool_claim(struct bt_spool *spool, struct bt_spool_piece *ret)
{
	int found = 0;

	(void)pthread_mutex_lock(&spool->mutex);
	for (size_t i = 0; i < spool->count && !found; i++) {
		struct chunk *c = &spool->chunks[i];

		if (c->claimed)
			continue;
		c->claimed = true;
		found = c->have < chunk_len(spool, i);
		*ret = (struct bt_spool_piece){ (int64_t)i * BT_SPOOL_CHUNK + c->have,
						chunk_len(spool, i) - c->have };
	}
	(void)pthread_mutex_unlock(&spool->mutex);
	return found;
}

/* The file of chunk `i`, for the one thread that writes it. */
static int writer_of(struct bt_spool *s, int64_t i)
{
	struct handle *free_one = NULL;
	int fd = -EMFILE;

	(void)pthread_mutex_lock(&s->mutex);
	for (size_t n = 0; n < WRITERS_MAX; n++) {
		if (s->writing[n].chunk == i)
			fd = s->writing[n].fd;
		if (s->writing[n].chunk < 0)
			free_one = &s->writing[n];
	}
	if (fd < 0 && free_one) {
		fd = open_chunk(s, i, O_WRONLY | O_CREAT);
		if (fd >= 0)
			*free_one = (struct handle){ i, fd };
	}
	(void)pthread_mutex_unlock(&s->mutex);
	return fd;
}

/* So much more is here; a full file is closed. */
static void note(struct bt_spool *s, int64_t i, int64_t have)
{
	(void)pthread_mutex_lock(&s->mutex);
	s->chunks[i].have = have;
	for (size_t n = 0; n < WRITERS_MAX && have == chunk_len(s, (size_t)i); n++)
		if (s->writing[n].chunk == i) {
			bt_close(&s->writing[n].fd);
			s->writing[n].chunk = -1;
		}
	(void)pthread_cond_broadcast(&s->changed);
	(void)pthread_mutex_unlock(&s->mutex);
}

int bt_spool_write(struct bt_spool *spool, int64_t at, const void *data, size_t len)
{
	int64_t i = at / BT_SPOOL_CHUNK, in = at % BT_SPOOL_CHUNK;
	const char *p = data;
	int fd = writer_of(spool, i);

	if (fd < 0)
		return fd;
	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(fd, p + done, len - done, in + (int64_t)done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	note(spool, i, in + (int64_t)len);
	return 0;
}

void bt_spool_finish(struct bt_spool *spool, int r)
{
	(void)pthread_mutex_lock(&spool->mutex);
	if (!spool->finished)
		spool->result = r;
	spool->finished = true;
	(void)pthread_cond_broadcast(&spool->changed);
	(void)pthread_mutex_unlock(&spool->mutex);
}

/* Wait until there is something behind `in` of chunk `i`. Returns how much, or a negative errno. */
static int64_t await(struct bt_spool *s, int64_t i, int64_t in)
{
	int64_t n;

	(void)pthread_mutex_lock(&s->mutex);
	while (s->chunks[i].have <= in && !s->finished)
		(void)pthread_cond_wait(&s->changed, &s->mutex);
	n = s->chunks[i].have - in;
	/* What failed is not worth unpacking to its end. */
	if (s->finished && (s->result < 0 || n <= 0))
		n = s->result < 0 ? s->result : -EIO;
	(void)pthread_mutex_unlock(&s->mutex);
	return n;
}

ssize_t bt_spool_read(struct bt_spool *spool, int64_t at, void *buf, size_t len)
{
	int64_t i = at / BT_SPOOL_CHUNK, in = at % BT_SPOOL_CHUNK, n;
	ssize_t got;

	if (at >= spool->size)
		return 0;
	n = await(spool, i, in);
	if (n < 0)
		return (ssize_t)n;
	if (spool->reading.chunk != i) {
		bt_close(&spool->reading.fd);
		spool->reading.fd = open_chunk(spool, i, O_RDONLY);
		spool->reading.chunk = i;
		if (spool->reading.fd < 0)
			return spool->reading.fd;
	}
	do
		got = pread(spool->reading.fd, buf, (int64_t)len < n ? len : (size_t)n, in);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got == 0 ? -EIO : got;
}
