/* SPDX-License-Identifier: Apache-2.0 */

/* The flags of run and create, in order of name. */

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "cli/check.h"
#include "cli/create.h"
#include "cli/create_gpus.h"
#include "cli/create_mount.h"
#include "cli/create_network.h"

static int check_dns(const char *value, struct bt_err *err)
{
	if (bt_check_ip(value, BT_ERR_IGNORED) == 0)
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "IP address is not correctly formatted: %s",
			  value);
}

static int check_address(const char *value, struct bt_err *err)
{
	return bt_check_ip(value, err);
}

static int check_label(const char *value, struct bt_err *err)
{
	if (*value && *value != '=')
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid label '%s': empty name", value);
}

/* Only what has a namespace of its own may be set for one container. */
static int check_sysctl(const char *value, struct bt_err *err)
{
	static const char *const names[] = {
		"kernel.msgmax=", "kernel.msgmnb=", "kernel.msgmni=", "kernel.sem=",
		"kernel.shmall=", "kernel.shmmax=", "kernel.shmmni=", "kernel.shm_rmid_forced=",
		"net.",           "fs.mqueue."
	};

	for (size_t i = 0; strchr(value, '=') && i < sizeof(names) / sizeof(names[0]); i++)
		if (bt_str_after(value, names[i]))
			return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "sysctl '%s' is not allowed", value);
}

