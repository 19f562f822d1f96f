/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/oci_cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "sys/selfexec.h"

static const struct {
	const char *name;
	bt_oci_command *run;
	const char *summary;
	bool enters; /* a container may get hold of this process */
} commands[] = {
	{ "create", bt_oci_create, "create a container", true },
	{ "delete", bt_oci_delete, "remove what a container has left", false },
	{ "events", bt_oci_events, "show a container's use of resources", false },
	{ "exec", bt_oci_exec, "run another process in a container", true },
	{ "features", bt_oci_features, "show what this runtime offers", false },
	{ "kill", bt_oci_kill, "send a signal to a container's init", false },
	{ "list", bt_oci_list, "list containers", false },
	{ "pause", bt_oci_pause, "suspend all processes of a container", false },
	{ "ps", bt_oci_ps, "list the processes of a container", false },
	{ "resume", bt_oci_resume, "let a paused container go on", false },
	{ "run", bt_oci_run, "create and start a container", true },
	{ "spec", bt_oci_spec_command, "write a configuration to begin with", false },
	{ "start", bt_oci_start, "start a created container", false },
	{ "state", bt_oci_state, "print a container's state", false },
	{ "update", bt_oci_update, "change a container's limits", false },
};
#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	fputs("usage: berth-runtime [--root DIR] [--log FILE] [--log-format text|json] [--debug]\n"
	      "                     [--systemd-cgroup] [--rootless auto|true|false] COMMAND …\n\n",
	      out);
	for (size_t i = 0; i < NCOMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
}

static void version(void)
{
	printf("berth-runtime version %s\nspec: 1.3.0\n", BT_VERSION);
}

/* One line in the log, in logrus' two forms. */
static void write_log(const struct bt_oci_cli *cli, const char *level, const char *text)
{
	bt_auto_str struct bt_str line = { 0 };
	bt_auto_close int fd = -EBADF;
	char time[BT_TIME_RFC3339_LEN];

	bt_time_rfc3339(bt_time_now_ns(), time);
	if (cli->log_json) {
		bt_str_printf(&line, "{\"level\":\"%s\",\"msg\":", level);
		bt_json_append_str(&line, text);
		bt_str_printf(&line, ",\"time\":\"%s\"}\n", time);
	} else {
		bt_str_printf(&line, "time=\"%s\" level=%s msg=", time, level);
		bt_json_append_str(&line, text);
		bt_str_putc(&line, '\n');
	}
	if (cli->log_path != NULL)
		fd = open(cli->log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (write(fd >= 0 ? fd : STDERR_FILENO, bt_str_get(&line), line.len) < 0)
		return;
}

void bt_oci_cli_warn(const struct bt_oci_cli *cli, const char *text)
{
	write_log(cli, "warning", text);
}

int bt_oci_cli_count(const char *command, int argc, int min, int max, struct bt_err *err)
{
	if (argc < min)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "%s: requires %s%d argument%s, %d given", command,
				  min == max ? "exactly " : "at least ", min, min == 1 ? "" : "s",
				  argc);
	if (argc > max)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "%s: too many arguments", command);
	return 0;
}

/* runc's switches take a value behind "=", as Go's do, which getopt_long(3) refuses. Returns 1
 * where the next word is such a one; *ret_flag is the flag, or 0 for "=false". */
static int take_switch(int argc, char **argv, const struct option *longs, int *ret_flag)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };
	int next = optind > 0 ? optind : 1;
	const char *name, *value;

	if (next >= argc || strncmp(argv[next], "--", 2) != 0)
		return 0;
	name = argv[next] + 2;
	value = strchr(name, '=');
	while (value != NULL && longs->name != NULL &&
	       (strlen(longs->name) != (size_t)(value - name) ||
		strncmp(longs->name, name, (size_t)(value - name)) != 0))
		longs++;
	if (value == NULL || longs->name == NULL || longs->has_arg != no_argument)
		return 0;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		bool on = strcmp(value + 1, yes[i]) == 0;

		if (!on && strcmp(value + 1, no[i]) != 0)
			continue;
		optind = next + 1;
		*ret_flag = on ? longs->val : 0;
		return 1;
	}
	return 0;
}

