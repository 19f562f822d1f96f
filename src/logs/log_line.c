/* SPDX-License-Identifier: Apache-2.0 */

#include "logs/log_line.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"
#include "logs/json_text.h"

#define HEAD   "{\"log\":\""
#define STREAM "\",\"stream\":\"std"
#define ATTRS  "\"attrs\":"
#define TIME   "\"time\":\""

/* Does `literal` stand at `p`? Returns what follows, or NULL. */
#define after(p, end, literal) skip(p, end, literal, sizeof(literal) - 1)

static inline const char *skip(const char *p, const char *end, const char *literal, size_t len)
{
	return (size_t)(end - p) >= len && memcmp(p, literal, len) == 0 ? p + len : NULL;
}

/* From behind the text's quote: `,"stream":"stdout",` */
static const char *read_stream(const char *p, const char *end, struct bt_log_line *line)
{
	p = after(p, end, STREAM);
	if (!p || end - p < 5)
		return NULL;
	if (memcmp(p, "out\",", 5) == 0)
		line->stream = BT_LOG_STDOUT;
	else if (memcmp(p, "err\",", 5) == 0)
		line->stream = BT_LOG_STDERR;
	else
		return NULL;
	return p + 5;
}

static const char *read_attrs(const char *p, const char *end, const char *attrs, size_t attrs_len,
			      struct bt_log_line *line)
{
	const char *value = after(p, end, ATTRS);

	if (!value)
		return p;
	if (!attrs || (size_t)(end - value) <= attrs_len || memcmp(value, attrs, attrs_len) != 0 ||
	    value[attrs_len] != ',')
		return NULL;
	line->attrs = value;
	line->attrs_len = attrs_len;
	return value + attrs_len + 1;
}

typedef unsigned char block bt_vector(16);

/* Do 16 bytes have this form, where '0' stands for any digit? Digits differ from '0' by 0 to 9
 * bitwise, and nothing else does. */
static inline bool has_form(const char *p, const char *form)
{
	block text, want, differs;
	uint64_t halves[2];

	memcpy(&text, p, sizeof(text));
	memcpy(&want, form, sizeof(want));
	differs = (text ^ want) > ((block)(want == '0') & 9);
	memcpy(halves, &differs, sizeof(halves));
	return (halves[0] | halves[1]) == 0;
}

/* `"time":"2006-01-02T15:04:05.000000000Z"}` and the end of the line. */
static const char *read_time(const char *p, const char *end, struct bt_log_line *line)
{
	static const char form[] = "0000-00-00T00:00:00.000000000Z\"}";

	p = after(p, end, TIME);
	if (!p || end - p < (ptrdiff_t)sizeof(form) || !has_form(p, form) ||
	    !has_form(p + 16, form + 16) || p[sizeof(form) - 1] != '\n')
		return NULL;
	line->time = p;
	return p + sizeof(form);
}

int bt_log_line_read(const char *src, const char *src_end, const char *attrs, size_t attrs_len,
		     char *dst, char *dst_end, struct bt_log_line *ret)
{
	struct bt_json_text text = { after(src, src_end, HEAD), src_end, dst, dst_end };
	struct bt_log_line line = { 0 };
	const char *p;
	int r;

	if (!text.src)
		return (size_t)(src_end - src) < sizeof(HEAD) - 1 ? -EAGAIN : -EINVAL;
	r = bt_json_text_unescape(&text);
	if (r < 0)
		return r;
	p = read_stream(text.src, src_end, &line);
	if (p)
		p = read_attrs(p, src_end, attrs, attrs_len, &line);
	if (p)
		p = read_time(p, src_end, &line);
	if (!p)
		return memchr(text.src, '\n', (size_t)(src_end - text.src)) ? -EINVAL : -EAGAIN;
	line.end = p;
	line.text_end = text.dst;
	*ret = line;
	return 0;
}

char *bt_log_line_attrs(const char *line, size_t len)
{
	static const char marks[][32] = { "\",\"stream\":\"stdout\"," ATTRS,
					  "\",\"stream\":\"stderr\"," ATTRS };

	for (size_t i = 0; i < 2; i++) {
		const char *value = memmem(line, len, marks[i], strlen(marks[i])), *end;

		if (!value)
			continue;
		value += strlen(marks[i]);
		end = memmem(value, len - (size_t)(value - line), "," TIME, sizeof(TIME));
		return end ? strndup(value, (size_t)(end - value)) : NULL;
	}
	return NULL;
}

/* ---- any other line ---------------------------------------------------------------- */

/* As Go's url.QueryEscape. */
static void query_escape(const char *text, struct bt_str *out)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (isalnum(*c) || strchr("-_.~", *c))
			bt_str_putc(out, (char)*c);
		else if (*c == ' ')
			bt_str_putc(out, '+');
		else
			bt_str_printf(out, "%%%02X", *c);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "k=v,k=v", sorted by name, as Docker's `logs --details` prints them. */
static int print_details(json_t *attrs, char **ret)
{
	size_t n = json_object_size(attrs), i = 0;
	bt_auto_free const char **names = calloc(n + 1, sizeof(*names));
	bt_auto_str struct bt_str out = { 0 };
	const char *name;
	json_t *value;

	if (!names)
		return -ENOMEM;
	json_object_foreach (attrs, name, value)
		names[i++] = name;
	qsort(names, n, sizeof(*names), by_name);
	for (i = 0; i < n; i++) {
		if (i > 0)
			bt_str_putc(&out, ',');
		query_escape(names[i], &out);
		bt_str_putc(&out, '=');
		query_escape(bt_json_str(attrs, names[i], ""), &out);
	}
	return bt_str_steal(&out, ret);
}

static int take_text(const json_t *json, struct bt_log_line_parsed *parsed)
{
	const json_t *log = json_object_get(json, "log");

	parsed->text_len = json_string_length(log);
	parsed->text = malloc(parsed->text_len + 1);
	if (!parsed->text)
		return -ENOMEM;
	memcpy(parsed->text, parsed->text_len ? json_string_value(log) : "", parsed->text_len);
	parsed->text[parsed->text_len] = '\0';
	return 0;
}

int bt_log_line_parse(const char *line, size_t len, struct bt_log_line_parsed *ret)
{
	bt_auto(bt_log_line_parsed_done) struct bt_log_line_parsed parsed = { 0 };
	json_auto_t *json = NULL;
	const char *stream, *time;
	int r = bt_json_parse(line, len, BT_JSON_NUL, &json, BT_ERR_IGNORED);

	if (r < 0)
		return r;
	stream = json_string_value(json_object_get(json, "stream"));
	time = json_string_value(json_object_get(json, "time"));
	if (!time)
		return -EINVAL;
	parsed.stream = stream && strcmp(stream, "stderr") == 0 ? BT_LOG_STDERR : BT_LOG_STDOUT;
	parsed.time = strdup(time);
	r = parsed.time ? take_text(json, &parsed) : -ENOMEM;
	if (r == 0)
		r = print_details(json_object_get(json, "attrs"), &parsed.details);
	if (r < 0)
		return r;
	*ret = bt_take_struct(parsed);
	return 0;
}

void bt_log_line_parsed_done(struct bt_log_line_parsed *parsed)
{
	free(parsed->text);
	free(parsed->time);
	free(parsed->details);
	*parsed = (struct bt_log_line_parsed){ 0 };
}
