/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/backlog.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "logs/reader.h"
#include "monitor/attach.h"

#define BUFFER (128u << 10)
#define HEADER 8
/* What was missed is at the end of the log, which may be long. */
#define TAIL 10000

static int read_all(struct bt_reader *reader, char *buf, struct bt_str *ret)
{
	ssize_t n;

	while ((n = bt_reader_read(reader, buf, BUFFER)) > 0) {
		bt_str_add(ret, buf, (size_t)n);
		if (ret->len > BT_ATTACH_QUEUE_MAX)
			return -EAGAIN;
	}
	return n < 0 ? (int)n : ret->failed;
}

/* Among the last `tail` lines. Returns 1 where all of these are behind `how->logged_ns`, so that
 * there may be more; else as bt_backlog_read(). */
static int read_tail(const char *path, const struct bt_spawn_client *how, int64_t tail, char *buf,
		     struct bt_str *ret)
{
	const struct bt_reader_options opt = { .path = path,
					       .out = how->out,
					       .err = how->err,
					       .mux = how->mux,
					       .since_ns = how->logged_ns + 1,
					       .tail = tail };
	struct bt_reader *reader = NULL;
	bool is_sure;
	int r = bt_reader_open(&opt, &reader, BT_ERR_IGNORED);

	if (r < 0)
		return r;
	r = read_all(reader, buf, ret);
	is_sure = bt_reader_has_passed(reader) || tail < 0;
	bt_reader_close(reader);
	return r < 0 || is_sure ? r : 1;
}

static void add_unfinished(const struct bt_json_file *log, enum bt_log_stream stream, bool mux,
			   struct bt_str *ret)
{
	char header[HEADER] = { (char)stream };
	size_t len;
	const char *text = bt_json_file_unfinished(log, stream, &len);
	uint32_t be = htobe32((uint32_t)len);

	if (!text || len == 0)
		return;
	memcpy(header + 4, &be, sizeof(be));
	if (mux)
		bt_str_add(ret, header, sizeof(header));
	bt_str_add(ret, text, len);
}

int bt_backlog_read(const char *path, const struct bt_json_file *log,
		    const struct bt_spawn_client *how, struct bt_str *ret)
{
	bt_auto_free char *buf = malloc(BUFFER);
	int r;

	if (!buf)
		return -ENOMEM;
	r = read_tail(path, how, TAIL, buf, ret);
	if (r == 1) {
		bt_str_clear(ret);
		r = read_tail(path, how, -1, buf, ret);
	}
	if (r < 0)
		return r;
	if (how->out)
		add_unfinished(log, BT_LOG_STDOUT, how->mux, ret);
	if (how->err)
		add_unfinished(log, BT_LOG_STDERR, how->mux, ret);
	return ret->failed;
}
