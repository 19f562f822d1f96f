/* SPDX-License-Identifier: Apache-2.0 */

/* `info`: how the daemon is doing. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/plain.h"
#include "cli/units.h"

static const char *text_of(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s ? s : "";
}

static void print_text(const json_t *info, const char *label, const char *name)
{
	if (*text_of(info, name))
		bt_plain_printf(stdout, " %s: %s\n", label, text_of(info, name));
}

static void print_number(const json_t *info, const char *label, const char *name)
{
	bt_plain_printf(stdout, " %s: %lld\n", label,
			(long long)json_integer_value(json_object_get(info, name)));
}

static void print_bool(const json_t *info, const char *label, const char *name)
{
	bt_plain_printf(stdout, " %s: %s\n", label,
			json_is_true(json_object_get(info, name)) ? "true" : "false");
}

static void print_list(const char *label, const json_t *list)
{
	const json_t *item;
	size_t i;

	if (!json_array_size(list))
		return;
	bt_plain_printf(stdout, "  %s:", label);
	json_array_foreach (list, i, item)
		bt_plain_printf(stdout, " %s",
				json_string_value(item) ? json_string_value(item) : "");
	(void)putchar('\n');
}

static void print_driver(const json_t *info)
{
	const json_t *pair;
	size_t i;

	print_text(info, "Storage Driver", "Driver");
	json_array_foreach (json_object_get(info, "DriverStatus"), i, pair)
		bt_plain_printf(stdout, "  %s: %s\n", json_string_value(json_array_get(pair, 0)),
				json_string_value(json_array_get(pair, 1)));
	print_text(info, "Logging Driver", "LoggingDriver");
	print_text(info, "Cgroup Driver", "CgroupDriver");
	print_text(info, "Cgroup Version", "CgroupVersion");
	(void)puts(" Plugins:");
	const json_t *plugins = json_object_get(info, "Plugins");
	print_list("Volume", json_object_get(plugins, "Volume"));
	print_list("Network", json_object_get(plugins, "Network"));
	print_list("Authorization", json_object_get(plugins, "Authorization"));
	print_list("Log", json_object_get(plugins, "Log"));
}

static void print_security(const json_t *info)
{
	const json_t *option;
	size_t i;

	if (!json_array_size(json_object_get(info, "SecurityOptions")))
		return;
	(void)puts(" Security Options:");
	json_array_foreach (json_object_get(info, "SecurityOptions"), i, option) {
		const char *text = json_string_value(option);
		bt_auto_free char *copy = text ? strdup(text) : NULL;
		char *save = NULL;

		for (char *part = copy ? strtok_r(copy, ",", &save) : NULL; part;
		     part = strtok_r(NULL, ",", &save)) {
			char *value = strchr(part, '=');

			if (bt_str_after(part, "name="))
				bt_plain_printf(stdout, "  %s\n", value + 1);
			else if (value && bt_str_after(part, "profile="))
				bt_plain_printf(stdout, "   Profile: %s\n", value + 1);
			else
				bt_plain_printf(stdout, "   %s\n", part);
		}
	}
}

static void print_runtimes(const json_t *info)
{
	json_t *runtimes = json_object_get(info, "Runtimes"), *value;
	const char *name;

	bt_plain_printf(stdout, " Swarm: %s\n",
			text_of(json_object_get(info, "Swarm"), "LocalNodeState"));
	if (json_object_size(runtimes)) {
		(void)fputs(" Runtimes:", stdout);
		json_object_foreach (runtimes, name, value)
			bt_plain_printf(stdout, " %s", name);
		(void)putchar('\n');
	}
	print_text(info, "Default Runtime", "DefaultRuntime");
	print_text(info, "Init Binary", "InitBinary");
	bt_plain_printf(stdout, " containerd version: %s\n",
			text_of(json_object_get(info, "ContainerdCommit"), "ID"));
	bt_plain_printf(stdout, " runc version: %s\n",
			text_of(json_object_get(info, "RuncCommit"), "ID"));
	bt_plain_printf(stdout, " init version: %s\n",
			text_of(json_object_get(info, "InitCommit"), "ID"));
	print_security(info);
}

static void print_registries(const json_t *info)
{
	const json_t *config = json_object_get(info, "RegistryConfig"), *item;
	json_t *indexes = json_object_get(config, "IndexConfigs"), *value;
	const char *name;
	size_t i;

	(void)puts(" Insecure Registries:");
	json_object_foreach (indexes, name, value)
		if (json_is_false(json_object_get(value, "Secure")))
			bt_plain_printf(stdout, "  %s\n", name);
	json_array_foreach (json_object_get(config, "InsecureRegistryCIDRs"), i, item)
		bt_plain_printf(stdout, "  %s\n", json_string_value(item));
	if (json_array_size(json_object_get(config, "Mirrors")))
		(void)puts(" Registry Mirrors:");
	json_array_foreach (json_object_get(config, "Mirrors"), i, item)
		bt_plain_printf(stdout, "  %s\n", json_string_value(item));
}

static void print_host(const json_t *info)
{
	const json_t *label;
	char memory[BT_UNITS_TEXT_MAX];
	size_t i;

	print_text(info, "Kernel Version", "KernelVersion");
	print_text(info, "Operating System", "OperatingSystem");
	print_text(info, "OSType", "OSType");
	print_text(info, "Architecture", "Architecture");
	print_number(info, "CPUs", "NCPU");
	bt_units_ram((double)json_integer_value(json_object_get(info, "MemTotal")), memory);
	bt_plain_printf(stdout, " Total Memory: %s\n", memory);
	print_text(info, "Name", "Name");
	print_text(info, "ID", "ID");
	print_text(info, "Docker Root Dir", "DockerRootDir");
	print_bool(info, "Debug Mode", "Debug");
	if (json_is_true(json_object_get(info, "Debug"))) {
		print_number(info, " File Descriptors", "NFd");
		print_number(info, " Goroutines", "NGoroutines");
		print_text(info, " System Time", "SystemTime");
		print_number(info, " EventsListeners", "NEventsListener");
	}
	print_text(info, "HTTP Proxy", "HttpProxy");
	print_text(info, "HTTPS Proxy", "HttpsProxy");
	print_text(info, "No Proxy", "NoProxy");
	if (json_array_size(json_object_get(info, "Labels")))
		(void)puts(" Labels:");
	json_array_foreach (json_object_get(info, "Labels"), i, label)
		bt_plain_printf(stdout, "  %s\n", json_string_value(label));
	print_bool(info, "Experimental", "ExperimentalBuild");
	print_registries(info);
	print_bool(info, "Live Restore Enabled", "LiveRestoreEnabled");
	print_text(info, "Product License", "ProductLicense");
}

static void print_server(const json_t *info)
{
	const json_t *warning;
	size_t i;

	(void)puts("\nServer:");
	print_number(info, "Containers", "Containers");
	print_number(info, " Running", "ContainersRunning");
	print_number(info, " Paused", "ContainersPaused");
	print_number(info, " Stopped", "ContainersStopped");
	print_number(info, "Images", "Images");
	print_text(info, "Server Version", "ServerVersion");
	print_driver(info);
	print_runtimes(info);
	print_host(info);
	(void)putchar('\n');
	(void)fflush(stdout);
	json_array_foreach (json_object_get(info, "Warnings"), i, warning)
		bt_plain_printf(stderr, "%s\n", json_string_value(warning));
}

static json_t *client_json(struct bt_cli *cli)
{
	bool docker = strcmp(cli->prog, "docker") == 0;

	return json_pack("{s:b, s:s, s:s, s:[], s:n}", "Debug", bt_args_bool(&cli->global, "debug"),
			 "Version", docker ? BT_CLI_DOCKER_VERSION : BT_VERSION, "Context",
			 bt_cli_context(cli), "Plugins", "Warnings");
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	const char *format = bt_args_string(args, "format");
	json_auto_t *info = NULL;
	json_auto_t *client = client_json(cli);
	struct bt_err err = { 0 }, wrong = { 0 };
	int r = bt_cli_call(cli, "GET", "/info", NULL, &info, &err);

	if (format) {
		if (!info)
			info = json_object();
		(void)json_object_set(info, "ClientInfo", client);
		if (bt_format_value(format, info, &wrong) < 0) {
			(void)bt_cli_fail(&wrong);
			return wrong.kind == BT_ERR_INVALID ? BT_CLI_BAD_PATTERN : BT_CLI_FAILED;
		}
		return r < 0 ? bt_cli_fail(&err) : 0;
	}
	bt_plain_printf(stdout, "Client:\n Version:    %s\n Context:    %s\n Debug Mode: %s\n",
			text_of(client, "Version"), text_of(client, "Context"),
			json_is_true(json_object_get(client, "Debug")) ? "true" : "false");
	if (r >= 0) {
		print_server(info);
		return 0;
	}
	(void)puts("\nServer:");
	return bt_cli_fail(&err);
}

static const struct bt_flag flags[] = {
	{ 'f', BT_FLAG_STRING, "format", NULL, "Print by a Go template, or \"json\"", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_info_command = {
	.names = "system info,info",
	.usage = "[OPTIONS]",
	.brief = "Show how the engine is set up and doing",
	.flags = { flags },
	.run = run,
};
