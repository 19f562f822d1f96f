/* SPDX-License-Identifier: Apache-2.0 */

/* `context create, update, rm`. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/context_default.h"
#include "cli/csv.h"
#include "cli/plain.h"
#include "client/context.h"

/* --docker: comma-separated KEY=VALUE. */
static int check_docker(const char *value, struct bt_err *err)
{
	bt_auto_str struct bt_str field = { 0 };
	int r;

	while ((r = bt_csv_next(&value, &field, err)) > 0)
		if (!strchr(bt_str_get(&field), '='))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "%s must be formatted as key=value", bt_str_get(&field));
	return r;
}

/* One KEY=VALUE of --docker; `*from` gets a context to copy instead. */
static int set_field(const char *key, const char *value, json_t *docker, json_t *tls, char **from,
		     struct bt_err *err)
{
	if (strcmp(key, "from") == 0) {
		free(*from);
		*from = strdup(value);
		return *from ? 0 : bt_err_sys(err, -ENOMEM, "context");
	}
	if (strcmp(key, "host") == 0)
		return json_object_set_new(docker, "Host", json_string(value));
	if (strcmp(key, "ca") == 0)
		return bt_context_default_add_file(tls, "ca.pem", value, err);
	if (strcmp(key, "cert") == 0)
		return bt_context_default_add_file(tls, "cert.pem", value, err);
	if (strcmp(key, "key") == 0)
		return bt_context_default_add_file(tls, "key.pem", value, err);
	if (strcmp(key, "skip-tls-verify") != 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "unrecognized config key: %s", key);
	bool on;
	if (bt_args_parse_bool(value, &on) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "skip-tls-verify: parsing \"%s\": invalid syntax", value);
	return json_object_set_new(docker, "SkipTLSVerify", json_boolean(on));
}

static bool lacks(const json_t *tls, const char *file, const char *mark)
{
	const char *text = json_string_value(json_object_get(tls, file));

	return text && !strstr(text, mark);
}

/* What is no PEM would fail at every call. */
static int check_tls(const json_t *docker, const json_t *tls, struct bt_err *err)
{
	const char *host = json_string_value(json_object_get(docker, "Host")), *why = NULL;

	if (!host || !bt_str_after(host, "tcp://"))
		return 0;
	if (lacks(tls, "ca.pem", "-----BEGIN CERTIFICATE"))
		why = "failed to retrieve context tls info: ca.pem seems invalid";
	else if (json_object_get(tls, "cert.pem") && lacks(tls, "key.pem", "PRIVATE KEY-----"))
		why = lacks(tls, "key.pem", "-----BEGIN CERTIFICATE")
			      ? "no valid private key found"
			      : "failed to retrieve context tls info: tls: found a certificate "
				"rather than a key in the PEM for the private key";
	else if (json_object_get(tls, "key.pem") && lacks(tls, "cert.pem", "-----BEGIN "))
		why = "failed to retrieve context tls info: tls: failed to find any PEM data in "
		      "certificate input";
	return why ? bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid docker endpoint options: %s",
				why)
		   : 0;
}

static int read_fields(const struct bt_args *args, json_t *docker, json_t *tls, char **from,
		       struct bt_err *err)
{
	bt_auto_str struct bt_str field = { 0 };
	const char *text;

	for (size_t i = 0; (text = bt_args_item(args, "docker", i)); i++) {
		int r;

		while ((r = bt_csv_next(&text, &field, err)) > 0) {
			const char *value = bt_csv_pair(field.p);

			r = set_field(field.p, value ? value : "", docker, tls, from, err);
			if (r < 0)
				return r;
		}
		if (r < 0)
			return r;
	}
	return check_tls(docker, tls, err);
}

/* The endpoint and the files of TLS that --docker describes. */
static int read_docker(struct bt_cli *cli, const struct bt_args *args, json_t **ret_docker,
		       json_t **ret_tls, struct bt_err *err)
{
	json_auto_t *docker = json_object();
	json_auto_t *tls = json_object();
	json_auto_t *other = NULL;
	bt_auto_free char *from = NULL;
	struct bt_err why = { 0 };
	int r = read_fields(args, docker, tls, &from, &why);

	if (r == 0 && from) {
		json_decref(tls);
		tls = NULL;
		r = bt_context_default_get(cli, from, &other, &tls, &why);
	}
	if (r < 0)
		return bt_err_set(err, why.kind, why.errnum,
				  "unable to create docker endpoint config: %s", why.msg);
	/* Its place is the last one, whatever was given first. */
	json_t *skip = json_incref(json_object_get(docker, "SkipTLSVerify"));
	(void)json_object_del(docker, "SkipTLSVerify");
	(void)json_object_set_new(docker, "SkipTLSVerify", skip ? skip : json_false());
	*ret_docker =
		other ? json_incref(json_object_get(json_object_get(other, "Endpoints"), "docker"))
		      : bt_take(docker);
	*ret_tls = bt_take(tls);
	return 0;
}

static void describe(const struct bt_args *args, json_t *meta)
{
	json_t *metadata = json_object_get(meta, "Metadata");

	if (bt_args_given(args, "description"))
		(void)json_object_set_new(metadata, "Description",
					  json_string(bt_args_string(args, "description")));
}

static int told(const char *name, const char *what)
{
	(void)printf("%s\n", name);
	(void)fflush(stdout);
	bt_plain_printf(stderr, "Successfully %s context \"%s\"\n", what, name);
	return 0;
}

