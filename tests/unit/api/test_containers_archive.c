/* SPDX-License-Identifier: Apache-2.0 */

/* What is refused before anything of a container is looked at. */

#include "handler_fixture.h"

START_TEST(a_path_is_always_needed)
{
	static const char *const methods[] = { "HEAD", "GET", "PUT" };

	add_recorded("web", "{}", "{}", "[]");
	for (size_t i = 0; i < LENGTH(methods); i++) {
		check_answers(400, "bad parameter: 'path' cannot be empty", methods[i],
			      "/containers/web/archive", NULL);
		check_answers(400, "bad parameter: 'path' cannot be empty", methods[i],
			      "/containers/web/archive?path=", NULL);
		check_answers(404, "No such container: nobody", methods[i],
			      "/containers/nobody/archive?path=/", NULL);
	}
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_path_is_always_needed);
}

int main(void)
{
	return run_handlers("api/containers_archive", add);
}
