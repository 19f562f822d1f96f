/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/spawn_message.h"

#include <errno.h>
#include <string.h>

#include "base/sock.h"
#include "codec/json.h"
#include "monitor/message.h"

static const char *const policies[] = {
	[BT_RESTART_NO] = "no",
	[BT_RESTART_ON_FAILURE] = "on-failure",
	[BT_RESTART_ALWAYS] = "always",
	[BT_RESTART_UNLESS_STOPPED] = "unless-stopped",
	[BT_RESTART_ON_UNHEALTHY] = "on-unhealthy",
};
#define POLICIES (sizeof(policies) / sizeof(policies[0]))

json_t *bt_spawn_message_restart(const struct bt_restart *restart)
{
	return json_pack("{s:s, s:i}", "policy", policies[restart->policy], "max", restart->max);
}

int bt_spawn_message_restart_decode(const json_t *json, struct bt_restart *ret)
{
	const char *name = bt_json_str(json, "policy", "");
	int64_t max = bt_json_i64(json, "max", 0);

	if (max < 0 || max > INT32_MAX)
		return -EINVAL;
	for (unsigned i = 0; i < POLICIES; i++) {
		if (strcmp(policies[i], name) == 0) {
			*ret = (struct bt_restart){ (enum bt_restart_policy)i, (int)max };
			return 0;
		}
	}
	return -EINVAL;
}

int bt_spawn_message_client(const struct bt_spawn_client *client, json_t *object)
{
	json_t *more = json_pack("{s:b, s:b, s:b, s:b, s:s*}", "stdin", client->in, "stdout",
				 client->out, "stderr", client->err, "mux", client->mux,
				 "detach_keys", client->detach_keys);
	int r = more ? json_object_update(object, more) : -1;

	json_decref(more);
	if (r == 0 && client->logs)
		r = json_object_set_new(object, "logged", json_integer(client->logged_ns));
	return r < 0 ? -EINVAL : 0;
}

struct bt_spawn_client bt_spawn_message_client_decode(const json_t *json)
{
	return (struct bt_spawn_client){
		.in = bt_json_bool(json, "stdin", false),
		.out = bt_json_bool(json, "stdout", false),
		.err = bt_json_bool(json, "stderr", false),
		.mux = bt_json_bool(json, "mux", false),
		.detach_keys = bt_json_str(json, "detach_keys", NULL),
		.logs = json_is_integer(json_object_get(json, "logged")),
		.logged_ns = bt_json_i64(json, "logged", 0),
	};
}

static json_t *encode_clients(const struct bt_spawn *spawn)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < spawn->nclients; i++) {
		json_t *object = json_object();

		/* The list owns it from here on, also where it has no room for it. */
		if (json_array_append_new(list, object) < 0 ||
		    bt_spawn_message_client(&spawn->clients[i], object) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *encode_joined(const struct bt_spawn *spawn)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < spawn->njoined; i++)
		(void)json_array_append_new(list, json_integer(spawn->joined[i]));
	return list;
}

int bt_spawn_message_encode(const struct bt_spawn *spawn, json_t **ret)
{
	json_t *json = json_pack(
		"{s:i, s:s, s:s, s:s, s:s, s:s*, s:s*, s:b, s:b, s:b, s:s, s:s*, s:I, s:i, s:s*}",
		"v", BT_PROTOCOL_VERSION, "op", "spawn", "id", spawn->id, "dir", spawn->dir,
		"journal", spawn->journal, "runtime", spawn->runtime, "bundle", spawn->bundle,
		"tty", spawn->tty, "open_stdin", spawn->open_stdin, "stdin_once", spawn->stdin_once,
		"log_driver", spawn->log_driver, "log_path", spawn->log_path, "log_max_size",
		(json_int_t)spawn->log_max_size, "log_max_file", spawn->log_max_file, "log_attrs",
		spawn->log_attrs);
	json_t *more = json_pack(
		"{s:o, s:i, s:i, s:I, s:i, s:o, s:b, s:o}", "restart",
		bt_spawn_message_restart(&spawn->restart), "stop_signal", spawn->stop_signal,
		"stop_timeout", spawn->stop_timeout, "journal_seq", (json_int_t)spawn->journal_seq,
		"restarts", spawn->restarts, "clients", encode_clients(spawn), "systemd_cgroup",
		spawn->systemd_cgroup, "joined", encode_joined(spawn));

	if (!json || !more || json_object_update(json, more) < 0) {
		json_decref(json);
		json_decref(more);
		return -EINVAL;
	}
	json_decref(more);
	*ret = json;
	return 0;
}

