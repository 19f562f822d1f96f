/* SPDX-License-Identifier: Apache-2.0 */

/* A directory stands for resctrl: what the kernel would make in a new group is made beforehand. */

#include "runtime/rdt.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/berth-rdt-XXXXXX";
static struct bt_err err;

static void make_file(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	f = fopen(path, "we");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void make_dir(const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	ck_assert_int_eq(mkdir(path, 0755), 0);
}

static const char *text_of(const char *name)
{
	static char text[512];
	char path[256];
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	f = fopen(path, "re");
	ck_assert_msg(f != NULL, "%s", path);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	return text;
}

static void make_class(const char *name, const char *schemata)
{
	char path[128];

	make_dir(name);
	(void)snprintf(path, sizeof(path), "%s/schemata", name);
	make_file(path, schemata);
	(void)snprintf(path, sizeof(path), "%s/tasks", name);
	make_file(path, "");
	(void)snprintf(path, sizeof(path), "%s/mon_groups", name);
	make_dir(path);
}

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(root));
	memset(&err, 0, sizeof(err));
}

static void tear_down(void)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(a_class_of_its_own_gets_all_schemata_in_the_order_of_the_specification)
{
	char *more[] = { (char[]){ "L2:0=f" }, (char[]){ "MB:1=30\n" } };
	const struct bt_oci_intel_rdt rdt = { .set = true,
					      .l3_cache_schema = "L3:0=7f0;1=1f\nMB:0=99",
					      .mem_bw_schema = "MB:0=20;1=70",
					      .schemata = { more, 2 } };

	make_class("c1", "");
	ck_assert_int_eq(bt_rdt_create(root, &rdt, "c1", 4711, &err), 0);
	ck_assert_str_eq(text_of("c1/schemata"), "L3:0=7f0;1=1f\nMB:0=20;1=70\nL2:0=f\nMB:1=30\n");
	ck_assert_str_eq(text_of("c1/tasks"), "4711");
}
END_TEST

START_TEST(a_named_class_without_a_schema_must_be_there_and_is_left_as_it_is)
{
	const struct bt_oci_intel_rdt rdt = { .set = true, .clos_id = "gold" };

	ck_assert_int_eq(bt_rdt_create(root, &rdt, "c1", 1, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "linux.intelRdt.closID"));
	make_class("gold", "    L3:0=7ff;1=7ff\n");
	ck_assert_int_eq(bt_rdt_create(root, &rdt, "c1", 12, &err), 0);
	ck_assert_str_eq(text_of("gold/schemata"), "    L3:0=7ff;1=7ff\n");
	ck_assert_str_eq(text_of("gold/tasks"), "12");
}
END_TEST

START_TEST(a_named_class_that_is_there_must_have_the_schemata_that_are_asked_for)
{
	struct bt_oci_intel_rdt rdt = { .set = true,
					.clos_id = "gold",
					.l3_cache_schema = "L3:1=1f" };

	make_class("gold", "    MB:0= 20;1= 70\n    L3:0=7f0;1=01f\n");
	ck_assert_int_eq(bt_rdt_create(root, &rdt, "c1", 12, &err), 0);
	rdt.mem_bw_schema = "MB:0=20";
	ck_assert_int_eq(bt_rdt_create(root, &rdt, "c1", 12, &err), 0);
	rdt.mem_bw_schema = "MB:0=30";
	ck_assert_int_eq(bt_rdt_create(root, &rdt, "c1", 12, &err), -EEXIST);
	ck_assert_ptr_nonnull(strstr(err.msg, "MB:0=30"));
	rdt.mem_bw_schema = NULL;
	rdt.l3_cache_schema = "L3:2=1f";
	ck_assert_int_eq(bt_rdt_create(root, &rdt, "c1", 12, &err), -EEXIST);
	rdt.l3_cache_schema = "L2:0=1f";
	ck_assert_int_eq(bt_rdt_create(root, &rdt, "c1", 12, &err), -EEXIST);
	/* Nothing was written by comparing. */
	ck_assert_str_eq(text_of("gold/schemata"), "    MB:0= 20;1= 70\n    L3:0=7f0;1=01f\n");
}
END_TEST

