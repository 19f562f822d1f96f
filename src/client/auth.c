/* SPDX-License-Identifier: Apache-2.0 */

#include "client/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "client/base64.h"
#include "codec/image_ref.h"

#define ANSWER_MAX (64u << 10)
#define TOKEN_USER "<token>"

const char *bt_auth_key(const char *domain)
{
	return strcmp(domain, "docker.io") == 0 || strcmp(domain, "index.docker.io") == 0
		       ? BT_AUTH_HUB
		       : domain;
}

_Noreturn static void run_helper(const char *program, const char *verb, int in, int out)
{
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
		(void)execlp(program, program, verb, (char *)NULL);
	_exit(127);
}

/* Run "docker-credential-NAME VERB" with `input`; its output is owned by the caller. */
static int call_helper(const char *name, const char *verb, const char *input, char **ret,
		       struct bt_err *err)
{
	bt_auto_free char *program = bt_str_format("docker-credential-%s", name);
	bt_auto_close int in = bt_io_memfd("credential", input, strlen(input));
	bt_auto_close int from = -EBADF;
	bt_auto_close int to = -EBADF;
	int pair[2], status = 0, r;
	pid_t pid;

	if (strchr(name, '/') || !program || in < 0 || pipe2(pair, O_CLOEXEC) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "credential helper \"%s\"", name);
	from = pair[0];
	to = pair[1];
	pid = fork();
	if (pid < 0)
		return bt_err_sys(err, -errno, "credential helper %s", program);
	if (pid == 0)
		run_helper(program, verb, in, to);
	bt_close(&to);
	r = bt_io_read_fd(from, ANSWER_MAX, ret, NULL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return bt_err_sys(err, r, "credential helper %s", program);
	if (status == 0)
		return 0;
	(*ret)[strcspn(*ret, "\n")] = '\0';
	r = bt_err_set(err, BT_ERR_SYSTEM, EIO, "error getting credentials - %s %s: %s", program,
		       verb, *ret);
	free(*ret);
	*ret = NULL;
	return r;
}

static const char *helper_of(const struct bt_config *config, const char *key)
{
	const json_t *own = json_object_get(json_object_get(config->json, "credHelpers"), key);

	return json_is_string(own) ? json_string_value(own)
				   : bt_config_string(config, "credsStore");
}

static int from_helper(const char *helper, const char *key, json_t **ret, struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	json_auto_t *answer = NULL;
	int r = call_helper(helper, "get", key, &text, err);

	if (r < 0 && strstr(err->msg, "credentials not found")) {
		*ret = json_null();
		return 0;
	}
	if (r < 0)
		return r;
	answer = json_loads(text, 0, NULL);
	const char *user = json_string_value(json_object_get(answer, "Username"));
	const char *secret = json_string_value(json_object_get(answer, "Secret"));
	if (!user || !secret)
		*ret = json_null();
	else if (strcmp(user, TOKEN_USER) == 0)
		*ret = json_pack("{s:s, s:s}", "identitytoken", secret, "serveraddress", key);
	else
		*ret = json_pack("{s:s, s:s, s:s}", "username", user, "password", secret,
				 "serveraddress", key);
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "credentials");
}

static int from_file(const json_t *entry, const char *key, json_t **ret, struct bt_err *err)
{
	const char *token = json_string_value(json_object_get(entry, "identitytoken"));
	const char *encoded = json_string_value(json_object_get(entry, "auth"));
	bt_auto_str struct bt_str plain = { 0 };
	char *colon;

	if (token && *token) {
		*ret = json_pack("{s:s, s:s}", "identitytoken", token, "serveraddress", key);
		return *ret ? 0 : bt_err_sys(err, -ENOMEM, "credentials");
	}
	if (!encoded || !*encoded) {
		*ret = json_null();
		return 0;
	}
	if (bt_base64_decode(&plain, encoded) < 0 || !plain.p || !(colon = strchr(plain.p, ':')))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid auth configuration file: credentials of %s", key);
	*colon = '\0';
	*ret = json_pack("{s:s, s:s, s:s}", "username", plain.p, "password", colon + 1,
			 "serveraddress", key);
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "credentials");
}

