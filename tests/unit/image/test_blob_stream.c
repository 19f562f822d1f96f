/* SPDX-License-Identifier: Apache-2.0 */

#include "image/blob_stream.h"

#include <dirent.h>
#include <errno.h>

#include "little_registry.h"
#include "image/spool.h"

static struct bt_session *session;
static struct bt_blob_stream *stream;
static atomic_bool cancelled;
static char spools[64];

static void setup(void)
{
	setup_registry();
	(void)snprintf(spools, sizeof(spools), "%s/transfers", root);
	session = session_with("a");
}

static void teardown(void)
{
	bt_blob_stream_destroy(stream);
	bt_session_destroy(session);
	teardown_registry();
}

static void begin(const char *digest, int64_t size)
{
	ck_well(bt_blob_stream_create(&(struct bt_blob_stream_source){ .session = session,
								       .root = spools,
								       .digest = digest,
								       .size = size,
								       .cancelled = &cancelled },
				      &stream, &err),
		&err);
}

/* How many spools are left. */
static int count_spools(void)
{
	DIR *dir = opendir(spools);
	const struct dirent *e;
	int n = 0;

	while (dir && (e = readdir(dir)))
		n += e->d_name[0] != '.';
	if (dir)
		(void)closedir(dir);
	return n;
}

static void keep_blob(const char *text, char digest[BT_DIGEST_SIZE])
{
	bt_digest_of(text, strlen(text), digest);
	keep_data(KEPT_BLOB, "a", digest, "x/y", text, strlen(text));
}

START_TEST(a_blob_is_read_in_any_pieces_and_its_digest_is_checked_at_the_end)
{
	static const size_t pieces[] = { 1, 3, 1000 };
	char digest[BT_DIGEST_SIZE], buf[1000];

	keep_blob("0123456789", digest);
	for (size_t i = 0; i < LENGTH(pieces); i++) {
		bt_auto_str struct bt_str text = { 0 };
		ssize_t n;

		begin(digest, 10);
		while ((n = bt_blob_stream_read(stream, buf, pieces[i], &err)) > 0)
			bt_str_add(&text, buf, (size_t)n);
		ck_assert_msg(n == 0, "%s", err.msg);
		ck_assert_str_eq(bt_str_get(&text), "0123456789");
		ck_assert_int_eq(bt_blob_stream_have(stream), 10);
		ck_assert(!bt_blob_stream_was_resumed(stream));
		/* Once more at the end is the end again, without another check. */
		ck_well(bt_blob_stream_finish(stream, &err), &err);
		bt_blob_stream_destroy(bt_take(stream));
		ck_assert_int_eq(count_spools(), 0);
	}
}
END_TEST

START_TEST(what_has_come_is_read_while_the_rest_is_not_here)
{
	struct web_rule rules[] = { { .request = "GET /v2/a/blobs/",
				      .status = "200 OK",
				      .body = "0123456789",
				      .cut = 4,
				      .hold = true } };
	char digest[BT_DIGEST_SIZE], buf[16];

	bt_digest_of("0123456789", 10, digest);
	web_rules(rules, LENGTH(rules));
	begin(digest, 10);
	ck_assert_int_eq(bt_blob_stream_read(stream, buf, sizeof(buf), &err), 4);
	ck_assert_mem_eq(buf, "0123", 4);
	web_release();
	ck_well(bt_blob_stream_finish(stream, &err), &err);
}
END_TEST

START_TEST(bytes_of_another_digest_are_told_at_the_end)
{
	char digest[BT_DIGEST_SIZE], other[BT_DIGEST_SIZE];

	keep_blob("0123456789", digest);
	bt_digest_of("012345678X", 10, other);
	keep_data(KEPT_BLOB, "a", other, "x/y", "0123456789", 10);
	begin(other, 10);
	ck_assert_int_eq(bt_blob_stream_finish(stream, &err), -EBADMSG);
	check_err(&err, BT_ERR_INVALID, "filesystem layer verification failed for digest");
	ck_assert_ptr_nonnull(strstr(err.msg, other));
	ck_assert_ptr_nonnull(strstr(err.msg, digest));
}
END_TEST

