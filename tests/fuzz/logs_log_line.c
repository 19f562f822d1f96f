/* SPDX-License-Identifier: Apache-2.0 */

/* A line read quickly says what the general parser says of it; and any bytes, escaped, are valid
 * JSON that both read back alike. */

#include "fuzz.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "logs/json_text.h"
#include "logs/log_line.h"

static void compare(const char *line, size_t len)
{
	bt_auto(bt_log_line_parsed_done) struct bt_log_line_parsed parsed = { 0 };
	bt_auto_free char *text = malloc(len + 1);
	struct bt_log_line quick;

	if (!text || bt_log_line_read(line, line + len, "{}", 2, text, text + len, &quick) < 0)
		return;
	if (quick.end > line + len || quick.text_end > text + len || quick.end[-1] != '\n')
		abort();
	/* What is no UTF-8 only the quick way lets pass. */
	if (bt_log_line_parse(line, (size_t)(quick.end - line) - 1, &parsed) < 0)
		return;
	if (parsed.stream != quick.stream || parsed.text_len != (size_t)(quick.text_end - text) ||
	    memcmp(parsed.text, text, parsed.text_len) != 0 ||
	    memcmp(parsed.time, quick.time, strlen(parsed.time)) != 0)
		abort();
}

static void round_trip(const char *data, size_t len)
{
	size_t room = len * BT_JSON_TEXT_GROWTH + BT_JSON_TEXT_SLACK;
	bt_auto_free char *escaped = malloc(room + 2), *back = malloc(room);
	json_auto_t *json = NULL;
	struct bt_json_text text;
	char *end;

	if (!escaped || !back)
		return;
	escaped[0] = '"';
	end = bt_json_text_escape(escaped + 1, data, len);
	*end++ = '"';
	json = json_loadb(escaped, (size_t)(end - escaped), JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	text = (struct bt_json_text){ escaped + 1, end, back, back + room };
	if (!json || bt_json_text_unescape(&text) < 0 || text.src != end - 1)
		abort();
	if (json_string_length(json) != (size_t)(text.dst - back) ||
	    memcmp(json_string_value(json), back, json_string_length(json)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	compare(text, size);
	round_trip(text, size);
	return 0;
}
