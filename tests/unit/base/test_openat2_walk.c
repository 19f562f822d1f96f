/* SPDX-License-Identifier: Apache-2.0 */

#include "base/openat2_walk.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"

static char dir[64];
static int root = -EBADF;

static void link_to(const char *target, const char *name)
{
	ck_assert_int_eq(symlinkat(target, root, name), 0);
}

static void set_up(void)
{
	char path[96];

	strcpy(dir, "/tmp/test_walk.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(mkdir("root", 0755), 0);
	ck_assert_int_eq(mkdir("outside", 0755), 0);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, "secret", 0644, "s", 1), 0);
	root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root, 0);
	ck_assert_int_eq(mkdirat(root, "a", 0755), 0);
	ck_assert_int_eq(mkdirat(root, "a/b", 0755), 0);
	ck_assert_int_eq(bt_io_create_file(root, "a/b/file", 0644, "f", 1), 0);
	link_to("a/b", "relative");
	link_to("/a/b/file", "absolute");
	link_to("../../../../secret", "up");
	link_to("relative/../../..", "chain");
	link_to("circle", "circle");
	link_to("missing/child", "dangling");
	(void)snprintf(path, sizeof(path), "%s/secret", dir);
	link_to(path, "out");
}

static void tear_down(void)
{
	bt_close(&root);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

static const char *const paths[] = {
	".",
	"..",
	"/",
	"a",
	"a/",
	"a/b/file",
	"a/b/file/",
	"a/b/file/x",
	"a//b/./file",
	"a/../a/b",
	"a/b/../../..",
	"../../root/a",
	"relative",
	"relative/file",
	"relative/",
	"absolute",
	"absolute/",
	"up",
	"chain",
	"chain/a",
	"circle",
	"circle/x",
	"dangling",
	"missing",
	"missing/..",
	"out",
	"/a/b",
	"a/b/../../../outside",
	"relative/..",
	"a/./.",
	"a/b/..",
};

static const int flags[] = { O_PATH,
			     O_PATH | O_NOFOLLOW,
			     O_RDONLY,
			     O_RDONLY | O_NOFOLLOW,
			     O_PATH | O_DIRECTORY,
			     O_RDONLY | O_DIRECTORY,
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW };

static const uint64_t resolves[] = {
	RESOLVE_IN_ROOT,
	RESOLVE_BENEATH,
	RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS,
	RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	RESOLVE_IN_ROOT | RESOLVE_NO_XDEV,
	RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
};

/* What the kernel says. Of a path with ".." it says EAGAIN while anything is renamed or mounted
 * anywhere on the machine: that is no answer. */
static int ask_kernel(const char *path, int flag, uint64_t resolve)
{
	struct open_how how = { .flags = (uint64_t)(unsigned)flag | O_CLOEXEC, .resolve = resolve };
	int fd;

	do
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN);
	return fd < 0 ? -errno : fd;
}

static void compare(const char *path, int flag, uint64_t resolve)
{
	bt_auto_close int kernel = ask_kernel(path, flag, resolve);
	int error = kernel < 0 ? kernel : 0;
	bt_auto_close int ours = bt_openat2_walk(root, path, flag, resolve);
	struct stat x, y;

	if (kernel < 0) {
		ck_assert_msg(ours == error, "%s, flags %x, resolve %x: %d, and not %d", path, flag,
			      (unsigned)resolve, ours, error);
		return;
	}
	ck_assert_msg(ours >= 0, "%s, flags %x, resolve %x: %d", path, flag, (unsigned)resolve,
		      ours);
	ck_assert_int_eq(fstat(kernel, &x), 0);
	ck_assert_int_eq(fstat(ours, &y), 0);
	ck_assert_uint_eq(x.st_ino, y.st_ino);
	ck_assert_uint_eq(x.st_dev, y.st_dev);
	ck_assert_int_eq(fcntl(ours, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(kernel, F_GETFL) & O_ACCMODE, fcntl(ours, F_GETFL) & O_ACCMODE);
}

START_TEST(every_path_leads_where_the_kernel_says)
{
	for (size_t p = 0; p < sizeof(paths) / sizeof(paths[0]); p++) {
		for (size_t f = 0; f < sizeof(flags) / sizeof(flags[0]); f++) {
			for (size_t r = 0; r < sizeof(resolves) / sizeof(resolves[0]); r++)
				compare(paths[p], flags[f], resolves[r]);
		}
	}
}
END_TEST

START_TEST(links_of_procfs_that_lead_elsewhere_are_not_followed)
{
	bt_auto_close int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bt_auto_close int fd =
		bt_openat2_walk(proc, "self/status", O_RDONLY,
				RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bt_openat2_walk(proc, "self/exe", O_RDONLY,
					 RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS),
			 -ELOOP);
	ck_assert_int_eq(bt_openat2_walk(proc, "self/root/etc", O_PATH,
					 RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS),
			 -ELOOP);
	ck_assert_int_eq(bt_openat2_walk(proc, "self/ns/mnt", O_RDONLY,
					 RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS),
			 -ELOOP);
}
END_TEST

START_TEST(another_mount_is_another_device)
{
	bt_auto_close int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_eq(
		bt_openat2_walk(top, "proc/self", O_PATH, RESOLVE_BENEATH | RESOLVE_NO_XDEV),
		-EXDEV);
}
END_TEST

START_TEST(names_and_paths_beyond_the_limits_are_refused)
{
	static char path[5000];

	memset(path, 'x', 300);
	ck_assert_int_eq(bt_openat2_walk(root, path, O_PATH, RESOLVE_IN_ROOT), -ENAMETOOLONG);
	for (size_t i = 0; i < sizeof(path) - 2; i += 2)
		memcpy(path + i, "a/", 2);
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(bt_openat2_walk(root, path, O_PATH, RESOLVE_IN_ROOT), -ENAMETOOLONG);
	ck_assert_int_eq(bt_openat2_walk(root, "", O_PATH, RESOLVE_IN_ROOT), -ENOENT);
}
END_TEST

/* Somebody swaps a directory and a link to the outside while the walk goes through it. */
START_TEST(race_never_leads_out)
{
	pid_t pid;

	link_to("../../outside", "flip");
	ck_assert_int_eq(mkdirat(root, "a/secret", 0755), 0);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, "outside/secret", 0644, "s", 1), 0);
	pid = fork();
	if (pid == 0) {
		for (;;)
			(void)renameat2(root, "a", root, "flip", RENAME_EXCHANGE);
	}
	for (int i = 0; i < 3000; i++) {
		bt_auto_close int fd =
			bt_openat2_walk(root, "a/../a/secret", O_RDONLY, RESOLVE_IN_ROOT);
		struct stat st;

		if (fd < 0)
			continue;
		ck_assert_int_eq(fstat(fd, &st), 0);
		ck_assert(S_ISDIR(st.st_mode));
	}
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	/* It may be in the middle of a swap still, in the way of who cleans up. */
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/openat2_walk");
	TCase *walks = tcase_create("walks");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(walks, set_up, tear_down);
	tcase_add_test(walks, every_path_leads_where_the_kernel_says);
	tcase_add_test(walks, links_of_procfs_that_lead_elsewhere_are_not_followed);
	tcase_add_test(walks, another_mount_is_another_device);
	tcase_add_test(walks, names_and_paths_beyond_the_limits_are_refused);
	tcase_add_test(walks, race_never_leads_out);
	suite_add_tcase(suite, walks);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
