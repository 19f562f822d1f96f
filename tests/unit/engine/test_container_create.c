/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_create.h"

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>

#include "engine/jget.h"
#include "lives_fixture.h"

/* Create a container of a body in single quotes. Its id (owned), or NULL and `err` says why. */
static char *create(const char *name, const char *body)
{
	json_auto_t *json = parse(body), *answer = NULL;

	err = (struct bt_err){ 0 };
	if (bt_container_create(&engine, name, NULL, json, &answer, &err) < 0)
		return NULL;
	ck_assert(json_is_array(json_object_get(answer, "Warnings")));
	return strdup(json_string_value(json_object_get(answer, "Id")));
}

static char *create_well(const char *name, const char *body)
{
	char *id = create(name, body);

	ck_assert_msg(id != NULL, "%s", err.msg);
	return id;
}

/* How many directories there are for containers, rows, layers … */
static unsigned count_dirs(const char *name)
{
	bt_auto_free char *path = bt_str_format("%s/%s", root, name);
	struct stat st;

	/* "." and the name in its parent are two; each directory in it is one more. */
	return stat(path, &st) < 0 ? 0 : (unsigned)st.st_nlink - 2;
}

static void check_nothing_left(void)
{
	ck_assert_int_eq(query_int("SELECT count(*) FROM containers"), 0);
	ck_assert_int_eq(query_int("SELECT count(*) FROM container_settings"), 0);
	ck_assert_int_eq(query_int("SELECT count(*) FROM rw_layers"), 0);
	ck_assert_int_eq(query_int("SELECT count(*) FROM volumes"), 0);
	ck_assert_uint_eq(count_dirs("containers"), 0);
	bt_auto_free char *said = told();

	ck_assert_ptr_null(strstr(said, "container "));
}

static void check_refused(const char *name, const char *body, enum bt_err_kind kind,
			  const char *words)
{
	bt_auto_free char *id = create(name, body);

	ck_assert_msg(id == NULL, "%s was created", body);
	check_err(&err, kind, words);
}

static struct bt_container_settings settings_of(const char *ref)
{
	bt_auto_container struct bt_container *c = NULL;
	struct bt_container_settings s = { 0 };

	ck_well(bt_container_get(&engine, ref, &c, &err), &err);
	ck_well(bt_container_row_settings(c, &s, &err), &err);
	return s;
}

/* ---- what is refused ------------------------------------------------------------------- */

START_TEST(a_request_of_nothing_is_refused)
{
	check_refused("web", "{}", BT_ERR_INVALID,
		      "config cannot be empty in order to create a container");
	check_refused("web", "[]", BT_ERR_INVALID,
		      "config cannot be empty in order to create a container");
	check_refused("web", "'x'", BT_ERR_INVALID,
		      "config cannot be empty in order to create a container");
	check_nothing_left();
}
END_TEST

START_TEST(an_image_that_is_not_there_is_named)
{
	check_refused("web", "{'Image':'nobody:1.5','Cmd':['true']}", BT_ERR_NOT_FOUND,
		      "No such image: nobody:1.5");
	check_refused("web", "{'Image':'nobody','Cmd':['true']}", BT_ERR_NOT_FOUND,
		      "No such image: nobody:latest");
	check_nothing_left();
}
END_TEST

START_TEST(a_member_of_the_wrong_kind_is_refused_and_nothing_made)
{
	static const char *const bodies[] = {
		"{'Cmd':['true'],'Tty':'yes'}",
		"{'Cmd':['true'],'HostConfig':5}",
		"{'Cmd':['true'],'HostConfig':{'Memory':'much'}}",
		"{'Cmd':['true'],'HostConfig':{'Binds':'/a:/b'}}",
		"{'Cmd':['true'],'Labels':['a']}",
		"{'Cmd':['true'],'NetworkingConfig':{'EndpointsConfig':[]}}",
	};

	for (size_t i = 0; i < LENGTH(bodies); i++)
		check_refused("web", bodies[i], BT_ERR_INVALID, "");
	check_nothing_left();
}
END_TEST

