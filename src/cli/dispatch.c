/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/dispatch.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "cli/plain.h"
#include "cli/plugin.h"
#include "cli/refused.h"

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

static int bad_flags(const struct bt_command *command, const char *path, const struct bt_err *err)
{
	bt_plain_printf(stderr, "%s\n\n", err->msg);
	bt_help_usage(stderr, command, path);
	bt_plain_printf(stderr, "\nRun '%s --help' for more information\n", path);
	return BT_CLI_USAGE;
}

static int bad_count(const struct bt_cli *cli, const struct bt_args *args, const struct bt_err *err)
{
	bool see = strstr(err->msg, "at least") != NULL;

	bt_plain_printf(stderr, "%s: %s\n\n", cli->prog, err->msg);
	bt_help_usage(stderr, args->command, args->path);
	bt_plain_printf(stderr, "\n%s '%s --help' for more information\n", see ? "See" : "Run",
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
	bt_plain_printf(stderr, "%s: '%s %s' is not supported: %s\n", cli->prog, cli->prog,
			bt_str_get(&words), why);
	return BT_CLI_FAILED;
}

static int unknown(const struct bt_cli *cli, const char *group, const char *word)
{
	if (*group)
		bt_plain_printf(
			stderr,
			"%s: unknown command: %s %s %s\n\nUsage:  %s %s\n\nRun '%s %s --help' for "
			"more information\n",
			cli->prog, cli->prog, group, word, cli->prog, group, cli->prog, group);
	else
		bt_plain_printf(
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
	/* "container ls" is a command, but not as one word. */
	command = strchr(argv[0], ' ') ? NULL : bt_commands_find(argv[0]);
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
		bt_plain_printf(stderr, "write to standard output: %s\n", strerror(errno));
	return code ? code : BT_CLI_FAILED;
}

int bt_dispatch_main(int argc, char **argv)
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
