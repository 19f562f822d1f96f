/* SPDX-License-Identifier: Apache-2.0 */

/* A specification of the Container Device Interface, from YAML to what it changes. */

#include "fuzz.h"

#include <stdlib.h>

#include "engine/cdi_edits.h"
#include "engine/cdi_yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *spec = NULL, *target;
	struct bt_err err = { 0 };

	if (bt_cdi_yaml_parse((const char *)data, size, &spec, &err) < 0) {
		if (err.msg[0] == '\0' || spec)
			abort();
		return 0;
	}
	target = json_object();
	if (bt_cdi_edits_apply(json_object_get(spec, "containerEdits"), target, &err) < 0 &&
	    err.msg[0] == '\0')
		abort();
	json_decref(target);
	json_decref(spec);
	return 0;
}