START_TEST(a_name_that_cannot_be_one_is_refused)
{
	static const char *const names[] = { "a", "-a", "a b", "a/b", "é", ".web" };

	for (size_t i = 0; i < LENGTH(names); i++)
		check_refused(names[i], "{'Cmd':['true']}", BT_ERR_INVALID,
			      "Invalid container name");
	check_nothing_left();
}
END_TEST

START_TEST(without_a_command_nothing_is_made)
{
	check_refused("web", "{'Tty':true}", BT_ERR_INVALID, "no command specified");
	check_refused("web", "{'Cmd':[]}", BT_ERR_INVALID, "no command specified");
	check_nothing_left();
}
END_TEST

START_TEST(a_platform_that_is_none_or_not_the_images_is_refused)
{
	static const char config[] =
		"{\"architecture\":\"arm64\",\"os\":\"linux\",\"variant\":\"v8\","
		"\"config\":{\"Cmd\":[\"sh\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}";
	json_auto_t *body = parse("{'Image':'box'}"), *answer = NULL;
	char id[72];

	ck_well(bt_images_add(engine.images, config, strlen(config), NULL, NULL, "box", id, &err),
		&err);
	ck_assert_int_lt(bt_container_create(&engine, "web", "a/b/c/d/e", body, &answer, &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_int_lt(bt_container_create(&engine, "web", "linux/amd64", body, &answer, &err),
			 0);
	check_err(&err, BT_ERR_NOT_FOUND,
		  "image with reference box was found but its platform (linux/arm64/v8) does not "
		  "match the specified platform (linux/amd64)");
	ck_assert_ptr_null(answer);
	check_nothing_left();
	ck_well(bt_container_create(&engine, "web", "linux/arm64", body, &answer, &err), &err);
	bt_auto_settings struct bt_container_settings s = settings_of("web");

	assert_json(json_object_get(s.config, "Cmd"), "['sh']");
}
END_TEST

START_TEST(a_bind_whose_source_is_not_there_is_refused_where_nobody_makes_it)
{
	bt_auto_free char *made_later = create_well("web", "{'Cmd':['true'],'HostConfig':"
							   "{'Binds':['/no/such/place:/data']}}");

	check_refused("other",
		      "{'Cmd':['true'],'HostConfig':{'Mounts':[{'Type':'bind',"
		      "'Source':'/no/such/place','Target':'/data'}]}}",
		      BT_ERR_INVALID, "bind source path does not exist: /no/such/place");
	ck_assert(!is_there("other"));
	ck_assert_int_eq(access("/no/such/place", F_OK), -1);
}
END_TEST

/* ---- names ---------------------------------------------------------------------------------- */

START_TEST(a_name_in_use_is_refused_with_who_has_it_and_nothing_is_left)
{
	bt_auto_free char *first = create_well("web", "{'Cmd':['true']}");
	bt_auto_free char *words = bt_str_format(
		"Conflict. The container name \"/web\" is already in use by container \"%s\". You "
		"have to remove (or rename) that container to be able to reuse that name.",
		first);

	check_refused("web", "{'Cmd':['true']}", BT_ERR_CONFLICT, words);
	check_refused("/web", "{'Cmd':['true']}", BT_ERR_CONFLICT, words);
	ck_assert_int_eq(query_int("SELECT count(*) FROM containers"), 1);
	ck_assert_int_eq(query_int("SELECT count(*) FROM rw_layers"), 1);
	ck_assert_uint_eq(count_dirs("containers"), 1);
}
END_TEST

START_TEST(without_a_name_each_gets_one_of_its_own)
{
	bt_auto_free char *a = create_well(NULL, "{'Cmd':['true']}");
	bt_auto_free char *b = create_well("", "{'Cmd':['true']}");
	bt_auto_container struct bt_container *first = NULL, *second = NULL;

	ck_well(bt_container_get(&engine, a, &first, &err), &err);
	ck_well(bt_container_get(&engine, b, &second, &err), &err);
	ck_assert_str_ne(first->name, second->name);
	ck_assert_uint_gt(strlen(first->name), 2);
	ck_assert(is_there(second->name));
}
END_TEST

/* One of many who want the same name. */
struct rival {
	pthread_t thread;
	char *id;
	struct bt_err err;
};

static void *want_name(void *data)
{
	struct rival *rival = data;
	json_auto_t *body = parse("{'Cmd':['true']}"), *answer = NULL;

	if (bt_container_create(&engine, "web", NULL, body, &answer, &rival->err) == 0)
		rival->id = strdup(json_string_value(json_object_get(answer, "Id")));
	return NULL;
}

START_TEST(of_many_who_want_a_name_one_gets_it_and_of_the_others_nothing_is_left)
{
	struct rival rivals[8] = { 0 };
	unsigned winners = 0;

	for (size_t i = 0; i < LENGTH(rivals); i++)
		ck_assert_int_eq(pthread_create(&rivals[i].thread, NULL, want_name, &rivals[i]), 0);
	for (size_t i = 0; i < LENGTH(rivals); i++) {
		ck_assert_int_eq(pthread_join(rivals[i].thread, NULL), 0);
		if (rivals[i].id) {
			ck_assert(has_dir(rivals[i].id));
			winners++;
		} else {
			check_err(&rivals[i].err, BT_ERR_CONFLICT, "is already in use");
		}
		free(rivals[i].id);
	}
	ck_assert_uint_eq(winners, 1);
	ck_assert_int_eq(query_int("SELECT count(*) FROM containers"), 1);
	ck_assert_int_eq(query_int("SELECT count(*) FROM rw_layers"), 1);
	ck_assert_uint_eq(count_dirs("containers"), 1);
}
END_TEST

/* ---- what is made ---------------------------------------------------------------------------- */

START_TEST(a_container_is_a_row_a_layer_a_directory_and_an_event)
{
	bt_auto_free char *id = create_well("web", "{'Cmd':['true']}");
	bt_auto_free char *path = bt_container_files_path(&engine, id, "config.v2.json");
	bt_auto_container struct bt_container *c = NULL;
	bt_auto_free char *said = told();

	ck_assert_uint_eq(strlen(id), BT_RAND_ID_LEN);
	ck_assert_str_eq(said, "container create\n");
	ck_well(bt_container_get(&engine, "web", &c, &err), &err);
	ck_assert_str_eq(c->id, id);
	ck_assert_int_eq(c->state.status, BT_CONTAINER_CREATED);
	ck_assert_int_eq(c->state.started_ns, 0);
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert(bt_layers_has_rw(engine.layers, id));
	ck_assert_int_eq(query_int("SELECT count(*) FROM containers"), 1);
}
END_TEST

START_TEST(what_it_is_is_known_without_its_settings)
{
	bt_auto_free char *id = create_well(
		"web",
		"{'Cmd':['a'],'Tty':true,'OpenStdin':true,'StdinOnce':true,'Healthcheck':"
		"{'Test':['CMD','x']},'HostConfig':{'AutoRemove':true,'NetworkMode':'none'}}");
	bt_auto_free char *plain = create_well(
		"plain",
		"{'Cmd':['a'],'HostConfig':{'RestartPolicy':{'Name':'on-failure','MaximumRetryCount':"
		"4}}}");
	bt_auto_container struct bt_container *c = NULL, *p = NULL;

	ck_well(bt_container_get(&engine, id, &c, &err), &err);
	ck_assert(c->tty && c->open_stdin && c->stdin_once && c->auto_remove && c->has_health);
	ck_assert_int_eq(c->restart.policy, BT_RESTART_NO);
	ck_well(bt_container_get(&engine, plain, &p, &err), &err);
	ck_assert(!p->tty && !p->open_stdin && !p->stdin_once && !p->auto_remove && !p->has_health);
	ck_assert_int_eq(p->restart.policy, BT_RESTART_ON_FAILURE);
	ck_assert_int_eq(p->restart.max, 4);
}
END_TEST

START_TEST(its_command_is_shown_on_one_line_with_quotes_where_there_are_blanks)
{
	bt_auto_free char *id = create_well(
		"web", "{'Entrypoint':['/bin/sh','-c'],'Cmd':['echo hi','x'],'Labels':{'a':'b'}}");
	bt_auto_container struct bt_container *c = NULL;
	json_auto_t *summary = NULL;

	ck_well(bt_container_get(&engine, id, &c, &err), &err);
	summary = json_loads(c->summary, 0, NULL);
	ck_assert_str_eq(bt_jget_text(summary, "Command"), "/bin/sh -c 'echo hi' x");
	assert_json(json_object_get(summary, "Labels"), "{'a':'b'}");
}
END_TEST

START_TEST(its_host_name_is_the_beginning_of_its_id)
{
	bt_auto_free char *id = create_well("web", "{'Cmd':['true']}");
	bt_auto_free char *other = create_well("other", "{'Cmd':['true'],'Hostname':'me'}");
	bt_auto_settings struct bt_container_settings s = settings_of("web");
	bt_auto_settings struct bt_container_settings named = settings_of("other");

	ck_assert_str_eq(other + BT_RAND_ID_LEN, "");
	ck_assert_uint_eq(strlen(bt_jget_text(s.config, "Hostname")), 12);
	ck_assert_int_eq(strncmp(bt_jget_text(s.config, "Hostname"), id, 12), 0);
	ck_assert_str_eq(bt_jget_text(named.config, "Hostname"), "me");
}
END_TEST

/* ---- volumes -----------------------------------------------------------------------------------
 */

START_TEST(its_volumes_are_made_with_it)
{
	bt_auto_free char *id = create_well(
		"web", "{'Cmd':['true'],'Volumes':{'/anonymous':{}},'HostConfig':{'Mounts':["
		       "{'Type':'volume','Source':'data','Target':'/data','VolumeOptions':"
		       "{'NoCopy':true,'Labels':{'a':'b'}}}]}}");
	bt_auto_settings struct bt_container_settings s = settings_of(id);
	bt_auto_container struct bt_container *c = NULL;
	const json_t *mount;
	size_t i;

	ck_assert_int_eq(query_int("SELECT count(*) FROM volumes"), 2);
	ck_assert_int_eq(query_int("SELECT count(*) FROM volumes WHERE name = 'data'"), 1);
	json_array_foreach (s.mounts, i, mount)
		ck_assert_int_eq(access(bt_jget_text(mount, "Source"), F_OK), 0);
	ck_assert_uint_eq(i, 2);
	/* A crash before they were filled would have had it swept: that is over. */
	ck_well(bt_container_get(&engine, id, &c, &err), &err);
	ck_assert_int_eq(c->state.status, BT_CONTAINER_CREATED);
	ck_assert(!c->state.remove_volumes);
	json_auto_t *claimed = bt_volume_claim_users(&engine);

	assert_json(claimed, "{}");
}
END_TEST

START_TEST(volumes_of_another_are_its_own_and_who_that_was_must_be_there)
{
	bt_auto_free char *donor = create_well(
		"donor", "{'Cmd':['true'],'HostConfig':{'Mounts':[{'Type':'volume','Source':'data',"
			 "'Target':'/data','VolumeOptions':{'NoCopy':true}}]}}");
	bt_auto_free char *id = NULL;
	bt_auto_container struct bt_container *c = NULL;

	check_refused("web", "{'Cmd':['true'],'HostConfig':{'VolumesFrom':['nobody']}}",
		      BT_ERR_INVALID, "No such container: nobody");
	check_refused("web", "{'Cmd':['true'],'HostConfig':{'VolumesFrom':['']}}", BT_ERR_INVALID,
		      "volumes-from specification cannot be an empty string");
	check_refused("web", "{'Cmd':['true'],'HostConfig':{'VolumesFrom':['donor:sideways']}}",
		      BT_ERR_INVALID, "sideways");
	id = create_well("web", "{'Cmd':['true'],'HostConfig':{'VolumesFrom':['donor:ro']}}");
	bt_auto_settings struct bt_container_settings s = settings_of(id);

	ck_assert_uint_eq(json_array_size(s.mounts), 1);
	ck_assert_str_eq(bt_jget_text(json_array_get(s.mounts, 0), "Name"), "data");
	ck_assert(!bt_jget_bool(json_array_get(s.mounts, 0), "RW"));
	/* One that is being removed has none to give. */
	ck_well(bt_container_get(&engine, donor, &c, &err), &err);
	c->state.status = BT_CONTAINER_REMOVING;
	check_refused("late", "{'Cmd':['true'],'HostConfig':{'VolumesFrom':['donor']}}",
		      BT_ERR_INVALID, "the container donor of volumes-from is being removed");
	ck_assert(!is_there("late"));
	json_auto_t *claimed = bt_volume_claim_users(&engine);

	assert_json(claimed, "{}");
}
END_TEST

/* ---- failures half-way
 * --------------------------------------------------------------------------- */

START_TEST(where_its_directory_cannot_be_made_nothing_is_left_and_the_name_is_free)
{
	bt_auto_free char *containers = bt_str_format("%s/containers", root);
	bt_auto_free char *id = NULL;

	ck_assert_int_eq(rmdir(containers), 0);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, containers, 0600, "", 0), 0);
	check_refused("web", "{'Cmd':['true'],'Volumes':{'/data':{}}}", BT_ERR_SYSTEM, "");
	ck_assert_int_eq(unlink(containers) | mkdir(containers, 0700), 0);
	check_nothing_left();
	ck_assert(!is_there("web"));
	id = create_well("web", "{'Cmd':['true']}");
	ck_assert(has_dir(id));
}
END_TEST

