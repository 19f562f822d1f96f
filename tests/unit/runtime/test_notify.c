/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run_tests.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/sock.h"
#include "codec/json.h"

static char dir[] = "/tmp/test_notify.XXXXXX";
static char path[64];
static struct bt_err err;
static struct bt_oci_spec spec;

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/agent", dir);
	memset(&spec, 0, sizeof(spec));
	spec.linux_.seccomp.listener_path = path;
	err = (struct bt_err){ 0 };
}

static void tear_down(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
}

/* What the agent gets: the text, and the descriptor in *ret_fd. */
static json_t *heard(int server, int *ret_fd)
{
	bt_auto_close int conn = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	int fds[BT_SOCK_FDS_MAX];
	char text[4096];
	size_t nfds;
	ssize_t n;
	json_t *json;

	ck_assert_int_ge(conn, 0);
	n = bt_sock_recv(conn, text, sizeof(text) - 1, fds, &nfds, 0);
	ck_assert_int_gt((int)n, 0);
	ck_assert_uint_eq(nfds, 1);
	*ret_fd = fds[0];
	json = json_loadb(text, (size_t)n, 0, NULL);
	ck_assert_ptr_nonnull(json);
	return json;
}

START_TEST(agent_gets_the_processes_the_state_and_the_descriptor)
{
	bt_auto_close int server = bt_sock_listen(path, SOCK_STREAM, 0600), fd = -EBADF;
	bt_auto_close int listener = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const struct bt_oci_pair annotation = { .key = "org.x", .value = "y" };
	struct stat sent, got;
	json_auto_t *json = NULL;
	const json_t *state;

	ck_assert_int_ge(server, 0);
	spec.linux_.seccomp.listener_metadata = "who it is for";
	spec.annotations = (struct bt_oci_pairs){ .v = &annotation, .n = 1 };
	ck_assert_msg(bt_notify_send(&spec, "c1", "/bundle", 11, 7, "running", listener, &err) == 0,
		      "%s", err.msg);
	json = heard(server, &fd);
	ck_assert_int_eq(fstat(listener, &sent), 0);
	ck_assert_int_eq(fstat(fd, &got), 0);
	ck_assert_uint_eq(got.st_rdev, sent.st_rdev);
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(json, "fds"), 0)),
			 "seccompFd");
	ck_assert_int_eq(bt_json_i64(json, "pid", 0), 11);
	ck_assert_str_eq(bt_json_str(json, "metadata", ""), "who it is for");
	state = bt_json_obj(json, "state");
	ck_assert_int_eq(bt_json_i64(state, "pid", 0), 7);
	ck_assert_str_eq(bt_json_str(state, "id", ""), "c1");
	ck_assert_str_eq(bt_json_str(state, "status", ""), "running");
	ck_assert_str_eq(bt_json_str(state, "bundle", ""), "/bundle");
	ck_assert_str_eq(bt_json_str(bt_json_obj(state, "annotations"), "org.x", ""), "y");
}
END_TEST

START_TEST(agent_that_is_not_there_is_named_with_the_field)
{
	ck_assert_int_eq(bt_notify_send(&spec, "c1", NULL, 11, 7, "running", 0, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "linux.seccomp.listenerPath: connect to "));
	ck_assert_ptr_nonnull(strstr(err.msg, path));
}
END_TEST

START_TEST(descriptor_that_is_none_is_an_error)
{
	bt_auto_close int server = bt_sock_listen(path, SOCK_STREAM, 0600);

	ck_assert_int_eq(bt_notify_send(&spec, "c1", NULL, 11, 7, "running", 1000, &err), -EBADF);
	ck_assert_ptr_nonnull(strstr(err.msg, "linux.seccomp.listenerPath: send to "));
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, agent_gets_the_processes_the_state_and_the_descriptor);
	tcase_add_test(tests, agent_that_is_not_there_is_named_with_the_field);
	tcase_add_test(tests, descriptor_that_is_none_is_an_error);
}

int main(void)
{
	return run_tests("runtime/notify", add);
}
