/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_HOST_MOUNT_H
#define BT_ENGINE_HOST_MOUNT_H

/*
 * Mounts that the engine makes on the host, in its own data root, because a
 * container's specification can name nothing but a path: the shared memory of
 * several containers, a part of a volume, an image, a volume of another file
 * system. Who makes one takes it away; what a crash left is found by its path.
 */

#include <stdbool.h>

#include "base/attr.h"

/** Attach the detached mount `fd` (borrowed) at `path`, which is made with its parents: a
 * directory, or where `file` an empty file. Returns 0 or -errno. */
bt_nodiscard int bt_host_mount_attach(int fd, const char *path, bool file);

/** Is something mounted at `path` itself? */
bool bt_host_mount_is_there(const char *path);

/** Take away what is mounted at `path`, however often, from everybody's sight; those who use it
 * keep it until they end. Nothing there is fine. Returns 0 or -errno. */
bt_nodiscard int bt_host_mount_detach(const char *path);

#endif
