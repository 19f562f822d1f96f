/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/volumes.h"

#include <errno.h>

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/fault.h"
#include "codec/filters.h"
#include "engine/volume.h"
#include "engine_fixture.h"

static struct bt_events_follower *follower;

static void setup(void)
{
	setup_engine();
	(void)events_since(&follower);
}

static void teardown(void)
{
	bt_events_close(follower);
	teardown_engine();
}

/* Create by a body with single quotes. */
static int create(const char *body, json_t **ret)
{
	json_auto_t *json = parse(body);

	err = (struct bt_err){ 0 };
	return bt_volumes_create(&engine, json, ret, &err);
}

static void make(const char *name, const char *labels)
{
	char body[256];
	json_auto_t *made = NULL;

	(void)snprintf(body, sizeof(body), "{'Name':'%s','Labels':%s}", name, labels);
	ck_well(create(body, &made), &err);
}

/* A container that has the volume, running or not. */
static struct bt_container *use(const char *id, const char *volume)
{
	struct bt_container *c = add_container(id, id, "{}", "{}");

	free(c->summary);
	c->summary = malloc(256);
	(void)snprintf(c->summary, 256,
		       "{\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/x\"},"
		       "{\"Type\":\"volume\",\"Name\":\"%s\"}]}",
		       volume);
	return c;
}

static struct bt_filters *filters_of(const char *text)
{
	char copy[256];
	struct bt_filters *filters = NULL;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	ck_well(bt_filters_parse(copy, &filters, &err), &err);
	return filters;
}

/* The names that are listed with these filters, separated by blanks, or "?" and `err`. Each is
 * as inspect shows it. */
static const char *list(const char *filters)
{
	static char names[512];
	struct bt_filters *f = filters_of(filters);
	bt_auto_str struct bt_str text = { 0 };
	json_auto_t *answer = NULL;
	const json_t *volume;
	size_t i;
	int r;

	err = (struct bt_err){ 0 };
	r = bt_volumes_list(&engine, f, &text, &err);
	bt_filters_destroy(f);
	if (r < 0)
		return "?";
	answer = json_loads(bt_str_get(&text), 0, NULL);
	ck_assert_msg(answer != NULL, "%s", bt_str_get(&text));
	ck_assert(json_is_null(json_object_get(answer, "Warnings")));
	names[0] = '\0';
	json_array_foreach (json_object_get(answer, "Volumes"), i, volume) {
		const char *name = json_string_value(json_object_get(volume, "Name"));
		json_auto_t *seen = NULL;

		ck_well(bt_volumes_inspect(&engine, name, &seen, &err), &err);
		ck_assert_msg(json_equal(seen, volume), "%s: %s", name, bt_str_get(&text));
		(void)snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			       names[0] ? " " : "", name);
	}
	return names;
}

/* What a prune says it removed; "?" and `err` where it failed. */
static const char *prune(const char *filters, bool all)
{
	static char text[512];
	struct bt_filters *f = filters_of(filters);
	json_auto_t *answer = NULL;
	const json_t *name;
	size_t i;
	int r;

	err = (struct bt_err){ 0 };
	r = bt_volumes_prune(&engine, f, all, &answer, &err);
	bt_filters_destroy(f);
	if (r < 0)
		return "?";
	text[0] = '\0';
	json_array_foreach (json_object_get(answer, "VolumesDeleted"), i, name)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			       text[0] ? " " : "", json_string_value(name));
	return text;
}

START_TEST(a_volume_is_shown_as_docker_shows_it)
{
	json_auto_t *made = NULL, *seen = NULL;
	bt_auto_free char *path = bt_volume_path(&engine, "v1");
	const char *created;

	ck_well(create("{'Name':'v1','Driver':'local','Labels':{'a':'b'}}", &made), &err);
	ck_well(bt_volumes_inspect(&engine, "v1", &seen, &err), &err);
	ck_assert(json_equal(made, seen));
	/* In whole seconds. */
	created = json_string_value(json_object_get(made, "CreatedAt"));
	ck_assert_uint_eq(strlen(created), strlen("2006-01-02T15:04:05Z"));
	ck_assert_str_eq(json_string_value(json_object_get(made, "Mountpoint")), path);
	(void)json_object_del(made, "CreatedAt");
	(void)json_object_del(made, "Mountpoint");
	assert_json(made, "{'Driver':'local','Labels':{'a':'b'},'Name':'v1','Options':null,"
			  "'Scope':'local'}");
}
END_TEST

