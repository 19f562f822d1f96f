/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/config_shape.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/field.h"

/* A member of Config or HostConfig, and what the objects in it have. A path "Mounts.BindOptions" is
 * the member BindOptions of each object in Mounts. */
struct shape {
	const char *path;
	enum {
		ONE,
		LIST,
		MAP_OF_LISTS
	} kind;
	const struct bt_field *fields;
	size_t n;
};

#define TEXT(name)                                       \
	{                                                \
		name, BT_FIELD_TEXT, NULL, BT_FIELD_OMIT \
	}
#define INT(name)                                       \
	{                                               \
		name, BT_FIELD_INT, NULL, BT_FIELD_OMIT \
	}
#define BOOL(name)                                       \
	{                                                \
		name, BT_FIELD_BOOL, NULL, BT_FIELD_OMIT \
	}
#define TEXTS(name)                                       \
	{                                                 \
		name, BT_FIELD_TEXTS, NULL, BT_FIELD_OMIT \
	}
#define WORDS(name)                                       \
	{                                                 \
		name, BT_FIELD_WORDS, NULL, BT_FIELD_OMIT \
	}
#define ARRAY(name)                                       \
	{                                                 \
		name, BT_FIELD_ARRAY, NULL, BT_FIELD_OMIT \
	}
#define OBJECT(name)                                       \
	{                                                  \
		name, BT_FIELD_OBJECT, NULL, BT_FIELD_OMIT \
	}

static const struct bt_field health[] = {
	WORDS("Test"),      INT("Interval"),      INT("Timeout"),
	INT("StartPeriod"), INT("StartInterval"), INT("Retries")
};
static const struct bt_field policy[] = { TEXT("Name"), INT("MaximumRetryCount") };
static const struct bt_field log_config[] = { TEXT("Type"), OBJECT("Config") };
static const struct bt_field device[] = { TEXT("PathOnHost"), TEXT("PathInContainer"),
					  TEXT("CgroupPermissions") };
static const struct bt_field request[] = { TEXT("Driver"), INT("Count"), TEXTS("DeviceIDs"),
					   ARRAY("Capabilities"), OBJECT("Options") };
static const struct bt_field ulimit[] = { TEXT("Name"), INT("Soft"), INT("Hard") };
static const struct bt_field weight[] = { TEXT("Path"), INT("Weight") };
static const struct bt_field rate[] = { TEXT("Path"), INT("Rate") };
static const struct bt_field binding[] = { TEXT("HostIp"), TEXT("HostPort") };
static const struct bt_field mount[] = { TEXT("Type"),
					 TEXT("Source"),
					 TEXT("Target"),
					 BOOL("ReadOnly"),
					 TEXT("Consistency"),
					 OBJECT("BindOptions"),
					 OBJECT("VolumeOptions"),
					 OBJECT("TmpfsOptions"),
					 OBJECT("ImageOptions"),
					 OBJECT("ClusterOptions") };
static const struct bt_field bind_options[] = { TEXT("Propagation"), BOOL("NonRecursive"),
						BOOL("CreateMountpoint"),
						BOOL("ReadOnlyNonRecursive"),
						BOOL("ReadOnlyForceRecursive") };
static const struct bt_field volume_options[] = { BOOL("NoCopy"), OBJECT("Labels"),
						  OBJECT("DriverConfig"), TEXT("Subpath") };
static const struct bt_field tmpfs_options[] = { INT("SizeBytes"), INT("Mode"), ARRAY("Options") };
static const struct bt_field image_options[] = { TEXT("Subpath") };

#define FIELDS(x) x, sizeof(x) / sizeof((x)[0])

static const struct shape config_shapes[] = { { "Healthcheck", ONE, FIELDS(health) } };

static const struct shape host_shapes[] = {
	{ "RestartPolicy", ONE, FIELDS(policy) },
	{ "LogConfig", ONE, FIELDS(log_config) },
	{ "Devices", LIST, FIELDS(device) },
	{ "DeviceRequests", LIST, FIELDS(request) },
	{ "Ulimits", LIST, FIELDS(ulimit) },
	{ "BlkioWeightDevice", LIST, FIELDS(weight) },
	{ "BlkioDeviceReadBps", LIST, FIELDS(rate) },
	{ "BlkioDeviceWriteBps", LIST, FIELDS(rate) },
	{ "BlkioDeviceReadIOps", LIST, FIELDS(rate) },
	{ "BlkioDeviceWriteIOps", LIST, FIELDS(rate) },
	{ "PortBindings", MAP_OF_LISTS, FIELDS(binding) },
	{ "Mounts", LIST, FIELDS(mount) },
	{ "Mounts.BindOptions", LIST, FIELDS(bind_options) },
	{ "Mounts.VolumeOptions", LIST, FIELDS(volume_options) },
	{ "Mounts.TmpfsOptions", LIST, FIELDS(tmpfs_options) },
	{ "Mounts.ImageOptions", LIST, FIELDS(image_options) },
};

static int check_object(const struct shape *s, const char *what, const json_t *value,
			struct bt_err *err)
{
	json_auto_t *ignored = NULL;

	return bt_field_apply(s->fields, s->n, what, value, &ignored, err);
}

static int check_list(const struct shape *s, const char *what, const char *member,
		      const json_t *list, struct bt_err *err)
{
	char name[160];
	const json_t *item;
	size_t i;

	if (list && !json_is_array(list) && !json_is_null(list))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid JSON: %s must be an array",
				  what);
	json_array_foreach (list, i, item) {
		const json_t *value = member ? json_object_get(item, member) : item;
		int r;

		(void)snprintf(name, sizeof(name), "%s[%zu]%s%s", what, i, member ? "." : "",
			       member ? member : "");
		r = check_object(s, name, value, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_map(const struct shape *s, const char *what, json_t *map, struct bt_err *err)
{
	const char *key;
	json_t *value;

	json_object_foreach (map, key, value) {
		char name[160];
		int r;

		(void)snprintf(name, sizeof(name), "%s[\"%.60s\"]", what, key);
		r = check_list(s, name, NULL, value, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_shape(const struct shape *s, const char *object, const json_t *in,
		       struct bt_err *err)
{
	const char *dot = strchr(s->path, '.');
	char key[40], what[96];
	json_t *value;

	(void)snprintf(key, sizeof(key), "%.*s", (int)strcspn(s->path, "."), s->path);
	(void)snprintf(what, sizeof(what), "%s.%s", object, key);
	value = json_object_get(in, key);
	if (s->kind == ONE)
		return check_object(s, what, value, err);
	if (s->kind == MAP_OF_LISTS)
		return check_map(s, what, value, err);
	return check_list(s, what, dot ? dot + 1 : NULL, value, err);
}

int bt_config_shape_check(const json_t *config, const json_t *hc, struct bt_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(config_shapes) / sizeof(config_shapes[0]); i++)
		r = check_shape(&config_shapes[i], "Config", config, err);
	for (size_t i = 0; r == 0 && i < sizeof(host_shapes) / sizeof(host_shapes[0]); i++)
		r = check_shape(&host_shapes[i], "HostConfig", hc, err);
	return r;
}
