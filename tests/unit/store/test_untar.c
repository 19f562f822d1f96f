/* SPDX-License-Identifier: Apache-2.0 */

#include "store/untar.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

/* Below: in.tar is the archive, out/ where it is unpacked, canary what must not be touched. */
static char dir[] = "/tmp/test_untar.XXXXXX";
static struct bt_str tar;

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(mkdir("out", 0755), 0);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, "canary", 0600, "canary", 6), 0);
}

static void teardown(void)
{
	bt_auto_free char *canary = NULL;
	struct stat st;

	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, "canary", 100, &canary, NULL), 0);
	ck_assert_str_eq(canary, "canary");
	ck_assert_int_eq(stat("canary", &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq((int)st.st_nlink, 1);
	bt_str_done(&tar);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

/* Append one raw ustar entry. */
static void add_sized(const char *name, char type, const char *link, const char *data,
		      const char *size)
{
	unsigned int sum = 0;
	char h[512] = { 0 };

	(void)snprintf(h, 100, "%s", name);
	(void)memcpy(h + 100, "0000644", 8);
	(void)memcpy(h + 108, "0000000", 8);
	(void)memcpy(h + 116, "0000000", 8);
	(void)snprintf(h + 124, 12, "%s", size);
	(void)memcpy(h + 136, "00000000001", 12);
	(void)memset(h + 148, ' ', 8);
	h[156] = type;
	(void)snprintf(h + 157, 100, "%s", link);
	(void)memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	(void)snprintf(h + 148, 8, "%06o", sum);
	bt_str_add(&tar, h, sizeof(h));
	bt_str_add(&tar, data, strlen(data));
	while (tar.len % 512 != 0)
		bt_str_putc(&tar, '\0');
}

static void add(const char *name, char type, const char *link, const char *data)
{
	char size[32];

	(void)snprintf(size, sizeof(size), "%011zo", strlen(data));
	add_sized(name, type, link, data, size);
}

/* A PAX header for the entry that follows. */
static void add_pax(const char *key, const char *value)
{
	size_t len = strlen(key) + strlen(value) + 3, digits = 1;
	bt_auto_free char *record = NULL;

	for (size_t n = len + 1; n >= 10; n /= 10)
		digits++;
	record = bt_str_format("%zu %s=%s\n", len + digits, key, value);
	add("pax", 'x', "", record);
}

static int run(int64_t max_bytes, struct bt_untar_result *ret, struct bt_err *err)
{
	bt_auto_close int fd = open("in.tar", O_RDONLY | O_CLOEXEC);
	bt_auto_close int out = open("out", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return bt_untar(&(struct bt_untar){ .root = out,
					    .whiteouts = true,
					    .shadow_fd = -1,
					    .max_bytes = max_bytes,
					    .read = bt_inflate_read_fd,
					    .read_arg = &fd },
			ret, err);
}

/* Unpack what was added. */
static int unpack(struct bt_err *err)
{
	struct bt_untar_result res;

	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, "in.tar", 0600, tar.p, tar.len), 0);
	return run(0, &res, err);
}

static void unpack_well(void)
{
	struct bt_err err = { 0 };

	ck_assert_msg(unpack(&err) == 0, "%s", err.msg);
}

static void sh(const char *command)
{
	ck_assert_msg(system(command) == 0, "%s", command);
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

START_TEST(a_tree_is_the_one_that_gnu_tar_makes)
{
	struct bt_untar_result res = { 0 };
	struct bt_err err = { 0 };

	sh("mkdir in want && cd in && mkdir -p d/e s && echo a >d/a && ln d/a d/b && ln -s ../d/a s/l "
	   "&& ln -s /absent s/m && mkfifo s/f && mknod s/c c 1 3 && mknod s/b b 7 0 && : >empty && "
	   "echo u >suid && chown 3000000000:4000000 suid && chmod 6755 suid && chown -h 5:6 s/l && "
	   "chmod 2775 d && chown 0:7 d && chmod 1777 s && chmod 000 empty && "
	   "echo x >$(printf 'long%.0s' $(seq 40)) && echo x >'sp ace' && echo x >$(printf '\\303\\244') && "
	   "echo x >$(printf '\\344') && truncate -s 5M sparse && echo end >>sparse && "
	   "echo data | dd of=sparse bs=1 seek=1000000 conv=notrunc status=none && "
	   "touch -d '2001-02-03 04:05:06.123456789Z' d/a d/e && touch -h -d @1.5 s/l && touch -d @-5 empty");
	for (int i = 0; i < 3; i++) {
		static const char *const formats[] = { "posix", "gnu", "posix --sparse" };
		bt_auto_free char *pack =
			bt_str_format("tar --format=%s -cf in.tar -C in . && rm -rf out want && "
				      "mkdir out want && tar -xpf in.tar -C want",
				      formats[i]);

		sh(pack);
		ck_assert_msg(run(0, &res, &err) == 0, "%s", err.msg);
		sh("for t in want out; do (cd $t && find . -printf '%P %y %m %U %G %T@ %l %n ' "
		   "\\( ! -type d -printf '%s' -o -true \\) -printf '\\n' | LC_ALL=C sort && "
		   "find . -type f -exec sha256sum {} + | LC_ALL=C sort -k2) >$t.list; done; "
		   "cmp want.list out.list || { diff want.list out.list; false; }");
		sh("test \"$(stat -c %b out/sparse)\" -le \"$(stat -c %b want/sparse)\" || "
		   "tar -tvf in.tar | grep -q sparse");
	}
}
END_TEST

START_TEST(every_packing_gives_the_same_diff_id)
{
	struct bt_untar_result plain = { 0 }, packed = { 0 };
	struct bt_err err = { 0 };
	static const char *const packings[] = {
		"gzip -c <t >in.tar",
		"zstd -qc <t >in.tar",
		"{ head -c 700000 t | gzip; tail -c +700001 t | gzip -1; } >in.tar",
		"{ head -c 7 t | zstd -q; tail -c +8 t | zstd -q; } >in.tar",
		"gzip -c --best <t >in.tar",
	};

	sh("mkdir in && head -c 3000000 /dev/urandom >in/a && cp -r /etc/default in/ && tar -cf t -C in . && cp t in.tar");
	ck_assert_msg(run(0, &plain, &err) == 0, "%s", err.msg);
	sh("test -n \"$(sha256sum t)\"");
	for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
		sh(packings[i]);
		ck_assert_msg(run(0, &packed, &err) == 0, "%zu: %s", i, err.msg);
		ck_assert_str_eq(plain.diff_id, packed.diff_id);
	}
	{
		bt_auto_free char *check = bt_str_format("sha256sum t | grep -q ^%s",
							 plain.diff_id + strlen("sha256:"));

		sh(check);
	}
}
END_TEST

START_TEST(xz_and_bzip2_give_the_same_diff_id)
{
	struct bt_untar_result plain = { 0 }, packed = { 0 };
	struct bt_err err = { 0 };
	static const char *const packings[] = {
		"xz -0 -c <t >in.tar",
		"xz -9 -c <t >in.tar",
		"{ head -c 70000 t | xz -0; tail -c +70001 t | xz -1; } >in.tar",
		"bzip2 -c <t >in.tar",
		"{ head -c 7 t | bzip2; tail -c +8 t | bzip2 -1; } >in.tar",
	};

	sh("mkdir in && head -c 200000 /dev/urandom >in/a && tar -cf t -C in . && cp t in.tar");
	ck_assert_msg(run(0, &plain, &err) == 0, "%s", err.msg);
	for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
		sh(packings[i]);
		ck_assert_msg(run(0, &packed, &err) == 0, "%zu: %s", i, err.msg);
		ck_assert_str_eq(plain.diff_id, packed.diff_id);
	}
}
END_TEST

