/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "registry/hosts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bt_hosts_use use = { .dir = "/certs",
					  .server = "https://reg.example",
					  .push = size & 1,
					  .by_digest = size & 2 };
	struct bt_endpoint list[BT_HOSTS_MAX] = { 0 };
	struct bt_err err = { 0 };
	int n = bt_hosts_parse((const char *)data, size, &use, list, &err);

	if (n < 0 && err.kind == BT_ERR_NONE)
		abort();
	for (int i = 0; i < n; i++) {
		if (strncmp(list[i].api, list[i].base, strlen(list[i].base)) != 0 ||
		    strpbrk(list[i].base, " \r\n") || (use.push && list[i].mirror))
			abort();
		bt_endpoint_done(&list[i]);
	}
	return 0;
}
