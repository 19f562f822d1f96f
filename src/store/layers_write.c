/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "store/digest.h"
#include "store/layers_priv.h"
#include "store/skeleton_replay.h"

struct checked {
	bt_layers_write_fn fn;
	void *arg;
	struct bt_digest digest;
};

static int write_checked(void *arg, const void *data, size_t len)
{
	struct checked *c = arg;

	bt_digest_update(&c->digest, data, len);
	return c->fn(c->arg, data, len);
}

/* Open the directory of a layer, and say what its archive must hash to. */
static int open_layer(struct bt_layers *layers, const char *chain_id, char ret_diff_id[72],
		      struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int fd, r;

	r = bt_db_prepare(layers->db, &q, err,
			  "SELECT cache_id, diff_id FROM layers WHERE chain_id = ?1 AND state = 1");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, chain_id);
	r = bt_db_step(&q, err);
	if (r < 0)
		return r;
	if (r == 0)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "layer does not exist: %s",
				  chain_id);
	(void)snprintf(ret_diff_id, BT_DIGEST_SIZE, "%s", bt_db_text(&q, 1));
	fd = openat(layers->dirfd, bt_db_text(&q, 0), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? bt_err_sys(err, -errno, "open the layer %s", chain_id) : fd;
}

int bt_layers_write(struct bt_layers *layers, const char *chain_id, bt_layers_write_fn fn,
		    void *arg, struct bt_err *err)
{
	struct checked c = { .fn = fn, .arg = arg };
	char want[BT_DIGEST_SIZE], got[BT_DIGEST_SIZE];
	bt_auto_close int fd = open_layer(layers, chain_id, want, err);
	int r;

	if (fd < 0)
		return fd;
	bt_digest_init(&c.digest);
	r = bt_skeleton_replay(fd, write_checked, &c, err);
	if (r < 0)
		return r;
	bt_digest_text(&c.digest, got);
	if (strcmp(got, want) != 0)
		return bt_err_set(err, BT_ERR_SYSTEM, EBADMSG,
				  "the files of layer %s are not those that were unpacked", want);
	return 0;
}

int bt_layers_archive_size(struct bt_layers *layers, const char *chain_id, int64_t *ret,
			   struct bt_err *err)
{
	char diff_id[BT_DIGEST_SIZE];
	bt_auto_close int fd = open_layer(layers, chain_id, diff_id, err);

	return fd < 0 ? fd : bt_skeleton_size(fd, ret, err);
}
