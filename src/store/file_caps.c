/* SPDX-License-Identifier: Apache-2.0 */

#include "store/file_caps.h"

#include <endian.h>
#include <linux/capability.h>
#include <string.h>

_Static_assert(XATTR_CAPS_SZ_3 == BT_FILE_CAPS_MAX, "as long as the kernel's");

static uint32_t revision_of(const struct vfs_ns_cap_data *caps)
{
	return le32toh(caps->magic_etc) & VFS_CAP_REVISION_MASK;
}

static void set_revision(struct vfs_ns_cap_data *caps, uint32_t revision)
{
	uint32_t flags = le32toh(caps->magic_etc) & ~VFS_CAP_REVISION_MASK;

	caps->magic_etc = htole32(flags | revision);
}

size_t bt_file_caps_inside(void *value, size_t len, const struct bt_id_map *ids)
{
	struct vfs_ns_cap_data caps;

	if (len != XATTR_CAPS_SZ_3)
		return len;
	memcpy(&caps, value, sizeof(caps));
	if (revision_of(&caps) != VFS_CAP_REVISION_3 ||
	    le32toh(caps.rootid) != bt_id_map_outside(ids->uids, ids->nuids, 0))
		return len;
	set_revision(&caps, VFS_CAP_REVISION_2);
	memcpy(value, &caps, XATTR_CAPS_SZ_2);
	return XATTR_CAPS_SZ_2;
}

size_t bt_file_caps_outside(const void *value, size_t len, const struct bt_id_map *ids,
			    unsigned char ret[BT_FILE_CAPS_MAX])
{
	struct vfs_ns_cap_data caps = { 0 };

	if (len != XATTR_CAPS_SZ_2)
		return 0;
	memcpy(&caps, value, len);
	if (revision_of(&caps) != VFS_CAP_REVISION_2)
		return 0;
	set_revision(&caps, VFS_CAP_REVISION_3);
	caps.rootid = htole32(bt_id_map_outside(ids->uids, ids->nuids, 0));
	memcpy(ret, &caps, sizeof(caps));
	return sizeof(caps);
}
