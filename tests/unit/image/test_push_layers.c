/* SPDX-License-Identifier: Apache-2.0 */

#include "image/push_layers.h"

#include <errno.h>

#include "image/blobs.h"
#include "image_fixture.h"
#include "store/inflate.h"

static char *repo;   /* "127.0.0.1:PORT/a" */
static char *domain; /* "127.0.0.1:PORT" */
static struct bt_session *session;

static void setup(void)
{
	setup_registry();
	repo = registry_name("a");
	domain = bt_str_format("127.0.0.1:%d", web.port);
	session = session_with("a");
}

static void teardown(void)
{
	bt_session_destroy(session);
	free(repo);
	free(domain);
	teardown_images();
}

/* An image's layers in the store; the chain. */
static void make_chain(const char *name, size_t n, char chain_id[BT_DIGEST_SIZE])
{
	bt_auto_image struct bt_image image = { 0 };
	char id[BT_DIGEST_SIZE];

	import_image(name, n, id);
	ck_well(bt_images_get(images, name, &image, &err), &err);
	(void)snprintf(chain_id, BT_DIGEST_SIZE, "%s", image.chain_id);
}

static int push(const char *chain_id, json_t **ret)
{
	bt_str_clear(&said);
	err = (struct bt_err){ 0 };
	return bt_push_layers(&(struct bt_push_layers){ .images = images,
							.session = session,
							.progress = &progress,
							.repo = repo,
							.domain = domain,
							.chain_id = chain_id },
			      ret, &err);
}

struct feed {
	const char *p;
	size_t len;
};

static ssize_t feed(void *arg, void *buf, size_t len, struct bt_err *ret_err)
{
	struct feed *f = arg;
	size_t n = len < f->len ? len : f->len;

	(void)ret_err;
	(void)memcpy(buf, f->p, n);
	f->p += n;
	f->len -= n;
	return (ssize_t)n;
}

/* What is in the registry is the layer's archive, packed, byte for byte. */
static void check_blob(const char *digest, const char *diff_id)
{
	const struct bt_str *blob = registry_has(KEPT_BLOB, "a", digest);
	struct bt_inflate *inf = NULL;
	struct bt_digest d;
	struct feed f;
	char buf[4096], got[BT_DIGEST_SIZE];
	ssize_t n;

	ck_assert_msg(blob != NULL, "%s is not there", digest);
	f = (struct feed){ blob->p, blob->len };
	bt_digest_init(&d);
	ck_well(bt_inflate_create(feed, &f, &inf, &err), &err);
	while ((n = bt_inflate_read(inf, buf, sizeof(buf), &err)) > 0)
		bt_digest_update(&d, buf, (size_t)n);
	ck_assert_msg(n == 0, "%s", err.msg);
	bt_inflate_destroy(inf);
	bt_digest_text(&d, got);
	ck_assert_str_eq(got, diff_id);
}

START_TEST(layers_are_packed_uploaded_and_described_in_their_order)
{
	struct bt_layer_result chain[BT_LAYERS_MAX];
	json_auto_t *got = NULL;
	char chain_id[BT_DIGEST_SIZE];
	json_t *item;
	size_t i;

	make_chain("x", 5, chain_id);
	ck_well(push(chain_id, &got), &err);
	ck_assert_int_eq(bt_layers_chain(layers, chain_id, chain, &err), 5);
	ck_assert_uint_eq(json_array_size(got), 5);
	json_array_foreach (got, i, item) {
		const char *digest = bt_json_str(item, "digest", "");

		check_blob(digest, chain[i].diff_id);
		ck_assert_uint_eq((size_t)bt_json_i64(item, "size", 0),
				  registry_has(KEPT_BLOB, "a", digest)->len);
		ck_assert_str_eq(bt_json_str(item, "mediaType", ""), BT_MEDIA_DOCKER_LAYER);
	}
	ck_assert_int_eq(count_said("Preparing"), 5);
	ck_assert_int_eq(count_said("Pushed"), 5);
	ck_assert_uint_eq(registry_uploads(), 0);
}
END_TEST

