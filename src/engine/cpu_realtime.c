/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/cpu_realtime.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "engine/jget.h"

int bt_cpu_realtime_check(const json_t *hc, struct bt_err *err)
{
	int64_t period = bt_jget_int(hc, "CpuRealtimePeriod");
	int64_t runtime = bt_jget_int(hc, "CpuRealtimeRuntime");

	if (period != 0 && runtime > period)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "cpu real-time runtime cannot be higher than cpu real-time "
				  "period");
	return 0;
}

static int write_number(const char *dir, const char *file, int64_t value)
{
	bt_auto_free char *path = bt_str_format("%s/%s", dir, file);
	bt_auto_free char *text = bt_str_format("%" PRId64, value);

	return path && text ? bt_io_write_file(AT_FDCWD, path, text) : -ENOMEM;
}

static int give(const char *dir, const struct bt_cpu_realtime *budget, struct bt_err *err)
{
	int r = mkdir(dir, 0755) < 0 && errno != EEXIST ? -errno : 0;

	if (r == 0 && budget->period > 0)
		r = write_number(dir, "cpu.rt_period_us", budget->period);
	if (r == 0)
		r = write_number(dir, "cpu.rt_runtime_us", budget->runtime);
	return r < 0 ? bt_err_sys(err, r,
				  "give %s the daemon's budget of real-time (\"cpu-rt-runtime\" "
				  "%" PRId64 ")",
				  dir, budget->runtime)
		     : 0;
}

int bt_cpu_realtime_prepare(const struct bt_cgroup_host *host, const char *group,
			    const struct bt_cpu_realtime *budget, const json_t *hc,
			    struct bt_err *err)
{
	int64_t runtime = bt_jget_int(hc, "CpuRealtimeRuntime");
	int where = host->where[BT_CGROUP_CPU];

	if (runtime <= 0 || where < 0 || host->v[where].v2)
		return 0;
	if (budget->runtime < runtime)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "CpuRealtimeRuntime %" PRId64 " is more than the daemon gives to "
				  "all containers, \"cpu-rt-runtime\" %" PRId64 " in daemon.json",
				  runtime, budget->runtime);
	/* Each group above it, from the root on. */
	for (const char *slash = strchr(group + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		bt_auto_free char *dir = bt_str_format("%s%.*s", host->v[where].mount_point,
						       (int)(slash - group), group);
		int r = dir ? give(dir, budget, err) : bt_err_sys(err, -ENOMEM, "real-time");

		if (r < 0)
			return r;
	}
	return 0;
}
