/* SPDX-License-Identifier: Apache-2.0 */

#include "api/stream.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/pending.h"
#include "base/auto.h"

/* How much the HTTP library asks for at once. */
#define BLOCK_SIZE (32u << 10)

struct reader {
	struct bt_stream stream;
	int sock; /* the client's, borrowed */
	struct bt_pending **owed;
};

/* Sleep until the source has something; false once the client is gone. A client that shut its
 * sending side counts as gone, as in Docker: nobody can tell the two apart. */
static bool wait_for_source(const struct reader *r)
{
	struct pollfd fds[2] = {
		{ .fd = r->stream.ops->fd(r->stream.arg), .events = POLLIN },
		{ .fd = r->sock, .events = POLLRDHUP },
	};
	int n;

	do {
		n = poll(fds, 2, -1);
	} while (n < 0 && errno == EINTR);
	return n > 0 && (fds[1].revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) == 0;
}

static ssize_t read_stream(void *arg, uint64_t pos bt_unused, char *buf, size_t max)
{
	struct reader *r = arg;

	/* The library asks for the body once the head was sent. */
	bt_pending_settle(r->owed);
	for (;;) {
		ssize_t n = r->stream.ops->read(r->stream.arg, buf, max);

		if (n > 0)
			return n;
		if (n == 0)
			return MHD_CONTENT_READER_END_OF_STREAM;
		if (n != -EAGAIN || !wait_for_source(r))
			return MHD_CONTENT_READER_END_WITH_ERROR;
	}
}

static void free_reader(void *arg)
{
	struct reader *r = arg;

	bt_stream_close(&r->stream);
	free(r);
}

struct MHD_Response *bt_stream_response(struct bt_stream stream, int sock, struct bt_pending **owed)
{
	struct MHD_Response *response;
	struct reader *r = malloc(sizeof(*r));

	if (!r) {
		bt_stream_close(&stream);
		return NULL;
	}
	*r = (struct reader){ .stream = stream, .sock = sock, .owed = owed };
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, read_stream, r,
						     free_reader);
	if (!response)
		free_reader(r);
	return response;
}

void bt_stream_close(struct bt_stream *stream)
{
	if (stream->ops)
		stream->ops->close(stream->arg);
	*stream = (struct bt_stream){ 0 };
}

struct fd_source {
	int fd;
};

static ssize_t fd_source_read(void *arg, char *buf, size_t size)
{
	struct fd_source *source = arg;
	ssize_t n;

	do {
		n = read(source->fd, buf, size);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int fd_source_fd(void *arg)
{
	return ((struct fd_source *)arg)->fd;
}

static void fd_source_close(void *arg)
{
	struct fd_source *source = arg;

	bt_close(&source->fd);
	free(source);
}

struct bt_stream bt_stream_of_fd(int fd)
{
	static const struct bt_stream_ops ops = { fd_source_read, fd_source_fd, fd_source_close };
	struct fd_source *source = malloc(sizeof(*source));

	if (!source) {
		bt_close(&fd);
		return (struct bt_stream){ 0 };
	}
	source->fd = fd;
	return (struct bt_stream){ .ops = &ops, .arg = source };
}
