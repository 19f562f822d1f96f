/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/keyring.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of linux/key.h in the kernel: the owning user may search. */
#define KEY_USR_SEARCH 0x00080000ul

int bt_keyring_join_session(const char *name)
{
	char text[256], *perm;
	long key, n;

	(void)snprintf(text, sizeof(text), "_ses.%s", name);
	key = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, text);
	if (key < 0)
		return errno == ENOSYS || errno == EPERM ? 0 : -errno;
	/* "keyring;uid;gid;permissions;name", the permissions in hexadecimal. */
	n = syscall(SYS_keyctl, KEYCTL_DESCRIBE, key, text, sizeof(text));
	if (n < 0 || (size_t)n > sizeof(text))
		return n < 0 ? -errno : -EOVERFLOW;
	perm = text;
	for (int i = 0; i < 3 && perm != NULL; i++) {
		perm = strchr(perm, ';');
		perm = perm != NULL ? perm + 1 : NULL;
	}
	if (perm == NULL)
		return -EPROTO;
	if (syscall(SYS_keyctl, KEYCTL_SETPERM, key, strtoul(perm, NULL, 16) | KEY_USR_SEARCH) < 0)
		return -errno;
	return 0;
}
