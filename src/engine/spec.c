/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/spec.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "engine/container_config.h"
#include "engine/jget.h"
#include "engine/spec_devices.h"
#include "engine/spec_mounts.h"
#include "engine/spec_resources.h"
#include "engine/spec_security.h"

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Set `entry` ("K=V"; "K" alone takes the variable away) in an object of entries by their names,
 * which keeps its order: a request may have a million, and none is looked for among all. */
static int env_put(json_t *env, const char *entry)
{
	size_t len = strcspn(entry, "=");

	if (entry[len] == '=')
		return json_object_setn_new(env, entry, len, json_string(entry));
	(void)json_object_deln(env, entry, len);
	return 0;
}

static int env_put_all(json_t *env, const json_t *list)
{
	const json_t *item;
	size_t i;
	int r = 0;

	json_array_foreach (list, i, item)
		if (r == 0)
			r = env_put(env, json_string_value(item));
	return r;
}

static json_t *values_of(json_t *object)
{
	json_auto_t *list = json_array();
	const char *key;
	json_t *value;

	json_object_foreach (object, key, value)
		if (json_array_append(list, value) < 0)
			return NULL;
	return bt_take(list);
}

json_t *bt_spec_env(const json_t *config, const json_t *env, bool tty, const char *home)
{
	json_auto_t *out = json_object();
	bt_auto_free char *host = bt_str_format("HOSTNAME=%s", bt_jget_text(config, "Hostname"));
	bt_auto_free char *home_entry = bt_str_format("HOME=%s", home);

	if (!out || !host || !home_entry || env_put(out, DEFAULT_PATH) < 0 ||
	    env_put(out, host) < 0 || (tty && env_put(out, "TERM=xterm") < 0))
		return NULL;
	if (env_put_all(out, json_object_get(config, "Env")) < 0 || env_put_all(out, env) < 0)
		return NULL;
	if (!json_object_get(out, "HOME") && env_put(out, home_entry) < 0)
		return NULL;
	return values_of(out);
}

static json_t *build_args(const json_t *config, bool init)
{
	json_t *args = NULL;
	const char *path;

	if (bt_container_config_command(config, &path, &args) == 0)
		json_array_insert_new(args, 0, json_string(path));
	if (init) {
		json_array_insert_new(args, 0, json_string("--"));
		json_array_insert_new(args, 0, json_string(BT_SPEC_INIT));
	}
	return args;
}

static json_t *build_user(const struct bt_user *user)
{
	json_t *gids = json_array();

	for (size_t i = 0; i < user->ngids; i++)
		json_array_append_new(gids, json_integer(user->gids[i]));
	return json_pack("{s:I,s:I,s:o}", "uid", (json_int_t)user->uid, "gid",
			 (json_int_t)user->gid, "additionalGids", gids);
}

static void add_console_size(json_t *process, const json_t *hc)
{
	const json_t *size = json_object_get(hc, "ConsoleSize");
	json_int_t rows = json_integer_value(json_array_get(size, 0));
	json_int_t cols = json_integer_value(json_array_get(size, 1));

	if (rows > 0 && cols > 0)
		json_object_set_new(process, "consoleSize",
				    json_pack("{s:I,s:I}", "height", rows, "width", cols));
}

static int build_process(const struct bt_spec_request *req, json_t **ret, struct bt_err *err)
{
	bool tty = bt_jget_bool(req->config, "Tty");
	const char *cwd = bt_jget_text(req->config, "WorkingDir");
	json_auto_t *process = json_object();
	int r;

	json_object_set_new(process, "terminal", json_boolean(tty));
	if (tty)
		add_console_size(process, req->host_config);
	json_object_set_new(process, "user", build_user(req->user));
	json_object_set_new(process, "args", build_args(req->config, req->init_path != NULL));
	json_object_set_new(process, "env", bt_spec_env(req->config, NULL, tty, req->user->home));
	json_object_set_new(process, "cwd", json_string(cwd[0] ? cwd : "/"));
	json_object_set_new(process, "oomScoreAdj",
			    json_integer(bt_jget_int(req->host_config, "OomScoreAdj")));
	r = bt_spec_security_process(req->host_config, req->user->uid, &req->security, process,
				     err);
	if (r < 0)
		return r;
	if (req->process_label)
		json_object_set_new(process, "selinuxLabel", json_string(req->process_label));
	bt_spec_security_rlimits(req->host_config, req->default_ulimits, process);
	*ret = json_incref(process);
	return 0;
}

/* A new namespace, or the one of `pid`. */
static void add_namespace(json_t *list, const char *type, const char *file, pid_t pid)
{
	json_t *entry = json_pack("{s:s}", "type", type);
	bt_auto_free char *path = NULL;

	if (pid > 0) {
		path = bt_str_format("/proc/%d/ns/%s", (int)pid, file);
		json_object_set_new(entry, "path", json_string(path));
	}
	json_array_append_new(list, entry);
}

/* The maps stand there also where the namespace is joined: mounts are mapped by them. */
static void add_maps(const struct bt_container_userns *userns, json_t *linux_)
{
	if (!userns->mapped)
		return;
	json_object_set_new(linux_, "uidMappings",
			    bt_container_userns_ranges(userns->map.uids, userns->map.nuids));
	json_object_set_new(linux_, "gidMappings",
			    bt_container_userns_ranges(userns->map.gids, userns->map.ngids));
}

