/* SPDX-License-Identifier: Apache-2.0 */

#include "api/params.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/request.h"
#include "base/auto.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"

int bt_params_filters(const struct bt_request *req, struct bt_filters **ret, struct bt_err *err)
{
	return bt_filters_parse(bt_query_text(&req->query, "filters"), ret, err);
}

void bt_params_filters_auto(struct bt_filters **filters)
{
	bt_filters_destroy(*filters);
}

int bt_params_time(const struct bt_request *req, const char *name, int64_t *ret_ns,
		   struct bt_err *err)
{
	const char *text = bt_query_text(&req->query, name);
	int64_t ns = 0;

	if (text && bt_time_since_parse(text, &ns) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid value for \"%s\": %.64s",
				  name, text);
	*ret_ns = ns;
	return 0;
}

static int side_of(const struct bt_request *req, const char *name, const char *what, unsigned *ret,
		   struct bt_err *err)
{
	const char *text = bt_query_get(&req->query, name);
	unsigned long long n;
	int r = bt_str_to_u64(text ? text : "", &n);

	if (r == -ERANGE || (r == 0 && n > UINT16_MAX))
		return bt_err_set(err, BT_ERR_INVALID, ERANGE,
				  "invalid resize %s \"%.64s\": value out of range", what, text);
	if (r < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid resize %s \"%.64s\": invalid syntax", what,
				  text ? text : "");
	*ret = (unsigned)n;
	return 0;
}

int bt_params_size(const struct bt_request *req, unsigned *ret_rows, unsigned *ret_cols,
		   struct bt_err *err)
{
	unsigned rows = 0, cols = 0;
	int r = side_of(req, "h", "height", &rows, err);

	if (r == 0)
		r = side_of(req, "w", "width", &cols, err);
	if (r < 0)
		return r;
	*ret_rows = rows;
	*ret_cols = cols;
	return 0;
}

const char **bt_params_texts(const struct bt_request *req, const char *name)
{
	const char **texts = calloc(req->query.n + 1, sizeof(*texts));

	for (size_t i = 0; texts && i < req->query.n; i++) {
		texts[i] = bt_query_value(&req->query, name, i);
		if (!texts[i])
			break;
	}
	return texts;
}

int bt_params_platforms(const struct bt_request *req, const char *name, size_t i, char **ret,
			struct bt_err *err)
{
	const char *text = bt_query_value(&req->query, name, i), *os, *arch, *variant;
	json_auto_t *json = NULL;
	struct bt_err why = { 0 };

	*ret = NULL;
	if (!text || !*text)
		return 0;
	if (bt_json_parse(text, strlen(text), 0, &json, &why) < 0 || !json_is_object(json))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "failed to parse platform: %s",
				  why.msg[0] ? why.msg : "it is no JSON object");
	os = bt_json_str(json, "os", "");
	arch = bt_json_str(json, "architecture", "");
	variant = bt_json_str(json, "variant", "");
	if (!os[0] || !arch[0])
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "failed to parse platform: both OS and Architecture must be "
				  "provided");
	*ret = bt_str_format("%s/%s%s%s", os, arch, variant[0] ? "/" : "", variant);
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "parse platform");
}

int bt_params_platform(const struct bt_request *req, char **ret, struct bt_err *err)
{
	return bt_params_platforms(req, "platform", 0, ret, err);
}
