/* SPDX-License-Identifier: Apache-2.0 */

#include "handler_fixture.h"
#include "image/tar_writer.h"

static int add_to_str(void *arg, const void *data, size_t len)
{
	bt_str_add(arg, data, len);
	return ((struct bt_str *)arg)->failed;
}

/* Import an archive of one file with these parameters. */
static unsigned import(const char *parameters)
{
	bt_auto_str struct bt_str tar = { 0 };
	struct bt_tar_writer w = { .fn = add_to_str, .arg = &tar };
	bt_auto_free char *target = bt_str_format("/images/create?fromSrc=-%s", parameters);
	bt_auto_close int fd = -EBADF;
	unsigned status;

	ck_assert_int_eq(bt_tar_writer_file(&w, "file", "x", 1), 0);
	ck_assert_int_eq(bt_tar_writer_finish(&w), 0);
	body_fd = fd = bt_io_memfd("tar", tar.p, tar.len);
	status = ask("POST", target, NULL);
	body_fd = -EBADF;
	return status;
}

START_TEST(an_import_from_the_body_says_its_id_and_is_what_was_said)
{
	ck_assert_msg(import("&repo=x&tag=1&message=from+far&changes=ENV+A=b&changes=CMD+[\"c\"]"
			     "&created=2020-01-02T03:04:05Z&platform=linux/arm64") == 200,
		      "%s", err.msg);
	ck_assert_msg(strncmp(req->answer.text, "{\"status\":\"sha256:", 18) == 0, "%s",
		      req->answer.text);
	check_answers(200, NULL, "GET", "/images/x:1/json", NULL);
	ck_assert_ptr_nonnull(strstr(req->answer.text, "\"Comment\":\"from far\""));
	ck_assert_ptr_nonnull(strstr(req->answer.text, "\"Env\":[\"A=b\"]"));
	ck_assert_ptr_nonnull(strstr(req->answer.text, "\"Cmd\":[\"c\"]"));
	ck_assert_ptr_nonnull(strstr(req->answer.text, "\"Created\":\"2020-01-02T03:04:05Z\""));
	ck_assert_ptr_nonnull(strstr(req->answer.text, "\"Architecture\":\"arm64\""));
}
END_TEST

START_TEST(a_tag_without_a_repository_names_nothing)
{
	ck_assert_msg(import("&tag=1") == 200, "%s", err.msg);
	check_answers(200, NULL, "GET", "/images/json", NULL);
	ck_assert_ptr_nonnull(strstr(req->answer.text, "\"RepoTags\":[]"));
}
END_TEST

START_TEST(what_is_wrong_with_it_is_said_and_leaves_nothing)
{
	static const struct {
		const char *parameters, *words;
	} cases[] = {
		{ "&repo=UPPER", "invalid reference format" },
		{ "&repo=x&tag=a/b", "invalid reference format" },
		{ "&changes=RUN+x", "RUN" },
		{ "&created=now", "invalid time: now" },
		{ "&platform=windows/amd64", "operating system is not supported" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_uint_eq(import(cases[i].parameters), 400);
		check_err(&err, BT_ERR_INVALID, cases[i].words);
	}
	ck_assert_int_eq(bt_images_count(engine.images), 0);
}
END_TEST

START_TEST(a_file_of_the_daemons_host_is_no_place_to_import_from)
{
	check_answers(400, "", "POST", "/images/create?fromSrc=file:///etc/passwd", NULL);
	ck_assert_int_eq(bt_images_count(engine.images), 0);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, an_import_from_the_body_says_its_id_and_is_what_was_said);
	tcase_add_test(tests, a_tag_without_a_repository_names_nothing);
	tcase_add_test(tests, what_is_wrong_with_it_is_said_and_leaves_nothing);
	tcase_add_test(tests, a_file_of_the_daemons_host_is_no_place_to_import_from);
}

int main(void)
{
	return run_handlers("api/images_import", add);
}
