/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/progress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/time.h"
#include "cli/plain.h"
#include "cli/units.h"

#define IDS_MAX   1024
#define BAR_WIDTH 50
/* One message is a line of some hundred bytes; this much is nobody's honest one. */
#define MESSAGE_MAX (4u << 20)

struct display {
	FILE *out;
	bool terminal;
	unsigned columns;
	char *ids[IDS_MAX]; /* layers, in the order of their lines */
	size_t nids;
};

static void forget(struct display *d)
{
	while (d->nids)
		free(d->ids[--d->nids]);
}

/* How many lines above the cursor the layer `id` has its line; a new one gets a line of its own. */
static size_t line_of(struct display *d, const char *id)
{
	for (size_t i = 0; i < d->nids; i++)
		if (strcmp(d->ids[i], id) == 0)
			return d->nids - i;
	if (d->nids < IDS_MAX && (d->ids[d->nids] = strdup(id)))
		d->nids++;
	(void)fputc('\n', d->out);
	return 1;
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s ? s : "";
}

static void add_bar(struct bt_str *s, json_int_t current, json_int_t total)
{
	int percent = (int)((double)current / (double)total * 100);
	int filled = percent > 100 ? BAR_WIDTH : percent / 2;

	bt_str_putc(s, '[');
	for (int i = 0; i < BAR_WIDTH; i++)
		bt_str_putc(s, i < filled ? '=' : i == filled ? '>' : ' ');
	bt_str_puts(s, "] ");
}

static void describe(const struct display *d, const json_t *progress, struct bt_str *s)
{
	json_int_t current = json_integer_value(json_object_get(progress, "current"));
	json_int_t total = json_integer_value(json_object_get(progress, "total"));
	const char *units = text_of(progress, "units");
	char now[BT_UNITS_TEXT_MAX], all[BT_UNITS_TEXT_MAX];

	if (current <= 0 && total <= 0)
		return;
	bt_units_size((double)current, 4, now);
	bt_units_size((double)total, 4, all);
	if (total > 0 && current <= total && d->columns > 110)
		add_bar(s, current, total);
	if (*units)
		bt_str_printf(s, "%lld/%lld %s", (long long)current, (long long)total, units);
	else if (total > 0 && current <= total)
		bt_str_printf(s, "%8s/%s", now, all);
	else
		bt_str_printf(s, "%8s", now);
}

static void print_message(struct display *d, const json_t *m, const json_t *progress)
{
	const char *id = text_of(m, "id"), *stream = text_of(m, "stream");
	bt_auto_str struct bt_str bar = { 0 };

	if (progress)
		describe(d, progress, &bar);
	if (d->terminal && !*stream && progress)
		(void)fputs("\33[2K\r", d->out);
	else if (bar.len)
		return;
	if (*id) {
		bt_plain_put(d->out, id);
		(void)fputs(": ", d->out);
	}
	bt_plain_put(d->out, *stream && !(d->terminal && progress) ? stream : text_of(m, "status"));
	if (d->terminal && progress)
		(void)fprintf(d->out, " %s\r", bt_str_get(&bar));
	else if (!*stream)
		(void)fputc('\n', d->out);
}

static void show(struct display *d, const json_t *m)
{
	const json_t *progress = json_object_get(m, "progressDetail");
	const char *id = text_of(m, "id");
	size_t up;

	if (!json_is_object(progress))
		progress = NULL;
	if (!*id || !progress || !d->terminal) {
		if (!*id || !progress)
			forget(d);
		/* An empty object is what finished layers carry. */
		print_message(d, m, json_object_size(progress) ? progress : NULL);
		return;
	}
	up = line_of(d, id);
	(void)fprintf(d->out, "\33[%zuA", up);
	print_message(d, m, progress);
	(void)fprintf(d->out, "\33[%zuB", up);
}

static int fail(const json_t *m, struct bt_err *err)
{
	const json_t *detail = json_object_get(m, "errorDetail");
	const char *text = text_of(detail, "message");

	if (json_integer_value(json_object_get(detail, "code")) == 401)
		return bt_err_set(err, BT_ERR_UNAUTHORIZED, EACCES, "authentication is required");
	return bt_err_set(err, BT_ERR_SYSTEM, EIO, "%s", *text ? text : text_of(m, "error"));
}

static int take_line(struct display *d, const char *line, size_t len,
		     void (*aux)(void *arg, const json_t *aux), void *arg, struct bt_err *err)
{
	json_auto_t *m = NULL;

	while (len && strchr(" \t\r\n", line[len - 1]))
		len--;
	if (!len)
		return 0;
	m = json_loadb(line, len, 0, NULL);
	if (!json_is_object(m))
		return bt_err_set(err, BT_ERR_SYSTEM, EPROTO, "invalid message from daemon: %.*s",
				  (int)(len < 100 ? len : 100), line);
	if (json_object_get(m, "error") || json_object_get(m, "errorDetail"))
		return fail(m, err);
	if (json_object_get(m, "aux")) {
		if (aux)
			aux(arg, json_object_get(m, "aux"));
		return 0;
	}
	if (d->out)
		show(d, m);
	return 0;
}

static int read_lines(struct display *d, struct bt_http_conn *conn,
		      void (*aux)(void *arg, const json_t *aux), void *arg, struct bt_err *err)
{
	bt_auto_str struct bt_str s = { .max = MESSAGE_MAX };
	char buf[8192];
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = bt_http_read(conn, buf, sizeof(buf), err)) != 0) {
		const char *begin, *end;
		size_t left;

		if (n < 0)
			return (int)n;
		bt_str_add(&s, buf, (size_t)n);
		if (s.failed)
			return bt_err_sys(err, s.failed, "read progress");
		begin = bt_str_get(&s);
		left = s.len;
		while (r == 0 && (end = memchr(begin, '\n', left))) {
			r = take_line(d, begin, (size_t)(end - begin), aux, arg, err);
			left -= (size_t)(end + 1 - begin);
			begin = end + 1;
		}
		s.len = left;
		memmove(s.p, begin, left + 1);
		/* Whoever reads along, be it by a pipe, sees what there is so far. */
		if (d->out)
			(void)fflush(d->out);
	}
	return r < 0 ? r : take_line(d, bt_str_get(&s), s.len, aux, arg, err);
}

int bt_progress_show(struct bt_http_conn *conn, FILE *out,
		     void (*aux)(void *arg, const json_t *aux), void *arg, struct bt_err *err)
{
	struct display d = { .out = out };
	struct winsize ws;
	int r;

	if (out && ioctl(fileno(out), TIOCGWINSZ, &ws) == 0) {
		d.terminal = true;
		d.columns = ws.ws_col;
	}
	r = read_lines(&d, conn, aux, arg, err);
	forget(&d);
	if (out)
		(void)fflush(out);
	return r;
}
