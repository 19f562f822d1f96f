/* SPDX-License-Identifier: Apache-2.0 */

/* `manifest inspect` and `manifest rm`: what a registry says an image is, as the daemon reaches the
 * registry, and what of it a list on this side has. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/manifest_index.h"
#include "cli/manifest_store.h"
#include "codec/json.h"

#define INDENT 3

static int print(const json_t *json, struct bt_err *err)
{
	bt_auto_free char *text = json_dumps(json, JSON_INDENT(INDENT));

	if (!text)
		return bt_err_sys(err, -ENOMEM, "print a manifest");
	(void)puts(text);
	return 0;
}

/* An entry as the registry has it, or all that is known of it. */
static int print_entry(const json_t *entry, bool verbose, struct bt_err *err)
{
	const json_t *manifest = bt_json_obj(entry, "OCIManifest");

	if (!manifest)
		manifest = bt_json_obj(entry, "SchemaV2Manifest");
	return print(verbose ? entry : manifest, err);
}

static int print_list(const json_t *entries, bool verbose, struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	const char *type;
	int r;

	if (verbose)
		return print(entries, err);
	r = bt_manifest_index_text(entries, &text, &type, err);
	if (r == 0)
		(void)puts(text);
	return r;
}

/* The name without its tag or digest (owned). */
static char *repository_of(const char *name)
{
	const char *slash = strrchr(name, '/');
	size_t len = strcspn(slash ? slash : name, ":@") + (slash ? (size_t)(slash - name) : 0);

	return strndup(name, len);
}

/* Each manifest of an index in a registry, as an entry. */
static int fetch_all(struct bt_cli *cli, const char *name, const json_t *index, bool insecure,
		     json_t *entries, struct bt_err *err)
{
	bt_auto_free char *repo = repository_of(name);
	const json_t *descriptor;
	size_t i;

	json_array_foreach (bt_json_arr(index, "manifests"), i, descriptor) {
		bt_auto_free char *full = bt_str_format("%s@%s", repo ? repo : "",
							bt_json_str(descriptor, "digest", ""));
		json_auto_t *fetched = NULL;
		json_t *entry = NULL, *platform = bt_json_obj(descriptor, "platform");
		int r = full ? bt_manifest_index_fetch(cli, full, insecure, &fetched, err)
			     : bt_err_sys(err, -ENOMEM, "read a manifest");

		if (r == 0 && platform)
			(void)json_object_set(bt_json_obj(fetched, "Descriptor"), "platform",
					      platform);
		if (r == 0)
			r = bt_manifest_index_entry(full, fetched, &entry, err);
		if (r < 0)
			return r;
		(void)json_array_append_new(entries, entry);
	}
	return 0;
}

static int inspect_remote(struct bt_cli *cli, const char *name, bool insecure, bool verbose,
			  struct bt_err *err)
{
	json_auto_t *fetched = NULL, *manifest = NULL, *entry = NULL, *entries = json_array();
	const char *text;
	int r = bt_manifest_index_fetch(cli, name, insecure, &fetched, err);

	if (r < 0)
		return r;
	text = bt_json_str(fetched, "Text", "");
	r = bt_json_parse(text, strlen(text), BT_JSON_UNIQUE, &manifest, err);
	if (r < 0)
		return r;
	if (!verbose)
		return print(manifest, err);
	if (bt_json_arr(manifest, "manifests")) {
		r = fetch_all(cli, name, manifest, insecure, entries, err);
		return r < 0 ? r : print(entries, err);
	}
	r = bt_manifest_index_entry(name, fetched, &entry, err);
	return r < 0 ? r : print_entry(entry, true, err);
}

/* Of a list on this side the whole, or the entry of one image. */
static int inspect(struct bt_cli *cli, const struct bt_args *args, struct bt_err *err)
{
	bool verbose = bt_args_bool(args, "verbose");
	bt_auto_free char *name = NULL, *list = NULL;
	json_auto_t *found = NULL;
	int r = bt_manifest_store_name(args->pos[args->npos - 1], &name, err);

	if (r == 0 && args->npos == 2) {
		r = bt_manifest_store_name(args->pos[0], &list, err);
		if (r == 0)
			r = bt_manifest_store_get(&cli->config, list, name, &found, err);
		return r < 0 ? r : print_entry(found, verbose, err);
	}
	if (r < 0)
		return r;
	r = bt_manifest_store_list(&cli->config, name, &found, err);
	if (r == 0)
		return print_list(found, verbose, err);
	if (err->kind != BT_ERR_NOT_FOUND)
		return r;
	return inspect_remote(cli, name, bt_args_bool(args, "insecure"), verbose, err);
}

static int run_inspect(struct bt_cli *cli, const struct bt_args *args)
{
	struct bt_err err = { 0 };

	return inspect(cli, args, &err) < 0 ? bt_cli_fail(&err) : 0;
}

static int run_rm(struct bt_cli *cli, const struct bt_args *args)
{
	int code = 0;

	for (size_t i = 0; i < args->npos; i++) {
		bt_auto_free char *list = NULL;
		struct bt_err err = { 0 };
		int r = bt_manifest_store_name(args->pos[i], &list, &err);

		if (r == 0)
			r = bt_manifest_store_remove(&cli->config, list, &err);
		if (r < 0)
			code = bt_cli_fail(&err);
	}
	return code;
}

static const struct bt_flag inspect_flags[] = {
	{ 0, BT_FLAG_BOOL, "insecure", NULL, "The registry may have any certificate, or none", NULL,
	  NULL },
	{ 'v', BT_FLAG_BOOL, "verbose", NULL, "Show digests, sizes and platforms as well", NULL,
	  NULL },
	{ 0 },
};

const struct bt_command bt_manifest_inspect_command = {
	.names = "manifest inspect",
	.usage = "[OPTIONS] [MANIFEST_LIST] MANIFEST",
	.brief = "Show an image's manifest, or index of manifests, as its registry has it",
	.flags = { inspect_flags },
	.min = 1,
	.max = 2,
	.run = run_inspect,
};

const struct bt_command bt_manifest_rm_command = {
	.names = "manifest rm",
	.usage = "MANIFEST_LIST [MANIFEST_LIST...]",
	.brief = "Forget manifest lists that were made here",
	.min = 1,
	.max = -1,
	.run = run_rm,
};
