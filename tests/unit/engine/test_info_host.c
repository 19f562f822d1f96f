/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/info_host.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <unistd.h>

#include "common.h"

START_TEST(file_systems_are_called_as_docker_calls_them)
{
	ck_assert_str_eq(bt_info_host_fs_name(EXT4_SUPER_MAGIC), "extfs");
	ck_assert_str_eq(bt_info_host_fs_name(TMPFS_MAGIC), "tmpfs");
	ck_assert_str_eq(bt_info_host_fs_name(BTRFS_SUPER_MAGIC), "btrfs");
	ck_assert_str_eq(bt_info_host_fs_name(0x58465342), "xfs");
	ck_assert_str_eq(bt_info_host_fs_name(OVERLAYFS_SUPER_MAGIC), "overlayfs");
	ck_assert_str_eq(bt_info_host_fs_name(12345), "<unknown>");
}
END_TEST

START_TEST(a_path_is_asked_and_one_that_is_not_there_is_unknown)
{
	ck_assert_str_eq(bt_info_host_fs("/nonexistent/at/all"), "<unknown>");
	ck_assert_str_eq(bt_info_host_fs("/dev/shm"), "tmpfs");
}
END_TEST

START_TEST(forwarding_is_the_kernels_own_answer)
{
	char c = 0;
	int fd = open("/proc/sys/net/ipv4/ip_forward", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(read(fd, &c, 1), 1);
	close(fd);
	ck_assert_int_eq(bt_info_host_forwards(), c == '1');
}
END_TEST

static void *wait_for_end(void *barrier)
{
	pthread_barrier_wait(barrier);
	pthread_barrier_wait(barrier);
	return NULL;
}

START_TEST(threads_and_descriptors_are_counted)
{
	int threads = bt_info_host_threads(), fds = bt_info_host_fds(), fd;
	pthread_barrier_t barrier;
	pthread_t thread;

	ck_assert_int_ge(threads, 1);
	ck_assert_int_ge(fds, 3);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(bt_info_host_fds(), fds + 1);
	close(fd);
	ck_assert_int_eq(bt_info_host_fds(), fds);
	pthread_barrier_init(&barrier, NULL, 2);
	ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_end, &barrier), 0);
	pthread_barrier_wait(&barrier);
	ck_assert_int_eq(bt_info_host_threads(), threads + 1);
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&barrier);
}
END_TEST

START_TEST(a_value_of_os_release_has_no_quotes)
{
	char *name = bt_info_host_os_release("PRETTY_NAME"),
	     *none = bt_info_host_os_release("NOSUCH_KEY");

	ck_assert_ptr_nonnull(name);
	ck_assert_ptr_null(strchr(name, '"'));
	ck_assert_ptr_null(strchr(name, '\n'));
	ck_assert_str_eq(none, "");
	free(name);
	free(none);
}
END_TEST

static void assert_proxy(const char *url, const char *shown)
{
	json_t *text = bt_info_host_proxy(url);

	ck_assert_str_eq(json_string_value(text), shown);
	json_decref(text);
}

START_TEST(a_proxys_user_and_password_are_not_shown)
{
	assert_proxy(NULL, "");
	assert_proxy("", "");
	assert_proxy("http://proxy:3128", "http://proxy:3128");
	assert_proxy("http://me:secret@proxy:3128/", "http://xxxxx:xxxxx@proxy:3128/");
	assert_proxy("http://me@proxy", "http://xxxxx:xxxxx@proxy");
	assert_proxy("me:secret@proxy:3128", "xxxxx:xxxxx@proxy:3128");
	assert_proxy("http://proxy/path@more", "http://proxy/path@more");
	assert_proxy("http://proxy?q=a@b", "http://proxy?q=a@b");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, file_systems_are_called_as_docker_calls_them);
	tcase_add_test(tests, a_path_is_asked_and_one_that_is_not_there_is_unknown);
	tcase_add_test(tests, forwarding_is_the_kernels_own_answer);
	tcase_add_test(tests, threads_and_descriptors_are_counted);
	tcase_add_test(tests, a_value_of_os_release_has_no_quotes);
	tcase_add_test(tests, a_proxys_user_and_password_are_not_shown);
}

int main(void)
{
	return run_tests("info_host", add);
}
