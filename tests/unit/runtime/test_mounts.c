/* SPDX-License-Identifier: Apache-2.0 */

/* Mount points that somebody else moves while a container starts. */

#include "launch_fixture.h"

#include <signal.h>
#include <sys/sysmacros.h>

#define STARTS 60

static struct fixture f;
static pid_t attacker;

static void set_up(void)
{
	fixture_init(&f);
}

static void tear_down(void)
{
	(void)kill(attacker, SIGKILL);
	(void)fixture_wait(attacker);
	fixture_done(&f);
}

/* Another container with the same volume: `volume`/target is a directory and a
 * symlink to `outside` in turn, as fast as it goes. */
static void attack(const char *volume, const char *outside)
{
	attacker = fork();
	if (attacker != 0)
		return;
	if (chdir(volume) < 0 || mkdir("dir", 0755) < 0 || symlink(outside, "link") < 0)
		_exit(1);
	for (;;) {
		(void)rename("dir", "target");
		(void)rename("target", "dir");
		(void)rename("link", "target");
		(void)rename("target", "link");
	}
}

static void make_directories(char volume[128], char outside[128])
{
	(void)snprintf(volume, 128, "%s/volume", f.bundle);
	(void)snprintf(outside, 128, "%s/outside", f.bundle);
	ck_assert_int_eq(mkdir(volume, 0755), 0);
	ck_assert_int_eq(mkdir(outside, 0755), 0);
	fixture_add_mount(&f, "{'destination':'/volume','type':'bind','source':'volume',"
			      "'options':['bind']}");
}

static int count_entries(const char *path)
{
	char command[256], text[16] = "";
	FILE *out;

	(void)snprintf(command, sizeof(command), "find %s -mindepth 1 | wc -l", path);
	out = popen(command, "re");
	ck_assert_ptr_nonnull(out);
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), out));
	ck_assert_int_eq(pclose(out), 0);
	return atoi(text);
}

/* Every mount of the file system that the bundle lies on must show the bundle, or
 * something in it, and nothing else of the host (proc(5), mountinfo: the third field
 * is the device, the fourth the directory in it). */
static void assert_only_the_bundle_is_seen(void)
{
	char device[32], *rest = f.out, *line;
	struct stat st;
	int seen = 0;

	ck_assert_int_eq(stat(f.bundle, &st), 0);
	(void)snprintf(device, sizeof(device), " %u:%u ", major(st.st_dev), minor(st.st_dev));
	while ((line = strsep(&rest, "\n")) != NULL) {
		char *at = strstr(line, device);

		if (at == NULL)
			continue;
		seen++;
		at += strlen(device);
		at[strcspn(at, " ")] = '\0';
		ck_assert_msg(strstr(at, "test_launch.") != NULL, "%s of the host is mounted", at);
	}
	ck_assert_int_ge(seen, 2);
}

START_TEST(r07_mount_point_that_flips_to_a_symlink_never_leads_out)
{
	char volume[128], outside[128], inside[128];
	int started = 0;

	make_directories(volume, outside);
	(void)snprintf(inside, sizeof(inside), "%s/inside", f.bundle);
	ck_assert_int_eq(mkdir(inside, 0755), 0);
	fixture_add_mount(&f, "{'destination':'/volume/target','type':'bind','source':'inside',"
			      "'options':['rbind']}");
	attack(volume, outside);
	for (int i = 0; i < STARTS; i++) {
		fixture_shell(&f, "cat /proc/self/mountinfo");
		if (fixture_run(&f) != 0)
			continue;
		started++;
		assert_only_the_bundle_is_seen();
	}
	ck_assert_int_gt(started, 0);
	ck_assert_int_eq(count_entries(outside), 0);
}
END_TEST

START_TEST(r10_mount_point_that_is_made_is_never_made_outside)
{
	char volume[128], outside[128];

	make_directories(volume, outside);
	fixture_add_mount(&f, "{'destination':'/volume/target/a/b','type':'tmpfs','source':'x'}");
	attack(volume, outside);
	for (int i = 0; i < STARTS; i++)
		(void)fixture_run(&f);
	ck_assert_int_eq(count_entries(outside), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/mounts");
	TCase *race = tcase_create("race");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(race, set_up, tear_down);
	tcase_set_timeout(race, 60);
	tcase_add_test(race, r07_mount_point_that_flips_to_a_symlink_never_leads_out);
	tcase_add_test(race, r10_mount_point_that_is_made_is_never_made_outside);
	suite_add_tcase(suite, race);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
