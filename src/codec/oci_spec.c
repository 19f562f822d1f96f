/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/oci_spec.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "codec/json.h"
#include "codec/oci_read.h"

/* A tree takes some ten times its text; hostile texts ("[[],[],…") some forty. */
#define SCRATCH_MAX (256u << 20)

static const struct bt_oci_field root_fields[] = {
	BT_OCI_ROW_REQUIRED("path", struct bt_oci_spec, root_path, bt_oci_read_str),
	BT_OCI_ROW("readonly", struct bt_oci_spec, root_readonly, bt_oci_read_bool),
};
static const struct bt_oci_object root_object =
	BT_OCI_OBJECT(root_fields, struct bt_oci_spec, BT_OCI_NOWHERE, NULL);

/* Since 1.1 destinations must be absolute; older writers leave out the slash. */
static int read_destination(struct bt_oci_reader *rd, const struct bt_oci_at *at,
			    const json_t *value, void *ret)
{
	const char *path;
	char *copy;
	size_t n;
	int r = bt_oci_read_str(rd, at, value, &path);

	if (r < 0)
		return r;
	if (!path)
		return bt_oci_read_fail(rd, at, "must not be empty");
	n = strlen(path);
	if (*path != '/') {
		copy = bt_arena_alloc(rd->arena, n + 2);
		if (!copy)
			return bt_oci_read_nomem(rd);
		copy[0] = '/';
		memcpy(copy + 1, path, n + 1);
		path = copy;
	}
	*(const char **)ret = path;
	return 0;
}

static const struct bt_oci_field mount_fields[] = {
	BT_OCI_ROW_REQUIRED("destination", struct bt_oci_mount, destination, read_destination),
	BT_OCI_ROW("type", struct bt_oci_mount, type, bt_oci_read_str),
	BT_OCI_ROW("source", struct bt_oci_mount, source, bt_oci_read_str),
	BT_OCI_ROW("options", struct bt_oci_mount, options, bt_oci_read_strs),
	BT_OCI_ROW_LIST("uidMappings", struct bt_oci_mount, uid_mappings, nuid_mappings,
			&bt_oci_id_map_object),
	BT_OCI_ROW_LIST("gidMappings", struct bt_oci_mount, gid_mappings, ngid_mappings,
			&bt_oci_id_map_object),
};

/* "uidMappings … MUST be specified along with gidMappings", and the reverse. */
static int check_mount(struct bt_oci_reader *rd, const struct bt_oci_at *at, void *object)
{
	const struct bt_oci_mount *mount = object;

	if ((mount->nuid_mappings > 0) != (mount->ngid_mappings > 0))
		return bt_oci_read_fail(rd, at, "uidMappings and gidMappings go together");
	return 0;
}
static const struct bt_oci_object mount_object =
	BT_OCI_OBJECT(mount_fields, struct bt_oci_mount, BT_OCI_NOWHERE, check_mount);

static const struct bt_oci_field hook_fields[] = {
	BT_OCI_ROW_REQUIRED("path", struct bt_oci_hook, path, bt_oci_read_path),
	BT_OCI_ROW("args", struct bt_oci_hook, args, bt_oci_read_strs),
	BT_OCI_ROW("env", struct bt_oci_hook, env, bt_oci_read_strs),
	BT_OCI_ROW("timeout", struct bt_oci_hook, timeout, bt_oci_read_int),
};

static int check_hook(struct bt_oci_reader *rd, const struct bt_oci_at *at, void *object)
{
	const struct bt_oci_hook *hook = object;

	if (hook->timeout < 0)
		return bt_oci_read_fail_in(rd, at, "timeout", "must not be negative");
	return 0;
}
static const struct bt_oci_object hook_object =
	BT_OCI_OBJECT(hook_fields, struct bt_oci_hook, BT_OCI_NOWHERE, check_hook);

#define HOOKS(json, member) \
	BT_OCI_ROW_LIST(json, struct bt_oci_hooks, member.v, member.n, &hook_object)
static const struct bt_oci_field hooks_fields[] = {
	HOOKS("prestart", prestart),
	HOOKS("createRuntime", create_runtime),
	HOOKS("createContainer", create_container),
	HOOKS("startContainer", start_container),
	HOOKS("poststart", poststart),
	HOOKS("poststop", poststop),
};
#undef HOOKS
static const struct bt_oci_object hooks_object =
	BT_OCI_OBJECT(hooks_fields, struct bt_oci_hooks, BT_OCI_NOWHERE, NULL);

/* By spec.md a runtime accepts what is of its own major version. */
static int read_version(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
			void *ret)
{
	const char *version;
	int r = bt_oci_read_str(rd, at, value, &version);

	if (r < 0)
		return r;
	if (!version || strncmp(version, "1.", 2) != 0)
		return bt_oci_read_fail(rd, at, "version '%.32s' is not supported, only 1.x",
					version ? version : "");
	*(const char **)ret = version;
	return 0;
}

