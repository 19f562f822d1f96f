/* SPDX-License-Identifier: Apache-2.0 */

#include "store/db.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "store/schema.h"

static char dir[] = "/tmp/test_db.XXXXXX";

static void make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void remove_dir(void)
{
	ck_assert_int_eq(bt_io_remove_tree(-1, dir), 0);
}

static struct bt_db *open_db(void)
{
	struct bt_db *db = NULL;
	struct bt_err err = { 0 };

	ck_assert_msg(bt_db_open(dir, &db, &err) == 0, "%s", err.msg);
	return db;
}

static int add_volume(struct bt_db *db, const char *name)
{
	struct bt_err err = { 0 };

	return bt_db_run(db, &err,
			 "INSERT INTO volumes (name, created, driver, config) "
			 "VALUES (?1, 1, 'local', ?2)",
			 2, name, "{}");
}

static int64_t count_volumes(struct bt_db *db)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_db_prepare(db, &q, &err, "SELECT count(*) FROM volumes"), 0);
	ck_assert_int_eq(bt_db_step(&q, &err), 1);
	return bt_db_int(&q, 0);
}

START_TEST(rows_survive_a_reopening_and_the_file_is_private)
{
	struct bt_db *db = open_db();
	char path[64];
	struct stat st;

	ck_assert_int_eq(add_volume(db, "a"), 0);
	bt_db_close(db);
	db = open_db();
	ck_assert_int_eq(count_volumes(db), 1);
	bt_db_close(db);
	(void)snprintf(path, sizeof(path), "%s/berth.db", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(a_second_daemon_is_refused)
{
	struct bt_db *db = open_db(), *second = NULL;
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_db_open(dir, &second, &err), -EBUSY);
	ck_assert_int_eq(err.kind, BT_ERR_CONFLICT);
	ck_assert_ptr_null(second);
	bt_db_close(db);
	bt_db_close(open_db());
}
END_TEST

/* What another program gets that looks into the file, as an operator's sqlite3(1) does. */
static int look_from_outside(void)
{
	char path[64];
	pid_t pid;
	int status;

	(void)snprintf(path, sizeof(path), "%s/berth.db", dir);
	pid = fork();
	if (pid == 0) {
		sqlite3 *raw = NULL;
		int rc = sqlite3_open(path, &raw);

		if (rc == SQLITE_OK)
			rc = sqlite3_exec(raw, "SELECT * FROM volumes", NULL, NULL, NULL);
		(void)sqlite3_close(raw);
		_exit(rc);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* It would put the log back and remove it, and what is written after that be lost. */
START_TEST(nobody_else_gets_into_a_database_that_is_in_use)
{
	struct bt_db *db = open_db();

	ck_assert_int_eq(add_volume(db, "a"), 0);
	ck_assert_int_eq(look_from_outside(), SQLITE_BUSY);
	bt_db_make_room(db);
	ck_assert_int_eq(look_from_outside(), SQLITE_BUSY);
	ck_assert_int_eq(add_volume(db, "b"), 0);
	bt_db_close(db);
	ck_assert_int_eq(look_from_outside(), SQLITE_OK);
	db = open_db();
	ck_assert_int_eq(count_volumes(db), 2);
	bt_db_close(db);
}
END_TEST

START_TEST(a_database_of_a_newer_version_is_refused_and_kept)
{
	struct bt_db *db = open_db();
	struct bt_err err = { 0 };
	sqlite3 *raw = NULL;
	char path[64];

	bt_db_close(db);
	(void)snprintf(path, sizeof(path), "%s/berth.db", dir);
	ck_assert_int_eq(sqlite3_open(path, &raw), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(raw, "PRAGMA user_version = 99", NULL, NULL, NULL), 0);
	sqlite3_close(raw);
	ck_assert_int_eq(bt_db_open(dir, &db, &err), -EPROTO);
	ck_assert_ptr_nonnull(strstr(err.msg, "version 99"));
	/* The lock is free again, and the version was not touched. */
	ck_assert_int_eq(bt_db_open(dir, &db, &err), -EPROTO);
}
END_TEST

START_TEST(a_file_that_is_no_database_is_an_error)
{
	struct bt_err err = { 0 };
	struct bt_db *db = NULL;
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/berth.db", dir);
	ck_assert_int_eq(bt_io_create_file(-1, path, 0600, "no database, no database", 24), 0);
	ck_assert_int_eq(bt_db_open(dir, &db, &err), -EBADMSG);
}
END_TEST

START_TEST(a_broken_unique_constraint_is_eexist)
{
	struct bt_db *db = open_db();

	ck_assert_int_eq(add_volume(db, "a"), 0);
	ck_assert_int_eq(add_volume(db, "a"), -EEXIST);
	ck_assert_int_eq(add_volume(db, NULL), -EINVAL);
	bt_db_close(db);
}
END_TEST

START_TEST(a_rollback_inside_undoes_the_outer_transaction)
{
	struct bt_db *db = open_db();
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_db_begin(db, &err), 0);
	ck_assert_int_eq(add_volume(db, "outer"), 0);
	ck_assert_int_eq(bt_db_begin(db, &err), 0);
	ck_assert_int_eq(add_volume(db, "inner"), 0);
	bt_db_rollback(db);
	ck_assert_int_eq(add_volume(db, "after"), -ECANCELED);
	ck_assert_int_eq(bt_db_commit(db, &err), -ECANCELED);
	bt_db_rollback(db); /* nothing to undo */
	ck_assert_int_eq(count_volumes(db), 0);

	ck_assert_int_eq(bt_db_begin(db, &err), 0);
	ck_assert_int_eq(bt_db_begin(db, &err), 0);
	ck_assert_int_eq(add_volume(db, "kept"), 0);
	ck_assert_int_eq(bt_db_commit(db, &err), 0);
	ck_assert_int_eq(bt_db_commit(db, &err), 0);
	ck_assert_int_eq(count_volumes(db), 1);
	bt_db_close(db);
}
END_TEST

START_TEST(a_statement_may_run_inside_itself)
{
	static const char sql[] = "SELECT name FROM volumes ORDER BY name";
	struct bt_db *db = open_db();
	struct bt_err err = { 0 };
	int rows = 0;

	ck_assert_int_eq(add_volume(db, "a"), 0);
	ck_assert_int_eq(add_volume(db, "b"), 0);
	{
		bt_auto_db_stmt struct bt_db_stmt outer = { 0 };

		ck_assert_int_eq(bt_db_prepare(db, &outer, &err, sql), 0);
		while (bt_db_step(&outer, &err) > 0) {
			bt_auto_db_stmt struct bt_db_stmt inner = { 0 };

			ck_assert_int_eq(bt_db_prepare(db, &inner, &err, sql), 0);
			ck_assert_int_eq(bt_db_step(&inner, &err), 1);
			ck_assert_str_eq(bt_db_text(&inner, 0), "a");
			rows++;
		}
	}
	ck_assert_int_eq(rows, 2);
	bt_db_close(db);
}
END_TEST

START_TEST(more_statements_than_the_cache_holds_still_work)
{
	struct bt_db *db = open_db();
	struct bt_err err = { 0 };
	static char sql[200][40];

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 200; i++) {
			bt_auto_db_stmt struct bt_db_stmt q = { 0 };

			(void)snprintf(sql[i], sizeof(sql[i]), "SELECT %d", i);
			ck_assert_int_eq(bt_db_prepare(db, &q, &err, sql[i]), 0);
			ck_assert_int_eq(bt_db_step(&q, &err), 1);
			ck_assert_int_eq(bt_db_int(&q, 0), i);
		}
	bt_db_close(db);
}
END_TEST

static void *add_many(void *arg)
{
	struct bt_err err = { 0 };
	char name[32];

	for (int i = 0; i < 50; i++) {
		(void)snprintf(name, sizeof(name), "%lx-%d", (unsigned long)pthread_self(), i);
		ck_assert_int_eq(bt_db_begin(arg, &err), 0);
		ck_assert_int_eq(add_volume(arg, name), 0);
		if (i % 2 == 0)
			ck_assert_int_eq(bt_db_commit(arg, &err), 0);
		else
			bt_db_rollback(arg);
	}
	return NULL;
}

START_TEST(threads_do_not_disturb_one_another)
{
	struct bt_db *db = open_db();
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, add_many, db), 0);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_int_eq(count_volumes(db), 4 * 25);
	bt_db_close(db);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/db");
	TCase *db = tcase_create("db");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(db, make_dir, remove_dir);
	tcase_add_test(db, rows_survive_a_reopening_and_the_file_is_private);
	tcase_add_test(db, a_second_daemon_is_refused);
	tcase_add_test(db, nobody_else_gets_into_a_database_that_is_in_use);
	tcase_add_test(db, a_database_of_a_newer_version_is_refused_and_kept);
	tcase_add_test(db, a_file_that_is_no_database_is_an_error);
	tcase_add_test(db, a_broken_unique_constraint_is_eexist);
	tcase_add_test(db, a_rollback_inside_undoes_the_outer_transaction);
	tcase_add_test(db, a_statement_may_run_inside_itself);
	tcase_add_test(db, more_statements_than_the_cache_holds_still_work);
	tcase_add_test(db, threads_do_not_disturb_one_another);
	suite_add_tcase(suite, db);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
