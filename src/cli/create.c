/* SPDX-License-Identifier: Apache-2.0 */

/* `create`, and what run shares with it: the body, the pull, the id. */

#include "cli/create.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/create_mount.h"
#include "cli/create_network.h"
#include "cli/create_port.h"
#include "cli/plain.h"
#include "cli/pull.h"
#include "client/target.h"
#include "codec/image_ref.h"

int bt_create_body(const struct bt_cli *cli, const struct bt_args *args, json_t **ret,
		   struct bt_err *err)
{
	json_auto_t *config = json_object();
	json_t *host = json_object(), *networking = json_object();
	int r;

	(void)json_object_set_new(config, "HostConfig", host);
	(void)json_object_set_new(config, "NetworkingConfig", networking);
	r = bt_create_config_fill(cli, args, config, err);
	if (r == 0)
		r = bt_create_resources_fill(args, host, err);
	if (r == 0)
		r = bt_create_port_fill(args, config, host, err);
	if (r == 0)
		r = bt_create_mount_fill(args, config, host, err);
	if (r == 0)
		r = bt_create_host_fill(args, host, err);
	if (r == 0)
		r = bt_create_network_fill(args, config, host, networking, err);
	if (r == 0)
		*ret = json_incref(config);
	return r;
}

static int check_pull(const char *pull, struct bt_err *err)
{
	if (strcmp(pull, "always") == 0 || strcmp(pull, "missing") == 0 ||
	    strcmp(pull, "never") == 0)
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "invalid pull option: '%s': must be one of \"always\", \"missing\" or "
			  "\"never\"",
			  pull);
}

static int check_cidfile(const char *path, struct bt_err *err)
{
	if (!path || access(path, F_OK) < 0)
		return 0;
	return bt_err_set(err, BT_ERR_CONFLICT, EEXIST,
			  "container ID file found, make sure the other container isn't running or "
			  "delete %s",
			  path);
}

static int post(struct bt_cli *cli, const struct bt_args *args, const json_t *body, json_t **ret,
		struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };

	bt_str_puts(&target, "/containers/create");
	bt_target_add(&target, "name", bt_args_string(args, "name"));
	bt_target_add(&target, "platform", bt_args_string(args, "platform"));
	return bt_cli_call(cli, "POST", bt_str_get(&target), body, ret, err);
}

static int pull(struct bt_cli *cli, const struct bt_args *args, struct bt_err *err)
{
	FILE *out = bt_args_bool(args, "quiet") ? NULL : stderr;

	return bt_pull_image(cli, args->pos[0], bt_args_string(args, "platform"), false, out, err);
}

/* What is missing is the image, not a network or another container. */
static bool image_is_missing(const struct bt_err *err)
{
	return err->kind == BT_ERR_NOT_FOUND && strstr(err->msg, "No such image");
}

static int pull_and_post(struct bt_cli *cli, const struct bt_args *args, const json_t *body,
			 json_t **ret, struct bt_err *err)
{
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	const char *tag = NULL;
	bool known = bt_image_ref_parse(args->pos[0], &ref, BT_ERR_IGNORED) == 0;
	int r;

	if (known && !ref.tag && !ref.digest)
		tag = "latest";
	if (!bt_args_bool(args, "quiet"))
		bt_plain_printf(stderr, "Unable to find image '%s%s%s' locally\n", args->pos[0],
				tag ? ":" : "", tag ? tag : "");
	r = pull(cli, args, err);
	return r < 0 ? r : post(cli, args, body, ret, err);
}

int bt_create_container(struct bt_cli *cli, const struct bt_args *args, const json_t *body,
			char ret_id[65], struct bt_err *err)
{
	const char *when = bt_args_string(args, "pull"), *file = bt_args_string(args, "cidfile"),
		   *id;
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	json_auto_t *answer = NULL;
	const json_t *warning;
	size_t i;
	int r = check_pull(when, err);

	if (r == 0)
		r = check_cidfile(file, err);
	/* What is not even a name, the daemon may know as the beginning of an id. */
	if (r == 0 && strcmp(when, "always") == 0)
		r = pull(cli, args, err);
	if (r == 0)
		r = post(cli, args, body, &answer, err);
	if (r < 0 && image_is_missing(err) && strcmp(when, "missing") == 0)
		r = pull_and_post(cli, args, body, &answer, err);
	if (r < 0)
		return r;
	json_array_foreach (json_object_get(answer, "Warnings"), i, warning)
		if (json_is_string(warning)) {
			(void)fputs("WARNING: ", stderr);
			bt_plain_put(stderr, json_string_value(warning));
			(void)fputc('\n', stderr);
		}
	id = json_string_value(json_object_get(answer, "Id"));
	if (!id || strlen(id) > 64)
		return bt_err_set(err, BT_ERR_SYSTEM, EPROTO, "the daemon's answer has no id");
	(void)strcpy(ret_id, id);
	r = file ? bt_io_create_file(AT_FDCWD, file, 0644, id, strlen(id)) : 0;
	return r < 0 ? bt_err_sys(err, r, "failed to create the container ID file %s", file) : 0;
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	json_auto_t *body = NULL;
	struct bt_err err = { 0 };
	char id[65];

	if (bt_create_body(cli, args, &body, &err) < 0)
		return bt_cli_fail_run(cli, args, &err);
	if (bt_create_container(cli, args, body, id, &err) < 0)
		return bt_cli_fail(&err);
	bt_plain_printf(stdout, "%s\n", id);
	return 0;
}

const struct bt_command bt_create_command = {
	.names = "container create,create",
	.usage = "[OPTIONS] IMAGE [COMMAND] [ARG...]",
	.brief = "Create a new container",
	.flags = { bt_create_flags },
	.min = 1,
	.max = -1,
	.stops = true,
	.run = run,
};
