/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/systemd_scope.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "codec/dbus.h"
#include "runtime/systemd_bus.h"
#include "runtime/systemd_properties.h"
#include "sys/clone.h"

static pid_t make_placeholder(struct bt_err *err)
{
	const struct bt_clone how = { .cgroup_fd = -EBADF };
	bt_auto_close int pidfd = -EBADF;
	pid_t parent = getpid(), pid = bt_clone(&how, &pidfd);

	if (pid < 0)
		return bt_err_sys(err, (int)pid, "systemd: make a process for the scope");
	if (pid > 0)
		return pid;
	/* Whoever made it may be killed. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
		_exit(0);
	for (;;)
		(void)pause();
}

void bt_systemd_scope_release(pid_t *placeholder)
{
	if (*placeholder <= 0)
		return;
	(void)kill(*placeholder, SIGKILL);
	while (waitpid(*placeholder, NULL, 0) < 0 && errno == EINTR)
		continue;
	*placeholder = 0;
}

/* What a scope is, whatever its limits. */
static void put_basics(struct bt_str *out, const struct bt_systemd_unit *unit, const char *id,
		       pid_t pid, bool v2)
{
	bt_auto_str struct bt_str text = { 0 };
	size_t array;

	bt_str_printf(&text, "container %s", id);
	bt_systemd_properties_put_str(out, "Description", bt_str_get(&text));
	bt_systemd_properties_put_str(out, "Slice", unit->slice);
	bt_dbus_put_struct(out);
	bt_dbus_put_str(out, "PIDs");
	bt_dbus_put_signature(out, "au");
	array = bt_dbus_begin_array(out, 4);
	bt_dbus_put_u32(out, (uint32_t)pid);
	bt_dbus_end_array(out, array, 4);
	bt_systemd_properties_put_bool(out, "Delegate", true);
	bt_systemd_properties_put_bool(out, "MemoryAccounting", true);
	bt_systemd_properties_put_bool(out, "CPUAccounting", true);
	bt_systemd_properties_put_bool(out, "TasksAccounting", true);
	bt_systemd_properties_put_bool(out, v2 ? "IOAccounting" : "BlockIOAccounting", true);
	/* Not stopped by the manager's own order at a shutdown, and waiting for nothing. */
	bt_systemd_properties_put_bool(out, "DefaultDependencies", false);
	/* A scope that has failed, as by the out-of-memory killer, is forgotten too. */
	bt_systemd_properties_put_str(out, "CollectMode", "inactive-or-failed");
}

/* StartTransientUnit(s name, s mode, a(sv) properties, a(sa(sv)) aux). */
static void put_start(struct bt_str *out, const struct bt_systemd_unit *unit, const char *id,
		      const struct bt_cgroup_limits *limits, bool v2, pid_t pid)
{
	size_t array;

	bt_dbus_put_str(out, unit->name);
	bt_dbus_put_str(out, "replace");
	array = bt_dbus_begin_array(out, 8);
	put_basics(out, unit, id, pid, v2);
	bt_systemd_properties_put(out, limits, v2);
	bt_dbus_end_array(out, array, 8);
	array = bt_dbus_begin_array(out, 8);
	bt_dbus_end_array(out, array, 8);
}

static int forget_failed(struct bt_systemd_bus *bus, const struct bt_systemd_unit *unit,
			 struct bt_err *err)
{
	bt_auto_str struct bt_str body = { 0 };

	bt_dbus_put_str(&body, unit->name);
	return bt_systemd_bus_call(bus, "ResetFailedUnit", "s", &body, err);
}

static int start(const struct bt_systemd_unit *unit, const struct bt_str *body, struct bt_err *err)
{
	bt_auto_systemd_bus struct bt_systemd_bus bus = { .fd = -EBADF };
	struct bt_err ignored;
	int r = bt_systemd_bus_open(&bus, err);

	if (r < 0)
		return r;
	r = bt_systemd_bus_job(&bus, unit->name, "StartTransientUnit", "ssa(sv)a(sa(sv))", body,
			       err);
	if (r == -EEXIST && forget_failed(&bus, unit, &ignored) == 0)
		r = bt_systemd_bus_job(&bus, unit->name, "StartTransientUnit", "ssa(sv)a(sa(sv))",
				       body, err);
	return r;
}

int bt_systemd_scope_start(const struct bt_systemd_unit *unit, const char *id,
			   const struct bt_cgroup_limits *limits, bool v2, pid_t *ret_placeholder,
			   struct bt_err *err)
{
	bt_auto_str struct bt_str body = { 0 };
	pid_t pid = make_placeholder(err);
	int r;

	if (pid < 0)
		return (int)pid;
	put_start(&body, unit, id, limits, v2, pid);
	r = start(unit, &body, err);
	if (r < 0)
		bt_systemd_scope_release(&pid);
	else
		*ret_placeholder = pid;
	return r;
}

/* SetUnitProperties(s name, b runtime, a(sv) properties). */
int bt_systemd_scope_update(const struct bt_systemd_unit *unit,
			    const struct bt_cgroup_limits *limits, bool v2, struct bt_err *err)
{
	bt_auto_systemd_bus struct bt_systemd_bus bus = { .fd = -EBADF };
	bt_auto_str struct bt_str body = { 0 };
	size_t array;
	int r = bt_systemd_bus_open(&bus, err);

	if (r < 0)
		return r;
	bt_dbus_put_str(&body, unit->name);
	bt_dbus_put_u32(&body, 1);
	array = bt_dbus_begin_array(&body, 8);
	bt_systemd_properties_put(&body, limits, v2);
	bt_dbus_end_array(&body, array, 8);
	return bt_systemd_bus_call(&bus, "SetUnitProperties", "sba(sv)", &body, err);
}

int bt_systemd_scope_stop(const struct bt_systemd_unit *unit, struct bt_err *err)
{
	bt_auto_systemd_bus struct bt_systemd_bus bus = { .fd = -EBADF };
	bt_auto_str struct bt_str body = { 0 };
	int r = bt_systemd_bus_open(&bus, err);

	if (r < 0)
		return r;
	bt_dbus_put_str(&body, unit->name);
	bt_dbus_put_str(&body, "replace");
	r = bt_systemd_bus_job(&bus, unit->name, "StopUnit", "ss", &body, err);
	/* An empty scope ends by itself. */
	return r == -ENOENT ? 0 : r;
}
