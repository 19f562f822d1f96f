/* SPDX-License-Identifier: Apache-2.0 */

#include "store/schema.h"

#include <check.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sqlite3 *db;

static void open_db(void)
{
	ck_assert_int_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
}

static void close_db(void)
{
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static void run(const char *sql)
{
	char *why = NULL;

	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s: %s", sql,
		      why ? why : "");
}

/* The first column of the first row, as text. */
static void expect(const char *sql, const char *want)
{
	sqlite3_stmt *stmt = NULL;

	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK, "%s: %s", sql,
		      sqlite3_errmsg(db));
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
	ck_assert_str_eq((const char *)sqlite3_column_text(stmt, 0), want);
	sqlite3_finalize(stmt);
}

static void migrate(void)
{
	struct bt_err err = { 0 };

	ck_assert_msg(bt_schema_migrate(db, &err) == 0, "%s", err.msg);
}

/* What of a database of version 1 the way to version 2 touches, as berth 0.1 wrote it. */
static void make_version_1(void)
{
	run("CREATE TABLE containers (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
	    " created INTEGER NOT NULL, image_id TEXT, config TEXT NOT NULL,"
	    " host_config TEXT NOT NULL, networking TEXT NOT NULL, state TEXT NOT NULL,"
	    " summary TEXT NOT NULL DEFAULT '{}', journal_seq INTEGER NOT NULL DEFAULT 0)"
	    " WITHOUT ROWID;"
	    "CREATE INDEX containers_image ON containers (image_id);"
	    "PRAGMA user_version = 1");
}

START_TEST(a_new_file_gets_this_version)
{
	char want[16];

	migrate();
	(void)snprintf(want, sizeof(want), "%d", BT_SCHEMA_VERSION);
	expect("PRAGMA user_version", want);
	expect("SELECT count(*) FROM containers", "0");
	expect("SELECT count(*) FROM container_settings", "0");
}
END_TEST

START_TEST(a_second_migration_changes_nothing)
{
	migrate();
	run("INSERT INTO containers (id, name, created, state) VALUES ('a', 'web', 1, '{}')");
	migrate();
	expect("SELECT name FROM containers", "web");
}
END_TEST

START_TEST(containers_of_version_1_keep_every_column)
{
	make_version_1();
	run("INSERT INTO containers VALUES ('a', 'web', 7, 'sha256:1', 'C', 'H', 'N', 'S', 'M', 9)");
	run("INSERT INTO containers VALUES ('b', 'db', 8, NULL, 'c', 'h', 'n', 's', 'm', 0)");
	migrate();
	expect("SELECT count(*) FROM containers", "2");
	expect("SELECT name || created || image_id || state || summary || journal_seq"
	       " FROM containers WHERE id = 'a'",
	       "web7sha256:1SM9");
	expect("SELECT config || host_config || networking FROM container_settings"
	       " WHERE container_id = 'a'",
	       "CHN");
	expect("SELECT state || (image_id IS NULL) FROM containers WHERE name = 'db'", "s1");
	expect("SELECT config FROM container_settings WHERE container_id = 'b'", "c");
}
END_TEST

START_TEST(names_and_ids_stay_unique_after_the_migration)
{
	make_version_1();
	run("INSERT INTO containers VALUES ('a', 'web', 7, 'i', 'C', 'H', 'N', 'S', 'M', 9)");
	migrate();
	ck_assert_int_eq(sqlite3_exec(db,
				      "INSERT INTO containers (id, name, created, state)"
				      " VALUES ('b', 'web', 1, '')",
				      NULL, NULL, NULL),
			 SQLITE_CONSTRAINT);
	ck_assert_int_eq(sqlite3_exec(db,
				      "INSERT INTO containers (id, name, created, state)"
				      " VALUES ('a', 'other', 1, '')",
				      NULL, NULL, NULL),
			 SQLITE_CONSTRAINT);
}
END_TEST

START_TEST(a_migration_that_fails_leaves_the_file_as_it_was)
{
	struct bt_err err = { 0 };

	/* There is no table to migrate. */
	run("PRAGMA user_version = 1; CREATE TABLE other (x TEXT); INSERT INTO other VALUES ('y')");
	ck_assert_int_lt(bt_schema_migrate(db, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "migrate the database"));
	expect("PRAGMA user_version", "1");
	expect("SELECT x FROM other", "y");
	expect("SELECT count(*) FROM sqlite_master", "1");
}
END_TEST

START_TEST(a_newer_version_is_refused_in_words)
{
	struct bt_err err = { 0 };

	run("PRAGMA user_version = 1000");
	ck_assert_int_eq(bt_schema_migrate(db, &err), -EPROTO);
	ck_assert_int_eq(err.kind, BT_ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.msg, "version 1000"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/schema");
	TCase *tests = tcase_create("schema");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, open_db, close_db);
	tcase_add_test(tests, a_new_file_gets_this_version);
	tcase_add_test(tests, a_second_migration_changes_nothing);
	tcase_add_test(tests, containers_of_version_1_keep_every_column);
	tcase_add_test(tests, names_and_ids_stay_unique_after_the_migration);
	tcase_add_test(tests, a_migration_that_fails_leaves_the_file_as_it_was);
	tcase_add_test(tests, a_newer_version_is_refused_in_words);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
