/* SPDX-License-Identifier: Apache-2.0 */

#include "image/change.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "codec/signal_name.h"
#include "image/words.h"

#define LINE_MAX_LEN (64u << 10)

struct instruction {
	const char *name;
	int (*apply)(json_t *config, const char *rest, struct bt_err *err);
	const char *needs; /* how many arguments, or NULL where there may be none */
};

static int no_memory(struct bt_err *err)
{
	return bt_err_sys(err, -ENOMEM, "change an image");
}

static int set(json_t *config, const char *key, json_t *value, struct bt_err *err)
{
	return json_object_set_new(config, key, value) < 0 ? no_memory(err) : 0;
}

/* The member `key`, made where it is missing or of another type: an image is somebody else's text.
 * Borrowed, NULL without memory. */
static json_t *member(json_t *config, const char *key, json_type type)
{
	json_t *value = json_object_get(config, key);

	if (value && json_typeof(value) == type)
		return value;
	value = type == JSON_ARRAY ? json_array() : json_object();
	return json_object_set_new(config, key, value) < 0 ? NULL : value;
}

static const json_t *env_of(const json_t *config)
{
	return bt_json_arr(config, "Env");
}

/* A JSON array of strings; 0 with NULL where `rest` is not one, and is meant for the shell. */
static json_t *exec_form(const char *rest)
{
	json_t *array, *item;
	size_t i;

	if (rest[0] != '[' || bt_json_parse(rest, strlen(rest), 0, &array, BT_ERR_IGNORED) < 0)
		return NULL;
	json_array_foreach (array, i, item) {
		if (json_is_string(item))
			continue;
		json_decref(array);
		return NULL;
	}
	return array;
}

static json_t *command(const json_t *config, const char *rest)
{
	const json_t *shell = bt_json_arr(config, "Shell");
	json_t *argv = exec_form(rest);

	if (argv)
		return argv;
	argv = shell ? json_deep_copy(shell) : json_pack("[ss]", "/bin/sh", "-c");
	if (rest[0] != '\0' && json_array_append_new(argv, json_string(rest)) < 0) {
		json_decref(argv);
		return NULL;
	}
	return argv;
}

static int apply_cmd(json_t *config, const char *rest, struct bt_err *err)
{
	return set(config, "Cmd", command(config, rest), err);
}

static int apply_entrypoint(json_t *config, const char *rest, struct bt_err *err)
{
	return set(config, "Entrypoint", command(config, rest), err);
}

/* "k=v k2=v2", or the old "k the rest of the line". Calls `put` for each. */
static int each_pair(json_t *config, const char *name, const char *rest,
		     int (*put)(json_t *config, const char *key, const char *value,
				struct bt_err *err),
		     struct bt_err *err)
{
	json_auto_t *words = NULL;
	json_t *word;
	size_t i;
	int r;

