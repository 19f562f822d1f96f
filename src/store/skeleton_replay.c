/* SPDX-License-Identifier: Apache-2.0 */

#include "store/skeleton_replay.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "store/inflate.h"
#include "store/tree.h"

#define PAYLOAD_MAX (64u << 10)
#define COPY_SIZE   (256u << 10)

/* Something that was moved to shadow/<number> after `after` records. */
struct moved {
	char *path;
	uint32_t number;
	uint64_t after;
};

struct replay {
	int layer;
	struct bt_inflate *inf;
	int fd; /* of the skeleton */
	struct bt_tree diff, shadow;
	struct moved *moved;
	size_t moved_len;
	uint64_t records;
	bt_skeleton_write_fn fn;
	void *arg;
	char payload[PAYLOAD_MAX + 1];
	char copy[COPY_SIZE];
};

static int damaged(struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_SYSTEM, EBADMSG,
			  "the record of a layer's archive is damaged");
}

static int open_skeleton(struct replay *p, struct bt_err *err)
{
	bt_inflate_destroy(bt_take(p->inf));
	bt_close(&p->fd);
	p->records = 0;
	p->fd = openat(p->layer, "skeleton", O_RDONLY | O_CLOEXEC);
	if (p->fd < 0)
		return bt_err_sys(err, -errno, "open the record of a layer's archive");
	return bt_inflate_create(bt_inflate_read_fd, &p->fd, &p->inf, err);
}

