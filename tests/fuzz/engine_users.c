/* SPDX-License-Identifier: Apache-2.0 */

/* Who a container runs as, out of an image's own files: "USER\0passwd\0group". */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "engine/user_lookup.h"

/* The text up to the next NUL; *text goes behind it. */
static char *take_part(const char **text, const char *end)
{
	size_t len = strnlen(*text, (size_t)(end - *text));
	char *part = strndup(*text, len);

	*text += len + (*text + len < end);
	return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size;
	bt_auto_free char *spec = take_part(&text, end), *passwd = take_part(&text, end);
	bt_auto_free char *group = take_part(&text, end);
	const char *const extra[] = { spec, NULL };
	bt_auto_user struct bt_user user = { 0 };
	struct bt_err err = { 0 };

	if (!spec || !passwd || !group)
		return 0;
	if (bt_user_lookup_resolve(spec, passwd, group, size % 2 ? extra : NULL, &user, &err) < 0) {
		if (err.msg[0] == '\0' || user.gids)
			abort();
		return 0;
	}
	if (!user.home || user.ngids > BT_USER_GIDS_MAX)
		abort();
	/* A number is that number, whatever the files call so. */
	if (strcmp(spec, "1000") == 0 && user.uid != 1000)
		abort();
	return 0;
}
