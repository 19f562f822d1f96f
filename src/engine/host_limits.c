/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/host_limits.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "engine/jget.h"
#include "sys/caps.h"

bool bt_host_limits_unified(void)
{
	return access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
}

bool bt_host_limits_kernel_tcp(void)
{
	return access("/sys/fs/cgroup/memory/memory.kmem.tcp.limit_in_bytes", F_OK) == 0;
}

static void warn(json_t *warnings, const char *text)
{
	json_array_append_new(warnings, json_string(text));
}

static void cut_foreign(json_t *hc, json_t *warnings)
{
	if (bt_jget_int(hc, "MemorySwappiness") != -1 &&
	    json_is_integer(json_object_get(hc, "MemorySwappiness"))) {
		warn(warnings, "Your kernel does not support memory swappiness capabilities or the "
			       "cgroup is not mounted. Memory swappiness discarded.");
		json_object_set_new(hc, "MemorySwappiness", json_null());
	}
	if (bt_jget_bool(hc, "OomKillDisable")) {
		warn(warnings, "Your kernel does not support OomKillDisable. OomKillDisable "
			       "discarded.");
		json_object_set_new(hc, "OomKillDisable", json_false());
	}
}

static bool any(const char *pattern)
{
	glob_t found;
	bool yes = glob(pattern, GLOB_NOSORT, NULL, &found) == 0;

	if (yes)
		globfree(&found);
	return yes;
}

/* The root group of version 2 has no such files: other groups tell, where there are any. */
static bool has_weights(bool unified)
{
	if (!unified)
		return any("/sys/fs/cgroup/blkio/blkio.bfq.weight") ||
		       any("/sys/fs/cgroup/blkio/blkio.weight");
	return any("/sys/fs/cgroup/*/io.weight") || any("/sys/fs/cgroup/*/io.bfq.weight") ||
	       !any("/sys/fs/cgroup/*/io.max");
}

static void cut_weights(json_t *hc, bool unified, json_t *warnings)
{
	bool one = bt_jget_int(hc, "BlkioWeight") != 0;
	bool each = json_array_size(json_object_get(hc, "BlkioWeightDevice")) > 0;

	if ((!one && !each) || has_weights(unified))
		return;
	if (one)
		warn(warnings, "Your kernel does not support Block I/O weight or the cgroup is not "
			       "mounted. Weight discarded.");
	if (each)
		warn(warnings, "Your kernel does not support Block I/O weight_device or the cgroup "
			       "is not mounted. Weight-device discarded.");
	json_object_set_new(hc, "BlkioWeight", json_integer(0));
	json_object_set_new(hc, "BlkioWeightDevice", json_null());
}

/* Only version 1 has it, and a kernel may be built without. */
static void cut_kernel_memory(json_t *hc, json_t *warnings)
{
	if (bt_jget_int(hc, "KernelMemoryTCP") == 0 || bt_host_limits_kernel_tcp())
		return;
	warn(warnings, "Your kernel does not support kernel memory TCP limit capabilities or the "
		       "cgroup is not mounted. Limitation discarded.");
	json_object_del(hc, "KernelMemoryTCP");
}

static bool may_raise_limits(void)
{
	return (bt_caps_bounding() & UINT64_C(1) << CAP_SYS_RESOURCE) != 0;
}

/* The score that containers inherit is the lowest that they can have. */
static void tell_score(const json_t *hc, json_t *warnings)
{
	bt_auto_free char *now = NULL, *text = NULL;
	int64_t wanted = bt_jget_int(hc, "OomScoreAdj");

	if (wanted >= 0 || may_raise_limits() ||
	    bt_io_read_file(AT_FDCWD, "/proc/self/oom_score_adj", 16, &now, NULL) < 0 ||
	    wanted >= atoi(now))
		return;
	text = bt_str_format("OomScoreAdj %" PRId64 " cannot be had on this machine: the container "
			     "keeps the daemon's, %d.",
			     wanted, atoi(now));
	if (text)
		warn(warnings, text);
}

static int number_of(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} limits[] = {
		{ "as", RLIMIT_AS },
		{ "core", RLIMIT_CORE },
		{ "cpu", RLIMIT_CPU },
		{ "data", RLIMIT_DATA },
		{ "fsize", RLIMIT_FSIZE },
		{ "locks", RLIMIT_LOCKS },
		{ "memlock", RLIMIT_MEMLOCK },
		{ "msgqueue", RLIMIT_MSGQUEUE },
		{ "nice", RLIMIT_NICE },
		{ "nofile", RLIMIT_NOFILE },
		{ "nproc", RLIMIT_NPROC },
		{ "rss", RLIMIT_RSS },
		{ "rtprio", RLIMIT_RTPRIO },
		{ "rttime", RLIMIT_RTTIME },
		{ "sigpending", RLIMIT_SIGPENDING },
		{ "stack", RLIMIT_STACK },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (strcasecmp(limits[i].name, name) == 0)
			return limits[i].number;
	return -1;
}

/* With the right to raise limits there is still one for descriptors. */
static rlim_t most_of(__rlimit_resource_t type)
{
	bt_auto_free char *text = NULL;
	unsigned long long number;
	struct rlimit own;

	if (!may_raise_limits())
		return getrlimit(type, &own) < 0 ? RLIM_INFINITY : own.rlim_max;
	if (type != RLIMIT_NOFILE ||
	    bt_io_read_file(AT_FDCWD, "/proc/sys/fs/nr_open", 32, &text, NULL) < 0)
		return RLIM_INFINITY;
	text[strcspn(text, "\n")] = '\0';
	return bt_str_to_u64(text, &number) < 0 ? RLIM_INFINITY : (rlim_t)number;
}

static void tell_ulimits(const json_t *hc, json_t *warnings)
{
	const json_t *item;
	size_t i;

	json_array_foreach (json_object_get(hc, "Ulimits"), i, item) {
		int number = number_of(bt_jget_text(item, "Name"));
		rlim_t hard = (rlim_t)bt_jget_int(item, "Hard"), most = RLIM_INFINITY;
		bt_auto_free char *text = NULL;

		if (number >= 0)
			most = most_of((__rlimit_resource_t)number);
		if (hard <= most)
			continue;
		text = bt_str_format("Ulimit %s cannot be raised above %llu on this machine: it is "
				     "cut to that.",
				     bt_jget_text(item, "Name"), (unsigned long long)most);
		if (text)
			warn(warnings, text);
	}
}

int bt_host_limits_cut(json_t *hc, bool unified, json_t *warnings, struct bt_err *err)
{
	bool real_time = bt_jget_int(hc, "CpuRealtimePeriod") != 0 ||
			 bt_jget_int(hc, "CpuRealtimeRuntime") != 0;

	if (real_time && (unified || !any("/sys/fs/cgroup/cpu/cpu.rt_runtime_us")))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "Your kernel does not support CPU real-time scheduler");
	if (unified)
		cut_foreign(hc, warnings);
	else if (bt_jget_bool(hc, "OomKillDisable") && bt_jget_int(hc, "Memory") == 0)
		warn(warnings, "OOM killer is disabled for the container, but no memory limit is "
			       "set, this can result in the system running out of resources.");
	cut_kernel_memory(hc, warnings);
	cut_weights(hc, unified, warnings);
	tell_score(hc, warnings);
	tell_ulimits(hc, warnings);
	return 0;
}