START_TEST(damaged_or_padded_streams_are_refused)
{
	struct bt_untar_result res = { 0 };
	struct bt_err err = { 0 };
	static const char *const bad[] = {
		"gzip <t | head -c 5000 >in.tar",
		"{ gzip <t; echo junk; } >in.tar",
		"gzip <t | { head -c 3000; head -c 10 /dev/zero; tail -c +3011; } >in.tar",
		"zstd -qc <t | head -c 5000 >in.tar",
		"{ zstd -qc t; echo junk; } >in.tar",
		"head -c 5000 t >in.tar",
		"head -c 10000 /dev/urandom >in.tar",
		"xz -c <t | head -c 5000 >in.tar",
		"{ xz -c <t; echo junk; } >in.tar",
		"xz -c <t | { head -c 3000; head -c 10 /dev/zero; tail -c +3011; } >in.tar",
		"bzip2 -c <t | head -c 5000 >in.tar",
		"{ bzip2 -c <t; echo junk; } >in.tar",
		"bzip2 -c <t | { head -c 3000; head -c 10 /dev/zero; tail -c +3011; } >in.tar",
	};

	sh("mkdir in && head -c 20000 /dev/urandom >in/a && tar -cf t -C in .");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err = (struct bt_err){ 0 };
		sh(bad[i]);
		ck_assert_msg(run(0, &res, &err) < 0, "%s", bad[i]);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	}
}
END_TEST

