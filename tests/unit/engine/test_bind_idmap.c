/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/bind_idmap.h"

#include <errno.h>

#include "common.h"

static struct bt_id_range got[BT_BIND_IDMAP_RANGES];
static struct bt_err err;

/* Every id has one counterpart, and both directions agree. */
static void check_whole(unsigned n, uint32_t a, uint32_t b)
{
	const uint32_t probes[] = { 0, 1, a - 1, a, a + 1, b - 1, b, b + 1, 65534, UINT32_MAX - 2 };
	uint64_t total = 0;

	for (unsigned i = 0; i < n; i++)
		total += got[i].size;
	ck_assert_uint_eq(total, UINT32_MAX);
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		uint32_t id = probes[i], want = id == a ? b : id == b ? a : id;

		if (id > UINT32_MAX - 1)
			continue;
		ck_assert_uint_eq(bt_id_map_outside(got, n, id), want);
		ck_assert_uint_eq(bt_id_map_inside(got, n, want), id);
	}
}

START_TEST(two_change_places_and_the_others_stay)
{
	static const uint32_t pairs[][2] = {
		{ 0, 1000 }, { 1000, 0 },   { 4321, 1000 },       { 5, 6 },
		{ 0, 1 },    { 0, 231072 }, { 1, UINT32_MAX - 2 }
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		check_whole(bt_bind_idmap_exchange(pairs[i][0], pairs[i][1], got), pairs[i][0],
			    pairs[i][1]);
}
END_TEST

START_TEST(one_and_the_same_stays)
{
	check_whole(bt_bind_idmap_exchange(1000, 1000, got), 1000, 1000);
	check_whole(bt_bind_idmap_exchange(0, 0, got), 0, 0);
}
END_TEST

START_TEST(the_last_id_there_is_has_no_range_behind_it)
{
	check_whole(bt_bind_idmap_exchange(UINT32_MAX - 1, 7, got), UINT32_MAX - 1, 7);
}
END_TEST

static int check(const char *text)
{
	json_t *json = parse(text);
	int r = bt_bind_idmap_check(json, &err);

	json_decref(json);
	return r;
}

START_TEST(requests_are_checked)
{
	ck_assert_int_eq(check("{'Source':'match-user'}"), 0);
	ck_assert_int_eq(check("{'Source':'match-user','User':'a:b'}"), 0);
	ck_assert_int_eq(check("{'Source':'userns'}"), 0);
	ck_assert_int_eq(check("{'Source':'userns','User':''}"), 0);
	ck_assert_int_eq(check("{'Source':'userns','User':'a'}"), -EINVAL);
	ck_assert_int_eq(check("{'Source':'x'}"), -EINVAL);
	ck_assert_int_eq(check("{}"), -EINVAL);
	ck_assert_int_eq(check("{'Source':'match-user','Other':''}"), -EINVAL);
}
END_TEST

START_TEST(mount_points_get_their_maps)
{
	const struct bt_user user = { .uid = 1000, .gid = 1001 };
	const struct bt_container_userns plain = { .joined = -EBADF };
	const struct bt_container_userns mapped = { .mapped = true,
						    .joined = -EBADF,
						    .map = { .uids = { { 0, 100000, 65536 } },
							     .gids = { { 0, 200000, 65536 } },
							     .nuids = 1,
							     .ngids = 1 } };
	json_t *mounts =
		parse("[{'Source':'/','Destination':'/a','IDMapping':{'Source':'match-user'}},"
		      "{'Source':'/','Destination':'/b'}]");

	ck_assert_int_eq(bt_bind_idmap_fill(mounts, -EBADF, &user, &plain, true, &err), 0);
	assert_json(
		json_object_get(json_array_get(mounts, 0), "UidMappings"),
		"[{'containerID':0,'hostID':1000,'size':1},{'containerID':1,'hostID':1,'size':999},"
		"{'containerID':1000,'hostID':0,'size':1},"
		"{'containerID':1001,'hostID':1001,'size':4294966294}]");
	ck_assert_ptr_null(json_object_get(json_array_get(mounts, 1), "UidMappings"));
	ck_assert_int_eq(bt_bind_idmap_fill(mounts, -EBADF, &user, &mapped, true, &err), 0);
	assert_json(json_array_get(json_object_get(json_array_get(mounts, 0), "GidMappings"), 0),
		    "{'containerID':0,'hostID':201001,'size':1}");
	ck_assert_int_eq(bt_bind_idmap_fill(mounts, -EBADF, &user, &plain, false, &err), -ENOSYS);
	json_decref(mounts);
}
END_TEST

START_TEST(the_ids_of_a_user_namespace_need_one)
{
	const struct bt_user user = { .uid = 0 };
	const struct bt_container_userns plain = { .joined = -EBADF };
	const struct bt_container_userns mapped = { .mapped = true, .joined = -EBADF };
	json_t *mounts =
		parse("[{'Source':'/','Destination':'/a','IDMapping':{'Source':'userns'}}]");

	ck_assert_int_eq(bt_bind_idmap_fill(mounts, -EBADF, &user, &plain, true, &err), -EINVAL);
	ck_assert_int_eq(bt_bind_idmap_fill(mounts, -EBADF, &user, &mapped, true, &err), 0);
	assert_json(json_object_get(json_array_get(mounts, 0), "Mapped"), "true");
	json_decref(mounts);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, two_change_places_and_the_others_stay);
	tcase_add_test(tests, one_and_the_same_stays);
	tcase_add_test(tests, the_last_id_there_is_has_no_range_behind_it);
	tcase_add_test(tests, requests_are_checked);
	tcase_add_test(tests, mount_points_get_their_maps);
	tcase_add_test(tests, the_ids_of_a_user_namespace_need_one);
}

int main(void)
{
	return run_tests("engine/bind_idmap", add);
}
