/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/oci_spec.h"

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include <linux/seccomp.h>

#include "oci_spec_fixture.h"

static struct bt_arena arena;
static struct bt_oci_spec spec;
static struct bt_err err;

static void setup(void)
{
	ck_assert_msg(
		bt_oci_spec_parse(oci_spec_full, strlen(oci_spec_full), &arena, &spec, &err) == 0,
		"%s", err.msg);
}

static void teardown(void)
{
	bt_arena_done(&arena);
}

START_TEST(process_has_every_member)
{
	const struct bt_oci_process *p = &spec.process;

	ck_assert(p->set && p->terminal && p->no_new_privileges);
	ck_assert_uint_eq(p->console_height, 24);
	ck_assert_uint_eq(p->console_width, 80);
	ck_assert_uint_eq(p->uid, 1);
	ck_assert_uint_eq(p->gid, 2);
	ck_assert(p->umask.set && p->umask.value == 022);
	ck_assert_uint_eq(p->nadditional_gids, 2);
	ck_assert_uint_eq(p->additional_gids[1], UINT32_MAX);
	ck_assert_str_eq(p->cwd, "/w");
	ck_assert_uint_eq(p->env.n, 2);
	ck_assert_str_eq(p->env.v[1], "C=");
	ck_assert_ptr_null(p->env.v[2]);
	ck_assert_str_eq(p->args.v[1], "");
	ck_assert(p->capabilities.set && p->capabilities.bounding == 1);
	ck_assert_uint_eq(p->capabilities.unknown.n, 1);
	ck_assert_str_eq(p->capabilities.unknown.v[0], "CAP_NEW");
	ck_assert_uint_eq(p->capabilities.effective, 1u << 5);
	ck_assert_uint_eq(p->capabilities.permitted, 1u << 5);
	ck_assert_uint_eq(p->capabilities.inheritable | p->capabilities.ambient, 0);
	ck_assert_uint_eq(p->nrlimits, 1);
	ck_assert_int_eq(p->rlimits[0].type, RLIMIT_NOFILE);
	ck_assert_uint_eq(p->rlimits[0].soft, 1024);
	ck_assert_uint_eq(p->rlimits[0].hard, UINT64_MAX);
	ck_assert_str_eq(p->apparmor_profile, "p");
	ck_assert_str_eq(p->selinux_label, "l");
	ck_assert(p->oom_score_adj.set && p->oom_score_adj.value == -500);
}
END_TEST

START_TEST(process_has_its_scheduling)
{
	const struct bt_oci_process *p = &spec.process;

	ck_assert(p->scheduler.set && p->scheduler.policy == SCHED_BATCH);
	ck_assert_int_eq(p->scheduler.nice, -5);
	ck_assert_uint_eq(p->scheduler.priority, 1);
	ck_assert_uint_eq(p->scheduler.flags, 3);
	ck_assert_uint_eq(p->scheduler.runtime, 7);
	ck_assert_uint_eq(p->scheduler.deadline, 8);
	ck_assert_uint_eq(p->scheduler.period, 9);
	ck_assert(p->io_priority.set && p->io_priority.class == 2 && p->io_priority.priority == 3);
	ck_assert_str_eq(p->cpu_affinity_initial, "0");
	ck_assert_str_eq(p->cpu_affinity_final, "0-1");
}
END_TEST

START_TEST(top_level_has_every_member)
{
	ck_assert_str_eq(spec.version, "1.2.0");
	ck_assert_str_eq(spec.root_path, "rootfs");
	ck_assert(spec.root_readonly);
	ck_assert_str_eq(spec.hostname, "h");
	ck_assert_str_eq(spec.domainname, "d");
	ck_assert_uint_eq(spec.nmounts, 2);
	ck_assert_ptr_null(spec.mounts[0].options.v);
	ck_assert_str_eq(spec.mounts[1].destination, "/data");
	ck_assert_str_eq(spec.mounts[1].source, "/x");
	ck_assert_str_eq(spec.mounts[1].options.v[1], "ro");
	ck_assert_uint_eq(spec.mounts[1].uid_mappings[0].host_id, 100);
	ck_assert_uint_eq(spec.mounts[1].gid_mappings[0].host_id, 200);
	ck_assert_str_eq(spec.hooks.prestart.v[0].args.v[1], "b");
	ck_assert_str_eq(spec.hooks.prestart.v[0].env.v[0], "K=v");
	ck_assert_int_eq(spec.hooks.prestart.v[0].timeout, 3);
	ck_assert_str_eq(spec.hooks.create_runtime.v[0].path, "/b");
	ck_assert_str_eq(spec.hooks.create_container.v[0].path, "/c");
	ck_assert_str_eq(spec.hooks.start_container.v[0].path, "/d");
	ck_assert_str_eq(spec.hooks.poststart.v[0].path, "/e");
	ck_assert_str_eq(spec.hooks.poststop.v[0].path, "/f");
	ck_assert_str_eq(bt_oci_spec_annotation(&spec, "k"), "v");
	ck_assert_ptr_null(bt_oci_spec_annotation(&spec, "none"));
}
END_TEST