START_TEST(bombs_stop_at_the_limit)
{
	struct bt_untar_result res = { 0 };
	struct bt_err err = { 0 };

	sh("mkdir in && truncate -s 40M in/zeros && tar -c -C in . | gzip >in.tar");
	ck_assert_int_eq(run(10 << 20, &res, &err), -EFBIG);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
}
END_TEST

/* A06 */
START_TEST(no_name_leads_outside)
{
	static const char *const names[] = { "../x", "a/../../x", "..", "a/b/../../../x" };
	struct bt_err err = { 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bt_str_clear(&tar);
		add(names[i], '0', "", "evil");
		ck_assert_msg(unpack(&err) < 0, "%s", names[i]);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	}
	ck_assert(!is_there("x"));
	bt_str_clear(&tar);
	add("/abs", '0', "", "fine");
	add("./a/./b//c", '0', "", "fine");
	add("a/../d", '0', "", "fine");
	unpack_well();
	ck_assert(is_there("out/abs"));
	ck_assert(is_there("out/a/b/c"));
	ck_assert(is_there("out/d"));
}
END_TEST

/* A06 */
START_TEST(symlinks_are_followed_inside_only)
{
	bt_auto_free char *up = bt_str_format("%s", dir);

	add("up", '2', "..", "");
	add("abs", '2', up, "");
	add("root", '2', "/", "");
	add("canary", '2', "../canary", "");
	add("up/through", '0', "", "evil");
	add("abs/canary", '0', "", "evil");
	add("root/inner", '0', "", "fine");
	add("canary", '0', "", "replaces the link");
	add("up/.wh.canary", '0', "", "");
	{
		struct bt_err err = { 0 };

		/* The absolute link points to what does not exist inside: no directory. */
		ck_assert_int_lt(unpack(&err), 0);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	}
	ck_assert(!is_there("through"));
	ck_assert(is_there("out/through"));
}
END_TEST

/* A06 */
START_TEST(hard_links_stay_inside)
{
	static const char *const targets[] = { "../canary", "/../canary", "link/canary", "nosuch" };
	struct bt_err err = { 0 };

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		bt_str_clear(&tar);
		add("link", '2', "..", "");
		add("hard", '1', targets[i], "");
		ck_assert_msg(unpack(&err) < 0, "%s", targets[i]);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	}
	/* A link to a symlink is one more name of the symlink. */
	bt_str_clear(&tar);
	add("s", '2', "../canary", "");
	add("h", '1', "s", "");
	add("h", '0', "", "not through it");
	unpack_well();
}
END_TEST

