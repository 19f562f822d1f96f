/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/go_template.h"

static const char sample[] =
	"{\"Name\":\"web\",\"Pid\":42,\"Up\":true,\"None\":null,\"Tags\":[\"a\",\"b\"],"
	"\"State\":{\"Status\":\"running\"}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bt_auto_free char *text = strndup((const char *)data, size);
	bt_auto_go_template struct bt_go_template *t = NULL;
	bt_auto_str struct bt_str out = { .max = 1u << 20 };
	json_auto_t *dot = json_loads(sample, 0, NULL);
	struct bt_go_template_data values = { .dot = dot, .type = "T", .strict = size & 1 };
	struct bt_err err = { 0 };

	if (!text || !dot)
		return 0;
	if (bt_go_template_parse(text, &t, &err) < 0) {
		if (!err.msg[0])
			abort();
		return 0;
	}
	if (bt_go_template_execute(t, &values, &out, &err) < 0 && !err.msg[0])
		abort();
	return 0;
}