START_TEST(what_is_there_is_not_uploaded_again_and_has_the_same_descriptors)
{
	json_auto_t *first = NULL, *second = NULL;
	char chain_id[BT_DIGEST_SIZE];

	make_chain("x", 3, chain_id);
	ck_well(push(chain_id, &first), &err);
	ck_well(push(chain_id, &second), &err);
	ck_assert(json_equal(first, second));
	ck_assert_int_eq(count_said("Layer already exists"), 3);
	ck_assert_uint_eq(web_count("PATCH "), 3);
}
END_TEST

START_TEST(what_a_repository_beside_has_is_mounted_or_uploaded_where_that_is_refused)
{
	json_auto_t *first = NULL, *mounted = NULL, *uploaded = NULL;
	char chain_id[BT_DIGEST_SIZE];
	static const char *const others[] = { "b", "c" };
	json_t **const results[] = { &mounted, &uploaded };

	make_chain("x", 2, chain_id);
	ck_well(push(chain_id, &first), &err);
	for (size_t i = 0; i < LENGTH(others); i++) {
		registry.mounts = i == 0;
		free(repo);
		repo = registry_name(others[i]);
		bt_session_destroy(session);
		session = session_with(others[i]);
		ck_well(push(chain_id, results[i]), &err);
		ck_assert(json_equal(first, *results[i]));
		ck_assert_int_eq(count_said("Mounted from a"), i == 0 ? 2 : 0);
		ck_assert_uint_eq(web_count("PATCH "), i == 0 ? 2 : 4);
	}
	ck_assert_uint_eq(registry_uploads(), 0);
}
END_TEST

START_TEST(what_another_registry_has_or_what_is_packed_otherwise_is_not_mounted)
{
	struct bt_layer_result chain[BT_LAYERS_MAX];
	struct bt_blob blobs[] = {
		{ .media_type = BT_MEDIA_DOCKER_LAYER, .repo = "elsewhere.test/b", .size = 1 },
		{ .media_type = BT_MEDIA_OCI_LAYER "+zstd", .repo = "", .size = 2 },
		/* A name that only begins like ours. */
		{ .media_type = BT_MEDIA_DOCKER_LAYER, .repo = "", .size = 3 },
	};
	json_auto_t *got = NULL;
	char chain_id[BT_DIGEST_SIZE];

	make_chain("x", 1, chain_id);
	ck_assert_int_eq(bt_layers_chain(layers, chain_id, chain, &err), 1);
	(void)snprintf(blobs[1].repo, sizeof(blobs[1].repo), "%s", repo);
	(void)snprintf(blobs[2].repo, sizeof(blobs[2].repo), "%s0/b", domain);
	for (size_t i = 0; i < LENGTH(blobs); i++) {
		bt_digest_of(&i, sizeof(i), blobs[i].digest);
		ck_well(bt_blobs_note(images, chain[0].diff_id, &blobs[i], &err), &err);
	}
	ck_well(push(chain_id, &got), &err);
	ck_assert_uint_eq(web_count("POST /v2/a/blobs/uploads/?mount"), 0);
	check_blob(bt_json_str(json_array_get(got, 0), "digest", ""), chain[0].diff_id);
}
END_TEST

START_TEST(an_upload_that_breaks_off_goes_on_at_the_byte)
{
	struct bt_layer_result chain[BT_LAYERS_MAX];
	struct web_rule rules[] = {
		/* Its answer is lost, after the registry has taken nothing. */
		{ .request = "PATCH ", .times = 1, .raw = "" },
		/* It says to have the first seven bytes. */
		{ .request = "GET /v2/a/blobs/uploads/",
		  .times = 1,
		  .status = "204 No Content",
		  .headers = "Location: /seven\r\nRange: 0-6\r\n" },
		{ .request = "PATCH /seven ",
		  .status = "202 Accepted",
		  .headers = "Location: /end\r\n" },
		{ .request = "PUT /end?digest=", .status = "201 Created" },
	};
	json_auto_t *got = NULL;
	char chain_id[BT_DIGEST_SIZE];
	const struct bt_str *rest;
	size_t size;

	make_chain("x", 1, chain_id);
	ck_assert_int_eq(bt_layers_chain(layers, chain_id, chain, &err), 1);
	web_rules(rules, LENGTH(rules));
	ck_well(push(chain_id, &got), &err);
	ck_assert_int_eq(count_said("Retrying in 1 second"), 1);
	size = (size_t)bt_json_i64(json_array_get(got, 0), "size", 0);
	rest = &web_last("PATCH /seven")->body;
	ck_assert_uint_eq(rest->len, size - 7);
	/* Size and digest are the whole's: it is what the first attempt sent. */
	ck_assert_mem_eq(rest->p, web_last("PATCH /v2/a/")->body.p + 7, rest->len);
	ck_assert_uint_eq(web_last("PATCH /v2/a/")->body.len, size);
}
END_TEST

