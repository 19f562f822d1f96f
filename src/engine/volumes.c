/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/volumes.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/rand.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/filters.h"
#include "codec/json.h"
#include "codec/json_raw.h"
#include "engine/engine_private.h"
#include "engine/events.h"
#include "engine/jget.h"
#include "engine/volume.h"
#include "engine/volume_claim.h"
#include "engine/volume_options.h"
#include "engine/volume_users.h"
#include "store/tree_size.h"

#define ANONYMOUS_LABEL "com.docker.volume.anonymous"

/* When it was made, as Docker prints it: in whole seconds. */
static void created_text(int64_t created_ns, char ret[BT_TIME_RFC3339_LEN])
{
	bt_time_rfc3339(created_ns - created_ns % BT_TIME_NSEC_PER_SEC, ret);
	memcpy(ret + strlen("2006-01-02T15:04:05"), "Z", 2);
}

/* What a row's `config` says, as the API shows it (owned), or NULL without memory. `ret_anonymous`
 * may be NULL. */
static json_t *show(const struct bt_engine *engine, const char *name, int64_t created_ns,
		    const char *config, bool *ret_anonymous)
{
	json_auto_t *row = bt_jget_load(config);
	bt_auto_free char *path = bt_volume_path(engine, name);
	json_t *labels = bt_json_obj(row, "Labels"), *options = bt_json_obj(row, "Options");
	json_auto_t *told = NULL;
	char created[BT_TIME_RFC3339_LEN];

	created_text(created_ns, created);
	/* Clients tell them by the label, as Docker gives it to each since 23.0. */
	if (bt_jget_bool(row, "Anonymous") && !json_object_get(labels, ANONYMOUS_LABEL)) {
		told = labels ? json_copy(labels) : json_object();
		json_object_set_new(told, ANONYMOUS_LABEL, json_string(""));
		labels = told;
	}
	if (ret_anonymous)
		*ret_anonymous =
			bt_jget_bool(row, "Anonymous") || json_object_get(labels, ANONYMOUS_LABEL);
	return json_pack("{ss ss so? ss? ss sO? ss}", "CreatedAt", created, "Driver", "local",
			 "Labels", labels ? json_incref(labels) : json_null(), "Mountpoint", path,
			 "Name", name, "Options", options, "Scope", "local");
}

/* 1 and its row as the API shows it, or 0. */
static int find(struct bt_engine *engine, const char *name, json_t **ret, bool *ret_anonymous,
		struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r = bt_db_prepare(engine->db, &q, err,
			      "SELECT created, config FROM volumes WHERE name = ?1");

	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, name);
	r = bt_db_step(&q, err);
	if (r <= 0)
		return r;
	*ret = show(engine, name, bt_db_int(&q, 0), bt_db_text(&q, 1), ret_anonymous);
	return *ret ? 1 : bt_err_sys(err, -ENOMEM, "read volume %s", name);
}

static const char *label_of(const void *labels, const char *key)
{
	return json_string_value(json_object_get(labels, key));
}

/* Which volumes; `users`: engine/volume_users.h, needed for `dangling` alone. */
struct query {
	const struct bt_filters *filters;
	bool has_dangling, dangling;
	const json_t *users;
};

/* A row as it is listed: what is text already stays so. */
struct item {
	const char *name;
	int64_t created_ns;
	struct bt_json_raw labels, options;
	bool anonymous;
};

static void take(const struct bt_db_stmt *row, struct item *ret)
{
	struct bt_json_raw config = bt_json_raw_of(bt_db_text(row, 2));

	*ret = (struct item){
		.name = bt_db_text(row, 0),
		.created_ns = bt_db_int(row, 1),
		.labels = bt_json_raw_member(config, "Labels"),
		.options = bt_json_raw_member(config, "Options"),
		.anonymous = bt_json_raw_same(bt_json_raw_member(config, "Anonymous"), "true"),
	};
}

/* The labels as they are shown: those of an anonymous volume have one more. */
static json_t *labels_of(const struct item *item)
{
	json_t *labels = bt_json_raw_load(item->labels);

	if (!item->anonymous || json_object_get(labels, ANONYMOUS_LABEL))
		return labels;
	if (!labels)
		labels = json_object();
	(void)json_object_set_new(labels, ANONYMOUS_LABEL, json_string(""));
	return labels;
}

static bool is_wanted(const struct query *q, const struct item *item)
{
	json_auto_t *labels = NULL;

	if (q->has_dangling && q->dangling == (json_object_get(q->users, item->name) != NULL))
		return false;
	if (!bt_filters_match(q->filters, "name", item->name) ||
	    !bt_filters_exact(q->filters, "driver", "local"))
		return false;
	if (!bt_filters_has(q->filters, "label"))
		return true;
	labels = labels_of(item);
	return bt_filters_labels(q->filters, "label", label_of, labels);
}

