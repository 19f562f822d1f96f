/* SPDX-License-Identifier: Apache-2.0 */

/* `inspect`, and what its forms for one kind of thing share. */

#include "cli/inspect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/multi.h"
#include "cli/plain.h"
#include "cli/platform_flag.h"
#include "client/target.h"
#include "codec/go_template.h"

#define ANSWER_MAX (64u << 20)

static void new_line(struct bt_str *out, unsigned level)
{
	bt_str_printf(out, "\n%*s", (int)(level * 4), "");
}

static const char *copy_string(struct bt_str *out, const char *p)
{
	const char *begin = p++;

	while (*p && *p != '"')
		p += *p == '\\' && p[1] ? 2 : 1;
	p += *p == '"';
	bt_str_add(out, begin, (size_t)(p - begin));
	return p;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void bt_inspect_indent(struct bt_str *out, const char *json, unsigned level)
{
	for (const char *p = json; *p;) {
		char c = *p;

		if (c == '"') {
			p = copy_string(out, p);
			continue;
		}
		p++;
		if (is_blank(c))
			continue;
		if (c == '}' || c == ']')
			new_line(out, level ? --level : 0);
		bt_str_putc(out, c);
		if (c == ':')
			bt_str_putc(out, ' ');
		if (c == ',')
			new_line(out, level);
		if (c != '{' && c != '[')
			continue;
		while (is_blank(*p))
			p++;
		if (*p == '}' || *p == ']')
			bt_str_putc(out, *p++);
		else
			new_line(out, ++level);
	}
}

int bt_inspect_get(struct bt_cli *cli, const char *target, char **ret, struct bt_err *err)
{
	struct bt_api_request req = { .method = "GET", .target = target };
	struct bt_http_conn conn;
	struct bt_api *api;
	int r = bt_cli_api(cli, &api, err);

	if (r == 0)
		r = bt_api_open(api, &req, &conn, err);
	if (r < 0)
		return r;
	r = bt_http_read_all(&conn, ANSWER_MAX, ret, NULL, err);
	bt_api_keep(api, &conn);
	return r;
}

/* What Go prints for a field that is not set depends on its type, which JSON does not say. */
static const char *null_text(const char *name)
{
	static const char *const maps[] = { "Volumes",      "Labels",      "ExposedPorts",
					    "PortBindings", "Ports",       "Networks",
					    "Options",      "Annotations", "StorageOpt",
					    "Sysctls",      "Tmpfs",       "DriverOpts" };
	static const char *const pointers[] = { "OomKillDisable",   "PidsLimit",   "Init",
						"MemorySwappiness", "Healthcheck", "Health",
						"StopTimeout",      "IPAMConfig",  "UsageData" };

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		if (strcmp(maps[i], name) == 0)
			return "map[]";
	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++)
		if (strcmp(pointers[i], name) == 0)
			return "<nil>";
	return "[]";
}

static int apply(const struct bt_go_template *t, const char *text, struct bt_err *err)
{
	json_auto_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
	struct bt_go_template_data data = { .dot = value, .strict = true, .null_text = null_text };
	bt_auto_str struct bt_str out = { 0 };
	int r;

	if (!value)
		return bt_err_set(err, BT_ERR_SYSTEM, EPROTO, "invalid JSON in response");
	r = bt_go_template_execute(t, &data, &out, err);
	if (r < 0) {
		(void)fputc('\n', stdout);
		return bt_err_context(err, "template parsing error");
	}
	bt_plain_put(stdout, bt_str_get(&out));
	(void)fputc('\n', stdout);
	return 0;
}

static void print_list(const struct bt_str *items)
{
	if (items->len == 0) {
		(void)puts("[]");
		return;
	}
	(void)fputs("[\n    ", stdout);
	bt_plain_put(stdout, bt_str_get(items));
	(void)fputs("\n]\n", stdout);
}

int bt_inspect_run(struct bt_cli *cli, const struct bt_args *args, bt_inspect_fetch fetch)
{
	const char *format = bt_args_string(args, "format");
	bool json = format && strcmp(format, "json") == 0;
	bt_auto_go_template struct bt_go_template *t = NULL;
	bt_auto_str struct bt_str items = { .max = 1u << 30 };
	bt_auto_str struct bt_str messages = { 0 };
	struct bt_err err = { 0 };

	if (format && !json && bt_go_template_parse(format, &t, &err) < 0) {
		bt_plain_printf(stderr, "template parsing error: %s\n", err.msg);
		return BT_CLI_BAD_PATTERN;
	}
	for (size_t i = 0; i < args->npos; i++) {
		bt_auto_free char *text = NULL;
		int r = fetch(cli, args, args->pos[i], &text, &err);

		if (r == 0 && t)
			r = apply(t, text, &err);
		if (r < 0) {
			bt_str_printf(&messages, "%s\n", err.msg);
			continue;
		}
		if (t)
			continue;
		bt_str_puts(&items, items.len ? (json ? "," : ",\n    ") : "");
		if (json)
			bt_str_add(&items, text, strcspn(text, "\n"));
		else
			bt_inspect_indent(&items, text, 1);
	}
	if (json) {
		(void)fputc('[', stdout);
		bt_plain_put(stdout, bt_str_get(&items));
		(void)fputs("]\n", stdout);
	} else if (!t) {
		print_list(&items);
	}
	(void)fflush(stdout);
	bt_plain_put(stderr, bt_str_get(&messages));
	return messages.len ? BT_CLI_FAILED : 0;
}

