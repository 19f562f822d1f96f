/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/context_default.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"
#include "client/context.h"

int bt_context_default_add_file(json_t *tls, const char *name, const char *path, struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	size_t len;
	int r;

	if (!path)
		return 0;
	r = bt_io_read_file(AT_FDCWD, path, BT_CONTEXT_FILE_MAX, &text, &len);
	if (r == -ENOENT)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
				  "open %s: no such file or directory", path);
	if (r < 0)
		return bt_err_sys(err, r, "open %s", path);
	(void)json_object_set_new(tls, name, json_stringn_nocheck(text, len));
	return 0;
}

static int default_tls(const struct bt_endpoint *ep, json_t **ret, struct bt_err *err)
{
	json_auto_t *tls = json_object();
	int r = bt_context_default_add_file(tls, "ca.pem", ep->tls.ca, err);

	if (r == 0)
		r = bt_context_default_add_file(tls, "cert.pem", ep->tls.cert, err);
	if (r == 0)
		r = bt_context_default_add_file(tls, "key.pem", ep->tls.key, err);
	if (r == 0)
		*ret = bt_take(tls);
	return r;
}

/* What the environment and the flags say, whatever context is in use. */
static int get_default(struct bt_cli *cli, json_t **ret_meta, json_t **ret_tls, struct bt_err *err)
{
	struct bt_endpoint ep = { 0 };
	bool known = strcmp(bt_cli_context(cli), "default") == 0 &&
		     bt_cli_endpoint(cli, &ep, BT_ERR_IGNORED) == 0;
	json_auto_t *tls = NULL;
	int r = default_tls(&ep, &tls, err);

	if (r == 0) {
		*ret_meta = json_pack("{s:s, s:{}, s:{s:{s:s, s:b}}}", "Name", "default",
				      "Metadata", "Endpoints", "docker", "Host",
				      known ? ep.url : "unix:///var/run/docker.sock",
				      "SkipTLSVerify", ep.tls.enabled && !ep.tls.verify);
		if (ret_tls)
			*ret_tls = bt_take(tls);
	}
	bt_endpoint_done(&ep);
	return r;
}

int bt_context_default_get(struct bt_cli *cli, const char *name, json_t **ret_meta,
			   json_t **ret_tls, struct bt_err *err)
{
	json_auto_t *meta = NULL;
	int r;

	if (strcmp(name, "default") == 0)
		return get_default(cli, ret_meta, ret_tls, err);
	r = bt_context_get(&cli->config, name, &meta, err);
	if (r == 0 && ret_tls)
		r = bt_context_tls(&cli->config, name, ret_tls, err);
	if (r == 0)
		*ret_meta = bt_take(meta);
	return r;
}
