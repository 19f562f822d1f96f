/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The daemon's options as lines for tools/manual.py: key of daemon.json, flag, type, help. What is
 * only taken for compatibility has no place in a manual.
 */

#include <stdio.h>

#include "api/config_options.h"

static const char *type_of(const struct bt_option *option)
{
	static const char *const names[] = {
		[BT_OPTION_STRING] = "string",
		[BT_OPTION_BOOL] = "boolean",
		[BT_OPTION_INT] = "number",
		[BT_OPTION_LIST] = "array of strings",
		[BT_OPTION_LISTS] = "array of strings, or object of such arrays",
		[BT_OPTION_MAP] = "object of strings",
		[BT_OPTION_ULIMITS] = "object of {\"Name\", \"Soft\", \"Hard\"}",
		[BT_OPTION_RUNTIMES] = "object of {\"path\"}",
		[BT_OPTION_POOLS] = "array of {\"base\", \"size\"}",
		[BT_OPTION_ANY] = "object",
	};

	return names[option->type];
}

int main(void)
{
	for (size_t i = 0; i < bt_config_options_count; i++) {
		const struct bt_option *option = &bt_config_options[i];

		if (option->key && option->use == BT_OPTION_USED)
			printf("%s\t%s\t%s\t%s\n", option->key, option->flag ? option->flag : "",
			       type_of(option), option->help ? option->help : "");
	}
	return 0;
}
