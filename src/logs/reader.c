/* SPDX-License-Identifier: Apache-2.0 */

#include "logs/reader.h"

#include <endian.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "logs/log_files.h"
#include "logs/log_line.h"

/* Grows where a line is longer. There may be thousands of readers that nobody reads. */
#define INPUT_SIZE (32u << 10)
#define HEADER     8
#define STAMP      (BT_TIME_RFC3339_LEN - 1)
/* How often a log is looked at that cannot be watched. */
#define LOOK_NS 100000000

/* What was read of the files and is not yet understood. */
struct input {
	char *buf;
	size_t size, len, done;
};

/* A line too long, or of another form, on its way out in pieces. */
struct pending {
	enum bt_log_stream stream;
	char *text;
	size_t len, done;
};

struct bt_reader {
	bool out, err, mux, timestamps, details, follow;
	bool since_set, until_set;
	bool passed;                    /* a line before `since` was met */
	char last[BT_TIME_RFC3339_LEN]; /* time of the last line; empty: none yet */
	char since[BT_TIME_RFC3339_LEN], until[BT_TIME_RFC3339_LEN];
	struct bt_log_files files;
	struct input in;
	struct pending pending;
	char *attrs; /* the last seen, raw; and as they are printed */
	size_t attrs_len;
	char *printed;
	size_t printed_len;
	uint64_t skipped; /* lines that were no valid JSON, or too long */
	bool skipping;    /* in the middle of a line that is too long */
	bool ended;
	atomic_bool finished;
	int change_fd, event_fd, epoll_fd; /* -EBADF unless following */
};

struct output {
	char *p, *end;
};

/* ---- opening ------------------------------------------------------------------------ */

static int add_to_epoll(struct bt_reader *reader, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(reader->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* Readable when something in the directory has changed: the log's files are renamed and made anew
 * in it. A user may have a number of such watches, which all programs share; past it the directory
 * is looked at now and then. Returns the descriptor or -errno. */
static int watch_directory(const char *dir)
{
	const uint32_t events = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR;
	const struct itimerspec look = { .it_interval.tv_nsec = LOOK_NS,
					 .it_value.tv_nsec = LOOK_NS };
	bt_auto_close int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd >= 0 && inotify_add_watch(fd, dir, events) >= 0)
		return bt_take_fd(&fd);
	if (errno != EMFILE && errno != ENOSPC)
		return -errno;
	bt_close(&fd);
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (fd < 0 || timerfd_settime(fd, 0, &look, NULL) < 0)
		return -errno;
	return bt_take_fd(&fd);
}

static int watch(struct bt_reader *reader, const char *path)
{
	size_t len = (size_t)(bt_path_base(path) - path);
	bt_auto_free char *dir = len ? strndup(path, len) : strdup(".");
	int r;

	if (!dir)
		return -ENOMEM;
	reader->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	reader->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (reader->epoll_fd < 0 || reader->event_fd < 0)
		return -errno;
	reader->change_fd = watch_directory(dir);
	if (reader->change_fd < 0)
		return reader->change_fd;
	r = add_to_epoll(reader, reader->change_fd);
	return r < 0 ? r : add_to_epoll(reader, reader->event_fd);
}

static int set_up(struct bt_reader *reader, const struct bt_reader_options *opt)
{
	int r = 0;

	/* The watch comes before the first look, so that no change falls in between. */
	if (opt->follow)
		r = watch(reader, opt->path);
	if (r == 0)
		r = bt_log_files_open(opt->path, &reader->files);
	if (r == 0 && opt->tail >= 0)
		r = bt_log_files_tail(&reader->files, opt->tail);
	reader->in.buf = malloc(INPUT_SIZE);
	reader->in.size = INPUT_SIZE;
	return r == 0 && !reader->in.buf ? -ENOMEM : r;
}

int bt_reader_open(const struct bt_reader_options *opt, struct bt_reader **ret, struct bt_err *err)
{
	struct bt_reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader)
		return bt_err_sys(err, -ENOMEM, "read %s", opt->path);
	reader->out = opt->out;
	reader->err = opt->err;
	reader->mux = opt->mux;
	reader->timestamps = opt->timestamps;
	reader->details = opt->details;
	reader->follow = opt->follow;
	reader->since_set = opt->since_ns > 0;
	reader->until_set = opt->until_ns > 0;
	bt_time_rfc3339(opt->since_ns, reader->since);
	bt_time_rfc3339(opt->until_ns, reader->until);
	reader->change_fd = reader->event_fd = reader->epoll_fd = -EBADF;
	r = set_up(reader, opt);
	if (r < 0) {
		bt_reader_close(reader);
		return bt_err_sys(err, r, "read %s", opt->path);
	}
	*ret = reader;
	return 0;
}

