/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
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

/* What seccomp(2) takes together: it refuses the last with EINVAL where nobody is notified, and
 * TSYNC beside a listener where its failure would be told in a descriptor's place. */
static unsigned fit_flags(unsigned flags, bool notify)
{
	if (!notify)
		return flags & ~(unsigned)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	if (flags & SECCOMP_FILTER_FLAG_TSYNC)
		return flags | SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	return flags;
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
	filter.flags = fit_flags(filter.flags, filter.notify);
	*ret = filter;
	return 0;
}

/* As long as an instruction, which what follows it is aligned for. */
struct stored {
	uint32_t flags;
	uint32_t notify;
};

int bt_seccomp_store(const struct bt_seccomp_filter *filter, int *ret_fd)
{
	const struct stored head = { .flags = filter->flags, .notify = filter->notify };
	bt_auto_free char *data = malloc(sizeof(head) + filter->len);
	int fd;

	if (!data)
		return -ENOMEM;
	memcpy(data, &head, sizeof(head));
	memcpy(data + sizeof(head), filter->insns, filter->len);
	fd = bt_io_memfd("seccomp", data, sizeof(head) + filter->len);
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

int bt_seccomp_stored(const void *data, size_t len, struct bt_seccomp_filter *ret)
{
	const struct stored *head = data;

	if (len <= sizeof(*head) || (len - sizeof(*head)) % sizeof(struct sock_filter) != 0 ||
	    (len - sizeof(*head)) / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return -EBADMSG;
	*ret = (struct bt_seccomp_filter){ .insns = (void *)(uintptr_t)(head + 1),
					   .len = len - sizeof(*head),
					   .flags = head->flags,
					   .notify = head->notify != 0 };
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
