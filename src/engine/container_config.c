/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/signal_name.h"
#include "engine/body_shape.h"
#include "engine/field.h"
#include "engine/jget.h"

/* Docker's container.Config, in the order in which it prints it. */
static const struct bt_field fields[] = {
	{ "Hostname", BT_FIELD_TEXT, "\"\"", 0 },
	{ "Domainname", BT_FIELD_TEXT, "\"\"", 0 },
	{ "User", BT_FIELD_TEXT, "\"\"", 0 },
	{ "AttachStdin", BT_FIELD_BOOL, "false", 0 },
	{ "AttachStdout", BT_FIELD_BOOL, "false", 0 },
	{ "AttachStderr", BT_FIELD_BOOL, "false", 0 },
	{ "ExposedPorts", BT_FIELD_OBJECT, NULL, BT_FIELD_OMIT },
	{ "Tty", BT_FIELD_BOOL, "false", 0 },
	{ "OpenStdin", BT_FIELD_BOOL, "false", 0 },
	{ "StdinOnce", BT_FIELD_BOOL, "false", 0 },
	{ "Env", BT_FIELD_TEXTS, "null", 0 },
	{ "Cmd", BT_FIELD_WORDS, "null", 0 },
	{ "Healthcheck", BT_FIELD_OBJECT, NULL, BT_FIELD_OMIT },
	{ "ArgsEscaped", BT_FIELD_BOOL, NULL, BT_FIELD_OMIT },
	{ "Image", BT_FIELD_TEXT, "\"\"", 0 },
	{ "Volumes", BT_FIELD_OBJECT, "null", 0 },
	{ "WorkingDir", BT_FIELD_TEXT, "\"\"", 0 },
	{ "Entrypoint", BT_FIELD_WORDS, "null", 0 },
	{ "NetworkDisabled", BT_FIELD_BOOL, NULL, BT_FIELD_OMIT | BT_FIELD_REFUSE },
	{ "MacAddress", BT_FIELD_TEXT, NULL, BT_FIELD_OMIT },
	{ "OnBuild", BT_FIELD_TEXTS, "null", 0 },
	{ "Labels", BT_FIELD_OBJECT, "{}", 0 },
	{ "StopSignal", BT_FIELD_TEXT, NULL, BT_FIELD_OMIT },
	{ "StopTimeout", BT_FIELD_INT, NULL, BT_FIELD_OMIT },
	{ "Shell", BT_FIELD_WORDS, NULL, BT_FIELD_OMIT },
};

/* What an image says of itself is a stranger's: a member of another type than it has would be no
 * more than left out, and the container another one than the image promises. Docker does not read
 * such an image. */
static int check_image(const json_t *image, struct bt_err *err)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const json_t *value = json_object_get(image, fields[i].name);

		if (value != NULL && !json_is_null(value) &&
		    !bt_field_has_type(value, fields[i].type))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid configuration of the image: %s is not %s",
					  fields[i].name, bt_field_type_name(fields[i].type));
	}
	if (bt_body_shape_check(BT_BODY_CONTAINER_CREATE, image, err) < 0)
		return bt_err_context(err, "invalid configuration of the image");
	return 0;
}

/* A string that is empty takes the image's. */
static void merge_text(json_t *config, const json_t *image, const char *key)
{
	const char *theirs = bt_jget_text(image, key);

	if (bt_jget_text(config, key)[0] == '\0' && theirs[0] != '\0')
		json_object_set_new(config, key, json_string(theirs));
}

/* Members of the image's object that ours lacks are added. */
static void merge_object(json_t *config, const json_t *image, const char *key)
{
	const json_t *theirs = bt_jget_filled(image, key);
	json_t *ours = json_object_get(config, key);

	if (!json_is_object(theirs))
		return;
	if (!json_is_object(ours))
		json_object_set_new(config, key, json_deep_copy(theirs));
	else
		json_object_update_missing(ours, json_object_get(image, key));
}