START_TEST(why_it_cannot_be_fetched_is_what_the_reader_is_told)
{
	const struct {
		int64_t size;
		int errnum;
		const char *digest, *words;
	} cases[] = {
		{ 9, EBADMSG, NULL, "more than the 9 bytes" },
		{ 11, EBADMSG, NULL, "10 bytes of the 11" },
		{ 10, ENOENT, "sha256:00", "404" },
	};
	char digest[BT_DIGEST_SIZE], buf[16];

	keep_blob("0123456789", digest);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char missing[BT_DIGEST_SIZE];
		ssize_t n;

		bt_digest_of("nothing", 7, missing);
		begin(cases[i].digest ? missing : digest, cases[i].size);
		while ((n = bt_blob_stream_read(stream, buf, sizeof(buf), &err)) > 0)
			;
		ck_assert_int_eq(n, -cases[i].errnum);
		ck_assert_msg(strstr(err.msg, cases[i].words) != NULL, "%s", err.msg);
		/* And so whoever asks again. */
		ck_assert_int_eq(bt_blob_stream_finish(stream, &err), -cases[i].errnum);
		bt_blob_stream_destroy(bt_take(stream));
		ck_assert_int_eq(count_spools(), 0);
	}
}
END_TEST

/* Bytes that tell where they are. */
static char *make_large(size_t len, char digest[BT_DIGEST_SIZE])
{
	char *data = malloc(len);

	ck_assert_ptr_nonnull(data);
	for (size_t i = 0; i < len; i++)
		data[i] = (char)(i * 31 + (i >> 8) * 7 + (i >> 20));
	bt_digest_of(data, len, digest);
	return data;
}

START_TEST(a_large_blob_comes_in_parts_by_several_requests_and_is_whole)
{
	size_t len = 2 * (size_t)BT_SPOOL_CHUNK + 12345;
	char digest[BT_DIGEST_SIZE];
	bt_auto_free char *data = make_large(len, digest);
	struct web_rule rules[] = { { .request = "GET /v2/a/blobs/",
				      .status = "200 OK",
				      .body = data,
				      .len = len,
				      .ranges = true } };

	web_rules(rules, LENGTH(rules));
	begin(digest, (int64_t)len);
	ck_well(bt_blob_stream_finish(stream, &err), &err);
	ck_assert_int_eq(bt_blob_stream_have(stream), (int64_t)len);
	ck_assert_uint_eq(web_count("GET /v2/a/blobs/"), 3);
}
END_TEST

START_TEST(a_large_blob_of_a_registry_without_parts_comes_by_one_request)
{
	size_t len = (size_t)BT_SPOOL_CHUNK + 12345;
	char digest[BT_DIGEST_SIZE];
	bt_auto_free char *data = make_large(len, digest);
	struct web_rule rules[] = {
		{ .request = "GET /v2/a/blobs/", .status = "200 OK", .body = data, .len = len }
	};

	web_rules(rules, LENGTH(rules));
	begin(digest, (int64_t)len);
	ck_well(bt_blob_stream_finish(stream, &err), &err);
	ck_assert_uint_eq(web_count("GET /v2/a/blobs/"), 1);
}
END_TEST

/* What an earlier daemon had fetched of `digest`. */
static void leave_spool(const char *digest, const char *data)
{
	bt_auto_free char *sub = bt_str_format("%s/%s", spools, bt_digest_hex(digest));
	bt_auto_free char *path = bt_str_format("%s/0", sub);

	ck_assert_int_eq(bt_io_mkdir_p(sub, 0700), 0);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, data, strlen(data)), 0);
}

START_TEST(what_an_earlier_daemon_has_fetched_is_not_fetched_again_and_is_checked)
{
	char digest[BT_DIGEST_SIZE];

	keep_blob("0123456789", digest);
	leave_spool(digest, "0123");
	begin(digest, 10);
	ck_well(bt_blob_stream_finish(stream, &err), &err);
	ck_assert(bt_blob_stream_was_resumed(stream));
	web_check_header("GET /v2/a/blobs/", "Range", "bytes=4-");
	bt_blob_stream_destroy(bt_take(stream));
	leave_spool(digest, "01X3");
	begin(digest, 10);
	ck_assert_int_eq(bt_blob_stream_finish(stream, &err), -EBADMSG);
	ck_assert(bt_blob_stream_was_resumed(stream));
	/* What is wrong is not kept for the next time. */
	bt_blob_stream_destroy(bt_take(stream));
	ck_assert_int_eq(count_spools(), 0);
}
END_TEST

