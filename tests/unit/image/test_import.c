/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>

#include "codec/json.h"
#include "root_fixture.h"

static struct bt_str told; /* "action name " */

static void tell(void *arg, const char *action, const char *id, const char *name)
{
	(void)arg;
	ck_assert_int_eq(strncmp(id, "sha256:", 7), 0);
	bt_str_printf(&told, "%s %s ", action, name);
}

static void setup(void)
{
	setup_root();
	bt_images_set_events(images, tell, NULL);
}

static void teardown(void)
{
	bt_str_done(&told);
	teardown_root();
}

/* An archive that is read in pieces, and then its end, or a failure. */
struct source {
	struct bt_str tar;
	size_t at;
	bool fails;
	unsigned reads;
};

static ssize_t read_source(void *arg, void *buf, size_t size, struct bt_err *e)
{
	struct source *s = arg;
	size_t n = s->tar.len - s->at;

	s->reads++;
	n = n < size ? n : size;
	n = n < 1000 ? n : 1000;
	if (n == 0 && s->fails)
		return bt_err_set(e, BT_ERR_SYSTEM, EPIPE, "the client left");
	if (n > 0)
		(void)memcpy(buf, s->tar.p + s->at, n);
	s->at += n;
	return (ssize_t)n;
}

/* Import one file that says `text`. Returns what bt_images_import_from() does. */
static int import(const char *text, bool fails, const struct bt_import *how, char id[72],
		  unsigned *ret_reads)
{
	struct source source = { .fails = fails };
	int r;

	make_tar(&source.tar, "file", text);
	err = (struct bt_err){ 0 };
	r = bt_images_import_from(images, read_source, &source, how, id, &err);
	bt_str_done(&source.tar);
	if (ret_reads)
		*ret_reads = source.reads;
	return r;
}

static void check_nothing_is_left(void)
{
	ck_assert_int_eq(count_rows("SELECT count(*) FROM images"), 0);
	ck_assert_int_eq(count_rows("SELECT count(*) FROM image_names"), 0);
	ck_assert_int_eq(count_rows("SELECT count(*) FROM layers WHERE state = 1"), 0);
	ck_assert_str_eq(bt_str_get(&told), "");
}

START_TEST(an_import_says_what_it_was_told_and_what_it_found)
{
	static const char *const changes[] = { "CMD [\"a\"]", "ENV A=b", NULL };
	const struct bt_import how = { .ref = "x:1",
				       .message = "from far",
				       .platform = "linux/arm/v7",
				       .changes = changes,
				       .created = "2020-01-02T03:04:05Z" };
	bt_auto_image struct bt_image image = { 0 };
	char id[72];

	ck_well(import("one", false, &how, id, NULL), &err);
	ck_well(bt_images_get(images, "x:1", &image, &err), &err);
	ck_assert_str_eq(image.id, id);
	ck_assert_str_eq(bt_json_str(image.config, "comment", ""), "from far");
	ck_assert_str_eq(bt_json_str(image.config, "created", ""), "2020-01-02T03:04:05Z");
	ck_assert_str_eq(bt_json_str(image.config, "architecture", ""), "arm");
	ck_assert_str_eq(bt_json_str(image.config, "variant", ""), "v7");
	ck_assert_uint_eq(json_array_size(bt_json_arr(image.config, "history")), 1);
	ck_assert_uint_eq(
		json_array_size(bt_json_arr(bt_json_obj(image.config, "rootfs"), "diff_ids")), 1);
	ck_assert_str_eq(bt_str_get(&told), "import x:1 ");
}
END_TEST

START_TEST(the_same_archive_made_at_the_same_time_is_the_same_image)
{
	const struct bt_import how = { .created = "2020-01-02T03:04:05Z" };
	char first[72], second[72], other[72];

	ck_well(import("one", false, &how, first, NULL), &err);
	ck_well(import("one", false, &how, second, NULL), &err);
	ck_well(import("two", false, &how, other, NULL), &err);
	ck_assert_str_eq(first, second);
	ck_assert_str_ne(first, other);
	ck_assert_int_eq(count_rows("SELECT count(*) FROM images"), 2);
	/* The second has no layer of its own, nor a reference that nobody would give back. */
	ck_assert_int_eq(count_rows("SELECT count(*) FROM layers WHERE state = 1"), 2);
	ck_assert_int_eq(count_rows("SELECT sum(refs) FROM layers WHERE state = 1"), 2);
}
END_TEST

START_TEST(without_a_name_its_id_is_what_is_told)
{
	char id[72];
	bt_auto_free char *want = NULL;

	ck_well(import("one", false, &(struct bt_import){ 0 }, id, NULL), &err);
	want = bt_str_format("import %s ", id);
	ck_assert_str_eq(bt_str_get(&told), want);
	ck_assert_int_eq(count_rows("SELECT count(*) FROM image_names"), 0);
}
END_TEST

/* A client may send a gigabyte. */
START_TEST(what_can_be_refused_is_refused_before_anything_is_read)
{
	static const char *const bad_change[] = { "RUN rm -rf /", NULL };
	static const struct {
		struct bt_import how;
		const char *words;
	} cases[] = {
		{ { .ref = "X" }, "invalid reference format" },
		{ { .ref = "x@sha256:"
			   "0123456789012345678901234567890123456789012345678901234567890123" },
		  "cannot import digest reference" },
		{ { .platform = "windows/amd64" }, "operating system is not supported" },
		{ { .platform = "///" }, "" },
		{ { .created = "yesterday" }, "invalid time: yesterday" },
		{ { .created = "2020-01-02T03:04:05.000000000000000000000000Z" }, "invalid time" },
		{ { .changes = bad_change }, "RUN" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		unsigned reads;
		char id[72];

		ck_assert_int_lt(import("one", false, &cases[i].how, id, &reads), 0);
		check_err(&err, BT_ERR_INVALID, cases[i].words);
		ck_assert_uint_eq(reads, 0);
	}
	check_nothing_is_left();
}
END_TEST

/* Its archive was whole, and yet nobody knows whether that was all. */
START_TEST(a_source_that_fails_behind_the_archive_leaves_nothing)
{
	char id[72];

	ck_assert_int_eq(import("one", true, &(struct bt_import){ .ref = "x" }, id, NULL), -EPIPE);
	ck_assert_str_eq(err.msg, "the client left");
	check_nothing_is_left();
}
END_TEST

START_TEST(what_is_no_archive_leaves_nothing)
{
	struct source source = { .at = 0 };
	char id[72];

	for (int i = 0; i < 100; i++)
		bt_str_puts(&source.tar, "this is no archive at all, whatever one makes of it");
	ck_assert_int_lt(bt_images_import_from(images, read_source, &source,
					       &(struct bt_import){ .ref = "x" }, id, &err),
			 0);
	bt_str_done(&source.tar);
	check_nothing_is_left();
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, an_import_says_what_it_was_told_and_what_it_found);
	tcase_add_test(tests, the_same_archive_made_at_the_same_time_is_the_same_image);
	tcase_add_test(tests, without_a_name_its_id_is_what_is_told);
	tcase_add_test(tests, what_can_be_refused_is_refused_before_anything_is_read);
	tcase_add_test(tests, a_source_that_fails_behind_the_archive_leaves_nothing);
	tcase_add_test(tests, what_is_no_archive_leaves_nothing);
}

int main(void)
{
	return run_suite("image/import", setup, teardown, add);
}
