/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>

#include "codec/seccomp_profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bt_seccomp_profile_target target = {
		.capabilities = size, .machine = "x86_64", .kernel_major = 6, .kernel_minor = 1
	};
	struct bt_err err = { 0 };
	json_t *oci = NULL;

	if (bt_seccomp_profile_convert((const char *)data, size, &target, &oci, &err) < 0) {
		if (oci || err.kind == BT_ERR_NONE || err.msg[0] == '\0')
			abort();
		return 0;
	}
	if (oci && !json_is_array(json_object_get(oci, "syscalls")))
		abort();
	json_decref(oci);
	return 0;
}
