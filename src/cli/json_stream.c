/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/json_stream.h"

#include <errno.h>
#include <string.h>

/* One value is some hundred bytes up to some kilobytes; this much is nobody's honest one. */
#define VALUE_MAX (16u << 20)
#define CHUNK     (16u << 10)

static int fill(struct bt_json_stream *s, struct bt_err *err)
{
	ssize_t n;
	int r;

	s->buf.max = VALUE_MAX;
	if (s->at) {
		s->buf.len -= s->at;
		memmove(s->buf.p, s->buf.p + s->at, s->buf.len + 1);
		s->at = 0;
	}
	r = bt_str_reserve(&s->buf, CHUNK);
	if (r < 0)
		return bt_err_sys(err, r, "read response");
	n = bt_http_read(s->conn, s->buf.p + s->buf.len, CHUNK, err);
	if (n < 0)
		return (int)n;
	s->buf.len += (size_t)n;
	s->buf.p[s->buf.len] = '\0';
	s->ended = n == 0;
	return 0;
}

int bt_json_stream_next(struct bt_json_stream *s, json_t **ret, struct bt_err *err)
{
	for (;;) {
		const char *begin = bt_str_get(&s->buf) + s->at, *end = strchr(begin, '\n');
		size_t len = end ? (size_t)(end - begin) : strlen(begin);
		int r;

		if (end || s->ended) {
			s->at += len + (end != NULL);
			if (len > strspn(begin, " \t\r\n")) {
				*ret = json_loadb(begin, len, 0, NULL);
				return *ret ? 1
					    : bt_err_set(err, BT_ERR_SYSTEM, EPROTO,
							 "invalid JSON in response");
			}
			if (!end)
				return 0;
			continue;
		}
		r = fill(s, err);
		if (r < 0)
			return r;
	}
}

void bt_json_stream_done(struct bt_json_stream *s)
{
	bt_str_done(&s->buf);
}
