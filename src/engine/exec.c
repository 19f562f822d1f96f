/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/io.h"
#include "base/str.h"
#include "engine/body_shape.h"
#include "engine/container_event.h"
#include "engine/container_row.h"
#include "engine/early_pump.h"
#include "engine/engine_private.h"
#include "engine/exec_process.h"
#include "engine/exec_table.h"
#include "engine/field.h"
#include "engine/jget.h"
#include "engine/monitor_link.h"
#include "monitor/detach_keys.h"
#include "runtime/launch.h"

/* How long an exec that is being started is waited for, as with Docker. */
#define RESIZE_PATIENCE_MS 10000

/* Docker's ExecConfig. */
static const struct bt_field fields[] = {
	{ "User", BT_FIELD_TEXT, "\"\"", 0 },
	{ "Privileged", BT_FIELD_BOOL, "false", 0 },
	{ "Tty", BT_FIELD_BOOL, "false", 0 },
	{ "ConsoleSize", BT_FIELD_ARRAY, NULL, BT_FIELD_OMIT },
	{ "AttachStdin", BT_FIELD_BOOL, "false", 0 },
	{ "AttachStderr", BT_FIELD_BOOL, "false", 0 },
	{ "AttachStdout", BT_FIELD_BOOL, "false", 0 },
	{ "Detach", BT_FIELD_BOOL, "false", 0 },
	{ "DetachKeys", BT_FIELD_TEXT, "\"\"", 0 },
	{ "Env", BT_FIELD_TEXTS, "[]", 0 },
	{ "WorkingDir", BT_FIELD_TEXT, "\"\"", 0 },
	{ "Cmd", BT_FIELD_WORDS, "[]", 0 },
};

struct bt_exec_start {
	struct bt_exec *exec; /* a reference */
	json_t *config;       /* the exec's; owned */
	struct bt_container *container;
	bool detach;
	unsigned rows, cols;
};

/* `ref` is how the client called it. */
static int check_container(struct bt_container *c, const char *ref, struct bt_err *err)
{
	bt_auto_lock(held, &c->lock);

	if (c->state.status == BT_CONTAINER_PAUSED)
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "Container %s is paused, unpause the container before exec", ref);
	if (c->state.status == BT_CONTAINER_RESTARTING)
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "Container %s is restarting, wait until the container is running",
				  ref);
	if (!bt_container_is_running(c))
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "container %s is not running",
				  c->id);
	return 0;
}

/* "exec_create: sh -c true". */
static void emit(struct bt_container *c, const char *action, const struct bt_exec *exec,
		 const json_t *config)
{
	bt_auto_str struct bt_str text = { .max = 4096 };
	const json_t *word;
	size_t i;

	bt_str_printf(&text, "%s:", action);
	json_array_foreach (json_object_get(config, "Cmd"), i, word)
		bt_str_printf(&text, " %s", json_string_value(word));
	bt_container_event(c, text.failed ? action : bt_str_get(&text),
			   json_pack("{s:s}", "execID", exec->id));
}

/* Who names no user is the container's own. */
static int default_user(const struct bt_container *c, json_t *config, struct bt_err *err)
{
	bt_auto_settings struct bt_container_settings s = { 0 };
	int r;

	if (bt_jget_text(config, "User")[0])
		return 0;
	r = bt_container_row_settings(c, &s, err);
	if (r == 0)
		json_object_set_new(config, "User", json_string(bt_jget_text(s.config, "User")));
	return r;
}

int bt_exec_create(struct bt_engine *engine, const char *ref, const json_t *body, json_t **ret,
		   struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	bt_auto_exec struct bt_exec *exec = NULL;
	json_auto_t *config = NULL;
	bt_auto_free char *text = NULL;
	struct bt_detach_keys keys;
	int r = bt_container_get(engine, ref, &c, err);

	if (r == 0)
		r = bt_body_shape_check(BT_BODY_EXEC, body, err);
	if (r == 0)
		r = bt_field_apply(fields, sizeof(fields) / sizeof(fields[0]), "ExecConfig", body,
				   &config, err);
	if (r < 0)
		return r;
	if (!bt_jget_filled(config, "Cmd"))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "No exec command specified");
	if (bt_detach_keys_parse(bt_jget_text(config, "DetachKeys"), &keys) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "Invalid escape keys (%.64s) provided",
				  bt_jget_text(config, "DetachKeys"));
	bt_container_await_start(c);
	r = check_container(c, ref, err);
	if (r == 0)
		r = default_user(c, config, err);
	if (r < 0)
		return r;
	text = bt_jget_dump(config);
	if (!text)
		return bt_err_sys(err, -ENOMEM, "create exec");
	r = bt_exec_table_add(engine->execs, c->id, text, &exec, err);
	if (r < 0)
		return r;
	bt_fault_point("exec/created");
	emit(c, "exec_create", exec, config);
	*ret = json_pack("{s:s}", "Id", exec->id);
	return 0;
}

