/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "cli/plain.h"
#include "client/context.h"

#define SOCKET_BERTH  "unix:///run/berth.sock"
#define SOCKET_DOCKER "unix:///var/run/docker.sock"

int bt_cli_fail(const struct bt_err *err)
{
	(void)fflush(stdout);
	bt_plain_put(stderr, err->msg);
	(void)fputc('\n', stderr);
	return BT_CLI_FAILED;
}

int bt_cli_fail_run(const struct bt_cli *cli, const struct bt_args *args, const struct bt_err *err)
{
	(void)fflush(stdout);
	bt_plain_printf(stderr, "%s: ", cli->prog);
	bt_plain_put(stderr, err->msg);
	bt_plain_printf(stderr, "\n\nRun '%s --help' for more information\n", args->path);
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