START_TEST(linux_has_every_member)
{
	const struct bt_oci_linux *l = &spec.linux_;

	ck_assert_str_eq(bt_oci_spec_namespace(&spec, CLONE_NEWNET)->path, "/n");
	ck_assert_ptr_null(bt_oci_spec_namespace(&spec, CLONE_NEWPID)->path);
	ck_assert_ptr_nonnull(bt_oci_spec_namespace(&spec, 0x80));
	ck_assert_ptr_null(bt_oci_spec_namespace(&spec, CLONE_NEWUSER));
	ck_assert_uint_eq(l->uid_mappings[0].host_id, 100000);
	ck_assert_uint_eq(l->gid_mappings[0].host_id, 100001);
	ck_assert_uint_eq(l->gid_mappings[0].size, 65536);
	ck_assert(l->boottime.set && l->boottime.secs == -5 && l->boottime.nanosecs == 1);
	ck_assert(l->monotonic.set && l->monotonic.secs == 6);
	ck_assert_int_eq(l->devices[0].type, 'c');
	ck_assert(l->devices[0].major == 10 && l->devices[0].minor == 229);
	ck_assert(l->devices[0].file_mode.set && l->devices[0].file_mode.value == 0666);
	ck_assert(l->devices[0].uid_set && !l->devices[0].gid_set);
	ck_assert_str_eq(l->cgroups_path, "/docker/abc");
	ck_assert(l->intel_rdt.set && l->intel_rdt.enable_cmt && l->intel_rdt.enable_mbm &&
		  l->intel_rdt.enable_monitoring);
	ck_assert_str_eq(l->intel_rdt.clos_id, "g");
	ck_assert_str_eq(l->intel_rdt.l3_cache_schema, "L3:0=f");
	ck_assert_str_eq(l->intel_rdt.mem_bw_schema, "MB:0=20");
	ck_assert_str_eq(l->intel_rdt.schemata.v[0], "L3:0=ff");
	ck_assert(l->memory_policy.set && l->memory_policy.mode == 2);
	ck_assert_int_eq(l->memory_policy.mode_flags, 1 << 15);
	ck_assert_str_eq(l->memory_policy.nodes, "0");
	ck_assert_str_eq(l->sysctl.v[0].key, "net.ipv4.ip_forward");
	ck_assert_str_eq(l->rootfs_propagation, "rslave");
	ck_assert_str_eq(l->masked_paths.v[0], "/proc/kcore");
	ck_assert_str_eq(l->readonly_paths.v[0], "/proc/sys");
	ck_assert_str_eq(l->mount_label, "ml");
	ck_assert(l->personality.set && l->personality.domain == PER_LINUX32);
	ck_assert_uint_eq(l->nnet_devices, 2);
	ck_assert_str_eq(l->net_devices[0].name, "eth1");
	ck_assert_str_eq(l->net_devices[0].new_name, "inside");
	ck_assert_ptr_null(l->net_devices[1].new_name);
}
END_TEST

