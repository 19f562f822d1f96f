/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_NSTHREAD_H
#define BT_NET_NSTHREAD_H

/*
 * A thread that is allowed to go into other network namespaces, so that no
 * thread of the daemon that does anything else ever does. It does one job at a
 * time and comes home after each; a thread that could not come home ends the
 * process, for nothing it did later would happen where it should.
 */

#include "base/attr.h"
#include "base/err.h"
#include "net/rtnl.h"

struct bt_nsthread;

/** What a job finds. */
struct bt_nsthread_env {
	struct bt_rtnl *home; /* netlink in the namespace that the thread was made in */
	int home_fd;          /* that namespace */
};
/** A job; its return value is bt_nsthread_run()'s. */
typedef int (*bt_nsthread_fn)(const struct bt_nsthread_env *env, void *arg, struct bt_err *err);

/** Start one; its home is the caller's network namespace. */
bt_nodiscard int bt_nsthread_start(struct bt_nsthread **ret, struct bt_err *err);
/** Let it finish its job and end. NULL is fine. */
void bt_nsthread_stop(struct bt_nsthread *thread);

/** Run `fn(env, arg, err)` there and wait for it. Any thread; jobs queue up. */
bt_nodiscard int bt_nsthread_run(struct bt_nsthread *thread, bt_nsthread_fn fn, void *arg,
				 struct bt_err *err);

#endif
