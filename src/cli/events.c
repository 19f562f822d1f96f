/* SPDX-License-Identifier: Apache-2.0 */

/* `events`: what happens, as it happens. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/time.h"
#include "cli/check.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/filter.h"
#include "cli/json_stream.h"
#include "cli/plain.h"
#include "client/target.h"
#include "codec/go_template.h"

static int add_time(struct bt_str *target, const char *name, const char *text, struct bt_err *err)
{
	if (bt_target_add_time(target, name, text) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "failed to parse value as time or duration: \"%s\"", text);
	return 0;
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s ? s : "";
}

static void print_time(const json_t *event)
{
	json_int_t nano = json_integer_value(json_object_get(event, "timeNano"));
	time_t t = (time_t)(nano / BT_TIME_NSEC_PER_SEC);
	char text[32] = "", zone[8] = "";
	struct tm tm;

	if (!nano)
		t = (time_t)json_integer_value(json_object_get(event, "time"));
	if (!localtime_r(&t, &tm))
		return;
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)strftime(zone, sizeof(zone), "%z", &tm);
	(void)printf("%s.%09lld", text, (long long)(nano % BT_TIME_NSEC_PER_SEC));
	if (tm.tm_gmtoff == 0)
		(void)fputs("Z ", stdout);
	else
		(void)printf("%.3s:%s ", zone, zone + 3);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_attributes(json_t *attributes)
{
	size_t n = json_object_size(attributes), i = 0;
	bt_auto_free const char **names = calloc(n + 1, sizeof(*names));
	const char *name;
	json_t *value;

	if (!n || !names)
		return;
	json_object_foreach (attributes, name, value)
		names[i++] = name;
	qsort(names, n, sizeof(*names), by_name);
	for (i = 0; i < n; i++) {
		(void)fputs(i ? ", " : " (", stdout);
		bt_plain_put(stdout, names[i]);
		(void)fputc('=', stdout);
		bt_plain_put(stdout, text_of(attributes, names[i]));
	}
	(void)putchar(')');
}

static void print_plain(const json_t *event)
{
	json_t *actor = json_object_get(event, "Actor");

	print_time(event);
	bt_plain_printf(stdout, "%s %s %s", text_of(event, "Type"), text_of(event, "Action"),
			text_of(actor, "ID"));
	print_attributes(json_object_get(actor, "Attributes"));
	(void)putchar('\n');
}

static int print_event(json_t *event, const struct bt_go_template *t, bool json, struct bt_err *err)
{
	struct bt_go_template_data data = { .dot = event, .strict = true };
	bt_auto_str struct bt_str out = { 0 };
	int r = 0;

	if (json) {
		bt_auto_free char *text = json_dumps(event, JSON_COMPACT);

		bt_plain_printf(stdout, "%s\n", text ? text : "");
	} else if (t) {
		r = bt_go_template_execute(t, &data, &out, err);
		bt_plain_printf(stdout, "%s\n", bt_str_get(&out));
	} else {
		print_plain(event);
	}
	(void)fflush(stdout);
	return r;
}

static int follow(struct bt_http_conn *conn, const struct bt_go_template *t, bool json,
		  struct bt_err *err)
{
	struct bt_json_stream stream = { .conn = conn };
	int r;

	for (;;) {
		json_auto_t *event = NULL;

		r = bt_json_stream_next(&stream, &event, err);
		if (r <= 0)
			break;
		r = print_event(event, t, json, err);
		if (r < 0 || ferror(stdout))
			break;
	}
	bt_json_stream_done(&stream);
	return r < 0 ? r : 0;
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	const char *format = bt_args_string(args, "format");
	bool json = format && (strcmp(format, "json") == 0 || strcmp(format, "{{json .}}") == 0);
	bt_auto_go_template struct bt_go_template *t = NULL;
	bt_auto_str struct bt_str target = { 0 };
	struct bt_http_conn conn = { .fd = -EBADF };
	struct bt_err err = { 0 };
	struct bt_api *api;
	int r;

	if (format && !json && bt_go_template_parse(format, &t, &err) < 0) {
		bt_plain_printf(stderr, "Error parsing format: %s\n", err.msg);
		return BT_CLI_BAD_PATTERN;
	}
	bt_str_puts(&target, "/events");
	r = add_time(&target, "since", bt_args_string(args, "since"), &err);
	if (r == 0)
		r = add_time(&target, "until", bt_args_string(args, "until"), &err);
	bt_filter_add(&target, args, "filter", NULL);
	struct bt_api_request req = { .method = "GET", .target = bt_str_get(&target) };
	if (r == 0)
		r = bt_cli_api(cli, &api, &err);
	if (r == 0)
		r = bt_api_open(api, &req, &conn, &err);
	if (r == 0)
		r = follow(&conn, t, json, &err);
	bt_http_close(&conn);
	return r < 0 ? bt_cli_fail(&err) : 0;
}

static const struct bt_flag flags[] = {
	{ 'f', BT_FLAG_LIST, "filter", "filter", "Show only what matches, as name=value", NULL,
	  bt_check_filter },
	{ 0, BT_FLAG_STRING, "format", NULL, "Print by a Go template, or \"json\"", NULL, NULL },
	{ 0, BT_FLAG_STRING, "since", NULL, "Begin at a time, or so long ago", NULL, NULL },
	{ 0, BT_FLAG_STRING, "until", NULL, "End at a time, or so long ago", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_events_command = {
	.names = "system events,events",
	.usage = "[OPTIONS]",
	.brief = "Show what happens, as it happens",
	.flags = { flags },
	.run = run,
};