static bool wants_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* One command's, for who asks the command itself. */
static void help(const char *command, const struct option *longs)
{
	const char *summary = "";

	for (size_t i = 0; i < NCOMMANDS; i++) {
		if (strcmp(commands[i].name, command) == 0)
			summary = commands[i].summary;
	}
	printf("berth-runtime %s: %s\n", command, summary);
	for (; longs->name != NULL; longs++)
		printf("  --%s%s\n", longs->name, longs->has_arg != no_argument ? " VALUE" : "");
}

int bt_oci_cli_flag(int argc, char **argv, const char *shorts, const struct option *longs,
		    struct bt_err *err)
{
	int flag = 0;

	opterr = 0;
	while (take_switch(argc, argv, longs, &flag) > 0) {
		if (flag != 0)
			return flag;
	}
	flag = getopt_long(argc, argv, shorts, longs, NULL);
	if (flag == '?' && wants_help(argv[optind > 0 ? optind - 1 : 0])) {
		help(argv[0], longs);
		exit(EXIT_SUCCESS);
	}
	if (flag == '?')
		(void)bt_err_set(err, BT_ERR_INVALID, EINVAL,
				 "flag is not known or lacks its value: %s",
				 argv[optind > 0 ? optind - 1 : 0]);
	return flag;
}

int bt_oci_cli_write_pid(const char *path, pid_t pid, struct bt_err *err)
{
	bt_auto_free char *temporary = NULL;
	char text[16];
	int n, r;

	if (path == NULL)
		return 0;
	/* Whoever waits for the file must not find it empty. */
	temporary = bt_str_format("%s.new", path);
	n = snprintf(text, sizeof(text), "%d", (int)pid);
	r = temporary == NULL ? -ENOMEM
			      : bt_io_create_file(AT_FDCWD, temporary, 0644, text, (size_t)n);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	return r < 0 ? bt_err_sys(err, r, "write %s", path) : 0;
}

int bt_oci_cli_number(const char *flag, const char *text, long long min, long long max,
		      long long *ret, struct bt_err *err)
{
	long long value;

	if (bt_str_to_i64(text, &value) < 0 || value < min || value > max)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "%s: \"%s\" is not a number it takes", flag, text);
	*ret = value;
	return 0;
}

enum {
	ROOT = 256,
	LOG,
	LOG_FORMAT,
	DEBUG,
	SYSTEMD,
	ROOTLESS,
	CRIU,
	HELP,
	VERSION
};

static const struct option flags[] = {
	{ "root", required_argument, NULL, ROOT },
	{ "log", required_argument, NULL, LOG },
	{ "log-format", required_argument, NULL, LOG_FORMAT },
	{ "debug", no_argument, NULL, DEBUG },
	{ "systemd-cgroup", no_argument, NULL, SYSTEMD },
	{ "rootless", required_argument, NULL, ROOTLESS },
	{ "criu", required_argument, NULL, CRIU },
	{ "help", no_argument, NULL, HELP },
	{ "version", no_argument, NULL, VERSION },
	{ 0 },
};

static int take_rootless(struct bt_oci_cli *cli, struct bt_err *err)
{
	if (strcmp(optarg, "auto") == 0)
		cli->rootless = BT_ROOTLESS_AUTO;
	else if (strcmp(optarg, "true") == 0 || strcmp(optarg, "1") == 0)
		cli->rootless = BT_ROOTLESS_ON;
	else if (strcmp(optarg, "false") == 0 || strcmp(optarg, "0") == 0)
		cli->rootless = BT_ROOTLESS_OFF;
	else
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "--rootless: \"%s\" is not auto, true or false", optarg);
	return 0;
}

