/* SPDX-License-Identifier: Apache-2.0 */

#include "api/compat.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "codec/json.h"

static int add_virtual_size(json_t *image)
{
	json_t *size = bt_json_member(image, "Size");

	return size ? json_object_set(image, "VirtualSize", size) : 0;
}

int bt_compat_image(json_t *image, unsigned version, struct bt_err *err)
{
	json_t *config = bt_json_obj(image, "Config");
	int r = 0;

	/* Old clients crash where it is missing; a copy of Config is what they look for. */
	if (version < 45 && config && !bt_json_obj(image, "ContainerConfig"))
		r = json_object_set(image, "ContainerConfig", config);
	if (r == 0 && version < 44)
		r = add_virtual_size(image);
	return r < 0 ? bt_err_sys(err, -ENOMEM, "inspect an image") : 0;
}

int bt_compat_container(json_t *container, unsigned version, struct bt_err *err)
{
	json_t *volumes, *writable, *mount;
	size_t i;
	int r;

	if (version >= 20)
		return 0;
	volumes = json_object();
	writable = json_object();
	r = json_object_set_new(container, "Volumes", volumes);
	r |= json_object_set_new(container, "VolumesRW", writable);
	json_array_foreach (bt_json_arr(container, "Mounts"), i, mount) {
		const char *to = bt_json_str(mount, "Destination", "");
		bool rw = bt_json_bool(mount, "RW", true);

		r |= json_object_set_new(volumes, to,
					 json_string(bt_json_str(mount, "Source", "")));
		r |= json_object_set_new(writable, to, json_boolean(rw));
	}
	return r < 0 ? bt_err_sys(err, -ENOMEM, "inspect a container") : 0;
}

json_t *bt_compat_create(const json_t *body, unsigned version)
{
	static const char *const moved[] = { "Memory", "MemorySwap", "CpuShares", "Cpuset" };
	json_t *out = json_copy((json_t *)(uintptr_t)body);
	json_t *host = json_copy(json_object_get(body, "HostConfig"));

	if (!json_is_object(host)) {
		json_decref(host);
		host = json_object();
	}
	for (size_t i = 0; version < 18 && i < sizeof(moved) / sizeof(moved[0]); i++) {
		const char *key = strcmp(moved[i], "Cpuset") == 0 ? "CpusetCpus" : moved[i];
		json_t *value = json_object_get(body, moved[i]);

		/* What the HostConfig says goes before. */
		if (value && !json_object_get(host, key))
			(void)json_object_set(host, key, value);
	}
	if (json_object_set_new(out, "HostConfig", host) == 0)
		return out;
	json_decref(out);
	return NULL;
}
