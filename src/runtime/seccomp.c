/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/seccomp_library.h"
#include "runtime/seccomp_program.h"

/* Without flags in the specification runc turns the speculation mitigation off: it costs
 * much and helps a filter little (Linux 5.16 made that the default). */
#define DEFAULT_FLAGS SECCOMP_FILTER_FLAG_SPEC_ALLOW

static int bad(struct bt_err *err, const char *field, const char *why)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "linux.seccomp.%s: %s", field, why);
}

/* Who is notified has to be told its descriptor first, and waits for answers: neither works
 * where every call, or write(2), waits for it. */
static int check_notify(const struct bt_oci_seccomp *spec, bool *ret_notify, struct bt_err *err)
{
	if (spec->default_action == BT_OCI_SECCOMP_NOTIFY)
		return bad(err, "defaultAction", "SCMP_ACT_NOTIFY cannot be the default");
	for (size_t i = 0; i < spec->nrules; i++) {
		const struct bt_oci_seccomp_rule *rule = &spec->rules[i];

		if (rule->action != BT_OCI_SECCOMP_NOTIFY || rule->names.n == 0)
			continue;
		*ret_notify = true;
		for (size_t k = 0; k < rule->names.n; k++)
			if (strcmp(rule->names.v[k], "write") == 0)
				return bad(err, "syscalls",
					   "SCMP_ACT_NOTIFY cannot be used for write");
	}
	return 0;
}

int bt_seccomp_compile(const struct bt_oci_seccomp *spec, struct bt_seccomp_filter *ret,
		       struct bt_err *err)
{
	struct bt_seccomp_filter filter = {
		.flags = spec->flags_set ? spec->flags : DEFAULT_FLAGS,
	};
	int r = check_notify(spec, &filter.notify, err);

	if (r < 0)
		return r;
	r = bt_seccomp_program_compile(spec, &filter, err);
	if (r == 0)
		r = bt_seccomp_library_compile(spec, &filter, err);
	if (r < 0)
		return r;
	*ret = filter;
	return 0;
}

void bt_seccomp_done(struct bt_seccomp_filter *filter)
{
	free(filter->insns);
	*filter = (struct bt_seccomp_filter){ 0 };
}

int bt_seccomp_load(const void *insns, size_t len, unsigned flags, bool notify)
{
	struct sock_fprog program = {
		.len = (unsigned short)(len / sizeof(struct sock_filter)),
		/* The kernel copies it; its interface just lacks the const. */
		.filter = (struct sock_filter *)(uintptr_t)insns,
	};
	long r;

	if (notify)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	return r < 0 ? -errno : (int)r;
}
