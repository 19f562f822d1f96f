/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/state.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"

#define LOADS 1000
#define KILLS 100

static const char config[] =
	"{\"ociVersion\":\"1.2.0\",\"process\":{\"cwd\":\"/\",\"args\":[\"a\"]},"
	"\"root\":{\"path\":\"rootfs\"},\"linux\":{}}";

static char root[64];
static char *dir;
static int lock = -EBADF;
static struct bt_err err;

static void set_up(void)
{
	strcpy(root, "/tmp/test_state.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	ck_assert_int_eq(bt_state_reserve(root, "one", &dir, &lock, &err), 0);
}

static void tear_down(void)
{
	free(dir);
	bt_close(&lock);
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

START_TEST(a_name_is_free_again_whose_creation_failed_for_want_of_descriptors)
{
	bt_auto_free char *other = NULL;
	bt_auto_close int held = -EBADF;
	struct rlimit few, before;
	int r;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	held = dup(STDERR_FILENO);
	few = (struct rlimit){ (rlim_t)held, before.rlim_max };
	bt_close(&held);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	r = bt_state_reserve(root, "two", &other, &held, &err);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_int_eq(r, -EMFILE);
	ck_assert_msg(bt_state_reserve(root, "two", &other, &held, &err) == 0, "%s", err.msg);
}
END_TEST

START_TEST(a_name_that_is_being_deleted_or_has_a_state_is_taken_by_one_only)
{
	bt_auto_free char *other = NULL;
	bt_auto_close int held = -EBADF;

	ck_assert_int_eq(bt_state_reserve(root, "one", &other, &held, &err), -EEXIST);
	ck_assert_int_eq(err.kind, BT_ERR_CONFLICT);
	ck_assert_int_eq(bt_state_remove(dir, NULL, &err), 0);
	ck_assert_int_eq(bt_state_reserve(root, "one", &other, &held, &err), 0);
	ck_assert_str_eq(other, dir);
}
END_TEST

START_TEST(each_save_is_a_file_of_its_own_and_leaves_no_other)
{
	bt_auto_state struct bt_state got = { 0 };
	char path[128], text[4096];
	struct stat before, after;
	int fd;
	ssize_t n;

	save(4194304, 18446744073709551ULL, config);
	before = file();
	(void)snprintf(path, sizeof(path), "%s/state.json", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	save(2, 2, NULL);
	after = file();
	ck_assert_uint_ne(after.st_ino, before.st_ino);
	ck_assert_int_eq(after.st_mode & 07777, 0600);
	ck_assert_int_eq(access(strcat(path, ".new"), F_OK), -1);
	/* Who had opened the one before reads it to its end. */
	n = read(fd, text, sizeof(text) - 1);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	ck_assert_int_eq(n, before.st_size);
	ck_assert_ptr_nonnull(strstr(text, "4194304"));
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(bt_state_load(root, "one", &got, &err), 0);
	ck_assert_int_eq(got.pid, 2);
	ck_assert_uint_eq(got.start_time, 2);
}
END_TEST

START_TEST(what_a_killed_writer_left_behind_is_neither_read_nor_written_over)
{
	bt_auto_state struct bt_state got = { 0 };
	bt_auto_close int fd = -1;
	char path[128], text[8] = "";

	save(1, 1, config);
	(void)snprintf(path, sizeof(path), "%s/state.json.new", dir);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, "{\"id", 4), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(bt_state_load(root, "one", &got, &err), 0);
	ck_assert_int_eq(got.pid, 1);
	bt_state_done(&got);
	save(2, 2, NULL);
	ck_assert_int_eq(bt_state_load(root, "one", &got, &err), 0);
	ck_assert_int_eq(got.pid, 2);
	ck_assert_int_eq(read(fd, text, sizeof(text)), 4);
	ck_assert_str_eq(text, "{\"id");
}
END_TEST

START_TEST(save_that_fails_leaves_the_state_before)
{
	const struct bt_state state = state_of(5, 6);
	bt_auto_state struct bt_state got = { 0 };
	struct rlimit before;

	save(1, 2, config);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_ptr_ne(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 0, before.rlim_max }), 0);
	ck_assert_int_eq(bt_state_save(&state, NULL, &err), -EFBIG);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "state.json"));
	ck_assert_int_eq(bt_state_load(root, "one", &got, &err), 0);
	ck_assert_int_eq(got.pid, 1);
}
END_TEST

