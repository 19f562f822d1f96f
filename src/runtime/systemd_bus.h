/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_SYSTEMD_BUS_H
#define BT_RUNTIME_SYSTEMD_BUS_H

/*
 * A conversation with systemd's manager over D-Bus: methods of its object
 * org.freedesktop.systemd1, and waiting for its jobs. The system's manager for
 * root, the user's own for anybody else.
 */

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/** Zeroed with fd -EBADF is none. */
struct bt_systemd_bus {
	int fd; /* owned */
	uint32_t serial;
	bool direct;     /* the manager itself is at the other end, no bus between */
	char unit[256];  /* whose job is waited for */
	char result[64]; /* of that job, once it is known; else "" */
};

/** Connect, and subscribe to the manager's signals. Fails with kind UNAVAILABLE and a message that
 * names what was tried where no manager can be reached. */
bt_nodiscard int bt_systemd_bus_open(struct bt_systemd_bus *ret, struct bt_err *err);

/**
 * Call a method of the manager that returns nothing we want to know.
 *
 * @signature, @body: its arguments (codec/dbus.h), borrowed; NULL where it has none.
 *
 * Returns 0; -ENOENT where there is no such unit, -EEXIST where there is one already; another
 * negative errno with the manager's words otherwise.
 */
bt_nodiscard int bt_systemd_bus_call(struct bt_systemd_bus *bus, const char *member,
				     const char *signature, const struct bt_str *body,
				     struct bt_err *err);

/** The same for a method that starts a job for `unit`, and wait for its end, for half a minute at
 * most. -ECANCELED where the job was not done. */
bt_nodiscard int bt_systemd_bus_job(struct bt_systemd_bus *bus, const char *unit,
				    const char *member, const char *signature,
				    const struct bt_str *body, struct bt_err *err);

/** Disconnect and leave it empty. */
void bt_systemd_bus_done(struct bt_systemd_bus *bus);

#define bt_auto_systemd_bus bt_auto(bt_systemd_bus_done)

#endif