static const struct bt_oci_field spec_fields[] = {
	BT_OCI_ROW_REQUIRED("ociVersion", struct bt_oci_spec, version, read_version),
	BT_OCI_ROW_OBJECT("process", struct bt_oci_spec, process, &bt_oci_process_object),
	BT_OCI_ROW_INLINE("root", &root_object),
	BT_OCI_ROW("hostname", struct bt_oci_spec, hostname, bt_oci_read_str),
	BT_OCI_ROW("domainname", struct bt_oci_spec, domainname, bt_oci_read_str),
	BT_OCI_ROW_LIST("mounts", struct bt_oci_spec, mounts, nmounts, &mount_object),
	BT_OCI_ROW_OBJECT("hooks", struct bt_oci_spec, hooks, &hooks_object),
	BT_OCI_ROW("annotations", struct bt_oci_spec, annotations, bt_oci_read_pairs),
	BT_OCI_ROW_OBJECT("linux", struct bt_oci_spec, linux_, &bt_oci_linux_object),
};

static const struct bt_oci_object spec_object =
	BT_OCI_OBJECT(spec_fields, struct bt_oci_spec, BT_OCI_NOWHERE, NULL);

static int read_text(const char *text, size_t len, const struct bt_oci_at *at,
		     const struct bt_oci_object *table, struct bt_oci_reader *rd, void *ret)
{
	bt_auto_arena struct bt_arena scratch = { .max = SCRATCH_MAX };
	json_t *json;
	int r;

	if (len > BT_OCI_SPEC_TEXT_MAX)
		return bt_err_set(rd->err, BT_ERR_INVALID, EFBIG,
				  "OCI specification: larger than %u bytes", BT_OCI_SPEC_TEXT_MAX);
	bt_json_arena_begin(&scratch);
	r = bt_json_parse(text, len, BT_JSON_UNIQUE | BT_JSON_BIG, &json, rd->err);
	if (r == 0)
		r = bt_oci_read_object(rd, at, json, table, ret);
	bt_json_arena_end();
	return r;
}

int bt_oci_spec_parse(const char *text, size_t len, struct bt_arena *arena, struct bt_oci_spec *ret,
		      struct bt_err *err)
{
	struct bt_oci_reader rd = { .arena = arena, .err = err };
	struct bt_oci_spec spec = { 0 };
	int r = read_text(text, len, NULL, &spec_object, &rd, &spec);

	if (r == 0)
		*ret = spec;
	return r;
}

int bt_oci_process_parse(const char *text, size_t len, struct bt_arena *arena,
			 struct bt_oci_process *ret, struct bt_err *err)
{
	const struct bt_oci_at at = { .name = "process" };
	struct bt_oci_reader rd = { .arena = arena, .err = err };
	struct bt_oci_process process = { 0 };
	int r = read_text(text, len, &at, &bt_oci_process_object, &rd, &process);

	if (r == 0)
		*ret = process;
	return r;
}

int bt_oci_resources_parse(const char *text, size_t len, struct bt_arena *arena,
			   struct bt_oci_resources *ret, struct bt_err *err)
{
	const struct bt_oci_at at = { .name = "resources" };
	struct bt_oci_reader rd = { .arena = arena, .err = err };
	struct bt_oci_resources res = { 0 };
	int r = read_text(text, len, &at, &bt_oci_resources_object, &rd, &res);

	if (r == 0)
		*ret = res;
	return r;
}

int bt_oci_seccomp_parse(const char *text, size_t len, struct bt_arena *arena,
			 struct bt_oci_seccomp *ret, struct bt_err *err)
{
	const struct bt_oci_at at = { .name = "seccomp" };
	struct bt_oci_reader rd = { .arena = arena, .err = err };
	struct bt_oci_seccomp seccomp = { 0 };
	int r = read_text(text, len, &at, &bt_oci_seccomp_object, &rd, &seccomp);

	if (r == 0)
		*ret = seccomp;
	return r;
}

const struct bt_oci_namespace *bt_oci_spec_namespace(const struct bt_oci_spec *spec, int type)
{
	for (size_t i = 0; i < spec->linux_.nnamespaces; i++)
		if (spec->linux_.namespaces[i].type == type)
			return &spec->linux_.namespaces[i];
	return NULL;
}

const char *bt_oci_spec_annotation(const struct bt_oci_spec *spec, const char *key)
{
	for (size_t i = 0; i < spec->annotations.n; i++)
		if (bt_str_eq(spec->annotations.v[i].key, key))
			return spec->annotations.v[i].value;
	return NULL;
}