/* The bundle's name is as long as its numbers are high: a file of several pages, each of which
 * tells which state it is of. */
#define LONG_NAME 12000

static void make_long(struct bt_state *state, char name[static LONG_NAME + 1], uint64_t i)
{
	memset(name, i % 2 ? 'a' : 'b', LONG_NAME);
	name[0] = '/';
	name[i % 2 ? LONG_NAME : LONG_NAME / 2] = '\0';
	*state = state_of(i % 2 ? 1111111 : 999, i % 2 ? 2222222 : 888);
	state->bundle = name;
}

/* Asserts nothing: it and its parent would write to the same file of results. */
static _Noreturn void write_on(void)
{
	static char name[LONG_NAME + 1];

	for (uint64_t i = 0;; i++) {
		struct bt_state state;

		make_long(&state, name, i);
		if (bt_state_save(&state, NULL, &err) < 0)
			_exit(1);
	}
}

static void assert_whole(void)
{
	bt_auto_state struct bt_state got = { 0 };
	bool first;

	ck_assert_msg(bt_state_load(root, "one", &got, &err) == 0, "%s", err.msg);
	first = got.pid == 999;
	ck_assert(first || got.pid == 1111111);
	ck_assert_uint_eq(got.start_time, first ? 888 : 2222222);
	ck_assert_uint_eq(strlen(got.bundle), first ? LONG_NAME / 2 : LONG_NAME);
	ck_assert_uint_eq(strspn(got.bundle + 1, first ? "b" : "a"), strlen(got.bundle) - 1);
}

static void begin_long(void)
{
	static char name[LONG_NAME + 1];
	struct bt_state state;

	make_long(&state, name, 0);
	ck_assert_msg(bt_state_save(&state, config, &err) == 0, "%s", err.msg);
}

START_TEST(who_reads_beside_a_writer_reads_a_whole_state_each_time)
{
	pid_t writer;

	begin_long();
	writer = fork();
	if (writer == 0)
		write_on();
	for (int i = 0; i < LOADS; i++)
		assert_whole();
	ck_assert_int_eq(kill(writer, SIGKILL), 0);
	ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
}
END_TEST

START_TEST(writer_that_is_killed_at_any_point_leaves_a_whole_state)
{
	begin_long();
	for (useconds_t i = 0; i < KILLS; i++) {
		pid_t writer = fork();
		int status;

		if (writer == 0)
			write_on();
		ck_assert_int_eq(usleep(i % 300), 0);
		ck_assert_int_eq(kill(writer, SIGKILL), 0);
		ck_assert_int_eq(waitpid(writer, &status, 0), writer);
		ck_assert(WIFSIGNALED(status));
		assert_whole();
	}
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

START_TEST(what_is_removed_in_part_is_no_container)
{
	bt_auto_state struct bt_state got = { 0 };
	char path[128];

	save(1, 1, config);
	(void)snprintf(path, sizeof(path), "%s/config.json", dir);
	ck_assert_int_eq(unlink(path), 0);
	/* With a state, that is damage and no removal. */
	ck_assert_int_eq(bt_state_load(root, "one", &got, &err), -ENOENT);
	ck_assert_int_ne(err.kind, BT_ERR_NOT_FOUND);
	(void)snprintf(path, sizeof(path), "%s/state.json", dir);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(bt_state_load(root, "one", &got, &err), -ENOENT);
	ck_assert_int_eq(err.kind, BT_ERR_NOT_FOUND);
	ck_assert_int_eq(bt_state_remove(dir, NULL, &err), 0);
	ck_assert_int_eq(access(dir, F_OK), -1);
	/* Of nothing there is nothing to remove. */
	ck_assert_int_eq(bt_state_remove(dir, NULL, &err), 0);
}
END_TEST

START_TEST(state_goes_before_the_rest_of_its_directory)
{
	bt_auto_state struct bt_state got = { 0 };
	char path[128];

	save(1, 1, config);
	/* A mount point (here a file system of its own) keeps its directory from being removed. */
	(void)snprintf(path, sizeof(path), "%s/kept", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	if (geteuid() != 0 || mount("tmpfs", path, "tmpfs", 0, NULL) < 0)
		return;
	ck_assert_int_lt(bt_state_remove(dir, NULL, &err), 0);
	ck_assert_int_eq(umount(path), 0);
	ck_assert_int_eq(bt_state_load(root, "one", &got, &err), -ENOENT);
	ck_assert_int_eq(err.kind, BT_ERR_NOT_FOUND);
	ck_assert_int_eq(bt_state_remove(dir, NULL, &err), 0);
}
END_TEST

START_TEST(id_names_one_directory_and_nothing_above)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "a b", "a\n", "\xc3\xa4" };
	char *again = NULL;
	int second = -EBADF;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!bt_state_id_valid(bad[i]), "\"%s\"", bad[i]);
	ck_assert(bt_state_id_valid("a.b-c_d+E9"));
	ck_assert_int_eq(bt_state_reserve(root, "../x", &again, &second, &err), -EINVAL);
	ck_assert_int_eq(bt_state_reserve(root, "one", &again, &second, &err), -EEXIST);
	ck_assert_int_eq(err.kind, BT_ERR_CONFLICT);
}
END_TEST

