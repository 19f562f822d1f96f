/* SPDX-License-Identifier: Apache-2.0 */

/* `images`, `image ls`: images as a table, a row for each name. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "cli/check.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/filter.h"
#include "cli/format.h"
#include "cli/rows.h"
#include "cli/units.h"
#include "client/target.h"
#include "codec/image_ref.h"

/* A row is the API's image with "Repository", "Tag" and "Digest" of one of its names. */

struct options {
	bool whole; /* --no-trunc */
};

static json_t *get_containers(const json_t *row, const void *arg bt_unused)
{
	json_int_t n = json_integer_value(json_object_get(row, "Containers"));

	return n < 0 ? json_string("N/A") : json_sprintf("%lld", (long long)n);
}

static json_t *get_created_at(const json_t *row, const void *arg bt_unused)
{
	char text[BT_UNITS_TEXT_MAX];

	bt_units_local_time(json_integer_value(json_object_get(row, "Created")), text);
	return json_string(text);
}

static json_t *get_created_since(const json_t *row, const void *arg bt_unused)
{
	json_int_t created = json_integer_value(json_object_get(row, "Created"));

	return created <= 0 ? json_string("N/A") : bt_format_since(created);
}

static json_t *get_digest(const json_t *row, const void *arg bt_unused)
{
	return bt_format_member(row, "Digest");
}

static json_t *get_id(const json_t *row, const void *arg)
{
	return bt_format_id(json_object_get(row, "Id"), ((const struct options *)arg)->whole);
}

static json_t *get_repository(const json_t *row, const void *arg bt_unused)
{
	return bt_format_member(row, "Repository");
}

static json_t *get_shared(const json_t *row, const void *arg bt_unused)
{
	json_int_t n = json_integer_value(json_object_get(row, "SharedSize"));

	return n < 0 ? json_string("N/A") : bt_format_size(n, 4);
}

static json_t *get_size(const json_t *row, const void *arg bt_unused)
{
	return bt_format_size(json_integer_value(json_object_get(row, "Size")), 3);
}

static json_t *get_tag(const json_t *row, const void *arg bt_unused)
{
	return bt_format_member(row, "Tag");
}

static json_t *get_unique(const json_t *row, const void *arg bt_unused)
{
	json_int_t shared = json_integer_value(json_object_get(row, "SharedSize"));
	json_int_t size = json_integer_value(json_object_get(row, "Size"));

	return shared < 0 || size < 0 ? json_string("N/A") : bt_format_size(size - shared, 4);
}

static json_t *get_virtual(const json_t *row, const void *arg bt_unused)
{
	return bt_format_size(json_integer_value(json_object_get(row, "Size")), 4);
}

static const struct bt_column columns[] = {
	{ "Containers", "CONTAINERS", get_containers, "Containers" },
	{ "CreatedAt", "CREATED AT", get_created_at, "Created" },
	{ "CreatedSince", "CREATED", get_created_since, "Created" },
	{ "Digest", "DIGEST", get_digest, "Digest" },
	{ "ID", "IMAGE ID", get_id, "Id" },
	{ "Repository", "REPOSITORY", get_repository, "Repository" },
	{ "SharedSize", "SHARED SIZE", get_shared, "SharedSize" },
	{ "Size", "SIZE", get_size, "Size" },
	{ "Tag", "TAG", get_tag, "Tag" },
	{ "UniqueSize", "UNIQUE SIZE", get_unique, "SharedSize Size" },
	{ "VirtualSize", "SIZE", get_virtual, "Size" },
	{ 0 },
};

#define TABLE_FRONT "{{.Repository}}\t{{.Tag}}\t"
#define TABLE_BACK  "{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"

static void add_row(json_t *rows, const json_t *image, const char *repo, const char *tag,
		    const char *digest)
{
	json_t *row = json_copy((json_t *)(uintptr_t)image);

	(void)json_object_set_new(row, "Repository", json_string(repo));
	(void)json_object_set_new(row, "Tag", json_string(tag));
	(void)json_object_set_new(row, "Digest", json_string(digest));
	(void)json_array_append_new(rows, row);
}

/* The digest that belongs to the repository `repo`, or "<none>". */
static const char *digest_of(const json_t *image, const char *repo)
{
	const json_t *digest;
	size_t i;

	json_array_foreach (json_object_get(image, "RepoDigests"), i, digest) {
		const char *text = json_string_value(digest);
		const char *rest = text ? bt_str_after(text, repo) : NULL;

		if (rest && *rest == '@')
			return rest + 1;
	}
	return "<none>";
}

/* A copy of a name, owned; NULL for what is no text. */
static char *text_of(const json_t *name)
{
	const char *text = json_string_value(name);

	return text ? strdup(text) : NULL;
}

