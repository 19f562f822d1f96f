/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/json.h"
#include "codec/json_raw.h"
#include "engine/engine_private.h"
#include "engine/jget.h"

void bt_container_row_settings_done(struct bt_container_settings *s)
{
	json_decref(s->config);
	json_decref(s->host_config);
	json_decref(s->networking);
	json_decref(s->mounts);
	json_decref(s->labels);
	*s = (struct bt_container_settings){ 0 };
}

/* Flags that are needed without reading the settings. */
enum {
	FLAG_TTY = 1,
	FLAG_OPEN_STDIN = 2,
	FLAG_STDIN_ONCE = 4,
	FLAG_AUTO_REMOVE = 8,
	FLAG_HEALTH = 16,
	FLAG_LINKS = 32
};

static int flags_of(const struct bt_container *c)
{
	return (c->tty ? FLAG_TTY : 0) | (c->open_stdin ? FLAG_OPEN_STDIN : 0) |
	       (c->stdin_once ? FLAG_STDIN_ONCE : 0) | (c->auto_remove ? FLAG_AUTO_REMOVE : 0) |
	       (c->has_health ? FLAG_HEALTH : 0) | (c->has_links ? FLAG_LINKS : 0);
}

static char *state_text(const struct bt_container *c)
{
	const struct bt_container_state *s = &c->state;
	json_auto_t *json = json_pack(
		"{s:i,s:i,s:[i,i],s:i,s:i,s:i,s:b,s:b,s:b,s:I,s:I,s:o*,s:s*,s:s*}", "status",
		(int)s->status, "flags", flags_of(c), "restart", (int)c->restart.policy,
		c->restart.max, "pid", (int)s->pid, "code", s->exit_code, "restarts",
		s->restart_count, "oom", (int)s->oom_killed, "stopped", (int)s->manually_stopped,
		"volumes", (int)s->remove_volumes, "started", (json_int_t)s->started_ns, "finished",
		(json_int_t)s->finished_ns, "error", s->error ? bt_json_text(s->error) : NULL,
		"networks", s->networks, "health", s->health);

	return json ? bt_jget_dump(json) : NULL;
}

/* A string's value; NULL where it is none. */
static char *text_of(struct bt_json_raw value)
{
	json_auto_t *text = bt_json_raw_load(value);

	return json_is_string(text) ? strdup(json_string_value(text)) : NULL;
}

static void parse_flags(struct bt_container *c, int64_t flags)
{
	c->tty = flags & FLAG_TTY;
	c->open_stdin = flags & FLAG_OPEN_STDIN;
	c->stdin_once = flags & FLAG_STDIN_ONCE;
	c->auto_remove = flags & FLAG_AUTO_REMOVE;
	c->has_health = flags & FLAG_HEALTH;
	c->has_links = flags & FLAG_LINKS;
}

static void parse_restart(struct bt_container *c, struct bt_json_raw value)
{
	json_auto_t *pair = bt_json_raw_load(value);

	c->restart.policy = (enum bt_restart_policy)json_integer_value(json_array_get(pair, 0));
	c->restart.max = (int)json_integer_value(json_array_get(pair, 1));
}

/* One member of what state_text() wrote. */
static void parse_member(struct bt_container *c, struct bt_json_raw name, struct bt_json_raw value)
{
	struct bt_container_state *s = &c->state;
	const struct {
		const char *name;
		char **text;
	} texts[] = { { "error", &s->error },
		      { "networks", &s->networks },
		      { "health", &s->health } };
	const struct {
		const char *name;
		bool *flag;
	} flags[] = { { "oom", &s->oom_killed },
		      { "stopped", &s->manually_stopped },
		      { "volumes", &s->remove_volumes } };
	const struct {
		const char *name;
		int *number;
	} numbers[] = { { "pid", &s->pid },
			{ "code", &s->exit_code },
			{ "restarts", &s->restart_count } };

	for (size_t i = 0; i < 3; i++) {
		if (bt_json_raw_same(name, texts[i].name))
			*texts[i].text = text_of(value);
		else if (bt_json_raw_same(name, flags[i].name))
			*flags[i].flag = bt_json_raw_same(value, "true");
		else if (bt_json_raw_same(name, numbers[i].name))
			*numbers[i].number = (int)bt_json_raw_integer(value);
	}
	if (bt_json_raw_same(name, "status"))
		s->status = (enum bt_container_status)bt_json_raw_integer(value);
	else if (bt_json_raw_same(name, "started"))
		s->started_ns = bt_json_raw_integer(value);
	else if (bt_json_raw_same(name, "finished"))
		s->finished_ns = bt_json_raw_integer(value);
	else if (bt_json_raw_same(name, "flags"))
		parse_flags(c, bt_json_raw_integer(value));
	else if (bt_json_raw_same(name, "restart"))
		parse_restart(c, value);
}

