/* SPDX-License-Identifier: Apache-2.0 */

/* Names of signals and capabilities. */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/capability.h"
#include "codec/signal_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bt_auto_free char *text = strndup((const char *)data, size);
	char name[BT_SIGNAL_NAME_LEN];
	int n;

	if (!text)
		return 0;
	n = bt_signal_name_parse(text);
	if (n == 0 || n > 64)
		abort();
	if (n > 0) {
		bt_signal_name_print(n, name);
		if (bt_signal_name_parse(name) != n)
			abort();
	}
	n = bt_capability_parse_lenient(text);
	if (n >= 0 && bt_capability_parse(bt_capability_name(n)) != n)
		abort();
	if (bt_capability_parse(text) >= 0 && bt_capability_parse(text) != n)
		abort();
	return 0;
}