START_TEST(one_without_a_name_gets_one_and_the_label_of_those_that_nobody_named)
{
	json_auto_t *made = NULL, *other = NULL;
	const char *name;

	ck_well(create("{'Labels':{'a':'b'}}", &made), &err);
	ck_well(create("{'Name':''}", &other), &err);
	name = json_string_value(json_object_get(made, "Name"));
	ck_assert_uint_eq(strlen(name), 64);
	assert_json(json_object_get(made, "Labels"), "{'a':'b','com.docker.volume.anonymous':''}");
	assert_json(json_object_get(other, "Labels"), "{'com.docker.volume.anonymous':''}");
	ck_assert_str_ne(name, json_string_value(json_object_get(other, "Name")));
}
END_TEST

START_TEST(one_that_was_made_for_a_container_is_told_to_be_anonymous_though_it_has_no_label)
{
	const struct bt_volume_new v = { .name = "abc", .anonymous = true };
	json_auto_t *seen = NULL;

	ck_well(bt_volume_ensure(&engine, &v, &err), &err);
	ck_well(bt_volumes_inspect(&engine, "abc", &seen, &err), &err);
	assert_json(json_object_get(seen, "Labels"), "{'com.docker.volume.anonymous':''}");
	ck_assert_str_eq(list("{'label':['com.docker.volume.anonymous']}"), "abc");
}
END_TEST

START_TEST(to_create_one_that_is_there_answers_what_it_is)
{
	json_auto_t *again = NULL;

	make("v1", "{'a':'b'}");
	ck_well(create("{'Name':'v1','Labels':{'c':'d'}}", &again), &err);
	assert_json(json_object_get(again, "Labels"), "{'a':'b'}");
	ck_assert_str_eq(list("{}"), "v1");
}
END_TEST

START_TEST(what_cannot_be_a_volume_is_refused_by_name_and_makes_none)
{
	static const struct {
		const char *body, *words;
		enum bt_err_kind kind;
	} cases[] = {
		{ "{'Name':'a'}", "create a: volume name is too short", BT_ERR_INVALID },
		{ "{'Name':'-a'}", "includes invalid characters for a local volume name",
		  BT_ERR_INVALID },
		{ "{'Name':'.a'}", "includes invalid characters", BT_ERR_INVALID },
		{ "{'Name':'..'}", "includes invalid characters", BT_ERR_INVALID },
		{ "{'Name':'a/b'}", "includes invalid characters", BT_ERR_INVALID },
		{ "{'Name':'../../etc'}", "includes invalid characters", BT_ERR_INVALID },
		{ "{'Name':'a b'}", "includes invalid characters", BT_ERR_INVALID },
		{ "{'Name':'\xc3\xa4' }", "includes invalid characters", BT_ERR_INVALID },
		{ "{'Name':7}", "", BT_ERR_INVALID },
		{ "{'Name':'v1','Driver':'nfs'}",
		  "create v1: error looking up volume plugin nfs: plugin \"nfs\" not found",
		  BT_ERR_NOT_FOUND },
		{ "{'Name':'v1','Driver':[]}", "", BT_ERR_INVALID },
		{ "{'Name':'v1','Labels':{'a':7}}", "the label a must be a string",
		  BT_ERR_INVALID },
		{ "{'Name':'v1','Labels':['a']}", "", BT_ERR_INVALID },
		{ "{'Name':'v1','DriverOpts':{'nosuch':'x'}}", "create v1: ", BT_ERR_INVALID },
		{ "{'Name':'v1','DriverOpts':'x'}", "", BT_ERR_INVALID },
		{ "{'Name':'v1','ClusterVolumeSpec':{}}", "cluster volumes need a swarm",
		  BT_ERR_UNAVAILABLE },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		json_auto_t *made = NULL;

		ck_assert_msg(create(cases[i].body, &made) < 0, "%s", cases[i].body);
		check_err(&err, cases[i].kind, cases[i].words);
		ck_assert_ptr_null(made);
	}
	ck_assert_str_eq(list("{}"), "");
}
END_TEST

