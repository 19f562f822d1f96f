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

static int created_of(struct bt_images *images, const char *name, int64_t *ret, struct bt_err *err)
{
	bt_auto(bt_image_row_done_) struct bt_image_row row = { 0 };
	int r;

	if (!name)
		return 0;
	r = bt_images_find_(images, name, &row, err);
	if (r == 0)
		(void)!bt_time_rfc3339_parse(bt_json_str(row.config, "created", ""), ret);
	return r;
}

int bt_filter_images_until(const struct bt_filters *filters, int64_t *ret, struct bt_err *err)
{
	const char *text = bt_filters_value(filters, "until", 0);

	if (!text)
		return 0;
	if (bt_filters_value(filters, "until", 1))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "more than one until filter specified");
	if (bt_time_since_parse(text, ret) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "failed to parse value as time or duration: \"%.100s\"", text);
	return 0;
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
		r = created_of(images, bt_filters_value(filters, "before", 0), &q.before, err);
		if (r == 0)
			r = created_of(images, bt_filters_value(filters, "since", 0), &q.since,
				       err);
		if (r == 0)
			r = bt_filter_images_until(filters, &q.until, err);
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

/* Take out of `names` what the filter "reference" does not want. */
static void filter_names(const struct query *q, json_t *names)
{
	if (!q->filters || !bt_filters_has(q->filters, "reference"))
		return;
	for (size_t i = json_array_size(names); i-- > 0;) {
		const json_t *name = json_array_get(names, i);

		if (!matches_reference(q->filters, bt_json_str(name, "repo", ""),
				       bt_json_str(name, "tag", "")))
			(void)json_array_remove(names, i);
	}
}

static bool matches_config(const struct query *q, const json_t *image)
{
	int64_t created = 0;

	if (bt_time_rfc3339_parse(bt_json_str(image, "created", ""), &created) < 0)
		created = 0;
	if ((q->before && created >= q->before) || (q->since && created <= q->since) ||
	    (q->until && created >= q->until))
		return false;
	return !q->filters || bt_filters_labels(q->filters, "label", bt_filter_images_label,
						bt_json_obj(image, "config"));
}

/* Does an image with these names (filtered already) belong into the list? 1, 0, or an errno. */
static int is_wanted(struct bt_images *images, const struct query *q, const char *id,
		     const json_t *tags, const json_t *digests, struct bt_err *err)
{
	int children;

	if (json_array_size(tags) > 0)
		return !q->dangling;
	if (json_array_size(digests) > 0)
		return 1;
	children = q->all ? 0 : bt_images_children_(images, id, err);
	if (children != 0)
		return children < 0 ? children : 0;
	if (q->filters && bt_filters_has(q->filters, "reference"))
		return 0;
	return !q->dangling_given || q->dangling;
}

static json_t *summary(struct bt_images *images, const struct bt_image_row *row, json_t *tags,
		       json_t *digests)
{
	json_t *labels = bt_json_obj(bt_json_obj(row->config, "config"), "Labels");
	char container[13];
	int64_t created = 0;
	bool running;

	if (bt_time_rfc3339_parse(bt_json_str(row->config, "created", ""), &created) < 0)
		created = 0;
	return json_pack("{sssssOsOsIsIsisO?si}", "Id", row->id, "ParentId",
			 row->parent ? row->parent : "", "RepoTags", tags, "RepoDigests", digests,
			 "Created", (json_int_t)(created / BT_TIME_NSEC_PER_SEC), "Size",
			 (json_int_t)row->size, "SharedSize", -1, "Labels", labels, "Containers",
			 bt_images_users_(images, row->id, &running, container));
}

static int add_image(struct bt_images *images, const struct query *q, const char *id, json_t *list,
		     struct bt_err *err)
{
	bt_auto(bt_image_row_done_) struct bt_image_row row = { 0 };
	json_auto_t *names = NULL, *tags = NULL, *digests = NULL;
	json_t *entry;
	int r;

	r = bt_images_row_(images, id, &row, err);
	if (r <= 0) /* removed meanwhile */
		return r;
	if (!matches_config(q, row.config))
		return 0;
	r = bt_images_names_(images, id, &names, err);
	if (r < 0)
		return r;
	filter_names(q, names);
	tags = bt_images_names_texts_(names, false);
	digests = bt_images_names_texts_(names, true);
	if (!tags || !digests)
		return bt_err_sys(err, -ENOMEM, "list images");
	r = is_wanted(images, q, id, tags, digests, err);
	if (r <= 0)
		return r;
	entry = summary(images, &row, tags, digests);
	if (!entry || json_array_append_new(list, entry) < 0)
		return bt_err_sys(err, -ENOMEM, "list images");
	return 0;
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

int bt_images_list(struct bt_images *images, bool all, bool digests,
		   const struct bt_filters *filters, json_t **ret, struct bt_err *err)
{
	json_auto_t *list = json_array(), *ids = NULL;
	struct query q = { 0 };
	json_t *id;
	size_t i;
	int r;

	(void)digests; /* Docker answers them always, too */
	r = make_query(images, filters, all, &q, err);
	if (r == 0)
		r = bt_filter_images_ids(images, &ids, err);
	if (r < 0)
		return r;
	json_array_foreach (ids, i, id) {
		r = add_image(images, &q, json_string_value(id), list, err);
		if (r < 0)
			return r;
	}
	*ret = bt_take(list);
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

int bt_images_shared_sizes(struct bt_images *images, json_t *list, struct bt_err *err)
{
	json_auto_t *sizes = json_object();
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	json_t *image;
	size_t i;
	int r;

	r = bt_db_prepare(images->db, &q, err, shared_sizes);
	if (r < 0)
		return r;
	while ((r = bt_db_step(&q, err)) > 0)
		if (json_object_set_new(sizes, bt_db_text(&q, 0), json_integer(bt_db_int(&q, 1))) <
		    0)
			return bt_err_sys(err, -ENOMEM, "list images");
	if (r < 0)
		return r;
	json_array_foreach (list, i, image) {
		json_t *size = json_object_get(sizes, bt_json_str(image, "Id", ""));

		if (json_object_set_new(image, "SharedSize",
					json_integer(json_integer_value(size))) < 0)
			return bt_err_sys(err, -ENOMEM, "list images");
	}
	return 0;
}