START_TEST(resources_have_every_member)
{
	const struct bt_oci_resources *r = &spec.linux_.resources;

	ck_assert_uint_eq(r->ndevices, 2);
	ck_assert(r->devices[0].type == 'a' && r->devices[0].major == -1 && !r->devices[0].allow);
	ck_assert(r->devices[1].type == 'c' && r->devices[1].major == 1 && r->devices[1].allow);
	ck_assert_uint_eq(r->devices[1].access, BT_OCI_ACCESS_READ | BT_OCI_ACCESS_WRITE);
	ck_assert(r->memory.limit.set && r->memory.limit.value == 67108864);
	ck_assert(r->memory.reservation.value == 1 && r->memory.swap.value == -1);
	ck_assert(r->memory.kernel.value == 2 && r->memory.kernel_tcp.value == 3);
	ck_assert(r->memory.swappiness.set && r->memory.swappiness.value == 60);
	ck_assert(r->memory.disable_oom_killer && r->memory.use_hierarchy &&
		  r->memory.check_before_update);
	ck_assert(r->cpu.shares.value == 512 && r->cpu.quota.value == -1 &&
		  r->cpu.burst.value == 4);
	ck_assert(r->cpu.period.value == 100000 && r->cpu.realtime_runtime.value == 5 &&
		  r->cpu.realtime_period.value == 6 && r->cpu.idle.value == 1);
	ck_assert_str_eq(r->cpu.cpus, "0-1");
	ck_assert_str_eq(r->cpu.mems, "0");
	ck_assert(r->pids_limit.set && r->pids_limit.value == 100);
	ck_assert(r->blkio.weight.value == 500 && r->blkio.leaf_weight.value == 300);
	ck_assert(r->blkio.weight_device.v[0].weight.value == 200 &&
		  r->blkio.weight_device.v[0].leaf_weight.value == 100);
	ck_assert(r->blkio.read_bps.v[0].rate == 11 && r->blkio.write_bps.v[0].rate == 12 &&
		  r->blkio.read_iops.v[0].rate == 13 && r->blkio.write_iops.v[0].rate == 14);
	ck_assert_str_eq(r->hugepages[0].page_size, "2MB");
	ck_assert_uint_eq(r->hugepages[0].limit, 1ull << 63);
	ck_assert_uint_eq(r->net_class_id.value, 1048577);
	ck_assert_str_eq(r->net_priorities[0].name, "eth0");
	ck_assert_uint_eq(r->net_priorities[0].priority, 5);
	ck_assert_str_eq(r->rdma[0].device, "mlx5_1");
	ck_assert(r->rdma[0].hca_handles.value == 3 && r->rdma[0].hca_objects.value == 4);
	ck_assert_str_eq(r->unified.v[0].value, "1000");
}
END_TEST

START_TEST(seccomp_has_every_member)
{
	const struct bt_oci_seccomp *s = &spec.linux_.seccomp;

	ck_assert(s->set && s->default_action == BT_OCI_SECCOMP_ERRNO);
	ck_assert(s->default_errno_ret.set && s->default_errno_ret.value == 38);
	ck_assert_str_eq(s->architectures.v[1], "SCMP_ARCH_X86");
	ck_assert(s->flags_set && s->flags == SECCOMP_FILTER_FLAG_LOG);
	ck_assert_str_eq(s->listener_path, "/run/s");
	ck_assert_str_eq(s->listener_metadata, "m");
	ck_assert_uint_eq(s->nrules, 1);
	ck_assert_str_eq(s->rules[0].names.v[1], "read");
	ck_assert_int_eq(s->rules[0].action, BT_OCI_SECCOMP_ALLOW);
	ck_assert_uint_eq(s->rules[0].errno_ret.value, 1);
	ck_assert_uint_eq(s->rules[0].args[0].index, 5);
	ck_assert_uint_eq(s->rules[0].args[0].value, UINT64_MAX - 1);
	ck_assert_uint_eq(s->rules[0].args[0].value_two, 2);
	ck_assert_int_eq(s->rules[0].args[0].op, BT_OCI_SECCOMP_MASKED_EQ);
}
END_TEST

