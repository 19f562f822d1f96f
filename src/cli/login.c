/* SPDX-License-Identifier: Apache-2.0 */

/* `login` and `logout`: credentials of registries. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/plain.h"
#include "client/auth.h"

#define SECRET_MAX (64u << 10)

/* A registry's name without scheme and path. */
static char *server_key(const char *server)
{
	const char *host = strstr(server, "://") ? strstr(server, "://") + 3 : server;
	bt_auto_free char *name = strndup(host, strcspn(host, "/"));

	return name ? strdup(bt_auth_key(name)) : NULL;
}

static int read_stdin(char **ret, struct bt_err *err)
{
	int r = bt_io_read_fd(STDIN_FILENO, SECRET_MAX, ret, NULL);

	if (r < 0)
		return bt_err_sys(err, r, "read password");
	(*ret)[strcspn(*ret, "\r\n")] = '\0';
	return 0;
}

static int ask(const char *question, bool hidden, char **ret, struct bt_err *err)
{
	struct termios saved, quiet;
	size_t cap = 0;
	ssize_t n;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &saved) < 0)
		return bt_err_set(
			err, BT_ERR_INVALID, ENOTTY,
			"Error: Cannot perform an interactive login from a non TTY device");
	(void)fputs(question, stdout);
	(void)fflush(stdout);
	quiet = saved;
	quiet.c_lflag &= (tcflag_t)~ECHO;
	if (hidden)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
	n = getline(ret, &cap, stdin);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	if (hidden)
		(void)putchar('\n');
	if (n <= 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "Error: nothing was entered");
	(*ret)[strcspn(*ret, "\r\n")] = '\0';
	return 0;
}

static int check_flags(const struct bt_args *args, struct bt_err *err)
{
	bool from_stdin = bt_args_bool(args, "password-stdin");

	if (bt_args_given(args, "password")) {
		(void)fputs("WARNING! Using --password via the CLI is insecure. Use "
			    "--password-stdin.\n",
			    stderr);
		if (from_stdin)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "--password and --password-stdin are mutually exclusive");
	}
	if (from_stdin && !bt_args_given(args, "username"))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "the --password-stdin option requires --username to be set");
	return 0;
}

static int gather(struct bt_cli *cli, const struct bt_args *args, const char *key, json_t **ret,
		  struct bt_err *err)
{
	const char *user = bt_args_string(args, "username");
	const char *password = bt_args_string(args, "password");
	bt_auto_free char *typed_user = NULL;
	bt_auto_free char *typed = NULL;
	int r = check_flags(args, err);

	/* Credentials that are kept already are tried again. */
	if (r == 0 && !user && !password) {
		r = bt_auth_get(&cli->config, key, ret, err);
		if (r < 0 || json_is_object(*ret)) {
			(void)puts("Authenticating with existing credentials...");
			return r;
		}
	}
	if (r == 0 && bt_args_bool(args, "password-stdin"))
		r = read_stdin(&typed, err);
	if (r == 0 && !user)
		r = ask("Username: ", false, &typed_user, err);
	if (r == 0 && !password && !typed)
		r = ask("Password: ", true, &typed, err);
	if (r < 0)
		return r;
	*ret = json_pack("{s:s, s:s, s:s}", "username", user ? user : typed_user, "password",
			 password ? password : typed, "serveraddress", key);
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "login");
}

static int run_login(struct bt_cli *cli, const struct bt_args *args)
{
	bt_auto_free char *key = server_key(args->npos ? args->pos[0] : "docker.io");
	json_auto_t *auth = NULL;
	json_auto_t *answer = NULL;
	struct bt_err err = { 0 };
	const char *token, *status;

	if (!key || gather(cli, args, key, &auth, &err) < 0 ||
	    bt_cli_call(cli, "POST", "/auth", auth, &answer, &err) < 0)
		return bt_cli_fail(&err);
	token = json_string_value(json_object_get(answer, "IdentityToken"));
	if (token && *token)
		(void)json_object_set_new(auth, "identitytoken", json_string(token));
	if (bt_auth_set(&cli->config, key, auth, &err) < 0)
		return bt_cli_fail(&err);
	if (!bt_config_string(&cli->config, "credsStore"))
		(void)fprintf(
			stderr,
			"WARNING! Your credentials are stored unencrypted in '%s/config.json'.\n",
			cli->config.dir);
	status = json_string_value(json_object_get(answer, "Status"));
	bt_plain_printf(stdout, "%s\n", status && *status ? status : "Login Succeeded");
	return 0;
}

static int run_logout(struct bt_cli *cli, const struct bt_args *args)
{
	bt_auto_free char *key = server_key(args->npos ? args->pos[0] : "docker.io");
	struct bt_err err = { 0 };

	if (!key)
		return BT_CLI_FAILED;
	(void)printf("Removing login credentials for %s\n", key);
	if (bt_auth_set(&cli->config, key, NULL, &err) < 0) {
		bt_plain_printf(stderr, "WARNING: could not erase credentials: %s\n", err.msg);
		return BT_CLI_FAILED;
	}
	return 0;
}

static const struct bt_flag flags[] = {
	{ 'p', BT_FLAG_STRING, "password", NULL, "Password or token", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "password-stdin", NULL, "Read the password from standard input", NULL,
	  NULL },
	{ 'u', BT_FLAG_STRING, "username", NULL, "Name of the user", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_login_command = {
	.names = "login",
	.usage = "[OPTIONS] [SERVER]",
	.brief = "Log in to a registry",
	.flags = { flags },
	.max = 1,
	.run = run_login,
};

const struct bt_command bt_login_logout_command = {
	.names = "logout",
	.usage = "[SERVER]",
	.brief = "Forget the credentials of a registry",
	.max = 1,
	.run = run_logout,
};
