/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/create_mount.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

static void expect_json(const json_t *got, const char *want)
{
	json_auto_t *wanted = json_loads(want, JSON_DECODE_ANY, NULL);
	char *text = json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY);

	ck_assert_msg(json_equal(got, wanted), "%s", text);
	free(text);
}

static void accept(const char *text, const char *want)
{
	struct bt_err err = { 0 };
	json_auto_t *mount = NULL;

	ck_assert_msg(bt_create_mount_parse(text, &mount, &err) == 0, "%s", err.msg);
	expect_json(mount, want);
}

static void refuse(const char *text, const char *message)
{
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_create_mount_check(text, &err), -EINVAL);
	ck_assert_str_eq(err.msg, message);
}

START_TEST(mounts_become_what_the_api_wants)
{
	accept("type=bind,src=/a,dst=/b,ro,bind-propagation=rslave",
	       "{\"Type\":\"bind\",\"Source\":\"/a\",\"Target\":\"/b\",\"ReadOnly\":true,"
	       "\"BindOptions\":{\"Propagation\":\"rslave\"}}");
	accept("type=tmpfs,destination=/t,tmpfs-size=1m,tmpfs-mode=1770",
	       "{\"Type\":\"tmpfs\",\"Target\":\"/t\",\"TmpfsOptions\":{\"SizeBytes\":1048576,\"Mode\":1016}}");
	accept("source=v,target=/v,volume-nocopy,volume-opt=o=x,volume-driver=local,volume-label=a=b",
	       "{\"Type\":\"volume\",\"Source\":\"v\",\"Target\":\"/v\",\"VolumeOptions\":{\"NoCopy\":true,"
	       "\"Labels\":{\"a\":\"b\"},\"DriverConfig\":{\"Name\":\"local\",\"Options\":{\"o\":\"x\"}}}}");
	accept("type=bind,\"src=/a,b\",dst=/c",
	       "{\"Type\":\"bind\",\"Source\":\"/a,b\",\"Target\":\"/c\"}");
}
END_TEST

START_TEST(mistakes_are_named_in_docker_words)
{
	refuse("x", "invalid field 'x' must be a key=value pair");
	refuse("type=bind,src=/a,dst=/b,", "invalid field '' must be a key=value pair");
	refuse(",type=bind,src=/a,dst=/b", "invalid field '' must be a key=value pair");
	refuse("", "EOF");
	refuse("type=bind,src=/a", "target is required");
	refuse("type=bind,src=a,dst=/b,foo=1", "unexpected key 'foo' in 'foo=1'");
	refuse("type=volume,dst=/b,bind-propagation=x",
	       "cannot mix 'bind-*' options with mount type 'volume'");
	refuse("dst=/b,ro=maybe", "invalid value for ro: maybe");
	refuse("type=tmpfs,dst=/b,tmpfs-mode=9", "invalid value for tmpfs-mode: 9");
	refuse("type=bind,dst=/b,bind-recursive=readonly",
	       "option 'bind-recursive=readonly' requires 'readonly' to be specified in conjunction");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/create_mount");
	TCase *tests = tcase_create("create_mount");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, mounts_become_what_the_api_wants);
	tcase_add_test(tests, mistakes_are_named_in_docker_words);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
