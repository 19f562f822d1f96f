/* SPDX-License-Identifier: Apache-2.0 */

#include "store/pack.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "store/untar.h"

/* Longer than a ustar header's field. */
#define LONG                                                         \
	"a-name-of-more-than-a-hundred-characters-in-one-component-" \
	"which-only-an-extended-header-can-hold-0123456789"

static char top[64];
static int from, to;

static void set_up(void)
{
	snprintf(top, sizeof(top), "/tmp/test_store_pack.%d", (int)getpid());
	ck_assert_int_eq(mkdir(top, 0700), 0);
	ck_assert_int_eq(chdir(top), 0);
	ck_assert_int_eq(mkdir("from", 0750) | mkdir("to", 0700), 0);
	from = open("from", O_RDONLY | O_DIRECTORY);
	to = open("to", O_RDONLY | O_DIRECTORY);
}

static void tear_down(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, top), 0);
}

static int keep(void *arg, const void *data, size_t len)
{
	return bt_io_write_all(*(int *)arg, data, len);
}

static ssize_t give(void *arg, void *buf, size_t len, struct bt_err *err)
{
	(void)err;
	return read(*(int *)arg, buf, len);
}

/* Pack `name` in `from` as `as`, unpack in `to`. */
static void round_trip(const char *name, const char *as)
{
	bt_auto_close int fd = memfd_create("archive", 0);
	const struct bt_pack pack = {
		.at = from, .name = name, .as = as, .write = keep, .write_arg = &fd
	};
	const struct bt_untar u = { .root = to, .shadow_fd = -1, .read = give, .read_arg = &fd };
	struct bt_untar_result result;
	struct bt_err err = { 0 };

	ck_assert_msg(bt_pack(&pack, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR) % 512, 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_msg(bt_untar(&u, &result, &err) == 0, "%s", err.msg);
}

static void make(const char *name, const char *content, mode_t mode)
{
	ck_assert_int_eq(bt_io_create_file(from, name, 0600, content, strlen(content)), 0);
	ck_assert_int_eq(fchmodat(from, name, mode, 0), 0);
}

static struct stat look(const char *name)
{
	struct stat st;

	ck_assert_msg(fstatat(to, name, &st, AT_SYMLINK_NOFOLLOW) == 0, "%s is missing", name);
	return st;
}

START_TEST(a_tree_comes_back_as_it_was)
{
	bt_auto_free char *content = NULL;
	char target[16] = { 0 };

	ck_assert_int_eq(mkdirat(from, "d", 0711) | mkdirat(from, "d/" LONG, 0700), 0);
	make("d/f", "content", 04751);
	make("d/" LONG "/" LONG, "far", 0600);
	ck_assert_int_eq(linkat(from, "d/f", from, "d/hard", 0), 0);
	ck_assert_int_eq(symlinkat("../d/f", from, "d/soft"), 0);
	ck_assert_int_eq(symlinkat(LONG LONG, from, "d/longlink"), 0);
	ck_assert_int_eq(mkfifoat(from, "d/fifo", 0640), 0);
	ck_assert_int_eq(fchownat(from, "d/f", 3000000, 12, 0), 0);
	ck_assert_int_eq(fchmodat(from, "d/f", 04751, 0), 0);
	round_trip("d", "renamed");

	ck_assert_int_eq(look("renamed").st_mode, S_IFDIR | 0711);
	ck_assert_int_eq(look("renamed/f").st_mode, S_IFREG | 04751);
	ck_assert_int_eq(look("renamed/f").st_uid, 3000000);
	ck_assert_int_eq(look("renamed/f").st_gid, 12);
	ck_assert_uint_eq(look("renamed/hard").st_ino, look("renamed/f").st_ino);
	ck_assert_int_eq(look("renamed/fifo").st_mode, S_IFIFO | 0640);
	ck_assert_int_gt(readlinkat(to, "renamed/soft", target, sizeof(target) - 1), 0);
	ck_assert_str_eq(target, "../d/f");
	ck_assert_int_eq(look("renamed/longlink").st_size, (off_t)strlen(LONG LONG));
	ck_assert_int_eq(bt_io_read_file(to, "renamed/" LONG "/" LONG, 100, &content, NULL), 0);
	ck_assert_str_eq(content, "far");
}
END_TEST

START_TEST(sockets_are_left_out_and_a_lone_file_is_packed)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "from/sock" };
	int sock = socket(AF_UNIX, SOCK_STREAM, 0);
	struct stat st;

	ck_assert_int_eq(bind(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	make("f", "alone", 0644);
	round_trip("f", "g");
	ck_assert_int_eq(look("g").st_size, 5);
	round_trip(".", "all");
	ck_assert_int_eq(look("all/f").st_size, 5);
	ck_assert_int_lt(fstatat(to, "all/sock", &st, 0), 0);
}
END_TEST

/* Sizes around the block of tar and the buffer of the packer. */
START_TEST(contents_of_every_size_survive)
{
	static const size_t sizes[] = { 0, 1, 511, 512, 513, 131071, 131072, 131073, 500000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		bt_auto_free char *sent = malloc(sizes[i] + 1), *got = NULL;
		size_t len;

		memset(sent, 'a' + (int)i, sizes[i]);
		ck_assert_int_eq(bt_io_create_file(from, "f", 0600, sent, sizes[i]), 0);
		round_trip("f", "f");
		ck_assert_int_eq(bt_io_read_file(to, "f", 1 << 20, &got, &len), 0);
		ck_assert_uint_eq(len, sizes[i]);
		ck_assert_int_eq(memcmp(sent, got, len), 0);
	}
}
END_TEST

static int refuse(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return -EPIPE;
}

START_TEST(a_writer_that_refuses_ends_it_and_so_does_a_missing_file)
{
	struct bt_pack pack = { .at = from, .name = "f", .as = "f", .write = refuse };
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_pack(&pack, &err), -ENOENT);
	make("f", "x", 0600);
	ck_assert_int_eq(bt_pack(&pack, &err), -EPIPE);
}
END_TEST

