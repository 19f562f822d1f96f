/* SPDX-License-Identifier: Apache-2.0 */

/* registry/blob.c, whose manual is registry/session.h. */

#include "session_fixture.h"

#define BLOB "GET /v2/a/b/blobs/" DIGEST " "

static struct bt_str text;

static void teardown(void)
{
	bt_str_done(&text);
	teardown_registry();
}

/* Get `size` bytes in all. */
static int get(int64_t size)
{
	bt_str_clear(&text);
	err = (struct bt_err){ 0 };
	return bt_session_get_blob(session, DIGEST, size, append, &text, &err);
}

START_TEST(a_blob_comes_whole_by_way_of_a_redirect_or_without_a_size)
{
	static const struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = BLOB, .status = "307 There", .headers = "Location: /cdn\r\n" },
		{ .request = "GET /cdn ", .status = "200 OK", .body = "0123456789" },
	};

	open_session(rules, LENGTH(rules));
	ck_well(get(10), &err);
	ck_assert_str_eq(bt_str_get(&text), "0123456789");
	ck_well(get(-1), &err);
	ck_assert_str_eq(bt_str_get(&text), "0123456789");
}
END_TEST

START_TEST(more_or_fewer_bytes_than_promised_are_refused)
{
	static const struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = BLOB, .status = "200 OK", .body = "0123456789" },
	};

	open_session(rules, LENGTH(rules));
	ck_assert_int_eq(get(9), -EBADMSG);
	check_err(&err, BT_ERR_INVALID, "sends more than the 9 bytes promised");
	ck_assert_uint_le(text.len, 9);
	ck_assert_int_eq(get(0), -EBADMSG);
	ck_assert_int_eq(get(11), -EBADMSG);
	check_err(&err, BT_ERR_INVALID, "sent 10 bytes of the 11 promised");
}
END_TEST

START_TEST(a_blob_that_breaks_off_is_taken_up_at_the_byte)
{
	static const struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = BLOB, .times = 1, .status = "200 OK", .body = "0123456789", .cut = 4 },
		{ .request = BLOB, .status = "200 OK", .body = "0123456789", .ranges = true },
	};

	open_session(rules, LENGTH(rules));
	ck_well(get(10), &err);
	ck_assert_str_eq(bt_str_get(&text), "0123456789");
	ck_assert_uint_eq(web_count(BLOB), 2);
	web_check_header(BLOB, "Range", "bytes=4-");
}
END_TEST

START_TEST(a_registry_that_knows_no_parts_sends_all_again_and_nothing_is_taken_twice)
{
	static const struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = BLOB, .times = 1, .status = "200 OK", .body = "0123456789", .cut = 7 },
		{ .request = BLOB, .status = "200 OK", .body = "0123456789" },
	};

	open_session(rules, LENGTH(rules));
	ck_well(get(10), &err);
	ck_assert_str_eq(bt_str_get(&text), "0123456789");
}
END_TEST

START_TEST(a_blob_taken_up_does_not_grow_beyond_its_size)
{
	static const struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = BLOB, .times = 1, .status = "200 OK", .body = "0123456789", .cut = 4 },
		{ .request = BLOB,
		  .status = "206 Partial Content",
		  .headers = "Content-Range: bytes 4-99/100\r\n",
		  .body = "456789abcdef" },
	};

	open_session(rules, LENGTH(rules));
	ck_assert_int_eq(get(10), -EBADMSG);
	ck_assert_uint_le(text.len, 10);
}
END_TEST

START_TEST(another_part_ends_it_and_is_not_asked_for_again)
{
	static const struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = BLOB, .times = 1, .status = "200 OK", .body = "0123456789", .cut = 4 },
		{ .request = BLOB,
		  .status = "206 Partial Content",
		  .headers = "Content-Range: bytes 0-5/10\r\n",
		  .body = "012345" },
	};

	open_session(rules, LENGTH(rules));
	ck_assert_int_eq(get(10), -EBADMSG);
	check_err(&err, BT_ERR_INVALID, "another part");
	ck_assert_uint_eq(web_count(BLOB), 2);
	ck_assert_str_eq(bt_str_get(&text), "0123");
}
END_TEST