static int read_exactly(struct replay *p, void *buf, size_t len, struct bt_err *err)
{
	char *at = buf;

	while (len > 0) {
		ssize_t n = bt_inflate_read(p->inf, at, len, err);

		if (n <= 0)
			return n < 0 ? (int)n : damaged(err);
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The next record: its type and its payload's length, or a negative errno. */
static int next_record(struct replay *p, char *ret_type, size_t *ret_len, struct bt_err *err)
{
	char head[5];
	uint32_t len;
	int r;

	r = read_exactly(p, head, sizeof(head), err);
	if (r < 0)
		return r;
	memcpy(&len, head + 1, sizeof(len));
	len = le32toh(len);
	if (len > PAYLOAD_MAX)
		return damaged(err);
	r = read_exactly(p, p->payload, len, err);
	if (r < 0)
		return r;
	p->payload[len] = '\0';
	p->records++;
	*ret_type = head[0];
	*ret_len = len;
	return 0;
}

static int remember_move(struct replay *p, size_t len, struct bt_err *err)
{
	struct moved *more, *m;
	uint32_t number;

	if (len < sizeof(number))
		return damaged(err);
	more = reallocarray(p->moved, p->moved_len + 1, sizeof(*more));
	if (!more)
		return bt_err_sys(err, -ENOMEM, "write a layer's archive");
	p->moved = more;
	m = &more[p->moved_len];
	memcpy(&number, p->payload, sizeof(number));
	*m = (struct moved){ .path = strdup(p->payload + sizeof(number)),
			     .number = le32toh(number),
			     .after = p->records };
	if (!m->path)
		return bt_err_sys(err, -ENOMEM, "write a layer's archive");
	p->moved_len++;
	return 0;
}

/* Where entries replaced others, find out which. */
static int find_moves(struct replay *p, struct bt_err *err)
{
	size_t len;
	char type;
	int r;

	p->shadow.root = openat(p->layer, "shadow", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->shadow.root < 0)
		return errno == ENOENT ? 0 : bt_err_sys(err, -errno, "open a layer");
	do {
		r = next_record(p, &type, &len, err);
		if (r == 0 && type == 'M')
			r = remember_move(p, len, err);
	} while (r == 0 && type != 'E');
	return r < 0 ? r : open_skeleton(p, err);
}

static int open_file(struct replay *p, const char *path, struct bt_err *err)
{
	int fd;

	for (size_t i = 0; i < p->moved_len; i++) {
		const struct moved *m = &p->moved[i];
		const char *rest = bt_str_after(path, m->path);
		char name[PATH_MAX + 16];

		if (m->after <= p->records || !rest || (rest[0] != '\0' && rest[0] != '/'))
			continue;
		(void)snprintf(name, sizeof(name), "%u%s", m->number, rest);
		fd = bt_tree_open(&p->shadow, name, O_RDONLY | O_NOFOLLOW);
		return fd < 0 ? bt_err_sys(err, fd, "open /%s of a layer", path) : fd;
	}
	fd = bt_tree_open(&p->diff, path, O_RDONLY | O_NOFOLLOW);
	return fd < 0 ? bt_err_sys(err, fd, "open /%s of a layer", path) : fd;
}

static int write_file(struct replay *p, size_t len, struct bt_err *err)
{
	bt_auto_close int fd = -EBADF;
	uint64_t left;

	if (len < sizeof(left))
		return damaged(err);
	memcpy(&left, p->payload, sizeof(left));
	left = le64toh(left);
	fd = open_file(p, p->payload + sizeof(left), err);
	if (fd < 0)
		return fd;
	while (left > 0) {
		ssize_t n = read(fd, p->copy, left < COPY_SIZE ? left : COPY_SIZE);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return bt_err_sys(err, n < 0 ? -errno : -EBADMSG, "read /%s of a layer",
					  p->payload + sizeof(left));
		r = p->fn(p->arg, p->copy, (size_t)n);
		if (r < 0)
			return bt_err_sys(err, r, "write a layer's archive");
		left -= (uint64_t)n;
	}
	return 0;
}

static int replay_all(struct replay *p, struct bt_err *err)
{
	size_t len;
	char type;
	int r;

	for (;;) {
		r = next_record(p, &type, &len, err);
		if (r < 0 || type == 'E')
			return r;
		if (type == 'R') {
			r = p->fn(p->arg, p->payload, len);
			if (r < 0)
				return bt_err_sys(err, r, "write a layer's archive");
		} else if (type == 'F') {
			r = write_file(p, len, err);
		} else if (type != 'M') {
			r = damaged(err);
		}
		if (r < 0)
			return r;
	}
}

static void replay_done(struct replay *p)
{
	bt_inflate_destroy(p->inf);
	bt_close(&p->fd);
	bt_close(&p->diff.root);
	bt_close(&p->shadow.root);
	for (size_t i = 0; i < p->moved_len; i++)
		free(p->moved[i].path);
	free(p->moved);
	free(p);
}

static struct replay *replay_create(int layer)
{
	struct replay *p = calloc(1, sizeof(*p));

	if (p) {
		p->layer = layer;
		p->fd = p->shadow.root = p->diff.root = -EBADF;
	}
	return p;
}

int bt_skeleton_size(int layer, int64_t *ret, struct bt_err *err)
{
	struct replay *p = replay_create(layer);
	uint64_t size = 0, file;
	size_t len;
	char type = 'E';
	int r;

	if (!p)
		return bt_err_sys(err, -ENOMEM, "measure a layer's archive");
	r = open_skeleton(p, err);
	if (r == 0)
		do {
			r = next_record(p, &type, &len, err);
			if (r == 0 && type == 'R')
				size += len;
			if (r == 0 && type == 'F' && len >= sizeof(file)) {
				memcpy(&file, p->payload, sizeof(file));
				size += le64toh(file);
			}
		} while (r == 0 && type != 'E');
	replay_done(p);
	if (r == 0)
		*ret = (int64_t)size;
	return r;
}

int bt_skeleton_replay(int layer, bt_skeleton_write_fn fn, void *arg, struct bt_err *err)
{
	struct replay *p = replay_create(layer);
	int r;

	if (!p)
		return bt_err_sys(err, -ENOMEM, "write a layer's archive");
	p->fn = fn;
	p->arg = arg;
	p->diff.root = openat(layer, "diff", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = p->diff.root < 0 ? bt_err_sys(err, -errno, "open a layer") : open_skeleton(p, err);
	if (r == 0)
		r = find_moves(p, err);
	if (r == 0)
		r = replay_all(p, err);
	replay_done(p);
	return r;
}
