/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/capability.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

#define PREFIX "CAP_"

/* In the order of linux/capability.h. */
static const char *const names[BT_CAPABILITY_COUNT] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

int bt_capability_parse(const char *name)
{
	for (int i = 0; i < BT_CAPABILITY_COUNT; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -EINVAL;
}

int bt_capability_parse_lenient(const char *name)
{
	if (strncasecmp(name, PREFIX, strlen(PREFIX)) == 0)
		name += strlen(PREFIX);
	for (int i = 0; i < BT_CAPABILITY_COUNT; i++)
		if (strcasecmp(names[i] + strlen(PREFIX), name) == 0)
			return i;
	return -EINVAL;
}

const char *bt_capability_name(int number)
{
	return number >= 0 && number < BT_CAPABILITY_COUNT ? names[number] : NULL;
}

/* The bits that a list of names means; *ret_all where "ALL" is among them. */
static int read_list(const char *const *list, uint64_t *ret_mask, bool *ret_all, struct bt_err *err)
{
	uint64_t mask = 0;
	bool all = false;

	for (; list && *list; list++) {
		int number = bt_capability_parse_lenient(*list);

		if (strcasecmp(*list, "ALL") == 0 || strcasecmp(*list, PREFIX "ALL") == 0)
			all = true;
		else if (number < 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid capability: \"%s\"",
					  *list);
		else
			mask |= 1ull << number;
	}
	*ret_mask = mask;
	*ret_all = all;
	return 0;
}

int bt_capability_tweak(uint64_t defaults, uint64_t all, const char *const *add,
			const char *const *drop, uint64_t *ret, struct bt_err *err)
{
	uint64_t added, dropped;
	bool add_all, drop_all;
	int r;

	r = read_list(add, &added, &add_all, err);
	if (r < 0)
		return r;
	r = read_list(drop, &dropped, &drop_all, err);
	if (r < 0)
		return r;
	if (add_all)
		*ret = all & ~dropped;
	else if (drop_all)
		*ret = added;
	else
		*ret = (defaults & ~dropped) | added;
	return 0;
}