static json_t *build_namespaces(const struct bt_spec_request *req)
{
	const json_t *hc = req->host_config;
	json_t *list = json_array();

	add_namespace(list, "mount", "mnt", 0);
	if (req->userns->mapped)
		add_namespace(list, "user", "user", req->userns->join_pid);
	if (!req->host_network)
		add_namespace(list, "network", "net", req->net_pid);
	if (strcmp(bt_jget_text(hc, "UTSMode"), "host") != 0)
		add_namespace(list, "uts", "uts", 0);
	if (strcmp(bt_jget_text(hc, "PidMode"), "host") != 0)
		add_namespace(list, "pid", "pid", req->pid_pid);
	if (strcmp(bt_jget_text(hc, "IpcMode"), "host") != 0)
		add_namespace(list, "ipc", "ipc", req->ipc_pid);
	if (strcmp(bt_jget_text(hc, "CgroupnsMode"), "private") == 0)
		add_namespace(list, "cgroup", "cgroup", 0);
	return list;
}

static json_t *build_sysctls(const struct bt_spec_request *req)
{
	const json_t *given = json_object_get(req->host_config, "Sysctls");
	json_t *sysctls = json_object();

	/* Docker lets unprivileged processes ping and bind low ports in a namespace of its own. */
	if (!req->host_network && req->net_pid == 0) {
		json_object_set_new(sysctls, "net.ipv4.ip_unprivileged_port_start",
				    json_string("0"));
		/* Few of those groups are in a user namespace, so that nobody in there may say so;
		 * the network's maker has (net/sandbox.c). */
		if (!req->userns->mapped)
			json_object_set_new(sysctls, "net.ipv4.ping_group_range",
					    json_string("0 2147483647"));
	}
	if (given)
		json_object_update(sysctls, (json_t *)(uintptr_t)given);
	return sysctls;
}

char *bt_spec_cgroup_path(const json_t *hc, const char *daemon_parent, bool systemd, const char *id)
{
	const char *parent = bt_jget_text(hc, "CgroupParent");

	if (parent[0] == '\0')
		parent = daemon_parent;
	if (systemd)
		return bt_str_format("%s:docker:%s", parent, id);
	return bt_str_format("%s%s/%s", parent[0] == '/' ? "" : "/", parent, id);
}

static int build_linux(const struct bt_spec_request *req, json_t **ret, struct bt_err *err)
{
	json_auto_t *linux_ = json_object();
	json_auto_t *resources = NULL;
	bt_auto_free char *cgroup = bt_spec_cgroup_path(req->host_config, req->cgroup_parent,
							req->systemd_cgroup, req->id);
	const json_t *masked = json_object_get(req->host_config, "MaskedPaths");
	const json_t *readonly = json_object_get(req->host_config, "ReadonlyPaths");
	int r;

	if (!cgroup)
		return bt_err_sys(err, -ENOMEM, "build specification");
	r = bt_spec_resources(req->host_config, &resources, err);
	if (r == 0)
		r = bt_spec_devices(req->host_config, linux_, resources, err);
	if (r < 0)
		return r;
	json_object_set_new(linux_, "sysctl", build_sysctls(req));
	json_object_set_new(linux_, "resources", json_incref(resources));
	json_object_set_new(linux_, "cgroupsPath", json_string(cgroup));
	if (req->mount_label)
		json_object_set_new(linux_, "mountLabel", json_string(req->mount_label));
	json_object_set_new(linux_, "namespaces", build_namespaces(req));
	add_maps(req->userns, linux_);
	json_object_set_new(linux_, "rootfsPropagation",
			    json_string(bt_spec_mounts_propagation(req->mounts)));
	if (json_is_array(masked))
		json_object_set_new(linux_, "maskedPaths", json_deep_copy(masked));
	if (json_is_array(readonly))
		json_object_set_new(linux_, "readonlyPaths", json_deep_copy(readonly));
	*ret = json_incref(linux_);
	return 0;
}

static void add_names(const struct bt_spec_request *req, json_t *spec)
{
	const char *domain = bt_jget_text(req->config, "Domainname");

	/* The host's own name is not ours to change. */
	if (strcmp(bt_jget_text(req->host_config, "UTSMode"), "host") == 0)
		return;
	json_object_set_new(spec, "hostname", json_string(bt_jget_text(req->config, "Hostname")));
	if (domain[0] != '\0')
		json_object_set_new(spec, "domainname", json_string(domain));
}

int bt_spec_build(const struct bt_spec_request *req, json_t **ret, struct bt_err *err)
{
	json_auto_t *spec = json_pack("{s:s}", "ociVersion", "1.2.1");
	json_auto_t *process = NULL, *linux_ = NULL, *mounts = NULL;
	const json_t *annotations = json_object_get(req->host_config, "Annotations");
	int r = build_process(req, &process, err);

	if (r == 0)
		r = bt_spec_mounts(req, &mounts, err);
	if (r == 0)
		r = build_linux(req, &linux_, err);
	if (r < 0)
		return r;
	json_object_set_new(spec, "process", json_incref(process));
	json_object_set_new(spec, "root",
			    json_pack("{s:s,s:b}", "path", "rootfs", "readonly",
				      (int)bt_jget_bool(req->host_config, "ReadonlyRootfs")));
	add_names(req, spec);
	json_object_set_new(spec, "mounts", json_incref(mounts));
	json_object_set_new(spec, "linux", json_incref(linux_));
	if (annotations)
		json_object_set_new(spec, "annotations", json_deep_copy(annotations));
	*ret = json_incref(spec);
	return 0;
}
