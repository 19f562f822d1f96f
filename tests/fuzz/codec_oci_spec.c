/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "codec/oci_spec.h"

/* Whole specifications are not tried as parts too. */
#define PART_MAX 1500

/* Every string list ends with NULL, and every text ends. */
static size_t touch(const struct bt_oci_strings *list)
{
	size_t total = 0;

	for (size_t i = 0; i < list->n; i++)
		total += strlen(list->v[i]);
	if (list->n > 0 && list->v[list->n])
		abort();
	return total;
}

static void check(const struct bt_oci_spec *spec)
{
	size_t total = touch(&spec->process.args) + touch(&spec->process.env) +
		       touch(&spec->linux_.masked_paths) +
		       touch(&spec->process.capabilities.unknown);

	if (spec->process.set && (!spec->process.cwd || spec->process.args.n == 0))
		abort();
	for (size_t i = 0; i < spec->nmounts; i++) {
		if (spec->mounts[i].destination[0] != '/')
			abort();
		total += touch(&spec->mounts[i].options);
	}
	for (size_t i = 0; i < spec->linux_.seccomp.nrules; i++) {
		const struct bt_oci_seccomp_rule *rule = &spec->linux_.seccomp.rules[i];

		total += touch(&rule->names);
		for (size_t k = 0; k < rule->nargs; k++)
			if (rule->args[k].index > 5)
				abort();
	}
	for (size_t i = 0; i < spec->linux_.resources.unified.n; i++)
		if (strchr(spec->linux_.resources.unified.v[i].key, '/'))
			abort();
	if (total == SIZE_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bt_auto_arena struct bt_arena arena = { .max = 64u << 20 };
	const char *text = (const char *)data;
	struct bt_oci_resources resources;
	struct bt_oci_seccomp seccomp;
	struct bt_oci_process process;
	struct bt_oci_spec spec = { 0 };
	struct bt_err err = { 0 };

	if (bt_oci_spec_parse(text, size, &arena, &spec, &err) == 0)
		check(&spec);
	else if (err.kind == BT_ERR_NONE || err.msg[0] == '\0')
		abort();
	if (size > PART_MAX)
		return 0;
	(void)!bt_oci_process_parse(text, size, &arena, &process, &err);
	(void)!bt_oci_resources_parse(text, size, &arena, &resources, &err);
	(void)!bt_oci_seccomp_parse(text, size, &arena, &seccomp, &err);
	return 0;
}