/* A thousand of them are read at a start: without making a tree of each. */
static void parse_state(struct bt_container *c, const char *text)
{
	struct bt_json_raw name, value;
	struct bt_json_walk walk;

	if (bt_json_walk_begin(bt_json_raw_of(text), &walk) < 0)
		return;
	while (bt_json_walk_next(&walk, &name, &value) > 0)
		parse_member(c, name, value);
}

static int insert_settings(struct bt_container *c, const struct bt_container_settings *settings,
			   struct bt_err *err)
{
	json_auto_t *both = json_pack("{s:O,s:O,s:O*}", "Config", settings->config, "Mounts",
				      settings->mounts, "Labels", settings->labels);
	bt_auto_free char *config = both ? bt_jget_dump(both) : NULL;
	bt_auto_free char *host_config = bt_jget_dump(settings->host_config);
	bt_auto_free char *networking = bt_jget_dump(settings->networking);

	if (!config || !host_config || !networking)
		return bt_err_sys(err, -ENOMEM, "record container");
	return bt_db_run(c->engine->db, err,
			 "INSERT INTO container_settings (container_id, config, host_config,"
			 " networking) VALUES (?1, ?2, ?3, ?4)",
			 4, c->id, config, host_config, networking);
}

static int insert_state(struct bt_container *c, struct bt_err *err)
{
	bt_auto_free char *state = state_text(c);
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r;

	if (!state)
		return bt_err_sys(err, -ENOMEM, "record container");
	r = bt_db_prepare(c->engine->db, &q, err,
			  "INSERT INTO containers (id, name, created, image_id, state, summary)"
			  " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, c->id);
	bt_db_bind_text(&q, 2, c->name);
	bt_db_bind_int(&q, 3, c->created_ns);
	bt_db_bind_text(&q, 4, c->image_id);
	bt_db_bind_text(&q, 5, state);
	bt_db_bind_text(&q, 6, c->summary);
	return bt_db_step(&q, err);
}

int bt_container_row_insert(struct bt_container *c, const struct bt_container_settings *settings,
			    struct bt_err *err)
{
	/* A name that is taken is found out by the first of them; the transaction goes on then. */
	int r = insert_state(c, err);

	return r < 0 ? r : insert_settings(c, settings, err);
}

/* Copy the texts out, so that the database's lock is not held while they are parsed. */
static int read_texts(const struct bt_container *c, char *ret[3], struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r = bt_db_prepare(c->engine->db, &q, err,
			      "SELECT config, host_config, networking FROM container_settings"
			      " WHERE container_id = ?1");

	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, c->id);
	r = bt_db_step(&q, err);
	if (r < 0)
		return r;
	if (r == 0)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "No such container: %s", c->id);
	for (int i = 0; i < 3; i++)
		ret[i] = strdup(bt_db_text(&q, i));
	return 0;
}

int bt_container_row_settings(const struct bt_container *c, struct bt_container_settings *ret,
			      struct bt_err *err)
{
	char *texts[3] = { NULL, NULL, NULL };
	json_auto_t *both = NULL;
	struct bt_container_settings s = { 0 };
	int r = read_texts(c, texts, err);

	if (r < 0)
		return r;
	both = bt_jget_load(texts[0]);
	s.host_config = bt_jget_load(texts[1]);
	s.networking = bt_jget_load(texts[2]);
	s.config = json_incref(json_object_get(both, "Config"));
	s.mounts = json_incref(json_object_get(both, "Mounts"));
	s.labels = json_incref(json_object_get(both, "Labels"));
	for (int i = 0; i < 3; i++)
		free(texts[i]);
	if (!s.config || !s.mounts || !s.host_config || !s.networking) {
		bt_container_row_settings_done(&s);
		return bt_err_set(err, BT_ERR_SYSTEM, EBADMSG,
				  "the record of container %s cannot be read", c->id);
	}
	*ret = s;
	return 0;
}