/* A07 */
START_TEST(overlays_own_attributes_are_dropped)
{
	char value[16];

	add_pax("SCHILY.xattr.trusted.overlay.redirect", "/etc");
	add("d", '5', "", "");
	add_pax("SCHILY.xattr.trusted.overlay.opaque", "y");
	add("e", '5', "", "");
	add_pax("SCHILY.xattr.user.overlay.opaque", "y");
	add("f", '5', "", "");
	add_pax("SCHILY.xattr.user.mine", "kept");
	add("g", '0', "", "");
	unpack_well();
	ck_assert_int_lt(getxattr("out/d", "trusted.overlay.redirect", value, sizeof(value)), 0);
	ck_assert_int_lt(getxattr("out/e", "trusted.overlay.opaque", value, sizeof(value)), 0);
	ck_assert_int_lt(getxattr("out/f", "user.overlay.opaque", value, sizeof(value)), 0);
	ck_assert_int_eq(getxattr("out/g", "user.mine", value, sizeof(value)), 4);
}
END_TEST

START_TEST(whiteouts_take_overlays_form)
{
	struct stat st;
	char value[4];

	add("d", '5', "", "");
	add("d/.wh.gone", '0', "", "");
	add("new/.wh..wh..opq", '0', "", "");
	add("new/x", '0', "", "x");
	add(".wh..wh.plnk", '0', "", "");
	add("kept", '0', "", "x");
	add(".wh.kept", '0', "", "");
	add("dir", '5', "", "");
	add(".wh.dir", '0', "", "");
	add(".wh.later", '0', "", "");
	add("later", '5', "", "");
	unpack_well();
	ck_assert_int_eq(lstat("out/d/gone", &st), 0);
	ck_assert(S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0));
	ck_assert_int_eq(getxattr("out/new", "trusted.overlay.opaque", value, 4), 1);
	ck_assert_int_eq(lstat("out/kept", &st), 0);
	ck_assert(S_ISREG(st.st_mode));
	ck_assert_int_eq(getxattr("out/dir", "trusted.overlay.opaque", value, 4), 1);
	ck_assert_int_eq(getxattr("out/later", "trusted.overlay.opaque", value, 4), 1);
	ck_assert(!is_there("out/.wh..wh.plnk") && !is_there("out/.wh.plnk"));
}
END_TEST

START_TEST(bad_whiteouts_are_refused)
{
	static const char *const names[] = { ".wh.", ".wh..", ".wh...", "a/.wh..." };
	struct bt_err err = { 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bt_str_clear(&tar);
		add(names[i], '0', "", "");
		ck_assert_msg(unpack(&err) < 0, "%s", names[i]);
	}
}
END_TEST

