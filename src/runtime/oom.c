/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/io.h"
#include "runtime/plan.h"

static int write_score(const char *path, long long score)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", score);
	return bt_io_write_file(AT_FDCWD, path, text);
}

int bt_oom_set_score(pid_t pid, const struct bt_oci_i64 *score, char warning[BT_SYNC_WARNING_LEN],
		     struct bt_err *err)
{
	bt_auto_free char *now = NULL;
	char path[40];
	int r;

	if (!score->set)
		return 0;
	if (pid == 0)
		(void)snprintf(path, sizeof(path), "/proc/self/oom_score_adj");
	else
		(void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	r = write_score(path, score->value);
	if (r == -ESRCH)
		return 0;
	if (r != -EACCES && r != -EPERM)
		return r < 0 ? bt_err_sys(err, r, "process.oomScoreAdj: %lld",
					  (long long)score->value)
			     : 0;
	/* What it inherited is the lowest that it may have. */
	r = bt_io_read_file(AT_FDCWD, path, 64, &now, NULL);
	if (r < 0)
		return bt_err_sys(err, r, "process.oomScoreAdj: read %s", path);
	bt_plan_warn(warning, "process.oomScoreAdj: %lld is not allowed here, it stays %d",
		     (long long)score->value, atoi(now));
	return 0;
}