/* A text that is wrong in one place, and the message that says where. */
static const struct {
	const char *text, *message;
} wrong[] = {
	{ "[]", "must be an object" },
	{ "{}", "ociVersion: is required" },
	{ "{\"ociVersion\":\"2.0\"}", "ociVersion: version '2.0' is not supported, only 1.x" },
	{ "{\"ociVersion\":1}", "ociVersion: must be a string" },
	{ "{\"ociVersion\":\"1.0\",\"process\":{\"args\":[\"a\"]}}", "process.cwd: is required" },
	{ "{\"ociVersion\":\"1.0\",\"process\":{\"args\":[\"a\"],\"cwd\":\"w\"}}",
	  "process.cwd: must be an absolute path, not 'w'" },
	{ "{\"ociVersion\":\"1.0\",\"process\":{\"cwd\":\"/\",\"args\":[]}}",
	  "process.args: is required and not empty" },
	{ "{\"ociVersion\":\"1.0\",\"process\":{\"cwd\":\"/\",\"args\":[\"a\",3]}}",
	  "process.args[1]: must be a string" },
	{ "{\"ociVersion\":\"1.0\",\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],\"user\":{\"uid\":-1}}}",
	  "process.user.uid: must be between 0 and 4294967295" },
	{ "{\"ociVersion\":\"1.0\",\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],\"user\":{\"uid\":18446744073709551615}}}",
	  "process.user.uid: must be between 0 and 4294967295" },
	{ "{\"ociVersion\":\"1.0\",\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],\"rlimits\":["
	  "{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":0},{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":0}]}}",
	  "process.rlimits: entries 0 and 1 are of the same type" },
	{ "{\"ociVersion\":\"1.0\",\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],\"rlimits\":["
	  "{\"type\":\"RLIMIT_X\",\"soft\":0,\"hard\":0}]}}",
	  "process.rlimits[0].type: unknown value 'RLIMIT_X'" },
	{ "{\"ociVersion\":\"1.0\",\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],\"oomScoreAdj\":1001}}",
	  "process.oomScoreAdj: must be between -1000 and 1000" },
	{ "{\"ociVersion\":\"1.0\",\"mounts\":[{}]}", "mounts[0].destination: is required" },
	{ "{\"ociVersion\":\"1.0\",\"mounts\":[null]}", "mounts[0]: must not be null" },
	{ "{\"ociVersion\":\"1.0\",\"hooks\":{\"poststop\":[{\"path\":\"x\"}]}}",
	  "hooks.poststop[0].path: must be an absolute path, not 'x'" },
	{ "{\"ociVersion\":\"1.0\",\"annotations\":{\"a\":1}}", "annotations.a: must be a string" },
	{ "{\"ociVersion\":\"1.0\",\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]}}",
	  "linux.namespaces: entries 0 and 1 are of the same type" },
	{ "{\"ociVersion\":\"1.0\",\"linux\":{\"uidMappings\":[{\"hostID\":4294967295,\"size\":2}]}}",
	  "linux.uidMappings[0]: ends beyond the last id" },
	{ "{\"ociVersion\":\"1.0\",\"linux\":{\"resources\":{\"memory\":{\"limit\":\"64m\"}}}}",
	  "linux.resources.memory.limit: must be an integer" },
	{ "{\"ociVersion\":\"1.0\",\"linux\":{\"resources\":{\"memory\":{\"limit\":1e6}}}}",
	  "linux.resources.memory.limit: must be an integer" },
	{ "{\"ociVersion\":\"1.0\",\"linux\":{\"resources\":{\"memory\":{\"limit\":9223372036854775808}}}}",
	  "linux.resources.memory.limit: must be between -9223372036854775808 and 9223372036854775807" },
	{ "{\"ociVersion\":\"1.0\",\"linux\":{\"resources\":{\"cpu\":{\"shares\":-1}}}}",
	  "linux.resources.cpu.shares: must be between 0 and 18446744073709551615" },
	{ "{\"ociVersion\":\"1.0\",\"linux\":{\"resources\":{\"hugepageLimits\":[{\"pageSize\":\"../2MB\",\"limit\":1}]}}}",
	  "linux.resources.hugepageLimits[0].pageSize: must be a number with KB, MB or GB" },
	{ "{\"ociVersion\":\"1.0\",\"linux\":{\"resources\":{\"unified\":{\"../x.y\":\"1\"}}}}",
	  "linux.resources.unified: '../x.y' is not the name of a cgroup file" },
	{ "{\"ociVersion\":\"1.0\",\"linux\":{\"resources\":{\"devices\":[{\"access\":\"x\"}]}}}",
	  "linux.resources.devices[0].access: must be made of r, w and m" },
	{ "{\"ociVersion\":\"1.0\",\"linux\":{\"seccomp\":{\"defaultAction\":\"ALLOW\"}}}",
	  "linux.seccomp.defaultAction: unknown value 'ALLOW'" },
	{ "{\"ociVersion\":\"1.0\",\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":"
	  "[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_KILL\",\"args\":[{\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]}]}}}",
	  "linux.seccomp.syscalls[0].args[0].index: must be between 0 and 5" },
	{ "{\"ociVersion\":\"1.0\",\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],\"execCPUAffinity\":{\"final\":\"0-x\"}}}",
	  "process.execCPUAffinity.final: '0-x' is not a list of processors" },
	{ "{\"ociVersion\":\"1.0\",\"linux\":{\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"X\"]}}}",
	  "linux.personality.flags: unknown value 'X'" },
	{ "{\"ociVersion\":\"1.0\",\"linux\":{\"intelRdt\":{\"closID\":\"a/b\"}}}",
	  "linux.intelRdt.closID: must be a plain name" },
};

