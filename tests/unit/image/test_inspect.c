/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>

#include "codec/json.h"
#include "root_fixture.h"

static struct bt_layer_result made[3]; /* the layers of add_image(), lowest first */

/* An owned text with double quotes for single ones. */
static char *quoted(const char *text)
{
	char *copy = strdup(text);

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	return copy;
}

/* Layers of which each has one file of so many bytes more. */
static void make_layers(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bt_auto_free char *text = bt_str_format("%0*d", (int)(i + 1) * 10, 7);
		bt_auto_str struct bt_str tar = { 0 };
		bt_auto_close int fd = -EBADF;
		const char *parent = i > 0 ? made[i - 1].chain_id : NULL;

		make_tar(&tar, "file", text);
		fd = bt_io_memfd("tar", tar.p, tar.len);
		ck_well(bt_layers_unpack(layers, parent, fd, NULL, 0, &made[i], &err), &err);
		if (parent)
			ck_well(bt_layers_unref(layers, parent, &err), &err);
	}
}

/* An image of `n` layers whose configuration has these members besides (in single quotes). */
static void add_image(const char *name, const char *members, size_t n, const char *parent,
		      char id[BT_DIGEST_SIZE])
{
	bt_auto_free char *more = quoted(members);
	bt_auto_str struct bt_str config = { 0 };

	make_layers(n);
	bt_str_printf(&config, "{%s%s\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[", more,
		      *more ? "," : "");
	for (size_t i = 0; i < n; i++)
		bt_str_printf(&config, "%s\"%s\"", i > 0 ? "," : "", made[i].diff_id);
	bt_str_puts(&config, "]}}");
	ck_well(bt_images_add(images, config.p, config.len, n > 0 ? made[n - 1].chain_id : NULL,
			      parent, name, id, &err),
		&err);
}

static json_t *inspect(const char *name)
{
	json_t *answer = NULL;

	ck_well(bt_images_inspect(images, name, &answer, &err), &err);
	return answer;
}

static json_t *history(const char *name)
{
	json_t *answer = NULL;

	ck_well(bt_images_inspect_history(images, name, &answer, &err), &err);
	return answer;
}

