/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/plugin.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"

static const char *const directories[] = {
	"/usr/local/lib/docker/cli-plugins",
	"/usr/local/libexec/docker/cli-plugins",
	"/usr/lib/docker/cli-plugins",
	"/usr/libexec/docker/cli-plugins",
};

static bool is_name(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '-')
			return false;
	return *name && *name != '-';
}

static char *in_directory(const char *dir, const char *name)
{
	bt_auto_free char *path = bt_str_format("%s/docker-%s", dir, name);

	return path && access(path, X_OK) == 0 ? bt_take(path) : NULL;
}

static char *find(const struct bt_cli *cli, const char *name)
{
	bt_auto_free char *own = bt_str_format("%s/cli-plugins", cli->config.dir);
	char *path = own ? in_directory(own, name) : NULL;

	for (size_t i = 0; !path && i < sizeof(directories) / sizeof(directories[0]); i++)
		path = in_directory(directories[i], name);
	return path;
}

/* The plugin connects by itself: it is told where, in the words that it knows. */
static int set_environment(struct bt_cli *cli, struct bt_err *err)
{
	struct bt_endpoint ep = { 0 };
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int r = bt_cli_endpoint(cli, &ep, err);

	if (r < 0)
		return r;
	if (strcmp(bt_cli_context(cli), "default") == 0)
		(void)setenv("DOCKER_HOST", ep.url, 1);
	if (n > 0) {
		self[n] = '\0';
		(void)setenv("DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND", self, 1);
	}
	bt_endpoint_done(&ep);
	return 0;
}

int bt_plugin_try(struct bt_cli *cli, int argc, char **words)
{
	bool build = strcmp(words[0], "build") == 0;
	const char *name = build ? "buildx" : words[0];
	bt_auto_free char *path = is_name(name) ? find(cli, name) : NULL;
	bt_auto_free const char **argv = calloc((size_t)argc + 3, sizeof(*argv));
	struct bt_err err = { 0 };
	size_t n = 0;

	if (!path || !argv)
		return 0;
	if (set_environment(cli, &err) < 0)
		return bt_cli_fail(&err);
	argv[n++] = path;
	argv[n++] = name;
	for (int i = build ? 0 : 1; i < argc; i++)
		argv[n++] = words[i];
	(void)fflush(stdout);
	(void)execv(path, (char *const *)(uintptr_t)argv);
	(void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return BT_CLI_CANNOT_RUN;
}
