/* SPDX-License-Identifier: Apache-2.0 */

#include "image/transfers.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#include "little_registry.h"

static struct bt_session *session;
static struct bt_transfers *transfers; /* the images' own */

static void setup(void)
{
	setup_registry();
	session = session_with("a");
	transfers = images->transfers;
}

static void teardown(void)
{
	bt_session_destroy(bt_take(session));
	teardown_registry();
}

static struct bt_transfer *join(const struct made_layer *layer, bool mine)
{
	const struct bt_transfers_want want = { .session = session,
						.digest = layer->digest,
						.diff_id = layer->diff_id,
						.size = layer->size };
	struct bt_transfer *ret = NULL;
	bool was_mine = !mine;

	ck_well(bt_transfers_join(transfers, &want, &ret, &was_mine, &err), &err);
	ck_assert_int_eq(was_mine, mine);
	return ret;
}

/* Wait until it is not being fetched any more. */
static enum bt_transfer_state settled(struct bt_transfer *t, struct bt_err *ret_err)
{
	enum bt_transfer_state state;
	int64_t have;

	while ((state = bt_transfers_look(transfers, t, &have, ret_err)) == BT_TRANSFER_FETCHING)
		bt_transfers_wait(transfers, 1000);
	return state;
}

/* A layer whose registry holds back its end until web_release(). */
static struct made_layer make_held(void)
{
	static struct web_rule rule;
	struct made_layer layer = make_layer("a", "held", false);
	const struct bt_str *data = registry_has(KEPT_BLOB, "a", layer.digest);

	rule = (struct web_rule){ .request = "GET /v2/a/blobs/",
				  .status = "200 OK",
				  .body = data->p,
				  .len = data->len,
				  .cut = 100,
				  .hold = true };
	web_rules(&rule, 1);
	return layer;
}

static int count_dir(const char *name)
{
	bt_auto_free char *path = bt_str_format("%s/%s", root, name);
	DIR *dir = opendir(path);
	const struct dirent *e;
	int n = 0;

	while (dir && (e = readdir(dir)))
		n += e->d_name[0] != '.';
	if (dir)
		(void)closedir(dir);
	return n;
}

/* No spool, no unpacked copy, and no row of a layer is left. */
static void check_nothing_left(void)
{
	close_stores();
	open_stores(root);
	transfers = images->transfers;
	ck_assert_int_eq(count_dir("transfers"), 0);
	ck_assert_int_eq(count_rows("SELECT count(*) FROM layers"), 0);
	/* "l", of the short names, stays; the reaper goes on with what closing interrupted. */
	while (count_dir("overlay2") > 1)
		(void)usleep(1000);
}

START_TEST(two_who_want_a_layer_share_one_download_and_one_of_them_gets_the_copy)
{
	struct made_layer layer = make_held();
	struct bt_transfer *first = join(&layer, true), *second = join(&layer, false);
	struct bt_layer_result res;
	struct bt_layer_copy *copy;

	ck_assert_ptr_eq(first, second);
	web_release();
	ck_assert_int_eq(settled(first, &err), BT_TRANSFER_READY);
	copy = bt_transfers_claim(transfers, first);
	ck_assert_ptr_nonnull(copy);
	ck_assert_ptr_null(bt_transfers_claim(transfers, second));
	ck_assert_str_eq(bt_layer_copy_diff_id(copy), layer.diff_id);
	ck_well(bt_layers_adopt(copy, NULL, &res, &err), &err);
	bt_transfers_settle(transfers, first);
	ck_assert_int_eq(settled(second, &err), BT_TRANSFER_OVER);
	bt_transfers_leave(transfers, first);
	bt_transfers_leave(transfers, second);
	ck_assert_uint_eq(web_count("GET /v2/a/blobs/"), 1);
	ck_well(bt_layers_unref(layers, res.chain_id, &err), &err);
}
END_TEST

START_TEST(how_far_it_is_grows_to_the_whole)
{
	struct made_layer layer = make_held();
	struct bt_transfer *t = join(&layer, true);
	int64_t have = -1;

	while (bt_transfers_look(transfers, t, &have, &err) == BT_TRANSFER_FETCHING && have < 100)
		bt_transfers_wait(transfers, 5);
	ck_assert_int_eq(have, 100);
	web_release();
	ck_assert_int_eq(settled(t, &err), BT_TRANSFER_READY);
	ck_assert_int_eq(bt_transfers_look(transfers, t, &have, &err), BT_TRANSFER_READY);
	ck_assert_int_eq(have, layer.size);
	bt_transfers_leave(transfers, t);
	check_nothing_left();
}
END_TEST

