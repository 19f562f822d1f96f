/* SPDX-License-Identifier: Apache-2.0 */

/* The container's own configuration: program, environment, labels, health check. */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "base/time.h"
#include "cli/create.h"
#include "cli/json_set.h"
#include "codec/json.h"

#define FILE_MAX (16u << 20)

/* "NAME" alone takes the value that we have. Where we have none, a flag takes the variable away
 * that the image may set (`keep`), and a file says nothing. */
static void add_env(json_t *config, const char *text, bool keep)
{
	const char *value;

	value = strchr(text, '=') ? NULL : getenv(text);
	if (strchr(text, '=') || (!value && keep)) {
		bt_json_set_append(config, "Env", text);
		return;
	}
	bt_auto_free char *pair = value ? bt_str_format("%s=%s", text, value) : NULL;
	if (pair)
		bt_json_set_append(config, "Env", pair);
}

/* Lines may end as on Windows. */
static void drop_return(char *line)
{
	size_t n = strlen(line);

	if (n > 0 && line[n - 1] == '\r')
		line[n - 1] = '\0';
}

/* JSON has no other text. */
static int check_utf8(const char *line, const char *path, unsigned number, struct bt_err *err)
{
	json_auto_t *text = json_string(line);

	return text ? 0
		    : bt_err_set(err, BT_ERR_INVALID, EINVAL,
				 "invalid env file (%s): invalid utf8 bytes at line %u", path,
				 number);
}

/* Call `add` for each line of a file that is not empty and no comment. */
static int read_lines(const char *path, json_t *to,
		      int (*add)(json_t *to, char *line, const char *path, struct bt_err *err),
		      struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	unsigned number = 1;
	char *next;
	int r = bt_io_read_file(AT_FDCWD, path, FILE_MAX, &text, NULL);

	if (r < 0)
		return bt_err_set(err, BT_ERR_INVALID, -r, "open %s: %s", path,
				  r == -ENOENT ? "no such file or directory" : strerror(-r));
	for (char *line = text; r == 0 && line; line = next, number++) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		line += strspn(line, " \t\v\f");
		drop_return(line);
		r = check_utf8(line, path, number, err);
		if (r == 0 && *line && *line != '#')
			r = add(to, line, path, err);
	}
	return r;
}

static int add_env_line(json_t *config, char *line, const char *path, struct bt_err *err)
{
	size_t len = strcspn(line, "=");

	if (len == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid env file (%s): no variable name on line '%s'", path,
				  line);
	for (size_t i = 0; i < len; i++)
		if (isspace((unsigned char)line[i]))
			return bt_err_set(
				err, BT_ERR_INVALID, EINVAL,
				"invalid env file (%s): variable '%.*s' contains whitespaces", path,
				(int)len, line);
	add_env(config, line, false);
	return 0;
}

static void add_label(json_t *config, const char *text)
{
	json_t *labels = json_object_get(config, "Labels");

	if (!labels) {
		labels = json_object();
		(void)json_object_set_new(config, "Labels", labels);
	}
	bt_json_set_pair(labels, text);
}

static int add_label_line(json_t *config, char *line, const char *path bt_unused,
			  struct bt_err *err bt_unused)
{
	add_label(config, line);
	return 0;
}

/* Proxies of the client's configuration become variables of every container. */
static void add_proxies(const struct bt_cli *cli, json_t *config)
{
	static const char *const names[][2] = { { "httpProxy", "HTTP_PROXY" },
						{ "httpsProxy", "HTTPS_PROXY" },
						{ "ftpProxy", "FTP_PROXY" },
						{ "noProxy", "NO_PROXY" },
						{ "allProxy", "ALL_PROXY" } };
	json_t *proxies = json_object_get(json_object_get(cli->config.json, "proxies"), "default");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = json_string_value(json_object_get(proxies, names[i][0]));
		char lower[16] = { 0 };

		if (!value || !*value)
			continue;
		for (size_t k = 0; names[i][1][k]; k++)
			lower[k] = (char)tolower((unsigned char)names[i][1][k]);
		bt_auto_free char *upper_pair = bt_str_format("%s=%s", names[i][1], value);
		bt_auto_free char *lower_pair = bt_str_format("%s=%s", lower, value);
		bt_json_set_append(config, "Env", upper_pair);
		bt_json_set_append(config, "Env", lower_pair);
	}
}

/* Is the variable of --env number `i` given once more behind it? Then that one stands here. */
static const char *last_of(const struct bt_args *args, size_t i, bool *ret_seen)
{
	const char *first = bt_args_item(args, "env", i), *text, *last = first;
	size_t len = strcspn(first, "=");

	*ret_seen = false;
	for (size_t k = 0; (text = bt_args_item(args, "env", k)); k++) {
		if (strcspn(text, "=") != len || strncmp(text, first, len) != 0)
			continue;
		*ret_seen |= k < i;
		last = text;
	}
	return last;
}

