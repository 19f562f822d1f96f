/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "cli/plugin.h"
#include "cli/refused.h"
#include "client/context.h"

#define SOCKET_BERTH  "unix:///run/berth.sock"
#define SOCKET_DOCKER "unix:///var/run/docker.sock"

static const struct bt_flag global_flags[] = {
	{ .kind = BT_FLAG_STRING,
	  .name = "config",
	  .help = "Directory of the client's configuration files" },
	{ .letter = 'c',
	  .kind = BT_FLAG_STRING,
	  .name = "context",
	  .help = "Context that says where the daemon is" },
	{ .letter = 'D',
	  .kind = BT_FLAG_BOOL,
	  .name = "debug",
	  .help = "Accepted for compatibility" },
	{ .letter = 'H', .kind = BT_FLAG_LIST, .name = "host", .help = "Where the daemon listens" },
	{ .letter = 'l',
	  .kind = BT_FLAG_STRING,
	  .name = "log-level",
	  .help = "Accepted for compatibility",
	  .def = "info" },
	{ .kind = BT_FLAG_BOOL, .name = "tls", .help = "Use TLS" },
	{ .kind = BT_FLAG_STRING,
	  .name = "tlscacert",
	  .help = "Trust only certificates signed by this CA" },
	{ .kind = BT_FLAG_STRING, .name = "tlscert", .help = "Our certificate" },
	{ .kind = BT_FLAG_STRING, .name = "tlskey", .help = "The key of our certificate" },
	{ .kind = BT_FLAG_BOOL, .name = "tlsverify", .help = "Use TLS and verify the daemon" },
	{ .letter = 'v', .kind = BT_FLAG_BOOL, .name = "version", .help = "Print the version" },
	{ 0 },
};

static const struct bt_command program = {
	.names = "",
	.usage = "[OPTIONS] COMMAND [ARG...]",
	.flags = { global_flags },
	.max = -1,
	.stops = true,
};

int bt_cli_fail(const struct bt_err *err)
{
	(void)fflush(stdout);
	(void)fprintf(stderr, "%s\n", err->msg);
	return BT_CLI_FAILED;
}

int bt_cli_fail_run(const struct bt_cli *cli, const struct bt_args *args, const struct bt_err *err)
{
	(void)fflush(stdout);
	(void)fprintf(stderr, "%s: %s\n\nRun '%s --help' for more information\n", cli->prog,
		      err->msg, args->path);
	return BT_CLI_USAGE;
}

bool bt_cli_confirm(const char *warning)
{
	char line[16] = "";

	(void)printf("%s\nAre you sure you want to continue? [y/N] ", warning);
	(void)fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		line[0] = '\0';
	return line[0] == 'y' || line[0] == 'Y';
}

static const char *from_env(void)
{
	const char *host = getenv("BERTH_HOST");

	if (!host || !*host)
		host = getenv("DOCKER_HOST");
	return host && *host ? host : NULL;
}

const char *bt_cli_context(struct bt_cli *cli)
{
	const char *name = bt_args_string(&cli->global, "context");

	if (name)
		return name;
	if (bt_args_given(&cli->global, "host") || from_env())
		return "default";
	name = getenv("DOCKER_CONTEXT");
	if (!name || !*name)
		name = bt_config_string(&cli->config, "currentContext");
	return name ? name : "default";
}

static const char *default_host(const struct bt_cli *cli)
{
	if (strcmp(cli->prog, "docker") == 0 &&
	    access(bt_str_after(SOCKET_BERTH, "unix://"), F_OK) < 0)
		return SOCKET_DOCKER;
	return SOCKET_BERTH;
}

static char *tls_file(const struct bt_cli *cli, const char *flag, const char *name)
{
	const char *given = bt_args_string(&cli->global, flag), *dir = getenv("DOCKER_CERT_PATH");
	bt_auto_free char *path = NULL;

	if (given)
		return strdup(given);
	path = bt_path_join(dir && *dir ? dir : cli->config.dir, name);
	return path && access(path, R_OK) == 0 ? bt_take(path) : NULL;
}

