/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "cli/commands.h"
#include "cli/multi.h"
#include "cli/plain.h"

static void print_binding(const char *front, const json_t *binding)
{
	const char *ip = json_string_value(json_object_get(binding, "HostIp"));
	const char *port = json_string_value(json_object_get(binding, "HostPort"));
	bool v6 = ip && strchr(ip, ':');

	bt_plain_printf(stdout, "%s%s%s%s:%s\n", front, v6 ? "[" : "", ip ? ip : "", v6 ? "]" : "",
			port ? port : "");
}

static int print_one(const struct bt_args *args, const json_t *ports)
{
	const char *wanted = args->pos[1];
	bt_auto_free char *key = bt_str_format("%s%s", wanted, strchr(wanted, '/') ? "" : "/tcp");
	const json_t *list = key ? json_object_get(ports, key) : NULL, *binding;
	size_t i;

	if (!json_array_size(list)) {
		bt_plain_printf(stderr, "Error: No public port '%s' published for %s\n", wanted,
				args->pos[0]);
		return BT_CLI_FAILED;
	}
	json_array_foreach (list, i, binding)
		print_binding("", binding);
	return 0;
}

static int by_port(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	long nx = strtol(x, NULL, 10), ny = strtol(y, NULL, 10);

	return nx != ny ? (nx < ny ? -1 : 1) : strcmp(x, y);
}

static int print_all(json_t *ports)
{
	bt_auto_free const char **keys = calloc(json_object_size(ports) + 1, sizeof(*keys));
	size_t n = 0, k;
	const char *key;
	json_t *list;

	if (!keys)
		return BT_CLI_FAILED;
	json_object_foreach (ports, key, list)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), by_port);
	for (size_t i = 0; i < n; i++) {
		bt_auto_free char *front = bt_str_format("%s -> ", keys[i]);
		const json_t *binding;

		json_array_foreach (json_object_get(ports, keys[i]), k, binding)
			print_binding(front ? front : "", binding);
	}
	return 0;
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	bt_auto_str struct bt_str target = { 0 };
	json_auto_t *info = NULL;
	struct bt_err err = { 0 };

	bt_multi_container(&target, args->pos[0], "/json");
	if (bt_cli_call(cli, "GET", bt_str_get(&target), NULL, &info, &err) < 0)
		return bt_cli_fail(&err);
	json_t *ports = json_object_get(json_object_get(info, "NetworkSettings"), "Ports");
	return args->npos > 1 ? print_one(args, ports) : print_all(ports);
}

const struct bt_command bt_port_command = {
	.names = "container port,port",
	.usage = "CONTAINER [PRIVATE_PORT[/PROTO]]",
	.brief = "Show a container's published ports",
	.min = 1,
	.max = 2,
	.run = run,
};