bool bt_oci_cli_rootless(const struct bt_oci_cli *cli)
{
	return cli->rootless == BT_ROOTLESS_ON ||
	       (cli->rootless == BT_ROOTLESS_AUTO && bt_rootless_here());
}

/* A user's own containers, in a directory of his own. */
static const char *default_root(void)
{
	static char path[PATH_MAX];
	const char *run = getenv("XDG_RUNTIME_DIR");

	if (run == NULL || *run != '/' || !bt_rootless_here())
		return BT_OCI_CLI_ROOT;
	(void)snprintf(path, sizeof(path), "%s/berth-runtime", run);
	return path;
}

/* Returns 1 when everything is said already, 0 to go on, or -EINVAL. */
static int take_flag(struct bt_oci_cli *cli, int flag, struct bt_err *err)
{
	switch (flag) {
	case ROOT:
		cli->root = optarg;
		return 0;
	case LOG:
		cli->log_path = *optarg != '\0' ? optarg : NULL;
		return 0;
	case LOG_FORMAT:
		cli->log_json = strcmp(optarg, "json") == 0;
		if (!cli->log_json && strcmp(optarg, "text") != 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid log format: %s",
					  optarg);
		return 0;
	case DEBUG:
		cli->debug = true;
		return 0;
	case SYSTEMD:
		cli->systemd_cgroup = true;
		return 0;
	case ROOTLESS:
		return take_rootless(cli, err);
	case CRIU:
		return 0;
	case 'h':
	case HELP:
		usage(stdout);
		return 1;
	case 'v':
	case VERSION:
		version();
		return 1;
	default:
		return -EINVAL;
	}
}

static int run_command(const struct bt_oci_cli *cli, char **program, int argc, char **argv,
		       int *ret_code, struct bt_err *err)
{
	for (size_t i = 0; i < NCOMMANDS; i++) {
		int r;

		if (strcmp(commands[i].name, argv[0]) != 0)
			continue;
		r = commands[i].enters ? bt_selfexec_protect(program) : 0;
		if (r < 0)
			return bt_err_sys(err, r, "protect the program's file");
		/* 0 makes glibc scan from the beginning, and forget where it was. */
		optind = 0;
		r = commands[i].run(cli, argc, argv, ret_code, err);
		return r < 0 ? bt_err_context(err, "berth-runtime %s failed", argv[0]) : 0;
	}
	if (strcmp(argv[0], "checkpoint") == 0 || strcmp(argv[0], "restore") == 0)
		return bt_err_set(err, BT_ERR_INVALID, EOPNOTSUPP,
				  "%s: checkpoints are not supported by this runtime", argv[0]);
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "no such command: %s", argv[0]);
}

static int run(struct bt_oci_cli *cli, int argc, char **argv, int *ret_code, struct bt_err *err)
{
	int flag;

	while ((flag = bt_oci_cli_flag(argc, argv, "+hv", flags, err)) != -1) {
		int r = take_flag(cli, flag, err);

		if (r != 0)
			return r > 0 ? 0 : r;
	}
	if (optind >= argc) {
		usage(stdout);
		return 0;
	}
	if (strcmp(argv[optind], "help") == 0) {
		usage(stdout);
		return 0;
	}
	return run_command(cli, argv, argc - optind, argv + optind, ret_code, err);
}

int bt_oci_cli_main(int argc, char **argv)
{
	struct bt_oci_cli cli = { .root = default_root() };
	struct bt_err err = { 0 };
	int code = 0;

	if (run(&cli, argc, argv, &code, &err) >= 0)
		return code;
	write_log(&cli, "error", err.msg);
	/* With a log of its own the caller still finds the bare message here. */
	if (cli.log_path != NULL)
		fprintf(stderr, "%s\n", err.msg);
	return code != 0 ? code : EXIT_FAILURE;
}
