/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "image/load.h"

/* One store for all inputs, removed at the end: opening one takes longer than a load. */
static char in_memory[] = "/dev/shm/fuzz_load.XXXXXX", on_disk[] = "/tmp/fuzz_load.XXXXXX";
static char *top;
static struct bt_db *db;
static struct bt_layers *layers;
static struct bt_images *images;

static void close_store(void)
{
	bt_images_close(images);
	bt_layers_close(layers);
	bt_db_close(db);
	if (bt_io_remove_tree(AT_FDCWD, top) < 0)
		abort();
}

static void open_store(void)
{
	struct bt_err err = { 0 };

	top = mkdtemp(in_memory);
	if (!top)
		top = mkdtemp(on_disk);
	if (!top || bt_db_open(top, &db, &err) < 0 || bt_layers_open(top, db, &layers, &err) < 0 ||
	    bt_images_open(top, db, layers, &images, &err) < 0 || atexit(close_store) != 0)
		abort();
}

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
		open_store();
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