START_TEST(a_blob_that_was_fetched_already_needs_no_request)
{
	char digest[BT_DIGEST_SIZE];

	bt_digest_of("0123456789", 10, digest);
	leave_spool(digest, "0123456789");
	begin(digest, 10);
	ck_well(bt_blob_stream_finish(stream, &err), &err);
	ck_assert_uint_eq(web_count("GET /v2/a/blobs/"), 0);
}
END_TEST

/* A registry that says nothing any more, after `cut` bytes or at once. */
static void stall(size_t cut)
{
	static struct web_rule rules[] = { { .request = "GET /v2/a/blobs/",
					     .status = "200 OK",
					     .body = "0123456789",
					     .hold = true } };
	char digest[BT_DIGEST_SIZE], buf[16];

	rules[0].cut = cut;
	bt_digest_of("0123456789", 10, digest);
	web_rules(rules, LENGTH(rules));
	begin(digest, 10);
	if (cut > 0)
		ck_assert_int_eq(bt_blob_stream_read(stream, buf, sizeof(buf), &err), (int)cut);
	while (web_count("GET /v2/a/blobs/") == 0)
		(void)usleep(1000);
}

START_TEST(a_stream_that_is_cancelled_ends_though_the_registry_says_nothing)
{
	stall(4);
	atomic_store(&cancelled, true);
	ck_assert_int_eq(bt_blob_stream_finish(stream, &err), -ECANCELED);
	check_err(&err, BT_ERR_UNAVAILABLE, "cancelled");
}
END_TEST

START_TEST(who_does_not_want_a_stream_any_more_need_not_wait_for_the_registry)
{
	/* Ended by its time limit otherwise: libcurl gives up after thirty seconds. */
	(void)alarm(20);
	stall(4);
	bt_blob_stream_destroy(bt_take(stream));
	stall(0);
	bt_blob_stream_destroy(bt_take(stream));
	(void)alarm(0);
}
END_TEST

START_TEST(a_blob_too_large_for_any_disk_is_refused_before_it_is_asked_for)
{
	char digest[BT_DIGEST_SIZE];

	keep_blob("x", digest);
	ck_assert_int_lt(
		bt_blob_stream_create(&(struct bt_blob_stream_source){ .session = session,
								       .root = spools,
								       .digest = digest,
								       .size = BT_SPOOL_MAX + 1,
								       .cancelled = &cancelled },
				      &stream, &err),
		0);
	ck_assert_ptr_null(stream);
	ck_assert_uint_eq(web_count("GET /v2/a/blobs/"), 0);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_blob_is_read_in_any_pieces_and_its_digest_is_checked_at_the_end);
	tcase_add_test(tests, what_has_come_is_read_while_the_rest_is_not_here);
	tcase_add_test(tests, bytes_of_another_digest_are_told_at_the_end);
	tcase_add_test(tests, why_it_cannot_be_fetched_is_what_the_reader_is_told);
	tcase_add_test(tests, a_large_blob_comes_in_parts_by_several_requests_and_is_whole);
	tcase_add_test(tests, a_large_blob_of_a_registry_without_parts_comes_by_one_request);
	tcase_add_test(tests,
		       what_an_earlier_daemon_has_fetched_is_not_fetched_again_and_is_checked);
	tcase_add_test(tests, a_blob_that_was_fetched_already_needs_no_request);
	tcase_add_test(tests, a_stream_that_is_cancelled_ends_though_the_registry_says_nothing);
	tcase_add_test(tests, who_does_not_want_a_stream_any_more_need_not_wait_for_the_registry);
	tcase_add_test(tests, a_blob_too_large_for_any_disk_is_refused_before_it_is_asked_for);
}

int main(void)
{
	return run_suite("blob_stream", setup, teardown, add_tests);
}