START_TEST(a_class_that_was_made_for_a_failure_is_removed_again)
{
	const struct bt_oci_intel_rdt rdt = { .set = true, .l3_cache_schema = "L3:0=f" };
	char path[128];

	/* No file to write the schemata to. */
	ck_assert_int_lt(bt_rdt_create(root, &rdt, "c9", 1, &err), 0);
	(void)snprintf(path, sizeof(path), "%s/c9", root);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(monitoring_has_a_group_of_the_containers_name)
{
	const struct bt_oci_intel_rdt rdt = { .set = true,
					      .clos_id = "gold",
					      .enable_monitoring = true };
	char path[128];

	make_class("gold", "");
	make_dir("gold/mon_groups/c1");
	make_file("gold/mon_groups/c1/tasks", "");
	ck_assert_int_eq(bt_rdt_create(root, &rdt, "c1", 5, &err), 0);
	ck_assert_str_eq(text_of("gold/mon_groups/c1/tasks"), "5");
	ck_assert_int_eq(bt_rdt_join(root, &rdt, "c1", 6, &err), 0);
	ck_assert_str_eq(text_of("gold/tasks"), "6");
	(void)snprintf(path, sizeof(path), "%s/gold/mon_groups/c1/tasks", root);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(bt_rdt_remove(root, &rdt, "c1", &err), 0);
	(void)snprintf(path, sizeof(path), "%s/gold/mon_groups/c1", root);
	ck_assert_int_ne(access(path, F_OK), 0);
	(void)snprintf(path, sizeof(path), "%s/gold/schemata", root);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(only_a_class_of_its_own_goes_with_the_container)
{
	const struct bt_oci_intel_rdt own = { .set = true };
	const struct bt_oci_intel_rdt named = { .set = true, .clos_id = "gold" };

	make_dir("c1");
	make_dir("gold");
	ck_assert_int_eq(bt_rdt_remove(root, &own, "c1", &err), 0);
	ck_assert_int_eq(bt_rdt_remove(root, &own, "c1", &err), 0);
	ck_assert_int_eq(bt_rdt_remove(root, &named, "c1", &err), 0);
	make_file("gold/schemata", "");
}
END_TEST

static const char *const bad[] = { "../x", "a/b", "..", ".", "info", "mon_groups", "mon_data" };

START_TEST(names_that_lead_elsewhere_are_refused)
{
	const struct bt_oci_intel_rdt rdt = { .set = true, .clos_id = bad[_i] };

	ck_assert_int_eq(bt_rdt_create(root, &rdt, "c1", 1, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "linux.intelRdt.closID"));
}
END_TEST

START_TEST(an_update_writes_without_comparing)
{
	const struct bt_oci_intel_rdt rdt = { .set = true,
					      .clos_id = "gold",
					      .l3_cache_schema = "L3:0=3" };

	make_class("gold", "");
	ck_assert_int_eq(bt_rdt_update(root, &rdt, "c1", &err), 0);
	ck_assert_str_eq(text_of("gold/schemata"), "L3:0=3\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/rdt");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, a_class_of_its_own_gets_all_schemata_in_the_order_of_the_specification);
	tcase_add_test(all, a_named_class_without_a_schema_must_be_there_and_is_left_as_it_is);
	tcase_add_test(all, a_named_class_that_is_there_must_have_the_schemata_that_are_asked_for);
	tcase_add_test(all, a_class_that_was_made_for_a_failure_is_removed_again);
	tcase_add_test(all, monitoring_has_a_group_of_the_containers_name);
	tcase_add_test(all, only_a_class_of_its_own_goes_with_the_container);
	tcase_add_loop_test(all, names_that_lead_elsewhere_are_refused, 0,
			    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(all, an_update_writes_without_comparing);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
