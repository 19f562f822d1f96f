/* SPDX-License-Identifier: Apache-2.0 */

#include "image/bundle.h"

#include <errno.h>

#include "root_fixture.h"

/* The archive that a test puts together. */
static struct bt_str archive;
static struct bt_tar_writer writer = { .fn = add_to_str, .arg = &archive };

static struct bt_bundle bundle;
static struct bt_str said; /* the ids of what was told */
static bool leaves;        /* whoever is told */

static int note(void *arg, const json_t *message)
{
	(void)arg;
	bt_str_printf(&said, "%s ", json_string_value(json_object_get(message, "id")));
	return leaves ? -EPIPE : 0;
}

static const struct bt_progress progress = { .fn = note };

static void setup(void)
{
	setup_root();
	archive.max = 96u << 20;
	bundle = (struct bt_bundle){ .layers = layers };
}

static void teardown(void)
{
	bt_bundle_done(&bundle);
	bt_str_done(&archive);
	bt_str_done(&said);
	/* Of what nobody took nothing is left: what a crash would leave is the same. */
	if (count_rows("SELECT count(*) FROM layers") > 0) {
		close_stores();
		open_stores(root);
	}
	ck_assert_int_eq(count_rows("SELECT count(*) FROM layers"), 0);
	teardown_root();
}

static void put(const char *name, const void *data, size_t len)
{
	ck_assert_int_eq(bt_tar_writer_file(&writer, name, data, len), 0);
}