START_TEST(process_that_has_ended_has_no_start_time)
{
	uint64_t start = 0, never = 77;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	ck_assert_int_eq(bt_state_start_time(getpid(), &start), 1);
	ck_assert_uint_gt(start, 0);
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(bt_state_start_time(pid, &never), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(bt_state_start_time(pid, &never), 0);
	ck_assert_int_eq(bt_state_start_time(-1, &never), 0);
	ck_assert_uint_eq(never, 77);
}
END_TEST

/* A process whose name looks like the end of its line. */
START_TEST(name_of_a_process_hides_no_start_time)
{
	uint64_t before = 0, after = 0;

	ck_assert_int_eq(bt_state_start_time(getpid(), &before), 1);
	ck_assert_int_eq(prctl(PR_SET_NAME, "a) Z 1 2 (b"), 0);
	ck_assert_int_eq(bt_state_start_time(getpid(), &after), 1);
	ck_assert_uint_eq(after, before);
}
END_TEST

/* Only a process that is known to have ended has stopped: a deletion acts on the answer. */
START_TEST(want_of_descriptors_is_no_end)
{
	struct bt_state state = state_of(getpid(), 0);
	enum bt_state_status status = BT_STATE_CREATED;
	struct rlimit before;

	ck_assert_int_eq(bt_state_start_time(getpid(), &state.start_time), 1);
	state.creating = true;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 0, before.rlim_max }), 0);
	ck_assert_int_eq(bt_state_status(&state, &status, &err), -EMFILE);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_int_eq(status, BT_STATE_CREATED);
	ck_assert_ptr_nonnull(strstr(err.msg, "one"));
	ck_assert_int_eq(bt_state_status(&state, &status, &err), 0);
	ck_assert_int_eq(status, BT_STATE_CREATING);
	state.start_time++;
	ck_assert_int_eq(bt_state_status(&state, &status, &err), 0);
	ck_assert_int_eq(status, BT_STATE_STOPPED);
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
	tcase_add_test(states, a_name_is_free_again_whose_creation_failed_for_want_of_descriptors);
	tcase_add_test(states, a_name_that_is_being_deleted_or_has_a_state_is_taken_by_one_only);
	tcase_add_test(states, each_save_is_a_file_of_its_own_and_leaves_no_other);
	tcase_add_test(states, what_a_killed_writer_left_behind_is_neither_read_nor_written_over);
	tcase_add_test(states, save_that_fails_leaves_the_state_before);
	tcase_add_test(states, who_reads_beside_a_writer_reads_a_whole_state_each_time);
	tcase_add_test(states, writer_that_is_killed_at_any_point_leaves_a_whole_state);
	tcase_add_test(states, container_that_is_not_there_is_told_from_one_that_cannot_be_read);
	tcase_add_test(states, what_is_removed_in_part_is_no_container);
	tcase_add_test(states, state_goes_before_the_rest_of_its_directory);
	tcase_add_test(states, id_names_one_directory_and_nothing_above);
	tcase_add_test(states, process_that_has_ended_has_no_start_time);
	tcase_add_test(states, name_of_a_process_hides_no_start_time);
	tcase_add_test(states, want_of_descriptors_is_no_end);
	suite_add_tcase(suite, states);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
