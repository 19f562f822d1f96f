/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_SELINUX_H
#define BT_ENGINE_SELINUX_H

/*
 * SELinux on this host, and what its policy names for containers. Only the kernel's
 * and the policy's files are read: /sys/fs/selinux, /etc/selinux (selinux(8)).
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "codec/selinux_context.h"

struct bt_selinux_mcs;

/** Where the files are; NULL: as usual. Borrowed for the time of a call. */
struct bt_selinux_places {
	const char *fs;     /* selinuxfs: /sys/fs/selinux */
	const char *etc;    /* the policies' directory: /etc/selinux */
	const char *shared; /* container-selinux's own file, which goes before the policy's */
};

/** What containers of a daemon with "selinux-enabled" get their labels of. */
struct bt_selinux {
	char process[BT_SELINUX_LABEL_LEN], file[BT_SELINUX_LABEL_LEN]; /* but for the pair */
	char layers[BT_SELINUX_LABEL_LEN]; /* of images' files on disk: all may read them */
	struct bt_selinux_mcs *mcs;        /* pairs in use */
};

/** Is it switched on in the kernel? `fs` as above. */
bool bt_selinux_enabled(const char *fs);

/** The contexts of containers' processes, files and layers: those that the policy in use names in
 * its file "lxc_contexts", or else container_t, container_file_t and container_ro_file_t; the
 * files' for the layers where the policy names others. Returns 0 or -ENOMEM. */
bt_nodiscard int bt_selinux_contexts(const struct bt_selinux_places *places,
				     struct bt_selinux *ret);

/**
 * Make ready to label containers with these contexts.
 *
 * Returns 0 and `*ret` (owned), or a negative errno: NOT_IMPLEMENTED where SELinux is off or its
 * policy has no such context; the message says what to do.
 */
bt_nodiscard int bt_selinux_open(const struct bt_selinux_places *places, struct bt_selinux **ret,
				 struct bt_err *err);
/** Release it. NULL is fine. */
void bt_selinux_close(struct bt_selinux *selinux);

#endif
