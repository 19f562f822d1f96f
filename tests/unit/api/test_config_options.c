/* SPDX-License-Identifier: Apache-2.0 */

#include "api/config_options.h"

#include <errno.h>
#include <stdio.h>

#include "../suite.h"
#include "base/auto.h"

static json_t *values;
static struct bt_err err;

static void setup(void)
{
	values = json_object();
	err = (struct bt_err){ 0 };
}

static void teardown(void)
{
	json_decref(values);
}

static const struct bt_option *option_of(const char *flag)
{
	const struct bt_option *option = bt_config_options_by_flag(flag, strlen(flag));

	ck_assert_msg(option != NULL, "there is no --%s", flag);
	return option;
}

static int give(const char *flag, const char *text)
{
	return bt_config_options_add(values, option_of(flag), text, &err);
}

static json_t *load(const char *text)
{
	bt_auto_free char *copy = strdup(text);
	json_t *json;

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	json = json_loads(copy, JSON_DECODE_ANY, NULL);
	ck_assert_msg(json != NULL, "test's own JSON is wrong: %s", copy);
	return json;
}

/* All that was given until now is `want`. */
static void check_values(const char *want)
{
	json_auto_t *expected = load(want);
	bt_auto_free char *got = json_dumps(values, JSON_COMPACT);

	ck_assert_msg(json_equal(expected, values), "%s is not %s", got, want);
}

static void check_refused(const char *flag, const char *text)
{
	err = (struct bt_err){ 0 };
	ck_assert_msg(give(flag, text) == -EINVAL, "--%s %s is taken", flag, text);
	check_err(&err, BT_ERR_INVALID, flag);
}

START_TEST(every_option_has_one_name_of_its_own)
{
	for (size_t i = 0; i < bt_config_options_count; i++) {
		const struct bt_option *o = &bt_config_options[i];

		ck_assert(o->flag || o->key);
		ck_assert_ptr_nonnull(bt_config_options_name(o));
		if (o->flag)
			ck_assert_msg(option_of(o->flag) == o, "--%s is there twice", o->flag);
		if (o->letter)
			ck_assert_msg(bt_config_options_by_letter(o->letter) == o, "-%c",
				      o->letter);
		if (o->key)
			ck_assert_msg(bt_config_options_by_key(o->key) == o, "%s", o->key);
		if (o->flag && (o->use == BT_OPTION_USED || o->use == BT_OPTION_REFUSED))
			ck_assert_msg(o->help != NULL, "%s has no help", bt_config_options_name(o));
	}
}
END_TEST

START_TEST(what_is_no_option_is_not_found)
{
	ck_assert_ptr_null(bt_config_options_by_flag("debu", 4));
	ck_assert_ptr_null(bt_config_options_by_flag("debugg", 6));
	ck_assert_ptr_null(bt_config_options_by_flag("", 0));
	/* The name need not end where it is said to. */
	ck_assert_ptr_nonnull(bt_config_options_by_flag("debug=true", 5));
	ck_assert_ptr_null(bt_config_options_by_letter('\0'));
	ck_assert_ptr_null(bt_config_options_by_letter('?'));
	ck_assert_ptr_null(bt_config_options_by_key(""));
	ck_assert_ptr_null(bt_config_options_by_key("Debug"));
}
END_TEST

START_TEST(booleans_are_what_go_takes_for_them)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };
	static const char *const none[] = { "", "yes", "tRUE", "2", " true", "true " };

	for (size_t i = 0; i < LENGTH(yes); i++) {
		ck_assert_int_eq(give("debug", yes[i]), 0);
		check_values("{'debug':true}");
		ck_assert_int_eq(give("debug", no[i]), 0);
		check_values("{'debug':false}");
	}
	for (size_t i = 0; i < LENGTH(none); i++)
		check_refused("debug", none[i]);
	check_values("{'debug':false}");
}
END_TEST

START_TEST(of_a_scalar_the_last_counts_and_a_list_grows)
{
	ck_assert_int_eq(give("bridge", "a"), 0);
	ck_assert_int_eq(give("bridge", "b"), 0);
	ck_assert_int_eq(give("dns", "1.1.1.1"), 0);
	ck_assert_int_eq(give("dns", "1.1.1.1"), 0);
	ck_assert_int_eq(give("dns", ""), 0);
	check_values("{'bridge':'b','dns':['1.1.1.1','1.1.1.1','']}");
}
END_TEST

START_TEST(members_are_given_by_name)
{
	ck_assert_int_eq(give("add-runtime", "a=/bin/a"), 0);
	ck_assert_int_eq(give("add-runtime", "b=/bin/b=c"), 0);
	ck_assert_int_eq(give("add-runtime", "a=/bin/z"), 0);
	check_values("{'runtimes':{'a':{'path':'/bin/z'},'b':{'path':'/bin/b=c'}}}");
	check_refused("add-runtime", "a");
	check_refused("add-runtime", "=/bin/a");
	check_refused("add-runtime", "");
}
END_TEST

START_TEST(a_ulimit_is_one_number_or_two)
{
	ck_assert_int_eq(give("default-ulimit", "nofile=1024"), 0);
	ck_assert_int_eq(give("default-ulimit", "nproc=5:-1"), 0);
	check_values("{'default-ulimits':{'nofile':{'Name':'nofile','Soft':1024,'Hard':1024},"
		     "'nproc':{'Name':'nproc','Soft':5,'Hard':-1}}}");
	check_refused("default-ulimit", "nofile");
	check_refused("default-ulimit", "nofile=");
	check_refused("default-ulimit", "nofile=a");
	check_refused("default-ulimit", "nofile=1:");
	check_refused("default-ulimit", "nofile=:1");
	check_refused("default-ulimit", "nofile=1:2:3");
	check_refused("default-ulimit", "nofile=99999999999999999999");
}
END_TEST

