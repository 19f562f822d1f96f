/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/spec_security.h"

#include <errno.h>
#include <linux/capability.h>

#include "common.h"

#define BIT(name) (1ull << CAP_##name)

/* The strings of `ret` are borrowed from what is returned, which the caller releases. */
static json_t *parsed(const char *hc, struct bt_security_opts *ret)
{
	json_t *json = parse(hc);
	struct bt_err err = { 0 };

	ck_assert_msg(bt_spec_security_parse(json, ret, &err) == 0, "%s", err.msg);
	return json;
}

static void assert_refused(const char *opt, const char *message)
{
	json_t *hc = json_pack("{s:[s]}", "SecurityOpt", opt);
	struct bt_security_opts opts;
	struct bt_err err = { 0 };

	ck_assert_msg(bt_spec_security_parse(hc, &opts, &err) < 0, "%s was taken", opt);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_str_eq(err.msg, message);
	json_decref(hc);
}

START_TEST(no_new_privileges_may_stand_alone_and_may_be_denied)
{
	static const struct {
		const char *hc;
		bool set, on;
	} cases[] = {
		{ "{}", false, false },
		{ "{'SecurityOpt':['no-new-privileges']}", true, true },
		{ "{'SecurityOpt':['no-new-privileges=true']}", true, true },
		{ "{'SecurityOpt':['no-new-privileges:true']}", true, true },
		{ "{'SecurityOpt':['no-new-privileges=false']}", true, false },
		{ "{'SecurityOpt':['no-new-privileges','no-new-privileges=false']}", true, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bt_security_opts opts;
		json_t *hc = parsed(cases[i].hc, &opts);

		ck_assert_msg(opts.no_new_privileges_set == cases[i].set &&
				      opts.no_new_privileges == cases[i].on,
			      "%s", cases[i].hc);
		json_decref(hc);
	}
}
END_TEST

START_TEST(seccomp_is_a_profile_or_one_of_two_words)
{
	struct bt_security_opts opts;
	json_t *hc = parsed("{'SecurityOpt':['seccomp={}']}", &opts);

	ck_assert_str_eq(opts.seccomp, "{}");
	ck_assert(!opts.seccomp_unconfined && !opts.seccomp_builtin);
	json_decref(hc);
	hc = parsed("{'SecurityOpt':['seccomp=unconfined']}", &opts);
	ck_assert(opts.seccomp_unconfined && !opts.seccomp);
	json_decref(hc);
	hc = parsed("{'SecurityOpt':['seccomp:builtin']}", &opts);
	ck_assert(opts.seccomp_builtin && !opts.seccomp_unconfined && !opts.seccomp);
	json_decref(hc);
}
END_TEST

START_TEST(who_is_privileged_has_no_filter_unless_one_is_named)
{
	struct bt_security_opts opts;
	json_t *hc = parsed("{'Privileged':true}", &opts);

	ck_assert(opts.seccomp_unconfined);
	json_decref(hc);
	hc = parsed("{'Privileged':true,'SecurityOpt':['seccomp=builtin']}", &opts);
	ck_assert(!opts.seccomp_unconfined && opts.seccomp_builtin);
	json_decref(hc);
}
END_TEST

START_TEST(an_empty_profile_of_apparmor_is_none)
{
	struct bt_security_opts opts;
	json_t *hc = parsed("{'SecurityOpt':['apparmor=mine=x']}", &opts);

	ck_assert_str_eq(opts.apparmor, "mine=x");
	json_decref(hc);
	hc = parsed("{'SecurityOpt':['apparmor=']}", &opts);
	ck_assert_ptr_null(opts.apparmor);
	json_decref(hc);
}
END_TEST

START_TEST(unknown_and_malformed_options_are_refused_in_dockers_words)
{
	assert_refused("", "invalid --security-opt 1: \"\"");
	assert_refused("nonsense", "invalid --security-opt 1: \"nonsense\"");
	assert_refused("seccomp", "invalid --security-opt 1: \"seccomp\"");
	assert_refused("apparmor", "invalid --security-opt 1: \"apparmor\"");
	assert_refused("nonsense=1", "invalid --security-opt 2: \"nonsense=1\"");
	assert_refused("=1", "invalid --security-opt 2: \"=1\"");
	assert_refused("Seccomp=unconfined", "invalid --security-opt 2: \"Seccomp=unconfined\"");
	assert_refused("seccomps=unconfined", "invalid --security-opt 2: \"seccomps=unconfined\"");
	assert_refused("no-new-privileges=maybe",
		       "invalid --security-opt 2: \"no-new-privileges=maybe\"");
	assert_refused("label=nonsense", "invalid --security-opt 2: \"label=nonsense\"");
}
END_TEST

START_TEST(labels_may_be_switched_off_anywhere)
{
	struct bt_security_opts opts;

	json_decref(parsed("{'SecurityOpt':['label=disable','label:disable']}", &opts));
}
END_TEST

static uint64_t capabilities(const char *text)
{
	json_t *hc = parse(text);
	struct bt_err err = { 0 };
	uint64_t mask = 0;

	ck_assert_msg(bt_spec_security_capabilities(hc, &mask, &err) == 0, "%s", err.msg);
	json_decref(hc);
	return mask;
}

/* What this machine has not is in none of the sets that are compared. */
START_TEST(capabilities_are_dockers_with_what_is_added_and_without_what_is_dropped)
{
	uint64_t usual = capabilities("{}"), all = capabilities("{'Privileged':true}");

	ck_assert_uint_eq(usual & BIT(SYS_ADMIN), 0);
	ck_assert_uint_eq(usual & BIT(CHOWN), all & BIT(CHOWN));
	ck_assert_uint_eq(capabilities("{'CapAdd':['ALL']}"), all);
	ck_assert_uint_eq(capabilities("{'CapDrop':['all']}"), 0);
	ck_assert_uint_eq(capabilities("{'CapDrop':['CAP_CHOWN','kill']}"),
			  usual & ~(BIT(CHOWN) | BIT(KILL)));
	ck_assert_uint_eq(capabilities("{'CapDrop':['ALL'],'CapAdd':['CHOWN']}"), all & BIT(CHOWN));
	ck_assert_uint_eq(capabilities("{'CapAdd':['ALL'],'CapDrop':['CHOWN']}"),
			  all & ~BIT(CHOWN));
	/* Docker's --privileged does not look at them. */
	ck_assert_uint_eq(capabilities("{'Privileged':true,'CapDrop':['ALL']}"), all);
}
END_TEST

START_TEST(a_capability_that_nobody_knows_is_refused_by_the_list_it_stands_in)
{
	json_t *hc = parse("{'CapDrop':['nonsense']}"), *warnings = json_array();
	struct bt_err err = { 0 };

	ck_assert_int_lt(bt_spec_security_check(hc, warnings, &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_str_eq(err.msg, "invalid CapDrop: unknown capability: \"CAP_NONSENSE\"");
	json_decref(hc);
	json_decref(warnings);
}
END_TEST

START_TEST(a_user_other_than_root_has_capabilities_in_the_bounding_set_only)
{
	json_t *root = json_object(), *user = json_object();

	bt_spec_security_set_capabilities(root, BIT(KILL), 0);
	bt_spec_security_set_capabilities(user, BIT(KILL), 1000);
	assert_json(root, "{'capabilities':{'bounding':['CAP_KILL'],'effective':['CAP_KILL'],"
			  "'permitted':['CAP_KILL']}}");
	assert_json(user, "{'capabilities':{'bounding':['CAP_KILL']}}");
	json_decref(root);
	json_decref(user);
}
END_TEST

START_TEST(what_a_container_says_of_new_privileges_stands_over_the_daemon)
{
	static const struct {
		const char *hc;
		bool daemon;
		const char *want;
	} cases[] = {
		{ "{}", true, "true" },
		{ "{}", false, "false" },
		{ "{'SecurityOpt':['no-new-privileges=false']}", true, "false" },
		{ "{'SecurityOpt':['no-new-privileges']}", false, "true" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bt_spec_security daemon = { .no_new_privileges = cases[i].daemon };
		json_t *hc = parse(cases[i].hc), *process = json_object();
		struct bt_err err = { 0 };

		ck_assert_int_eq(bt_spec_security_process(hc, 0, &daemon, process, &err), 0);
		assert_json(json_object_get(process, "noNewPrivileges"), cases[i].want);
		json_decref(hc);
		json_decref(process);
	}
}
END_TEST

START_TEST(a_limit_of_a_container_stands_in_place_of_the_daemons_however_it_is_written)
{
	json_t *hc = parse("{'Ulimits':[{'Name':'NOFILE','Soft':1,'Hard':2}]}");
	json_t *defaults = parse("{'nofile':{'Soft':10,'Hard':20},'core':{'Soft':0,'Hard':-1}}");
	json_t *process = json_object();

	bt_spec_security_rlimits(hc, defaults, process);
	assert_json(process, "{'rlimits':[{'type':'RLIMIT_NOFILE','soft':1,'hard':2},"
			     "{'type':'RLIMIT_CORE','soft':0,'hard':-1}]}");
	json_decref(hc);
	json_decref(defaults);
	json_decref(process);
}
END_TEST

START_TEST(limits_have_the_kernels_names)
{
	ck_assert_str_eq(bt_spec_security_rlimit_name("nofile"), "RLIMIT_NOFILE");
	ck_assert_str_eq(bt_spec_security_rlimit_name("as"), "RLIMIT_AS");
	ck_assert_ptr_null(bt_spec_security_rlimit_name("RLIMIT_NOFILE"));
	ck_assert_ptr_null(bt_spec_security_rlimit_name("files"));
	ck_assert_ptr_null(bt_spec_security_rlimit_name(""));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, no_new_privileges_may_stand_alone_and_may_be_denied);
	tcase_add_test(tc, seccomp_is_a_profile_or_one_of_two_words);
	tcase_add_test(tc, who_is_privileged_has_no_filter_unless_one_is_named);
	tcase_add_test(tc, an_empty_profile_of_apparmor_is_none);
	tcase_add_test(tc, unknown_and_malformed_options_are_refused_in_dockers_words);
	tcase_add_test(tc, labels_may_be_switched_off_anywhere);
	tcase_add_test(tc, capabilities_are_dockers_with_what_is_added_and_without_what_is_dropped);
	tcase_add_test(tc, a_capability_that_nobody_knows_is_refused_by_the_list_it_stands_in);
	tcase_add_test(tc, a_user_other_than_root_has_capabilities_in_the_bounding_set_only);
	tcase_add_test(tc, what_a_container_says_of_new_privileges_stands_over_the_daemon);
	tcase_add_test(tc,
		       a_limit_of_a_container_stands_in_place_of_the_daemons_however_it_is_written);
	tcase_add_test(tc, limits_have_the_kernels_names);
}

int main(void)
{
	return run_tests("engine/spec_security", add);
}
