/* SPDX-License-Identifier: Apache-2.0 */

/* `manifest create`, `manifest annotate`, `manifest push`: a list of images of several platforms,
 * put together on this side and pushed as one. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/manifest_index.h"
#include "cli/manifest_store.h"
#include "cli/plain.h"
#include "client/auth.h"
#include "client/target.h"
#include "codec/json.h"

#define HELP_INSECURE "The registry may have any certificate, or none"

/* One image into the list: as the list has it already, or as its registry has it. */
static int add_image(struct bt_cli *cli, const char *list, const char *text, bool insecure,
		     struct bt_err *err)
{
	json_auto_t *fetched = NULL, *entry = NULL;
	bt_auto_free char *name = NULL;
	int r = bt_manifest_store_name(text, &name, err);

	if (r == 0 && bt_manifest_store_get(&cli->config, list, name, &entry, BT_ERR_IGNORED) == 0)
		return 0;
	if (r == 0)
		r = bt_manifest_index_fetch(cli, name, insecure, &fetched, err);
	if (r == 0)
		r = bt_manifest_index_entry(name, fetched, &entry, err);
	return r < 0 ? r : bt_manifest_store_put(&cli->config, list, entry, err);
}

static int create(struct bt_cli *cli, const struct bt_args *args, struct bt_err *err)
{
	bt_auto_free char *list = NULL;
	json_auto_t *before = NULL;
	int r = bt_manifest_store_name(args->pos[0], &list, err);

	if (r < 0)
		return r;
	r = bt_manifest_store_list(&cli->config, list, &before, err);
	if (r == 0 && !bt_args_bool(args, "amend"))
		return bt_err_set(err, BT_ERR_CONFLICT, EEXIST,
				  "refusing to amend an existing manifest list with no --amend "
				  "flag");
	if (r < 0 && err->kind != BT_ERR_NOT_FOUND)
		return r;
	for (size_t i = 1; i < args->npos; i++) {
		r = add_image(cli, list, args->pos[i], bt_args_bool(args, "insecure"), err);
		if (r < 0)
			return r;
	}
	(void)printf("Created manifest list %s\n", list);
	return 0;
}

static int run_create(struct bt_cli *cli, const struct bt_args *args)
{
	struct bt_err err = { 0 };

	return create(cli, args, &err) < 0 ? bt_cli_fail(&err) : 0;
}

/* Is there such a system, with such processors? The pairs that Go's compiler knows, as for docker.
 */
static bool is_known(const char *os, const char *arch)
{
	static const char *const pairs[] = {
		"aix/ppc64",       "android/arm64", "darwin/amd64",  "darwin/arm64",
		"freebsd/386",     "freebsd/amd64", "freebsd/arm",   "freebsd/arm64",
		"linux/386",       "linux/amd64",   "linux/arm",     "linux/arm64",
		"linux/loong64",   "linux/mips",    "linux/mips64",  "linux/mips64le",
		"linux/mipsle",    "linux/ppc64",   "linux/ppc64le", "linux/riscv64",
		"linux/s390x",     "netbsd/386",    "netbsd/amd64",  "netbsd/arm",
		"openbsd/386",     "openbsd/amd64", "openbsd/arm",   "openbsd/arm64",
		"plan9/386",       "plan9/amd64",   "solaris/amd64", "wasip1/wasm",
		"windows/386",     "windows/amd64", "windows/arm",   "windows/arm64",
		"dragonfly/amd64",
	};
	char pair[64];

	(void)snprintf(pair, sizeof(pair), "%s/%s", os, arch);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (strcmp(pair, pairs[i]) == 0)
			return true;
	return false;
}

/* --os-features a,b, each once. */
static void add_features(json_t *platform, const char *text)
{
	json_t *list = json_object_get(platform, "os.features");

	if (!list) {
		list = json_array();
		(void)json_object_set_new(platform, "os.features", list);
	}
	while (*text) {
		size_t len = strcspn(text, ",");
		bool there = false;
		json_t *known;
		size_t i;

		json_array_foreach (list, i, known)
			there |= json_string_length(known) == len &&
				 strncmp(json_string_value(known), text, len) == 0;
		if (!there && len > 0)
			(void)json_array_append_new(list, json_stringn(text, len));
		text += len + (text[len] == ',');
	}
}