START_TEST(the_last_who_leaves_cancels_it_and_the_first_does_not)
{
	struct made_layer layer = make_held();
	struct bt_transfer *first = join(&layer, true), *second = join(&layer, false);
	int64_t have;

	bt_transfers_leave(transfers, first);
	ck_assert_int_eq(bt_transfers_look(transfers, second, &have, &err), BT_TRANSFER_FETCHING);
	bt_transfers_leave(transfers, second);
	/* Who comes now begins anew, after the old one has ended. */
	web_release();
	first = join(&layer, true);
	ck_assert_int_eq(settled(first, &err), BT_TRANSFER_READY);
	bt_transfers_leave(transfers, first);
	bt_transfers_leave(transfers, NULL);
	check_nothing_left();
}
END_TEST

START_TEST(the_same_bytes_under_another_name_or_size_are_another_transfer)
{
	struct made_layer layer = make_layer("a", "text", true), other = layer;
	struct bt_transfer *t = join(&layer, true), *wrong;
	struct bt_err why = { 0 };

	(void)strcpy(other.diff_id, layer.digest);
	wrong = join(&other, true);
	ck_assert_ptr_ne(t, wrong);
	ck_assert_int_eq(settled(t, &err), BT_TRANSFER_READY);
	ck_assert_int_eq(settled(wrong, &why), BT_TRANSFER_FAILED);
	check_err(&why, BT_ERR_INVALID, layer.digest);
	bt_transfers_leave(transfers, t);
	bt_transfers_leave(transfers, wrong);
	other = layer;
	other.size++;
	wrong = join(&other, true);
	ck_assert_int_eq(settled(wrong, &why), BT_TRANSFER_FAILED);
	check_err(&why, BT_ERR_INVALID, "promised");
	bt_transfers_leave(transfers, wrong);
	check_nothing_left();
}
END_TEST

START_TEST(nobody_joins_what_has_failed)
{
	struct made_layer layer = make_layer("a", "text", false), missing = layer;
	struct bt_transfer *t, *again;
	struct bt_err why = { 0 };

	bt_digest_of("nothing", 7, missing.digest);
	t = join(&missing, true);
	ck_assert_int_eq(settled(t, &why), BT_TRANSFER_FAILED);
	check_err(&why, BT_ERR_NOT_FOUND, "404");
	ck_assert_ptr_null(bt_transfers_claim(transfers, t));
	again = join(&missing, true);
	ck_assert_ptr_ne(t, again);
	bt_transfers_leave(transfers, t);
	ck_assert_int_eq(settled(again, &why), BT_TRANSFER_FAILED);
	bt_transfers_leave(transfers, again);
	check_nothing_left();
}
END_TEST

START_TEST(a_layer_that_is_no_archive_fails_and_leaves_nothing)
{
	static const char *const texts[] = { "no archive at all", "\x1f\x8b no gzip either", "" };

	for (size_t i = 0; i < LENGTH(texts); i++) {
		struct made_layer layer = { .size = (int64_t)strlen(texts[i]) };
		struct bt_err why = { 0 };
		struct bt_transfer *t;

		bt_digest_of(texts[i], strlen(texts[i]), layer.digest);
		bt_digest_of("never", 5, layer.diff_id);
		keep_data(KEPT_BLOB, "a", layer.digest, "x/y", texts[i], strlen(texts[i]));
		t = join(&layer, true);
		ck_assert_msg(settled(t, &why) == BT_TRANSFER_FAILED, "%zu", i);
		ck_assert_int_eq(why.kind, BT_ERR_INVALID);
		bt_transfers_leave(transfers, t);
	}
	check_nothing_left();
}
END_TEST

/* What an earlier daemon has left of a layer's download. */
static void leave_spool(const struct made_layer *layer, const char *data, size_t len)
{
	bt_auto_free char *dir =
		bt_str_format("%s/transfers/%s", root, bt_digest_hex(layer->digest));
	bt_auto_free char *file = bt_str_format("%s/0", dir);

	ck_assert_int_eq(bt_io_mkdir_p(dir, 0700), 0);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, file, 0600, data, len), 0);
}

