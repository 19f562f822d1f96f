/* SPDX-License-Identifier: Apache-2.0 */

#include "api/tls.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "api/config.h"
#include "base/auto.h"
#include "base/io.h"

#define PEM_MAX (1u << 20)

static int load(const char *path, const char *what, char **ret, struct bt_err *err)
{
	int r = bt_io_read_file(AT_FDCWD, path, PEM_MAX, ret, NULL);

	return r < 0 ? bt_err_sys(err, r, "read the TLS %s %s", what, path) : 0;
}

int bt_tls_load(const struct bt_config *config, struct bt_tls *ret, struct bt_err *err)
{
	struct bt_tls tls = { 0 };
	int r = load(config->tls_cert, "certificate", &tls.cert, err);

	if (r == 0)
		r = load(config->tls_key, "key", &tls.key, err);
	if (r == 0 && config->tls_verify)
		r = load(config->tls_ca, "authority", &tls.ca, err);
	if (r < 0) {
		bt_tls_done(&tls);
		return r;
	}
	tls.server = (struct bt_server_tls){ .cert = tls.cert, .key = tls.key, .ca = tls.ca };
	*ret = tls;
	return 0;
}

void bt_tls_done(struct bt_tls *tls)
{
	if (tls->key)
		explicit_bzero(tls->key, strlen(tls->key));
	free(tls->cert);
	free(tls->key);
	free(tls->ca);
	*tls = (struct bt_tls){ 0 };
}
