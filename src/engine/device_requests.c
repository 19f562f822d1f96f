/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/device_requests.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "engine/cdi.h"
#include "engine/jget.h"

/* Words, and lists of words in brackets. */
static void print_list(const json_t *list, const char *between, struct bt_str *out)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		bt_str_puts(out, i > 0 ? between : "");
		if (json_is_string(item)) {
			bt_str_puts(out, json_string_value(item));
			continue;
		}
		bt_str_puts(out, "[");
		for (size_t k = 0; k < json_array_size(item); k++)
			bt_str_printf(out, "%s%s", k > 0 ? " " : "",
				      json_string_value(json_array_get(item, k)));
		bt_str_puts(out, "]");
	}
}

int bt_device_requests_apply(const json_t *hc, const json_t *cdi_dirs, json_t *spec,
			     struct bt_err *err)
{
	bt_auto_str struct bt_str what = { .max = 200 };
	const json_t *request;
	size_t i;

	json_array_foreach (json_object_get(hc, "DeviceRequests"), i, request) {
		const char *driver = bt_jget_text(request, "Driver");
		int r;

		if (strcmp(driver, "cdi") != 0) {
			print_list(json_object_get(request, "Capabilities"), " ", &what);
			return bt_err_set(err, BT_ERR_SYSTEM, ENODEV,
					  "could not select device driver \"%.100s\" with "
					  "capabilities: [%.200s]",
					  driver, bt_str_get(&what));
		}
		r = bt_cdi_inject(cdi_dirs, json_object_get(request, "DeviceIDs"), spec, err);
		if (r < 0)
			return r;
	}
	return 0;
}
