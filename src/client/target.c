/* SPDX-License-Identifier: Apache-2.0 */

#include "client/target.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"

static void escape(struct bt_str *out, const char *text, const char *also)
{
	for (const char *c = text; *c; c++) {
		if (isalnum((unsigned char)*c) || strchr("-_.~", *c) || strchr(also, *c))
			bt_str_putc(out, *c);
		else
			bt_str_printf(out, "%%%02X", (unsigned)(unsigned char)*c);
	}
}

void bt_target_segment(struct bt_str *target, const char *segment)
{
	escape(target, segment, ":@");
}

void bt_target_path(struct bt_str *target, const char *path)
{
	escape(target, path, ":@/");
}

void bt_target_add(struct bt_str *target, const char *name, const char *value)
{
	if (!value)
		return;
	bt_str_putc(target, strchr(bt_str_get(target), '?') ? '&' : '?');
	escape(target, name, "");
	bt_str_putc(target, '=');
	escape(target, value, ":/");
}

void bt_target_add_number(struct bt_str *target, const char *name, long long value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", value);
	bt_target_add(target, name, text);
}

void bt_target_add_flag(struct bt_str *target, const char *name, bool value)
{
	bt_target_add(target, name, value ? "1" : NULL);
}

int bt_target_add_time(struct bt_str *target, const char *name, const char *text)
{
	char stamp[48];
	int64_t ns;

	if (!text || !*text)
		return 0;
	if (bt_time_since_parse(text, &ns) < 0)
		return -EINVAL;
	(void)snprintf(stamp, sizeof(stamp), "%lld.%09lld", (long long)(ns / BT_TIME_NSEC_PER_SEC),
		       (long long)(ns % BT_TIME_NSEC_PER_SEC));
	bt_target_add(target, name, stamp);
	return 0;
}
