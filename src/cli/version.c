/* SPDX-License-Identifier: Apache-2.0 */

/* `version`: of the client and of the daemon. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/auto.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/plain.h"

static const char *text_of(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s ? s : "";
}

/* Go's name of this machine. */
static const char *architecture(void)
{
	static struct utsname u;

	if (uname(&u) < 0)
		return "";
	if (strcmp(u.machine, "x86_64") == 0)
		return "amd64";
	return strcmp(u.machine, "aarch64") == 0 ? "arm64" : u.machine;
}

static json_t *client_json(struct bt_cli *cli, const char *api)
{
	const char *version = strcmp(cli->prog, "docker") == 0 ? BT_CLI_DOCKER_VERSION : BT_VERSION;

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "Version", version,
			 "ApiVersion", api, "DefaultAPIVersion", BT_CLI_API_VERSION, "GitCommit",
			 "berth-" BT_VERSION, "GoVersion", "", "Os", "linux", "Arch",
			 architecture(), "BuildTime", "", "Context", bt_cli_context(cli));
}

/* RFC 3339 as time.ANSIC shows it; what is no time stays as it is. */
static void print_time(const char *label, const char *text)
{
	char out[64];
	int64_t ns;
	time_t t;
	struct tm tm;

	if (bt_time_rfc3339_parse(text, &ns) == 0) {
		t = (time_t)(ns / BT_TIME_NSEC_PER_SEC);
		if (gmtime_r(&t, &tm) && strftime(out, sizeof(out), "%a %b %e %H:%M:%S %Y", &tm))
			text = out;
	}
	bt_plain_printf(stdout, "%s%s\n", label, text);
}

static void print_client(const json_t *c)
{
	bt_plain_printf(stdout, "Client:\n Version:           %s\n", text_of(c, "Version"));
	bt_plain_printf(stdout, " API version:       %s", text_of(c, "ApiVersion"));
	if (strcmp(text_of(c, "ApiVersion"), BT_CLI_API_VERSION) != 0)
		bt_plain_printf(stdout, " (downgraded from %s)", BT_CLI_API_VERSION);
	bt_plain_printf(stdout, "\n Git commit:        %s\n", text_of(c, "GitCommit"));
	bt_plain_printf(stdout, " OS/Arch:           linux/%s\n", text_of(c, "Arch"));
	bt_plain_printf(stdout, " Context:           %s\n", text_of(c, "Context"));
}

static void print_engine(const json_t *d)
{
	bt_plain_printf(stdout, "  API version:      %s (minimum version %s)\n",
			text_of(d, "ApiVersion"), text_of(d, "MinAPIVersion"));
	bt_plain_printf(stdout, "  Go version:       %s\n", text_of(d, "GoVersion"));
	bt_plain_printf(stdout, "  Git commit:       %s\n", text_of(d, "GitCommit"));
	print_time("  Built:            ", text_of(d, "BuildTime"));
	bt_plain_printf(stdout, "  OS/Arch:          %s/%s\n", text_of(d, "Os"),
			text_of(d, "Arch"));
	bt_plain_printf(stdout, "  Experimental:     %s\n", text_of(d, "Experimental"));
}

static void print_component(const json_t *component)
{
	const char *name = text_of(component, "Name"), *key;
	json_t *details = json_object_get(component, "Details"), *value;

	bt_plain_printf(stdout, " %s:\n  Version:          %s\n", name,
			text_of(component, "Version"));
	if (strcmp(name, "Engine") == 0) {
		print_engine(details);
		return;
	}
	json_object_foreach (details, key, value)
		bt_plain_printf(stdout, "  %s:%*s%s\n", key,
				(int)(strlen(key) < 16 ? 17 - strlen(key) : 1), "",
				json_string_value(value) ? json_string_value(value) : "");
}

static void print_server(json_t *server)
{
	const char *platform = text_of(json_object_get(server, "Platform"), "Name");
	const json_t *component;
	size_t i;

	bt_plain_printf(stdout, "\nServer:%s%s\n", *platform ? " " : "", platform);
	json_array_foreach (json_object_get(server, "Components"), i, component)
		print_component(component);
	if (json_array_size(json_object_get(server, "Components")))
		return;
	bt_plain_printf(stdout, " Engine:\n  Version:          %s\n", text_of(server, "Version"));
	print_engine(server);
}

/* What JSON calls ApiVersion has another name in templates. */
static void add_go_names(json_t *all)
{
	const char *key;
	json_t *side;

	json_object_foreach (all, key, side)
		(void)json_object_set(side, "APIVersion", json_object_get(side, "ApiVersion"));
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	const char *format = bt_args_string(args, "format");
	json_auto_t *server = NULL;
	json_auto_t *all = NULL;
	struct bt_err err = { 0 }, wrong = { 0 };
	int r = bt_cli_call(cli, "GET", "/version", NULL, &server, &err);
	const char *api = r < 0 ? BT_CLI_API_VERSION : text_of(server, "ApiVersion");

	/* The older of both is what is spoken; versions are 1.N. */
	if (atoi(bt_str_after(api, "1.") ? api + 2 : "0") > atoi(&BT_CLI_API_VERSION[2]))
		api = BT_CLI_API_VERSION;
	all = json_pack("{s:o, s:O?}", "Client", client_json(cli, api), "Server", server);
	if (!all)
		return BT_CLI_FAILED;
	if (format && strstr(format, ".APIVersion"))
		add_go_names(all);
	if (format && bt_format_value(format, all, &wrong) < 0) {
		(void)bt_cli_fail(&wrong);
		return wrong.kind == BT_ERR_INVALID ? BT_CLI_BAD_PATTERN : BT_CLI_FAILED;
	}
	if (!format) {
		print_client(json_object_get(all, "Client"));
		if (r >= 0)
			print_server(server);
	}
	return r < 0 ? bt_cli_fail(&err) : 0;
}

static const struct bt_flag flags[] = {
	{ 'f', BT_FLAG_STRING, "format", NULL, BT_HELP_FORMAT, NULL, NULL },
	{ 0 },
};

const struct bt_command bt_version_command = {
	.names = "version",
	.usage = "[OPTIONS]",
	.brief = "Show the version of client and daemon",
	.flags = { flags },
	.run = run,
};