static void put_text(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

static void put_dir(const char *name)
{
	ck_assert_int_eq(bt_tar_writer_entry(&writer, name, -1), 0);
}

/* The header of an empty file, which becomes a link: its kind, its target, and its checksum. */
static void put_link(const char *name, const char *target, bool hard)
{
	size_t at = archive.len;
	unsigned sum = 0;
	char *header;

	put(name, "", 0);
	header = archive.p + at;
	header[156] = hard ? '1' : '2';
	(void)snprintf(header + 157, 100, "%s", target);
	(void)memset(header + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += (unsigned char)header[i];
	(void)snprintf(header + 148, 8, "%06o", sum);
}

/* A layer with one file; its digest. */
static void put_layer(const char *name, const char *text, char digest[BT_DIGEST_SIZE])
{
	bt_auto_str struct bt_str tar = { 0 };

	make_tar(&tar, "file", text);
	bt_digest_of(tar.p, tar.len, digest);
	put(name, tar.p, tar.len);
}

/* Read what was put together. Returns what bt_bundle_read() does. */
static int read_bundle(void)
{
	bt_auto_close int fd = -EBADF;

	ck_assert_int_eq(bt_tar_writer_finish(&writer), 0);
	ck_assert_int_eq(archive.failed, 0);
	fd = bt_io_memfd("archive", archive.p, archive.len);
	ck_assert_int_ge(fd, 0);
	err = (struct bt_err){ 0 };
	return bt_bundle_read(&bundle, fd, &progress, &err);
}

static void check_refused(const char *words)
{
	ck_assert_int_lt(read_bundle(), 0);
	check_err(&err, BT_ERR_INVALID, words);
}

START_TEST(what_looks_like_json_is_kept_and_what_looks_like_a_layer_unpacked_wherever_it_stands)
{
	const struct bt_bundle_layer *layer;
	char digest[BT_DIGEST_SIZE];

	put_layer("a/layer.tar", "one", digest);
	put_text("manifest.json", "[{\"Config\":\"c\"}]");
	put_text("a/json", " \n\t{}");
	put_text("VERSION", "1.0");
	put_text("empty", "");
	put_dir("a/dir.json");
	ck_well(read_bundle(), &err);
	ck_assert_str_eq(bt_bundle_text(&bundle, "manifest.json"), "[{\"Config\":\"c\"}]");
	ck_assert_str_eq(bt_bundle_text(&bundle, "a/json"), " \n\t{}");
	ck_assert_ptr_null(bt_bundle_text(&bundle, "VERSION"));
	ck_assert_ptr_null(bt_bundle_text(&bundle, "empty"));
	ck_assert_ptr_null(bt_bundle_text(&bundle, "a/dir.json"));
	layer = bt_bundle_layer(&bundle, "a/layer.tar");
	ck_assert_ptr_nonnull(layer);
	ck_assert_str_eq(layer->diff_id, digest);
	ck_assert_str_eq(layer->digest, digest);
	ck_assert_ptr_null(bt_bundle_layer(&bundle, "manifest.json"));
	ck_assert_ptr_null(bt_bundle_text(&bundle, "a/layer.tar"));
	ck_assert_uint_eq(strlen(bt_str_get(&said)), 13);
	ck_assert_int_eq(strncmp(bt_str_get(&said), bt_digest_hex(digest), 12), 0);
}
END_TEST

START_TEST(a_link_stands_for_another_member_from_where_it_is)
{
	char digest[BT_DIGEST_SIZE];

	put_layer("a/layer.tar", "one", digest);
	put_link("b/layer.tar", "../a/layer.tar", false);
	put_link("c/layer.tar", "b/layer.tar", true);
	put_link("d.json", "e.json", false);
	put_text("e.json", "{}");
	ck_well(read_bundle(), &err);
	ck_assert_ptr_eq(bt_bundle_layer(&bundle, "b/layer.tar"),
			 bt_bundle_layer(&bundle, "a/layer.tar"));
	ck_assert_ptr_eq(bt_bundle_layer(&bundle, "c/layer.tar"),
			 bt_bundle_layer(&bundle, "a/layer.tar"));
	ck_assert_ptr_nonnull(bt_bundle_layer(&bundle, "c/layer.tar"));
	/* Also one that comes later. */
	ck_assert_str_eq(bt_bundle_text(&bundle, "d.json"), "{}");
}
END_TEST

START_TEST(links_in_a_ring_or_to_nothing_or_without_end_lead_nowhere)
{
	put_link("self", "self", false);
	put_link("one", "two", false);
	put_link("two", "one", false);
	put_link("passwd", "/etc/passwd", false);
	put_text("0", "{}");
	for (int i = 1; i <= 9; i++) {
		char name[8], target[8];

		(void)snprintf(name, sizeof(name), "%d", i);
		(void)snprintf(target, sizeof(target), "%d", i - 1);
		put_link(name, target, false);
	}
	ck_well(read_bundle(), &err);
	ck_assert_ptr_null(bt_bundle_text(&bundle, "self"));
	ck_assert_ptr_null(bt_bundle_text(&bundle, "one"));
	ck_assert_ptr_null(bt_bundle_text(&bundle, "passwd"));
	ck_assert_ptr_nonnull(bt_bundle_text(&bundle, "8"));
	ck_assert_ptr_null(bt_bundle_text(&bundle, "9"));
}
END_TEST

START_TEST(a_name_is_never_a_path)
{
	bt_auto_free char *outside = bt_str_format("%s/outside.json", root);

	put_text(outside, "[]");
	put_text("./a/../b//c.json", "{}");
	ck_well(read_bundle(), &err);
	ck_assert_str_eq(bt_bundle_text(&bundle, outside + 1), "[]");
	ck_assert_str_eq(bt_bundle_text(&bundle, "b/c.json"), "{}");
	ck_assert_int_ne(access(outside, F_OK), 0);
}
END_TEST

START_TEST(a_name_that_leads_outside_is_refused)
{
	put_text("../berth-test-bundle.json", "{}");
	check_refused("a member's name leads outside");
}
END_TEST

START_TEST(a_link_that_leads_outside_is_refused)
{
	put_link("a/l", "../../etc/passwd", false);
	check_refused("the link a/l leads outside");
	ck_assert_ptr_null(bt_bundle_text(&bundle, "a/l"));
}
END_TEST

START_TEST(a_blob_has_the_digest_that_its_name_promises)
{
	static const char wrong[] =
		"blobs/sha256/0000000000000000000000000000000000000000000000000000000000000000";
	bt_auto_free char *right = NULL;
	char digest[BT_DIGEST_SIZE];

	bt_digest_of("{}", 2, digest);
	right = bt_str_format("blobs/sha256/%s", bt_digest_hex(digest));
	put_text(right, "{}");
	put_text(wrong, "{}");
	check_refused("has the digest sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c06"
		      "0f61caaff8a");
	ck_assert_str_eq(bt_bundle_text(&bundle, right), "{}");
	ck_assert_ptr_null(bt_bundle_text(&bundle, wrong));
}
END_TEST

START_TEST(so_has_a_layer)
{
	char digest[BT_DIGEST_SIZE];

	put_layer("blobs/sha256/00", "one", digest);
	check_refused("blobs/sha256/00: invalid archive: blobs/sha256/00 has the digest sha256:");
	ck_assert_ptr_null(bt_bundle_layer(&bundle, "blobs/sha256/00"));
	ck_assert_str_eq(bt_str_get(&said), "");
}
END_TEST

START_TEST(text_of_any_length_is_bounded)
{
	const size_t len = (8u << 20) + 1;
	bt_auto_free char *text = malloc(len);

	(void)memset(text, ' ', len);
	text[0] = '{';
	put("much.json", text, len);
	check_refused("much.json is too large");
	ck_assert_ptr_null(bt_bundle_text(&bundle, "much.json"));
}
END_TEST

/* What is read as a text would end there, and the digest is of all of it. */
START_TEST(a_text_with_a_nul_is_none)
{
	put("x.json", "{}\0{}", 5);
	check_refused("malformed JSON");
}
END_TEST

START_TEST(more_members_than_any_archive_has_are_refused)
{
	for (int i = 0; i <= 100000; i++)
		put_dir("d/");
	check_refused("more than 100000 members");
}
END_TEST

START_TEST(a_layer_that_is_broken_is_named)
{
	static const char packed[] = "\x1f\x8b\x08 and then nothing that could be unpacked";

	put("a/layer.tar", packed, sizeof(packed));
	ck_assert_int_lt(read_bundle(), 0);
	ck_assert_msg(strncmp(err.msg, "a/layer.tar: ", 13) == 0, "%s", err.msg);
	ck_assert_ptr_null(bt_bundle_layer(&bundle, "a/layer.tar"));
}
END_TEST

START_TEST(of_two_members_of_a_name_the_last_counts)
{
	char first[BT_DIGEST_SIZE], second[BT_DIGEST_SIZE];

	put_text("x.json", "{}");
	put_layer("l", "one", first);
	put_text("x.json", "[]");
	put_layer("l", "two", second);
	put_link("k", "x.json", false);
	put_link("k", "l", false);
	ck_well(read_bundle(), &err);
	ck_assert_str_eq(bt_bundle_text(&bundle, "x.json"), "[]");
	ck_assert_str_eq(bt_bundle_layer(&bundle, "l")->diff_id, second);
	ck_assert_ptr_eq(bt_bundle_layer(&bundle, "k"), bt_bundle_layer(&bundle, "l"));
}
END_TEST

START_TEST(whoever_is_told_may_end_it)
{
	char digest[BT_DIGEST_SIZE];

	leaves = true;
	put_layer("a", "one", digest);
	put_layer("b", "two", digest);
	ck_assert_int_eq(read_bundle(), -EPIPE);
	ck_assert_ptr_null(bt_bundle_layer(&bundle, "b"));
}
END_TEST

START_TEST(what_is_no_archive_is_refused)
{
	static const char *const texts[] = {
		"this is no archive, and it is long enough to be one"
	};
	bt_auto_str struct bt_str text = { 0 };

	for (int i = 0; i < 40; i++)
		bt_str_puts(&text, texts[0]);
	bt_auto_close int fd = bt_io_memfd("archive", text.p, text.len);
	ck_assert_int_lt(bt_bundle_read(&bundle, fd, &progress, &err), 0);
	check_err(&err, BT_ERR_INVALID, "invalid archive: ");
}
END_TEST

START_TEST(an_archive_that_is_cut_is_refused_wherever_it_ends)
{
	char digest[BT_DIGEST_SIZE];
	size_t whole;

	put_layer("a", "one", digest);
	whole = archive.len;
	/* In its first header, and in the layer. */
	for (size_t len = 100; len < 512 + 1024; len += 500) {
		bt_auto_close int fd = bt_io_memfd("archive", archive.p, len);

		ck_assert_uint_lt(len, whole);
		ck_assert_msg(bt_bundle_read(&bundle, fd, &progress, &err) < 0, "%zu bytes", len);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
		ck_assert_ptr_null(bt_bundle_layer(&bundle, "a"));
	}
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(
		tests,
		what_looks_like_json_is_kept_and_what_looks_like_a_layer_unpacked_wherever_it_stands);
	tcase_add_test(tests, a_link_stands_for_another_member_from_where_it_is);
	tcase_add_test(tests, links_in_a_ring_or_to_nothing_or_without_end_lead_nowhere);
	tcase_add_test(tests, a_name_is_never_a_path);
	tcase_add_test(tests, a_name_that_leads_outside_is_refused);
	tcase_add_test(tests, a_link_that_leads_outside_is_refused);
	tcase_add_test(tests, a_blob_has_the_digest_that_its_name_promises);
	tcase_add_test(tests, so_has_a_layer);
	tcase_add_test(tests, text_of_any_length_is_bounded);
	tcase_add_test(tests, a_text_with_a_nul_is_none);
	tcase_add_test(tests, more_members_than_any_archive_has_are_refused);
	tcase_add_test(tests, a_layer_that_is_broken_is_named);
	tcase_add_test(tests, of_two_members_of_a_name_the_last_counts);
	tcase_add_test(tests, whoever_is_told_may_end_it);
	tcase_add_test(tests, what_is_no_archive_is_refused);
	tcase_add_test(tests, an_archive_that_is_cut_is_refused_wherever_it_ends);
}

int main(void)
{
	return run_suite("image/bundle", setup, teardown, add);
}
