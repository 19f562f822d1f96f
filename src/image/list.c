/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/filters.h"
#include "codec/json.h"
#include "codec/json_raw.h"
#include "image/filter_images.h"
#include "image/images_private.h"

/* What the filters were resolved to. */
struct query {
	const struct bt_filters *filters;
	bool all;
	bool dangling_given, dangling;
	int64_t before, since, until; /* creation times in nanoseconds, or 0 */
};

const char *bt_filter_images_label(const void *config, const char *key)
{
	return bt_json_str(bt_json_obj(config, "Labels"), key, NULL);
}

/* When the images that the filter `name` names were made: of several the first, or the last. */
static int created_of(struct bt_images *images, const struct bt_filters *filters, const char *name,
		      bool last, int64_t *ret, struct bt_err *err)
{
	const char *ref;
	int r = 0;

	for (size_t i = 0; r == 0 && (ref = bt_filters_value(filters, name, i)); i++) {
		bt_auto(bt_image_row_done_) struct bt_image_row row = { 0 };
		int64_t created = 0;

		r = bt_images_find_(images, ref, &row, err);
		if (r == 0)
			(void)!bt_time_rfc3339_parse(bt_json_str(row.config, "created", ""),
						     &created);
		if (r == 0 && (i == 0 || (created > *ret) == last))
			*ret = created;
	}
	return r;
}

/* A bracket that nobody closes, and a backslash with nothing behind it, match nothing to
 * fnmatch(3); whoever wrote them wants to know. */
static bool pattern_is_whole(const char *pattern)
{
	for (const char *p = pattern; *p; p++) {
		if (*p == '\\' && *++p == '\0')
			return false;
		if (*p != '[')
			continue;
		p += 1 + (p[1] == '^' || p[1] == '!');
		p = *p ? strchr(p + 1, ']') : NULL;
		if (!p)
			return false;
	}
	return true;
}

static int check_patterns(const struct bt_filters *filters, struct bt_err *err)
{
	const char *pattern;

	for (size_t i = 0; (pattern = bt_filters_value(filters, "reference", i)); i++)
		if (!pattern_is_whole(pattern))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "syntax error in pattern");
	return 0;
}

static int make_query(struct bt_images *images, const struct bt_filters *filters, bool all,
		      struct query *ret, struct bt_err *err)
{
	static const char *const known[] = { "dangling",  "label", "before", "since",
					     "reference", "until", NULL };
	struct query q = { .filters = filters, .all = all };
	int r = 0;

	if (filters) {
		r = bt_filters_only(filters, known, err);
		if (r == 0)
			r = bt_filters_bool(filters, "dangling", &q.dangling, err);
		if (r < 0)
			return r;
		q.dangling_given = r == 1;
		r = created_of(images, filters, "before", false, &q.before, err);
		if (r == 0)
			r = created_of(images, filters, "since", true, &q.since, err);
		if (r == 0)
			r = bt_filters_until(filters, &q.until, err);
		if (r == 0)
			r = check_patterns(filters, err);
	}
	if (r == 0)
		*ret = q;
	return r;
}

static bool matches_reference(const struct bt_filters *filters, const char *repo, const char *tag)
{
	const char *name = bt_name_familiar(repo), *pattern;
	bt_auto_free char *text = bt_name_text(repo, tag);

	for (size_t i = 0; text && (pattern = bt_filters_value(filters, "reference", i)); i++)
		if (fnmatch(pattern, text, FNM_PATHNAME) == 0 ||
		    fnmatch(pattern, name, FNM_PATHNAME) == 0)
			return true;
	return false;
}

/* One list on its way. */
struct list {
	const struct bt_images_list_options *opt;
	struct query query;
	json_t *users, *shared; /* image id → count, bytes; `shared` only where it was asked for */
	struct bt_str *out;
};

/* The image whose rows are being read: a row for each of its names. */
struct item {
	struct bt_str id, parent, config; /* as the database has them */
	int64_t size, children;
	struct bt_str tags, digests; /* JSON, without brackets */
};

static void list_done(struct list *list)
{
	json_decref(list->users);
	json_decref(list->shared);
}

