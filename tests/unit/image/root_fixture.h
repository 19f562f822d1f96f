/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_ROOT_FIXTURE_H
#define BT_TESTS_ROOT_FIXTURE_H

/*
 * A data root of the test's own with real stores in it: database, layers, images.
 */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "image/images.h"
#include "image/images_private.h"
#include "image/tar_writer.h"

static char root[] = "/tmp/test_image.XXXXXX";
static struct bt_db *db;
static struct bt_layers *layers;
static struct bt_images *images;
static struct bt_err err;

static inline void open_stores(const char *at)
{
	ck_well(bt_db_open(at, &db, &err), &err);
	ck_well(bt_layers_open(at, db, &layers, &err), &err);
	ck_well(bt_images_open(at, db, layers, &images, &err), &err);
}

static inline void close_stores(void)
{
	bt_images_close(bt_take(images));
	bt_layers_close(bt_take(layers));
	bt_db_close(bt_take(db));
}

static inline void setup_root(void)
{
	ck_assert_ptr_nonnull(mkdtemp(root));
	open_stores(root);
}

static inline void teardown_root(void)
{
	close_stores();
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, root), 0);
}

static inline int add_to_str(void *arg, const void *data, size_t len)
{
	bt_str_add(arg, data, len);
	return ((struct bt_str *)arg)->failed;
}

/** An archive with one file, `name` with `text` in it. */
static inline void make_tar(struct bt_str *ret, const char *name, const char *text)
{
	struct bt_tar_writer w = { .fn = add_to_str, .arg = ret };

	ck_assert_int_eq(bt_tar_writer_file(&w, name, text, strlen(text)), 0);
	ck_assert_int_eq(bt_tar_writer_finish(&w), 0);
}

/** How many rows the query counts. */
static inline int64_t count_rows(const char *query)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };

	ck_well(bt_db_prepare(db, &q, &err, query), &err);
	ck_assert_int_eq(bt_db_step(&q, &err), 1);
	return bt_db_int(&q, 0);
}

#endif
