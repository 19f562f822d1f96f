/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/filters.h"

static const char *label(const void *arg, const char *key)
{
	(void)arg;
	return key[0] == 'a' ? "b" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const known[] = { "label", "name", "status", NULL };
	bt_auto_free char *text = strndup((const char *)data, size);
	struct bt_filters *filters = NULL;
	struct bt_err err = { 0 };
	bool value;

	if (!text || bt_filters_parse(text, &filters, &err) < 0) {
		if (filters)
			abort();
		return 0;
	}
	(void)!bt_filters_only(filters, known, &err);
	(void)bt_filters_labels(filters, "label", label, NULL);
	(void)bt_filters_match(filters, "name", "aaaaaaaaaaaaaaaaaaaaaaaa");
	if (!bt_filters_has(filters, "status") && !bt_filters_exact(filters, "status", "running"))
		abort();
	(void)!bt_filters_bool(filters, "dangling", &value, &err);
	bt_filters_destroy(filters);
	return 0;
}
