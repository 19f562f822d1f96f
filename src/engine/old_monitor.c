/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/old_monitor.h"

#include <stdbool.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "engine/container_files.h"
#include "engine/monitor_link.h"

/* Ten seconds. */
#define TRIES       1000
#define PAUSE_US    10000
#define QUICK_TRIES 20
#define QUICK_US    500

/* Does a monitor listen in `dir`, or has one that died? */
static bool has_socket(const char *dir)
{
	bt_auto_free char *path = dir ? bt_path_join(dir, "monitor.sock") : NULL;

	return path && access(path, F_OK) == 0;
}

void bt_old_monitor_leave(struct bt_container *c)
{
	bt_auto_free char *dir = bt_container_files_run_dir(c->engine, c->id);

	for (int i = 0; i < TRIES && has_socket(dir); i++) {
		bt_auto_link struct bt_link *link = bt_link_get(c);

		if (!link)
			return;
		(void)usleep(i < QUICK_TRIES ? QUICK_US : PAUSE_US);
	}
	bt_link_forget(c);
}