static int plain_endpoint(struct bt_cli *cli, const char *host, struct bt_endpoint *ret,
			  struct bt_err *err)
{
	const char *env = getenv("DOCKER_TLS_VERIFY");
	bool verify = (env && *env) || bt_args_bool(&cli->global, "tlsverify");
	bool tls = verify || bt_args_bool(&cli->global, "tls") || getenv("DOCKER_TLS");
	int r = bt_endpoint_parse(host, tls, ret, err);

	if (r < 0 || !tls || ret->kind != BT_ENDPOINT_TCP)
		return r;
	ret->tls.verify = verify;
	ret->tls.ca = tls_file(cli, "tlscacert", "ca.pem");
	ret->tls.cert = tls_file(cli, "tlscert", "cert.pem");
	ret->tls.key = tls_file(cli, "tlskey", "key.pem");
	return 0;
}

static char *context_file(const char *dir, const char *name)
{
	bt_auto_free char *path = dir ? bt_str_format("%s/docker/%s", dir, name) : NULL;

	return path && access(path, R_OK) == 0 ? bt_take(path) : NULL;
}

static int context_endpoint(struct bt_cli *cli, const char *name, struct bt_endpoint *ret,
			    struct bt_err *err)
{
	json_auto_t *meta = NULL;
	int r = bt_context_get(&cli->config, name, &meta, err);

	if (r < 0)
		return r;
	json_t *docker = json_object_get(json_object_get(meta, "Endpoints"), "docker");
	const char *host = json_string_value(json_object_get(docker, "Host"));
	const char *dir = json_string_value(json_object_get(meta, "TLSPath"));
	if (!host)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "context \"%s\" has no docker endpoint", name);
	bt_auto_free char *cert = context_file(dir, "cert.pem");
	bt_auto_free char *ca = context_file(dir, "ca.pem");
	r = bt_endpoint_parse(host, cert || ca, ret, err);
	if (r < 0)
		return r;
	ret->tls.verify = !json_is_true(json_object_get(docker, "SkipTLSVerify"));
	ret->tls.cert = bt_take(cert);
	ret->tls.ca = bt_take(ca);
	ret->tls.key = context_file(dir, "key.pem");
	return 0;
}

int bt_cli_endpoint(struct bt_cli *cli, struct bt_endpoint *ret, struct bt_err *err)
{
	const char *host = bt_args_string(&cli->global, "host");
	const char *context = bt_cli_context(cli);

	if (host && bt_args_given(&cli->global, "context"))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "conflicting options: cannot specify both --host and --context");
	if (strcmp(context, "default") != 0)
		return context_endpoint(cli, context, ret, err);
	if (!host)
		host = from_env();
	return plain_endpoint(cli, host ? host : default_host(cli), ret, err);
}

int bt_cli_api(struct bt_cli *cli, struct bt_api **ret, struct bt_err *err)
{
	if (!cli->connected) {
		struct bt_endpoint ep = { 0 };
		int r = bt_cli_endpoint(cli, &ep, err);

		if (r < 0)
			return r;
		bt_api_init(&cli->api, &ep);
		cli->api.headers = json_object_get(cli->config.json, "HttpHeaders");
		cli->connected = true;
	}
	*ret = &cli->api;
	return 0;
}

int bt_cli_call(struct bt_cli *cli, const char *method, const char *target, const json_t *body,
		json_t **ret, struct bt_err *err)
{
	struct bt_api *api;
	int r = bt_cli_api(cli, &api, err);

	return r < 0 ? r : bt_api_call(api, method, target, body, ret, err);
}

int bt_cli_get(struct bt_cli *cli, const char *target, char **ret, struct bt_err *err)
{
	struct bt_api *api;
	int r = bt_cli_api(cli, &api, err);

	return r < 0 ? r : bt_api_get(api, target, ret, err);
}

void bt_cli_tell(struct bt_cli *cli, const char *target)
{
	int r = bt_cli_call(cli, "POST", target, NULL, NULL, BT_ERR_IGNORED);

	(void)r;
}