int bt_container_row_host_config(const struct bt_container *c, const json_t *hc, struct bt_err *err)
{
	bt_auto_free char *text = bt_jget_dump(hc);

	if (!text)
		return bt_err_sys(err, -ENOMEM, "record container");
	return bt_db_run(c->engine->db, err,
			 "UPDATE container_settings SET host_config = ?1 WHERE container_id = ?2",
			 2, text, c->id);
}

int bt_container_row_state(const struct bt_container *c, struct bt_err *err)
{
	bt_auto_free char *text = state_text(c);
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r;

	if (!text)
		return bt_err_sys(err, -ENOMEM, "record container");
	r = bt_db_prepare(c->engine->db, &q, err,
			  "UPDATE containers SET state = ?1, journal_seq = ?2 WHERE id = ?3");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, text);
	bt_db_bind_int(&q, 2, (int64_t)c->state.journal_seq);
	bt_db_bind_text(&q, 3, c->id);
	return bt_db_step(&q, err);
}

int bt_container_row_name(const struct bt_container *c, const char *name, struct bt_err *err)
{
	return bt_db_run(c->engine->db, err, "UPDATE containers SET name = ?1 WHERE id = ?2", 2,
			 name, c->id);
}

/* End a transaction: with its changes where `r` is 0. */
static int end(struct bt_db *db, int r, struct bt_err *err)
{
	if (r == 0)
		return bt_db_commit(db, err);
	bt_db_rollback(db);
	return r;
}

int bt_container_row_delete(const struct bt_container *c, struct bt_err *err)
{
	int r = bt_db_begin(c->engine->db, err);

	if (r < 0)
		return r;
	r = bt_db_run(c->engine->db, err, "DELETE FROM containers WHERE id = ?1", 1, c->id);
	if (r == 0)
		r = bt_db_run(c->engine->db, err,
			      "DELETE FROM container_settings WHERE container_id = ?1", 1, c->id);
	return end(c->engine->db, r, err);
}

static int load_one(struct bt_engine *engine, const struct bt_db_stmt *q, struct bt_container **ret,
		    struct bt_err *err)
{
	bt_auto_container struct bt_container *c = bt_container_new(engine, bt_db_text(q, 0));
	const char *image = bt_db_text(q, 3);

	if (!c)
		return bt_err_sys(err, -ENOMEM, "read containers");
	c->name = strdup(bt_db_text(q, 1));
	c->created_ns = bt_db_int(q, 2);
	c->image_id = strdup(image ? image : "");
	c->summary = strdup(bt_db_text(q, 4));
	parse_state(c, bt_db_text(q, 5));
	c->state.journal_seq = (uint64_t)bt_db_int(q, 6);
	if (!c->name || !c->image_id || !c->summary)
		return bt_err_sys(err, -ENOMEM, "read containers");
	*ret = bt_take(c);
	return 0;
}

/* Containers that are not in the index yet. */
struct loaded {
	struct bt_container **list; /* a reference each */
	size_t len, max;
};

static void loaded_done(struct loaded *loaded)
{
	for (size_t i = 0; i < loaded->len; i++)
		bt_container_unref(loaded->list[i]);
	free(loaded->list);
}

static int make_room(struct loaded *loaded, struct bt_err *err)
{
	size_t max = loaded->max > 0 ? 2 * loaded->max : 64;
	struct bt_container **list;

	if (loaded->len < loaded->max)
		return 0;
	list = reallocarray(loaded->list, max, sizeof(struct bt_container *));
	if (!list)
		return bt_err_sys(err, -ENOMEM, "read containers");
	loaded->list = list;
	loaded->max = max;
	return 0;
}

static int read_all(struct bt_engine *engine, struct loaded *loaded, struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r = bt_db_prepare(engine->db, &q, err,
			      "SELECT id, name, created, image_id, summary, state, journal_seq"
			      " FROM containers");

	if (r < 0)
		return r;
	while ((r = bt_db_step(&q, err)) > 0) {
		r = make_room(loaded, err);
		if (r == 0)
			r = load_one(engine, &q, &loaded->list[loaded->len], err);
		if (r < 0)
			return r;
		loaded->len++;
	}
	return r;
}

/* In two steps: a statement holds the database's lock, and that is the innermost: who holds the
 * index's or a container's takes it, never the other way round. */
int bt_container_row_load_all(struct bt_engine *engine, struct bt_err *err)
{
	bt_auto(loaded_done) struct loaded loaded = { 0 };
	int r = read_all(engine, &loaded, err);

	for (size_t i = 0; r == 0 && i < loaded.len; i++)
		r = bt_container_index_add(engine, loaded.list[i], err);
	return r;
}