START_TEST(a_name_is_as_long_as_a_files_and_no_longer)
{
	char body[300], name[257];
	json_auto_t *made = NULL;

	(void)memset(name, 'a', sizeof(name));
	name[256] = '\0';
	(void)snprintf(body, sizeof(body), "{'Name':'%s'}", name);
	ck_assert_int_eq(create(body, &made), -ENAMETOOLONG);
	check_err(&err, BT_ERR_INVALID, "volume name is too long");
	(void)snprintf(body, sizeof(body), "{'Name':'%s'}", name + 1);
	ck_well(create(body, &made), &err);
}
END_TEST

START_TEST(a_list_is_by_name_and_as_narrow_as_its_filters)
{
	static const struct {
		const char *filters, *names;
	} cases[] = {
		{ "{}", "a1 b1 b2 c1" },
		{ "{'name':['b']}", "b1 b2" },
		{ "{'name':['a1','c']}", "a1 c1" },
		{ "{'name':['^b']}", "b1 b2" },
		{ "{'label':['tier']}", "a1 b2" },
		{ "{'label':['tier=web']}", "b2" },
		{ "{'label':['tier=']}", "" },
		{ "{'label':['tier','other']}", "" },
		{ "{'driver':['local']}", "a1 b1 b2 c1" },
		{ "{'driver':['nfs']}", "" },
		{ "{'dangling':['true']}", "a1 b2 c1" },
		{ "{'dangling':['1']}", "a1 b2 c1" },
		{ "{'dangling':['false']}", "b1" },
		{ "{'dangling':['true'],'name':['b']}", "b2" },
		{ "{'dangling':['perhaps']}", "?" },
		{ "{'nosuch':['x']}", "?" },
	};

	make("c1", "{}");
	make("b2", "{'tier':'web'}");
	make("b1", "{}");
	make("a1", "{'tier':'db'}");
	use("c1c1", "b1");
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const char *got = list(cases[i].filters);

		ck_assert_msg(strcmp(got, cases[i].names) == 0, "%s: \"%s\"", cases[i].filters,
			      got);
		if (cases[i].names[0] == '?')
			check_err(&err, BT_ERR_INVALID, "invalid filter");
	}
}
END_TEST

START_TEST(a_volume_that_containers_have_is_not_removed_and_they_are_named)
{
	make("v1", "{}");
	use("c1c1", "v1");
	use("c2c2", "v1");
	use("c3c3", "other");
	ck_assert_int_eq(bt_volumes_remove(&engine, "v1", false, &err), -EBUSY);
	check_err(&err, BT_ERR_CONFLICT, "remove v1: volume is in use - [");
	ck_assert_ptr_nonnull(strstr(err.msg, "c1c1"));
	ck_assert_ptr_nonnull(strstr(err.msg, "c2c2"));
	ck_assert_ptr_null(strstr(err.msg, "c3c3"));
	/* To force it says no more than that it need not be there. */
	ck_assert_int_eq(bt_volumes_remove(&engine, "v1", true, &err), -EBUSY);
	ck_assert_str_eq(list("{}"), "v1");
}
END_TEST

START_TEST(one_that_is_not_there_is_removed_by_force_alone)
{
	make("v1", "{}");
	ck_well(bt_volumes_remove(&engine, "v1", false, &err), &err);
	ck_assert_int_eq(bt_volumes_remove(&engine, "v1", false, &err), -ENOENT);
	check_err(&err, BT_ERR_NOT_FOUND, "get v1: no such volume");
	ck_well(bt_volumes_remove(&engine, "v1", true, &err), &err);
	ck_assert_str_eq(events_since(&follower), "volume create v1,volume destroy v1");
}
END_TEST

