/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/cdi_yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/auto.h"

struct reader {
	yaml_parser_t parser;
	unsigned nodes;
};

static int bad(const struct reader *rd, const char *why, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "line %zu: %s", rd->parser.mark.line + 1,
			  why ? why : "not YAML");
}

static int next(struct reader *rd, yaml_event_t *ret, struct bt_err *err)
{
	if (!yaml_parser_parse(&rd->parser, ret)) {
		memset(ret, 0, sizeof(*ret));
		return bad(rd, rd->parser.problem, err);
	}
	return 0;
}

/* A plain scalar by YAML's core schema, as far as numbers, booleans and null go. */
static json_t *plain(const char *text)
{
	char *end;
	long long n;

	if (*text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0)
		return json_null();
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return json_boolean(text[0] == 't');
	errno = 0;
	n = strtoll(text, &end, text[0] == '0' && text[1] == 'o' ? 8 : 10);
	if (text[0] == '0' && text[1] == 'o')
		n = strtoll(text + 2, &end, 8);
	return *end == '\0' && errno == 0 && strchr("+- \t", text[0]) != text ? json_integer(n)
									      : json_string(text);
}

static int read_node(struct reader *rd, const yaml_event_t *event, unsigned depth, json_t **ret,
		     struct bt_err *err);

static int read_list(struct reader *rd, unsigned depth, json_t *list, struct bt_err *err)
{
	for (;;) {
		bt_auto(yaml_event_delete) yaml_event_t event = { 0 };
		json_t *item = NULL;
		int r = next(rd, &event, err);

		if (r < 0 || event.type == YAML_SEQUENCE_END_EVENT)
			return r;
		r = read_node(rd, &event, depth, &item, err);
		if (r < 0)
			return r;
		if (json_array_append_new(list, item) < 0)
			return bt_err_sys(err, -ENOMEM, "read YAML");
	}
}

static int read_value(struct reader *rd, unsigned depth, json_t *object, const char *key,
		      struct bt_err *err)
{
	bt_auto(yaml_event_delete) yaml_event_t event = { 0 };
	json_t *value = NULL;
	int r = next(rd, &event, err);

	if (r == 0)
		r = read_node(rd, &event, depth, &value, err);
	if (r < 0)
		return r;
	if (json_object_get(object, key)) {
		json_decref(value);
		return bad(rd, "a key stands there twice", err);
	}
	return json_object_set_new(object, key, value) < 0 ? bad(rd, "a key is no UTF-8", err) : 0;
}

static int read_map(struct reader *rd, unsigned depth, json_t *object, struct bt_err *err)
{
	for (;;) {
		bt_auto(yaml_event_delete) yaml_event_t event = { 0 };
		int r = next(rd, &event, err);

		if (r < 0 || event.type == YAML_MAPPING_END_EVENT)
			return r;
		if (event.type != YAML_SCALAR_EVENT || event.data.scalar.anchor)
			return bad(rd, "a key is no string", err);
		r = read_value(rd, depth, object, (const char *)event.data.scalar.value, err);
		if (r < 0)
			return r;
	}
}

static int read_scalar(const struct reader *rd, const yaml_event_t *event, json_t **ret,
		       struct bt_err *err)
{
	const char *text = (const char *)event->data.scalar.value;

	if (strlen(text) != event->data.scalar.length)
		return bad(rd, "a string holds a NUL", err);
	*ret = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? plain(text)
								   : json_string(text);
	return *ret ? 0 : bad(rd, "a string is no UTF-8", err);
}

static int read_node(struct reader *rd, const yaml_event_t *event, unsigned depth, json_t **ret,
		     struct bt_err *err)
{
	bool list = event->type == YAML_SEQUENCE_START_EVENT;
	json_auto_t *node = NULL;
	int r;

	if (depth == 0 || ++rd->nodes > BT_CDI_YAML_NODES)
		return bad(rd, "too deep or too long", err);
	if (event->type == YAML_SCALAR_EVENT && !event->data.scalar.anchor)
		return read_scalar(rd, event, ret, err);
	if ((!list && event->type != YAML_MAPPING_START_EVENT) ||
	    (list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor))
		return bad(rd, "anchors and aliases are not taken", err);
	node = list ? json_array() : json_object();
	r = list ? read_list(rd, depth - 1, node, err) : read_map(rd, depth - 1, node, err);
	if (r == 0)
		*ret = json_incref(node);
	return r;
}

static int read_document(struct reader *rd, json_t **ret, struct bt_err *err)
{
	bt_auto(yaml_event_delete) yaml_event_t stream = { 0 }, document = { 0 }, first = { 0 };
	bt_auto(yaml_event_delete) yaml_event_t end = { 0 }, behind = { 0 };
	json_auto_t *root = NULL;
	int r = next(rd, &stream, err);

	if (r == 0)
		r = next(rd, &document, err);
	if (r == 0 && document.type != YAML_DOCUMENT_START_EVENT)
		return bad(rd, "it is empty", err);
	if (r == 0)
		r = next(rd, &first, err);
	if (r == 0)
		r = read_node(rd, &first, BT_CDI_YAML_DEPTH, &root, err);
	if (r == 0)
		r = next(rd, &end, err);
	if (r == 0)
		r = next(rd, &behind, err);
	if (r == 0 && behind.type != YAML_STREAM_END_EVENT)
		return bad(rd, "there is more than one document", err);
	if (r == 0)
		*ret = json_incref(root);
	return r;
}

int bt_cdi_yaml_parse(const char *text, size_t len, json_t **ret, struct bt_err *err)
{
	struct reader rd = { .nodes = 0 };
	int r;

	if (!yaml_parser_initialize(&rd.parser))
		return bt_err_sys(err, -ENOMEM, "read YAML");
	yaml_parser_set_input_string(&rd.parser, (const unsigned char *)text, len);
	r = read_document(&rd, ret, err);
	yaml_parser_delete(&rd.parser);
	return r;
}
