/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/cdi_edits.h"

#include <errno.h>

#include "common.h"

static struct bt_err err;

/* What becomes of a specification. */
static json_t *apply(const char *edits_text, const char *spec_text, int want)
{
	json_t *edits = parse(edits_text), *spec = parse(spec_text);
	int r = bt_cdi_edits_apply(edits, spec, &err);

	ck_assert_msg(r == want, "%d: %s", r, err.msg);
	json_decref(edits);
	return spec;
}

static void assert_becomes(const char *edits, const char *spec, const char *want)
{
	json_t *got = apply(edits, spec, 0);

	assert_json(got, want);
	json_decref(got);
}

static void assert_refused(const char *edits, int errnum, const char *words)
{
	json_decref(apply(edits, "{}", -errnum));
	ck_assert_msg(strstr(err.msg, words) != NULL, "%s", err.msg);
}

START_TEST(variables_take_the_place_of_those_of_their_name)
{
	assert_becomes("{'env':['A=2','C=3']}", "{'process':{'env':['A=1','AB=1']}}",
		       "{'process':{'env':['A=2','AB=1','C=3']}}");
	assert_refused("{'env':['A']}", EINVAL, "NAME=VALUE");
	assert_refused("{'env':['=A']}", EINVAL, "NAME=VALUE");
	assert_refused("{'env':[5]}", EINVAL, "NAME=VALUE");
}
END_TEST

START_TEST(nodes_come_with_their_rules)
{
	assert_becomes(
		"{'deviceNodes':[{'path':'/dev/a','type':'c','major':1,'minor':3,'uid':5,"
		"'permissions':'r'}]}",
		"{'linux':{'devices':[{'path':'/dev/a','type':'b'},{'path':'/dev/b'}],"
		"'resources':{'devices':[{'allow':false}]}}}",
		"{'linux':{'devices':[{'path':'/dev/b'},{'path':'/dev/a','type':'c','major':1,"
		"'minor':3,'uid':5}],'resources':{'devices':[{'allow':false},{'allow':true,"
		"'type':'c','major':1,'minor':3,'access':'r'}]}}}");
}
END_TEST

START_TEST(what_a_node_leaves_out_is_as_on_the_host)
{
	assert_becomes(
		"{'deviceNodes':[{'path':'/dev/x','hostPath':'/dev/null'}]}", "{}",
		"{'linux':{'devices':[{'path':'/dev/x','type':'c','major':1,'minor':3,"
		"'fileMode':438}],'resources':{'devices':[{'allow':true,'type':'c','major':1,"
		"'minor':3,'access':'rwm'}]}}}");
}
END_TEST

START_TEST(nodes_that_make_no_sense_are_refused)
{
	assert_refused("{'deviceNodes':[{'path':'/nonexistent'}]}", ENOENT, "/nonexistent");
	assert_refused("{'deviceNodes':[{'path':'/etc/passwd'}]}", EINVAL, "not a device node");
	assert_refused("{'deviceNodes':[{'path':'dev/null'}]}", EINVAL, "absolute path");
	assert_refused("{'deviceNodes':[{'path':'/dev/null','permissions':'x'}]}", EINVAL,
		       "permissions");
	assert_refused("{'deviceNodes':[{'path':'/dev/null','type':'z'}]}", EINVAL, "type must be");
	assert_refused("{'deviceNodes':[5]}", EINVAL, "absolute path");
}
END_TEST

START_TEST(a_mount_is_a_bind_unless_it_says_otherwise)
{
	assert_becomes(
		"{'mounts':[{'hostPath':'/a','containerPath':'/b'},{'hostPath':'/a',"
		"'containerPath':'/c','options':['ro','bind']},{'hostPath':'tmpfs',"
		"'containerPath':'/d','type':'tmpfs'}]}",
		"{}",
		"{'mounts':[{'destination':'/b','type':'bind','source':'/a','options':['rbind']},"
		"{'destination':'/c','type':'bind','source':'/a','options':['ro','bind']},"
		"{'destination':'/d','type':'tmpfs','source':'tmpfs','options':[]}]}");
	assert_refused("{'mounts':[{'hostPath':'/a'}]}", EINVAL, "containerPath");
	assert_refused("{'mounts':[{'hostPath':'/a','containerPath':'/b','options':[1]}]}", EINVAL,
		       "options are strings");
}
END_TEST

START_TEST(hooks_and_groups_are_added)
{
	assert_becomes("{'hooks':[{'hookName':'poststop','path':'/h','args':['h'],'timeout':5}],"
		       "'additionalGids':[5,6,0,5]}",
		       "{'process':{'user':{'additionalGids':[6]}}}",
		       "{'process':{'user':{'additionalGids':[6,5]}},"
		       "'hooks':{'poststop':[{'path':'/h','args':['h'],'timeout':5}]}}");
	assert_refused("{'hooks':[{'hookName':'x','path':'/h'}]}", EINVAL, "hookName");
	assert_refused("{'hooks':[{'hookName':'poststop','path':'h'}]}", EINVAL, "absolute path");
	assert_refused("{'additionalGids':[-1]}", EINVAL, "numbers of groups");
}
END_TEST

START_TEST(nothing_is_passed_over)
{
	assert_refused("{'intelRdt':{}}", ENOSYS, "intelRdt is not supported");
	assert_refused("{'env':{}}", EINVAL, "a list is wanted");
	assert_becomes("{'env':null}", "{}", "{}");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, variables_take_the_place_of_those_of_their_name);
	tcase_add_test(tests, nodes_come_with_their_rules);
	tcase_add_test(tests, what_a_node_leaves_out_is_as_on_the_host);
	tcase_add_test(tests, nodes_that_make_no_sense_are_refused);
	tcase_add_test(tests, a_mount_is_a_bind_unless_it_says_otherwise);
	tcase_add_test(tests, hooks_and_groups_are_added);
	tcase_add_test(tests, nothing_is_passed_over);
}

int main(void)
{
	return run_tests("engine/cdi_edits", add);
}
