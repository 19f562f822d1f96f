/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/spec.h"

#include "base/arena.h"
#include "codec/oci_spec.h"
#include "common.h"
#include "engine/engine.h"
#include "engine/host_config.h"

static const char config_text[] =
	"{'Hostname':'box','Domainname':'','User':'','Tty':false,'Env':['A=1'],'Cmd':['sh'],"
	"'Entrypoint':null,'WorkingDir':''}";

static struct bt_container_userns userns;
static const char *process_label, *mount_label;

/* The specification of a container with that HostConfig. */
static json_t *build(const char *hc_text, const char *mounts_text, uint32_t uid)
{
	const struct bt_engine_config cfg = { 0 };
	json_t *in = parse(hc_text), *config = parse(config_text), *mounts = parse(mounts_text);
	json_t *warnings = json_array(), *hc = NULL, *spec = NULL;
	char home[] = "/root";
	struct bt_user user = { .uid = uid, .gid = uid, .home = home };
	struct bt_spec_request req = { .id = "0123",
				       .config = config,
				       .mounts = mounts,
				       .files_dir = "/data/c",
				       .cgroup_parent = "/docker",
				       .user = &user,
				       .process_label = process_label,
				       .mount_label = mount_label,
				       .userns = &userns };
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_host_config_make(in, &cfg, warnings, &hc, &err), 0);
	req.host_config = hc;
	ck_assert_msg(bt_spec_build(&req, &spec, &err) == 0, "%s", err.msg);
	json_decref(in);
	json_decref(config);
	json_decref(mounts);
	json_decref(warnings);
	json_decref(hc);
	return spec;
}

static json_t *at(json_t *spec, const char *a, const char *b)
{
	return json_object_get(json_object_get(spec, a), b);
}

static json_t *find_mount(json_t *spec, const char *destination)
{
	json_t *mount;
	size_t i;

	json_array_foreach (json_object_get(spec, "mounts"), i, mount)
		if (strcmp(json_string_value(json_object_get(mount, "destination")), destination) ==
		    0)
			return mount;
	return NULL;
}

START_TEST(our_own_parser_takes_it)
{
	json_t *spec = build("{'Memory':10485760,'NanoCpus':500000000,'PidsLimit':10,"
			     "'Ulimits':[{'Name':'nofile','Soft':10,'Hard':20}]}",
			     "[]", 0);
	char *text = json_dumps(spec, 0);
	struct bt_arena arena = { 0 };
	struct bt_oci_spec parsed;
	struct bt_err err = { 0 };

	ck_assert_msg(bt_oci_spec_parse(text, strlen(text), &arena, &parsed, &err) == 0, "%s",
		      err.msg);
	ck_assert_int_eq(parsed.linux_.resources.memory.limit.value, 10485760);
	ck_assert_int_eq(parsed.linux_.resources.cpu.quota.value, 50000);
	ck_assert_int_eq(parsed.linux_.resources.pids_limit.value, 10);
	ck_assert_uint_eq(parsed.process.nrlimits, 1);
	ck_assert_str_eq(parsed.linux_.cgroups_path, "/docker/0123");
	/* B1: the fourteen capabilities, and none to inherit. */
	ck_assert_uint_eq(parsed.process.capabilities.bounding, 0xa80425fbu);
	ck_assert_uint_eq(parsed.process.capabilities.effective, 0xa80425fbu);
	ck_assert_uint_eq(parsed.process.capabilities.inheritable, 0);
	ck_assert_uint_eq(parsed.process.capabilities.ambient, 0);
	bt_arena_done(&arena);
	free(text);
	json_decref(spec);
}
END_TEST

START_TEST(a_user_has_its_capabilities_in_the_bounding_set_only)
{
	json_t *spec = build("{}", "[]", 1000);
	json_t *caps = at(spec, "process", "capabilities");

	ck_assert_uint_eq(json_array_size(json_object_get(caps, "bounding")), 14);
	ck_assert_ptr_null(json_object_get(caps, "effective"));
	json_decref(spec);
}
END_TEST

