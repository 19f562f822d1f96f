/* SPDX-License-Identifier: Apache-2.0 */

#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"

#define LINE_MAX_LEN 2048

static const char *const names[] = {
	[BT_LOG_DEBUG] = "debug", [BT_LOG_INFO] = "info",   [BT_LOG_WARN] = "warn",
	[BT_LOG_ERROR] = "error", [BT_LOG_FATAL] = "fatal",
};

static _Atomic int threshold = BT_LOG_INFO;

void bt_log_set_level(enum bt_log_level level)
{
	atomic_store(&threshold, (int)level);
}

int bt_log_level_parse(const char *name, enum bt_log_level *ret)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0) {
			*ret = (enum bt_log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

void bt_log_write(enum bt_log_level level, const char *fmt, ...)
{
	char when[BT_TIME_RFC3339_LEN], line[LINE_MAX_LEN];
	size_t len;
	va_list ap;
	int n;

	if ((int)level < atomic_load(&threshold))
		return;
	bt_time_rfc3339(bt_time_now_ns(), when);
	n = snprintf(line, sizeof(line), "%s %s ", when, names[level]);
	len = n > 0 ? (size_t)n : 0;
	va_start(ap, fmt);
	n = vsnprintf(line + len, sizeof(line) - len - 1, fmt, ap);
	va_end(ap);
	if (n > 0)
		len += (size_t)n < sizeof(line) - len - 1 ? (size_t)n : sizeof(line) - len - 2;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[len] = '\n';
	/* One write, so that lines of several threads do not mix. */
	if (write(STDERR_FILENO, line, len + 1) < 0)
		return; /* nowhere left to report it */
}
