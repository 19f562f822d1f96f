/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/volume_users.h"

#include "engine_fixture.h"

static void setup(void)
{
	setup_engine();
}

static void teardown(void)
{
	teardown_engine();
}

/* A container whose summary has these mounts (JSON). */
static struct bt_container *add(const char *id, const char *mounts)
{
	struct bt_container *c = add_container(id, id, "{}", "{}");

	free(c->summary);
	c->summary = malloc(512);
	(void)snprintf(c->summary, 512, "{\"Mounts\":%s}", mounts);
	return c;
}

static void check_of(const char *volume, bool staying, const char *expected)
{
	json_auto_t *ids = NULL;
	int r = bt_volume_users_of(&engine, volume, staying, &ids, &err);

	ck_assert_int_ge(r, 0);
	ck_assert_int_eq(r, expected != NULL);
	if (expected)
		assert_json(ids, expected);
}

START_TEST(a_volume_is_had_by_those_that_mount_it_and_by_those_that_are_being_made)
{
	json_auto_t *all = NULL;

	(void)add("c1c1", "[{\"Type\":\"volume\",\"Name\":\"v1\"},"
			  "{\"Type\":\"volume\",\"Name\":\"v2\"},"
			  "{\"Type\":\"volume\",\"Name\":\"v1\"}]");
	(void)add("c2c2", "[{\"Type\":\"volume\",\"Name\":\"v2\"}]");
	(void)add("c3c3", "[]");
	ck_well(bt_volume_claim_for(&engine, "v3", "c4c4", &err), &err);
	/* One that has just come into the index is told once. */
	ck_well(bt_volume_claim_for(&engine, "v2", "c2c2", &err), &err);
	check_of("v1", false, "{'c1c1':true}");
	check_of("v2", false, "{'c1c1':true,'c2c2':true}");
	check_of("v3", false, "{'c4c4':true}");
	check_of("v", false, NULL);
	check_of("v11", false, NULL);
	ck_well(bt_volume_users_all(&engine, &all, &err), &err);
	assert_json(all, "{'v1':{'c1c1':true},'v2':{'c1c1':true,'c2c2':true},'v3':{'c4c4':true}}");
}
END_TEST

START_TEST(an_image_or_a_directory_of_that_name_is_no_volume)
{
	(void)add("c1c1", "[{\"Type\":\"image\",\"Name\":\"v1\"},"
			  "{\"Type\":\"bind\",\"Source\":\"v1\"},{\"Type\":\"tmpfs\"}]");
	check_of("v1", false, NULL);
	check_of("", false, NULL);
}
END_TEST

START_TEST(who_is_removed_together_with_its_volumes_does_not_stay_in_their_way)
{
	struct bt_container *c1 = add("c1c1", "[{\"Type\":\"volume\",\"Name\":\"v1\"}]");
	struct bt_container *c2 = add("c2c2", "[{\"Type\":\"volume\",\"Name\":\"v1\"}]");

	c1->state.status = BT_CONTAINER_REMOVING;
	c1->state.remove_volumes = true;
	check_of("v1", true, "{'c2c2':true}");
	/* Nobody else may take them meanwhile. */
	check_of("v1", false, "{'c1c1':true,'c2c2':true}");
	/* One that goes without them. */
	c2->state.status = BT_CONTAINER_REMOVING;
	check_of("v1", true, "{'c2c2':true}");
	c2->state.remove_volumes = true;
	check_of("v1", true, NULL);
	/* Whose removal has failed is dead, and does not come back. */
	c2->state.status = BT_CONTAINER_DEAD;
	check_of("v1", true, NULL);
	c2->state.status = BT_CONTAINER_EXITED;
	check_of("v1", true, "{'c2c2':true}");
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests,
		       a_volume_is_had_by_those_that_mount_it_and_by_those_that_are_being_made);
	tcase_add_test(tests, who_is_removed_together_with_its_volumes_does_not_stay_in_their_way);
	tcase_add_test(tests, an_image_or_a_directory_of_that_name_is_no_volume);
}

int main(void)
{
	return run_suite("users of volumes", setup, teardown, add_tests);
}