	r = bt_words_split(rest, env_of(config), &words, err);
	if (r < 0)
		return r;
	if (json_array_size(words) == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "%s requires at least one argument",
				  name);
	if (!strchr(json_string_value(json_array_get(words, 0)), '=')) {
		bt_auto_str struct bt_str value = { 0 };

		if (json_array_size(words) < 2)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "%s must have two arguments",
					  name);
		for (i = 1; i < json_array_size(words); i++) {
			bt_str_puts(&value, i > 1 ? " " : "");
			bt_str_puts(&value, json_string_value(json_array_get(words, i)));
		}
		return put(config, json_string_value(json_array_get(words, 0)), bt_str_get(&value),
			   err);
	}
	json_array_foreach (words, i, word) {
		bt_auto_free char *key = strdup(json_string_value(word));
		char *eq = key ? strchr(key, '=') : NULL;

		if (!key)
			return no_memory(err);
		if (!eq || eq == key)
			return bt_err_set(
				err, BT_ERR_INVALID, EINVAL,
				"Syntax error - can't find = in \"%.200s\". Must be of the "
				"form: name=value",
				key);
		*eq = '\0';
		r = put(config, key, eq + 1, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int put_env(json_t *config, const char *key, const char *value, struct bt_err *err)
{
	json_t *env = member(config, "Env", JSON_ARRAY), *item, *text;
	size_t i, n = strlen(key);

	text = json_sprintf("%s=%s", key, value);
	if (!env || !text) {
		json_decref(text);
		return no_memory(err);
	}
	json_array_foreach (env, i, item) {
		const char *old = json_string_value(item);

		if (old && strncmp(old, key, n) == 0 && old[n] == '=')
			return json_array_set_new(env, i, text) < 0 ? no_memory(err) : 0;
	}
	return json_array_append_new(env, text) < 0 ? no_memory(err) : 0;
}

static int apply_env(json_t *config, const char *rest, struct bt_err *err)
{
	return each_pair(config, "ENV", rest, put_env, err);
}

static int put_label(json_t *config, const char *key, const char *value, struct bt_err *err)
{
	json_t *labels = member(config, "Labels", JSON_OBJECT);

	return !labels || json_object_set_new(labels, key, json_string(value)) < 0 ? no_memory(err)
										   : 0;
}

static int apply_label(json_t *config, const char *rest, struct bt_err *err)
{
	return each_pair(config, "LABEL", rest, put_label, err);
}

/* "80" or "8000-8010". Returns 0, -EINVAL or -ENOMEM. */
static int port_range(const char *text, size_t len, unsigned long long *ret_from,
		      unsigned long long *ret_to)
{
	bt_auto_free char *first = strndup(text, len);
	char *last = first ? strchr(first, '-') : NULL;

	if (!first)
		return -ENOMEM;
	if (last)
		*last++ = '\0';
	if (bt_str_to_u64(first, ret_from) < 0 || bt_str_to_u64(last ? last : first, ret_to) < 0)
		return -EINVAL;
	return *ret_from >= 1 && *ret_from <= *ret_to && *ret_to <= 65535 ? 0 : -EINVAL;
}

static bool is_protocol(const char *text)
{
	return strcmp(text, "tcp") == 0 || strcmp(text, "udp") == 0 || strcmp(text, "sctp") == 0;
}

/* "80", "80/udp", "8000-8010/tcp", each port its own key. */
static int expose(json_t *ports, const char *spec, struct bt_err *err)
{
	const size_t len = strcspn(spec, "/");
	const char *proto = spec[len] ? spec + len + 1 : "tcp";
	unsigned long long from = 0, to = 0;
	int r = port_range(spec, len, &from, &to);

	if (r == -ENOMEM)
		return no_memory(err);
	if (r < 0 || !is_protocol(proto))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "Invalid containerPort: %.100s",
				  spec);
	for (; from <= to; from++) {
		bt_auto_free char *key = bt_str_format("%llu/%s", from, proto);

		if (!key || json_object_set_new(ports, key, json_object()) < 0)
			return no_memory(err);
	}
	return 0;
}

static int apply_expose(json_t *config, const char *rest, struct bt_err *err)
{
	json_t *ports = member(config, "ExposedPorts", JSON_OBJECT), *word;
	json_auto_t *words = NULL;
	size_t i;
	int r;

	r = bt_words_split(rest, env_of(config), &words, err);
	if (r < 0)
		return r;
	json_array_foreach (words, i, word) {
		r = ports ? expose(ports, json_string_value(word), err) : no_memory(err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int apply_volume(json_t *config, const char *rest, struct bt_err *err)
{
	json_t *volumes = member(config, "Volumes", JSON_OBJECT), *word;
	json_auto_t *words = exec_form(rest);
	size_t i;
	int r = 0;

	if (!words)
		r = bt_words_split(rest, env_of(config), &words, err);
	if (r < 0)
		return r;
	json_array_foreach (words, i, word) {
		if (json_string_value(word)[0] == '\0')
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "VOLUME specified can not be an empty string");
		if (!volumes ||
		    json_object_set_new(volumes, json_string_value(word), json_object()) < 0)
			return no_memory(err);
	}
	return 0;
}

/* The whole rest of the line, replaced. */
static int expand(const json_t *config, const char *rest, char **ret, struct bt_err *err)
{
	bt_auto_str struct bt_str s = { 0 };
	json_auto_t *words = NULL;
	json_t *word;
	size_t i;
	int r;

	r = bt_words_split(rest, env_of(config), &words, err);
	if (r < 0)
		return r;
	json_array_foreach (words, i, word) {
		bt_str_puts(&s, i > 0 ? " " : "");
		bt_str_puts(&s, json_string_value(word));
	}
	bt_str_puts(&s, "");
	*ret = strdup(bt_str_get(&s));
	return *ret && s.failed == 0 ? 0 : no_memory(err);
}

static int set_text(json_t *config, const char *key, const char *rest, struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	int r = expand(config, rest, &text, err);

	return r < 0 ? r : set(config, key, json_string(text), err);
}

static int apply_stopsignal(json_t *config, const char *rest, struct bt_err *err)
{
	bt_auto_free char *name = NULL;
	int r = expand(config, rest, &name, err);

	if (r < 0)
		return r;
	if (bt_signal_name_parse(name) <= 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid signal: %.100s", name);
	return set(config, "StopSignal", json_string(name), err);
}

static int apply_user(json_t *config, const char *rest, struct bt_err *err)
{
	return set_text(config, "User", rest, err);
}

static int apply_workdir(json_t *config, const char *rest, struct bt_err *err)
{
	bt_auto_free char *dir = NULL, *joined = NULL, *clean = NULL;
	const char *before = bt_json_str(config, "WorkingDir", "/");
	int r = expand(config, rest, &dir, err);

	if (r < 0)
		return r;
	joined = dir[0] == '/' ? strdup(dir) : bt_path_join(before[0] ? before : "/", dir);
	clean = joined ? bt_path_clean(joined) : NULL;
	return clean ? set(config, "WorkingDir", json_string(clean), err) : no_memory(err);
}

static int apply_onbuild(json_t *config, const char *rest, struct bt_err *err)
{
	json_t *triggers = member(config, "OnBuild", JSON_ARRAY);

	if (strncasecmp(rest, "onbuild", 7) == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
	if (strncasecmp(rest, "from", 4) == 0 || strncasecmp(rest, "maintainer", 10) == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "%.*s isn't allowed as an ONBUILD trigger",
				  (int)strcspn(rest, " "), rest);
	return !triggers || json_array_append_new(triggers, json_string(rest)) < 0 ? no_memory(err)
										   : 0;
}

/* One "--name=value" of HEALTHCHECK. */
static int health_option(json_t *check, const char *option, struct bt_err *err)
{
	static const char *const times[][2] = { { "--interval=", "Interval" },
						{ "--timeout=", "Timeout" },
						{ "--start-period=", "StartPeriod" },
						{ "--start-interval=", "StartInterval" } };
	const char *value = bt_str_after(option, "--retries=");
	unsigned long long n;
	int64_t ns;

	if (value) {
		if (bt_str_to_u64(value, &n) < 0 || n > INT32_MAX)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "--retries must be a number, not '%.100s'", value);
		return set(check, "Retries", json_integer((json_int_t)n), err);
	}
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		value = bt_str_after(option, times[i][0]);
		if (!value)
			continue;
		if (bt_time_duration_parse(value, &ns) < 0 || ns < 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid duration '%.100s'",
					  option);
		return set(check, times[i][1], json_integer(ns), err);
	}
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "Unknown flag: %.100s", option);
}

/* The first word of `text` in capitals, as much as fits into `ret`. */
static const char *upper_word(const char *text, char *ret, size_t size)
{
	size_t n = 0;

	for (; n + 1 < size && text[n] && !isspace((unsigned char)text[n]); n++)
		ret[n] = (char)toupper((unsigned char)text[n]);
	ret[n] = '\0';
	return ret;
}

static int health_test(json_t *check, const char *rest, struct bt_err *err)
{
	char type[32];
	json_t *argv, *test;

	if (strcasecmp(rest, "none") == 0)
		return set(check, "Test", json_pack("[s]", "NONE"), err);
	if (strncasecmp(rest, "cmd", 3) != 0 || !isspace((unsigned char)rest[3]))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "Unknown type \"%s\" in HEALTHCHECK (try CMD)",
				  upper_word(rest, type, sizeof(type)));
	for (rest += 3; isspace((unsigned char)*rest); rest++)
		;
	argv = exec_form(rest);
	if (!argv)
		return set(check, "Test", json_pack("[ss]", "CMD-SHELL", rest), err);
	test = json_pack("[s]", "CMD");
	if (json_array_extend(test, argv) < 0) {
		json_decref(test);
		test = NULL;
	}
	json_decref(argv);
	return set(check, "Test", test, err);
}

static int apply_healthcheck(json_t *config, const char *rest, struct bt_err *err)
{
	json_auto_t *check = json_object();
	int r;

	while (strncmp(rest, "--", 2) == 0) {
		size_t n = strcspn(rest, " \t");
		bt_auto_free char *option = strndup(rest, n);

		r = option ? health_option(check, option, err) : no_memory(err);
		if (r < 0)
			return r;
		rest += n;
		rest += strspn(rest, " \t");
	}
	r = health_test(check, rest, err);
	return r < 0 ? r : set(config, "Healthcheck", bt_take(check), err);
}

static const struct instruction instructions[] = {
	{ "CMD", apply_cmd, NULL },
	{ "ENTRYPOINT", apply_entrypoint, NULL },
	{ "ENV", apply_env, "at least one argument" },
	{ "EXPOSE", apply_expose, "at least one argument" },
	{ "LABEL", apply_label, "at least one argument" },
	{ "HEALTHCHECK", apply_healthcheck, "at least one argument" },
	{ "ONBUILD", apply_onbuild, "at least one argument" },
	{ "STOPSIGNAL", apply_stopsignal, "exactly one argument" },
	{ "USER", apply_user, "exactly one argument" },
	{ "VOLUME", apply_volume, "at least one argument" },
	{ "WORKDIR", apply_workdir, "exactly one argument" },
};

int bt_change_apply(json_t *config, const char *line, struct bt_err *err)
{
	size_t n;

	line += strspn(line, " \t");
	n = strcspn(line, " \t");
	if (strlen(line) > LINE_MAX_LEN)
		return bt_err_set(err, BT_ERR_INVALID, E2BIG,
				  "dockerfile line greater than maximum "
				  "allowed size of 65535");
	for (size_t i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++) {
		const struct instruction *it = &instructions[i];

		if (strlen(it->name) != n || strncasecmp(it->name, line, n) != 0)
			continue;
		line += n;
		line += strspn(line, " \t");
		if (line[0] == '\0' && it->needs)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "%s requires %s", it->name,
					  it->needs);
		return it->apply(config, line, err);
	}
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "%.*s is not a valid change command",
			  (int)(n < 100 ? n : 100), line);
}

