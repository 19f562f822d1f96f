/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_EXEC_TABLE_H
#define BT_ENGINE_EXEC_TABLE_H

/*
 * The execs that were created, by id. One that has ended is kept for some minutes,
 * so that clients can ask for its exit code.
 */

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/rand.h"
#include "engine/exec_events.h"

struct bt_exec_table_status {
	bool claimed; /* somebody starts it, or has */
	bool running, ended;
	pid_t pid;
	int code;
	int64_t ended_ns; /* monotonic */
};

struct bt_exec {
	atomic_uint refs;
	char id[BT_RAND_ID_LEN + 1];
	char container[BT_RAND_ID_LEN + 1];
	char *config;                       /* JSON text, as in its file; owned, never changed */
	struct bt_exec_table_status status; /* under the table's lock */
};

/** Drop a reference. NULL is fine. */
void bt_exec_table_unref(struct bt_exec *exec);

static inline void bt_exec_unrefp(struct bt_exec **p)
{
	bt_exec_table_unref(*p);
}
#define bt_auto_exec bt_auto(bt_exec_unrefp)

/** Make one of this configuration (JSON text, copied). */
bt_nodiscard int bt_exec_table_add(struct bt_execs *execs, const char *container,
				   const char *config, struct bt_exec **ret, struct bt_err *err);
/** Put in one that an earlier daemon made, in the place of one with the same id. Returns 0 or
 * -errno. */
bt_nodiscard int bt_execs_put(struct bt_execs *execs, const char *id, const char *container,
			      const char *config, const struct bt_exec_table_status *status);
/** Find by id. NOT_FOUND "No such exec instance: x". */
bt_nodiscard int bt_exec_table_get(struct bt_execs *execs, const char *id, struct bt_exec **ret,
				   struct bt_err *err);
/** Be the one who starts it. CONFLICT for everybody else. */
bt_nodiscard int bt_exec_table_claim(struct bt_execs *execs, struct bt_exec *exec,
				     struct bt_err *err);
/** Not after all. */
void bt_exec_table_unclaim(struct bt_execs *execs, struct bt_exec *exec);
/** How it stands. */
void bt_exec_table_status(struct bt_execs *execs, const struct bt_exec *exec,
			  struct bt_exec_table_status *ret);
/** How it stands once it runs, has ended or is not being started, or after `timeout_ms`. */
void bt_exec_table_wait_started(struct bt_execs *execs, const struct bt_exec *exec, int timeout_ms,
				struct bt_exec_table_status *ret);

#endif