START_TEST(unpacking_into_a_place_keeps_kinds_where_told)
{
	bt_auto_close int fd = memfd_create("archive", 0);
	const struct bt_pack pack = {
		.at = from, .name = "f", .as = "d", .write = keep, .write_arg = &fd
	};
	const struct bt_untar u = { .root = to,
				    .into = "place",
				    .keep_kinds = true,
				    .shadow_fd = -1,
				    .read = give,
				    .read_arg = &fd };
	struct bt_untar_result result;
	struct bt_err err = { 0 };

	make("f", "x", 0600);
	ck_assert_int_eq(bt_pack(&pack, &err), 0);
	ck_assert_int_eq(mkdirat(to, "place", 0755) | mkdirat(to, "place/d", 0755), 0);
	lseek(fd, 0, SEEK_SET);
	ck_assert_int_eq(bt_untar(&u, &result, &err), -EISDIR);
	ck_assert_int_eq(unlinkat(to, "place/d", AT_REMOVEDIR), 0);
	lseek(fd, 0, SEEK_SET);
	ck_assert_int_eq(bt_untar(&u, &result, &err), 0);
	ck_assert_int_eq(look("place/d").st_mode, S_IFREG | 0600);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/pack");
	TCase *packing = tcase_create("pack");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(packing, set_up, tear_down);
	tcase_add_test(packing, a_tree_comes_back_as_it_was);
	tcase_add_test(packing, sockets_are_left_out_and_a_lone_file_is_packed);
	tcase_add_test(packing, contents_of_every_size_survive);
	tcase_add_test(packing, a_writer_that_refuses_ends_it_and_so_does_a_missing_file);
	tcase_add_test(packing, unpacking_into_a_place_keeps_kinds_where_told);
	suite_add_tcase(suite, packing);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
