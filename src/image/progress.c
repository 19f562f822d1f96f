/* SPDX-License-Identifier: Apache-2.0 */

#include "image/progress.h"

#include <errno.h>

static int send(const struct bt_progress *progress, json_t *message)
{
	int r = 0;

	if (!message)
		return -ENOMEM;
	if (progress->fn)
		r = progress->fn(progress->arg, message);
	json_decref(message);
	return r;
}

int bt_progress_status(const struct bt_progress *progress, const char *id, const char *status)
{
	if (!progress->fn)
		return 0;
	return send(progress,
		    id ? json_pack("{sss{}ss}", "status", status, "progressDetail", "id", id)
		       : json_pack("{ss}", "status", status));
}

int bt_progress_bar(const struct bt_progress *progress, const char *id, const char *status,
		    int64_t current, int64_t total)
{
	if (!progress->fn)
		return 0;
	return send(progress,
		    total < 0 ? json_pack("{sss{sI}ss*}", "status", status, "progressDetail",
					  "current", (json_int_t)current, "id", id)
			      : json_pack("{sss{sIsI}ss*}", "status", status, "progressDetail",
					  "current", (json_int_t)current, "total",
					  (json_int_t)total, "id", id));
}

int bt_progress_stream(const struct bt_progress *progress, const char *text)
{
	return progress->fn ? send(progress, json_pack("{ss}", "stream", text)) : 0;
}

int bt_progress_aux(const struct bt_progress *progress, json_t *aux)
{
	return send(progress, json_pack("{s{}so}", "progressDetail", "aux", aux));
}