static bool add_tags(json_t *rows, const json_t *image)
{
	const json_t *name;
	size_t i;
	bool any = false;

	json_array_foreach (json_object_get(image, "RepoTags"), i, name) {
		bt_auto_free char *repo = text_of(name);
		char *colon = repo ? strrchr(repo, ':') : NULL;

		if (!colon || strcmp(repo, "<none>:<none>") == 0)
			continue;
		*colon = '\0';
		add_row(rows, image, repo, colon + 1, digest_of(image, repo));
		any = true;
	}
	return any;
}

/* Names that are only digests; "<none>@<none>" is none. */
static bool add_digests(json_t *rows, const json_t *image, bool shown)
{
	const json_t *name;
	size_t i;
	bool any = false;

	json_array_foreach (json_object_get(image, "RepoDigests"), i, name) {
		bt_auto_free char *repo = text_of(name);
		char *at = repo ? strchr(repo, '@') : NULL;

		if (!at || strcmp(repo, "<none>@<none>") == 0)
			continue;
		*at = '\0';
		add_row(rows, image, repo, "<none>", at + 1);
		any = true;
		if (!shown)
			break;
	}
	return any;
}

/* The rows of an answer's text, with no more of each image than the template wants. */
static int rows_of(struct bt_json_raw images, const struct bt_format *format, bool digests,
		   json_t **ret, struct bt_err *err)
{
	bt_auto_str struct bt_str reads = { 0 };
	bt_auto_rows struct bt_rows each = { 0 };
	json_auto_t *rows = json_array();
	const json_t *image;
	bool some = bt_format_reads(format, &reads);
	int r;

	bt_str_puts(&reads, "RepoTags RepoDigests");
	r = bt_rows_of_text(images, some ? bt_str_get(&reads) : NULL, &each, err);
	if (r < 0)
		return r;
	while ((r = bt_rows_next(&each, &image, err)) > 0)
		if (!add_tags(rows, image) && !add_digests(rows, image, digests))
			add_row(rows, image, "<none>", "<none>", "<none>");
	if (r == 0)
		*ret = bt_take(rows);
	return r;
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	struct options options = { bt_args_bool(args, "no-trunc") };
	bool digests = bt_args_bool(args, "digests");
	struct bt_format format = {
		.text = bt_args_string(args, "format"),
		.table = digests ? TABLE_FRONT "{{.Digest}}\t" TABLE_BACK : TABLE_FRONT TABLE_BACK,
		.type = "*formatter.imageContext",
		.columns = columns,
		.arg = &options,
	};
	bt_auto_str struct bt_str target = { 0 };
	bt_auto_free char *reference = NULL;
	bt_auto_free char *images = NULL;
	json_auto_t *rows = NULL;
	struct bt_err err = { 0 };

	if (bt_args_bool(args, "tree")) {
		(void)fputs("--tree is not supported: an image here is of one platform, there is "
			    "nothing below it\n",
			    stderr);
		return BT_CLI_FAILED;
	}
	if (!format.text && !bt_args_bool(args, "quiet"))
		format.text = bt_config_string(&cli->config, "imagesFormat");
	if (bt_args_bool(args, "quiet") && (!format.text || strcmp(format.text, "table") == 0))
		format.text = "{{.ID}}";
	if (args->npos && !(reference = bt_str_format("reference=%s", args->pos[0])))
		return BT_CLI_FAILED;
	bt_str_puts(&target, "/images/json");
	bt_target_add_flag(&target, "all", bt_args_bool(args, "all"));
	bt_filter_add(&target, args, "filter", reference);
	if (bt_cli_get(cli, bt_str_get(&target), &images, &err) < 0 ||
	    rows_of(bt_json_raw_of(images), &format, digests, &rows, &err) < 0 ||
	    bt_format_rows(&format, rows, &err) < 0)
		return bt_cli_fail(&err);
	return 0;
}

static const struct bt_flag flags[] = {
	{ 'a', BT_FLAG_BOOL, "all", NULL, "Show intermediate images too", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "digests", NULL, "Show digests", NULL, NULL },
	{ 'f', BT_FLAG_LIST, "filter", "filter", "Show only what matches, as name=value", NULL,
	  bt_check_filter },
	{ 0, BT_FLAG_STRING, "format", NULL, BT_HELP_FORMAT, NULL, NULL },
	{ 0, BT_FLAG_BOOL, "no-trunc", NULL, "Print everything at full length", NULL, NULL },
	{ 'q', BT_FLAG_BOOL, "quiet", NULL, "Print only ids", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "tree", NULL, NULL, NULL, NULL },
	{ 0 },
};

const struct bt_command bt_images_command = {
	.names = "image ls,image list,images",
	.usage = "[OPTIONS] [REPOSITORY[:TAG]]",
	.brief = "List images",
	.flags = { flags },
	.max = 1,
	.run = run,
};