static void item_done(struct item *item)
{
	bt_str_done(&item->id);
	bt_str_done(&item->parent);
	bt_str_done(&item->config);
	bt_str_done(&item->tags);
	bt_str_done(&item->digests);
}

static void set(struct bt_str *s, const char *text)
{
	bt_str_clear(s);
	bt_str_puts(s, text ? text : "");
}

static void begin_item(struct item *item, const struct bt_db_stmt *q)
{
	set(&item->id, bt_db_text(q, 0));
	set(&item->parent, bt_db_text(q, 1));
	item->size = bt_db_int(q, 2);
	set(&item->config, bt_db_text(q, 3));
	item->children = bt_db_int(q, 4);
	bt_str_clear(&item->tags);
	bt_str_clear(&item->digests);
}

/* A name of the image, unless the filter "reference" does not want it. */
static int add_name(const struct query *q, struct item *item, const char *repo, const char *tag)
{
	struct bt_str *names = bt_name_is_digest(tag) ? &item->digests : &item->tags;
	bt_auto_free char *text = NULL;

	if (bt_filters_has(q->filters, "reference") && !matches_reference(q->filters, repo, tag))
		return 0;
	text = bt_name_text(repo, tag);
	if (!text)
		return -ENOMEM;
	bt_str_puts(names, names->len > 0 ? "," : "");
	bt_json_append_str(names, text);
	return names->failed;
}

static const char *label_of(const void *labels, const char *key)
{
	return bt_json_str(labels, key, NULL);
}

static bool matches_config(const struct query *q, int64_t created, json_t *labels)
{
	if ((q->before && created >= q->before) || (q->since && created <= q->since) ||
	    (q->until && created >= q->until))
		return false;
	return bt_filters_labels(q->filters, "label", label_of, labels);
}

/* Does an image with these names (filtered already) belong into the list? */
static bool is_wanted(const struct query *q, const struct item *item)
{
	if (item->tags.len > 0)
		return !q->dangling;
	if (item->digests.len > 0)
		return true;
	if ((!q->all && item->children > 0) || bt_filters_has(q->filters, "reference"))
		return false;
	return !q->dangling_given || q->dangling;
}

static int64_t created_by(struct bt_json_raw config)
{
	json_auto_t *text = bt_json_raw_load(bt_json_raw_member(config, "created"));
	int64_t created = 0;

	if (bt_time_rfc3339_parse(json_is_string(text) ? json_string_value(text) : "", &created) <
	    0)
		return 0;
	return created;
}

static void put(struct list *list, const struct item *item, int64_t created, const json_t *labels)
{
	const char *id = bt_str_get(&item->id);
	const json_t *shared = json_object_get(list->shared, id);
	struct bt_str *out = list->out;

	bt_str_puts(out, out->len > 1 ? ",{\"Id\":" : "{\"Id\":");
	bt_json_append_str(out, id);
	bt_str_puts(out, ",\"ParentId\":");
	bt_json_append_str(out, bt_str_get(&item->parent));
	bt_str_printf(out, ",\"RepoTags\":[%s],\"RepoDigests\":[%s]", bt_str_get(&item->tags),
		      bt_str_get(&item->digests));
	bt_str_printf(out, ",\"Created\":%lld,\"Size\":%lld,\"SharedSize\":%lld,\"Labels\":",
		      (long long)(created / BT_TIME_NSEC_PER_SEC), (long long)item->size,
		      list->shared ? (long long)json_integer_value(shared) : -1LL);
	if (labels)
		bt_json_append(out, labels);
	else
		bt_str_puts(out, "null");
	bt_str_printf(out, ",\"Containers\":%lld",
		      (long long)json_integer_value(json_object_get(list->users, id)));
	if (list->opt->virtual_size)
		bt_str_printf(out, ",\"VirtualSize\":%lld", (long long)item->size);
	bt_str_putc(out, '}');
}

/* The image whose names are complete, if there is one. */
static int end_item(struct list *list, const struct item *item)
{
	struct bt_json_raw config = bt_json_raw_of(bt_str_get(&item->config));
	struct bt_json_raw run = bt_json_raw_member(config, "config");
	json_auto_t *labels = NULL;
	int64_t created;

	if (item->id.len == 0 || !is_wanted(&list->query, item))
		return 0;
	labels = bt_json_raw_load(bt_json_raw_member(run, "Labels"));
	if (labels && !json_is_object(labels)) {
		json_decref(labels);
		labels = NULL;
	}
	created = created_by(config);
	if (matches_config(&list->query, created, labels))
		put(list, item, created, labels);
	return item->id.failed | item->parent.failed | item->config.failed | list->out->failed;
}

