/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/spec_mounts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/jget.h"
#include "engine/spec.h"

struct default_mount {
	const char *destination, *type, *source;
	const char *options; /* separated by commas */
};

static const struct default_mount defaults[] = {
	{ "/proc", "proc", "proc", "nosuid,noexec,nodev" },
	{ "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k" },
	{ "/dev/pts", "devpts", "devpts",
	  "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5" },
	{ "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro" },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", "ro,nosuid,noexec,nodev" },
	{ "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev" },
};

/* Split at commas into an array of strings; empty pieces are left out. */
static void add_options(json_t *list, const char *options)
{
	while (*options) {
		size_t n = strcspn(options, ",");

		if (n > 0)
			json_array_append_new(list, json_stringn(options, n));
		options += n + (options[n] == ',');
	}
}

static json_t *make_mount(const char *destination, const char *type, const char *source,
			  const char *options)
{
	json_t *list = json_array();

	add_options(list, options);
	return json_pack("{s:s,s:s,s:s,s:o}", "destination", destination, "type", type, "source",
			 source, "options", list);
}

/* Is `mine`, as the user wrote it, this place, or for what lies in /dev all of /dev? */
static bool covers(const char *mine, const char *destination)
{
	bt_auto_free char *clean = bt_path_clean(mine);

	return clean && (strcmp(clean, destination) == 0 ||
			 (strcmp(clean, "/dev") == 0 && bt_str_after(destination, "/dev/")));
}

/* Does the user mount something there? */
static bool overridden(const struct bt_spec_request *req, const char *destination)
{
	const char *place;
	json_t *item;
	size_t i;

	json_object_foreach (json_object_get(req->host_config, "Tmpfs"), place, item)
		if (covers(place, destination))
			return true;
	json_array_foreach (req->mounts, i, item)
		if (covers(bt_jget_text(item, "Destination"), destination))
			return true;
	return false;
}

/* A privileged container, or one with cgroups to manage, may write what others may read. */
static const char *options_of(const struct default_mount *m, bool privileged)
{
	if (privileged && strcmp(m->destination, "/sys") == 0)
		return "nosuid,noexec,nodev,rw";
	if (privileged && strcmp(m->destination, "/sys/fs/cgroup") == 0)
		return "rw,nosuid,noexec,nodev";
	return m->options;
}

static void add_defaults(const struct bt_spec_request *req, json_t *out)
{
	bool privileged = bt_jget_bool(req->host_config, "Privileged");
	bool host_ipc = strcmp(bt_jget_text(req->host_config, "IpcMode"), "host") == 0;

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		const struct default_mount *m = &defaults[i];

		if (overridden(req, m->destination))
			continue;
		/* The host's own queues come with the host's namespace; where it does not show
		 * them, a new mount does, which no other user namespace may make. */
		if (host_ipc && strcmp(m->destination, "/dev/mqueue") == 0 && req->userns->mapped &&
		    access("/dev/mqueue", F_OK) < 0)
			continue;
		if (host_ipc && strcmp(m->destination, "/dev/mqueue") == 0 &&
		    access("/dev/mqueue", F_OK) == 0)
			json_array_append_new(out,
					      make_mount(m->destination, "bind", m->destination,
							 "rbind,nosuid,noexec,nodev"));
		else
			json_array_append_new(out, make_mount(m->destination, m->type, m->source,
							      options_of(m, privileged)));
	}
}

static void add_shm(const struct bt_spec_request *req, json_t *out)
{
	const char *mode = bt_jget_text(req->host_config, "IpcMode");
	bt_auto_free char *options = NULL;

	if (overridden(req, "/dev/shm") || strcmp(mode, "none") == 0)
		return;
	if (req->shm || strcmp(mode, "host") == 0) {
		json_array_append_new(out, make_mount("/dev/shm", "bind",
						      req->shm ? req->shm : "/dev/shm",
						      "rbind,rprivate"));
		return;
	}
	options = bt_str_format("nosuid,noexec,nodev,mode=1777,size=%" PRId64,
				bt_jget_int(req->host_config, "ShmSize"));
	if (options)
		json_array_append_new(out, make_mount("/dev/shm", "tmpfs", "shm", options));
}

/* The files that the engine writes for each container, and the init's program. Root's on disk, they
 * are root's of the container's user namespace inside. */
static int add_files(const struct bt_spec_request *req, json_t *out)
{
	static const char *const files[] = { "resolv.conf", "hostname", "hosts" };
	bool read_only = bt_jget_bool(req->host_config, "ReadonlyRootfs");
	bt_auto_free char *options = bt_str_format("rbind,rprivate%s%s", read_only ? ",ro" : "",
						   req->userns->mapped ? ",idmap" : "");

	for (size_t i = 0; i < 3; i++) {
		bt_auto_free char *source = bt_path_join(req->files_dir, files[i]);
		bt_auto_free char *destination = bt_path_join("/etc", files[i]);

		if (!source || !destination || !options)
			return -ENOMEM;
		if (!overridden(req, destination))
			json_array_append_new(out,
					      make_mount(destination, "bind", source, options));
	}
	if (req->init_path)
		json_array_append_new(
			out, make_mount(BT_SPEC_INIT, "bind", req->init_path, "bind,rprivate,ro"));
	return 0;
}