/* The kinds of things, in the order in which docker looks for a name. */
static const struct kind {
	const char *name, *front, *back;
} kinds[] = {
	{ "container", "/containers/", "/json" },
	{ "image", "/images/", "/json" },
	{ "network", "/networks/", "" },
	{ "volume", "/volumes/", "" },
};

static int fetch_kind(struct bt_cli *cli, const struct bt_args *args, const struct kind *kind,
		      const char *name, char **ret, struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };

	bt_str_puts(&target, kind->front);
	bt_target_path(&target, *name == '/' ? name + 1 : name);
	bt_str_puts(&target, kind->back);
	if (kind == kinds)
		bt_target_add_flag(&target, "size", bt_args_bool(args, "size"));
	return bt_inspect_get(cli, bt_str_get(&target), ret, err);
}

static int fetch_any(struct bt_cli *cli, const struct bt_args *args, const char *name, char **ret,
		     struct bt_err *err)
{
	const char *type = bt_args_string(args, "type");
	int r = -ENOENT;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		bool asked = type && strcmp(type, kinds[i].name) == 0;

		if (type && *type && !asked)
			continue;
		r = fetch_kind(cli, args, &kinds[i], name, ret, err);
		if (r >= 0 || asked || err->kind != BT_ERR_NOT_FOUND)
			return r;
	}
	return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "Error: No such object: %s", name);
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	const char *type = bt_args_string(args, "type");
	bool known = !type || !*type;

	for (size_t i = 0; !known && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		known = strcmp(type, kinds[i].name) == 0;
	if (!known) {
		bt_plain_printf(stderr, "unknown type: \"%s\": must be one of", type);
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			bt_plain_printf(stderr, "%s \"%s\"", i ? "," : "", kinds[i].name);
		(void)fputc('\n', stderr);
		return BT_CLI_FAILED;
	}
	return bt_inspect_run(cli, args, fetch_any);
}

static int fetch_container(struct bt_cli *cli, const struct bt_args *args, const char *name,
			   char **ret, struct bt_err *err)
{
	return fetch_kind(cli, args, &kinds[0], name, ret, err);
}

static int run_container(struct bt_cli *cli, const struct bt_args *args)
{
	return bt_inspect_run(cli, args, fetch_container);
}

static int fetch_image(struct bt_cli *cli, const struct bt_args *args, const char *name, char **ret,
		       struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };
	int r;

	bt_str_puts(&target, "/images/");
	bt_target_path(&target, name);
	bt_str_puts(&target, "/json");
	r = bt_platform_flag_add(&target, "platform", bt_args_string(args, "platform"), err);
	return r < 0 ? r : bt_inspect_get(cli, bt_str_get(&target), ret, err);
}

static int run_image(struct bt_cli *cli, const struct bt_args *args)
{
	return bt_inspect_run(cli, args, fetch_image);
}

#define FORMAT_FLAG                                                                               \
	{                                                                                         \
		'f', BT_FLAG_STRING, "format", NULL, "Print by a Go template, or \"json\"", NULL, \
			NULL                                                                      \
	}
#define SIZE_FLAG                                                                       \
	{                                                                               \
		's', BT_FLAG_BOOL, "size", NULL, "Show sizes of containers", NULL, NULL \
	}

static const struct bt_flag flags[] = {
	FORMAT_FLAG,
	SIZE_FLAG,
	{ 0, BT_FLAG_STRING, "type", NULL, "Look only for: container, image, network, volume", NULL,
	  NULL },
	{ 0 },
};

const struct bt_command bt_inspect_command = {
	.names = "inspect",
	.usage = "[OPTIONS] NAME|ID [NAME|ID...]",
	.brief = "Show all about containers, images, networks and volumes",
	.flags = { flags },
	.min = 1,
	.max = -1,
	.run = run,
};

static const struct bt_flag container_flags[] = { FORMAT_FLAG, SIZE_FLAG, { 0 } };

const struct bt_command bt_inspect_container_command = {
	.names = "container inspect",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.brief = "Show all about containers",
	.flags = { container_flags },
	.min = 1,
	.max = -1,
	.run = run_container,
};

static const struct bt_flag image_flags[] = {
	FORMAT_FLAG,
	{ 0, BT_FLAG_STRING, "platform", NULL, BT_HELP_PLATFORM, NULL, NULL },
	{ 0 },
};

const struct bt_command bt_inspect_image_command = {
	.names = "image inspect",
	.usage = "[OPTIONS] IMAGE [IMAGE...]",
	.brief = "Show all about images",
	.flags = { image_flags },
	.min = 1,
	.max = -1,
	.run = run_image,
};
