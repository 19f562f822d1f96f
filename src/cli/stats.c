/* SPDX-License-Identifier: Apache-2.0 */

/* `stats`: what containers use. Each turn asks for all of them at once. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/multi.h"
#include "cli/units.h"

#define CONTAINERS_MAX 4096
#define PARALLEL       64
#define PARALLEL_BERTH 4
#define ANSWER_MAX     (1u << 20)

/* A row is the API's sample with "Container", the name by which it was asked for. */

static const json_t *at(const json_t *row, const char *a, const char *b)
{
	return json_object_get(json_object_get(row, a), b);
}

static double number(const json_t *value)
{
	return json_number_value(value);
}

static double cpu_percent(const json_t *row)
{
	const json_t *now = json_object_get(row, "cpu_stats");
	const json_t *before = json_object_get(row, "precpu_stats");
	double used = number(at(now, "cpu_usage", "total_usage")) -
		      number(at(before, "cpu_usage", "total_usage"));
	double system = number(json_object_get(now, "system_cpu_usage")) -
			number(json_object_get(before, "system_cpu_usage"));
	double cpus = number(json_object_get(now, "online_cpus"));

	if (cpus <= 0)
		cpus = (double)json_array_size(at(now, "cpu_usage", "percpu_usage"));
	return system > 0 && used > 0 ? used / system * cpus * 100 : 0;
}

/* Cache that can be given back does not count; its name differs between cgroup versions. */
static double memory_used(const json_t *row)
{
	const json_t *memory = json_object_get(row, "memory_stats");
	double usage = number(json_object_get(memory, "usage"));
	double v1 = number(at(memory, "stats", "total_inactive_file"));
	double v2 = number(at(memory, "stats", "inactive_file"));

	if (at(memory, "stats", "total_inactive_file") && v1 < usage)
		return usage - v1;
	return v2 < usage ? usage - v2 : usage;
}

static double memory_limit(const json_t *row)
{
	return number(at(row, "memory_stats", "limit"));
}

static json_t *get_block(const json_t *row, const void *arg bt_unused)
{
	const json_t *entry;
	char in[BT_UNITS_TEXT_MAX], out[BT_UNITS_TEXT_MAX];
	double read = 0, written = 0;
	size_t i;

	json_array_foreach (at(row, "blkio_stats", "io_service_bytes_recursive"), i, entry) {
		const char *op = json_string_value(json_object_get(entry, "op"));

		if (op && (*op == 'r' || *op == 'R'))
			read += number(json_object_get(entry, "value"));
		else if (op && (*op == 'w' || *op == 'W'))
			written += number(json_object_get(entry, "value"));
	}
	bt_units_size(read, 3, in);
	bt_units_size(written, 3, out);
	return json_sprintf("%s / %s", in, out);
}

static json_t *get_cpu(const json_t *row, const void *arg bt_unused)
{
	return json_sprintf("%.2f%%", cpu_percent(row));
}

static json_t *get_container(const json_t *row, const void *arg bt_unused)
{
	return bt_format_member(row, "Container");
}

static json_t *get_id(const json_t *row, const void *arg)
{
	return bt_format_id(json_object_get(row, "id"), *(const bool *)arg);
}

static json_t *get_mem_percent(const json_t *row, const void *arg bt_unused)
{
	double limit = memory_limit(row);

	return json_sprintf("%.2f%%", limit > 0 ? memory_used(row) / limit * 100 : 0.0);
}

static json_t *get_mem_usage(const json_t *row, const void *arg bt_unused)
{
	char used[BT_UNITS_TEXT_MAX], limit[BT_UNITS_TEXT_MAX];

	bt_units_ram(memory_used(row), used);
	bt_units_ram(memory_limit(row), limit);
	return json_sprintf("%s / %s", used, limit);
}

static json_t *get_name(const json_t *row, const void *arg bt_unused)
{
	const char *name = json_string_value(json_object_get(row, "name"));

	return json_string(name ? name + (*name == '/') : "");
}

static json_t *get_net(const json_t *row, const void *arg bt_unused)
{
	json_t *networks = json_object_get(row, "networks"), *value;
	char in[BT_UNITS_TEXT_MAX], out[BT_UNITS_TEXT_MAX];
	double rx = 0, tx = 0;
	const char *name;

	json_object_foreach (networks, name, value) {
		rx += number(json_object_get(value, "rx_bytes"));
		tx += number(json_object_get(value, "tx_bytes"));
	}
	bt_units_size(rx, 3, in);
	bt_units_size(tx, 3, out);
	return json_sprintf("%s / %s", in, out);
}

static json_t *get_pids(const json_t *row, const void *arg bt_unused)
{
	return json_sprintf("%lld",
			    (long long)json_integer_value(at(row, "pids_stats", "current")));
}

static const struct bt_column columns[] = {
	{ "BlockIO", "BLOCK I/O", get_block, NULL },
	{ "CPUPerc", "CPU %", get_cpu, NULL },
	{ "Container", "CONTAINER", get_container, NULL },
	{ "ID", "CONTAINER ID", get_id, NULL },
	{ "MemPerc", "MEM %", get_mem_percent, NULL },
	{ "MemUsage", "MEM USAGE / LIMIT", get_mem_usage, NULL },
	{ "Name", "NAME", get_name, NULL },
	{ "NetIO", "NET I/O", get_net, NULL },
	{ "PIDs", "PIDS", get_pids, NULL },
	{ 0 },
};

static int list_names(struct bt_cli *cli, const struct bt_args *args, json_t *names,
		      struct bt_err *err)
{
	json_auto_t *all = NULL;
	const json_t *container;
	size_t i;
	int r = 0;

