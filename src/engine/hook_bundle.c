/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/hook_bundle.h"

#include <errno.h>
#include <fcntl.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "codec/json.h"

static bool has_hooks(const json_t *spec)
{
	const char *kind;
	json_t *list;

	json_object_foreach (json_object_get(spec, "hooks"), kind, list)
		if (json_array_size(list) > 0)
			return true;
	return false;
}

int bt_hook_bundle_make(const char *run_dir, json_t *spec, char **ret, struct bt_err *err)
{
	bt_auto_free char *bundle = NULL, *rootfs = NULL, *config = NULL, *text = NULL;
	size_t len;
	int r;

	*ret = NULL;
	if (!has_hooks(spec))
		return 0;
	bundle = bt_str_format("%s/bundle", run_dir);
	rootfs = bt_str_format("%s/bundle/rootfs", run_dir);
	config = bt_str_format("%s/bundle/config.json", run_dir);
	if (!bundle || !rootfs || !config ||
	    json_object_set_new(json_object_get(spec, "root"), "path", json_string(rootfs)) < 0)
		return bt_err_sys(err, -ENOMEM, "make a bundle for hooks");
	r = bt_io_mkdir_p(rootfs, 0700);
	if (r == 0)
		r = bt_json_dump(spec, &text, &len);
	if (r == 0)
		r = bt_io_create_file(AT_FDCWD, config, 0600, text, len);
	if (r < 0)
		return bt_err_sys(err, r, "write %s for hooks", config);
	*ret = bt_take(bundle);
	return 0;
}
