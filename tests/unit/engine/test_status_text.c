/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/status_text.h"

#include "base/time.h"
#include "common.h"

static const char *status(enum bt_container_status s, int code, const char *health)
{
	static char text[96];
	const struct bt_container_state state = { .status = s,
						  .exit_code = code,
						  .started_ns = 100 * BT_TIME_NSEC_PER_SEC,
						  .finished_ns = 100 * BT_TIME_NSEC_PER_SEC };

	bt_status_text(&state, health, 103 * BT_TIME_NSEC_PER_SEC, text, sizeof(text));
	return text;
}

START_TEST(each_state_has_dockers_words)
{
	ck_assert_str_eq(status(BT_CONTAINER_CREATED, 0, ""), "Created");
	ck_assert_str_eq(status(BT_CONTAINER_RUNNING, 0, ""), "Up 3 seconds");
	ck_assert_str_eq(status(BT_CONTAINER_PAUSED, 0, ""), "Up 3 seconds (Paused)");
	ck_assert_str_eq(status(BT_CONTAINER_EXITED, 137, ""), "Exited (137) 3 seconds ago");
	ck_assert_str_eq(status(BT_CONTAINER_RESTARTING, 1, ""), "Restarting (1) 3 seconds ago");
	ck_assert_str_eq(status(BT_CONTAINER_REMOVING, 0, ""), "Removal In Progress");
	ck_assert_str_eq(status(BT_CONTAINER_DEAD, 0, ""), "Dead");
}
END_TEST

START_TEST(health_stands_behind_up)
{
	ck_assert_str_eq(status(BT_CONTAINER_RUNNING, 0, "healthy"), "Up 3 seconds (healthy)");
	ck_assert_str_eq(status(BT_CONTAINER_RUNNING, 0, "starting"),
			 "Up 3 seconds (health: starting)");
	ck_assert_str_eq(status(BT_CONTAINER_RUNNING, 0, "none"), "Up 3 seconds");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, each_state_has_dockers_words);
	tcase_add_test(tests, health_stands_behind_up);
}

int main(void)
{
	return run_tests("engine/status_text", add);
}