/* Put one line behind `out`, without its comment, and say whether it goes on in the next. */
static bool join_line(char **out, const char *line, size_t len)
{
	size_t end = len;

	if (line[strspn(line, " \t")] == '#')
		return true;
	while (end > 0 && strchr(" \t\r", line[end - 1]))
		end--;
	if (end > 0 && line[end - 1] == '\\') {
		memmove(*out, line, end - 1);
		*out += end - 1;
		return true;
	}
	memmove(*out, line, len);
	*out += len;
	return false;
}

/* The next line, as a Dockerfile has them: a backslash at its end takes the next one in, and
 * comments are nothing. In place; NULL at the end. */
static char *next_line(char **rest)
{
	char *line = *rest, *out = line, *p = line;
	bool more = true;

	if (*p == '\0')
		return NULL;
	while (more && *p) {
		size_t len = strcspn(p, "\n");

		more = join_line(&out, p, len);
		p += len + (p[len] == '\n');
	}
	*rest = p;
	/* What was joined is shorter than what it was made of, or the text has ended. */
	*out = '\0';
	return line;
}

int bt_change_apply_all(json_t *config, const char *const *changes, struct bt_err *err)
{
	for (size_t i = 0; changes && changes[i]; i++) {
		bt_auto_free char *text = strdup(changes[i]);
		char *rest = text, *line;

		if (!text)
			return no_memory(err);
		while ((line = next_line(&rest))) {
			int r = line[strspn(line, " \t\r")] ? bt_change_apply(config, line, err)
							    : 0;

			if (r < 0)
				return r;
		}
	}
	return 0;
}
