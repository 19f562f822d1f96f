/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_CLI_H
#define BT_CLI_CLI_H

/*
 * One run of the command line: the name it was called by, its global flags, the
 * configuration, and the connection to the daemon, made when a command first asks for it.
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "cli/args.h"
#include "client/api.h"
#include "client/config.h"

/* What the client says it is when it is called docker, because tools compare versions. */
#define BT_CLI_DOCKER_VERSION "28.5.2"
#define BT_CLI_API_VERSION    "1.51"

/* Exit codes beside a container's own. */
#define BT_CLI_FAILED      1
#define BT_CLI_USAGE       125 /* wrong flags; the daemon refused to run */
#define BT_CLI_CANNOT_RUN  126
#define BT_CLI_NOT_FOUND   127
#define BT_CLI_BAD_PATTERN 64 /* --format does not parse */

struct bt_cli {
	const char *prog; /* "berth", or "docker" when called so */
	struct bt_args global;
	struct bt_config config;
	struct bt_api api;
	bool connected;
};

/** The connection to the daemon, borrowed. The endpoint is resolved at the first call. */
bt_nodiscard int bt_cli_api(struct bt_cli *cli, struct bt_api **ret, struct bt_err *err);

/** The endpoint that the flags, the environment and the contexts lead to; owned by the caller. */
bt_nodiscard int bt_cli_endpoint(struct bt_cli *cli, struct bt_endpoint *ret, struct bt_err *err);

/** The name of the context in use ("default" where none is); borrowed. */
const char *bt_cli_context(struct bt_cli *cli);

/** Call the API with the connection of `cli`; see bt_api_call(). */
bt_nodiscard int bt_cli_call(struct bt_cli *cli, const char *method, const char *target,
			     const json_t *body, json_t **ret, struct bt_err *err);

/** GET from the API, with the answer as text (owned by the caller); see bt_api_get(). */
bt_nodiscard int bt_cli_get(struct bt_cli *cli, const char *target, char **ret, struct bt_err *err);

/** POST to the API where it does not matter whether that fails. */
void bt_cli_tell(struct bt_cli *cli, const char *target);

/** Print an error's message and return the exit code 1. */
int bt_cli_fail(const struct bt_err *err);

/** Print "PROG: MESSAGE" and where to find help, as run and create do. Returns 125. */
int bt_cli_fail_run(const struct bt_cli *cli, const struct bt_args *args, const struct bt_err *err);

/** Ask "Are you sure you want to continue? [y/N]" after `warning`. */
bool bt_cli_confirm(const char *warning);

#endif