START_TEST(a_wrong_member_is_named_by_its_path)
{
	struct bt_arena scrap = { 0 };
	struct bt_oci_spec untouched = { .version = "mine" };
	struct bt_err why = { 0 };
	const char *text = wrong[_i].text;

	ck_assert_int_eq(bt_oci_spec_parse(text, strlen(text), &scrap, &untouched, &why), -EINVAL);
	ck_assert_int_eq(why.kind, BT_ERR_INVALID);
	ck_assert_str_eq(why.msg, wrong[_i].message);
	ck_assert_str_eq(untouched.version, "mine");
	bt_arena_done(&scrap);
}
END_TEST

START_TEST(a_name_given_twice_is_refused)
{
	static const char text[] = "{\"ociVersion\":\"1.0\",\"ociVersion\":\"1.1\"}";
	struct bt_arena scrap = { 0 };
	struct bt_oci_spec got;
	struct bt_err why = { 0 };

	ck_assert_int_eq(bt_oci_spec_parse(text, strlen(text), &scrap, &got, &why), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why.msg, "duplicate"));
	bt_arena_done(&scrap);
}
END_TEST

START_TEST(an_arena_that_is_full_is_an_error)
{
	struct bt_arena small = { .max = 1 };
	struct bt_oci_spec got;
	struct bt_err why = { 0 };

	ck_assert_int_eq(
		bt_oci_spec_parse(oci_spec_full, strlen(oci_spec_full), &small, &got, &why),
		-ENOMEM);
	ck_assert_int_eq(why.kind, BT_ERR_SYSTEM);
	bt_arena_done(&small);
}
END_TEST

START_TEST(lone_objects_parse_too)
{
	static const char process[] = "{\"cwd\":\"/\",\"args\":[\"true\"],\"user\":{\"uid\":7}}";
	static const char resources[] = "{\"pids\":{\"limit\":5}}";
	static const char seccomp[] = "{\"defaultAction\":\"SCMP_ACT_LOG\"}";
	struct bt_arena a = { 0 };
	struct bt_oci_process p;
	struct bt_oci_resources r;
	struct bt_oci_seccomp s;

	ck_assert_int_eq(bt_oci_process_parse(process, strlen(process), &a, &p, &err), 0);
	ck_assert_uint_eq(p.uid, 7);
	ck_assert_int_eq(bt_oci_resources_parse(resources, strlen(resources), &a, &r, &err), 0);
	ck_assert(r.set && r.pids_limit.value == 5);
	ck_assert_int_eq(bt_oci_seccomp_parse(seccomp, strlen(seccomp), &a, &s, &err), 0);
	ck_assert(s.set && !s.flags_set && s.default_action == BT_OCI_SECCOMP_LOG);
	ck_assert_int_eq(bt_oci_process_parse("{}", 2, &a, &p, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "process.cwd: is required");
	bt_arena_done(&a);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/oci_spec");
	TCase *members = tcase_create("members"), *errors = tcase_create("errors");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(members, setup, teardown);
	tcase_add_test(members, process_has_every_member);
	tcase_add_test(members, process_has_its_scheduling);
	tcase_add_test(members, top_level_has_every_member);
	tcase_add_test(members, linux_has_every_member);
	tcase_add_test(members, resources_have_every_member);
	tcase_add_test(members, seccomp_has_every_member);
	suite_add_tcase(suite, members);
	tcase_add_loop_test(errors, a_wrong_member_is_named_by_its_path, 0,
			    (int)(sizeof(wrong) / sizeof(wrong[0])));
	tcase_add_test(errors, a_name_given_twice_is_refused);
	tcase_add_test(errors, an_arena_that_is_full_is_an_error);
	tcase_add_test(errors, lone_objects_parse_too);
	suite_add_tcase(suite, errors);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
