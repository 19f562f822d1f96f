/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/spec_mounts.h"

#include "../suite.h"
#include "base/auto.h"
#include "common.h"
#include "engine/spec.h"

static struct bt_err err;
static struct bt_container_userns userns;
static const char *init_path, *shm;

static void setup(void)
{
	userns = (struct bt_container_userns){ 0 };
	init_path = shm = NULL;
}

/* The mounts of a container with this HostConfig and these mount points. */
static json_t *build(const char *host_config, const char *mounts)
{
	json_auto_t *hc = parse(host_config), *list = parse(mounts);
	const struct bt_spec_request req = { .host_config = hc,
					     .mounts = list,
					     .files_dir = "/data/c",
					     .init_path = init_path,
					     .shm = shm,
					     .userns = &userns };
	json_t *out = NULL;

	ck_well(bt_spec_mounts(&req, &out, &err), &err);
	return out;
}

/* One of them as "type source options", NULL where nothing is mounted there. Borrowed until the
 * next call. */
static const char *mounted(const json_t *all, const char *destination)
{
	static char text[512];
	const json_t *mount, *option;
	const char *found = NULL;
	size_t i, k;

	json_array_foreach (all, i, mount) {
		if (strcmp(json_string_value(json_object_get(mount, "destination")), destination) !=
		    0)
			continue;
		/* Nothing is mounted over another thing of ours. */
		ck_assert_msg(!found, "%s is mounted twice", destination);
		(void)snprintf(text, sizeof(text), "%s %s",
			       json_string_value(json_object_get(mount, "type")),
			       json_string_value(json_object_get(mount, "source")));
		json_array_foreach (json_object_get(mount, "options"), k, option)
			(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
				       k ? "," : " ", json_string_value(option));
		found = text;
	}
	return found;
}

/* All destinations in their order, between blanks. */
static const char *order(const json_t *all)
{
	static char text[512];
	const json_t *mount;
	size_t i;

	text[0] = '\0';
	json_array_foreach (all, i, mount)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			       i ? " " : "",
			       json_string_value(json_object_get(mount, "destination")));
	return text;
}

START_TEST(a_container_that_asks_for_nothing_has_dockers_mounts)
{
	json_auto_t *all = build("{'ShmSize':67108864}", "[]");

	ck_assert_str_eq(order(all), "/proc /dev /dev/pts /sys /sys/fs/cgroup /dev/mqueue /dev/shm "
				     "/etc/hostname /etc/hosts /etc/resolv.conf");
	ck_assert_str_eq(mounted(all, "/proc"), "proc proc nosuid,noexec,nodev");
	ck_assert_str_eq(mounted(all, "/sys"), "sysfs sysfs nosuid,noexec,nodev,ro");
	ck_assert_str_eq(mounted(all, "/sys/fs/cgroup"), "cgroup cgroup ro,nosuid,noexec,nodev");
	ck_assert_str_eq(mounted(all, "/dev/shm"),
			 "tmpfs shm nosuid,noexec,nodev,mode=1777,size=67108864");
	ck_assert_str_eq(mounted(all, "/etc/hosts"), "bind /data/c/hosts rbind,rprivate");
}
END_TEST

START_TEST(only_a_privileged_container_may_write_to_sysfs_and_cgroups)
{
	json_auto_t *all = build("{'Privileged':true}", "[]");

	ck_assert_str_eq(mounted(all, "/sys"), "sysfs sysfs nosuid,noexec,nodev,rw");
	ck_assert_str_eq(mounted(all, "/sys/fs/cgroup"), "cgroup cgroup rw,nosuid,noexec,nodev");
}
END_TEST