static int bad_flags(const struct bt_command *command, const char *path, const struct bt_err *err)
{
	(void)fprintf(stderr, "%s\n\n", err->msg);
	bt_help_usage(stderr, command, path);
	(void)fprintf(stderr, "\nRun '%s --help' for more information\n", path);
	return BT_CLI_USAGE;
}

static int bad_count(const struct bt_cli *cli, const struct bt_args *args, const struct bt_err *err)
{
	bool see = strstr(err->msg, "at least") != NULL;

	(void)fprintf(stderr, "%s: %s\n\n", cli->prog, err->msg);
	bt_help_usage(stderr, args->command, args->path);
	(void)fprintf(stderr, "\n%s '%s --help' for more information\n", see ? "See" : "Run",
		      args->path);
	return BT_CLI_FAILED;
}

/* Does DOCKER_CONTENT_TRUST ask for signed images, for a command that takes images, and its flag
 * does not say otherwise? As in docker, any text that is not false is true. */
static bool asks_trust(const struct bt_args *args)
{
	static const char *const no[] = { "", "0", "f", "F", "false", "FALSE", "False" };
	const char *env = getenv("DOCKER_CONTENT_TRUST");

	for (size_t i = 0; env && i < sizeof(no) / sizeof(no[0]); i++)
		if (strcmp(env, no[i]) == 0)
			return false;
	for (size_t i = 0; env && i < args->nvalues; i++)
		if (strcmp(args->values[i].flag->name, "disable-content-trust") == 0)
			return args->values[i].n == 0;
	return false;
}

static int run_command(struct bt_cli *cli, const struct bt_command *command, const char *words,
		       int argc, char **argv)
{
	bt_auto_free char *path = bt_str_format("%s %s", cli->prog, words);
	bt_auto_args struct bt_args args = { 0 };
	struct bt_err err = { 0 };

	if (!path)
		return BT_CLI_FAILED;
	if (bt_args_parse(command, argc, argv, &args, &err) < 0)
		return bad_flags(command, path, &err);
	args.path = path;
	if (args.help) {
		if (args.help_by_letter)
			(void)fputs("Flag shorthand -h has been deprecated, use --help\n", stderr);
		bt_help_command(stdout, command, cli->prog, path);
		return 0;
	}
	if (bt_args_check_count(&args, &err) < 0)
		return bad_count(cli, &args, &err);
	if (asks_trust(&args)) {
		(void)fputs("DOCKER_CONTENT_TRUST is set, and signatures of images are not "
			    "supported: unset it, or give --disable-content-trust\n",
			    stderr);
		return BT_CLI_FAILED;
	}
	return command->run(cli, &args);
}

/* "docker: 'docker swarm init' is not supported: …", or 0 where docker does not know it either. */
static int refused(const struct bt_cli *cli, int argc, char **argv)
{
	bt_auto_str struct bt_str words = { 0 };
	const char *why;

	for (int i = 0; i < argc && i < 2 && argv[i][0] != '-'; i++)
		bt_str_printf(&words, "%s%s", i ? " " : "", argv[i]);
	why = bt_refused_why(bt_str_get(&words));
	if (!why)
		return 0;
	(void)fprintf(stderr, "%s: '%s %s' is not supported: %s\n", cli->prog, cli->prog,
		      bt_str_get(&words), why);
	return BT_CLI_FAILED;
}

static int unknown(const struct bt_cli *cli, const char *group, const char *word)
{
	if (*group)
		(void)fprintf(
			stderr,
			"%s: unknown command: %s %s %s\n\nUsage:  %s %s\n\nRun '%s %s --help' for "
			"more information\n",
			cli->prog, cli->prog, group, word, cli->prog, group, cli->prog, group);
	else
		(void)fprintf(
			stderr,
			"%s: unknown command: %s %s\n\nRun '%s --help' for more information\n",
			cli->prog, cli->prog, word, cli->prog);
	return BT_CLI_FAILED;
}

