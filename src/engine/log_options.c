/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/log_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/size.h"
#include "base/str.h"
#include "engine/container_row.h"
#include "engine/jget.h"

/* A log is bounded where nobody says how. */
#define DEFAULT_MAX_SIZE (100ll << 20)
#define DEFAULT_MAX_FILE 5
#define MAX_FILES        1000

static int read_sizes(const json_t *opts, struct bt_log_options *out, struct bt_err *err)
{
	const char *size = bt_jget_text(opts, "max-size"), *file = bt_jget_text(opts, "max-file");
	unsigned long long n = 1;

	if (!size[0] && !file[0]) {
		out->max_size = DEFAULT_MAX_SIZE;
		out->max_file = DEFAULT_MAX_FILE;
		return 0;
	}
	if (size[0] && strcmp(size, "-1") != 0 && bt_size_parse(size, &out->max_size) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "log opt max-size: invalid size: '%s'", size);
	if (file[0] && (bt_str_to_u64(file, &n) < 0 || n < 1 || n > MAX_FILES))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "log opt max-file: cannot be less than 1 or more than %d",
				  MAX_FILES);
	out->max_file = (int)n;
	return 0;
}

int bt_log_options_check(const json_t *opts, struct bt_err *err)
{
	struct bt_log_options ignored = { 0 };

	return read_sizes(opts, &ignored, err);
}

/* Each of the names in `list` ("a,b") that `get` knows becomes an attribute. */
static void add_labels(json_t *attrs, const char *list, const json_t *labels)
{
	while (*list) {
		size_t n = strcspn(list, ",");
		bt_auto_free char *name = strndup(list, n);
		json_t *value = name ? json_object_get(labels, name) : NULL;

		if (value)
			json_object_set(attrs, name, value);
		list += n + (list[n] == ',');
	}
}

static void add_env(json_t *attrs, const char *list, const json_t *env)
{
	while (*list) {
		size_t n = strcspn(list, ","), i;
		const json_t *item;

		json_array_foreach (env, i, item) {
			const char *s = json_string_value(item);

			if (n > 0 && strncmp(s, list, n) == 0 && s[n] == '=')
				json_object_setn_new_nocheck(attrs, list, n,
							     json_string(s + n + 1));
		}
		list += n + (list[n] == ',');
	}
}

int bt_log_options_make(const struct bt_container_settings *settings, struct bt_log_options *ret,
			struct bt_err *err)
{
	const json_t *opts =
		json_object_get(json_object_get(settings->host_config, "LogConfig"), "Config");
	json_auto_t *attrs = json_object();
	struct bt_log_options out = { 0 };
	int r = read_sizes(opts, &out, err);

	if (r < 0)
		return r;
	add_labels(attrs, bt_jget_text(opts, "labels"),
		   json_object_get(settings->config, "Labels"));
	add_env(attrs, bt_jget_text(opts, "env"), json_object_get(settings->config, "Env"));
	if (json_object_size(attrs) > 0)
		out.attrs = bt_jget_dump(attrs);
	*ret = out;
	return 0;
}

void bt_log_options_done(struct bt_log_options *options)
{
	free(options->attrs);
	*options = (struct bt_log_options){ 0 };
}