START_TEST(a_rename_needs_a_volume_nobody_has_and_a_name_nobody_has)
{
	static const struct {
		const char *from, *to, *words;
		enum bt_err_kind kind;
	} cases[] = {
		{ "nosuch", "v9", "get nosuch: no such volume", BT_ERR_NOT_FOUND },
		{ "v1", "", "rename v1: the new name is empty", BT_ERR_INVALID },
		{ "v1", NULL, "rename v1: the new name is empty", BT_ERR_INVALID },
		{ "v1", "../v9", "includes invalid characters", BT_ERR_INVALID },
		{ "v1", "v", "volume name is too short", BT_ERR_INVALID },
		{ "v1", "v2", "rename v1: a volume v2 exists already", BT_ERR_CONFLICT },
		{ "v1", "v1", "rename v1: a volume v1 exists already", BT_ERR_CONFLICT },
		{ "v2", "v9", "rename v2: volume is in use - [c1c1]", BT_ERR_CONFLICT },
	};

	make("v1", "{}");
	make("v2", "{}");
	use("c1c1", "v2");
	for (size_t i = 0; i < LENGTH(cases); i++) {
		err = (struct bt_err){ 0 };
		ck_assert_int_lt(bt_volumes_rename(&engine, cases[i].from, cases[i].to, &err), 0);
		check_err(&err, cases[i].kind, cases[i].words);
		ck_assert_str_eq(list("{}"), "v1 v2");
	}
	ck_well(bt_volumes_rename(&engine, "v1", "v9", &err), &err);
	ck_assert_str_eq(list("{}"), "v2 v9");
}
END_TEST

/* Two that nobody named, one of them used, and three that somebody did, one of them used and one
 * of them elsewhere. */
static void make_for_prune(void)
{
	json_auto_t *made = NULL;

	ck_well(bt_volume_ensure(&engine,
				 &(struct bt_volume_new){ .name = "anon", .anonymous = true },
				 &err),
		&err);
	ck_well(bt_volume_ensure(&engine,
				 &(struct bt_volume_new){ .name = "anon-used", .anonymous = true },
				 &err),
		&err);
	make("named", "{'keep':'yes'}");
	make("named-used", "{}");
	ck_well(create("{'Name':'elsewhere','DriverOpts':{'type':'tmpfs','device':'tmpfs'}}",
		       &made),
		&err);
	use("c1c1", "anon-used");
	use("c2c2", "named-used");
}

START_TEST(a_prune_takes_what_nobody_has_and_nobody_named)
{
	make_for_prune();
	(void)events_since(&follower);
	ck_assert_str_eq(prune("{}", false), "anon");
	ck_assert_str_eq(list("{}"), "anon-used elsewhere named named-used");
	ck_assert_str_eq(prune("{}", false), "");
	ck_assert_ptr_nonnull(strstr(events_since(&follower), "volume destroy anon,volume prune"));
}
END_TEST

START_TEST(a_prune_of_all_takes_named_ones_too_but_nothing_that_lies_elsewhere)
{
	make_for_prune();
	ck_assert_str_eq(prune("{'all':['true']}", false), "anon named");
	ck_assert_str_eq(list("{}"), "anon-used elsewhere named-used");
}
END_TEST

START_TEST(a_prune_asked_by_an_old_client_means_all_unless_it_says_not)
{
	make_for_prune();
	ck_assert_str_eq(prune("{'all':['false']}", true), "anon");
	ck_assert_str_eq(prune("{}", true), "named");
}
END_TEST

START_TEST(labels_narrow_a_prune_and_those_with_a_mark_spare)
{
	make_for_prune();
	make("other", "{'keep':'no'}");
	ck_assert_str_eq(prune("{'all':['1'],'label':['keep=perhaps']}", false), "");
	ck_assert_str_eq(prune("{'all':['1'],'label!':['keep=yes'],'label':['keep']}", false),
			 "other");
	ck_assert_str_eq(prune("{'all':['1'],'label!':['keep']}", false), "anon");
	ck_assert_str_eq(prune("{'all':['1'],'label':['keep']}", false), "named");
}
END_TEST

START_TEST(filters_that_a_prune_does_not_know_remove_nothing)
{
	make_for_prune();
	ck_assert_str_eq(prune("{'dangling':['true']}", true), "?");
	check_err(&err, BT_ERR_INVALID, "invalid filter");
	ck_assert_str_eq(prune("{'all':['perhaps']}", true), "?");
	ck_assert_str_eq(list("{}"), "anon anon-used elsewhere named named-used");
}
END_TEST

START_TEST(what_was_reclaimed_is_what_lay_in_it)
{
	struct bt_filters *none = filters_of("{}");
	bt_auto_free char *path = bt_volume_path(&engine, "anon");
	json_auto_t *answer = NULL;
	char text[4096], file[300];

	make_for_prune();
	(void)memset(text, 'x', sizeof(text));
	(void)snprintf(file, sizeof(file), "%s/file", path);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, file, 0600, text, sizeof(text)), 0);
	ck_well(bt_volumes_prune(&engine, none, false, &answer, &err), &err);
	ck_assert_int_ge(json_integer_value(json_object_get(answer, "SpaceReclaimed")), 4096);
	ck_assert_int_lt(json_integer_value(json_object_get(answer, "SpaceReclaimed")), 65536);
	bt_filters_destroy(none);
}
END_TEST

