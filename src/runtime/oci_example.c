/* SPDX-License-Identifier: Apache-2.0 */

/* spec of the OCI command line. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/str.h"
#include "codec/json.h"
#include "runtime/oci_cli.h"

/* A beginning that runs a shell with few rights on a terminal. */
static const char example[] =
	"{\"ociVersion\":\"1.3.0\",\"process\":{\"terminal\":true,\"user\":{\"uid\":0,\"gid\":0},"
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

/* Without "gid=5": nobody of that number is there. */
static int drop_ids(json_t *options)
{
	size_t i = 0;

	while (i < json_array_size(options)) {
		const char *text = json_string_value(json_array_get(options, i));

		if (bt_str_after(text, "gid=") == NULL && bt_str_after(text, "uid=") == NULL)
			i++;
		else if (json_array_remove(options, i) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The host's /sys in place of a new one: with the host's network there is no other. It brings what
 * is mounted below it; the container has no control group of its own to show there. */
static int change_mounts(json_t *spec)
{
	json_t *mounts = json_object_get(spec, "mounts");
	size_t i = 0;

	while (i < json_array_size(mounts)) {
		json_t *mount = json_array_get(mounts, i);
		const char *at = bt_json_str(mount, "destination", "");
		int r = 0;

		if (strcmp(at, "/sys") == 0)
			r = json_array_set_new(mounts, i++,
					       json_pack("{s:s, s:s, s:s, s:[s, s, s, s, s]}",
							 "destination", "/sys", "type", "none",
							 "source", "/sys", "options", "rbind",
							 "nosuid", "noexec", "nodev", "ro"));
		else if (bt_str_after(at, "/sys/") != NULL)
			r = json_array_remove(mounts, i);
		else
			r = drop_ids(json_object_get(json_array_get(mounts, i++), "options"));
		if (r < 0)
			return -ENOMEM;
	}
	return 0;
}

/* For who may map himself and nobody else, and has no control group. */
static int make_rootless(json_t *spec)
{
	json_t *lin = json_object_get(spec, "linux"), *list = json_object_get(lin, "namespaces");
	json_t *uids = json_pack("[{s:i, s:I, s:i}]", "containerID", 0, "hostID",
				 (json_int_t)geteuid(), "size", 1);
	json_t *gids = json_pack("[{s:i, s:I, s:i}]", "containerID", 0, "hostID",
				 (json_int_t)getegid(), "size", 1);
	int r = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *type = bt_json_str(json_array_get(list, i), "type", "");

		if (strcmp(type, "network") == 0)
			r |= json_array_remove(list, i--);
	}
	r |= json_array_append_new(list, json_pack("{s:s}", "type", "user"));
	r |= json_object_set_new(lin, "uidMappings", uids);
	r |= json_object_set_new(lin, "gidMappings", gids);
	r |= json_object_del(lin, "resources");
	return r != 0 ? -ENOMEM : change_mounts(spec);
}

static int write_example(const char *dir, bool rootless, struct bt_err *err)
{
	bt_auto_free char *path = bt_path_join(dir, "config.json"), *text = NULL;
	json_auto_t *json = json_loads(example, 0, NULL);
	bt_auto_close int fd = -EBADF;
	int r;

	if (json != NULL && (!rootless || make_rootless(json) == 0))
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
	bool rootless = false;
	int flag, r;

	(void)cli;
	(void)ret_code;
	while ((flag = bt_oci_cli_flag(argc, argv, "+b:", flags, err)) != -1) {
		if (flag == 'r')
			rootless = true;
		else if (flag == 'b')
			dir = optarg;
		else
			return -EINVAL;
	}
	r = bt_oci_cli_count(argv[0], argc - optind, 0, 0, err);
	return r < 0 ? r : write_example(dir, rootless, err);
}