	for (i = 0; i < args->npos; i++)
		(void)json_array_append_new(names, json_string(args->pos[i]));
	if (args->npos)
		return 0;
	r = bt_cli_call(cli, "GET",
			bt_args_bool(args, "all") ? "/containers/json?all=1" : "/containers/json",
			NULL, &all, err);
	if (r < 0)
		return r;
	json_array_foreach (all, i, container)
		if (i < CONTAINERS_MAX && json_is_string(json_object_get(container, "Id")))
			(void)json_array_append(names, json_object_get(container, "Id"));
	return 0;
}

static void stats_target(struct bt_str *target, const char *name)
{
	bt_multi_container(target, name, "/stats?stream=0");
}

static int begin(struct bt_api *api, const char *name, struct bt_http_conn *conn,
		 struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };

	stats_target(&target, name);
	struct bt_api_request req = { .method = "GET", .target = bt_str_get(&target) };
	return bt_api_send(api, &req, conn, err);
}

static int finish(struct bt_api *api, const char *name, struct bt_http_conn *conn, json_t *rows,
		  struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };
	bt_auto_free char *text = NULL;
	json_t *row;
	int r;

	stats_target(&target, name);
	struct bt_api_request req = { .method = "GET", .target = bt_str_get(&target) };
	r = bt_api_answer(conn, &req, err);
	if (r == 0)
		r = bt_http_read_all(conn, ANSWER_MAX, &text, NULL, err);
	bt_api_keep(api, conn);
	if (r < 0)
		return r;
	/* Counters without sign may be larger than a JSON integer here can be. */
	row = json_loads(text, JSON_DECODE_INT_AS_REAL, NULL);
	if (!row)
		return bt_err_set(err, BT_ERR_SYSTEM, EPROTO, "invalid JSON in response");
	json_t *pids = json_object_get(json_object_get(row, "pids_stats"), "current");
	if (pids)
		(void)json_object_set_new(json_object_get(row, "pids_stats"), "current",
					  json_integer((json_int_t)number(pids)));
	(void)json_object_set_new(row, "Container", json_string(name));
	(void)json_array_append_new(rows, row);
	return 0;
}

/* Ask for the sample of container `i`, on a connection that is kept where one is. */
static int begin_at(struct bt_api *api, const json_t *names, size_t i, struct bt_http_conn *conn,
		    struct bt_err *err)
{
	*conn = (struct bt_http_conn){ .fd = -EBADF };
	return begin(api, json_string_value(json_array_get(names, i)), conn, err);
}

/* A sample of every container. Docker takes a second or two for each, so that many are asked
 * together; berth has them at hand, and a few connections, each asked for the next one when it has
 * answered, cost less than one for each. */
static int sample(struct bt_cli *cli, const json_t *names, json_t *rows, struct bt_err *err)
{
	struct bt_http_conn conns[PARALLEL];
	size_t n = json_array_size(names), begun = 0, i, width;
	struct bt_api *api;
	int r = bt_cli_api(cli, &api, err), failed = 0;

	if (r < 0)
		return r;
	width = api->berth ? PARALLEL_BERTH : PARALLEL;
	for (; r == 0 && begun < n && begun < width; begun++)
		r = begin_at(api, names, begun, &conns[begun], err);
	for (i = 0; i < begun; i++) {
		struct bt_http_conn *conn = &conns[i % width];

		if (r < 0)
			bt_http_close(conn);
		else if (finish(api, json_string_value(json_array_get(names, i)), conn, rows, err) <
			 0)
			failed = -err->errnum;
		if (r == 0 && begun < n)
			r = begin_at(api, names, begun++, conn, err);
	}
	return r < 0 ? r : failed;
}

static int turn(struct bt_cli *cli, const struct bt_args *args, const struct bt_format *format,
		bool clear, struct bt_err *err)
{
	json_auto_t *names = json_array();
	json_auto_t *rows = json_array();
	int r = list_names(cli, args, names, err);

	if (r == 0)
		r = sample(cli, names, rows, err);
	/* A container that has gone meanwhile is not shown; one that was asked for by name is
	 * missed. */
	if (r < 0 && (args->npos || err->kind != BT_ERR_NOT_FOUND))
		return r;
	if (clear)
		(void)fputs("\33[2J\33[H", stdout);
	r = bt_format_rows(format, rows, err);
	(void)fflush(stdout);
	return r;
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	bool whole = bt_args_bool(args, "no-trunc"), once = bt_args_bool(args, "no-stream");
	struct bt_format format = {
		.text = bt_args_string(args, "format"),
		.table =
			"{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t"
			"{{.BlockIO}}\t{{.PIDs}}",
		.type = "*container.statsContext",
		.columns = columns,
		.arg = &whole,
	};
	struct bt_err err = { 0 };
	int64_t pause_us = 500000;

	if (!format.text)
		format.text = bt_config_string(&cli->config, "statsFormat");
	for (;;) {
		if (turn(cli, args, &format, !once, &err) < 0)
			return bt_cli_fail(&err);
		if (once || ferror(stdout))
			return 0;
		(void)usleep((useconds_t)pause_us);
	}
}

static const struct bt_flag flags[] = {
	{ 'a', BT_FLAG_BOOL, "all", NULL, "Show stopped containers too", NULL, NULL },
	{ 0, BT_FLAG_STRING, "format", NULL, BT_HELP_FORMAT, NULL, NULL },
	{ 0, BT_FLAG_BOOL, "no-stream", NULL, "Show them once", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "no-trunc", NULL, "Print everything at full length", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_stats_command = {
	.names = "container stats,stats",
	.usage = "[OPTIONS] [CONTAINER...]",
	.brief = "Show what containers use",
	.flags = { flags },
	.max = -1,
	.run = run,
};