static char fault[64], fault_held[72];

/* The next who passes the step waits there. */
static void hold_at(const char *step)
{
	bt_auto_free char *text = bt_str_format("wait %s", step);

	(void)snprintf(fault, sizeof(fault), "%s/fault", dir);
	(void)snprintf(fault_held, sizeof(fault_held), "%s.held", fault);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, fault, 0600, text, strlen(text)), 0);
	bt_fault_file = fault;
}

static bool is_held(void)
{
	return access(fault_held, F_OK) == 0;
}

struct removal {
	atomic_bool over;
	int r;
	struct bt_err err;
};

static void *remove_volume(void *data)
{
	struct removal *removal = data;

	removal->r = bt_volumes_remove(&engine, "v1", false, &removal->err);
	atomic_store(&removal->over, true);
	return NULL;
}

/* Nobody has it then, and the next container that is made would not wait. */
START_TEST(a_removal_goes_on_alone_where_those_who_had_the_volume_have_just_gone)
{
	struct removal removal = { .r = -1 };
	json_auto_t *seen = NULL;
	pthread_t thread;

	make("v1", "{}");
	ck_well(bt_volume_claim_for(&engine, "v1", "c1", &err), &err);
	hold_at("volume-rm/claimed");
	ck_assert_int_eq(pthread_create(&thread, NULL, remove_volume, &removal), 0);
	while (!is_held())
		(void)usleep(1000);
	ck_assert_ptr_null(bt_volume_claim_drop(&engine, "c1"));
	/* It claims once more, and passes the step again. */
	hold_at("volume-rm/claimed");
	ck_assert_int_eq(unlink(fault_held), 0);
	while (!is_held() && !atomic_load(&removal.over))
		(void)usleep(1000);
	ck_assert_msg(is_held(), "it went on without its claim");
	ck_well(bt_volumes_inspect(&engine, "v1", &seen, &err), &err);
	ck_assert_int_eq(unlink(fault_held), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_msg(removal.r == 0, "%s", removal.err.msg);
	ck_assert_int_lt(bt_volumes_inspect(&engine, "v1", &seen, &err), 0);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests,
		       a_removal_goes_on_alone_where_those_who_had_the_volume_have_just_gone);
	tcase_add_test(tests, a_volume_is_shown_as_docker_shows_it);
	tcase_add_test(tests, one_without_a_name_gets_one_and_the_label_of_those_that_nobody_named);
	tcase_add_test(
		tests,
		one_that_was_made_for_a_container_is_told_to_be_anonymous_though_it_has_no_label);
	tcase_add_test(tests, to_create_one_that_is_there_answers_what_it_is);
	tcase_add_test(tests, what_cannot_be_a_volume_is_refused_by_name_and_makes_none);
	tcase_add_test(tests, a_name_is_as_long_as_a_files_and_no_longer);
	tcase_add_test(tests, a_list_is_by_name_and_as_narrow_as_its_filters);
	tcase_add_test(tests, a_volume_that_containers_have_is_not_removed_and_they_are_named);
	tcase_add_test(tests, one_that_is_not_there_is_removed_by_force_alone);
	tcase_add_test(tests, a_rename_needs_a_volume_nobody_has_and_a_name_nobody_has);
	tcase_add_test(tests, a_prune_takes_what_nobody_has_and_nobody_named);
	tcase_add_test(tests, a_prune_of_all_takes_named_ones_too_but_nothing_that_lies_elsewhere);
	tcase_add_test(tests, a_prune_asked_by_an_old_client_means_all_unless_it_says_not);
	tcase_add_test(tests, labels_narrow_a_prune_and_those_with_a_mark_spare);
	tcase_add_test(tests, filters_that_a_prune_does_not_know_remove_nothing);
	tcase_add_test(tests, what_was_reclaimed_is_what_lay_in_it);
}

int main(void)
{
	return run_suite("volumes", setup, teardown, add_tests);
}
