/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/container.h"
#include "engine/container_files.h"
#include "engine/engine_private.h"
#include "engine/jget.h"

#define NAME     "config.v2.json"
#define NEW_NAME NAME ".new"

static char *make_text(const struct bt_container *c)
{
	bt_auto_free char *name = bt_str_format("/%s", c->name);
	char created[BT_TIME_RFC3339_LEN];
	json_auto_t *json = NULL;

	bt_time_rfc3339(c->created_ns, created);
	json = json_pack("{s:s,s:s,s:s,s:s}", "ID", c->id, "Name", name ? name : "", "Created",
			 created, "Image", c->image_id ? c->image_id : "");
	return json ? bt_jget_dump(json) : NULL;
}

int bt_config_file_write(const struct bt_container *c, struct bt_err *err)
{
	bt_auto_free char *dir = bt_container_files_path(c->engine, c->id, NULL);
	bt_auto_free char *text = make_text(c);
	bt_auto_close int fd = dir ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	int r;

	if (!dir || !text)
		return bt_err_sys(err, -ENOMEM, "write " NAME);
	if (fd < 0)
		return bt_err_sys(err, -errno, "open %s", dir);
	/* Whoever reads it meanwhile reads the old one or the new one whole. */
	r = bt_io_create_file(fd, NEW_NAME, 0600, text, strlen(text));
	if (r == 0 && renameat(fd, NEW_NAME, fd, NAME) < 0)
		r = -errno;
	return r < 0 ? bt_err_sys(err, r, "write %s/" NAME, dir) : 0;
}
