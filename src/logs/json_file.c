/* SPDX-License-Identifier: Apache-2.0 */

#include "logs/json_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/time.h"
#include "logs/json_text.h"

#define STREAMS   3
#define BUF_SIZE  (256u << 10)
#define ATTRS_MAX (64u << 10)
/* `{"log":"`, `\n`, the time and `"}` with its line end */
#define FRAME_EXTRA (8 + 2 + BT_TIME_RFC3339_LEN + 4)
/* How far the clock of a batch may run ahead of the wall clock: see stamp(). */
#define AHEAD_MAX (BT_TIME_NSEC_PER_SEC / 100)

/* What is behind the text of a line, up to its time. */
struct tail {
	char *text;
	size_t len;
};

struct pending {
	char *text; /* BT_JSON_FILE_LINE_MAX bytes, or NULL */
	size_t len;
};

struct bt_json_file {
	char *path;
	int fd;
	int64_t size;      /* of the file */
	int64_t max_size;  /* 0: no limit */
	int64_t rotate_at; /* size at which to rotate */
	int max_file;
	struct tail tails[STREAMS];
	struct pending pending[STREAMS];
	char *buf; /* mapped, BUF_SIZE bytes */
	size_t fill;
	uint64_t lines; /* in buf */
	uint64_t lost;  /* lines that could not be written, not yet said */
	int lost_why;
	bool torn; /* the file ends in a part of a line */
	int64_t stamp_ns;
	char stamp[BT_TIME_RFC3339_LEN];
};

static const char *const stream_names[STREAMS] = { "stdin", "stdout", "stderr" };

static int make_tails(struct bt_json_file *log, const char *attrs)
{
	if (attrs && strlen(attrs) > ATTRS_MAX)
		return -E2BIG;
	for (int i = 0; i < STREAMS; i++) {
		log->tails[i].text =
			bt_str_format("\",\"stream\":\"%s\"%s%s,\"time\":\"", stream_names[i],
				      attrs ? ",\"attrs\":" : "", attrs ? attrs : "");
		if (!log->tails[i].text)
			return -ENOMEM;
		log->tails[i].len = strlen(log->tails[i].text);
	}
	return 0;
}

/* Open the file at the path and take note of how it ends. */
static int open_file(struct bt_json_file *log, int flags)
{
	bt_auto_close int fd =
		open(log->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0640);
	struct stat st;
	char last = '\n';

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) < 0)
		return -errno;
	bt_close(&log->fd);
	log->fd = bt_take_fd(&fd);
	log->size = st.st_size;
	log->torn = last != '\n';
	log->rotate_at = log->max_size;
	return 0;
}