START_TEST(what_the_registry_refuses_to_begin_is_not_tried_again)
{
	static const struct web_rule rules[] = {
		{ .request = "POST ",
		  .status = "403 Forbidden",
		  .body = "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"read only\"}]}" },
	};
	json_t *got = NULL;
	char chain_id[BT_DIGEST_SIZE];

	make_chain("x", 1, chain_id);
	web_rules(rules, LENGTH(rules));
	ck_assert_int_eq(push(chain_id, &got), -EPERM);
	check_err(&err, BT_ERR_FORBIDDEN, "denied: read only");
	ck_assert_ptr_null(got);
	ck_assert_uint_eq(web_count("POST "), 1);
	ck_assert_int_eq(count_rows("SELECT count(*) FROM blobs"), 0);
}
END_TEST

START_TEST(a_layer_that_somebody_has_changed_is_not_pushed)
{
	json_t *got = NULL;
	char chain_id[BT_DIGEST_SIZE];
	bt_auto_free char *line =
		bt_str_format("for f in %s/overlay2/*/diff/file; do echo changed >$f; done", root);

	make_chain("x", 1, chain_id);
	ck_assert_int_eq(system(line), 0);
	patience = 4; /* nobody waits for further attempts */
	ck_assert_int_lt(push(chain_id, &got), 0);
	ck_assert_ptr_null(got);
	ck_assert_uint_eq(web_count("PUT /v2/a/blobs/uploads/"), 0);
	ck_assert_int_eq(count_rows("SELECT count(*) FROM blobs"), 0);
}
END_TEST

START_TEST(who_is_gone_cancels_the_push_and_no_upload_is_left)
{
	json_t *got = NULL;
	char chain_id[BT_DIGEST_SIZE];

	make_chain("x", 2, chain_id);
	for (int i = 1; i <= 2; i++) {
		patience = i;
		ck_assert_int_eq(push(chain_id, &got), -ECANCELED);
		check_err(&err, BT_ERR_UNAVAILABLE, "the client has gone");
		ck_assert_ptr_null(got);
		ck_assert_uint_eq(registry_uploads(), 0);
	}
}
END_TEST

START_TEST(no_layers_make_no_descriptors_and_an_unknown_chain_is_an_error)
{
	json_auto_t *none = NULL;
	json_t *got = NULL;
	char unknown[BT_DIGEST_SIZE];

	ck_well(push(NULL, &none), &err);
	ck_assert_uint_eq(json_array_size(none), 0);
	bt_digest_of("unknown", 7, unknown);
	ck_assert_int_lt(push(unknown, &got), 0);
	ck_assert_ptr_null(got);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, layers_are_packed_uploaded_and_described_in_their_order);
	tcase_add_test(tests, what_is_there_is_not_uploaded_again_and_has_the_same_descriptors);
	tcase_add_test(tests,
		       what_a_repository_beside_has_is_mounted_or_uploaded_where_that_is_refused);
	tcase_add_test(tests, what_another_registry_has_or_what_is_packed_otherwise_is_not_mounted);
	tcase_add_test(tests, an_upload_that_breaks_off_goes_on_at_the_byte);
	tcase_add_test(tests, what_the_registry_refuses_to_begin_is_not_tried_again);
	tcase_add_test(tests, a_layer_that_somebody_has_changed_is_not_pushed);
	tcase_add_test(tests, who_is_gone_cancels_the_push_and_no_upload_is_left);
	tcase_add_test(tests, no_layers_make_no_descriptors_and_an_unknown_chain_is_an_error);
}

int main(void)
{
	return run_suite("push_layers", setup, teardown, add_tests);
}
