/* SPDX-License-Identifier: Apache-2.0 */

/* features of the OCI command line. */

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "codec/capability.h"
#include "codec/json.h"
#include "runtime/mount_options.h"
#include "runtime/oci_cli.h"

/* An array that lacks something is none, so that what is made of it fails. */
static void add(json_t **array, json_t *item)
{
	if (json_array_append_new(*array, item) == 0)
		return;
	json_decref(*array);
	*array = NULL;
}

static json_t *strings(const char *const *list)
{
	json_t *json = json_array();

	for (; *list != NULL && json != NULL; list++)
		add(&json, json_string(*list));
	return json;
}

static json_t *capabilities(void)
{
	json_t *json = json_array();

	for (int cap = 0; cap < BT_CAPABILITY_COUNT && json != NULL; cap++)
		add(&json, json_string(bt_capability_name(cap)));
	return json;
}

/* Those that the specification knows, or those of them that this kernel has: it says EFAULT of
 * the missing filter where it knows the flag, and EINVAL where it does not. */
static json_t *seccomp_flags(bool supported)
{
	static const struct {
		const char *name;
		unsigned long flag;
	} flags[] = {
		{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
		{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
		{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
		{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
		  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV | SECCOMP_FILTER_FLAG_NEW_LISTENER },
	};
	json_t *json = json_array();

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && json != NULL; i++) {
		if (supported &&
		    (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags[i].flag, NULL) == 0 ||
		     errno != EFAULT))
			continue;
		add(&json, json_string(flags[i].name));
	}
	return json;
}

static json_t *seccomp(void)
{
	static const char *const actions[] = { "SCMP_ACT_ALLOW",       "SCMP_ACT_ERRNO",
					       "SCMP_ACT_KILL",        "SCMP_ACT_KILL_PROCESS",
					       "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG",
					       "SCMP_ACT_NOTIFY",      "SCMP_ACT_TRACE",
					       "SCMP_ACT_TRAP",        NULL };
	static const char *const operators[] = { "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
						 "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ",
						 "SCMP_CMP_NE", NULL };
	static const char *const archs[] = {
		"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM",      "SCMP_ARCH_LOONGARCH64",
		"SCMP_ARCH_MIPS",    "SCMP_ARCH_MIPS64",   "SCMP_ARCH_MIPS64N32",
		"SCMP_ARCH_MIPSEL",  "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32",
		"SCMP_ARCH_PARISC",  "SCMP_ARCH_PARISC64", "SCMP_ARCH_PPC",
		"SCMP_ARCH_PPC64",   "SCMP_ARCH_PPC64LE",  "SCMP_ARCH_RISCV64",
		"SCMP_ARCH_S390",    "SCMP_ARCH_S390X",    "SCMP_ARCH_X32",
		"SCMP_ARCH_X86",     "SCMP_ARCH_X86_64",   NULL
	};

	return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o}", "enabled", 1, "actions",
			 strings(actions), "operators", strings(operators), "archs", strings(archs),
			 "knownFlags", seccomp_flags(false), "supportedFlags", seccomp_flags(true));
}

static json_t *linux_features(void)
{
	static const char *const namespaces[] = { "cgroup", "ipc",  "mount", "network", "pid",
						  "time",   "user", "uts",   NULL };
	static const char *const policies[] = { "MPOL_DEFAULT",
						"MPOL_PREFERRED",
						"MPOL_BIND",
						"MPOL_INTERLEAVE",
						"MPOL_LOCAL",
						"MPOL_PREFERRED_MANY",
						"MPOL_WEIGHTED_INTERLEAVE",
						NULL };
	static const char *const policy_flags[] = { "MPOL_F_NUMA_BALANCING",
						    "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES",
						    NULL };

	return json_pack(
		"{s:o, s:o, s:{s:b, s:b, s:b, s:b, s:b}, s:o, s:{s:b}, s:{s:b}, s:{s:b, s:b, s:b}, "
		"s:{s:o, s:o}, s:{s:{s:b}}, s:{s:b}}",
		"namespaces", strings(namespaces), "capabilities", capabilities(), "cgroup", "v1",
		1, "v2", 1, "systemd", 1, "systemdUser", 0, "rdma", 1, "seccomp", seccomp(),
		"apparmor", "enabled", 1, "selinux", "enabled", 1, "intelRdt", "enabled", 1,
		"schemata", 1, "monitoring", 1, "memoryPolicy", "modes", strings(policies), "flags",
		strings(policy_flags), "mountExtensions", "idmap", "enabled", 1, "netDevices",
		"enabled", 1);
}

int bt_oci_features(const struct bt_oci_cli *cli, int argc, char **argv, int *ret_code,
		    struct bt_err *err)
{
	static const char *const hooks[] = { "prestart",
					     "createRuntime",
					     "createContainer",
					     "startContainer",
					     "poststart",
					     "poststop",
					     NULL };
	static const struct option none[] = { { 0 } };
	json_auto_t *json = NULL;
	int r;

	(void)cli;
	(void)ret_code;
	if (bt_oci_cli_flag(argc, argv, "+", none, err) != -1)
		return -EINVAL;
	r = bt_oci_cli_count(argv[0], argc - optind, 0, 0, err);
	if (r < 0)
		return r;
	json = json_pack("{s:s, s:s, s:o, s:o, s:o}", "ociVersionMin", "1.0.0", "ociVersionMax",
			 "1.3.0", "hooks", strings(hooks), "mountOptions",
			 strings(bt_mount_options_known()), "linux", linux_features());
	if (json == NULL || json_dumpf(json, stdout, JSON_INDENT(2)) < 0 || putchar('\n') < 0)
		return bt_err_sys(err, -ENOMEM, "print the features");
	return 0;
}