/* What is at a path with dots between is this JSON (in single quotes); NULL: nothing is there. */
static void check_at(json_t *answer, const char *path, const char *want)
{
	bt_auto_free char *copy = strdup(path), *text = want ? quoted(want) : NULL, *got = NULL;
	json_auto_t *wanted = want ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
	char *rest = NULL;

	for (char *key = strtok_r(copy, ".", &rest); key; key = strtok_r(NULL, ".", &rest))
		answer = json_is_array(answer) ? json_array_get(answer, (size_t)atoi(key))
					       : json_object_get(answer, key);
	got = answer ? json_dumps(answer, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	ck_assert_msg(want ? json_equal(answer, wanted) : !answer, "%s is %s, not %s", path,
		      got ? got : "absent", want ? want : "absent");
}

/* ---- inspect ------------------------------------------------------------------------ */

START_TEST(what_an_image_does_not_say_is_empty_or_absent_as_docker_has_it)
{
	char id[BT_DIGEST_SIZE];
	json_auto_t *answer = NULL;

	add_image("x", "", 0, NULL, id);
	answer = inspect("x");
	check_at(answer, "Config",
		 "{'User':'','Env':null,'Entrypoint':null,'Cmd':null,'Volumes':null,"
		 "'WorkingDir':'','Labels':null,'OnBuild':null}");
	check_at(answer, "RepoTags", "['x:latest']");
	check_at(answer, "RepoDigests", "[]");
	check_at(answer, "Parent", "''");
	check_at(answer, "Comment", "''");
	check_at(answer, "Created", "'0001-01-01T00:00:00Z'");
	check_at(answer, "Architecture", "''");
	check_at(answer, "Size", "0");
	check_at(answer, "RootFS", "{'Type':'layers','Layers':[]}");
	check_at(answer, "GraphDriver", "{'Name':'overlay2','Data':{}}");
	check_at(answer, "Variant", NULL);
	check_at(answer, "OsVersion", NULL);
}
END_TEST

START_TEST(what_it_says_is_told_as_it_says_it)
{
	char id[BT_DIGEST_SIZE];
	json_auto_t *answer = NULL;

	add_image("x",
		  "'architecture':'arm','variant':'v7','os':'linux','os.version':'10',"
		  "'author':'me','created':'2020-01-02T03:04:05Z','docker_version':'1.2',"
		  "'config':{'Cmd':['a'],'Healthcheck':{'Test':['NONE']},'StopSignal':'INT',"
		  "'Unknown':1}",
		  0, NULL, id);
	answer = inspect(id);
	check_at(answer, "Variant", "'v7'");
	check_at(answer, "OsVersion", "'10'");
	check_at(answer, "Author", "'me'");
	check_at(answer, "Created", "'2020-01-02T03:04:05Z'");
	check_at(answer, "DockerVersion", "'1.2'");
	check_at(answer, "Config.Cmd", "['a']");
	check_at(answer, "Config.Healthcheck", "{'Test':['NONE']}");
	check_at(answer, "Config.StopSignal", "'INT'");
	check_at(answer, "Config.Unknown", NULL);
}
END_TEST

START_TEST(the_comment_is_its_own_or_that_of_its_last_step)
{
	char id[BT_DIGEST_SIZE];
	json_auto_t *of_step = NULL, *own = NULL;

	add_image("x", "'history':[{'comment':'first'},{'comment':'last'}]", 0, NULL, id);
	add_image("y", "'comment':'own','history':[{'comment':'last'}]", 0, NULL, id);
	of_step = inspect("x");
	own = inspect("y");
	check_at(of_step, "Comment", "'last'");
	check_at(own, "Comment", "'own'");
}
END_TEST

START_TEST(layers_are_listed_from_the_lowest_and_counted_together)
{
	bt_auto_free char *want = NULL;
	char id[BT_DIGEST_SIZE];
	json_auto_t *answer = NULL;
	json_t *data;

	add_image("x", "", 3, NULL, id);
	want = bt_str_format("['%s','%s','%s']", made[0].diff_id, made[1].diff_id, made[2].diff_id);
	answer = inspect("x");
	check_at(answer, "RootFS.Layers", want);
	check_at(answer, "Size", "60");
	data = json_object_get(json_object_get(answer, "GraphDriver"), "Data");
	ck_assert_ptr_nonnull(strchr(bt_json_str(data, "LowerDir", ""), ':'));
	ck_assert_int_eq(access(bt_json_str(data, "UpperDir", "/nowhere"), F_OK), 0);
}
END_TEST

START_TEST(members_of_any_shape_are_no_crash)
{
	static const char *const configs[] = {
		"'config':7",
		"'config':[],'history':{}",
		"'history':[7,null,'x',{}]",
		"'created':7,'comment':[],'author':null",
		"'config':{'Cmd':{},'User':[],'Labels':'x'}",
	};

	for (size_t i = 0; i < LENGTH(configs); i++) {
		char id[BT_DIGEST_SIZE];
		json_auto_t *answer = NULL, *steps = NULL;

		add_image(NULL, configs[i], 0, NULL, id);
		answer = inspect(id);
		steps = history(id);
		ck_assert(json_is_object(answer) && json_is_array(steps));
	}
}
END_TEST

/* ---- history ------------------------------------------------------------------------- */

START_TEST(steps_are_told_from_the_newest_with_the_layers_that_they_made)
{
	char id[BT_DIGEST_SIZE];
	json_auto_t *answer = NULL;

	add_image("x",
		  "'history':[{'created':'1970-01-01T00:00:07Z','created_by':'ADD'},"
		  "{'created_by':'CMD','empty_layer':true},{'created_by':'RUN','comment':'c'}]",
		  2, NULL, id);
	answer = history("x");
	ck_assert_uint_eq(json_array_size(answer), 3);
	check_at(answer, "0.CreatedBy", "'RUN'");
	check_at(answer, "0.Size", "20");
	check_at(answer, "0.Comment", "'c'");
	check_at(answer, "0.Tags", "['x:latest']");
	check_at(answer, "1.CreatedBy", "'CMD'");
	check_at(answer, "1.Size", "0");
	check_at(answer, "1.Id", "'<missing>'");
	check_at(answer, "1.Tags", "null");
	check_at(answer, "2.CreatedBy", "'ADD'");
	check_at(answer, "2.Size", "10");
	check_at(answer, "2.Created", "7");
}
END_TEST

START_TEST(more_steps_than_layers_have_no_size)
{
	char id[BT_DIGEST_SIZE];
	json_auto_t *answer = NULL;

	add_image("x", "'history':[{},{},{'created':'yesterday'}]", 1, NULL, id);
	answer = history("x");
	check_at(answer, "2.Size", "10");
	check_at(answer, "1.Size", "0");
	check_at(answer, "0.Size", "0");
	check_at(answer, "0.Created", "0");
}
END_TEST

START_TEST(parents_that_are_here_are_named_and_the_rest_is_missing)
{
	char base[BT_DIGEST_SIZE], top[BT_DIGEST_SIZE];
	bt_auto_free char *base_id = NULL, *top_id = NULL;
	json_auto_t *answer = NULL;

	add_image("base", "'history':[{'created_by':'0'},{'created_by':'1'}]", 0, NULL, base);
	add_image("top", "'history':[{'created_by':'0'},{'created_by':'1'},{'created_by':'2'}]", 0,
		  base, top);
	base_id = bt_str_format("'%s'", base);
	top_id = bt_str_format("'%s'", top);
	answer = history("top");
	check_at(answer, "0.Id", top_id);
	check_at(answer, "0.Tags", "['top:latest']");
	check_at(answer, "1.Id", base_id);
	check_at(answer, "1.Tags", "['base:latest']");
	check_at(answer, "2.Id", "'<missing>'");
	check_at(answer, "2.Tags", "null");
}
END_TEST

/* ---- platforms ------------------------------------------------------------------------- */

START_TEST(a_platform_is_the_images_or_it_is_said_which_it_has)
{
	char id[BT_DIGEST_SIZE];

	add_image("x", "'architecture':'arm','variant':'v7','os':'linux'", 0, NULL, id);
	ck_well(bt_images_check_platform(images, "x", "linux/arm/v7", &err), &err);
	ck_assert_int_lt(bt_images_check_platform(images, "x", "linux/amd64", &err), 0);
	check_err(&err, BT_ERR_NOT_FOUND,
		  "image with reference x was found but its platform (linux/arm/v7) does not match "
		  "the specified platform (linux/amd64)");
	ck_assert_int_lt(bt_images_check_platform(images, "x", "///", &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
}
END_TEST

START_TEST(an_image_that_is_not_here_is_not_found_whatever_is_asked_of_it)
{
	json_t *answer = NULL;

	ck_assert_int_lt(bt_images_inspect(images, "nobody", &answer, &err), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "No such image: nobody:latest");
	ck_assert_int_lt(bt_images_inspect_history(images, "nobody", &answer, &err), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "No such image: nobody:latest");
	ck_assert_int_lt(bt_images_check_platform(images, "nobody", "linux/amd64", &err), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "No such image: nobody:latest");
	ck_assert_ptr_null(answer);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, what_an_image_does_not_say_is_empty_or_absent_as_docker_has_it);
	tcase_add_test(tests, what_it_says_is_told_as_it_says_it);
	tcase_add_test(tests, the_comment_is_its_own_or_that_of_its_last_step);
	tcase_add_test(tests, layers_are_listed_from_the_lowest_and_counted_together);
	tcase_add_test(tests, members_of_any_shape_are_no_crash);
	tcase_add_test(tests, steps_are_told_from_the_newest_with_the_layers_that_they_made);
	tcase_add_test(tests, more_steps_than_layers_have_no_size);
	tcase_add_test(tests, parents_that_are_here_are_named_and_the_rest_is_missing);
	tcase_add_test(tests, a_platform_is_the_images_or_it_is_said_which_it_has);
	tcase_add_test(tests, an_image_that_is_not_here_is_not_found_whatever_is_asked_of_it);
}

int main(void)
{
	return run_suite("image/inspect", setup_root, teardown_root, add);
}