static int edit(json_t *entry, const struct bt_args *args, struct bt_err *err)
{
	static const char *const flags[][2] = { { "arch", "architecture" },
						{ "os", "os" },
						{ "os-version", "os.version" },
						{ "variant", "variant" } };
	json_t *descriptor = bt_json_obj(entry, "Descriptor");
	json_t *platform = bt_json_obj(descriptor, "platform");
	const char *text;

	if (!platform) {
		platform = json_object();
		(void)json_object_set_new(descriptor, "platform", platform);
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		text = bt_args_string(args, flags[i][0]);
		if (text && *text)
			(void)json_object_set_new(platform, flags[i][1], json_string(text));
	}
	for (size_t i = 0; (text = bt_args_item(args, "os-features", i)); i++)
		add_features(platform, text);
	if (!is_known(bt_json_str(platform, "os", ""), bt_json_str(platform, "architecture", "")))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "manifest entry for image has unsupported os/arch combination: "
				  "%s/%s",
				  bt_json_str(platform, "os", ""),
				  bt_json_str(platform, "architecture", ""));
	return 0;
}

static int annotate(struct bt_cli *cli, const struct bt_args *args, struct bt_err *err)
{
	bt_auto_free char *list = NULL, *name = NULL;
	json_auto_t *entry = NULL;
	int r = bt_manifest_store_name(args->pos[0], &list, err);

	if (r == 0)
		r = bt_manifest_store_name(args->pos[1], &name, err);
	if (r < 0)
		return r;
	r = bt_manifest_store_get(&cli->config, list, name, &entry, err);
	if (r < 0 && err->kind == BT_ERR_NOT_FOUND)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
				  "manifest for image %s does not exist in %s", args->pos[1],
				  args->pos[0]);
	if (r == 0)
		r = edit(entry, args, err);
	return r < 0 ? r : bt_manifest_store_put(&cli->config, list, entry, err);
}

static int run_annotate(struct bt_cli *cli, const struct bt_args *args)
{
	struct bt_err err = { 0 };

	return annotate(cli, args, &err) < 0 ? bt_cli_fail(&err) : 0;
}

/* What the daemon needs of one image: its repository, and its manifest. */
static int add_part(json_t *parts, const json_t *entry, struct bt_err *err)
{
	bt_auto_str struct bt_str text = { 0 };
	const char *name = bt_json_str(entry, "Ref", "");
	const char *slash = strrchr(name, '/');
	size_t len = strcspn(slash ? slash : name, ":@") + (slash ? (size_t)(slash - name) : 0);
	const char *type = bt_json_str(bt_json_obj(entry, "Descriptor"), "mediaType", "");

	int r = bt_manifest_index_raw(entry, &text, err);

	if (r < 0)
		return r;
	return json_array_append_new(parts,
				     json_pack("{ss% ss ss%}", "Repository", name, len, "MediaType",
					       type, "Text", bt_str_get(&text), text.len)) < 0
		       ? bt_err_set(err, BT_ERR_INVALID, EBADMSG, "%s: the manifest is no text",
				    name)
		       : 0;
}

static int make_body(const json_t *entries, json_t **ret, struct bt_err *err)
{
	json_auto_t *parts = json_array();
	bt_auto_free char *text = NULL;
	const json_t *entry;
	const char *type;
	size_t i;
	int r = bt_manifest_index_text(entries, &text, &type, err);

	json_array_foreach (entries, i, entry) {
		if (r == 0)
			r = add_part(parts, entry, err);
	}
	if (r < 0)
		return r;
	*ret = json_pack("{ss ss sO}", "MediaType", type, "Text", text, "Manifests", parts);
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "push a manifest list");
}