START_TEST(a_spool_that_a_disk_has_spoilt_costs_a_second_download_and_no_failure)
{
	struct made_layer layer = make_layer("a", "text", false);
	struct bt_transfer *t;

	leave_spool(&layer, "this is not how the archive begins", 34);
	t = join(&layer, true);
	ck_assert_msg(settled(t, &err) == BT_TRANSFER_READY, "%s", err.msg);
	bt_transfers_leave(transfers, t);
	web_check_header("GET /v2/a/blobs/", "Range", NULL);
	check_nothing_left();
}
END_TEST

START_TEST(old_spools_are_swept_and_young_ones_and_those_in_use_are_not)
{
	struct made_layer held = make_held(), old = held, young = held;
	const struct timespec long_ago[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	bt_auto_free char *path = NULL, *used = NULL;
	struct bt_transfer *t = join(&held, true);
	int64_t have = 0;

	while (have < 100) {
		(void)bt_transfers_look(transfers, t, &have, &err);
		bt_transfers_wait(transfers, 5);
	}
	bt_digest_of("old", 3, old.digest);
	bt_digest_of("young", 5, young.digest);
	leave_spool(&old, "x", 1);
	leave_spool(&young, "x", 1);
	path = bt_str_format("%s/transfers/%s", root, bt_digest_hex(old.digest));
	used = bt_str_format("%s/transfers/%s", root, bt_digest_hex(held.digest));
	ck_assert_int_eq(utimensat(AT_FDCWD, path, long_ago, 0), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, used, long_ago, 0), 0);
	bt_transfers_sweep(transfers, 3600);
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_assert_int_eq(access(used, F_OK), 0);
	ck_assert_int_eq(count_dir("transfers"), 2);
	bt_transfers_sweep(transfers, 0);
	ck_assert_int_eq(count_dir("transfers"), 1);
	web_release();
	ck_assert_int_eq(settled(t, &err), BT_TRANSFER_READY);
	bt_transfers_leave(transfers, t);
}
END_TEST

START_TEST(closing_cancels_what_goes_on_and_releases_what_nobody_claimed)
{
	struct made_layer layer = make_held(), done = make_layer("b", "done", false);
	struct bt_transfer *t = join(&layer, true), *ready;

	bt_session_destroy(session);
	session = session_with("b");
	ready = join(&done, true);
	ck_assert_int_eq(settled(ready, &err), BT_TRANSFER_READY);
	bt_transfers_leave(transfers, ready);
	/* Who waits for it has to have left before the daemon closes: its download goes on. */
	bt_transfers_leave(transfers, t);
	check_nothing_left();
}
END_TEST

static void *pull_one(void *arg)
{
	const struct made_layer *layer = arg;
	const struct bt_transfers_want want = { .session = session,
						.digest = layer->digest,
						.diff_id = layer->diff_id,
						.size = layer->size };
	struct bt_err own = { 0 };
	struct bt_transfer *t = NULL;
	bool mine;

	ck_well(bt_transfers_join(transfers, &want, &t, &mine, &own), &own);
	if (settled(t, &own) == BT_TRANSFER_READY && bt_transfers_claim(transfers, t))
		bt_transfers_settle(transfers, t);
	bt_transfers_leave(transfers, t);
	return NULL;
}

START_TEST(many_who_come_and_go_leave_nothing)
{
	struct made_layer layer = make_layer("a", "text", true);
	pthread_t threads[16];

	for (size_t i = 0; i < LENGTH(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, pull_one, &layer), 0);
	for (size_t i = 0; i < LENGTH(threads); i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	check_nothing_left();
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests,
		       two_who_want_a_layer_share_one_download_and_one_of_them_gets_the_copy);
	tcase_add_test(tests, how_far_it_is_grows_to_the_whole);
	tcase_add_test(tests, the_last_who_leaves_cancels_it_and_the_first_does_not);
	tcase_add_test(tests, the_same_bytes_under_another_name_or_size_are_another_transfer);
	tcase_add_test(tests, nobody_joins_what_has_failed);
	tcase_add_test(tests, a_layer_that_is_no_archive_fails_and_leaves_nothing);
	tcase_add_test(tests,
		       a_spool_that_a_disk_has_spoilt_costs_a_second_download_and_no_failure);
	tcase_add_test(tests, old_spools_are_swept_and_young_ones_and_those_in_use_are_not);
	tcase_add_test(tests, closing_cancels_what_goes_on_and_releases_what_nobody_claimed);
	tcase_add_test(tests, many_who_come_and_go_leave_nothing);
}

int main(void)
{
	return run_suite("transfers", setup, teardown, add_tests);
}