/* As show() does, which inspect answers with. */
static int put(const struct bt_engine *engine, const struct item *item, struct bt_str *out)
{
	bt_auto_free char *path = bt_volume_path(engine, item->name);
	json_auto_t *labels = item->anonymous ? labels_of(item) : NULL;
	char created[BT_TIME_RFC3339_LEN];

	if (!path)
		return -ENOMEM;
	created_text(item->created_ns, created);
	bt_str_printf(out, "{\"CreatedAt\":\"%s\",\"Driver\":\"local\",\"Labels\":", created);
	if (labels)
		bt_json_append(out, labels);
	else
		bt_json_raw_append(out, item->labels, "null");
	bt_str_puts(out, ",\"Mountpoint\":");
	bt_json_append_str(out, path);
	bt_str_puts(out, ",\"Name\":");
	bt_json_append_str(out, item->name);
	bt_str_puts(out, ",\"Options\":");
	bt_json_raw_append(out, item->options, "null");
	bt_str_puts(out, ",\"Scope\":\"local\"}");
	return out->failed;
}

/* The array of those that are wanted, as text. */
static int collect(struct bt_engine *engine, const struct query *q, struct bt_str *out,
		   struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt rows = { 0 };
	const char *between = "";
	int failed = 0, r;

	r = bt_db_prepare(engine->db, &rows, err,
			  "SELECT name, created, config FROM volumes ORDER BY name");
	if (r < 0)
		return r;
	bt_str_putc(out, '[');
	while (failed == 0 && (r = bt_db_step(&rows, err)) == 1) {
		struct item item;

		take(&rows, &item);
		if (!is_wanted(q, &item))
			continue;
		bt_str_puts(out, between);
		failed = put(engine, &item, out);
		between = ",";
	}
	bt_str_putc(out, ']');
	return failed ? bt_err_sys(err, failed, "list volumes") : r;
}

int bt_volumes_list(struct bt_engine *engine, const struct bt_filters *filters, struct bt_str *out,
		    struct bt_err *err)
{
	static const char *const known[] = { "dangling", "driver", "label", "name", NULL };
	struct query q = { .filters = filters };
	json_auto_t *users = NULL;
	int r = bt_filters_only(filters, known, err);

	if (r == 0)
		r = bt_filters_bool(filters, "dangling", &q.dangling, err);
	if (r < 0)
		return r;
	q.has_dangling = r > 0;
	r = q.has_dangling ? bt_volume_users_all(engine, &users, err) : 0;
	q.users = users;
	bt_str_puts(out, "{\"Volumes\":");
	if (r == 0)
		r = collect(engine, &q, out, err);
	bt_str_puts(out, ",\"Warnings\":null}");
	return r;
}

int bt_volumes_inspect(struct bt_engine *engine, const char *name, json_t **ret, struct bt_err *err)
{
	int r = find(engine, name, ret, NULL, err);

	if (r == 0)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "get %.200s: no such volume",
				  name);
	return r < 0 ? r : 0;
}

static int check_name(const char *name, struct bt_err *err)
{
	size_t len = strlen(name);

	if (len == 1)
		return bt_err_set(
			err, BT_ERR_INVALID, EINVAL,
			"create %s: volume name is too short, names should be at least two "
			"alphanumeric characters",
			name);
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && (i == 0 || !strchr("_.-", name[i])))
			return bt_err_set(
				err, BT_ERR_INVALID, EINVAL,
				"create %.100s: \"%.100s\" includes invalid characters for a "
				"local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are "
				"allowed. If you intended to pass a host directory, use "
				"absolute path",
				name, name);
	if (len > 255)
		return bt_err_set(err, BT_ERR_INVALID, ENAMETOOLONG,
				  "create %.40s…: volume name is too long, at most 255 characters",
				  name);
	return 0;
}

/* Driver, options and labels, as far as they are given. */
static int check_body(const json_t *body, const char *name, json_t **ret_options,
		      json_t **ret_labels, struct bt_err *err)
{
	const char *driver = "local", *key;
	json_t *value;
	int r = bt_json_get_str(body, "Driver", &driver, err);

	if (r >= 0)
		r = bt_json_get_obj(body, "DriverOpts", ret_options, err);
	if (r >= 0)
		r = bt_json_get_obj(body, "Labels", ret_labels, err);
	if (r < 0)
		return r;
	if (*driver && strcmp(driver, "local") != 0)
		return bt_err_set(
			err, BT_ERR_NOT_FOUND, ENOENT,
			"create %.200s: error looking up volume plugin %.100s: plugin \"%.100s\" "
			"not found",
			name, driver, driver);
	if (bt_json_member(body, "ClusterVolumeSpec"))
		return bt_err_set(err, BT_ERR_UNAVAILABLE, EAGAIN,
				  "cluster volumes need a swarm, and this node is in none");
	json_object_foreach (*ret_labels, key, value)
		if (!json_is_string(value))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid JSON: the label %.100s must be a string", key);
	r = bt_volume_options_check(*ret_options, err);
	return r < 0 ? bt_err_context(err, "create %.200s", name) : 0;
}

