/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/oci_notify.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/sock.h"
#include "runtime/environment.h"

static char top[] = "/tmp/test_oci_notify.XXXXXX";
static char host_path[sizeof(top) + 8];
static int host = -EBADF; /* the manager's socket */
static struct bt_state state;
static struct bt_oci_notify notify;
static struct bt_err err;

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(top));
	(void)snprintf(host_path, sizeof(host_path), "%s/host", top);
	host = bt_sock_listen(host_path, SOCK_DGRAM, 0600);
	ck_assert_int_ge(host, 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", host_path, 1), 0);
	state.dir = top;
	notify = BT_OCI_NOTIFY_NONE;
}

static void teardown(void)
{
	bt_oci_notify_done(&notify);
	bt_close(&host);
	bt_arena_done(&state.arena);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, top), 0);
}

/* As the container's program says it; its socket's file is what the mount shows. */
static void say(const char *text, size_t len)
{
	bt_auto_free char *path = bt_path_join(top, "notify/notify.sock");
	bt_auto_close int sock = bt_sock_connect(path, SOCK_DGRAM);

	ck_assert_int_ge(sock, 0);
	ck_assert_int_eq(bt_sock_send(sock, text, len, NULL, 0), 0);
}

/* What the manager gets, or "" where there is nothing. */
static const char *heard(void)
{
	static char text[256];
	ssize_t n = recv(host, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void prepare(void)
{
	ck_assert_int_eq(bt_oci_notify_plan(&state, &err), 0);
	ck_assert_int_eq(bt_oci_notify_bind(top, &notify, &err), 0);
	ck_assert_int_ge(notify.fd, 0);
}

START_TEST(the_plan_adds_a_mount_a_variable_and_a_directory_for_everybody)
{
	struct bt_oci_mount proc = { .destination = "/proc", .type = "proc" };
	const struct bt_oci_mount *mount;
	bt_auto_free char *dir = bt_path_join(top, "notify");
	struct stat st;

	state.spec.mounts = &proc;
	state.spec.nmounts = 1;
	(void)umask(077);
	ck_assert_int_eq(bt_oci_notify_plan(&state, &err), 0);
	ck_assert_uint_eq(state.spec.nmounts, 2);
	ck_assert_str_eq(state.spec.mounts[0].destination, "/proc");
	mount = &state.spec.mounts[1];
	ck_assert_str_eq(mount->destination, "/run/notify");
	ck_assert_str_eq(mount->source, dir);
	ck_assert_uint_eq(mount->options.n, 5);
	ck_assert_str_eq(mount->options.v[4], "ro");
	ck_assert_ptr_null(mount->options.v[5]);
	ck_assert_str_eq(bt_environment_get(&state.spec.process.env, "NOTIFY_SOCKET"),
			 "/run/notify/notify.sock");
	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0755);
}
END_TEST

START_TEST(without_a_manager_nothing_is_planned_or_bound)
{
	struct bt_oci_notify none = { .fd = 7 };

	ck_assert_int_eq(unsetenv("NOTIFY_SOCKET"), 0);
	ck_assert_int_eq(bt_oci_notify_plan(&state, &err), 0);
	ck_assert_uint_eq(state.spec.nmounts, 0);
	ck_assert_uint_eq(state.spec.process.env.n, 0);
	ck_assert_int_eq(bt_oci_notify_bind(top, &none, &err), 0);
	ck_assert_int_lt(none.fd, 0);
	/* An empty one is none, too. */
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", "", 1), 0);
	ck_assert_int_eq(bt_oci_notify_plan(&state, &err), 0);
	ck_assert_uint_eq(state.spec.nmounts, 0);
}
END_TEST

START_TEST(a_container_made_without_a_manager_is_started_without_one)
{
	ck_assert_int_eq(bt_oci_notify_bind(top, &notify, &err), 0);
	ck_assert_int_lt(notify.fd, 0);
	/* And is not waited for. */
	bt_oci_notify_wait(&notify, getpid());
}
END_TEST

START_TEST(ready_alone_is_handed_on_with_the_main_process)
{
	static const char *const others[] = { "STATUS=READY=1", "MAINPID=1", "READY=0",
					      "READY=1x",       " READY=1",  "FDSTORE=1",
					      "X=1\nREADY=",    "\n\n" };

	prepare();
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		say(others[i], strlen(others[i]));
		ck_assert_msg(bt_oci_notify_take(&notify, 42) == 0, "%s", others[i]);
		ck_assert_str_eq(heard(), "");
	}
	say("STATUS=up\nREADY=1\nMAINPID=1", 26);
	ck_assert_int_eq(bt_oci_notify_take(&notify, 42), 1);
	ck_assert_str_eq(heard(), "READY=1\nMAINPID=42\n");
	ck_assert_int_eq(bt_oci_notify_take(&notify, 42), 0);
	ck_assert_str_eq(heard(), "");
}
END_TEST

