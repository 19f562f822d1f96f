/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/time.h"
#include "codec/filters.h"
#include "codec/json.h"
#include "image/filter_images.h"
#include "image/images_private.h"
#include "image/remove.h"

struct query {
	const struct bt_filters *filters;
	bool dangling; /* only images without a name */
	int64_t until;
};

static int make_query(const struct bt_filters *filters, struct query *ret, struct bt_err *err)
{
	static const char *const known[] = { "dangling", "label", "label!", "until", NULL };
	struct query q = { .filters = filters, .dangling = true };
	int r = 0;

	if (filters) {
		r = bt_filters_only(filters, known, err);
		if (r == 0)
			r = bt_filters_bool(filters, "dangling", &q.dangling, err);
		if (r >= 0)
			r = bt_filters_until(filters, &q.until, err);
	}
	if (r == 0)
		*ret = q;
	return r;
}

static bool is_wanted(const struct query *q, const json_t *image)
{
	const json_t *config = bt_json_obj(image, "config");
	int64_t created = 0;

	if (bt_time_rfc3339_parse(bt_json_str(image, "created", ""), &created) < 0)
		created = 0;
	if (q->until && created >= q->until)
		return false;
	if (!q->filters)
		return true;
	return bt_filters_labels(q->filters, "label", bt_filter_images_label, config) &&
	       (!bt_filters_has(q->filters, "label!") ||
		!bt_filters_labels(q->filters, "label!", bt_filter_images_label, config));
}

static int prune_one(struct bt_images *images, const struct query *q, const char *id,
		     json_t *records, struct bt_err *err)
{
	bt_auto(bt_image_row_done_) struct bt_image_row row = { 0 };
	json_auto_t *names = NULL;
	char container[13];
	bool running;
	int r;

	r = bt_images_row_(images, id, &row, err);
	if (r <= 0 || !is_wanted(q, row.config))
		return r < 0 ? r : 0;
	r = bt_images_names_(images, id, &names, err);
	if (r < 0)
		return r;
	if ((q->dangling && json_array_size(names) > 0) ||
	    bt_images_users_(images, id, &running, container) != 0)
		return 0;
	return bt_remove_image(
		images, id,
		&(struct bt_remove){ .force = !q->dangling, .parents = true, .quiet = true },
		records, err);
}

int bt_images_prune(struct bt_images *images, const struct bt_filters *filters, json_t **ret,
		    struct bt_err *err)
{
	json_auto_t *records = json_array(), *ids = NULL, *out = NULL;
	int64_t before = 0, after = 0;
	char reclaimed[24];
	struct query q = { 0 };
	json_t *id;
	size_t i;
	int r;

	r = make_query(filters, &q, err);
	if (r == 0)
		r = bt_images_layers_size(images, &before, err);
	if (r == 0)
		r = bt_filter_images_ids(images, &ids, err);
	if (r < 0)
		return r;
	json_array_foreach (ids, i, id) {
		r = prune_one(images, &q, json_string_value(id), records, err);
		if (r < 0)
			return r;
	}
	r = bt_images_layers_size(images, &after, err);
	if (r < 0)
		return r;
	before = before > after ? before - after : 0;
	out = json_pack("{sOsI}", "ImagesDeleted",
			json_array_size(records) > 0 ? records : json_null(), "SpaceReclaimed",
			(json_int_t)before);
	if (!out)
		return bt_err_sys(err, -ENOMEM, "prune images");
	(void)snprintf(reclaimed, sizeof(reclaimed), "%lld", (long long)before);
	bt_images_tell_(images, "prune", "", reclaimed);
	*ret = bt_take(out);
	return 0;
}