static void console_size(const json_t *config, unsigned *rows, unsigned *cols)
{
	const json_t *size = json_object_get(config, "ConsoleSize");

	if (*rows == 0 && *cols == 0) {
		*rows = (unsigned)json_integer_value(json_array_get(size, 0));
		*cols = (unsigned)json_integer_value(json_array_get(size, 1));
	}
}

/* Ended ones are many, and remembered for minutes: as text they are small. */
static int config_of(const struct bt_exec *exec, json_t **ret, struct bt_err *err)
{
	*ret = bt_jget_load(exec->config);
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "read the exec's configuration");
}

int bt_exec_start_open(struct bt_engine *engine, const char *id, bool detach, bool tty,
		       unsigned rows, unsigned cols, bool *ret_tty, struct bt_exec_start **ret,
		       struct bt_err *err)
{
	bt_auto_exec struct bt_exec *exec = NULL;
	bt_auto_container struct bt_container *c = NULL;
	json_auto_t *config = NULL;
	struct bt_exec_start *start;
	int r = bt_exec_table_get(engine->execs, id, &exec, err);

	(void)tty; /* decided at creation */
	if (r == 0)
		r = config_of(exec, &config, err);
	if (r == 0)
		r = bt_container_get(engine, exec->container, &c, err);
	if (r == 0)
		r = check_container(c, c->id, err);
	if (r == 0)
		r = bt_exec_table_claim(engine->execs, exec, err);
	if (r < 0)
		return r;
	start = calloc(1, sizeof(*start));
	if (!start) {
		bt_exec_table_unclaim(engine->execs, exec);
		return bt_err_sys(err, -ENOMEM, "start exec");
	}
	console_size(config, &rows, &cols);
	*ret_tty = bt_jget_bool(config, "Tty");
	*start = (struct bt_exec_start){ .exec = bt_take(exec),
					 .config = bt_take(config),
					 .container = bt_take(c),
					 .detach = detach,
					 .rows = rows,
					 .cols = cols };
	*ret = start;
	return 0;
}

static void start_free(struct bt_exec_start *start)
{
	bt_exec_table_unref(start->exec);
	json_decref(start->config);
	bt_container_unref(start->container);
	free(start);
}

void bt_exec_start_cancel(struct bt_exec_start *start)
{
	if (!start)
		return;
	bt_exec_table_unclaim(start->container->engine->execs, start->exec);
	start_free(start);
}

static int launch(const struct bt_exec_start *start, int sock, struct bt_err *err)
{
	const json_t *config = start->config;
	bool tty = bt_jget_bool(config, "Tty");
	bt_auto_free char *process = NULL;
	bt_auto_link struct bt_link *link = bt_link_get(start->container);
	const char *keys = bt_jget_text(config, "DetachKeys");
	struct bt_client_exec exec = { .exec = start->exec->id,
				       .tty = tty,
				       .rows = start->rows,
				       .cols = start->cols,
				       .fd = sock,
				       .client = { .in = bt_jget_bool(config, "AttachStdin"),
						   .out = bt_jget_bool(config, "AttachStdout"),
						   .err = bt_jget_bool(config, "AttachStderr"),
						   .mux = !tty,
						   .detach_keys = keys[0] ? keys : NULL } };
	pid_t pid;
	int r;

	if (!link)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "container %s is not running",
				  start->container->id);
	r = bt_exec_process_make(start->container, config, start->rows, start->cols, &process, err);
	if (r < 0)
		return r;
	exec.process = process;
	bt_fault_point("exec/prepared");
	emit(start->container, "exec_start", start->exec, config);
	r = bt_client_exec(bt_link_client(link), &exec, &pid, err);
	if (r < 0)
		return bt_err_context(err, "OCI runtime exec failed: exec failed: unable to start "
					   "container process");
	bt_fault_point("exec/done");
	bt_exec_table_event_started(start->container, start->exec->id, pid);
	return 0;
}

/* What went wrong, as output of the program that could not be started. */
static void say(int sock, bool tty, const struct bt_err *why)
{
	bt_auto_free char *text = bt_str_format("%s\r\n", why->msg);
	size_t len = text ? strlen(text) : 0;
	unsigned char head[8] = { 1, 0, 0, 0, 0, 0, (unsigned char)(len >> 8), (unsigned char)len };

	if (sock < 0 || !text)
		return;
	if (!tty && bt_io_write_all(sock, head, sizeof(head)) < 0)
		return;
	(void)!bt_io_write_all(sock, text, len);
}

int bt_exec_start_run(struct bt_exec_start *start, int sock, const void *early, size_t early_len,
		      struct bt_err *err)
{
	bt_auto_close int fd = sock >= 0 ? bt_early_pump(sock, early, early_len) : -EBADF;
	bool tty = bt_jget_bool(start->config, "Tty");
	int r = 0;

