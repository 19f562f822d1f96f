/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_dns.h"

#include "common.h"
#include "engine/engine_config.h"

static json_t *dns, *search, *options;

static void expect(const struct bt_engine_config *cfg, const char *host_config, const char *want)
{
	json_auto_t *got = json_loads(host_config, 0, NULL);
	json_auto_t *wanted = json_loads(want, 0, NULL);

	bt_container_dns_default(cfg, got);
	ck_assert(json_equal(got, wanted));
}

static struct bt_engine_config config(void)
{
	dns = json_pack("[s]", "192.0.2.1");
	search = json_pack("[s]", "example.org");
	options = json_pack("[s]", "timeout:1");
	return (struct bt_engine_config){ .dns = dns,
					  .dns_search = search,
					  .dns_options = options };
}

static void done(void)
{
	json_decref(dns);
	json_decref(search);
	json_decref(options);
}

START_TEST(the_daemons_count_where_the_container_says_nothing)
{
	const struct bt_engine_config cfg = config();

	expect(&cfg, "{\"Dns\":[],\"DnsSearch\":null}",
	       "{\"Dns\":[\"192.0.2.1\"],\"DnsSearch\":[\"example.org\"],\"DnsOptions\":[\"timeout:1\"]}");
	done();
}
END_TEST

START_TEST(each_that_the_container_says_goes_before_the_daemons)
{
	const struct bt_engine_config cfg = config();

	expect(&cfg, "{\"Dns\":[\"192.0.2.9\"],\"DnsOptions\":[\"rotate\"]}",
	       "{\"Dns\":[\"192.0.2.9\"],\"DnsSearch\":[\"example.org\"],\"DnsOptions\":[\"rotate\"]}");
	done();
}
END_TEST

START_TEST(nothing_is_added_where_neither_says_anything)
{
	const struct bt_engine_config cfg = { 0 };

	expect(&cfg, "{\"Dns\":[]}", "{\"Dns\":[]}");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/container_dns");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(all, the_daemons_count_where_the_container_says_nothing);
	tcase_add_test(all, each_that_the_container_says_goes_before_the_daemons);
	tcase_add_test(all, nothing_is_added_where_neither_says_anything);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