START_TEST(where_a_volume_cannot_be_made_nothing_is_left)
{
	bt_auto_free char *volumes = bt_str_format("%s/volumes", root);
	bt_auto_free char *data = bt_str_format("%s/data", volumes);

	ck_assert_int_eq(bt_io_mkdir_p(volumes, 0700), 0);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, data, 0600, "", 0), 0);
	check_refused("web",
		      "{'Cmd':['true'],'HostConfig':{'Mounts':[{'Type':'volume','Source':'data',"
		      "'Target':'/data'}]}}",
		      BT_ERR_SYSTEM, "data");
	check_nothing_left();
	json_auto_t *claimed = bt_volume_claim_users(&engine);

	assert_json(claimed, "{}");
}
END_TEST

START_TEST(where_the_database_cannot_be_written_nothing_is_left)
{
	ck_well(bt_db_run(engine.db, &err, "PRAGMA query_only = 1", 0), &err);
	ck_assert_ptr_null(create("web", "{'Cmd':['true']}"));
	ck_assert_int_gt(err.errnum, 0);
	ck_well(bt_db_run(engine.db, &err, "PRAGMA query_only = 0", 0), &err);
	check_nothing_left();
	free(create_well("web", "{'Cmd':['true']}"));
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_request_of_nothing_is_refused);
	tcase_add_test(tests, an_image_that_is_not_there_is_named);
	tcase_add_test(tests, a_member_of_the_wrong_kind_is_refused_and_nothing_made);
	tcase_add_test(tests, a_name_that_cannot_be_one_is_refused);
	tcase_add_test(tests, without_a_command_nothing_is_made);
	tcase_add_test(tests, a_platform_that_is_none_or_not_the_images_is_refused);
	tcase_add_test(tests, a_bind_whose_source_is_not_there_is_refused_where_nobody_makes_it);
	tcase_add_test(tests, a_name_in_use_is_refused_with_who_has_it_and_nothing_is_left);
	tcase_add_test(tests, without_a_name_each_gets_one_of_its_own);
	tcase_add_test(tests,
		       of_many_who_want_a_name_one_gets_it_and_of_the_others_nothing_is_left);
	tcase_add_test(tests, a_container_is_a_row_a_layer_a_directory_and_an_event);
	tcase_add_test(tests, what_it_is_is_known_without_its_settings);
	tcase_add_test(tests, its_command_is_shown_on_one_line_with_quotes_where_there_are_blanks);
	tcase_add_test(tests, its_host_name_is_the_beginning_of_its_id);
	tcase_add_test(tests, its_volumes_are_made_with_it);
	tcase_add_test(tests, volumes_of_another_are_its_own_and_who_that_was_must_be_there);
	tcase_add_test(tests,
		       where_its_directory_cannot_be_made_nothing_is_left_and_the_name_is_free);
	tcase_add_test(tests, where_a_volume_cannot_be_made_nothing_is_left);
	tcase_add_test(tests, where_the_database_cannot_be_written_nothing_is_left);
}

int main(void)
{
	return run_suite("engine/container_create", setup_lives, teardown_lives, add_tests);
}