static int send_body(struct bt_cli *cli, const char *list, bool insecure, const json_t *body,
		     json_t **ret, struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };
	bt_auto_str struct bt_str header = { 0 };
	struct bt_api *api;
	int r = bt_cli_api(cli, &api, err);

	if (r == 0)
		r = bt_auth_header(&cli->config, list, &header, err);
	if (r < 0)
		return r;
	bt_str_puts(&target, "/distribution/");
	bt_target_path(&target, list);
	bt_str_puts(&target, "/manifest");
	bt_target_add_flag(&target, "insecure", insecure);
	return bt_api_call_with(api,
				&(struct bt_api_request){ .method = "POST",
							  .target = bt_str_get(&target),
							  .json = body,
							  .extra = bt_str_get(&header) },
				ret, err) < 0
		       ? -err->errnum
		       : 0;
}

static int push(struct bt_cli *cli, const struct bt_args *args, struct bt_err *err)
{
	json_auto_t *entries = NULL, *body = NULL, *answer = NULL;
	bt_auto_free char *list = NULL;
	int r = bt_manifest_store_name(args->pos[0], &list, err);

	if (r == 0)
		r = bt_manifest_store_list(&cli->config, list, &entries, err);
	if (r == 0 && json_array_size(entries) == 0)
		r = bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "%s not found", args->pos[0]);
	if (r == 0)
		r = make_body(entries, &body, err);
	if (r == 0)
		r = send_body(cli, list, bt_args_bool(args, "insecure"), body, &answer, err);
	if (r < 0)
		return r;
	bt_plain_printf(stdout, "%s\n", bt_json_str(answer, "Digest", ""));
	return bt_args_bool(args, "purge") ? bt_manifest_store_remove(&cli->config, list, err) : 0;
}

static int run_push(struct bt_cli *cli, const struct bt_args *args)
{
	struct bt_err err = { 0 };

	return push(cli, args, &err) < 0 ? bt_cli_fail(&err) : 0;
}

static const struct bt_flag create_flags[] = {
	{ 'a', BT_FLAG_BOOL, "amend", NULL, "Add to a list that is there already", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "insecure", NULL, HELP_INSECURE, NULL, NULL },
	{ 0 },
};
static const struct bt_flag annotate_flags[] = {
	{ 0, BT_FLAG_STRING, "arch", NULL, "The processors it is for", NULL, NULL },
	{ 0, BT_FLAG_STRING, "os", NULL, "The operating system it is for", NULL, NULL },
	{ 0, BT_FLAG_LIST, "os-features", "strings", "What it needs of that", NULL, NULL },
	{ 0, BT_FLAG_STRING, "os-version", NULL, "The version of that", NULL, NULL },
	{ 0, BT_FLAG_STRING, "variant", NULL, "The variant of the processors", NULL, NULL },
	{ 0 },
};
static const struct bt_flag push_flags[] = {
	{ 0, BT_FLAG_BOOL, "insecure", NULL, HELP_INSECURE, NULL, NULL },
	{ 'p', BT_FLAG_BOOL, "purge", NULL, "Forget the list on this side afterwards", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_manifest_edit_create_command = {
	.names = "manifest create",
	.usage = "[OPTIONS] MANIFEST_LIST MANIFEST [MANIFEST...]",
	.brief = "Put images of several platforms together as a list",
	.flags = { create_flags },
	.min = 2,
	.max = -1,
	.run = run_create,
};

const struct bt_command bt_manifest_edit_annotate_command = {
	.names = "manifest annotate",
	.usage = "[OPTIONS] MANIFEST_LIST MANIFEST",
	.brief = "Say what an image of a list is for",
	.flags = { annotate_flags },
	.min = 2,
	.max = 2,
	.run = run_annotate,
};

const struct bt_command bt_manifest_edit_push_command = {
	.names = "manifest push",
	.usage = "[OPTIONS] MANIFEST_LIST",
	.brief = "Push a list to its registry, where its images are already",
	.flags = { push_flags },
	.min = 1,
	.max = 1,
	.run = run_push,
};