static int require(const char *value, const char *name, struct bt_err *err)
{
	if (value)
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "spawn: \"%s\" is missing", name);
}

static int decode_clients(const json_t *json, struct bt_spawn_client *ret_clients, unsigned max,
			  struct bt_spawn *spawn, struct bt_err *err)
{
	const json_t *list = json_object_get(json, "clients"), *client;
	size_t i;

	if (json_array_size(list) > max)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "spawn: more than %u clients", max);
	json_array_foreach (list, i, client)
		ret_clients[i] = bt_spawn_message_client_decode(client);
	spawn->clients = ret_clients;
	spawn->nclients = (unsigned)json_array_size(list);
	return 0;
}

static int decode_joined(const json_t *json, struct bt_spawn *spawn, struct bt_err *err)
{
	const json_t *list = json_object_get(json, "joined"), *item;
	size_t i;

	if (json_array_size(list) > BT_SPAWN_JOINED_MAX)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "spawn: more than %d joined processes", BT_SPAWN_JOINED_MAX);
	json_array_foreach (list, i, item) {
		json_int_t pid = json_integer_value(item);

		if (pid <= 0 || pid > INT32_MAX)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "spawn: a joined process is no number");
		spawn->joined[spawn->njoined++] = (pid_t)pid;
	}
	return 0;
}

static int check(const struct bt_spawn *spawn, struct bt_err *err)
{
	int r = require(spawn->id, "id", err);

	if (r == 0)
		r = require(spawn->dir, "dir", err);
	if (r == 0)
		r = require(spawn->journal, "journal", err);
	if (r == 0)
		r = require(spawn->log_driver, "log_driver", err);
	if (r == 0 && strcmp(spawn->log_driver, "json-file") == 0)
		r = require(spawn->log_path, "log_path", err);
	else if (r == 0 && strcmp(spawn->log_driver, "none") != 0)
		r = bt_err_set(err, BT_ERR_INVALID, EINVAL, "spawn: unknown log driver \"%s\"",
			       spawn->log_driver);
	return r;
}

int bt_spawn_message_decode(const json_t *json, struct bt_spawn_client *ret_clients,
			    unsigned max_clients, struct bt_spawn *ret, struct bt_err *err)
{
	struct bt_spawn spawn = {
		.id = bt_json_str(json, "id", NULL),
		.dir = bt_json_str(json, "dir", NULL),
		.journal = bt_json_str(json, "journal", NULL),
		.runtime = bt_json_str(json, "runtime", NULL),
		.bundle = bt_json_str(json, "bundle", NULL),
		.systemd_cgroup = bt_json_bool(json, "systemd_cgroup", false),
		.tty = bt_json_bool(json, "tty", false),
		.open_stdin = bt_json_bool(json, "open_stdin", false),
		.stdin_once = bt_json_bool(json, "stdin_once", false),
		.log_driver = bt_json_str(json, "log_driver", NULL),
		.log_path = bt_json_str(json, "log_path", NULL),
		.log_max_size = bt_json_i64(json, "log_max_size", 0),
		.log_max_file = (int)bt_json_i64(json, "log_max_file", 1),
		.log_attrs = bt_json_str(json, "log_attrs", NULL),
		.stop_signal = (int)bt_json_i64(json, "stop_signal", 15),
		.stop_timeout = (int)bt_json_i64(json, "stop_timeout", 10),
		.journal_seq = (uint64_t)bt_json_i64(json, "journal_seq", 0),
		.restarts = (int)bt_json_i64(json, "restarts", 0),
	};
	int r = check(&spawn, err);

	if (r < 0)
		return r;
	if (bt_spawn_message_restart_decode(json_object_get(json, "restart"), &spawn.restart) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "spawn: bad restart policy");
	r = decode_joined(json, &spawn, err);
	if (r == 0)
		r = decode_clients(json, ret_clients, max_clients, &spawn, err);
	if (r == 0)
		*ret = spawn;
	return r;
}