int bt_json_file_open(const struct bt_json_file_options *opt, struct bt_json_file **ret)
{
	struct bt_json_file *log = calloc(1, sizeof(*log));
	int r;

	if (!log)
		return -ENOMEM;
	log->fd = -EBADF;
	log->max_size = opt->max_size;
	log->max_file = opt->max_file > 0 ? opt->max_file : 1;
	log->path = strdup(opt->path);
	log->buf = mmap(NULL, BUF_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (log->buf == MAP_FAILED)
		log->buf = NULL;
	r = log->path && log->buf ? make_tails(log, opt->attrs) : -ENOMEM;
	if (r == 0)
		r = open_file(log, 0);
	if (r < 0) {
		bt_json_file_close(log);
		return r;
	}
	*ret = log;
	return 0;
}

/* Remove what a failed write(2) left of a line, so that the file stays whole lines. `wrote`
 * bytes of `data` are in the file. */
static void cut_torn_line(struct bt_json_file *log, const char *data, size_t wrote)
{
	const char *end = wrote ? memrchr(data, '\n', wrote) : NULL;
	size_t keep = end ? (size_t)(end + 1 - data) : 0;

	if (keep == wrote)
		return;
	if (ftruncate(log->fd, log->size - (int64_t)(wrote - keep)) == 0)
		log->size -= (int64_t)(wrote - keep);
	else
		log->torn = true;
}

/* Append whole lines. On failure *ret_lines says how many made it. */
static int append(struct bt_json_file *log, const char *data, size_t len, uint64_t *ret_lines)
{
	size_t done = 0;
	int r = 0;

	*ret_lines = 0;
	if (log->torn) {
		if (write(log->fd, "\n", 1) != 1)
			return -errno;
		log->torn = false;
		log->size++;
	}
	while (done < len && r == 0) {
		ssize_t n = write(log->fd, data + done, len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			r = -errno;
	}
	log->size += (int64_t)done;
	if (r < 0) {
		for (size_t i = 0; i < done; i++)
			*ret_lines += data[i] == '\n';
		cut_torn_line(log, data, done);
	}
	return r;
}

/* Say in the log itself that lines are missing. */
static int say_lost(struct bt_json_file *log)
{
	char text[160], time[BT_TIME_RFC3339_LEN], why[64];
	uint64_t lines;
	int n, r;

	if (log->lost == 0)
		return 0;
	bt_time_rfc3339(bt_time_now_ns(), time);
	snprintf(why, sizeof(why), "%s", strerror(log->lost_why));
	n = snprintf(text, sizeof(text), "berth: %" PRIu64 " lines of this log are lost: %s",
		     log->lost, why);
	if (n < 0 || (size_t)n >= sizeof(text))
		return -EINVAL;
	bt_auto_free char *line = bt_str_format("{\"log\":\"%s\\n%s%s\"}\n", text,
						log->tails[BT_LOG_STDERR].text, time);
	if (!line)
		return -ENOMEM;
	r = append(log, line, strlen(line), &lines);
	if (r == 0)
		log->lost = 0;
	return r;
}

static int flush(struct bt_json_file *log)
{
	uint64_t written = 0;
	int r;

	if (log->fill == 0)
		return 0;
	r = say_lost(log);
	if (r == 0)
		r = append(log, log->buf, log->fill, &written);
	if (r < 0) {
		log->lost += log->lines - written;
		log->lost_why = -r;
	}
	log->fill = 0;
	log->lines = 0;
	return r;
}

int bt_json_file_flush(struct bt_json_file *log)
{
	return flush(log);
}

static int shift_files(const struct bt_json_file *log)
{
	for (int i = log->max_file - 1; i > 0; i--) {
		bt_auto_free char *from =
			i == 1 ? strdup(log->path) : bt_str_format("%s.%d", log->path, i - 1);
		bt_auto_free char *to = bt_str_format("%s.%d", log->path, i);

		if (!from || !to)
			return -ENOMEM;
		if (rename(from, to) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

/* Begin a new file. Where that fails, lines go on into the old one, and the next try comes
 * when it has grown by as much again. */
static int rotate(struct bt_json_file *log)
{
	int r = flush(log);
	struct stat st;

	if (fstat(log->fd, &st) == 0 && st.st_size < log->max_size) {
		log->size = st.st_size; /* something else has truncated it */
		return r;
	}
	log->rotate_at = log->size + log->max_size;
	if (log->max_file > 1) {
		int failed = shift_files(log);

		if (failed < 0)
			return failed;
	}
	return open_file(log, O_TRUNC);
}

/* Count `digits` decimal digits up by one. False: they were all nines. */
static bool count_up(char *text, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		if (text[i] != '9') {
			text[i]++;
			return true;
		}
		text[i] = '0';
	}
	return false;
}

static void print_nanoseconds(char *text, int64_t ns)
{
	for (int i = 8; i >= 0; i--, ns /= 10)
		text[i] = (char)('0' + ns % 10);
}

/* The time of the next line. Each line has its own: lines of one batch are a nanosecond apart,
 * so that a reader may go on "since" any of them, and their order survives sorting. */
static void stamp(struct bt_json_file *log, int64_t now_ns)
{
	int64_t before = log->stamp_ns;
	bool next = now_ns <= before && before - now_ns < AHEAD_MAX;

	log->stamp_ns = next ? before + 1 : now_ns;
	if (next && count_up(log->stamp + 20, 9))
		return;
	if (log->stamp_ns / BT_TIME_NSEC_PER_SEC == before / BT_TIME_NSEC_PER_SEC &&
	    log->stamp_ns > 0 && before > 0)
		print_nanoseconds(log->stamp + 20, log->stamp_ns % BT_TIME_NSEC_PER_SEC);
	else
		bt_time_rfc3339(log->stamp_ns, log->stamp);
}

static inline char *put(char *p, const void *data, size_t len)
{
	memcpy(p, data, len);
	return p + len;
}

/* Frame one piece of a line; `whole`: its end is that of a line. */
static int frame(struct bt_json_file *log, enum bt_log_stream stream, const char *text, size_t len,
		 bool whole, int64_t now_ns)
{
	const struct tail *tail = &log->tails[stream];
	size_t need = len * BT_JSON_TEXT_GROWTH + BT_JSON_TEXT_SLACK + tail->len + FRAME_EXTRA;
	int r = 0;
	char *p;

	if (log->max_size > 0 && log->size + (int64_t)log->fill >= log->rotate_at)
		r = rotate(log);
	if (BUF_SIZE - log->fill < need) {
		int failed = flush(log);

		r = r < 0 ? r : failed;
	}
	stamp(log, now_ns);
	p = put(log->buf + log->fill, "{\"log\":\"", 8);
	p = bt_json_text_escape(p, text, len);
	if (whole)
		p = put(p, "\\n", 2);
	p = put(p, tail->text, tail->len);
	p = put(p, log->stamp, BT_TIME_RFC3339_LEN - 1);
	p = put(p, "\"}\n", 3);
	log->fill = (size_t)(p - log->buf);
	log->lines++;
	return r;
}

/* Where to cut a line that is too long: at `max`, or up to three bytes before it where a
 * character would be torn apart. */
static size_t cut_at(const char *text, size_t max)
{
	for (size_t back = 1; back <= 3; back++) {
		unsigned char c = (unsigned char)text[max - back];

		if (c < 0x80)
			return max;
		if (c >= 0xC0)
			return (c >= 0xF0 && back < 4) || (c >= 0xE0 && back < 3) || back < 2
				       ? max - back
				       : max;
	}
	return max;
}

static int keep(struct pending *pending, const char *text, size_t len)
{
	if (len == 0)
		return 0;
	if (!pending->text) {
		pending->text = malloc(BT_JSON_FILE_LINE_MAX);
		if (!pending->text)
			return -ENOMEM;
	}
	memcpy(pending->text + pending->len, text, len);
	pending->len += len;
	return 0;
}

static void forget(struct pending *pending)
{
	free(pending->text);
	*pending = (struct pending){ 0 };
}

/* Add to an unfinished line what belongs to it, and frame it where it ends or is too long.
 * *ret_used says how much of `data` was taken. */
static int finish_pending(struct bt_json_file *log, enum bt_log_stream stream, const char *data,
			  size_t len, int64_t now_ns, size_t *ret_used)
{
	struct pending *pending = &log->pending[stream];
	size_t room = BT_JSON_FILE_LINE_MAX - pending->len, take = len < room ? len : room, cut;
	const char *end = memchr(data, '\n', take);
	int r;

	if (end)
		take = (size_t)(end - data);
	r = keep(pending, data, take);
	if (r < 0)
		return r;
	*ret_used = end ? take + 1 : take;
	if (end) {
		r = frame(log, stream, pending->text, pending->len, true, now_ns);
		forget(pending);
	} else if (pending->len == BT_JSON_FILE_LINE_MAX) {
		cut = cut_at(pending->text, pending->len);
		r = frame(log, stream, pending->text, cut, false, now_ns);
		pending->len -= cut;
		memmove(pending->text, pending->text + cut, pending->len);
	}
	return r;
}

/* Frame the next whole line or piece of `data`. Returns how many bytes it took: 0 where the
 * line does not end in `data`. */
static size_t frame_next(struct bt_json_file *log, enum bt_log_stream stream, const char *data,
			 size_t len, int64_t now_ns, int *r)
{
	size_t max = len < BT_JSON_FILE_LINE_MAX ? len : BT_JSON_FILE_LINE_MAX, take;
	const char *end = memchr(data, '\n', max);
	int failed;

	if (!end && max < BT_JSON_FILE_LINE_MAX)
		return 0;
	take = end ? (size_t)(end - data) : cut_at(data, max);
	failed = frame(log, stream, data, take, end != NULL, now_ns);
	*r = *r < 0 ? *r : failed;
	return end ? take + 1 : take;
}

int bt_json_file_write(struct bt_json_file *log, enum bt_log_stream stream, const void *data,
		       size_t len, int64_t now_ns)
{
	const char *p = data, *end = p + len;
	size_t used;
	int r = 0, failed;

	while (p < end && log->pending[stream].len > 0) {
		failed = finish_pending(log, stream, p, (size_t)(end - p), now_ns, &used);
		if (failed == -ENOMEM)
			return failed;
		r = r < 0 ? r : failed;
		p += used;
	}
	while (p < end) {
		used = frame_next(log, stream, p, (size_t)(end - p), now_ns, &r);
		if (used == 0)
			break;
		p += used;
	}
	failed = keep(&log->pending[stream], p, (size_t)(end - p));
	return r < 0 ? r : failed;
}

static int end_stream(struct bt_json_file *log, enum bt_log_stream stream, int64_t now_ns)
{
	struct pending *pending = &log->pending[stream];
	int r = 0;

	if (pending->len > 0)
		r = frame(log, stream, pending->text, pending->len, false, now_ns);
	forget(pending);
	return r;
}

const char *bt_json_file_unfinished(const struct bt_json_file *log, enum bt_log_stream stream,
				    size_t *ret_len)
{
	*ret_len = log->pending[stream].len;
	return log->pending[stream].text;
}

int bt_json_file_end(struct bt_json_file *log, enum bt_log_stream stream, int64_t now_ns)
{
	return end_stream(log, stream, now_ns);
}

void bt_json_file_trim(struct bt_json_file *log)
{
	if (log->fill == 0)
		(void)madvise(log->buf, BUF_SIZE, MADV_DONTNEED);
}

int bt_json_file_reopen(struct bt_json_file *log)
{
	int r = flush(log), failed = open_file(log, 0);

	return failed < 0 ? failed : r;
}

void bt_json_file_close(struct bt_json_file *log)
{
	if (!log)
		return;
	for (int i = 0; i < STREAMS; i++)
		(void)end_stream(log, (enum bt_log_stream)i, bt_time_now_ns());
	(void)flush(log);
	for (int i = 0; i < STREAMS; i++)
		free(log->tails[i].text);
	if (log->buf)
		munmap(log->buf, BUF_SIZE);
	bt_close(&log->fd);
	free(log->path);
	free(log);
}