int bt_create_config_env(const struct bt_args *args, json_t *config, struct bt_err *err)
{
	const char *text;
	bool seen;
	int r = 0;

	for (size_t i = 0; r == 0 && (text = bt_args_item(args, "env-file", i)); i++)
		r = read_lines(text, config, add_env_line, err);
	for (size_t i = 0; r == 0 && bt_args_item(args, "env", i); i++) {
		text = last_of(args, i, &seen);
		if (!seen)
			add_env(config, text, true);
	}
	return r;
}

static int fill_environment(const struct bt_cli *cli, const struct bt_args *args, json_t *config,
			    struct bt_err *err)
{
	const char *text;
	int r;

	add_proxies(cli, config);
	r = bt_create_config_env(args, config, err);
	for (size_t i = 0; r == 0 && (text = bt_args_item(args, "label-file", i)); i++)
		r = read_lines(text, config, add_label_line, err);
	for (size_t i = 0; r == 0 && (text = bt_args_item(args, "label", i)); i++)
		add_label(config, text);
	return r;
}

static int not_negative(const struct bt_args *args, const char *flag, struct bt_err *err)
{
	const char *text = bt_args_string(args, flag);

	if (text && *text == '-')
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "--%s cannot be negative", flag);
	return 0;
}

static int fill_health(const struct bt_args *args, json_t *config, struct bt_err *err)
{
	static const char *const flags[] = { "health-interval", "health-timeout",
					     "health-start-period", "health-start-interval",
					     "health-retries" };
	json_auto_t *health = json_object();
	const char *command = bt_args_string(args, "health-cmd");
	bool any = command != NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < 5; i++) {
		any |= bt_args_given(args, flags[i]);
		r = not_negative(args, flags[i], err);
	}
	if (r < 0)
		return r;
	if (bt_args_bool(args, "no-healthcheck")) {
		if (any)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "--no-healthcheck conflicts with --health-* options");
		(void)json_object_set_new(config, "Healthcheck",
					  json_pack("{s:[s]}", "Test", "NONE"));
		return 0;
	}
	if (!any)
		return 0;
	if (command)
		(void)json_object_set_new(health, "Test", json_pack("[ss]", "CMD-SHELL", command));
	bt_json_set_duration_flag(health, "Interval", args, "health-interval");
	bt_json_set_duration_flag(health, "Timeout", args, "health-timeout");
	bt_json_set_duration_flag(health, "StartPeriod", args, "health-start-period");
	bt_json_set_duration_flag(health, "StartInterval", args, "health-start-interval");
	bt_json_set_int_flag(health, "Retries", args, "health-retries");
	(void)json_object_set(config, "Healthcheck", health);
	return 0;
}

static bool attaches(const struct bt_args *args, const char *stream)
{
	const char *text;

	for (size_t i = 0; (text = bt_args_item(args, "attach", i)); i++)
		if (strcasecmp(text, stream) == 0)
			return true;
	return false;
}

static void fill_streams(const struct bt_args *args, json_t *config)
{
	bool all = !bt_args_given(args, "attach"), interactive = bt_args_bool(args, "interactive");
	bool in = interactive || attaches(args, "stdin");

	(void)json_object_set_new(config, "AttachStdin", json_boolean(in));
	(void)json_object_set_new(config, "AttachStdout",
				  json_boolean(all || attaches(args, "stdout")));
	(void)json_object_set_new(config, "AttachStderr",
				  json_boolean(all || attaches(args, "stderr")));
	(void)json_object_set_new(config, "OpenStdin", json_boolean(interactive));
	(void)json_object_set_new(config, "StdinOnce", json_boolean(interactive && in));
	(void)json_object_set_new(config, "Tty", json_boolean(bt_args_bool(args, "tty")));
}

int bt_create_config_fill(const struct bt_cli *cli, const struct bt_args *args, json_t *config,
			  struct bt_err *err)
{
	const char *entrypoint = bt_args_string(args, "entrypoint");
	int r;

	bt_json_set_text(config, "Image", args->pos[0]);
	for (size_t i = 1; i < args->npos; i++)
		bt_json_set_append(config, "Cmd", args->pos[i]);
	if (entrypoint)
		bt_json_set_append(config, "Entrypoint", entrypoint);
	bt_json_set_string_flag(config, "Hostname", args, "hostname");
	bt_json_set_string_flag(config, "Domainname", args, "domainname");
	bt_json_set_string_flag(config, "User", args, "user");
	bt_json_set_string_flag(config, "WorkingDir", args, "workdir");
	bt_json_set_string_flag(config, "StopSignal", args, "stop-signal");
	bt_json_set_int_flag(config, "StopTimeout", args, "stop-timeout");
	fill_streams(args, config);
	r = fill_environment(cli, args, config, err);
	return r < 0 ? r : fill_health(args, config, err);
}
