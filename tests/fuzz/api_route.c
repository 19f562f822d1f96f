/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "api/request.h"
#include "base/auto.h"

static int handler(struct bt_request *req, struct bt_err *err)
{
	(void)req;
	(void)err;
	return 0;
}

/* A request line's target, as far as it goes before the HTTP library is needed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bt_route routes[] = {
		{ BT_METHOD_GET, "/images/json", BT_BODY_IGNORED, handler },
		{ BT_METHOD_GET, "/images/*/json", BT_BODY_IGNORED, handler },
		{ BT_METHOD_GET, "/*", BT_BODY_IGNORED, handler },
	};
	bt_auto_free char *text = strndup((const char *)data, size);
	struct bt_request *req = text ? bt_request_create(NULL, text) : NULL;
	struct bt_err err = { 0 };
	const char *version, *rest, *name;
	size_t version_len, name_len;
	unsigned minor;

	if (!req || req->refused.kind != BT_ERR_NONE) {
		bt_request_destroy(req);
		return 0;
	}
	rest = bt_route_split_version(req->path, &version, &version_len);
	if (version && bt_route_check_version(version, version_len, &minor, &err) == 0 &&
	    (minor < BT_ROUTE_VERSION_MIN || minor > BT_ROUTE_VERSION_MAX))
		abort();
	if (bt_route_find(routes, 3, BT_METHOD_GET, rest, &name, &name_len) && name &&
	    (name < rest || name + name_len > rest + strlen(rest) || name_len == 0))
		abort();
	bt_request_destroy(req);
	return 0;
}
