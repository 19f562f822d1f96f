/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_LOGS_JSON_FILE_H
#define BT_LOGS_JSON_FILE_H

/*
 * Docker's json-file log: one JSON object a line,
 *
 *     {"log":"text\n","stream":"stdout","time":"2006-01-02T15:04:05.000000000Z"}
 *
 * with "attrs" where the log options ask for labels or environment. A line of
 * output longer than 16 KiB is split into pieces without "\n", as Docker does.
 * Bytes that are no UTF-8 become U+FFFD, as Go's encoder writes them.
 *
 * Rotation renames path to path.1 and so on, as Docker does; `max_file` counts
 * the current one. The writer batches: a line is framed in memory, and written
 * when the pipe it came from is drained, never later than the caller's turn of
 * its loop. bt_json_file_flush() ends a turn.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define BT_JSON_FILE_LINE_MAX 16384

struct bt_json_file;

struct bt_json_file_options {
	const char *path;  /* borrowed */
	int64_t max_size;  /* bytes; 0: never rotate */
	int max_file;      /* at least 1 */
	const char *attrs; /* JSON object text, or NULL; borrowed */
};

enum bt_log_stream {
	BT_LOG_STDIN,
	BT_LOG_STDOUT,
	BT_LOG_STDERR
};

/** Open for appending, creating with mode 0640. Returns 0 or -errno. */
bt_nodiscard int bt_json_file_open(const struct bt_json_file_options *opt,
				   struct bt_json_file **ret);

/** Take `len` bytes that `stream` produced at `now_ns`; whole lines are framed, an unfinished
 * one is kept until its end comes. Returns 0 or -errno (ENOSPC: lines since the last flush may
 * be lost; the count is kept and said in the log as soon as there is room). */
bt_nodiscard int bt_json_file_write(struct bt_json_file *log, enum bt_log_stream stream,
				    const void *data, size_t len, int64_t now_ns);

/** What of `stream`'s last line has come, which is in the log when its end has: borrowed until the
 * next call. NULL or `*ret_len` 0: nothing. */
const char *bt_json_file_unfinished(const struct bt_json_file *log, enum bt_log_stream stream,
				    size_t *ret_len);

/** `stream` has ended: frame its unfinished line as it is. Returns 0 or -errno. */
bt_nodiscard int bt_json_file_end(struct bt_json_file *log, enum bt_log_stream stream,
				  int64_t now_ns);

/** Hand everything framed so far to the kernel. */
bt_nodiscard int bt_json_file_flush(struct bt_json_file *log);

/** Give the memory that a burst of output needed back to the kernel; after a flush, when nothing
 * has come for a while. */
void bt_json_file_trim(struct bt_json_file *log);

/** Go on in a new file at the path, after something else has renamed the old one. Returns 0 or
 * -errno (the old file stays in use). */
bt_nodiscard int bt_json_file_reopen(struct bt_json_file *log);

/** Frame unfinished lines, flush and close. NULL is fine. */
void bt_json_file_close(struct bt_json_file *log);

#endif