int bt_volumes_create(struct bt_engine *engine, const json_t *body, json_t **ret,
		      struct bt_err *err)
{
	char random[BT_RAND_ID_LEN + 1];
	const char *name = "";
	json_t *options = NULL, *labels = NULL;
	struct bt_volume_new new_volume = { 0 };
	bt_auto_volume_claim struct bt_volume_claim alone = { 0 };
	json_auto_t *with_label = NULL;
	bool anonymous;
	int r = bt_json_get_str(body, "Name", &name, err);

	if (r < 0)
		return r;
	anonymous = *name == '\0';
	/* Before anything else: errors name the volume that was to be. */
	if (anonymous) {
		r = bt_rand_id(random);
		if (r < 0)
			return bt_err_sys(err, r, "name a volume");
		name = random;
	}
	r = check_body(body, name, &options, &labels, err);
	if (r < 0)
		return r;
	if (anonymous) {
		with_label = labels ? json_copy(labels) : json_object();
		if (json_object_set_new(with_label, ANONYMOUS_LABEL, json_string("")) < 0)
			return bt_err_sys(err, -ENOMEM, "create a volume");
		labels = with_label;
	}
	r = check_name(name, err);
	new_volume = (struct bt_volume_new){
		.name = name, .anonymous = anonymous, .labels = labels, .options = options
	};
	/* Nobody removes it while it is made; a container that is being made has it made, too. */
	if (r == 0)
		r = bt_volume_claim_alone(engine, name, &alone, err);
	if (r >= 0)
		r = bt_volume_ensure(engine, &new_volume, err);
	return r < 0 ? r : bt_volumes_inspect(engine, name, ret, err);
}

static int refuse_used(const char *verb, const char *name, json_t *ids, struct bt_err *err)
{
	bt_auto_str struct bt_str list = { 0 };
	const char *id;
	json_t *none;

	json_object_foreach (ids, id, none)
		bt_str_printf(&list, "%s%s", list.len > 0 ? ", " : "", id);
	return bt_err_set(err, BT_ERR_CONFLICT, EBUSY, "%s %.200s: volume is in use - [%s]", verb,
			  name, bt_str_get(&list));
}

/* Have the volume alone, or refuse to `verb` it where a container has it. */
static int claim(struct bt_engine *engine, const char *verb, const char *name,
		 struct bt_volume_claim *ret, struct bt_err *err)
{
	json_auto_t *ids = NULL;
	int r, alone;

	/* Who is not alone finds the others, or they have gone meanwhile. */
	do {
		json_decref(ids);
		ids = NULL;
		r = alone = bt_volume_claim_alone(engine, name, ret, err);
		bt_fault_point("volume-rm/claimed");
		if (r >= 0)
			r = bt_volume_users_of(engine, name, false, &ids, err);
	} while (r == 0 && alone == 0);
	return r > 0 ? refuse_used(verb, name, ids, err) : r;
}

int bt_volumes_remove(struct bt_engine *engine, const char *name, bool force, struct bt_err *err)
{
	bt_auto_volume_claim struct bt_volume_claim alone = { 0 };
	json_auto_t *volume = NULL;
	/* No volume has a name that create refuses. */
	bool possible = check_name(name, BT_ERR_IGNORED) == 0;
	int r = possible ? claim(engine, "remove", name, &alone, err) : 0;

	if (r == 0 && possible)
		r = find(engine, name, &volume, NULL, err);
	if (r < 0)
		return r;
	if (r == 0)
		return force ? 0
			     : bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
					  "get %.200s: no such volume", name);
	bt_fault_point("volume-rm/begun");
	return bt_volume_delete(engine, name, err);
}

static int refuse_taken(const char *name, const char *new_name, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_CONFLICT, EEXIST,
			  "rename %.200s: a volume %.200s exists already", name, new_name);
}

/* Both names, in their order, so that two of these never wait for each other. */
static int claim_both(struct bt_engine *engine, const char *name, const char *new_name,
		      struct bt_volume_claim *ret_one, struct bt_volume_claim *ret_two,
		      struct bt_err *err)
{
	int order = strcmp(name, new_name);
	int r = order < 0 ? claim(engine, "rename", name, ret_one, err) : 0;

	if (r == 0 && order != 0) {
		r = bt_volume_claim_alone(engine, new_name, ret_two, err);
		if (r == 0)
			r = refuse_taken(name, new_name, err);
	}
	if (r >= 0 && order >= 0)
		r = claim(engine, "rename", name, ret_one, err);
	return r < 0 ? r : 0;
}