/* A08 */
START_TEST(absurd_headers_are_bounded)
{
	struct bt_err err = { 0 };

	add_sized("pax", 'x', "", "", "07777777777"); /* a header of 1 GiB */
	for (int i = 0; i < 20000; i++)
		bt_str_add(&tar,
			   "0123456789abcdef0123456789abcdef"
			   "0123456789abcdef0123456789abcdef"
			   "0123456789abcdef0123456789abcdef"
			   "0123456789abcdef0123456789abcdef"
			   "0123456789abcdef0123456789abcdef"
			   "0123456789abcdef0123456789abcdef"
			   "0123456789abcdef0123456789abcdef"
			   "0123456789abcdef0123456789abcdef"
			   "0123456789abcdef0123456789abcdef"
			   "0123456789abcdef0123456789abcdef",
			   320);
	ck_assert_int_lt(unpack(&err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);

	bt_str_clear(&tar);
	add_sized("negative", '0', "", "", "-0000000001");
	add("next", '0', "", "");
	if (unpack(&err) < 0)
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);

	bt_str_clear(&tar);
	add_pax("size", "9223372036854775807");
	add("huge", '0', "", "x");
	ck_assert_int_lt(unpack(&err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
}
END_TEST

/* A08 */
START_TEST(a_sparse_map_without_end_is_refused)
{
	struct bt_err err = { 0 };

	add_pax("GNU.sparse.major", "1");
	tar.len -= 1024; /* one header with all three records */
	{
		static const char records[] = "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
					      "31 GNU.sparse.realsize=1000000\n";

		add("pax", 'x', "", records);
	}
	add_sized("GNUSparseFile.0/s", '0', "", "", "07777777777");
	bt_str_puts(&tar, "1000000000\n");
	for (int i = 0; i < 3000000; i++)
		bt_str_puts(&tar, "0\n1\n");
	ck_assert_int_lt(unpack(&err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
}
END_TEST

/* A08 */
START_TEST(paths_that_are_too_long_or_deep_are_refused)
{
	bt_auto_str struct bt_str path = { 0 };
	struct bt_err err = { 0 };

	for (int i = 0; i < 30000; i++)
		bt_str_puts(&path, "d/");
	add_pax("path", bt_str_get(&path));
	add("x", '5', "", "");
	ck_assert_int_lt(unpack(&err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.msg, "too long"));
}
END_TEST

START_TEST(later_entries_replace_earlier_ones)
{
	bt_auto_free char *text = NULL;
	struct stat st;

	add("a", '0', "", "one");
	add("a", '0', "", "two");
	add("d", '5', "", "");
	add("d/x", '0', "", "x");
	add("d", '0', "", "now a file");
	add("f", '0', "", "file");
	add("f", '5', "", "");
	add("f/y", '0', "", "y");
	add("l", '2', "d", "");
	add("l", '1', "a", "");
	unpack_well();
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, "out/a", 10, &text, NULL), 0);
	ck_assert_str_eq(text, "two");
	ck_assert_int_eq(lstat("out/d", &st), 0);
	ck_assert(S_ISREG(st.st_mode));
	ck_assert(is_there("out/f/y"));
	ck_assert_int_eq(lstat("out/l", &st), 0);
	ck_assert_int_eq((int)st.st_nlink, 2);
}
END_TEST

START_TEST(an_empty_archive_is_an_empty_tree)
{
	struct bt_untar_result res = { 0 };
	struct bt_err err = { 0 };

	sh(": >in.tar");
	ck_assert_msg(run(0, &res, &err) == 0, "%s", err.msg);
	sh("head -c 1024 /dev/zero >in.tar");
	ck_assert_msg(run(0, &res, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(res.diff_id,
			 "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf1"
			 "0ace3c6ef");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/untar");
	TCase *tc = tcase_create("untar");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_tree_is_the_one_that_gnu_tar_makes);
	tcase_add_test(tc, every_packing_gives_the_same_diff_id);
	tcase_add_test(tc, xz_and_bzip2_give_the_same_diff_id);
	tcase_add_test(tc, damaged_or_padded_streams_are_refused);
	tcase_add_test(tc, bombs_stop_at_the_limit);
	tcase_add_test(tc, no_name_leads_outside);
	tcase_add_test(tc, symlinks_are_followed_inside_only);
	tcase_add_test(tc, hard_links_stay_inside);
	tcase_add_test(tc, overlays_own_attributes_are_dropped);
	tcase_add_test(tc, whiteouts_take_overlays_form);
	tcase_add_test(tc, bad_whiteouts_are_refused);
	tcase_add_test(tc, absurd_headers_are_bounded);
	tcase_add_test(tc, a_sparse_map_without_end_is_refused);
	tcase_add_test(tc, paths_that_are_too_long_or_deep_are_refused);
	tcase_add_test(tc, later_entries_replace_earlier_ones);
	tcase_add_test(tc, an_empty_archive_is_an_empty_tree);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