/* --tmpfs: Docker's restrictions, then what the user says, which wins. */
static int add_tmpfs(const struct bt_spec_request *req, json_t *out)
{
	json_t *tmpfs = json_object_get(req->host_config, "Tmpfs");
	const char *destination;
	json_t *value;

	json_object_foreach (tmpfs, destination, value) {
		bt_auto_free char *clean = bt_path_clean(destination);
		bt_auto_free char *options =
			bt_str_format("noexec,nosuid,nodev,%s",
				      json_is_string(value) ? json_string_value(value) : "");

		if (!clean || !options)
			return -ENOMEM;
		json_array_append_new(out, make_mount(clean, "tmpfs", "tmpfs", options));
	}
	return 0;
}

/* A volume of the engine's own is shared by containers of every user namespace. One with options of
 * its own shows a tree of the host's, and is what a bind is. */
static bool is_mapped(const struct bt_spec_request *req, const json_t *m)
{
	if (bt_jget_bool(m, "Mapped"))
		return true;
	return req->userns->mapped && strcmp(bt_jget_text(m, "Type"), "volume") == 0 &&
	       !bt_jget_bool(m, "Foreign");
}

static json_t *bind_mount(const struct bt_spec_request *req, const json_t *m)
{
	const char *propagation = bt_jget_text(m, "Propagation");
	json_t *options = json_array(), *out;

	json_array_append_new(options,
			      json_string(bt_jget_bool(m, "NonRecursive") ? "bind" : "rbind"));
	if (!bt_jget_bool(m, "RW")) {
		json_array_append_new(options, json_string("ro"));
		/* Read-only all the way down, where nobody asked for less. */
		if (!bt_jget_bool(m, "NonRecursive") && !bt_jget_bool(m, "ReadOnlyNonRecursive"))
			json_array_append_new(options, json_string("rro"));
	}
	json_array_append_new(options, json_string(propagation[0] ? propagation : "rprivate"));
	if (is_mapped(req, m))
		json_array_append_new(options, json_string("idmap"));
	out = json_pack("{s:s,s:s,s:s,s:o}", "destination", bt_jget_text(m, "Destination"), "type",
			"bind", "source", bt_jget_text(m, "Source"), "options", options);
	if (json_object_get(m, "UidMappings")) {
		json_object_set(out, "uidMappings", json_object_get(m, "UidMappings"));
		json_object_set(out, "gidMappings", json_object_get(m, "GidMappings"));
	}
	return out;
}

static json_t *tmpfs_mount(const json_t *m)
{
	const char *options = bt_jget_text(m, "TmpfsOptions");
	bt_auto_free char *all = bt_str_format("noexec,nosuid,nodev,%s%s", options,
					       bt_jget_bool(m, "RW") ? "" : ",ro");

	return make_mount(bt_jget_text(m, "Destination"), "tmpfs", "tmpfs", all ? all : "");
}

static size_t depth_of(const char *path)
{
	size_t depth = 0;

	for (; *path; path++)
		depth += *path == '/' && path[1] != '\0';
	return depth;
}

static int by_depth(const void *a, const void *b)
{
	const char *x = bt_jget_text(*(json_t *const *)a, "destination");
	const char *y = bt_jget_text(*(json_t *const *)b, "destination");
	size_t dx = depth_of(x), dy = depth_of(y);

	return dx != dy ? (dx > dy) - (dx < dy) : strcmp(x, y);
}

/* Parents before children, whoever asked for them. */
static int sort_into(json_t *list, json_t *out)
{
	size_t n = json_array_size(list);
	bt_auto_free json_t **sorted = calloc(n + 1, sizeof(json_t *));

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		sorted[i] = json_array_get(list, i);
	qsort(sorted, n, sizeof(json_t *), by_depth);
	for (size_t i = 0; i < n; i++)
		json_array_append(out, sorted[i]);
	return 0;
}

int bt_spec_mounts(const struct bt_spec_request *req, json_t **ret, struct bt_err *err)
{
	json_auto_t *out = json_array(), *user = json_array();
	const json_t *item;
	size_t i;

	add_defaults(req, out);
	add_shm(req, out);
	json_array_foreach (req->mounts, i, item) {
		bool tmpfs = strcmp(bt_jget_text(item, "Type"), "tmpfs") == 0;

		json_array_append_new(user, tmpfs ? tmpfs_mount(item) : bind_mount(req, item));
	}
	if (add_files(req, user) < 0 || add_tmpfs(req, user) < 0 || sort_into(user, out) < 0)
		return bt_err_sys(err, -ENOMEM, "build mounts");
	*ret = json_incref(out);
	return 0;
}

const char *bt_spec_mounts_propagation(const json_t *mounts)
{
	const char *widest = "rprivate";
	const json_t *item;
	size_t i;

	json_array_foreach (mounts, i, item) {
		const char *p = bt_jget_text(item, "Propagation");

		if (strstr(p, "shared"))
			return "rshared";
		if (strstr(p, "slave"))
			widest = "rslave";
	}
	return widest;
}
