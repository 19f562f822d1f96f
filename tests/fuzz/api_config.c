/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/config.h"
#include "base/auto.h"
#include "base/io.h"

/* A daemon.json. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bt_auto_close int fd = bt_io_memfd("daemon.json", data, size);
	bt_auto_config struct bt_config config = { 0 };
	bt_auto_free char *warnings = NULL;
	char program[] = "dockerd", flag[] = "--config-file", path[32];
	char *argv[] = { program, flag, path, NULL };
	struct bt_err err = { 0 };

	if (fd < 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (bt_config_load(3, argv, &config, &warnings, &err) < 0) {
		if (err.kind == BT_ERR_NONE)
			abort();
		return 0;
	}
	if (!config.data_root || !config.exec_root || !config.bridge)
		abort();
	return 0;
}