int bt_volumes_rename(struct bt_engine *engine, const char *name, const char *new_name,
		      struct bt_err *err)
{
	bt_auto_volume_claim struct bt_volume_claim one = { 0 }, two = { 0 };
	json_auto_t *volume = NULL, *other = NULL;
	int r = new_name && *new_name ? check_name(new_name, err)
				      : bt_err_set(err, BT_ERR_INVALID, EINVAL,
						   "rename %.200s: the new name is empty", name);

	if (r == 0)
		r = claim_both(engine, name, new_name, &one, &two, err);
	if (r == 0)
		r = find(engine, name, &volume, NULL, err);
	if (r == 0)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "get %.200s: no such volume",
				  name);
	if (r > 0)
		r = find(engine, new_name, &other, NULL, err);
	if (r > 0)
		return refuse_taken(name, new_name, err);
	return r < 0 ? r : bt_volume_rename(engine, name, new_name, err);
}

struct pruning {
	const struct bt_filters *filters;
	bool all;
	json_t *deleted;
	int64_t space;
};

/* Remove one, and add its size. */
static int prune_one(struct bt_engine *engine, const char *name, struct pruning *p,
		     struct bt_err *err)
{
	bt_auto_free char *path = bt_volume_path(engine, name);
	int64_t size = 0;
	int r = path ? bt_tree_size(AT_FDCWD, path, &size) : -ENOMEM;

	if (r < 0 && r != -ENOENT)
		return bt_err_sys(err, r, "measure volume %s", name);
	r = bt_volume_delete(engine, name, err);
	if (r < 0)
		return r;
	bt_fault_point("volume-prune/one");
	p->space += size;
	return json_array_append_new(p->deleted, json_string(name)) < 0
		       ? bt_err_sys(err, -ENOMEM, "prune volumes")
		       : 0;
}

/* May it go by its labels, and, unless all are meant, because nobody named it? */
static bool may_go(const struct pruning *p, const json_t *volume, bool anonymous)
{
	const json_t *labels = bt_json_obj(volume, "Labels");

	/* What lies elsewhere is not to be reclaimed by forgetting where, as with Docker. */
	if ((!anonymous && !p->all) || bt_jget_filled(volume, "Options"))
		return false;
	if (!bt_filters_labels(p->filters, "label", label_of, labels))
		return false;
	return !bt_filters_has(p->filters, "label!") ||
	       !bt_filters_labels(p->filters, "label!", label_of, labels);
}

/* Nobody had it a moment ago: if that is so still, and it may go, it goes. */
static int prune_if(struct bt_engine *engine, const char *name, struct pruning *p,
		    struct bt_err *err)
{
	bt_auto_volume_claim struct bt_volume_claim alone = { 0 };
	json_auto_t *volume = NULL;
	bool anonymous = false;
	int r = claim(engine, "prune", name, &alone, err);

	if (r < 0)
		return r == -EBUSY ? 0 : r;
	r = find(engine, name, &volume, &anonymous, err);
	return r > 0 && may_go(p, volume, anonymous) ? prune_one(engine, name, p, err) : r;
}

static int unused_volumes(struct bt_engine *engine, json_t **ret, struct bt_err *err)
{
	json_auto_t *users = NULL;
	bt_auto_str struct bt_str text = { 0 };
	int r = bt_volume_users_all(engine, &users, err);
	const struct query q = { .has_dangling = true, .dangling = true, .users = users };

	if (r == 0)
		r = collect(engine, &q, &text, err);
	if (r < 0)
		return r;
	*ret = bt_jget_load(bt_str_get(&text));
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "prune volumes");
}

int bt_volumes_prune(struct bt_engine *engine, const struct bt_filters *filters, bool all,
		     json_t **ret, struct bt_err *err)
{
	static const char *const known[] = { "all", "label", "label!", NULL };
	json_auto_t *unused = NULL, *deleted = json_array();
	struct pruning p = { .filters = filters, .deleted = deleted };
	const json_t *volume;
	size_t i;
	int r = bt_filters_only(filters, known, err);

	if (r == 0)
		r = bt_filters_bool(filters, "all", &all, err);
	if (r >= 0)
		r = unused_volumes(engine, &unused, err);
	if (r < 0)
		return r;
	p.all = all;
	json_array_foreach (unused, i, volume) {
		r = prune_if(engine, bt_jget_text(volume, "Name"), &p, err);
		if (r < 0)
			return r;
	}
	bt_events_emit_prune(engine, "volume", p.space);
	*ret = json_pack("{sO sI}", "VolumesDeleted", deleted, "SpaceReclaimed",
			 (json_int_t)p.space);
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "prune volumes");
}