START_TEST(what_the_user_mounts_takes_the_place_of_ours_however_it_is_written)
{
	static const struct {
		const char *host_config, *mounts, *place, *want;
	} cases[] = {
		{ "{}", "[{'Type':'bind','Source':'/s','Destination':'/dev/shm','RW':true}]",
		  "/dev/shm", "bind /s rbind,rprivate" },
		{ "{'Tmpfs':{'/dev/shm':'size=1m'}}", "[]", "/dev/shm",
		  "tmpfs tmpfs noexec,nosuid,nodev,size=1m" },
		{ "{'Tmpfs':{'/dev/shm/':''}}", "[]", "/dev/shm",
		  "tmpfs tmpfs noexec,nosuid,nodev" },
		{ "{'Tmpfs':{'//dev//./shm':''}}", "[]", "/dev/shm",
		  "tmpfs tmpfs noexec,nosuid,nodev" },
		{ "{}", "[{'Type':'bind','Source':'/h','Destination':'/etc/hosts','RW':true}]",
		  "/etc/hosts", "bind /h rbind,rprivate" },
		{ "{'Tmpfs':{'/sys/fs/cgroup':''}}", "[]", "/sys/fs/cgroup",
		  "tmpfs tmpfs noexec,nosuid,nodev" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		json_auto_t *all = build(cases[i].host_config, cases[i].mounts);
		const char *got = mounted(all, cases[i].place);

		ck_assert_msg(got && strcmp(got, cases[i].want) == 0, "%s %s: %s",
			      cases[i].host_config, cases[i].mounts, got ? got : "nothing");
	}
}
END_TEST

START_TEST(who_mounts_over_all_of_dev_has_nothing_of_ours_in_it)
{
	static const struct {
		const char *host_config, *mounts;
	} cases[] = {
		{ "{}", "[{'Type':'bind','Source':'/dev','Destination':'/dev','RW':true}]" },
		{ "{'Tmpfs':{'/dev':''}}", "[]" },
		{ "{'Tmpfs':{'/dev/':''}}", "[]" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		json_auto_t *all = build(cases[i].host_config, cases[i].mounts);

		ck_assert_str_eq(order(all), "/proc /sys /sys/fs/cgroup /dev /etc/hostname "
					     "/etc/hosts /etc/resolv.conf");
	}
	/* What only begins like it is another place. */
	{
		json_auto_t *all = build("{'Tmpfs':{'/device':''}}", "[]");

		ck_assert_ptr_nonnull(mounted(all, "/dev/pts"));
	}
}
END_TEST

START_TEST(shared_memory_is_ones_own_somebodys_the_hosts_or_none)
{
	json_auto_t *none = build("{'IpcMode':'none'}", "[]");
	json_auto_t *host = build("{'IpcMode':'host'}", "[]");
	json_auto_t *other = NULL;

	ck_assert_pstr_eq(mounted(none, "/dev/shm"), NULL);
	ck_assert_str_eq(mounted(host, "/dev/shm"), "bind /dev/shm rbind,rprivate");
	shm = "/data/other/shm";
	other = build("{'IpcMode':'container:x'}", "[]");
	ck_assert_str_eq(mounted(other, "/dev/shm"), "bind /data/other/shm rbind,rprivate");
}
END_TEST

START_TEST(a_bind_has_the_options_that_its_mount_point_says)
{
	static const struct {
		const char *members, *want;
	} cases[] = {
		{ "'RW':true", "bind /s rbind,rprivate" },
		{ "'RW':false", "bind /s rbind,ro,rro,rprivate" },
		{ "'RW':true,'NonRecursive':true", "bind /s bind,rprivate" },
		{ "'RW':false,'NonRecursive':true", "bind /s bind,ro,rprivate" },
		{ "'RW':false,'ReadOnlyNonRecursive':true", "bind /s rbind,ro,rprivate" },
		{ "'RW':true,'Propagation':'rshared'", "bind /s rbind,rshared" },
		{ "'RW':true,'Propagation':''", "bind /s rbind,rprivate" },
		{ "'RW':true,'Mapped':true", "bind /s rbind,rprivate,idmap" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		char text[256];
		json_auto_t *all = NULL;

		(void)snprintf(text, sizeof(text),
			       "[{'Type':'bind','Source':'/s','Destination':'/d',%s}]",
			       cases[i].members);
		all = build("{}", text);
		ck_assert_msg(strcmp(mounted(all, "/d"), cases[i].want) == 0, "%s: %s",
			      cases[i].members, mounted(all, "/d"));
	}
}
END_TEST

START_TEST(in_a_user_namespace_the_engines_volumes_are_mapped_and_the_hosts_trees_are_not)
{
	static const struct {
		const char *members, *want;
	} cases[] = {
		{ "'Type':'volume'", "bind /s rbind,rprivate,idmap" },
		{ "'Type':'volume','Foreign':true", "bind /s rbind,rprivate" },
		{ "'Type':'bind'", "bind /s rbind,rprivate" },
		{ "'Type':'bind','Mapped':true", "bind /s rbind,rprivate,idmap" },
	};

	userns.mapped = true;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char text[256];
		json_auto_t *all = NULL;

		(void)snprintf(text, sizeof(text),
			       "[{'Source':'/s','Destination':'/d','RW':true,%s}]",
			       cases[i].members);
		all = build("{}", text);
		ck_assert_msg(strcmp(mounted(all, "/d"), cases[i].want) == 0, "%s: %s",
			      cases[i].members, mounted(all, "/d"));
		ck_assert_str_eq(mounted(all, "/etc/hosts"),
				 "bind /data/c/hosts rbind,rprivate,idmap");
	}
}
END_TEST

START_TEST(maps_of_the_mount_itself_go_along)
{
	json_auto_t *all = build("{}", "[{'Type':'bind','Source':'/s','Destination':'/d',"
				       "'UidMappings':[1],'GidMappings':[2]}]");
	const json_t *mount = json_array_get(all, json_array_size(all) - 4);

	ck_assert_str_eq(json_string_value(json_object_get(mount, "destination")), "/d");
	assert_json(json_object_get(mount, "uidMappings"), "[1]");
	assert_json(json_object_get(mount, "gidMappings"), "[2]");
}
END_TEST

START_TEST(a_tmpfs_has_dockers_restrictions_first_so_that_the_users_word_counts)
{
	json_auto_t *all = build("{'Tmpfs':{'/a':'exec,,size=1m','/b':null}}",
				 "[{'Type':'tmpfs','Destination':'/c','RW':true,"
				 "'TmpfsOptions':'mode=700'},"
				 "{'Type':'tmpfs','Destination':'/d','RW':false}]");

	ck_assert_str_eq(mounted(all, "/a"), "tmpfs tmpfs noexec,nosuid,nodev,exec,size=1m");
	ck_assert_str_eq(mounted(all, "/b"), "tmpfs tmpfs noexec,nosuid,nodev");
	ck_assert_str_eq(mounted(all, "/c"), "tmpfs tmpfs noexec,nosuid,nodev,mode=700");
	ck_assert_str_eq(mounted(all, "/d"), "tmpfs tmpfs noexec,nosuid,nodev,ro");
}
END_TEST

START_TEST(parents_come_before_what_lies_in_them_whoever_asked_first)
{
	json_auto_t *all = build("{'Tmpfs':{'/a/b/c/':'','/a':''}}",
				 "[{'Type':'bind','Source':'/s','Destination':'/a/b'},"
				 "{'Type':'bind','Source':'/s','Destination':'/'}]");
	const char *text = order(all);

	ck_assert_ptr_nonnull(strstr(text, "/dev/shm / /a /a/b /etc/hostname"));
	ck_assert_ptr_nonnull(strstr(text, "/etc/resolv.conf /a/b/c"));
}
END_TEST

START_TEST(files_are_read_only_where_the_root_is_and_an_init_always_is)
{
	json_auto_t *all = NULL;

	init_path = "/lib/berth-init";
	all = build("{'ReadonlyRootfs':true}", "[]");
	ck_assert_str_eq(mounted(all, "/etc/resolv.conf"),
			 "bind /data/c/resolv.conf rbind,rprivate,ro");
	ck_assert_str_eq(mounted(all, BT_SPEC_INIT), "bind /lib/berth-init bind,rprivate,ro");
}
END_TEST

START_TEST(the_root_is_as_shared_as_the_widest_of_its_mounts)
{
	static const struct {
		const char *mounts, *want;
	} cases[] = {
		{ "[]", "rprivate" },
		{ "[{'Propagation':''},{}]", "rprivate" },
		{ "[{'Propagation':'rslave'},{'Propagation':'private'}]", "rslave" },
		{ "[{'Propagation':'slave'},{'Propagation':'shared'}]", "rshared" },
		{ "[{'Propagation':'rshared'},{'Propagation':'slave'}]", "rshared" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		json_auto_t *mounts = parse(cases[i].mounts);

		ck_assert_msg(strcmp(bt_spec_mounts_propagation(mounts), cases[i].want) == 0, "%s",
			      cases[i].mounts);
	}
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_container_that_asks_for_nothing_has_dockers_mounts);
	tcase_add_test(tests, only_a_privileged_container_may_write_to_sysfs_and_cgroups);
	tcase_add_test(tests, what_the_user_mounts_takes_the_place_of_ours_however_it_is_written);
	tcase_add_test(tests, who_mounts_over_all_of_dev_has_nothing_of_ours_in_it);
	tcase_add_test(tests, shared_memory_is_ones_own_somebodys_the_hosts_or_none);
	tcase_add_test(tests, a_bind_has_the_options_that_its_mount_point_says);
	tcase_add_test(
		tests,
		in_a_user_namespace_the_engines_volumes_are_mapped_and_the_hosts_trees_are_not);
	tcase_add_test(tests, maps_of_the_mount_itself_go_along);
	tcase_add_test(tests, a_tmpfs_has_dockers_restrictions_first_so_that_the_users_word_counts);
	tcase_add_test(tests, parents_come_before_what_lies_in_them_whoever_asked_first);
	tcase_add_test(tests, files_are_read_only_where_the_root_is_and_an_init_always_is);
	tcase_add_test(tests, the_root_is_as_shared_as_the_widest_of_its_mounts);
}

int main(void)
{
	return run_suite("spec_mounts", setup, NULL, add_tests);
}