int bt_filter_images_ids(struct bt_images *images, json_t **ret, struct bt_err *err)
{
	json_auto_t *ids = json_array();
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r;

	r = bt_db_prepare(images->db, &q, err, "SELECT id FROM images ORDER BY created DESC, id");
	if (r < 0)
		return r;
	while ((r = bt_db_step(&q, err)) > 0)
		if (json_array_append_new(ids, json_string(bt_db_text(&q, 0))) < 0)
			return bt_err_sys(err, -ENOMEM, "list images");
	if (r < 0)
		return r;
	*ret = bt_take(ids);
	return 0;
}

/* Every image with every layer that it has; of each the bytes of those that others have, too. */
static const char *const shared_sizes =
	"WITH RECURSIVE chain (image, layer, parent, size) AS ("
	"  SELECT i.id, l.chain_id, l.parent, l.size"
	"    FROM images i JOIN layers l ON l.chain_id = i.chain_id"
	"  UNION ALL SELECT c.image, l.chain_id, l.parent, l.size"
	"    FROM chain c JOIN layers l ON l.chain_id = c.parent),"
	"counts (layer, n) AS (SELECT layer, count(*) FROM chain GROUP BY layer)"
	"SELECT image, sum(CASE WHEN n > 1 THEN size ELSE 0 END)"
	"  FROM chain JOIN counts USING (layer) GROUP BY image";

static int find_shared(struct bt_images *images, json_t **ret, struct bt_err *err)
{
	json_auto_t *sizes = json_object();
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r;

	r = bt_db_prepare(images->db, &q, err, shared_sizes);
	if (r < 0)
		return r;
	while ((r = bt_db_step(&q, err)) > 0)
		if (json_object_set_new(sizes, bt_db_text(&q, 0), json_integer(bt_db_int(&q, 1))) <
		    0)
			return bt_err_sys(err, -ENOMEM, "list images");
	if (r == 0)
		*ret = bt_take(sizes);
	return r;
}

static const char *const every_image =
	"SELECT i.id, i.parent, i.size, i.config,"
	"  (SELECT count(*) FROM images c WHERE c.parent = i.id), n.repo, n.tag"
	"  FROM images i LEFT JOIN image_names n ON n.image_id = i.id"
	"  ORDER BY i.created DESC, i.id, n.repo, n.tag";

static int put_all(struct bt_images *images, struct list *list, struct bt_err *err)
{
	bt_auto(item_done) struct item item = { 0 };
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r, failed = 0;

	r = bt_db_prepare(images->db, &q, err, every_image);
	if (r < 0)
		return r;
	while (failed == 0 && (r = bt_db_step(&q, err)) > 0) {
		if (strcmp(bt_str_get(&item.id), bt_db_text(&q, 0)) != 0) {
			failed = end_item(list, &item);
			begin_item(&item, &q);
		}
		if (failed == 0 && bt_db_text(&q, 5))
			failed =
				add_name(&list->query, &item, bt_db_text(&q, 5), bt_db_text(&q, 6));
	}
	if (r == 0 && failed == 0)
		failed = end_item(list, &item);
	return failed ? bt_err_sys(err, failed, "list images") : r;
}

int bt_images_list(struct bt_images *images, const struct bt_images_list_options *opt,
		   struct bt_str *out, struct bt_err *err)
{
	bt_auto(list_done) struct list list = { .opt = opt, .out = out };
	int r = make_query(images, opt->filters, opt->all, &list.query, err);

	if (r == 0 && opt->shared_sizes)
		r = find_shared(images, &list.shared, err);
	if (r < 0)
		return r;
	list.users = images->user_counts ? images->user_counts(images->users_arg) : NULL;
	bt_str_putc(out, '[');
	r = put_all(images, &list, err);
	bt_str_putc(out, ']');
	return r;
}
