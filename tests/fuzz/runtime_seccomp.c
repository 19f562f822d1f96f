/* SPDX-License-Identifier: Apache-2.0 */

/* A linux.seccomp object, compiled by us and by libseccomp: both must decide every call
 * alike. libseccomp 2.5.4 merges some chains of conditions wrongly (an input in the corpus
 * shows one); where the two differ, the specification itself is read, and ours must agree. */

#include "fuzz.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>

#include "../unit/runtime/bpf_run.h"
#include "runtime/seccomp_answer.h"
#include "runtime/seccomp_calls.h"
#include "runtime/seccomp.h"
#include "runtime/seccomp_library.h"
#include "runtime/seccomp_program.h"

#define NAMES_MAX 24
/* Newer ones libseccomp may not know, and then cannot look at their arguments. */
#define CALLS     451
#define URETPROBE 335

static bool holds(const struct bt_oci_seccomp_arg *arg, uint64_t value)
{
	switch (arg->op) {
	case BT_OCI_SECCOMP_NE:
		return value != arg->value;
	case BT_OCI_SECCOMP_LT:
		return value < arg->value;
	case BT_OCI_SECCOMP_LE:
		return value <= arg->value;
	case BT_OCI_SECCOMP_EQ:
		return value == arg->value;
	case BT_OCI_SECCOMP_GE:
		return value >= arg->value;
	case BT_OCI_SECCOMP_GT:
		return value > arg->value;
	default:
		return (value & arg->value) == arg->value_two;
	}
}

static bool names_call(const struct bt_oci_seccomp_rule *rule, uint32_t arch, int nr)
{
	for (size_t i = 0; i < rule->names.n; i++) {
		if (bt_seccomp_calls_number(arch, rule->names.v[i], NULL) == nr)
			return true;
	}
	return false;
}

/* The answer that the specification gives: that of a rule whose conditions all hold. */
static uint32_t by_the_book(const struct bt_oci_seccomp *spec, const struct seccomp_data *data)
{
	bool x32 = data->arch == AUDIT_ARCH_X86_64 && (data->nr & BT_SECCOMP_X32_BIT) != 0;

	for (size_t i = 0; i < spec->nrules; i++) {
		const struct bt_oci_seccomp_rule *rule = &spec->rules[i];
		bool all = names_call(rule, x32 ? SCMP_ARCH_X32 : data->arch, data->nr);

		for (size_t k = 0; k < rule->nargs && all; k++)
			all = holds(&rule->args[k], data->args[rule->args[k].index]);
		if (all)
			return bt_seccomp_calls_answer(rule->action, rule->errno_ret);
	}
	return bt_seccomp_calls_answer(spec->default_action, spec->default_errno_ret);
}

static void compare(const struct bt_oci_seccomp *spec, const struct bt_seccomp_filter *a,
		    const struct bt_seccomp_filter *b, int nr, uint32_t arch, uint64_t arg)
{
	const struct seccomp_data data = { .nr = nr, .arch = arch, .args = { arg, arg, 5, arg } };
	uint32_t x = bpf_run(a->insns, a->len / sizeof(struct sock_filter), &data);
	uint32_t y = bpf_run(b->insns, b->len / sizeof(struct sock_filter), &data);

	if (bt_seccomp_answer(a->insns, a->len, &data) != x ||
	    bt_seccomp_answer(b->insns, b->len, &data) != y)
		abort();
	if (x != y && x != by_the_book(spec, &data))
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

			compare(spec, a, b, nr, AUDIT_ARCH_X86_64, value);
			compare(spec, a, b, nr, AUDIT_ARCH_I386, (uint32_t)value);
			if (nr >= 0)
				compare(spec, a, b, nr | 0x40000000, AUDIT_ARCH_X86_64,
					(uint32_t)value);
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