	if (sock >= 0 && fd < 0)
		r = bt_err_sys(err, fd, "start exec");
	if (r == 0)
		r = launch(start, fd, err);
	if (r < 0) {
		bt_exec_event_failed(start->container, start->exec->id,
				     bt_launch_exec_exit_code(err));
		say(fd, tty, err);
		/* A monitor that did not answer in time still has it in its queue. */
		if (fd >= 0)
			(void)shutdown(fd, SHUT_RDWR);
	}
	start_free(start);
	return r;
}

int bt_exec_resize(struct bt_engine *engine, const char *id, unsigned rows, unsigned cols,
		   struct bt_err *err)
{
	bt_auto_exec struct bt_exec *exec = NULL;
	bt_auto_container struct bt_container *c = NULL;
	bt_auto_link struct bt_link *link = NULL;
	struct bt_exec_table_status status;
	int r = bt_exec_table_get(engine->execs, id, &exec, err);

	if (r == 0)
		r = bt_container_get(engine, exec->container, &c, err);
	if (r < 0)
		return r;
	/* A client is answered 101 before its program is there, and tells its size right away. */
	bt_exec_table_wait_started(engine->execs, exec, RESIZE_PATIENCE_MS, &status);
	if (!status.claimed || status.ended)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "exec %s is not running", exec->id);
	link = bt_link_get(c);
	if (!link)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "container %s is not running",
				  c->id);
	return bt_client_resize(bt_link_client(link), id, rows, cols, err);
}

/* `user` is the container's where the exec names none. */
static json_t *process_config(const json_t *config)
{
	const json_t *cmd = json_object_get(config, "Cmd");
	const char *user = bt_jget_text(config, "User");
	json_t *args = json_deep_copy(cmd);

	json_array_remove(args, 0);
	return json_pack("{s:b,s:s,s:o,s:b,s:s*}", "tty", (int)bt_jget_bool(config, "Tty"),
			 "entrypoint", json_string_value(json_array_get(cmd, 0)), "arguments", args,
			 "privileged", (int)bt_jget_bool(config, "Privileged"), "user",
			 user[0] ? user : NULL);
}

/* The keys themselves, as Docker shows bytes: "ctrl-a" is "AQ==". */
static json_t *detach_keys(const json_t *config)
{
	const char *text = bt_jget_text(config, "DetachKeys");
	char encoded[BASE64_ENCODE_RAW_LENGTH(BT_DETACH_KEYS_MAX) + 1] = "";
	struct bt_detach_keys keys = { 0 };

	if (text[0] && bt_detach_keys_parse(text, &keys) == 0)
		base64_encode_raw(encoded, keys.len, keys.keys);
	return json_string(encoded);
}

/* Know what the container's monitor knows by now: clients ask for the exit code as soon as the
 * stream ends, and the event of the end may still be on its way. An answer comes behind it, or,
 * where the daemon is too slow to be told everything, behind what is in the exec's file. */
static void catch_up(struct bt_engine *engine, const struct bt_exec *exec)
{
	bt_auto_container struct bt_container *c = NULL;
	bt_auto_link struct bt_link *link = NULL;
	bt_auto_free struct bt_client_status *status = malloc(sizeof(*status));

	if (bt_container_get(engine, exec->container, &c, BT_ERR_IGNORED) < 0)
		return;
	link = bt_link_get(c);
	if (!link || !status || bt_client_status(bt_link_client(link), status, BT_ERR_IGNORED) < 0)
		return;
	bt_exec_restore_end(c, exec->id);
}

int bt_exec_inspect(struct bt_engine *engine, const char *id, json_t **ret, struct bt_err *err)
{
	bt_auto_exec struct bt_exec *exec = NULL;
	json_auto_t *config = NULL;
	struct bt_exec_table_status status;
	int r = bt_exec_table_get(engine->execs, id, &exec, err);

	if (r == 0)
		r = config_of(exec, &config, err);
	if (r < 0)
		return r;
	bt_exec_table_status(engine->execs, exec, &status);
	if (status.claimed && !status.ended) {
		catch_up(engine, exec);
		bt_exec_table_status(engine->execs, exec, &status);
	}
	*ret = json_pack(
		"{s:s,s:b,s:o,s:o,s:b,s:b,s:b,s:b,s:s,s:o,s:i}", "ID", exec->id, "Running",
		(int)status.running, "ExitCode",
		status.ended ? json_integer(status.code) : json_null(), "ProcessConfig",
		process_config(config), "OpenStdin", (int)bt_jget_bool(config, "AttachStdin"),
		"OpenStderr", (int)bt_jget_bool(config, "AttachStderr"), "OpenStdout",
		(int)bt_jget_bool(config, "AttachStdout"), "CanRemove", 0, "ContainerID",
		exec->container, "DetachKeys", detach_keys(config), "Pid", (int)status.pid);
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "inspect exec");
}
