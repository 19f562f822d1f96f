/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/sysctls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "sys/clone.h"

static int refuse(const char *key, const char *why, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EPERM, "linux.sysctl: sysctl \"%.200s\" %s", key,
			  why);
}

static bool is_own(const char *name, int fd)
{
	char path[48];
	struct stat own, other;

	(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	return stat(path, &own) == 0 && fstat(fd, &other) == 0 && own.st_ino == other.st_ino &&
	       own.st_dev == other.st_dev;
}

/* A new namespace, or one that is joined and not that of the creator. */
static bool is_apart(const struct bt_plan *plan, int type)
{
	if (bt_plan_makes(plan, (uint64_t)type))
		return true;
	for (size_t i = 0; i < plan->njoins; i++)
		if (plan->joins[i].type == type)
			return !is_own(bt_clone_namespace_name(type), plan->joins[i].fd);
	return false;
}

static bool is_ipc(const char *key)
{
	static const char *const names[] = {
		"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
		"kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], key) == 0)
			return true;
	return bt_str_after(key, "fs.mqueue.") != NULL;
}

/* With points between the parts; parts that lead elsewhere are none. */
static int normalize(const char *key, char ret[PATH_MAX])
{
	size_t len = strlen(key);

	if (len == 0 || len >= PATH_MAX || key[0] == '/' || key[0] == '.')
		return -EINVAL;
	memcpy(ret, key, len + 1);
	if (!strchr(key, '/'))
		return strstr(key, "..") ? -EINVAL : 0;
	for (const char *part = key; part; part = strchr(part, '/')) {
		size_t n;

		part += *part == '/';
		n = strcspn(part, "/");
		if (n == 0 || (n == 1 && part[0] == '.') || (n == 2 && memcmp(part, "..", 2) == 0))
			return -EINVAL;
	}
	for (char *p = ret; *p != '\0'; p++)
		*p = *p == '/' ? '.' : *p == '.' ? '/' : *p;
	return 0;
}

static int check_one(const struct bt_plan *plan, const char *key, struct bt_err *err)
{
	char name[PATH_MAX];

	if (normalize(key, name) < 0)
		return refuse(key, "is not the name of a kernel parameter", err);
	if (is_ipc(name))
		return is_apart(plan, CLONE_NEWIPC)
			       ? 0
			       : refuse(name, "is not allowed in the hosts ipc namespace", err);
	if (bt_str_after(name, "net."))
		return is_apart(plan, CLONE_NEWNET)
			       ? 0
			       : refuse(name, "not allowed in host network namespace", err);
	if (is_apart(plan, CLONE_NEWUTS) && strcmp(name, "kernel.domainname") == 0)
		return 0;
	if (is_apart(plan, CLONE_NEWUTS) && strcmp(name, "kernel.hostname") == 0)
		return refuse(name,
			      "is not allowed as it conflicts with the OCI \"hostname\" field",
			      err);
	return refuse(name, "is not in a separate kernel namespace", err);
}

int bt_sysctls_check(const struct bt_plan *plan, struct bt_err *err)
{
	const struct bt_oci_pairs *sysctl = &plan->spec->linux_.sysctl;
	int r = 0;

	for (size_t i = 0; i < sysctl->n && r == 0; i++)
		r = check_one(plan, sysctl->v[i].key, err);
	return r;
}
