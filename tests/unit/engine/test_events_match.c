/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/events_private.h"

#include <errno.h>

#include "base/err.h"
#include "codec/filters.h"
#include "common.h"

static const char container[] =
	"{'Type':'container','Action':'exec_start: sh -c x','Actor':{'ID':'abcdef','Attributes':"
	"{'name':'web','image':'debian:12','tier':'front'}}}";
static const char image[] = "{'Type':'image','Action':'tag','Actor':{'ID':'sha256:123456',"
			    "'Attributes':{'name':'reg:5000/app:v1'}}}";

static bool matches(const char *filters, const char *message)
{
	json_t *f = parse(filters), *m = parse(message);
	char *text = json_dumps(f, 0);
	struct bt_filters *parsed = NULL;
	struct bt_err err = { 0 };
	bool yes;

	ck_assert_msg(bt_filters_parse(text, &parsed, &err) == 0, "%s", err.msg);
	yes = bt_events_match(parsed, m);
	bt_filters_destroy(parsed);
	json_decref(f);
	json_decref(m);
	free(text);
	return yes;
}

START_TEST(without_filters_everything_passes)
{
	json_t *message = parse(container);

	ck_assert(bt_events_match(NULL, message));
	ck_assert(matches("{}", container));
	json_decref(message);
}
END_TEST

START_TEST(an_action_is_found_with_what_follows_its_colon_or_without)
{
	ck_assert(matches("{'event':['exec_start']}", container));
	ck_assert(matches("{'event':['exec_start: sh -c x']}", container));
	ck_assert(!matches("{'event':['exec_star']}", container));
	ck_assert(!matches("{'event':['exec_start: sh']}", container));
	ck_assert(matches("{'event':['start','exec_start']}", container));
}
END_TEST

START_TEST(an_object_is_found_by_name_or_the_beginning_of_its_id)
{
	ck_assert(matches("{'container':['web']}", container));
	ck_assert(matches("{'container':['abc']}", container));
	ck_assert(!matches("{'container':['we']}", container));
	ck_assert(!matches("{'container':['bcd']}", container));
	ck_assert(!matches("{'container':['']}", container));
}
END_TEST

START_TEST(a_filter_for_one_type_lets_no_other_type_pass)
{
	ck_assert(!matches("{'network':['web']}", container));
	ck_assert(!matches("{'volume':['abc']}", container));
	ck_assert(!matches("{'container':['reg:5000/app:v1']}", image));
	ck_assert(!matches("{'type':['image']}", container));
	ck_assert(matches("{'type':['image','container']}", container));
}
END_TEST

START_TEST(an_image_is_found_with_its_tag_or_without)
{
	ck_assert(matches("{'image':['debian:12']}", container));
	ck_assert(matches("{'image':['debian']}", container));
	ck_assert(!matches("{'image':['deb']}", container));
	ck_assert(!matches("{'image':['debian:1']}", container));
	ck_assert(matches("{'image':['reg:5000/app']}", image));
	ck_assert(matches("{'image':['reg:5000/app:v1']}", image));
	/* The colon of a port is none of a tag. */
	ck_assert(!matches("{'image':['reg']}", image));
	ck_assert(matches("{'image':['sha256:1234']}", image));
	ck_assert(!matches("{'image':['sha256:1234']}", container));
}
END_TEST

START_TEST(an_empty_image_is_no_image)
{
	ck_assert(!matches("{'image':['']}", image));
	ck_assert(!matches("{'image':['']}", container));
}
END_TEST

START_TEST(labels_are_those_of_the_actor)
{
	ck_assert(matches("{'label':['tier']}", container));
	ck_assert(matches("{'label':['tier=front']}", container));
	ck_assert(!matches("{'label':['tier=back']}", container));
	ck_assert(!matches("{'label':['tier','none']}", container));
}
END_TEST

START_TEST(all_filters_must_let_it_pass)
{
	ck_assert(matches("{'container':['web'],'event':['exec_start'],'scope':['local']}",
			  container));
	ck_assert(!matches("{'container':['web'],'event':['die']}", container));
	ck_assert(!matches("{'scope':['swarm']}", container));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, without_filters_everything_passes);
	tcase_add_test(tc, an_action_is_found_with_what_follows_its_colon_or_without);
	tcase_add_test(tc, an_object_is_found_by_name_or_the_beginning_of_its_id);
	tcase_add_test(tc, a_filter_for_one_type_lets_no_other_type_pass);
	tcase_add_test(tc, an_image_is_found_with_its_tag_or_without);
	tcase_add_test(tc, an_empty_image_is_no_image);
	tcase_add_test(tc, labels_are_those_of_the_actor);
	tcase_add_test(tc, all_filters_must_let_it_pass);
}

int main(void)
{
	return run_tests("engine/events_match", add);
}
