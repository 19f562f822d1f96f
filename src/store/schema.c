/* SPDX-License-Identifier: Apache-2.0 */

#include "store/schema.h"

#include <errno.h>
#include <sqlite3.h>
#include <stddef.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/*
 * layers.refs counts images, writable layers and layers that lie on top; it is counted anew at
 * each start (store/layers.c), so that a crash cannot falsify it. A layer's state is 0 while its
 * directory is being filled, 1 when it is complete, 2 when it is being removed.
 */
static const char V1[] =
	"CREATE TABLE containers ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  name TEXT NOT NULL UNIQUE,"
	"  created INTEGER NOT NULL,"
	"  image_id TEXT,"
	"  config TEXT NOT NULL,"
	"  host_config TEXT NOT NULL,"
	"  networking TEXT NOT NULL,"
	"  state TEXT NOT NULL,"
	"  summary TEXT NOT NULL DEFAULT '{}'," /* what lists and events tell of the configuration
						 */
	"  journal_seq INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
	"CREATE INDEX containers_image ON containers (image_id);"
	"CREATE TABLE networks ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  name TEXT NOT NULL UNIQUE,"
	"  created INTEGER NOT NULL,"
	"  config TEXT NOT NULL);"
	"CREATE TABLE endpoints ("
	"  network_id TEXT NOT NULL,"
	"  container_id TEXT NOT NULL,"
	"  address INTEGER,"
	"  config TEXT NOT NULL,"
	"  PRIMARY KEY (network_id, container_id));"
	"CREATE UNIQUE INDEX endpoints_address ON endpoints (network_id, address);"
	"CREATE INDEX endpoints_container ON endpoints (container_id);"
	"CREATE TABLE volumes ("
	"  name TEXT NOT NULL PRIMARY KEY,"
	"  created INTEGER NOT NULL,"
	"  driver TEXT NOT NULL,"
	"  config TEXT NOT NULL);"
	"CREATE TABLE images ("
	"  id TEXT NOT NULL PRIMARY KEY," /* digest of the bytes in `config` */
	"  created INTEGER NOT NULL,"
	"  parent TEXT," /* id of the image it was committed or built on */
	"  chain_id TEXT,"
	"  size INTEGER NOT NULL," /* of all its layers, unpacked */
	"  last_tagged INTEGER NOT NULL DEFAULT 0,"
	"  config TEXT NOT NULL);" /* byte for byte, for its digest is the id */
	"CREATE INDEX images_chain ON images (chain_id);"
	"CREATE INDEX images_parent ON images (parent);"
	"CREATE TABLE image_names ("
	"  repo TEXT NOT NULL," /* in full: docker.io/library/alpine */
	"  tag TEXT NOT NULL,"  /* a tag, or a digest: sha256:… */
	"  image_id TEXT NOT NULL,"
	"  PRIMARY KEY (repo, tag)) WITHOUT ROWID;"
	"CREATE INDEX image_names_image ON image_names (image_id);"
	"CREATE TABLE layers ("
	"  chain_id TEXT NOT NULL PRIMARY KEY,"
	"  diff_id TEXT NOT NULL,"
	"  parent TEXT,"
	"  cache_id TEXT NOT NULL UNIQUE," /* its directory below overlay2 */
	"  size INTEGER NOT NULL,"
	"  refs INTEGER NOT NULL,"
	"  state INTEGER NOT NULL);"
	"CREATE INDEX layers_parent ON layers (parent);"
	"CREATE TABLE rw_layers ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  chain_id TEXT,"
	"  state INTEGER NOT NULL);"
	"CREATE INDEX rw_layers_chain ON rw_layers (chain_id);"
	/* Where a layer was seen in a registry, so that it need not be sent or fetched again. */
	"CREATE TABLE blobs ("
	"  digest TEXT NOT NULL," /* as packed */
	"  repo TEXT NOT NULL,"
	"  diff_id TEXT NOT NULL,"
	"  media_type TEXT NOT NULL,"
	"  size INTEGER NOT NULL,"
	"  PRIMARY KEY (digest, repo)) WITHOUT ROWID;"
	"CREATE INDEX blobs_diff ON blobs (diff_id);";

/*
 * What a container was created with is several kilobytes, and changes hardly ever; it has a table
 * of its own, so that the row which every start and end rewrites, and which each start of the
 * daemon reads, is small. With a rowid: in a table without one a look-up compares whole rows, for
 * which those that reach beyond their page are fetched one by one.
 */
static const char V2[] =
	"CREATE TABLE container_settings ("
	"  container_id TEXT NOT NULL PRIMARY KEY,"
	"  config TEXT NOT NULL,"
	"  host_config TEXT NOT NULL,"
	"  networking TEXT NOT NULL);"
	"INSERT INTO container_settings"
	"  SELECT id, config, host_config, networking FROM containers;"
	"CREATE TABLE containers_2 ("
	"  id TEXT NOT NULL PRIMARY KEY,"
	"  name TEXT NOT NULL UNIQUE,"
	"  created INTEGER NOT NULL,"
	"  image_id TEXT,"
	"  journal_seq INTEGER NOT NULL DEFAULT 0,"
	"  state TEXT NOT NULL,"
	"  summary TEXT NOT NULL DEFAULT '{}');"
	"INSERT INTO containers_2"
	"  SELECT id, name, created, image_id, journal_seq, state, summary FROM containers;"
	"DROP TABLE containers;"
	"ALTER TABLE containers_2 RENAME TO containers;"
	"CREATE INDEX containers_image ON containers (image_id);";

/* steps[i] leads from version i to i + 1. */
static const char *const steps[] = { V1, V2 };

_Static_assert(ARRAY_LEN(steps) == BT_SCHEMA_VERSION, "one step for each version");

static int fail(sqlite3 *db, struct bt_err *err, const char *what)
{
	return bt_err_set(err, BT_ERR_SYSTEM, EIO, "%s: %s", what, sqlite3_errmsg(db));
}

static int read_version(sqlite3 *db, int *ret, struct bt_err *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW ? 0 : fail(db, err, "read the database's version");
}

static int run_steps(sqlite3 *db, int from, struct bt_err *err)
{
	char set[48];

	for (size_t i = (size_t)from; i < ARRAY_LEN(steps); i++)
		if (sqlite3_exec(db, steps[i], NULL, NULL, NULL) != SQLITE_OK)
			return fail(db, err, "migrate the database");
	sqlite3_snprintf(sizeof(set), set, "PRAGMA user_version = %d", BT_SCHEMA_VERSION);
	if (sqlite3_exec(db, set, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		return fail(db, err, "migrate the database");
	return 0;
}

int bt_schema_migrate(struct sqlite3 *db, struct bt_err *err)
{
	int version = 0, r;

	r = read_version(db, &version, err);
	if (r < 0 || version == BT_SCHEMA_VERSION)
		return r;
	if (version > BT_SCHEMA_VERSION || version < 0)
		return bt_err_set(err, BT_ERR_CONFLICT, EPROTO,
				  "the database has version %d, this berth knows versions up to "
				  "%d: use the newer berth that wrote it",
				  version, BT_SCHEMA_VERSION);
	if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return fail(db, err, "migrate the database");
	r = run_steps(db, version, err);
	if (r < 0)
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}
