/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/create_gpus.h"

#include "../suite.h"
#include "create_fixture.h"

static struct bt_err err;

static void check_is(const char *text, const char *want)
{
	json_auto_t *request = NULL, *wanted = json_of(want);
	bt_auto_free char *got = NULL;

	ck_well(bt_create_gpus_parse(text, &request, &err), &err);
	got = json_dumps(request, JSON_COMPACT);
	ck_assert_msg(json_equal(request, wanted), "%s is %s, not %s", text, got, want);
	ck_well(bt_create_gpus_check(text, &err), &err);
}

static void check_is_none(const char *text, const char *words)
{
	json_auto_t *request = NULL;

	ck_assert_msg(bt_create_gpus_parse(text, &request, &err) < 0, "\"%s\" was taken", text);
	check_err(&err, BT_ERR_INVALID, words);
	ck_assert_ptr_null(request);
	ck_assert_int_lt(bt_create_gpus_check(text, &err), 0);
}

#define REQUEST(driver, count, ids, capabilities, options)           \
	"{'Driver':'" driver "','Count':" count ",'DeviceIDs':[" ids \
	"],'Capabilities':[[" capabilities "]],'Options':{" options "}}"

START_TEST(a_number_or_all_is_how_many)
{
	check_is("all", REQUEST("", "-1", "", "'gpu'", ""));
	check_is("2", REQUEST("", "2", "", "'gpu'", ""));
	check_is("count=3", REQUEST("", "3", "", "'gpu'", ""));
	check_is("count=all", REQUEST("", "-1", "", "'gpu'", ""));
	check_is("-1", REQUEST("", "-1", "", "'gpu'", ""));
}
END_TEST

START_TEST(one_is_asked_for_where_neither_number_nor_device_is_named)
{
	check_is("driver=nvidia", REQUEST("nvidia", "1", "", "'gpu'", ""));
	check_is("capabilities=compute", REQUEST("", "1", "", "'compute','gpu'", ""));
	check_is("device=0", REQUEST("", "0", "'0'", "'gpu'", ""));
	check_is("device=0,driver=nvidia", REQUEST("nvidia", "0", "'0'", "'gpu'", ""));
}
END_TEST

START_TEST(several_values_stand_between_quotes)
{
	check_is("\"device=0,GPU-2\"", REQUEST("", "0", "'0','GPU-2'", "'gpu'", ""));
	check_is("count=2,\"capabilities=compute,utility\",driver=nvidia",
		 REQUEST("nvidia", "2", "", "'compute','utility','gpu'", ""));
	check_is("\"options=a=1,b,c=x=y\"",
		 REQUEST("", "1", "", "'gpu'", "'a':'1','b':'','c':'x=y'"));
}
END_TEST

START_TEST(what_is_no_request_is_refused_in_dockers_words)
{
	check_is_none("", "EOF");
	check_is_none("some", "invalid count (some): value must be either \"all\" or an integer: "
			      "invalid syntax");
	check_is_none("count=1.5", "invalid syntax");
	check_is_none("99999999999999999999", "value out of range");
	check_is_none("color=red", "unexpected key 'color' in 'color=red'");
	check_is_none("options=", "failed to read gpu options: EOF");
}
END_TEST

START_TEST(a_key_is_said_once)
{
	check_is_none("driver=a,driver=b", "gpu request key 'driver' can be specified only once");
	check_is_none("count=1,count=2", "gpu request key 'count' can be specified only once");
	check_is_none("2,count=2", "gpu request key 'count' can be specified only once");
}
END_TEST

START_TEST(hostile_text_ends_in_an_error_or_a_request_and_never_a_crash)
{
	static const char *const texts[] = {
		"=",  ",",    "=,=",    "\"",      "\"\"",        "a\"b",
		",,", "all,", "count=", "device=", "driver=\xff", "\"options=\"\"a\"\"\""
	};

	for (size_t i = 0; i < LENGTH(texts); i++) {
		json_auto_t *request = NULL;
		int r = bt_create_gpus_parse(texts[i], &request, &err);

		ck_assert_msg((r == 0) == (request != NULL), "\"%s\"", texts[i]);
		ck_assert(r == 0 || err.kind == BT_ERR_INVALID);
	}
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_number_or_all_is_how_many);
	tcase_add_test(tests, one_is_asked_for_where_neither_number_nor_device_is_named);
	tcase_add_test(tests, several_values_stand_between_quotes);
	tcase_add_test(tests, what_is_no_request_is_refused_in_dockers_words);
	tcase_add_test(tests, a_key_is_said_once);
	tcase_add_test(tests, hostile_text_ends_in_an_error_or_a_request_and_never_a_crash);
}

int main(void)
{
	return run_suite("cli/create_gpus", NULL, NULL, add);
}
