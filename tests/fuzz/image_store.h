/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_IMAGE_STORE_H
#define BT_TESTS_IMAGE_STORE_H

/*
 * A store of images for a fuzz target: one for all inputs, removed at the end, since opening one
 * takes longer than most inputs.
 */

#include <fcntl.h>
#include <stdlib.h>

#include "base/io.h"
#include "image/images.h"
#include "store/db.h"

static char *image_store_dir;
static struct bt_db *db;
static struct bt_layers *layers;
static struct bt_images *images;

static void close_image_store(void)
{
	bt_images_close(images);
	bt_layers_close(layers);
	bt_db_close(db);
	if (bt_io_remove_tree(AT_FDCWD, image_store_dir) < 0)
		abort();
}

/** Open it, in memory where there is such a place. */
static void open_image_store(void)
{
	static char in_memory[] = "/dev/shm/fuzz_images.XXXXXX",
		    on_disk[] = "/tmp/fuzz_images.XXXXXX";
	struct bt_err err = { 0 };
	char *dir = mkdtemp(in_memory);

	if (!dir)
		dir = mkdtemp(on_disk);
	image_store_dir = dir;
	if (!dir || bt_db_open(dir, &db, &err) < 0 || bt_layers_open(dir, db, &layers, &err) < 0 ||
	    bt_images_open(dir, db, layers, &images, &err) < 0 || atexit(close_image_store) != 0)
		abort();
}

#endif