static bool asks_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* `argv` begins with the group's name. */
static int run_group(struct bt_cli *cli, int argc, char **argv)
{
	const char *group = argv[0];
	const struct bt_command *command;
	bt_auto_free char *path = NULL;

	if (argc < 2 || asks_help(argv[1])) {
		bt_help_group(stdout, cli->prog, group, NULL);
		return 0;
	}
	path = bt_str_format("%s %s", group, argv[1]);
	command = path ? bt_commands_find(path) : NULL;
	if (command)
		return run_command(cli, command, path, argc - 2, argv + 2);
	int code = refused(cli, argc, argv);
	return code ? code : unknown(cli, group, argv[1]);
}

/* "help ps", "help container ls", "help". */
static int run_help(struct bt_cli *cli, int argc, char **argv)
{
	bt_auto_str struct bt_str words = { 0 };

	for (int i = 0; i < argc; i++)
		bt_str_printf(&words, "%s%s", i ? " " : "", argv[i]);
	const struct bt_command *command = bt_commands_find(bt_str_get(&words));
	if (command) {
		bt_auto_free char *path = bt_str_format("%s %s", cli->prog, bt_str_get(&words));

		bt_help_command(stdout, command, cli->prog, path ? path : cli->prog);
	} else if (!words.len || bt_commands_group(bt_str_get(&words))) {
		bt_help_group(stdout, cli->prog, bt_str_get(&words), global_flags);
	} else {
		int code = refused(cli, argc, argv);

		return code ? code : unknown(cli, "", bt_str_get(&words));
	}
	return 0;
}

/* The words may have flags of their own that stand before a command, and say where the daemon is.
 */
static int complete(struct bt_cli *cli, int argc, char **argv, bool describe)
{
	struct bt_args outer = cli->global, inner = { 0 };
	int code;

	if (argc > 0 && bt_args_parse(&program, argc - 1, argv, &inner, BT_ERR_IGNORED) == 0)
		cli->global = inner;
	code = bt_complete_run(cli, &program, argc, argv, describe);
	cli->global = outer;
	bt_args_done(&inner);
	return code;
}

static int dispatch(struct bt_cli *cli)
{
	char **argv = (char **)(uintptr_t)cli->global.pos;
	int argc = (int)cli->global.npos;
	const struct bt_command *command;

	if (bt_args_bool(&cli->global, "version")) {
		(void)printf("%s version %s\n",
			     strcmp(cli->prog, "docker") == 0 ? "Docker" : cli->prog, BT_VERSION);
		return 0;
	}
	if (argc == 0 || cli->global.help) {
		bt_help_group(stdout, cli->prog, "", global_flags);
		return 0;
	}
	if (strcmp(argv[0], "help") == 0)
		return run_help(cli, argc - 1, argv + 1);
	if (strcmp(argv[0], "__complete") == 0 || strcmp(argv[0], "__completeNoDesc") == 0)
		return complete(cli, argc - 1, argv + 1, strcmp(argv[0], "__complete") == 0);
	command = bt_commands_find(argv[0]);
	if (command)
		return run_command(cli, command, argv[0], argc - 1, argv + 1);
	if (bt_commands_group(argv[0]))
		return run_group(cli, argc, argv);
	int code = bt_plugin_try(cli, argc, argv);
	if (!code)
		code = refused(cli, argc, argv);
	return code ? code : unknown(cli, "", argv[0]);
}

/* Buffered output that could not be written is a failure, unless its reader has left. */
static int finish(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	if (errno != EPIPE)
		(void)fprintf(stderr, "write to standard output: %s\n", strerror(errno));
	return code ? code : BT_CLI_FAILED;
}

int bt_cli_main(int argc, char **argv)
{
	struct bt_cli cli = { .prog = argc > 0 ? bt_path_base(argv[0]) : "berth" };
	struct bt_err err = { 0 };
	int code;

	if (bt_args_parse(&program, argc - 1, argv + 1, &cli.global, &err) < 0)
		return bad_flags(&program, cli.prog, &err);
	cli.global.path = cli.prog;
	if (bt_config_load(bt_args_string(&cli.global, "config"), &cli.config, &err) < 0)
		code = bt_cli_fail(&err);
	else
		code = dispatch(&cli);
	if (cli.connected)
		bt_api_done(&cli.api);
	bt_config_done(&cli.config);
	bt_args_done(&cli.global);
	return finish(code);
}
