/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "image/load.h"
#include "image_store.h"

static int ignore(void *arg, const json_t *message)
{
	(void)arg;
	(void)message;
	return 0;
}

/* What `load` is given, Docker's archive or an OCI layout: it is refused with a message, or an
 * image is here. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_progress progress = { .fn = ignore };
	struct bt_err err = { 0 };
	bt_auto_close int fd = memfd_create("archive", MFD_CLOEXEC);

	if (!images)
		open_image_store();
	if (fd < 0 || bt_io_write_all(fd, data, size) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	if (bt_load(images, fd, NULL, true, &progress, &err) < 0) {
		if (err.kind == BT_ERR_NONE || err.msg[0] == '\0')
			abort();
	} else if (bt_images_count(images) <= 0) {
		abort();
	}
	return 0;
}
