/* SPDX-License-Identifier: Apache-2.0 */

#include "client/http_head.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

static int malformed(struct bt_err *err, const char *what)
{
	return bt_err_set(err, BT_ERR_SYSTEM, EPROTO, "malformed HTTP response: %s", what);
}

size_t bt_http_head_find(const char *data, size_t len)
{
	const char *p = data, *end = data + len;

	while ((p = memchr(p, '\n', (size_t)(end - p)))) {
		p++;
		if (p < end && *p == '\n')
			return (size_t)(p + 1 - data);
		if (end - p >= 2 && p[0] == '\r' && p[1] == '\n')
			return (size_t)(p + 2 - data);
	}
	return 0;
}

/* Cut the next line off `*p`: without its end, as a string of its own. */
static char *next_line(char **p)
{
	char *line = *p, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*p = end + 1;
	if (end > line && end[-1] == '\r')
		end--;
	*end = '\0';
	return line;
}

static int parse_status(char *line, struct bt_http_head *head, struct bt_err *err)
{
	const char *p = bt_str_after(line, "HTTP/1.");

	if (!p || !isdigit((unsigned char)p[0]) || p[1] != ' ')
		return malformed(err, "no HTTP/1 status line");
	head->keeps = p[0] != '0';
	p += 2;
	for (int i = 0; i < 3; i++)
		if (!isdigit((unsigned char)p[i]))
			return malformed(err, "bad status code");
	head->status = (p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0');
	if (head->status < 100 || (p[3] && p[3] != ' '))
		return malformed(err, "bad status code");
	head->reason = p[3] ? p + 4 : "";
	return 0;
}

static int parse_field(char *line, struct bt_http_head *head, struct bt_err *err)
{
	char *colon = strchr(line, ':'), *value, *end;

	if (!colon || colon == line || line[0] == ' ' || line[0] == '\t')
		return malformed(err, "bad header line");
	if (head->nfields == BT_HTTP_FIELDS_MAX)
		return malformed(err, "too many header lines");
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	head->fields[head->nfields++] = (struct bt_http_field){ line, value };
	return 0;
}

static int find_framing(struct bt_http_head *head, struct bt_err *err)
{
	const char *coding = bt_http_head_get(head, "Transfer-Encoding");
	const char *length = bt_http_head_get(head, "Content-Length");
	const char *connection = bt_http_head_get(head, "Connection");

	if (connection && strcasecmp(connection, "close") == 0)
		head->keeps = false;
	if (head->status < 200 || head->status == 204 || head->status == 304) {
		head->framing = BT_HTTP_EMPTY;
	} else if (coding) {
		if (strcasecmp(coding, "chunked") != 0)
			return malformed(err, "unknown transfer encoding");
		head->framing = BT_HTTP_CHUNKED;
	} else if (length) {
		if (bt_str_to_u64(length, &head->length) < 0)
			return malformed(err, "bad content length");
		head->framing = head->length ? BT_HTTP_LENGTH : BT_HTTP_EMPTY;
	} else {
		head->framing = BT_HTTP_UNTIL_CLOSE;
		head->keeps = false;
	}
	return 0;
}

static int parse_lines(struct bt_http_head *head, struct bt_err *err)
{
	char *p = head->text, *line = next_line(&p);
	int r = line ? parse_status(line, head, err) : malformed(err, "empty");

	while (r == 0 && (line = next_line(&p)) && *line)
		r = parse_field(line, head, err);
	return r < 0 ? r : find_framing(head, err);
}

int bt_http_head_parse(const char *data, size_t len, struct bt_http_head *ret, struct bt_err *err)
{
	struct bt_http_head head = { 0 };
	int r;

	if (len > BT_HTTP_HEAD_MAX)
		return malformed(err, "the head is too long");
	if (memchr(data, '\0', len))
		return malformed(err, "a NUL byte in the head");
	head.text = strndup(data, len);
	if (!head.text)
		return bt_err_sys(err, -ENOMEM, "read response");
	r = parse_lines(&head, err);
	if (r < 0) {
		bt_http_head_done(&head);
		return r;
	}
	*ret = head;
	return 0;
}

const char *bt_http_head_get(const struct bt_http_head *head, const char *name)
{
	for (size_t i = 0; i < head->nfields; i++)
		if (strcasecmp(head->fields[i].name, name) == 0)
			return head->fields[i].value;
	return NULL;
}

void bt_http_head_done(struct bt_http_head *head)
{
	free(head->text);
	*head = (struct bt_http_head){ 0 };
}
