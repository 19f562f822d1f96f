/* SPDX-License-Identifier: Apache-2.0 */

#include "client/config.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/str.h"

#define FILE_MAX (4u << 20)

/* As the file has it: other sources of users are libraries, which a static program has not. Valid
 * until the next call. */
static const char *home_in_passwd(void)
{
	FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *pw = NULL;

	while (f && (pw = fgetpwent(f)) && pw->pw_uid != getuid())
		continue;
	if (f)
		(void)fclose(f);
	return pw ? pw->pw_dir : "/";
}

static char *default_dir(void)
{
	const char *dir = getenv("DOCKER_CONFIG"), *home = getenv("HOME");

	if (dir && *dir)
		return strdup(dir);
	if (!home || !*home) {
		home = home_in_passwd();
	}
	return bt_path_join(home, ".docker");
}

/* 0 with an empty object where the file is missing. */
static int load_json(const char *path, json_t **ret, struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	json_error_t why;
	int r = bt_io_read_file(AT_FDCWD, path, FILE_MAX, &text, NULL);

	if (r == -ENOENT || r == -ENOTDIR) {
		*ret = json_object();
		return *ret ? 0 : bt_err_sys(err, -ENOMEM, "read %s", path);
	}
	if (r < 0)
		return bt_err_sys(err, r, "open %s", path);
	*ret = json_loads(*text ? text : "{}", 0, &why);
	if (json_is_object(*ret))
		return 0;
	json_decref(*ret);
	*ret = NULL;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "%s: line %d: %s", path, why.line, why.text);
}

int bt_config_load(const char *dir, struct bt_config *ret, struct bt_err *err)
{
	bt_auto_free char *own = dir ? strdup(dir) : default_dir();
	bt_auto_free char *path = own ? bt_path_join(own, "config.json") : NULL;
	json_t *json = NULL;
	int r;

	if (!path)
		return bt_err_sys(err, -ENOMEM, "read configuration");
	r = load_json(path, &json, err);
	if (r < 0)
		return r;
	*ret = (struct bt_config){ bt_take(own), json };
	return 0;
}

int bt_config_replace_file(const char *path, mode_t mode, const char *text, struct bt_err *err)
{
	bt_auto_free char *temp = bt_str_format("%s.%d", path, (int)getpid());
	int r = temp ? bt_io_create_file(AT_FDCWD, temp, mode, text, strlen(text)) : -ENOMEM;

	if (r == 0 && rename(temp, path) < 0)
		r = -errno;
	if (r < 0 && temp)
		(void)unlink(temp);
	return r < 0 ? bt_err_sys(err, r, "write %s", path) : 0;
}

int bt_config_save(const struct bt_config *config, struct bt_err *err)
{
	bt_auto_free char *path = bt_path_join(config->dir, "config.json");
	bt_auto_free char *text = json_dumps(config->json, JSON_INDENT(4));
	int r;

	if (!path || !text)
		return bt_err_sys(err, -ENOMEM, "write configuration");
	r = bt_io_mkdir_p(config->dir, 0700);
	return r < 0 ? bt_err_sys(err, r, "write %s", path)
		     : bt_config_replace_file(path, 0600, text, err);
}

const char *bt_config_string(const struct bt_config *config, const char *name)
{
	const char *s = json_string_value(json_object_get(config->json, name));

	return s && *s ? s : NULL;
}

void bt_config_done(struct bt_config *config)
{
	free(config->dir);
	json_decref(config->json);
	*config = (struct bt_config){ 0 };
}
