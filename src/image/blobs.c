/* SPDX-License-Identifier: Apache-2.0 */

#include "image/blobs.h"

#include <stdio.h>

#include "image/images_private.h"

int bt_blobs_note(struct bt_images *images, const char *diff_id, const struct bt_blob *blob,
		  struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r;

	r = bt_db_prepare(images->db, &q, err,
			  "INSERT INTO blobs (digest, repo, diff_id, media_type, size) "
			  "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, blob->digest);
	bt_db_bind_text(&q, 2, blob->repo);
	bt_db_bind_text(&q, 3, diff_id);
	bt_db_bind_text(&q, 4, blob->media_type);
	bt_db_bind_int(&q, 5, blob->size);
	return bt_db_step(&q, err);
}

int bt_blobs_find(struct bt_images *images, const char *diff_id, const char *repo,
		  struct bt_blob *ret, int max, struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int n = 0, r;

	r = bt_db_prepare(images->db, &q, err,
			  "SELECT digest, media_type, repo, size FROM blobs WHERE diff_id = ?1 "
			  "ORDER BY repo <> ?2, repo LIMIT ?3");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, diff_id);
	bt_db_bind_text(&q, 2, repo);
	bt_db_bind_int(&q, 3, max);
	while (n < max && (r = bt_db_step(&q, err)) > 0) {
		struct bt_blob *b = &ret[n++];

		(void)snprintf(b->digest, sizeof(b->digest), "%s", bt_db_text(&q, 0));
		(void)snprintf(b->media_type, sizeof(b->media_type), "%s", bt_db_text(&q, 1));
		(void)snprintf(b->repo, sizeof(b->repo), "%s", bt_db_text(&q, 2));
		b->size = bt_db_int(&q, 3);
	}
	return r < 0 ? r : n;
}