/* clang-format off */
const struct bt_flag bt_create_flags[] = {
	{ 0, BT_FLAG_LIST, "add-host", NULL, "A further name of a host, as NAME:ADDRESS", NULL, bt_check_host },
	{ 0, BT_FLAG_LIST, "annotation", "map", "An annotation for the OCI runtime", NULL, bt_check_pair },
	{ 'a', BT_FLAG_LIST, "attach", NULL, "Attach to STDIN, STDOUT or STDERR", NULL, bt_check_stream },
	{ 0, BT_FLAG_STRING, "blkio-weight", "uint16", "Weight of block I/O from 10 to 1000, 0 for none", NULL, bt_check_uint16 },
	{ 0, BT_FLAG_LIST, "blkio-weight-device", NULL, "Weight of block I/O on one device", NULL, bt_create_resources_check_weight },
	{ 0, BT_FLAG_LIST, "cap-add", NULL, "Add a capability", NULL, NULL },
	{ 0, BT_FLAG_LIST, "cap-drop", NULL, "Drop a capability", NULL, NULL },
	{ 0, BT_FLAG_STRING, "cgroup-parent", NULL, "The control group above the container's", NULL, NULL },
	{ 0, BT_FLAG_STRING, "cgroupns", NULL, "Control group namespace: host or private", NULL, NULL },
	{ 0, BT_FLAG_STRING, "cidfile", NULL, "Write the container's id to this file", NULL, NULL },
	{ 0, BT_FLAG_STRING, "cpu-count", "int", "Number of processors (Windows only)", NULL, bt_check_int },
	{ 0, BT_FLAG_STRING, "cpu-percent", "int", "Percent of the processors (Windows only)", NULL, bt_check_int },
	{ 0, BT_FLAG_STRING, "cpu-period", "int", "Period of the CPU quota in microseconds", NULL, bt_check_int },
	{ 0, BT_FLAG_STRING, "cpu-quota", "int", "CPU time in each period in microseconds", NULL, bt_check_int },
	{ 0, BT_FLAG_STRING, "cpu-rt-period", "int", "Period of real-time scheduling in microseconds", NULL, bt_check_int },
	{ 0, BT_FLAG_STRING, "cpu-rt-runtime", "int", "Real-time CPU time in each period in microseconds", NULL, bt_check_int },
	{ 'c', BT_FLAG_STRING, "cpu-shares", "int", "Weight of CPU time", NULL, bt_check_int },
	{ 0, BT_FLAG_STRING, "cpus", "decimal", "Number of processors", NULL, bt_check_cpus },
	{ 0, BT_FLAG_STRING, "cpuset-cpus", NULL, "Processors that may be used (0-3, 0,1)", NULL, NULL },
	{ 0, BT_FLAG_STRING, "cpuset-mems", NULL, "Memory nodes that may be used (0-3, 0,1)", NULL, NULL },
	{ 0, BT_FLAG_LIST, "device", NULL, "A device of the host, as HOST[:CONTAINER[:rwm]]", NULL, NULL },
	{ 0, BT_FLAG_LIST, "device-cgroup-rule", NULL, "A rule for the list of allowed devices", NULL, bt_create_resources_check_rule },
	{ 0, BT_FLAG_LIST, "device-read-bps", NULL, "Bytes a second that may be read from a device", NULL, bt_create_resources_check_bps },
	{ 0, BT_FLAG_LIST, "device-read-iops", NULL, "Reads a second from a device", NULL, bt_create_resources_check_iops },
	{ 0, BT_FLAG_LIST, "device-write-bps", NULL, "Bytes a second that may be written to a device", NULL, bt_create_resources_check_bps },
	{ 0, BT_FLAG_LIST, "device-write-iops", NULL, "Writes a second to a device", NULL, bt_create_resources_check_iops },
	{ 0, BT_FLAG_BOOL, "disable-content-trust", NULL, "Only true is known: there is no content trust", "true", bt_check_no_trust },
	{ 0, BT_FLAG_LIST, "dns", NULL, "A name server", NULL, check_dns },
	{ 0, BT_FLAG_LIST, "dns-option", NULL, "An option for the resolver", NULL, NULL },
	{ 0, BT_FLAG_LIST, "dns-search", NULL, "A domain to search", NULL, NULL },
	{ 0, BT_FLAG_STRING, "domainname", NULL, "The container's domain name", NULL, NULL },
	{ 0, BT_FLAG_STRING, "entrypoint", NULL, "Instead of the image's entry point", NULL, NULL },
	{ 'e', BT_FLAG_LIST, "env", NULL, "An environment variable", NULL, bt_check_env },
	{ 0, BT_FLAG_LIST, "env-file", NULL, "Read environment variables from a file", NULL, NULL },
	{ 0, BT_FLAG_LIST, "expose", NULL, "A port or range to expose", NULL, NULL },
	{ 0, BT_FLAG_LIST, "gpus", "gpu-request", "GPU devices to add to the container ('all' to pass all GPUs)", NULL, bt_create_gpus_check },
	{ 0, BT_FLAG_LIST, "group-add", NULL, "A further group", NULL, NULL },
	{ 0, BT_FLAG_STRING, "health-cmd", NULL, "The command that checks health", NULL, NULL },
	{ 0, BT_FLAG_STRING, "health-interval", "duration", "Time between checks (ms, s, m, h)", NULL, bt_check_duration },
	{ 0, BT_FLAG_STRING, "health-retries", "int", "Failures in a row that mean unhealthy", NULL, bt_check_int },
	{ 0, BT_FLAG_STRING, "health-start-interval", "duration", "Time between checks in the start period", NULL, bt_check_duration },
	{ 0, BT_FLAG_STRING, "health-start-period", "duration", "Time to start before failures count", NULL, bt_check_duration },
	{ 0, BT_FLAG_STRING, "health-timeout", "duration", "Time that one check may take", NULL, bt_check_duration },
	{ 'h', BT_FLAG_STRING, "hostname", NULL, "The container's host name", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "init", NULL, "Run an init that passes signals on and reaps processes", NULL, NULL },
	{ 'i', BT_FLAG_BOOL, "interactive", NULL, "Keep standard input open", NULL, NULL },
	{ 0, BT_FLAG_STRING, "io-maxbandwidth", "bytes", "Bandwidth of the system drive (Windows only)", NULL, bt_check_bytes },
	{ 0, BT_FLAG_STRING, "io-maxiops", "uint", "Operations a second on the system drive (Windows only)", NULL, bt_check_uint },
	{ 0, BT_FLAG_STRING, "ip", NULL, "IPv4 address", NULL, check_address },
	{ 0, BT_FLAG_STRING, "ip6", NULL, "IPv6 address", NULL, check_address },
	{ 0, BT_FLAG_STRING, "ipc", NULL, "IPC namespace to use", NULL, NULL },
	{ 0, BT_FLAG_STRING, "isolation", NULL, "Isolation technology", NULL, NULL },
	{ 0, BT_FLAG_STRING, "kernel-memory", "bytes", NULL, NULL, bt_check_bytes },
	{ 'l', BT_FLAG_LIST, "label", NULL, "Set metadata", NULL, check_label },
	{ 0, BT_FLAG_LIST, "label-file", NULL, "Read labels from a file", NULL, NULL },
	{ 0, BT_FLAG_LIST, "link", NULL, "Link to another container", NULL, NULL },
	{ 0, BT_FLAG_LIST, "link-local-ip", NULL, "A link-local address", NULL, NULL },
	{ 0, BT_FLAG_STRING, "log-driver", NULL, "Logging driver", NULL, NULL },
	{ 0, BT_FLAG_LIST, "log-opt", NULL, "Option of the logging driver", NULL, NULL },
	{ 0, BT_FLAG_STRING, "mac-address", NULL, "MAC address", NULL, NULL },
	{ 'm', BT_FLAG_STRING, "memory", "bytes", "Memory limit", NULL, bt_check_bytes },
	{ 0, BT_FLAG_STRING, "memory-reservation", "bytes", "Memory soft limit", NULL, bt_check_bytes },
	{ 0, BT_FLAG_STRING, "memory-swap", "bytes", "Memory and swap together, -1 for no limit", NULL, bt_check_swap },
	{ 0, BT_FLAG_STRING, "memory-swappiness", "int", "Swappiness from 0 to 100", NULL, bt_check_int },
	{ 0, BT_FLAG_LIST, "mount", "mount", "Attach a file system to the container", NULL, bt_create_mount_check },
	{ 0, BT_FLAG_STRING, "name", NULL, "Name of the container", NULL, NULL },
	{ 0, BT_FLAG_LIST, "network", "network", "Connect to a network", NULL, bt_create_network_check },
	{ 0, BT_FLAG_LIST, "network-alias", NULL, "A further name on the network", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "no-healthcheck", NULL, "No health check, whatever the image says", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "oom-kill-disable", NULL, "Do not kill when memory runs out", NULL, NULL },
	{ 0, BT_FLAG_STRING, "oom-score-adj", "int", "Preference of the OOM killer, -1000 to 1000", NULL, bt_check_int },
	{ 0, BT_FLAG_STRING, "pid", NULL, "PID namespace to use", NULL, NULL },
	{ 0, BT_FLAG_STRING, "pids-limit", "int", "Limit of processes, -1 for none", NULL, bt_check_int },
	{ 0, BT_FLAG_STRING, "platform", NULL, "Platform, where the daemon can choose", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "privileged", NULL, "Give all privileges", NULL, NULL },
	{ 'p', BT_FLAG_LIST, "publish", NULL, "Publish a port, as [ADDRESS:][HOST:]CONTAINER[/PROTOCOL]", NULL, NULL },
	{ 'P', BT_FLAG_BOOL, "publish-all", NULL, "Publish all exposed ports to random ones", NULL, NULL },
	{ 0, BT_FLAG_STRING, "pull", NULL, "Pull the image first: always, missing, never", "missing", NULL },
	{ 'q', BT_FLAG_BOOL, "quiet", NULL, "Be silent about pulling", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "read-only", NULL, "Mount the root file system read-only", NULL, NULL },
	{ 0, BT_FLAG_STRING, "restart", NULL, "Restart policy", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "rm", NULL, "Remove the container when it exits", NULL, NULL },
	{ 0, BT_FLAG_STRING, "runtime", NULL, "OCI runtime", NULL, NULL },
	{ 0, BT_FLAG_LIST, "security-opt", NULL, "Security option", NULL, NULL },
	{ 0, BT_FLAG_STRING, "shm-size", "bytes", "Size of /dev/shm", NULL, bt_check_bytes },
	{ 0, BT_FLAG_STRING, "stop-signal", NULL, "Signal that stops the container", NULL, NULL },
	{ 0, BT_FLAG_STRING, "stop-timeout", "int", "Seconds to wait before it is killed", NULL, bt_check_int },
	{ 0, BT_FLAG_LIST, "storage-opt", NULL, "Option of the storage driver", NULL, NULL },
	{ 0, BT_FLAG_LIST, "sysctl", "map", "Kernel parameter", NULL, check_sysctl },
	{ 0, BT_FLAG_LIST, "tmpfs", NULL, "Mount a tmpfs", NULL, NULL },
	{ 't', BT_FLAG_BOOL, "tty", NULL, "Allocate a terminal", NULL, NULL },
	{ 0, BT_FLAG_LIST, "ulimit", "ulimit", "A ulimit, as NAME=SOFT[:HARD]", NULL, bt_create_resources_check_ulimit },
	{ 0, BT_FLAG_BOOL, "use-api-socket", NULL, NULL, NULL, NULL },
	{ 'u', BT_FLAG_STRING, "user", NULL, "User, as NAME or UID[:GROUP]", NULL, NULL },
	{ 0, BT_FLAG_STRING, "userns", NULL, "User namespace to use", NULL, NULL },
	{ 0, BT_FLAG_STRING, "uts", NULL, "UTS namespace to use", NULL, NULL },
	{ 'v', BT_FLAG_LIST, "volume", NULL, "Bind a directory or mount a volume", NULL, NULL },
	{ 0, BT_FLAG_STRING, "volume-driver", NULL, "Driver of volumes", NULL, NULL },
	{ 0, BT_FLAG_LIST, "volumes-from", NULL, "Mount the volumes of another container", NULL, NULL },
	{ 'w', BT_FLAG_STRING, "workdir", NULL, "Working directory", NULL, NULL },
	{ 0 },
};
/* clang-format on */
