/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/create_port.h"

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
	json_auto_t *exposed = json_object();
	json_auto_t *bindings = json_object();
	struct bt_err err = { 0 };

	ck_assert_msg(bt_create_port_parse(text, exposed, bindings, &err) == 0, "%s: %s", text,
		      err.msg);
	expect_json(bindings, want);
	ck_assert_uint_eq(json_object_size(exposed), json_object_size(bindings));
}

static void refuse(const char *text, const char *message)
{
	json_auto_t *exposed = json_object();
	json_auto_t *bindings = json_object();
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_create_port_parse(text, exposed, bindings, &err), -EINVAL);
	ck_assert_str_eq(err.msg, message);
}

START_TEST(all_forms_are_understood)
{
	accept("80", "{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"\"}]}");
	accept("8080:80/UDP", "{\"80/udp\":[{\"HostIp\":\"\",\"HostPort\":\"8080\"}]}");
	accept("127.0.0.1::80", "{\"80/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"\"}]}");
	accept("[::1]:6:6", "{\"6/tcp\":[{\"HostIp\":\"::1\",\"HostPort\":\"6\"}]}");
	accept("90-91:92-93", "{\"92/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"90\"}],"
			      "\"93/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"91\"}]}");
	accept("1000-1010:5", "{\"5/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"1000-1010\"}]}");
	accept("published=1,target=2,protocol=udp",
	       "{\"2/udp\":[{\"HostIp\":\"\",\"HostPort\":\"1\"}]}");
}
END_TEST

START_TEST(nonsense_is_named)
{
	refuse("a", "invalid containerPort: a");
	refuse("99999999", "invalid containerPort: 99999999");
	refuse("x:80", "invalid hostPort: x");
	refuse("300.0.0.1:80:80", "invalid IP address: 300.0.0.1");
	refuse("80/foo", "invalid proto: foo");
	refuse("1-2:3-5", "invalid ranges specified for container and host Ports: 3-5 and 1-2");
	refuse("80:", "no port specified: <empty>");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/create_port");
	TCase *tests = tcase_create("create_port");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, all_forms_are_understood);
	tcase_add_test(tests, nonsense_is_named);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
