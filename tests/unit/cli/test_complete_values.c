/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/complete_values.h"

#include <check.h>
#include <string.h>

#include "../run_tests.h"
#include "cli/commands.h"

static const struct {
	const char *usage;
	enum bt_complete_kind kinds[4]; /* of the first arguments */
} usages[] = {
	{ "", { 0 } },
	{ "[OPTIONS]", { 0 } },
	{ "CONTAINER", { BT_COMPLETE_CONTAINERS, BT_COMPLETE_NOTHING } },
	{ "[OPTIONS] CONTAINER [CONTAINER...]",
	  { BT_COMPLETE_CONTAINERS, BT_COMPLETE_CONTAINERS, BT_COMPLETE_CONTAINERS,
	    BT_COMPLETE_CONTAINERS } },
	{ "[OPTIONS] [CONTAINER...]",
	  { BT_COMPLETE_CONTAINERS, BT_COMPLETE_CONTAINERS, BT_COMPLETE_CONTAINERS,
	    BT_COMPLETE_CONTAINERS } },
	{ "[OPTIONS] IMAGE [COMMAND] [ARG...]", { BT_COMPLETE_IMAGES } },
	{ "[OPTIONS] CONTAINER|pid:PID [COMMAND] [ARG...]", { BT_COMPLETE_CONTAINERS } },
	{ "[OPTIONS] NETWORK CONTAINER",
	  { BT_COMPLETE_NETWORKS, BT_COMPLETE_CONTAINERS, BT_COMPLETE_NOTHING } },
	{ "[OPTIONS] [VOLUME]", { BT_COMPLETE_VOLUMES, BT_COMPLETE_NOTHING } },
	{ "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]", { BT_COMPLETE_IMAGES, BT_COMPLETE_IMAGES } },
	{ "CONTEXT FILE|-", { BT_COMPLETE_CONTEXTS, BT_COMPLETE_FILES } },
	{ "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tdocker cp",
	  { BT_COMPLETE_FILES, BT_COMPLETE_FILES, BT_COMPLETE_NOTHING } },
	/* What only begins like one. */
	{ "CONTAINERS IMAGED [NETWORKX...]", { 0 } },
	{ "[ ...] [...]", { 0 } },
	{ "[", { 0 } },
};

START_TEST(a_usage_tells_what_each_argument_is)
{
	for (size_t i = 0; i < 4; i++)
		ck_assert_msg(bt_complete_values_kind(usages[_i].usage, i) == usages[_i].kinds[i],
			      "'%s', argument %zu: %d", usages[_i].usage, i,
			      (int)bt_complete_values_kind(usages[_i].usage, i));
}
END_TEST

/* Arguments that name something of the daemon's are called so that they are known. */
START_TEST(no_command_calls_a_container_by_another_word)
{
	for (size_t i = 0; bt_commands_all[i]; i++) {
		const char *usage = bt_commands_all[i]->usage;
		bool known = false;

		if (!strstr(usage, "CONTAINER") && !strstr(usage, "VOLUME") &&
		    !strstr(usage, "NETWORK"))
			continue;
		for (size_t k = 0; k < 4; k++)
			known = known || bt_complete_values_kind(usage, k) != BT_COMPLETE_NOTHING;
		ck_assert_msg(known, "%s: '%s'", bt_commands_all[i]->names, usage);
	}
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_loop_test(tests, a_usage_tells_what_each_argument_is, 0,
			    sizeof(usages) / sizeof(usages[0]));
	tcase_add_test(tests, no_command_calls_a_container_by_another_word);
}

int main(void)
{
	return run_tests("cli/complete_values", add);
}