START_TEST(what_is_refused_is_not_asked_for_again)
{
	static const struct {
		const char *status;
		int errnum;
	} cases[] = { { "404 Not Found", ENOENT }, { "403 No", EPERM }, { "410 Gone", EIO } };

	open_session(&(struct web_rule)OPEN_REGISTRY, 1);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct web_rule rules[] = { { .request = BLOB, .status = cases[i].status } };

		web_rules(rules, LENGTH(rules));
		ck_assert_int_eq(get(10), -cases[i].errnum);
		ck_assert_uint_eq(web_count(BLOB), i + 1);
	}
}
END_TEST

static int first_five(void *arg, const void *data, size_t len)
{
	bt_str_add(arg, data, len);
	return text.len >= 5 ? BT_HTTP_ENOUGH : 0;
}

static int refuse(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return -ENOSPC;
}

START_TEST(a_part_is_a_part_where_the_registry_knows_parts)
{
	static const struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = BLOB, .status = "200 OK", .body = "0123456789", .ranges = true },
	};
	bool partial = false;
	struct bt_session_part part = { .digest = DIGEST,
					.from = 2,
					.len = 3,
					.size = 10,
					.sink = append,
					.arg = &text,
					.ret_partial = &partial };

	open_session(rules, LENGTH(rules));
	ck_well(bt_session_get_part(session, &part, &err), &err);
	ck_assert_str_eq(bt_str_get(&text), "234");
	ck_assert(partial);
	web_check_header(BLOB, "Range", "bytes=2-4");
	/* The end of a blob is asked for without saying where it is. */
	part.from = 7;
	ck_well(bt_session_get_part(session, &part, &err), &err);
	ck_assert_str_eq(bt_str_get(&text), "234789");
	web_check_header(BLOB, "Range", "bytes=7-");
}
END_TEST

START_TEST(where_the_registry_sends_all_the_sink_says_when_it_is_enough)
{
	static const struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = BLOB, .status = "200 OK", .body = "0123456789" },
	};
	bool partial = true;
	struct bt_session_part part = { .digest = DIGEST,
					.from = 2,
					.len = 3,
					.size = 10,
					.sink = first_five,
					.arg = &text,
					.ret_partial = &partial };

	open_session(rules, LENGTH(rules));
	ck_well(bt_session_get_part(session, &part, &err), &err);
	ck_assert(!partial);
	ck_assert_ptr_eq(strstr("0123456789", bt_str_get(&text)), strstr("0123456789", "2"));
	/* More than the whole blob has is refused there as well. */
	bt_str_clear(&text);
	part.size = 9;
	part.sink = append;
	ck_assert_int_eq(bt_session_get_part(session, &part, &err), -EBADMSG);
	check_err(&err, BT_ERR_INVALID, "more than the 7 bytes");
}
END_TEST

START_TEST(a_sink_that_fails_ends_it_at_once)
{
	static const struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = BLOB, .status = "200 OK", .body = "0123456789" },
	};

	open_session(rules, LENGTH(rules));
	ck_assert_int_eq(bt_session_get_blob(session, DIGEST, 10, refuse, NULL, &err), -ECANCELED);
	check_err(&err, BT_ERR_UNAVAILABLE, "No space left on device");
	ck_assert_uint_eq(web_count(BLOB), 1);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_blob_comes_whole_by_way_of_a_redirect_or_without_a_size);
	tcase_add_test(tests, more_or_fewer_bytes_than_promised_are_refused);
	tcase_add_test(tests, a_blob_that_breaks_off_is_taken_up_at_the_byte);
	tcase_add_test(tests,
		       a_registry_that_knows_no_parts_sends_all_again_and_nothing_is_taken_twice);
	tcase_add_test(tests, a_blob_taken_up_does_not_grow_beyond_its_size);
	tcase_add_test(tests, another_part_ends_it_and_is_not_asked_for_again);
	tcase_add_test(tests, what_is_refused_is_not_asked_for_again);
	tcase_add_test(tests, a_part_is_a_part_where_the_registry_knows_parts);
	tcase_add_test(tests, where_the_registry_sends_all_the_sink_says_when_it_is_enough);
	tcase_add_test(tests, a_sink_that_fails_ends_it_at_once);
}

int main(void)
{
	return run_suite("blob", setup_registry, teardown, add_tests);
}