int64_t bt_reader_last_ns(const struct bt_reader *reader)
{
	int64_t ns;

	return bt_time_rfc3339_parse(reader->last, &ns) < 0 ? 0 : ns;
}

bool bt_reader_has_passed(const struct bt_reader *reader)
{
	return reader->passed;
}

int bt_reader_fd(const struct bt_reader *reader)
{
	return reader->epoll_fd;
}

void bt_reader_finish(struct bt_reader *reader)
{
	const uint64_t one = 1;

	atomic_store(&reader->finished, true);
	/* A full counter is readable as well. */
	if (reader->event_fd >= 0 && write(reader->event_fd, &one, sizeof(one)) < 0)
		return;
}

void bt_reader_close(struct bt_reader *reader)
{
	if (!reader)
		return;
	bt_log_files_done(&reader->files);
	bt_close(&reader->change_fd);
	bt_close(&reader->event_fd);
	bt_close(&reader->epoll_fd);
	free(reader->in.buf);
	free(reader->pending.text);
	free(reader->attrs);
	free(reader->printed);
	free(reader);
}

/* ---- lines --------------------------------------------------------------------------- */

static bool is_wanted(struct bt_reader *reader, enum bt_log_stream stream)
{
	return stream == BT_LOG_STDERR ? reader->err : reader->out;
}

/* Times of our own form sort as texts. True where the line is between since and until; past
 * `until` the reading ends, as Docker's does. */
static bool is_in_time(struct bt_reader *reader, const char *time)
{
	memcpy(reader->last, time, STAMP);
	if (reader->since_set && memcmp(time, reader->since, STAMP) < 0) {
		reader->passed = true;
		return false;
	}
	if (reader->until_set && memcmp(time, reader->until, STAMP) > 0) {
		reader->ended = true;
		return false;
	}
	return true;
}

static void put_header(char *p, enum bt_log_stream stream, size_t len)
{
	uint32_t be = htobe32((uint32_t)len);

	memcpy(p, (const char[4]){ (char)stream }, 4);
	memcpy(p + 4, &be, sizeof(be));
}

/* What stands before each line's text, between the frame's header and it. */
static size_t prefix_len(const struct bt_reader *reader)
{
	return (reader->timestamps ? STAMP + 1 : 0) +
	       (reader->details ? reader->printed_len + 1 : 0);
}

static void put_prefix(const struct bt_reader *reader, const char *time, char *p)
{
	if (reader->timestamps) {
		memcpy(p, time, STAMP);
		p[STAMP] = ' ';
		p += STAMP + 1;
	}
	if (reader->details) {
		if (reader->printed_len > 0)
			memcpy(p, reader->printed, reader->printed_len);
		p[reader->printed_len] = ' ';
	}
}