/* The names of variables, as an object's keys; owned. */
static json_t *env_names(const json_t *env)
{
	json_auto_t *names = json_object();
	const json_t *item;
	size_t i;

	json_array_foreach (env, i, item) {
		const char *s = json_string_value(item);

		if (s && json_object_setn_new(names, s, strcspn(s, "="), json_true()) < 0)
			return NULL;
	}
	return bt_take(names);
}

/* The image's variables go behind ours, those that we set ourselves not at all. */
static void merge_env(json_t *config, const json_t *image)
{
	const json_t *theirs = bt_jget_filled(image, "Env");
	json_t *ours = json_object_get(config, "Env");
	json_auto_t *names = env_names(json_is_array(ours) ? ours : NULL);
	const json_t *item;
	size_t i;

	if (!json_is_array(theirs))
		return;
	if (!json_is_array(ours)) {
		json_object_set_new(config, "Env", json_array());
		ours = json_object_get(config, "Env");
	}
	json_array_foreach (theirs, i, item) {
		const char *s = json_string_value(item);

		if (!s || json_object_getn(names, s, strcspn(s, "=")))
			continue;
		json_array_append_new(ours, json_string(s));
		(void)json_object_setn_new(names, s, strcspn(s, "="), json_true());
	}
}

/* Docker's rule: the image's Cmd counts only where the request gives neither, its Entrypoint
 * only where the request does not mention one (an empty list is a mention). */
static void merge_command(json_t *config, const json_t *image)
{
	const json_t *entrypoint = json_object_get(config, "Entrypoint");

	if (json_array_size(entrypoint) > 0)
		return;
	if (json_array_size(json_object_get(config, "Cmd")) == 0 && bt_jget_filled(image, "Cmd"))
		json_object_set_new(config, "Cmd", bt_jget_copy(json_object_get(image, "Cmd")));
	if (!json_is_array(entrypoint) && bt_jget_filled(image, "Entrypoint"))
		json_object_set_new(config, "Entrypoint",
				    bt_jget_copy(json_object_get(image, "Entrypoint")));
}

static void merge_healthcheck(json_t *config, const json_t *image)
{
	const json_t *theirs = bt_jget_filled(image, "Healthcheck");
	json_t *ours = json_object_get(config, "Healthcheck");

	if (!theirs)
		return;
	if (!ours) {
		json_object_set_new(config, "Healthcheck", json_deep_copy(theirs));
		return;
	}
	if (json_array_size(json_object_get(ours, "Test")) == 0)
		json_object_set_new(ours, "Test", bt_jget_copy(json_object_get(theirs, "Test")));
	for (size_t i = 0; i < 5; i++) {
		static const char *const keys[] = { "Interval", "Timeout", "StartPeriod",
						    "StartInterval", "Retries" };

		if (bt_jget_int(ours, keys[i]) == 0 && bt_jget_int(theirs, keys[i]) != 0)
			json_object_set_new(ours, keys[i],
					    json_integer(bt_jget_int(theirs, keys[i])));
	}
}

static void merge_image(json_t *config, const json_t *image)
{
	merge_text(config, image, "User");
	merge_text(config, image, "WorkingDir");
	merge_text(config, image, "StopSignal");
	merge_object(config, image, "ExposedPorts");
	merge_object(config, image, "Volumes");
	merge_object(config, image, "Labels");
	merge_env(config, image);
	merge_command(config, image);
	merge_healthcheck(config, image);
}

static int check_env(const json_t *config, struct bt_err *err)
{
	const json_t *env = json_object_get(config, "Env"), *item;
	size_t i;

	json_array_foreach (env, i, item)
		if (json_string_value(item)[0] == '\0' || json_string_value(item)[0] == '=')
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid environment variable: %s",
					  json_string_value(item));
	return 0;
}

/* Docker: a test's first word says how it is run, durations are none or at least 1 ms. */
static int check_healthcheck(const json_t *config, struct bt_err *err)
{
	static const char *const keys[] = { "Interval", "Timeout", "StartPeriod", "StartInterval" };
	const json_t *check = json_object_get(config, "Healthcheck");

	for (size_t i = 0; check && i < 4; i++) {
		int64_t ns = bt_jget_int(check, keys[i]);

		if (ns != 0 && ns < 1000000)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "%s in Healthcheck cannot be less than 1ms", keys[i]);
	}
	if (bt_jget_int(check, "Retries") < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "Retries in Healthcheck cannot be negative");
	return 0;
}