/* Where a new context comes from: --docker, --from, or the context in use. */
static int make(struct bt_cli *cli, const struct bt_args *args, json_t **ret_meta, json_t **ret_tls,
		struct bt_err *err)
{
	const char *from = bt_args_string(args, "from");
	bool given = bt_args_given(args, "docker");
	json_auto_t *docker = NULL;
	int r;

	if (from && given)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "cannot use --docker flag when --from is set");
	if (given) {
		r = read_docker(cli, args, &docker, ret_tls, err);
		if (r == 0)
			*ret_meta = json_pack("{s:{}, s:{s:O}}", "Metadata", "Endpoints", "docker",
					      docker);
		return r;
	}
	from = from ? from : bt_cli_context(cli);
	r = bt_context_default_get(cli, from, ret_meta, ret_tls, err);
	if (r == 0 && strcmp(from, "default") == 0)
		(void)json_object_set_new(json_object_get(*ret_meta, "Metadata"), "Description",
					  json_string(BT_CONTEXT_DEFAULT_DESCRIPTION));
	return r;
}

static int run_create(struct bt_cli *cli, const struct bt_args *args)
{
	const char *name = args->pos[0];
	json_auto_t *meta = NULL;
	json_auto_t *tls = NULL;
	struct bt_err err = { 0 };

	if (bt_context_check_name(name, &err) < 0)
		return bt_cli_fail(&err);
	if (bt_context_exists(&cli->config, name)) {
		bt_plain_printf(stderr, "context \"%s\" already exists\n", name);
		return BT_CLI_FAILED;
	}
	if (make(cli, args, &meta, &tls, &err) < 0)
		return bt_cli_fail(&err);
	(void)json_object_set_new(meta, "Name", json_string(name));
	describe(args, meta);
	if (bt_context_put(&cli->config, meta, tls, &err) < 0)
		return bt_cli_fail(&err);
	return told(name, "created");
}

static int run_update(struct bt_cli *cli, const struct bt_args *args)
{
	const char *name = args->pos[0];
	json_auto_t *meta = NULL;
	json_auto_t *tls = NULL;
	json_auto_t *docker = NULL;
	struct bt_err err = { 0 };

	if (bt_context_check_name(name, &err) < 0 ||
	    bt_context_get(&cli->config, name, &meta, &err) < 0)
		return bt_cli_fail(&err);
	int r = bt_args_given(args, "docker") ? read_docker(cli, args, &docker, &tls, &err)
					      : bt_context_tls(&cli->config, name, &tls, &err);
	if (r < 0)
		return bt_cli_fail(&err);
	if (docker)
		(void)json_object_set(json_object_get(meta, "Endpoints"), "docker", docker);
	describe(args, meta);
	if (bt_context_put(&cli->config, meta, tls, &err) < 0)
		return bt_cli_fail(&err);
	return told(name, "updated");
}

static int remove_one(struct bt_cli *cli, const char *name, bool force, struct bt_err *err)
{
	const char *chosen = bt_config_string(&cli->config, "currentContext");
	int r;

	if (strcmp(name, "default") == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "context \"default\" cannot be removed");
	if (!force && !bt_context_exists(&cli->config, name))
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "context \"%s\" does not exist",
				  name);
	if (!force && strcmp(name, bt_cli_context(cli)) == 0)
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "context \"%s\" is in use, set -f flag to force remove", name);
	r = bt_context_remove(&cli->config, name, err);
	if (r < 0 || !chosen || strcmp(chosen, name) != 0)
		return r;
	(void)json_object_del(cli->config.json, "currentContext");
	return bt_config_save(&cli->config, err);
}

static int run_rm(struct bt_cli *cli, const struct bt_args *args)
{
	int code = 0;

	for (size_t i = 0; i < args->npos; i++) {
		struct bt_err err = { 0 };

		if (remove_one(cli, args->pos[i], bt_args_bool(args, "force"), &err) < 0)
			code = bt_cli_fail(&err);
		else
			(void)printf("%s\n", args->pos[i]);
	}
	return code;
}

#define HELP_DOCKER \
	"Where the daemon is: host=, ca=, cert=, key=, skip-tls-verify=, or from=CONTEXT"

static const struct bt_flag create_flags[] = {
	{ 0, BT_FLAG_STRING, "description", NULL, "What it is for", NULL, NULL },
	{ 0, BT_FLAG_LIST, "docker", "stringToString", HELP_DOCKER, NULL, check_docker },
	{ 0, BT_FLAG_STRING, "from", NULL, "Copy this context", NULL, NULL },
	{ 0 },
};
static const struct bt_flag update_flags[] = {
	{ 0, BT_FLAG_STRING, "description", NULL, "What it is for", NULL, NULL },
	{ 0, BT_FLAG_LIST, "docker", "stringToString", HELP_DOCKER, NULL, check_docker },
	{ 0 },
};
static const struct bt_flag rm_flags[] = {
	{ 'f', BT_FLAG_BOOL, "force", NULL, "Remove the context in use, too", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_context_edit_create_command = {
	.names = "context create",
	.usage = "[OPTIONS] CONTEXT",
	.brief = "Give the place of a daemon a name",
	.flags = { create_flags },
	.min = 1,
	.max = 1,
	.run = run_create,
};

const struct bt_command bt_context_edit_update_command = {
	.names = "context update",
	.usage = "[OPTIONS] CONTEXT",
	.brief = "Change a context",
	.flags = { update_flags },
	.min = 1,
	.max = 1,
	.run = run_update,
};

const struct bt_command bt_context_edit_rm_command = {
	.names = "context rm,context remove",
	.usage = "CONTEXT [CONTEXT...]",
	.brief = "Remove contexts",
	.flags = { rm_flags },
	.min = 1,
	.max = -1,
	.run = run_rm,
};
