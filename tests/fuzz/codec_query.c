/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bt_auto_query struct bt_query query = { 0 };
	bt_auto_free char *text = strndup((const char *)data, size);
	struct bt_err err = { 0 };
	int64_t n = 0;

	if (!text)
		return 0;
	if (bt_query_parse(text, &query, &err) < 0) {
		if (err.kind == BT_ERR_NONE || err.msg[0] == '\0')
			abort();
		return 0;
	}
	for (size_t i = 0; i < query.n; i++) {
		const char *name = query.params[i].name;

		if (!bt_query_get(&query, name))
			abort();
		(void)bt_query_bool(&query, name, false);
		if (bt_query_i64(&query, name, 0, &n, &err) < 0 && err.kind != BT_ERR_INVALID)
			abort();
	}
	return 0;
}