START_TEST(the_environment_is_dockers_then_the_users_then_home)
{
	json_t *spec = build("{}", "[]", 0);

	assert_json(at(spec, "process", "env"),
		    "['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',"
		    "'HOSTNAME=box','A=1','HOME=/root']");
	json_decref(spec);
}
END_TEST

START_TEST(mounts_have_dockers_options)
{
	json_t *spec = build("{}", "[]", 0);

	assert_json(json_object_get(find_mount(spec, "/sys"), "options"),
		    "['nosuid','noexec','nodev','ro']");
	assert_json(json_object_get(find_mount(spec, "/dev"), "options"),
		    "['nosuid','strictatime','mode=755','size=65536k']");
	assert_json(json_object_get(find_mount(spec, "/dev/shm"), "options"),
		    "['nosuid','noexec','nodev','mode=1777','size=67108864']");
	assert_json(json_object_get(find_mount(spec, "/etc/hosts"), "source"), "'/data/c/hosts'");
	json_decref(spec);
}
END_TEST

START_TEST(a_mount_of_the_users_takes_the_place_of_a_default_one)
{
	json_t *spec = build("{}",
			     "[{'Type':'bind','Source':'/h','Destination':'/dev/shm','RW':false,"
			     "'Propagation':'rslave'}]",
			     0);

	assert_json(find_mount(spec, "/dev/shm"),
		    "{'destination':'/dev/shm','type':'bind','source':'/h',"
		    "'options':['rbind','ro','rro','rslave']}");
	assert_json(at(spec, "linux", "rootfsPropagation"), "'rslave'");
	json_decref(spec);
}
END_TEST

START_TEST(parents_are_mounted_before_what_lies_in_them)
{
	json_t *spec = build("{}",
			     "[{'Type':'bind','Source':'/1','Destination':'/a/b/c','RW':true},"
			     "{'Type':'bind','Source':'/2','Destination':'/a','RW':true}]",
			     0);
	json_t *mounts = json_object_get(spec, "mounts"), *mount;
	ssize_t outer = -1, inner = -1;
	size_t i;

	json_array_foreach (mounts, i, mount) {
		if (mount == find_mount(spec, "/a"))
			outer = (ssize_t)i;
		if (mount == find_mount(spec, "/a/b/c"))
			inner = (ssize_t)i;
	}
	ck_assert_int_ge(outer, 0);
	ck_assert_int_lt(outer, inner);
	json_decref(spec);
}
END_TEST

START_TEST(namespaces_follow_the_modes)
{
	json_t *spec = build("{'PidMode':'host','IpcMode':'host','UTSMode':'host',"
			     "'CgroupnsMode':'private'}",
			     "[]", 0);

	assert_json(at(spec, "linux", "namespaces"),
		    "[{'type':'mount'},{'type':'network'},{'type':'cgroup'}]");
	ck_assert_ptr_null(json_object_get(spec, "hostname"));
	json_decref(spec);
}
END_TEST

START_TEST(devices_are_denied_but_for_the_default_ones)
{
	json_t *spec = build("{}", "[]", 0);
	json_t *rules = json_object_get(at(spec, "linux", "resources"), "devices");

	ck_assert_uint_eq(json_array_size(rules), 8);
	assert_json(json_array_get(rules, 0), "{'allow':false,'type':'a','access':'rwm'}");
	assert_json(json_array_get(rules, 7),
		    "{'allow':false,'type':'c','major':10,'minor':229,'access':'rwm'}");
	json_decref(spec);
}
END_TEST

START_TEST(a_device_comes_with_its_rule)
{
	json_t *spec = build("{'Devices':[{'PathOnHost':'/dev/null','PathInContainer':'/dev/x',"
			     "'CgroupPermissions':'r'}],'DeviceCgroupRules':['c 7:* rw']}",
			     "[]", 0);
	json_t *rules = json_object_get(at(spec, "linux", "resources"), "devices");

	assert_json(json_object_get(json_array_get(at(spec, "linux", "devices"), 0), "path"),
		    "'/dev/x'");
	assert_json(json_array_get(rules, 8),
		    "{'allow':true,'type':'c','major':1,'minor':3,'access':'r'}");
	assert_json(json_array_get(rules, 9), "{'allow':true,'type':'c','major':7,'access':'rw'}");
	json_decref(spec);
}
END_TEST