/* The file may have a registry with its scheme and path. */
static const json_t *entry_of(const struct bt_config *config, const char *key)
{
	json_t *auths = json_object_get(config->json, "auths"), *value;
	const json_t *exact = json_object_get(auths, key);
	const char *name;

	if (exact)
		return exact;
	json_object_foreach (auths, name, value) {
		const char *host = strstr(name, "://") ? strstr(name, "://") + 3 : name;
		size_t len = strcspn(host, "/");

		if (strlen(key) == len && strncmp(host, key, len) == 0)
			return value;
	}
	return NULL;
}

int bt_auth_get(const struct bt_config *config, const char *key, json_t **ret, struct bt_err *err)
{
	const char *helper = helper_of(config, key);

	if (helper)
		return from_helper(helper, key, ret, err);
	return from_file(entry_of(config, key), key, ret, err);
}

static int store_in_helper(const char *helper, const char *key, const json_t *auth,
			   struct bt_err *err)
{
	bt_auto_free char *answer = NULL;
	bt_auto_free char *input = NULL;
	const char *token = json_string_value(json_object_get(auth, "identitytoken"));
	const char *user = json_string_value(json_object_get(auth, "username"));
	const char *password = json_string_value(json_object_get(auth, "password"));
	json_auto_t *json = json_pack("{s:s, s:s, s:s}", "ServerURL", key, "Username",
				      token  ? TOKEN_USER
				      : user ? user
					     : "",
				      "Secret",
				      token      ? token
				      : password ? password
						 : "");

	if (!auth)
		return call_helper(helper, "erase", key, &answer, err);
	input = json_dumps(json, JSON_COMPACT);
	return input ? call_helper(helper, "store", input, &answer, err)
		     : bt_err_sys(err, -ENOMEM, "credentials");
}

int bt_auth_set(struct bt_config *config, const char *key, const json_t *auth, struct bt_err *err)
{
	const char *helper = helper_of(config, key);
	json_t *auths = json_object_get(config->json, "auths"), *entry;
	const char *token = json_string_value(json_object_get(auth, "identitytoken"));
	bt_auto_str struct bt_str plain = { 0 };
	bt_auto_str struct bt_str encoded = { 0 };
	int r;

	if (!auths) {
		auths = json_object();
		(void)json_object_set_new(config->json, "auths", auths);
	}
	if (!auth)
		(void)json_object_del(auths, key);
	if (helper) {
		r = store_in_helper(helper, key, auth, err);
		if (r < 0)
			return r;
		if (auth)
			(void)json_object_set_new(auths, key, json_object());
		return bt_config_save(config, err);
	}
	if (auth) {
		entry = json_object();
		bt_str_printf(&plain, "%s:%s", json_string_value(json_object_get(auth, "username")),
			      token ? "" : json_string_value(json_object_get(auth, "password")));
		bt_base64_encode(&encoded, bt_str_get(&plain), plain.len, false);
		(void)json_object_set_new(entry, "auth", json_string(bt_str_get(&encoded)));
		if (token)
			(void)json_object_set_new(entry, "identitytoken", json_string(token));
		(void)json_object_set_new(auths, key, entry);
	}
	return bt_config_save(config, err);
}

int bt_auth_header(const struct bt_config *config, const char *image, struct bt_str *ret,
		   struct bt_err *err)
{
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	json_auto_t *auth = NULL;
	bt_auto_free char *text = NULL;
	int r = bt_image_ref_parse(image, &ref, err);

	if (r == 0)
		r = bt_auth_get(config, bt_auth_key(ref.domain), &auth, err);
	if (r < 0)
		return r;
	text = json_is_object(auth) ? json_dumps(auth, JSON_COMPACT) : strdup("{}");
	if (!text)
		return bt_err_sys(err, -ENOMEM, "credentials");
	bt_str_puts(ret, "X-Registry-Auth: ");
	bt_base64_encode(ret, text, strlen(text), true);
	bt_str_puts(ret, "\r\n");
	return 0;
}