/* A line of our writer's form, straight into the output. Results as bt_log_line_read(). */
static int quick_line(struct bt_reader *reader, struct output *out)
{
	const char *src = reader->in.buf + reader->in.done;
	const char *src_end = reader->in.buf + reader->in.len;
	size_t head = reader->mux ? HEADER : 0, prefix = prefix_len(reader);
	struct bt_log_line line;
	int r;

	if ((size_t)(out->end - out->p) <= head + prefix)
		return -ENOSPC;
	r = bt_log_line_read(src, src_end, reader->attrs, reader->attrs_len, out->p + head + prefix,
			     out->end, &line);
	if (r < 0)
		return r;
	/* Printed details are those of the attributes seen last. */
	if (reader->details && !line.attrs && reader->attrs)
		return -EINVAL;
	reader->in.done = (size_t)(line.end - reader->in.buf);
	if (!is_in_time(reader, line.time) || !is_wanted(reader, line.stream))
		return 0;
	if (reader->mux)
		put_header(out->p, line.stream, (size_t)(line.text_end - out->p) - head);
	put_prefix(reader, line.time, out->p + head);
	out->p = line.text_end;
	return 0;
}

/* Remember attributes, so that the lines that follow are read quickly. */
static void learn_attrs(struct bt_reader *reader, const char *line, size_t len, char **details)
{
	char *attrs = bt_log_line_attrs(line, len);

	free(reader->attrs);
	free(reader->printed);
	reader->attrs = attrs;
	reader->attrs_len = attrs ? strlen(attrs) : 0;
	reader->printed = bt_take(*details);
	reader->printed_len = strlen(reader->printed);
}

/* Any other line, which leaves in pieces by way of `pending`. */
static int general_line(struct bt_reader *reader, const char *src, size_t len)
{
	bt_auto(bt_log_line_parsed_done) struct bt_log_line_parsed line = { 0 };
	bt_auto_str struct bt_str text = { 0 };
	char time[BT_TIME_RFC3339_LEN];
	int64_t ns;
	int r = bt_log_line_parse(src, len, &line);

	if (r < 0)
		return r;
	if (bt_time_rfc3339_parse(line.time, &ns) < 0)
		return -EINVAL;
	bt_time_rfc3339(ns, time);
	if (strlen(time) != STAMP || !is_in_time(reader, time) || !is_wanted(reader, line.stream))
		return 0;
	if (reader->timestamps)
		bt_str_printf(&text, "%s ", time);
	if (reader->details)
		bt_str_printf(&text, "%s ", line.details);
	bt_str_add(&text, line.text, line.text_len);
	if (text.failed)
		return text.failed;
	reader->pending = (struct pending){ line.stream, NULL, text.len, 0 };
	r = bt_str_steal(&text, &reader->pending.text);
	learn_attrs(reader, src, len, &line.details);
	return r;
}

static void drain_pending(struct bt_reader *reader, struct output *out)
{
	struct pending *pending = &reader->pending;
	size_t head = reader->mux ? HEADER : 0;

	while (pending->done < pending->len && (size_t)(out->end - out->p) > head) {
		size_t room = (size_t)(out->end - out->p) - head;
		size_t len = pending->len - pending->done;

		len = len < room ? len : room;
		if (reader->mux)
			put_header(out->p, pending->stream, len);
		memcpy(out->p + head, pending->text + pending->done, len);
		out->p += head + len;
		pending->done += len;
	}
	if (pending->done == pending->len) {
		free(pending->text);
		*pending = (struct pending){ 0 };
	}
}

/* Something that is no line of our writer's form: one line of it. 1: done, 0: it does not end
 * in what was read yet. */
static int odd_line(struct bt_reader *reader)
{
	struct input *in = &reader->in;
	const char *src = in->buf + in->done, *end = memchr(src, '\n', in->len - in->done);
	size_t len = end ? (size_t)(end - src) : in->len - in->done;
	int r;

	if (!end && len < BT_LOG_LINE_MAX)
		return 0;
	in->done += end ? len + 1 : len;
	if (reader->skipping || len >= BT_LOG_LINE_MAX) {
		reader->skipped += reader->skipping ? 0 : 1;
		reader->skipping = !end;
		return 1;
	}
	r = general_line(reader, src, len);
	if (r == -EINVAL)
		reader->skipped++;
	return r < 0 && r != -EINVAL ? r : 1;
}

