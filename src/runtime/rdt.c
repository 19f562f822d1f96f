/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/str.h"

/* A schemata file has a line for each resource, with a number for each of its domains. */
#define SCHEMATA_MAX (64u << 10)

int bt_rdt_root(char **ret, struct bt_err *err)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char text[4096];
	struct mntent entry;
	int r = -ENOENT;

	if (mounts == NULL)
		return bt_err_sys(err, -errno, "linux.intelRdt: read /proc/self/mounts");
	while (r == -ENOENT && getmntent_r(mounts, &entry, text, sizeof(text)) != NULL) {
		if (strcmp(entry.mnt_type, "resctrl") != 0)
			continue;
		*ret = strdup(entry.mnt_dir);
		r = *ret != NULL ? 0 : -ENOMEM;
	}
	(void)endmntent(mounts);
	if (r == -ENOENT)
		return bt_err_set(err, BT_ERR_INVALID, EOPNOTSUPP,
				  "linux.intelRdt: this machine has no classes of service: no "
				  "resctrl file system is mounted");
	return r < 0 ? bt_err_sys(err, r, "linux.intelRdt") : 0;
}

/* Names of groups stay in their directory, and are none of resctrl's own. */
static int name_of(const struct bt_oci_intel_rdt *rdt, const char *id, const char **ret,
		   struct bt_err *err)
{
	static const char *const taken[] = { ".", "..", "info", "mon_groups", "mon_data" };
	const char *name = rdt->clos_id != NULL && *rdt->clos_id != '\0' ? rdt->clos_id : id;

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		if (strcmp(taken[i], name) == 0 || strchr(name, '/') != NULL)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "linux.intelRdt.closID: \"%s\" cannot be the name of a "
					  "class",
					  name);
	}
	*ret = name;
	return 0;
}

static bool is_own(const struct bt_oci_intel_rdt *rdt)
{
	return rdt->clos_id == NULL || *rdt->clos_id == '\0';
}

static bool wants_monitoring(const struct bt_oci_intel_rdt *rdt)
{
	return rdt->enable_monitoring || rdt->enable_cmt || rdt->enable_mbm;
}

/* ---- schemata ------------------------------------------------------------------- */

/* The lines of `text`, without those about memory bandwidth where `no_mb`. */
static void add_lines(struct bt_str *out, const char *text, bool no_mb)
{
	while (text != NULL && *text != '\0') {
		size_t len = strcspn(text, "\n");

		if (len > 0 && !(no_mb && strncmp(text, "MB:", 3) == 0))
			bt_str_printf(out, "%.*s\n", (int)len, text);
		text += len;
		text += *text == '\n';
	}
}

/* In the order that the specification wants; later lines win. */
static int wanted(const struct bt_oci_intel_rdt *rdt, struct bt_str *ret)
{
	add_lines(ret, rdt->l3_cache_schema, rdt->mem_bw_schema != NULL);
	add_lines(ret, rdt->mem_bw_schema, false);
	for (size_t i = 0; i < rdt->schemata.n; i++)
		add_lines(ret, rdt->schemata.v[i], false);
	return ret->failed;
}

