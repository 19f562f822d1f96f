/* SPDX-License-Identifier: Apache-2.0 */

/* What is refused before any sample is taken. */

#include "handler_fixture.h"

START_TEST(a_stream_cannot_be_one_shot)
{
	add_recorded("web", "{}", "{}", "[]");
	check_answers(400, "cannot have stream=true and one-shot=true", "GET",
		      "/containers/web/stats?one-shot=1", NULL);
	check_answers(400, "cannot have stream=true and one-shot=true", "GET",
		      "/containers/web/stats?one-shot=1&stream=true", NULL);
	check_answers(404, "No such container: nobody", "GET", "/containers/nobody/stats", NULL);
	check_answers(404, "No such container: nobody", "GET", "/containers/nobody/stats?stream=0",
		      NULL);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_stream_cannot_be_one_shot);
}

int main(void)
{
	return run_handlers("api/stats_api", add);
}