/* One line. 1: done; 0: more input is needed; -ENOSPC: more room; or another -errno. */
static int next_line(struct bt_reader *reader, struct output *out)
{
	int r;

	if (reader->in.done == reader->in.len)
		return 0;
	r = reader->skipping ? -EINVAL : quick_line(reader, out);
	if (r == 0)
		return 1;
	if (r == -EAGAIN || r == -EINVAL)
		return odd_line(reader);
	return r;
}

/* ---- input ----------------------------------------------------------------------------- */

/* Make room behind what is not yet understood. */
static int make_room(struct input *in)
{
	char *buf;

	if (in->done > 0) {
		memmove(in->buf, in->buf + in->done, in->len - in->done);
		in->len -= in->done;
		in->done = 0;
	}
	if (in->len < in->size)
		return 0;
	buf = realloc(in->buf, in->size * 2);
	if (!buf)
		return -ENOMEM;
	in->buf = buf;
	in->size *= 2;
	return 0;
}

/* Part of a line that will never be finished, at the end of a file that is. */
static void drop_torn(struct bt_reader *reader)
{
	if (reader->in.done < reader->in.len && !reader->skipping)
		reader->skipped++;
	reader->in.done = reader->in.len = 0;
	reader->skipping = false;
}

static void drain_events(struct bt_reader *reader)
{
	char buf[4096];

	while (read(reader->change_fd, buf, sizeof(buf)) > 0)
		;
}

/* Read on. Returns the count, 0 at the end of everything there is now, or -errno. */
static ssize_t fill(struct bt_reader *reader)
{
	struct input *in = &reader->in;
	int r = make_room(in);

	if (r < 0)
		return r;
	for (;;) {
		ssize_t n =
			bt_log_files_read(&reader->files, in->buf + in->len, in->size - in->len);

		if (n > 0)
			in->len += (size_t)n;
		if (n != 0)
			return n;
		if (bt_log_files_next(&reader->files)) {
			drop_torn(reader);
			continue;
		}
		if (!reader->follow)
			return 0;
		if (bt_log_files_truncated(&reader->files)) {
			drop_torn(reader);
			continue;
		}
		/* What was written before a rename is read before the file that came after it:
		 * the present file is tried once more now. */
		r = bt_log_files_refresh(&reader->files);
		if (r <= 0)
			return r;
	}
}

/* Nothing more to understand in the input. 1: there is now; 0: the end; -EAGAIN; or -errno. */
static int more_input(struct bt_reader *reader)
{
	/* In this order: what is written after the events were taken makes new ones, and what
	 * was written before the finish is read. */
	bool finished = atomic_load(&reader->finished);
	ssize_t n;

	if (reader->follow)
		drain_events(reader);
	n = fill(reader);
	if (n != 0)
		return n < 0 ? (int)n : 1;
	return reader->follow && !finished ? -EAGAIN : 0;
}

/* One step towards more output. 1: go on; 0: this is all there is for now, or room for; or
 * -errno. `empty`: the output is. */
static int step(struct bt_reader *reader, struct output *out, bool empty)
{
	int r;

	if (reader->pending.text)
		drain_pending(reader, out);
	if (reader->pending.text || reader->ended)
		return 0;
	r = next_line(reader, out);
	if (r == -ENOSPC && !empty)
		return 0;
	/* Not even an empty buffer is enough: in pieces, then. */
	if (r == -ENOSPC)
		r = odd_line(reader);
	if (r == 0)
		r = more_input(reader);
	return r;
}

ssize_t bt_reader_read(struct bt_reader *reader, char *buf, size_t size)
{
	struct output out = { buf, buf + size };
	int r;

	do {
		r = step(reader, &out, out.p == buf);
	} while (r > 0);
	if (out.p > buf)
		return out.p - buf;
	return r;
}
