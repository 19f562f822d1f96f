/* SPDX-License-Identifier: Apache-2.0 */

/* features and spec of the OCI command line. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "codec/capability.h"
#include "codec/json.h"
#include "runtime/mount_options.h"
#include "runtime/oci_cli.h"

static json_t *strings(const char *const *list)
{
	json_t *json = json_array();

	for (; *list != NULL && json != NULL; list++) {
		if (json_array_append_new(json, json_string(*list)) < 0)
			break;
	}
	return json;
}

static json_t *capabilities(void)
{
	json_t *json = json_array();

	for (int cap = 0; cap < BT_CAPABILITY_COUNT && json != NULL; cap++) {
		if (json_array_append_new(json, json_string(bt_capability_name(cap))) < 0)
			break;
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
	static const char *const archs[] = { "SCMP_ARCH_AARCH64",
					     "SCMP_ARCH_ARM",
					     "SCMP_ARCH_LOONGARCH64",
					     "SCMP_ARCH_MIPS",
					     "SCMP_ARCH_MIPS64",
					     "SCMP_ARCH_MIPS64N32",
					     "SCMP_ARCH_MIPSEL",
					     "SCMP_ARCH_MIPSEL64",
					     "SCMP_ARCH_MIPSEL64N32",
					     "SCMP_ARCH_PPC",
					     "SCMP_ARCH_PPC64",
					     "SCMP_ARCH_PPC64LE",
					     "SCMP_ARCH_RISCV64",
					     "SCMP_ARCH_S390",
					     "SCMP_ARCH_S390X",
					     "SCMP_ARCH_X32",
					     "SCMP_ARCH_X86",
					     "SCMP_ARCH_X86_64",
					     NULL };

	return json_pack("{s:b, s:o, s:o, s:o}", "enabled", 1, "actions", strings(actions),
			 "operators", strings(operators), "archs", strings(archs));
}

static json_t *linux_features(void)
{
	static const char *const namespaces[] = { "cgroup", "ipc",  "mount", "network", "pid",
						  "time",   "user", "uts",   NULL };

	return json_pack("{s:o, s:o, s:{s:b, s:b, s:b, s:b, s:b}, s:o, s:{s:b}, s:{s:b}, s:{s:b}, "
			 "s:{s:{s:b}}}",
			 "namespaces", strings(namespaces), "capabilities", capabilities(),
			 "cgroup", "v1", 1, "v2", 1, "systemd", 0, "systemdUser", 0, "rdma", 1,
			 "seccomp", seccomp(), "apparmor", "enabled", 1, "selinux", "enabled", 1,
			 "intelRdt", "enabled", 0, "mountExtensions", "idmap", "enabled", 1);
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
	json_auto_t *json = NULL;

	(void)cli;
	(void)ret_code;
	if (argc > 1)
		return bt_oci_cli_count(argv[0], argc - 1, 0, 0, err);
	json = json_pack("{s:s, s:s, s:o, s:o, s:o}", "ociVersionMin", "1.0.0", "ociVersionMax",
			 "1.3.0", "hooks", strings(hooks), "mountOptions",
			 strings(bt_mount_options_known()), "linux", linux_features());
	if (json == NULL || json_dumpf(json, stdout, JSON_INDENT(2)) < 0 || putchar('\n') < 0)
		return bt_err_sys(err, -ENOMEM, "print the features");
	return 0;
}

/* A beginning that runs a shell with few rights on a terminal. */
static const char example[] =
	"{\"ociVersion\":\"1.2.0\",\"process\":{\"terminal\":true,\"user\":{\"uid\":0,\"gid\":0},"
	"\"args\":[\"sh\"],\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
	"/sbin:/bin\",\"TERM=xterm\"],\"cwd\":\"/\",\"capabilities\":{"
	"\"bounding\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],"
	"\"effective\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],"
	"\"permitted\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]},"
	"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}],"
	"\"noNewPrivileges\":true},\"root\":{\"path\":\"rootfs\",\"readonly\":true},"
	"\"hostname\":\"berth\",\"mounts\":["
	"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":"
	"[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":"
	"[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"]},"
	"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\",\"options\":"
	"[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\",\"options\":"
	"[\"nosuid\",\"noexec\",\"nodev\"]},"
	"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\",\"options\":"
	"[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},"
	"{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}],"
	"\"linux\":{\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]},"
	"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},"
	"{\"type\":\"uts\"},{\"type\":\"mount\"},{\"type\":\"cgroup\"}],"
	"\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\",\"/proc/keys\","
	"\"/proc/latency_stats\",\"/proc/timer_list\",\"/proc/timer_stats\","
	"\"/proc/sched_debug\",\"/sys/firmware\",\"/proc/scsi\"],"
	"\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\","
	"\"/proc/sysrq-trigger\"]}}";

static int write_example(const char *dir, struct bt_err *err)
{
	bt_auto_free char *path = bt_path_join(dir, "config.json"), *text = NULL;
	json_auto_t *json = json_loads(example, 0, NULL);
	bt_auto_close int fd = -EBADF;
	int r;

	if (json != NULL)
		text = json_dumps(json, JSON_INDENT(8));
	if (path == NULL || text == NULL)
		return bt_err_sys(err, -ENOMEM, "write config.json");
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return errno == EEXIST ? bt_err_set(err, BT_ERR_CONFLICT, EEXIST,
						    "file config.json exists: remove it first")
				       : bt_err_sys(err, -errno, "write %s", path);
	r = bt_io_write_all(fd, text, strlen(text));
	if (r == 0)
		r = bt_io_write_all(fd, "\n", 1);
	return r < 0 ? bt_err_sys(err, r, "write %s", path) : 0;
}

int bt_oci_spec_command(const struct bt_oci_cli *cli, int argc, char **argv, int *ret_code,
			struct bt_err *err)
{
	static const struct option flags[] = { { "bundle", required_argument, NULL, 'b' },
					       { "rootless", no_argument, NULL, 'r' },
					       { 0 } };
	const char *dir = ".";
	int flag, r;

	(void)cli;
	(void)ret_code;
	while ((flag = bt_oci_cli_flag(argc, argv, "+b:", flags, err)) != -1) {
		if (flag == 'r')
			return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOSYS,
					  "--rootless: running without root is not offered yet");
		if (flag != 'b')
			return -EINVAL;
		dir = optarg;
	}
	r = bt_oci_cli_count(argv[0], argc - optind, 0, 0, err);
	return r < 0 ? r : write_example(dir, err);
}
