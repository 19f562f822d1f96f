/* SPDX-License-Identifier: Apache-2.0 */

/* A policy's file of contexts: what is found in it is a context, and reads back as it was. */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/selinux_context.h"

static void check(const char *label)
{
	struct bt_selinux_context context;
	char again[BT_SELINUX_LABEL_LEN];

	if (bt_selinux_context_parse(label, &context) < 0)
		abort();
	if (bt_selinux_context_print(&context, again) < 0 || strcmp(label, again) != 0)
		abort();
	/* No byte of it could end a mount's option or a line. */
	if (strpbrk(label, " \t\r\n\"'\\"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = { "process", "file", "ro_file" };
	bt_auto_free char *text = strndup((const char *)data, size);
	struct bt_selinux_context context;
	char label[BT_SELINUX_LABEL_LEN];

	if (!text)
		return 0;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (bt_selinux_context_find(text, keys[i], label))
			check(label);
	if (bt_selinux_context_parse(text, &context) == 0)
		check(text);
	return 0;
}