START_TEST(what_is_cut_or_has_zeros_says_nothing)
{
	char long_text[8192];

	prepare();
	say("READY=1\0", 8);
	ck_assert_int_eq(bt_oci_notify_take(&notify, 42), 0);
	memset(long_text, 'x', sizeof(long_text));
	memcpy(long_text + sizeof(long_text) - 8, "\nREADY=1", 8);
	say(long_text, sizeof(long_text));
	ck_assert_int_eq(bt_oci_notify_take(&notify, 42), 0);
	ck_assert_str_eq(heard(), "");
}
END_TEST

START_TEST(a_manager_that_has_gone_is_not_told)
{
	prepare();
	bt_close(&host);
	say("READY=1", 7);
	ck_assert_int_eq(bt_oci_notify_take(&notify, 42), 0);
	ck_assert_int_eq(unlink(host_path), 0);
	say("READY=1", 7);
	ck_assert_int_eq(bt_oci_notify_take(&notify, 42), 0);
}
END_TEST

/* What it said last is read although it has ended, and nothing is waited for where it said nothing:
 * a child that has ended stands for the init. */
START_TEST(the_end_of_the_program_ends_the_waiting)
{
	pid_t init = fork();

	if (init == 0)
		_exit(0);
	ck_assert_int_eq(waitid(P_PID, (id_t)init, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	prepare();
	bt_oci_notify_wait(&notify, init);
	ck_assert_str_eq(heard(), "");
	say("STATUS=bye", 10);
	bt_oci_notify_wait(&notify, init);
	ck_assert_str_eq(heard(), "");
	ck_assert_int_eq(waitpid(init, NULL, 0), init);
}
END_TEST

/* The manager's process takes the descriptor of the barrier and closes it. */
START_TEST(a_wait_hands_on_and_ends_when_the_manager_has_read_it)
{
	char expected[64], got[2][64] = { "" };
	int fds[BT_SOCK_FDS_MAX], pair[2];
	pid_t manager;

	prepare();
	say("READY=1", 7);
	ck_assert_int_eq(pipe(pair), 0);
	manager = fork();
	if (manager == 0) {
		for (int i = 0; i < 2; i++) {
			size_t nfds = 0;

			if (bt_sock_recv(host, got[i], sizeof(got[i]) - 1, fds, &nfds, 0) < 0)
				_exit(1);
			while (nfds > 0)
				bt_close(&fds[--nfds]);
		}
		_exit(write(pair[1], got, sizeof(got)) == sizeof(got) ? 0 : 1);
	}
	bt_oci_notify_wait(&notify, getpid());
	ck_assert_int_eq(bt_io_read_all(pair[0], got, sizeof(got)), sizeof(got));
	(void)snprintf(expected, sizeof(expected), "READY=1\nMAINPID=%d\n", (int)getpid());
	ck_assert_str_eq(got[0], expected);
	ck_assert_str_eq(got[1], "BARRIER=1");
	ck_assert_int_eq(waitpid(manager, NULL, 0), manager);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/oci_notify");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(all, 60);
	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, the_plan_adds_a_mount_a_variable_and_a_directory_for_everybody);
	tcase_add_test(all, without_a_manager_nothing_is_planned_or_bound);
	tcase_add_test(all, a_container_made_without_a_manager_is_started_without_one);
	tcase_add_test(all, ready_alone_is_handed_on_with_the_main_process);
	tcase_add_test(all, what_is_cut_or_has_zeros_says_nothing);
	tcase_add_test(all, a_manager_that_has_gone_is_not_told);
	tcase_add_test(all, the_end_of_the_program_ends_the_waiting);
	tcase_add_test(all, a_wait_hands_on_and_ends_when_the_manager_has_read_it);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
