/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/image_ref.h"

/* The whole name, written out, is the same reference again. */
static void check_again(const struct bt_image_ref *ref)
{
	bt_auto_free char *text = bt_str_format(
		"%s/%s%s%s%s%s", ref->domain, ref->path, ref->tag ? ":" : "",
		ref->tag ? ref->tag : "", ref->digest ? "@" : "", ref->digest ? ref->digest : "");
	bt_auto_image_ref struct bt_image_ref again = { 0 };
	struct bt_err err = { 0 };

	if (text && bt_image_ref_parse(text, &again, &err) == 0 &&
	    (!bt_str_eq(again.domain, ref->domain) || !bt_str_eq(again.path, ref->path) ||
	     !bt_str_eq(again.tag, ref->tag) || !bt_str_eq(again.digest, ref->digest)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	bt_auto_free char *text = strndup((const char *)data, size);
	struct bt_err err = { 0 };

	if (!text)
		return 0;
	if (bt_image_ref_parse(text, &ref, &err) == 0) {
		if (!ref.domain || !ref.path)
			abort();
		check_again(&ref);
	} else if (err.kind == BT_ERR_NONE || err.msg[0] == '\0') {
		abort();
	}
	return 0;
}
