/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/device_requests.h"

#include "../suite.h"
#include "base/auto.h"
#include "base/str.h"
#include "common.h"

static json_t *dirs, *spec;
static struct bt_err err;

/* There are no devices. */
static void setup(void)
{
	dirs = json_array();
	spec = json_object();
}

static void teardown(void)
{
	json_decref(dirs);
	json_decref(spec);
}

static int apply(const char *requests)
{
	bt_auto_free char *text = bt_str_format("{'DeviceRequests':%s}", requests);
	json_auto_t *hc = parse(text);

	return bt_device_requests_apply(hc, dirs, spec, &err);
}

static void assert_refused(const char *requests, const char *words)
{
	ck_assert_msg(apply(requests) < 0, "%s", requests);
	check_err(&err, BT_ERR_SYSTEM, words);
	assert_json(spec, "{}");
}

START_TEST(without_a_request_nothing_is_given)
{
	ck_well(apply("null"), &err);
	ck_well(apply("[]"), &err);
	ck_well(apply("[{'Driver':'cdi','DeviceIDs':[]}]"), &err);
	assert_json(spec, "{}");
}
END_TEST

START_TEST(a_driver_that_is_not_there_is_refused_with_what_it_should_have_been_able_to_do)
{
	assert_refused("[{'Driver':'nvidia','Capabilities':[['gpu','nvidia'],['compute']]}]",
		       "could not select device driver \"nvidia\" with capabilities: "
		       "[[gpu nvidia] [compute]]");
	assert_refused("[{'Count':-1,'Capabilities':[['gpu']]}]",
		       "could not select device driver \"\" with capabilities: [[gpu]]");
	assert_refused("[{}]", "could not select device driver \"\" with capabilities: []");
	assert_refused("[{'Driver':'CDI'}]", "could not select device driver \"CDI\"");
}
END_TEST

START_TEST(devices_that_nobody_has_are_named)
{
	assert_refused("[{'Driver':'cdi','DeviceIDs':['v.com/gpu=a','v.com/gpu=b']}]",
		       "unresolvable CDI devices v.com/gpu=a, v.com/gpu=b");
}
END_TEST

START_TEST(the_first_request_that_cannot_be_met_decides)
{
	assert_refused("[{'Driver':'cdi','DeviceIDs':[]},{'Driver':'x'},{'Driver':'y'}]",
		       "could not select device driver \"x\"");
}
END_TEST

START_TEST(capabilities_beyond_what_a_message_holds_are_cut)
{
	bt_auto_str struct bt_str text = { 0 };

	bt_str_puts(&text, "[{'Capabilities':[['");
	bt_str_fill(&text, 'x', 100000);
	bt_str_puts(&text, "'],['y']]}]");
	assert_refused(bt_str_get(&text), "could not select device driver");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, without_a_request_nothing_is_given);
	tcase_add_test(
		tests,
		a_driver_that_is_not_there_is_refused_with_what_it_should_have_been_able_to_do);
	tcase_add_test(tests, devices_that_nobody_has_are_named);
	tcase_add_test(tests, the_first_request_that_cannot_be_met_decides);
	tcase_add_test(tests, capabilities_beyond_what_a_message_holds_are_cut);
}

int main(void)
{
	return run_suite("engine/device_requests", setup, teardown, add);
}
