/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>

#include "codec/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_auto_t *json = NULL;
	struct bt_err err = { 0 };

	if (bt_toml_parse((const char *)data, size, &json, &err) < 0) {
		if (err.kind == BT_ERR_NONE || json)
			abort();
	} else if (!json_is_object(json)) {
		abort();
	}
	return 0;
}
