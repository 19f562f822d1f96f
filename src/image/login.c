/* SPDX-License-Identifier: Apache-2.0 */

#include "image/login.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"
#include "image/images_private.h"
#include "registry/session.h"

/* "https://index.docker.io/v1/", "localhost:5000", "https://reg.example": the domain (owned). */
static char *domain_of(const char *address)
{
	const char *rest = bt_str_after(address, "https://");
	char *domain;

	if (!rest)
		rest = bt_str_after(address, "http://");
	if (!rest)
		rest = address;
	domain = strndup(rest, strcspn(rest, "/"));
	if (domain && (domain[0] == '\0' || strcmp(domain, "index.docker.io") == 0)) {
		free(domain);
		domain = strdup("docker.io");
	}
	return domain;
}

int bt_login(struct bt_images *images, const json_t *auth, json_t **ret, struct bt_err *err)
{
	bt_auto_free char *domain = domain_of(bt_json_str(auth, "serveraddress", ""));
	bt_auto(bt_credentials_done) struct bt_credentials credentials = { 0 };
	bt_auto(bt_settings_done) struct bt_settings settings = { 0 };
	struct bt_session *session = NULL;
	int r;

	if (!domain || bt_credentials_from_json(auth, &credentials) < 0)
		return bt_err_sys(err, -ENOMEM, "log in");
	r = bt_images_settings_(images, &settings, err);
	if (r < 0)
		return r;
	r = bt_session_open(&(struct bt_session_target){ .domain = domain,
							 .path = "",
							 .no_mirrors = true,
							 .settings = &settings,
							 .credentials = &credentials },
			    &session, err);
	if (r == 0)
		r = bt_session_check(session, err);
	bt_session_destroy(session);
	if (r < 0)
		return r;
	*ret = json_pack("{ssss}", "Status", "Login Succeeded", "IdentityToken", "");
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "log in");
}