/* "L3:0=07f" and "L3: 0=7f" are one value to the kernel. */
static bool same_value(const char *a, size_t a_len, const char *b, size_t b_len)
{
	while (a_len > 0 && (*a == '0' || *a == ' ') && a_len > 1)
		a++, a_len--;
	while (b_len > 0 && (*b == '0' || *b == ' ') && b_len > 1)
		b++, b_len--;
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* The value of `domain` in a line "L3:0=7f;1=1f", and its length; NULL where it is not there. */
static const char *value_of(const char *line, const char *domain, size_t domain_len,
			    size_t *ret_len)
{
	size_t end = strcspn(line, "\n");
	const char *p = memchr(line, ':', end);

	while (p != NULL && p < line + end) {
		size_t len;

		p++;
		p += strspn(p, " ");
		len = strcspn(p, ";\n");
		if (len > domain_len && strncmp(p, domain, domain_len) == 0 &&
		    p[domain_len] == '=') {
			*ret_len = len - domain_len - 1;
			return p + domain_len + 1;
		}
		p += len;
	}
	return NULL;
}

/* The line of the same resource, "L3:", in a schemata file, which indents them. */
static const char *line_of(const char *text, const char *line)
{
	size_t len = strcspn(line, ":") + 1;

	while (*text != '\0') {
		text += strspn(text, " ");
		if (strncmp(text, line, len) == 0)
			return text;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return NULL;
}

/* Is everything that a line asks for there already? */
static bool line_holds(const char *line, const char *there)
{
	const char *now = line_of(there, line), *p = line + strcspn(line, ":\n");

	while (now != NULL && *p != '\n' && *p != '\0') {
		size_t domain, len, now_len;
		const char *value;

		p++;
		p += strspn(p, " ");
		domain = strcspn(p, "=\n");
		len = strcspn(p, ";\n");
		value = value_of(now, p, domain, &now_len);
		if (value == NULL || domain >= len ||
		    !same_value(p + domain + 1, len - domain - 1, value, now_len))
			return false;
		p += len;
	}
	return now != NULL;
}

static int compare(int dir, const char *name, const char *lines, struct bt_err *err)
{
	bt_auto_free char *there = NULL;
	int r = bt_io_read_file(dir, "schemata", SCHEMATA_MAX, &there, NULL);

	if (r < 0)
		return bt_err_sys(err, r, "linux.intelRdt.closID: read the schemata of %s", name);
	for (const char *line = lines; *line != '\0'; line = strchr(line, '\n') + 1) {
		if (!line_holds(line, there))
			return bt_err_set(err, BT_ERR_INVALID, EEXIST,
					  "linux.intelRdt.closID: class %s exists and has other "
					  "schemata than \"%.*s\"",
					  name, (int)strcspn(line, "\n"), line);
	}
	return 0;
}

/* The kernel says in a file of its own what it did not like. */
static int write_failed(const char *root, int r, struct bt_err *err)
{
	bt_auto_free char *path = bt_path_join(root, "info/last_cmd_status");
	bt_auto_free char *why = NULL;

	if (path == NULL || bt_io_read_file(AT_FDCWD, path, 4096, &why, NULL) < 0)
		return bt_err_sys(err, r, "linux.intelRdt: write the schemata");
	why[strcspn(why, "\n")] = '\0';
	return bt_err_sys(err, r, "linux.intelRdt: write the schemata: %s", why);
}

/* ---- groups --------------------------------------------------------------------- */

static int add_task(int dir, pid_t pid)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	return bt_io_write_file(dir, "tasks", text);
}

static int open_group(const char *root, const char *name, int *ret)
{
	bt_auto_free char *path = bt_path_join(root, name);

	if (path == NULL)
		return -ENOMEM;
	*ret = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *ret < 0 ? -errno : 0;
}

static int make_group(const char *root, const char *name, bool *ret_made)
{
	bt_auto_free char *path = bt_path_join(root, name);

	if (path == NULL)
		return -ENOMEM;
	*ret_made = mkdir(path, 0755) == 0;
	return *ret_made || errno == EEXIST ? 0 : -errno;
}

static int fill_class(const char *root, const struct bt_oci_intel_rdt *rdt, const char *name,
		      bool made, int *ret_dir, struct bt_err *err)
{
	bt_auto_str struct bt_str lines = { .max = SCHEMATA_MAX };
	bt_auto_close int dir = -EBADF;
	int r = open_group(root, name, &dir);

	if (r == 0)
		r = wanted(rdt, &lines);
	if (r == -ENOENT)
		return bt_err_set(err, BT_ERR_INVALID, ENOENT,
				  "linux.intelRdt.closID: there is no class %s, and no schema to "
				  "make it with",
				  name);
	if (r < 0)
		return bt_err_sys(err, r, "linux.intelRdt: open class %s", name);
	if (lines.len > 0 && !made && !is_own(rdt)) {
		r = compare(dir, name, lines.p, err);
		if (r < 0)
			return r;
	} else if (lines.len > 0) {
		r = bt_io_write_file(dir, "schemata", lines.p);
		if (r < 0)
			return write_failed(root, r, err);
	}
	*ret_dir = bt_take_fd(&dir);
	return 0;
}

static int monitor(int dir, const char *id, pid_t pid, struct bt_err *err)
{
	bt_auto_close int groups = openat(dir, "mon_groups", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bt_auto_close int group = -EBADF;
	int r;

	if (groups < 0)
		return bt_err_set(err, BT_ERR_INVALID, EOPNOTSUPP,
				  "linux.intelRdt.enableMonitoring: this machine cannot monitor "
				  "classes");
	if (mkdirat(groups, id, 0755) < 0 && errno != EEXIST)
		return bt_err_sys(err, -errno, "linux.intelRdt.enableMonitoring: make group %s",
				  id);
	group = openat(groups, id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = group < 0 ? -errno : add_task(group, pid);
	return r < 0 ? bt_err_sys(err, r, "linux.intelRdt.enableMonitoring: enter group %s", id)
		     : 0;
}

int bt_rdt_create(const char *root, const struct bt_oci_intel_rdt *rdt, const char *id, pid_t pid,
		  struct bt_err *err)
{
	bool schema =
		rdt->l3_cache_schema != NULL || rdt->mem_bw_schema != NULL || rdt->schemata.n > 0;
	bt_auto_close int dir = -EBADF;
	const char *name;
	bool made = false;
	int r = name_of(rdt, id, &name, err);

	if (r < 0)
		return r;
	if (is_own(rdt) || schema) {
		r = make_group(root, name, &made);
		if (r < 0)
			return bt_err_sys(err, r, "linux.intelRdt: make class %s", name);
	}
	r = fill_class(root, rdt, name, made, &dir, err);
	if (r == 0) {
		r = add_task(dir, pid);
		if (r < 0)
			(void)bt_err_sys(err, r, "linux.intelRdt: enter class %s", name);
	}
	if (r == 0 && wants_monitoring(rdt))
		r = monitor(dir, id, pid, err);
	if (r < 0 && made) {
		bt_auto_free char *path = bt_path_join(root, name);

		(void)(path == NULL || rmdir(path));
	}
	return r;
}

int bt_rdt_join(const char *root, const struct bt_oci_intel_rdt *rdt, const char *id, pid_t pid,
		struct bt_err *err)
{
	bt_auto_close int dir = -EBADF;
	const char *name;
	int r = name_of(rdt, id, &name, err);

	if (r < 0)
		return r;
	r = open_group(root, name, &dir);
	if (r == 0)
		r = add_task(dir, pid);
	if (r < 0)
		return bt_err_sys(err, r, "linux.intelRdt: enter class %s", name);
	return wants_monitoring(rdt) ? monitor(dir, id, pid, err) : 0;
}

int bt_rdt_update(const char *root, const struct bt_oci_intel_rdt *rdt, const char *id,
		  struct bt_err *err)
{
	bt_auto_str struct bt_str lines = { .max = SCHEMATA_MAX };
	bt_auto_close int dir = -EBADF;
	const char *name;
	int r = name_of(rdt, id, &name, err);

	if (r < 0)
		return r;
	r = open_group(root, name, &dir);
	if (r == 0)
		r = wanted(rdt, &lines);
	if (r < 0)
		return bt_err_sys(err, r, "linux.intelRdt: open class %s", name);
	r = bt_io_write_file(dir, "schemata", bt_str_get(&lines));
	return r < 0 ? write_failed(root, r, err) : 0;
}

int bt_rdt_remove(const char *root, const struct bt_oci_intel_rdt *rdt, const char *id,
		  struct bt_err *err)
{
	bt_auto_free char *path = NULL;
	const char *name;
	int r = name_of(rdt, id, &name, err);

	if (r < 0)
		return r;
	/* A class takes its monitoring groups along. */
	if (is_own(rdt))
		path = bt_path_join(root, name);
	else
		path = bt_str_format("%s/%s/mon_groups/%s", root, name, id);
	if (path == NULL)
		return bt_err_sys(err, -ENOMEM, "linux.intelRdt");
	if ((is_own(rdt) || wants_monitoring(rdt)) && rmdir(path) < 0 && errno != ENOENT)
		return bt_err_sys(err, -errno, "linux.intelRdt: remove %s", path);
	return 0;
}
