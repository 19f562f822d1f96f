/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>

#include "root_fixture.h"

#define CONFIG "{\"architecture\":\"amd64\",\"os\":\"linux\"}"

static struct bt_str told; /* "action name " */

static void tell(void *arg, const char *action, const char *id, const char *name)
{
	(void)arg;
	(void)id;
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

static int add_config(const char *config, const char *ref, char id[72])
{
	err = (struct bt_err){ 0 };
	return bt_images_add(images, config, strlen(config), NULL, NULL, ref, id, &err);
}

/* The image of a name, or "". */
static const char *id_of(const char *name)
{
	static char id[72];
	bt_auto_image struct bt_image image = { 0 };

	id[0] = '\0';
	if (bt_images_get(images, name, &image, &err) == 0)
		(void)strcpy(id, image.id);
	return id;
}

START_TEST(an_image_is_called_by_the_digest_of_its_configuration_byte_for_byte)
{
	char id[72], digest[BT_DIGEST_SIZE], other[72];

	ck_well(add_config(CONFIG, NULL, id), &err);
	bt_digest_of(CONFIG, strlen(CONFIG), digest);
	ck_assert_str_eq(id, digest);
	/* The same, but for a blank. */
	ck_well(add_config(CONFIG " ", NULL, other), &err);
	ck_assert_str_ne(id, other);
}
END_TEST

START_TEST(one_that_is_known_stays_as_it_is_and_gets_the_name)
{
	char id[72], again[72];

	ck_well(add_config(CONFIG, "x:1", id), &err);
	ck_well(add_config(CONFIG, "x:2", again), &err);
	ck_assert_str_eq(id, again);
	ck_assert_int_eq(count_rows("SELECT count(*) FROM images"), 1);
	ck_assert_str_eq(id_of("x:1"), id);
	ck_assert_str_eq(id_of("x:2"), id);
}
END_TEST

START_TEST(a_configuration_that_two_readers_could_read_differently_is_refused)
{
	static const char *const configs[] = {
		"",
		"[]",
		"\"x\"",
		"null",
		"{",
		"{} {}",
		"{\"os\":\"linux\",\"os\":\"windows\"}",
		"{\"config\":{\"User\":\"root\",\"User\":\"nobody\"}}",
		"{\"os\":\"\xff\"}",
	};
	static const char with_nul[] = "{}\0{\"os\":\"linux\"}";
	char id[72] = "untouched";

	for (size_t i = 0; i < LENGTH(configs); i++) {
		ck_assert_msg(add_config(configs[i], "x", id) < 0, "%s", configs[i]);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	}
	ck_assert_int_lt(
		bt_images_add(images, with_nul, sizeof(with_nul) - 1, NULL, NULL, "x", id, &err),
		0);
	ck_assert_str_eq(id, "untouched");
	ck_assert_int_eq(count_rows("SELECT count(*) FROM images"), 0);
	ck_assert_int_eq(count_rows("SELECT count(*) FROM image_names"), 0);
}
END_TEST

START_TEST(a_name_that_is_none_leaves_no_image)
{
	char id[72];

	ck_assert_int_lt(add_config(CONFIG, "UPPER", id), 0);
	check_err(&err, BT_ERR_INVALID, "invalid reference format");
	ck_assert_int_eq(count_rows("SELECT count(*) FROM images"), 0);
}
END_TEST

START_TEST(layers_that_are_not_here_leave_no_image)
{
	static const char chain[] =
		"sha256:0123456789012345678901234567890123456789012345678901234567890123";
	char id[72];

	ck_assert_int_lt(bt_images_add(images, CONFIG, strlen(CONFIG), chain, NULL, "x", id, &err),
			 0);
	ck_assert_int_eq(count_rows("SELECT count(*) FROM images"), 0);
	ck_assert_int_eq(count_rows("SELECT count(*) FROM image_names"), 0);
}
END_TEST

START_TEST(a_name_moves_from_one_image_to_another)
{
	char first[72], second[72];

	ck_well(add_config(CONFIG, "x", first), &err);
	ck_well(add_config(CONFIG " ", "x", second), &err);
	ck_assert_str_eq(id_of("x"), second);
	ck_assert_str_eq(id_of(first), first);
	ck_well(bt_images_add_tag(images, first, "x", "latest", &err), &err);
	ck_assert_str_eq(id_of("x"), first);
	ck_assert_int_eq(count_rows("SELECT count(*) FROM image_names"), 1);
}
END_TEST

START_TEST(a_tag_is_told_in_the_form_that_people_know)
{
	char id[72];

	ck_well(add_config(CONFIG, "x", id), &err);
	ck_well(bt_images_add_tag(images, "x", "y", NULL, &err), &err);
	ck_well(bt_images_add_tag(images, "x", "docker.io/library/y", "", &err), &err);
	ck_well(bt_images_add_tag(images, "x", "z:1", "2", &err), &err);
	ck_well(bt_images_add_tag(images, "x", "localhost:5000/z", "v", &err), &err);
	ck_assert_str_eq(bt_str_get(&told),
			 "tag y:latest tag y:latest tag z:2 tag localhost:5000/z:v ");
	ck_assert_str_eq(id_of("localhost:5000/z:v"), id);
	ck_assert_str_eq(id_of("z:1"), "");
}
END_TEST

START_TEST(repository_and_tag_are_refused_each_in_its_own_words)
{
	static const struct {
		const char *repo, *tag, *words;
	} cases[] = {
		{ "Y", "1", "invalid reference format: repository name" },
		{ "", "1", "invalid reference format" },
		{ "y", "a b", "invalid tag format" },
		{ "y", "-x", "invalid tag format" },
		{ "y", "a/b", "invalid tag format" },
		{ "y@sha256:0123456789012345678901234567890123456789012345678901234567890123", "1",
		  "cannot import digest reference" },
	};
	char id[72];

	ck_well(add_config(CONFIG, "x", id), &err);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_int_lt(bt_images_add_tag(images, "x", cases[i].repo, cases[i].tag, &err),
				 0);
		check_err(&err, BT_ERR_INVALID, cases[i].words);
	}
	ck_assert_int_eq(count_rows("SELECT count(*) FROM image_names"), 1);
	ck_assert_str_eq(bt_str_get(&told), "");
}
END_TEST

START_TEST(nothing_is_named_that_is_not_here)
{
	ck_assert_int_lt(bt_images_add_tag(images, "nobody", "y", "1", &err), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "No such image: nobody:latest");
	ck_assert_int_eq(count_rows("SELECT count(*) FROM image_names"), 0);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, an_image_is_called_by_the_digest_of_its_configuration_byte_for_byte);
	tcase_add_test(tests, one_that_is_known_stays_as_it_is_and_gets_the_name);
	tcase_add_test(tests, a_configuration_that_two_readers_could_read_differently_is_refused);
	tcase_add_test(tests, a_name_that_is_none_leaves_no_image);
	tcase_add_test(tests, layers_that_are_not_here_leave_no_image);
	tcase_add_test(tests, a_name_moves_from_one_image_to_another);
	tcase_add_test(tests, a_tag_is_told_in_the_form_that_people_know);
	tcase_add_test(tests, repository_and_tag_are_refused_each_in_its_own_words);
	tcase_add_test(tests, nothing_is_named_that_is_not_here);
}

int main(void)
{
	return run_suite("image/add", setup, teardown, add);
}