/* The kernel takes any bytes. But these are written to lines of /etc/hosts, where a newline would
 * begin another host. */
static bool is_host_name(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (iscntrl((unsigned char)text[i]))
			return false;
	return len <= HOST_NAME_MAX;
}

static int check_texts(const json_t *config, struct bt_err *err)
{
	const char *dir = bt_jget_text(config, "WorkingDir");
	const char *signal = bt_jget_text(config, "StopSignal");
	const char *key;
	const json_t *value;

	if (dir[0] != '\0' && dir[0] != '/')
		return bt_err_set(
			err, BT_ERR_INVALID, EINVAL,
			"the working directory '%s' is invalid, it needs to be an absolute path",
			dir);
	if (signal[0] != '\0' && bt_signal_name_parse(signal) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid signal: %s", signal);
	if (!is_host_name(bt_jget_text(config, "Hostname")))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid hostname: %s",
				  bt_jget_text(config, "Hostname"));
	if (!is_host_name(bt_jget_text(config, "Domainname")))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid domainname: %s",
				  bt_jget_text(config, "Domainname"));
	json_object_foreach ((json_t *)(uintptr_t)json_object_get(config, "Labels"), key, value) {
		(void)key;
		if (!json_is_string(value))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid JSON: Config.Labels must hold strings");
	}
	return 0;
}

static int check_command(json_t *config, struct bt_err *err)
{
	const json_t *entrypoint = json_object_get(config, "Entrypoint");
	const char *first = json_string_value(json_array_get(entrypoint, 0));

	/* --entrypoint "" takes the image's entry point away. */
	if (json_array_size(entrypoint) == 1 && first && first[0] == '\0')
		json_object_set_new(config, "Entrypoint", json_null());
	if (!bt_jget_filled(config, "Entrypoint") && !bt_jget_filled(config, "Cmd"))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "no command specified");
	return 0;
}

int bt_container_config_make(const json_t *body, const json_t *image, json_t **ret,
			     struct bt_err *err)
{
	json_auto_t *config = NULL;
	int r;

	if (!json_is_object(body))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "config cannot be empty in order to create a container");
	r = image != NULL && !json_is_null(image) ? check_image(image, err) : 0;
	if (r < 0)
		return r;
	r = bt_field_apply(fields, sizeof(fields) / sizeof(fields[0]), "Config", body, &config,
			   err);
	if (r < 0)
		return r;
	merge_image(config, image);
	r = check_env(config, err);
	if (r == 0)
		r = check_texts(config, err);
	if (r == 0)
		r = check_healthcheck(config, err);
	if (r == 0)
		r = check_command(config, err);
	if (r < 0)
		return r;
	*ret = json_incref(config);
	return 0;
}

void bt_container_config_hostname(json_t *config, const char *id, bool host)
{
	char name[HOST_NAME_MAX + 1] = "";

	if (bt_jget_text(config, "Hostname")[0] != '\0')
		return;
	if (!host || gethostname(name, sizeof(name) - 1) < 0)
		memcpy(name, id, 12);
	json_object_set_new(config, "Hostname", json_string(name));
}

int bt_container_config_command(const json_t *config, const char **ret_path, json_t **ret_args)
{
	json_auto_t *all = json_array();
	json_t *entrypoint = json_object_get(config, "Entrypoint");
	json_t *cmd = json_object_get(config, "Cmd");
	const char *path;

	if (json_is_array(entrypoint))
		json_array_extend(all, entrypoint);
	if (json_is_array(cmd))
		json_array_extend(all, cmd);
	path = json_string_value(json_array_get(all, 0));
	if (!path)
		return -ENOMEM;
	json_array_remove(all, 0);
	*ret_path = path; /* its text lives in `config`, which shares it with the array */
	*ret_args = json_incref(all);
	return 0;
}
