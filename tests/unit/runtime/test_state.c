/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/state.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"

#define LOADS 2000

static const char config[] =
	"{\"ociVersion\":\"1.2.0\",\"process\":{\"cwd\":\"/\",\"args\":[\"a\"]},"
	"\"root\":{\"path\":\"rootfs\"},\"linux\":{}}";

static char root[64];
static char *dir;
static struct bt_err err;

static void set_up(void)
{
	strcpy(root, "/tmp/test_state.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	ck_assert_int_eq(bt_state_reserve(root, "one", &dir, &err), 0);
}

static void tear_down(void)
{
	free(dir);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, root), 0);
}

static struct bt_state state_of(pid_t pid, uint64_t start)
{
	return (struct bt_state){ .id = "one",
				  .dir = dir,
				  .bundle = "/bundle",
				  .rootfs = "/bundle/rootfs",
				  .pid = pid,
				  .start_time = start,
				  .created = 7,
				  .creating = start % 2 == 1,
				  .no_pivot = true };
}

static void save(pid_t pid, uint64_t start, const char *text)
{
	const struct bt_state state = state_of(pid, start);

	ck_assert_msg(bt_state_save(&state, text, &err) == 0, "%s", err.msg);
}

static struct stat file(void)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/state.json", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	return st;
}

START_TEST(what_is_saved_is_loaded_again)
{
	bt_auto_state struct bt_state got = { 0 };

	save(41, 43, config);
	ck_assert_msg(bt_state_load(root, "one", &got, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(got.id, "one");
	ck_assert_str_eq(got.bundle, "/bundle");
	ck_assert_str_eq(got.rootfs, "/bundle/rootfs");
	ck_assert_int_eq(got.pid, 41);
	ck_assert_uint_eq(got.start_time, 43);
	ck_assert_int_eq(got.created, 7);
	ck_assert(got.creating && got.no_pivot && !got.rootless && !got.systemd_cgroup);
}
END_TEST

START_TEST(numbers_that_grow_are_written_over_the_old_ones)
{
	bt_auto_state struct bt_state got = { 0 };
	struct stat before, after;

	save(1, 1, config);
	before = file();
	save(4194304, 18446744073709551ULL, NULL);
	after = file();
	ck_assert_uint_eq(after.st_ino, before.st_ino);
	ck_assert_int_eq(after.st_size, before.st_size);
	ck_assert_int_eq(after.st_mode & 07777, 0600);
	ck_assert_int_eq(bt_state_load(root, "one", &got, &err), 0);
	ck_assert_int_eq(got.pid, 4194304);
	ck_assert_uint_eq(got.start_time, 18446744073709551ULL);
	/* And shorter ones leave nothing of the longer behind. */
	save(2, 2, NULL);
	bt_state_done(&got);
	ck_assert_int_eq(bt_state_load(root, "one", &got, &err), 0);
	ck_assert_int_eq(got.pid, 2);
	ck_assert_uint_eq(got.start_time, 2);
}
END_TEST

START_TEST(state_that_outgrows_its_file_replaces_it)
{
	bt_auto_state struct bt_state got = { 0 };
	struct bt_state longer = state_of(5, 6);
	char bundle[2048];
	struct stat before, after;

	save(1, 1, config);
	before = file();
	memset(bundle, 'b', sizeof(bundle) - 1);
	bundle[0] = '/';
	bundle[sizeof(bundle) - 1] = '\0';
	longer.bundle = bundle;
	ck_assert_int_eq(bt_state_save(&longer, NULL, &err), 0);
	after = file();
	ck_assert_int_gt(after.st_size, before.st_size);
	ck_assert_int_eq(bt_state_load(root, "one", &got, &err), 0);
	ck_assert_str_eq(got.bundle, bundle);
	ck_assert_int_eq(got.pid, 5);
}
END_TEST

/* Asserts nothing: it and its parent would write to the same file of results. */
static _Noreturn void write_on(void)
{
	for (uint64_t i = 0;; i++) {
		struct bt_state state = state_of(i % 2 ? 1111111 : 999, i % 2 ? 2222222 : 888);

		if (bt_state_save(&state, NULL, &err) < 0)
			_exit(1);
	}
}

START_TEST(who_reads_beside_a_writer_never_sees_a_mix)
{
	pid_t writer;

	save(1111111, 2222222, config);
	writer = fork();
	if (writer == 0)
		write_on();
	for (int i = 0; i < LOADS; i++) {
		bt_auto_state struct bt_state got = { 0 };
		int r = bt_state_load(root, "one", &got, &err);

		/* A writer that never rests may keep it from two equal readings. */
		if (r == -EAGAIN)
			continue;
		ck_assert_msg(r == 0, "%s", err.msg);
		ck_assert_int_eq(got.pid == 999 ? 888 : 2222222, (int)got.start_time);
		ck_assert(got.pid == 999 || got.pid == 1111111);
	}
	ck_assert_int_eq(kill(writer, SIGKILL), 0);
	ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
}
END_TEST

START_TEST(container_that_is_not_there_is_told_from_one_that_cannot_be_read)
{
	bt_auto_state struct bt_state got = { 0 };
	char path[128];

	ck_assert_int_eq(bt_state_load(root, "two", &got, &err), -ENOENT);
	ck_assert_int_eq(err.kind, BT_ERR_NOT_FOUND);
	(void)snprintf(path, sizeof(path), "%s/config.json", dir);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, config, strlen(config)), 0);
	(void)snprintf(path, sizeof(path), "%s/state.json", dir);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, "{]", 2), 0);
	ck_assert_int_lt(bt_state_load(root, "one", &got, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "state.json"));
}
END_TEST

START_TEST(id_names_one_directory_and_nothing_above)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "a b", "a\n", "\xc3\xa4" };
	char *again = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!bt_state_id_valid(bad[i]), "\"%s\"", bad[i]);
	ck_assert(bt_state_id_valid("a.b-c_d+E9"));
	ck_assert_int_eq(bt_state_reserve(root, "../x", &again, &err), -EINVAL);
	ck_assert_int_eq(bt_state_reserve(root, "one", &again, &err), -EEXIST);
	ck_assert_int_eq(err.kind, BT_ERR_CONFLICT);
}
END_TEST

START_TEST(process_that_has_ended_has_no_start_time)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	ck_assert_uint_gt(bt_state_start_time(getpid()), 0);
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	ck_assert_uint_eq(bt_state_start_time(pid), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_uint_eq(bt_state_start_time(pid), 0);
	ck_assert_uint_eq(bt_state_start_time(-1), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/state");
	TCase *states = tcase_create("states");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(states, 30);
	tcase_add_checked_fixture(states, set_up, tear_down);
	tcase_add_test(states, what_is_saved_is_loaded_again);
	tcase_add_test(states, numbers_that_grow_are_written_over_the_old_ones);
	tcase_add_test(states, state_that_outgrows_its_file_replaces_it);
	tcase_add_test(states, who_reads_beside_a_writer_never_sees_a_mix);
	tcase_add_test(states, container_that_is_not_there_is_told_from_one_that_cannot_be_read);
	tcase_add_test(states, id_names_one_directory_and_nothing_above);
	tcase_add_test(states, process_that_has_ended_has_no_start_time);
	suite_add_tcase(suite, states);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
