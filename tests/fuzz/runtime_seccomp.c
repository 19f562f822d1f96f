/* SPDX-License-Identifier: Apache-2.0 */

/* A linux.seccomp object, compiled by us and by libseccomp: both must decide every call
 * alike. */

#include "fuzz.h"

#include <linux/audit.h>
#include <stdlib.h>

#include "../unit/runtime/bpf_run.h"
#include "runtime/seccomp_library.h"
#include "runtime/seccomp_program.h"

#define NAMES_MAX 24
/* Newer ones libseccomp may not know, and then cannot look at their arguments. */
#define CALLS     451
#define URETPROBE 335

static void compare(const struct bt_seccomp_filter *a, const struct bt_seccomp_filter *b, int nr,
		    uint32_t arch, uint64_t arg)
{
	const struct seccomp_data data = { .nr = nr, .arch = arch, .args = { arg, arg, 5, arg } };
	uint32_t x = bpf_run(a->insns, a->len / sizeof(struct sock_filter), &data);
	uint32_t y = bpf_run(b->insns, b->len / sizeof(struct sock_filter), &data);

	if (x != y)
		abort();
}

static void compare_all(const struct bt_oci_seccomp *spec, const struct bt_seccomp_filter *a,
			const struct bt_seccomp_filter *b)
{
	uint64_t arg =
		spec->nrules > 0 && spec->rules[0].nargs > 0 ? spec->rules[0].args[0].value : 5;

	for (int nr = -1; nr < CALLS; nr++) {
		for (int step = -1; step <= 1 && nr != URETPROBE; step++) {
			uint64_t value = arg + (uint64_t)step;

			compare(a, b, nr, AUDIT_ARCH_X86_64, value);
			compare(a, b, nr, AUDIT_ARCH_I386, (uint32_t)value);
			if (nr >= 0)
				compare(a, b, nr | 0x40000000, AUDIT_ARCH_X86_64, (uint32_t)value);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bt_auto_arena struct bt_arena arena = { .max = 16u << 20 };
	bt_auto_seccomp struct bt_seccomp_filter ours = { 0 }, library = { 0 };
	struct bt_oci_seccomp spec;
	struct bt_err err = { 0 };
	size_t names = 0;

	if (bt_oci_seccomp_parse((const char *)data, size, &arena, &spec, &err) < 0)
		return 0;
	for (size_t i = 0; i < spec.nrules; i++)
		names += spec.rules[i].names.n;
	if (names > NAMES_MAX)
		return 0;
	if (bt_seccomp_program_compile(&spec, &ours, &err) > 0 &&
	    bt_seccomp_library_compile(&spec, &library, &err) == 0)
		compare_all(&spec, &ours, &library);
	return 0;
}