START_TEST(no_new_privileges_is_as_asked)
{
	json_t *spec = build("{'SecurityOpt':['no-new-privileges']}", "[]", 0);

	assert_json(at(spec, "process", "noNewPrivileges"), "true");
	json_decref(spec);
}
END_TEST

START_TEST(a_remapped_container_has_the_maps_and_shows_what_is_the_engines_through_them)
{
	json_t *spec;

	userns = (struct bt_container_userns){ .mapped = true,
					       .map = { .uids = { { 0, 100000, 65536 } },
							.gids = { { 0, 200000, 65536 } },
							.nuids = 1,
							.ngids = 1 } };
	spec = build("{}",
		     "[{'Type':'bind','Source':'/h','Destination':'/b','RW':true},"
		     "{'Type':'volume','Source':'/v','Destination':'/v','RW':true},"
		     "{'Type':'volume','Source':'/w','Destination':'/w','RW':true,'Foreign':true}]",
		     0);
	assert_json(at(spec, "linux", "uidMappings"),
		    "[{'containerID':0,'hostID':100000,'size':65536}]");
	assert_json(at(spec, "linux", "gidMappings"),
		    "[{'containerID':0,'hostID':200000,'size':65536}]");
	assert_json(json_object_get(find_mount(spec, "/v"), "options"),
		    "['rbind','rprivate','idmap']");
	assert_json(json_object_get(find_mount(spec, "/w"), "options"), "['rbind','rprivate']");
	assert_json(json_object_get(find_mount(spec, "/b"), "options"), "['rbind','rprivate']");
	assert_json(json_object_get(find_mount(spec, "/etc/hosts"), "options"),
		    "['rbind','rprivate','idmap']");
	assert_json(json_array_get(at(spec, "linux", "namespaces"), 1), "{'type':'user'}");
	json_decref(spec);
	userns.join_pid = 77;
	spec = build("{}", "[]", 0);
	assert_json(json_array_get(at(spec, "linux", "namespaces"), 1),
		    "{'type':'user','path':'/proc/77/ns/user'}");
	json_decref(spec);
	userns = (struct bt_container_userns){ .mapped = false };
	spec = build("{}", "[]", 0);
	ck_assert_ptr_null(at(spec, "linux", "uidMappings"));
	json_decref(spec);
}
END_TEST

START_TEST(labels_are_the_processs_and_the_mounts_and_absent_without_any)
{
	json_t *spec = build("{}", "[]", 0);

	ck_assert_ptr_null(at(spec, "process", "selinuxLabel"));
	ck_assert_ptr_null(at(spec, "linux", "mountLabel"));
	json_decref(spec);
	process_label = "u:r:p:s0:c1,c2";
	mount_label = "u:r:f:s0:c1,c2";
	spec = build("{}", "[]", 0);
	assert_json(at(spec, "process", "selinuxLabel"), "'u:r:p:s0:c1,c2'");
	assert_json(at(spec, "linux", "mountLabel"), "'u:r:f:s0:c1,c2'");
	json_decref(spec);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, our_own_parser_takes_it);
	tcase_add_test(tests, a_user_has_its_capabilities_in_the_bounding_set_only);
	tcase_add_test(tests, the_environment_is_dockers_then_the_users_then_home);
	tcase_add_test(tests, mounts_have_dockers_options);
	tcase_add_test(tests, a_mount_of_the_users_takes_the_place_of_a_default_one);
	tcase_add_test(tests, parents_are_mounted_before_what_lies_in_them);
	tcase_add_test(tests, namespaces_follow_the_modes);
	tcase_add_test(tests, devices_are_denied_but_for_the_default_ones);
	tcase_add_test(tests, a_device_comes_with_its_rule);
	tcase_add_test(tests, no_new_privileges_is_as_asked);
	tcase_add_test(tests, labels_are_the_processs_and_the_mounts_and_absent_without_any);
	tcase_add_test(
		tests,
		a_remapped_container_has_the_maps_and_shows_what_is_the_engines_through_them);
}

int main(void)
{
	return run_tests("engine/spec", add);
}