START_TEST(a_pool_is_a_base_and_a_size_in_either_order)
{
	ck_assert_int_eq(give("default-address-pool", "base=10.0.0.0/8,size=24"), 0);
	ck_assert_int_eq(give("default-address-pool", "size=64,base=fd00::/48"), 0);
	check_values("{'default-address-pools':[{'base':'10.0.0.0/8','size':24},"
		     "{'base':'fd00::/48','size':64}]}");
	check_refused("default-address-pool", "");
	check_refused("default-address-pool", "base=10.0.0.0/8");
	check_refused("default-address-pool", "size=24");
	check_refused("default-address-pool", "base=10.0.0.0/8,size=");
	check_refused("default-address-pool", "base=10.0.0.0/8,size=x");
	check_refused("default-address-pool", "base=10.0.0.0/8,base=10.0.0.0/8");
	check_refused("default-address-pool", "size=24,size=24");
	check_refused("default-address-pool", "base=10.0.0.0/8,size=24,x=y");
}
END_TEST

START_TEST(a_text_that_is_not_utf8_is_refused)
{
	check_refused("dns", "\xff");
	check_refused("bridge", "\xc3(");
	check_refused("add-runtime", "a=\xff");
	check_refused("add-runtime", "\xff=a");
	check_refused("default-address-pool", "base=\xff,size=24");
}
END_TEST

/* A value of an option in the file, and what it must be (NULL: what it is). */
static const struct {
	const char *key, *value, *want;
} in_file[] = {
	{ "bridge", "'x'", NULL },
	{ "bridge", "5", "a string" },
	{ "bridge", "null", "a string" },
	{ "debug", "true", NULL },
	{ "debug", "'true'", "true or false" },
	{ "debug", "1", "true or false" },
	{ "dns", "[]", NULL },
	{ "dns", "['a','b']", NULL },
	{ "dns", "['a',5]", "an array of strings" },
	{ "dns", "[null]", "an array of strings" },
	{ "dns", "'a'", "an array of strings" },
	{ "dns", "{}", "an array of strings" },
	{ "runtimes", "{}", NULL },
	{ "runtimes", "{'a':{'path':'/x'}}", NULL },
	{ "runtimes", "{'a':'/x'}", "an object of objects" },
	{ "runtimes", "[]", "an object of objects" },
	{ "default-ulimits", "{'nofile':{}}", NULL },
	{ "default-ulimits", "{'nofile':5}", "an object of objects" },
	{ "default-address-pools", "[]", NULL },
	{ "default-address-pools", "{}", "an array of {\"base\", \"size\"}" },
	{ "log-opts", "{'max-size':'1m'}", NULL },
	{ "log-opts", "{'max-size':1}", "an object of strings" },
	{ "log-opts", "{'a':'b','c':null}", "an object of strings" },
	{ "registry-mirrors", "['https://m']", NULL },
	{ "registry-mirrors", "{'docker.io':['https://m'],'q':[]}", NULL },
	{ "registry-mirrors", "{'docker.io':'https://m'}",
	  "an array of strings, or an object of such" },
	{ "registry-mirrors", "[['https://m']]", "an array of strings, or an object of such" },
	{ "registry-mirrors", "5", "an array of strings, or an object of such" },
	{ "shutdown-timeout", "5", NULL },
	{ "shutdown-timeout", "-5", NULL },
	{ "shutdown-timeout", "5.5", "a number" },
	{ "shutdown-timeout", "'5'", "a number" },
};

START_TEST(a_value_in_the_file_is_of_its_options_type)
{
	for (size_t i = 0; i < LENGTH(in_file); i++) {
		const struct bt_option *option = bt_config_options_by_key(in_file[i].key);
		json_auto_t *value = load(in_file[i].value);

		ck_assert_msg(option != NULL, "there is no %s", in_file[i].key);
		err = (struct bt_err){ 0 };
		ck_assert_msg(bt_config_options_check(option, value, &err) ==
				      (in_file[i].want ? -EINVAL : 0),
			      "%s: %s: %s", in_file[i].key, in_file[i].value, err.msg);
		if (!in_file[i].want)
			continue;
		bt_auto_free char *message = NULL;
		ck_assert_int_gt(asprintf(&message, "the value of \"%s\" must be %s",
					  in_file[i].key, in_file[i].want),
				 0);
		ck_assert_str_eq(err.msg, message);
	}
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, every_option_has_one_name_of_its_own);
	tcase_add_test(tests, what_is_no_option_is_not_found);
	tcase_add_test(tests, booleans_are_what_go_takes_for_them);
	tcase_add_test(tests, of_a_scalar_the_last_counts_and_a_list_grows);
	tcase_add_test(tests, members_are_given_by_name);
	tcase_add_test(tests, a_ulimit_is_one_number_or_two);
	tcase_add_test(tests, a_pool_is_a_base_and_a_size_in_either_order);
	tcase_add_test(tests, a_text_that_is_not_utf8_is_refused);
	tcase_add_test(tests, a_value_in_the_file_is_of_its_options_type);
}

int main(void)
{
	return run_suite("api/config_options", setup, teardown, add);
}
