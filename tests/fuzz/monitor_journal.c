/* SPDX-License-Identifier: Apache-2.0 */

/* A journal of any content is read without harm, and what is read makes sense. */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "monitor/journal.h"

static char path[] = "/tmp/fuzz_monitor_journal.XXXXXX";
static int fd = -EBADF;

static void clean_up(void)
{
	(void)unlink(path);
}

static int check(void *data bt_unused, const struct bt_journal_record *record)
{
	if (record->kind > BT_JOURNAL_RESTARTED || record->seq == 0)
		abort();
	if (record->kind == BT_JOURNAL_START_FAILED && record->error.kind == BT_ERR_NONE)
		abort();
	if (!memchr(record->error.msg, '\0', sizeof(record->error.msg)))
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_err err;

	if (fd < 0) {
		fd = mkstemp(path);
		atexit(clean_up);
	}
	if (fd < 0 || ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		return 0;
	if (bt_journal_read(path, 0, check, NULL, &err) != 0)
		abort();
	return 0;
}
