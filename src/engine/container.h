/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_H
#define BT_ENGINE_CONTAINER_H

/*
 * A container in memory: its identity, its state, and who waits for it. What
 * it was created with stays as text in the database (engine/container_row.h)
 * and is read when needed; a thousand containers on disk must not cost a
 * thousand trees of JSON.
 *
 * Three locks, taken in this order:
 *
 *   op      one long operation at a time: start, rename, remove. Held
 *           across I/O.
 *   index   who is called what. Short; no I/O.
 *   lock    the state. Short; no I/O beside the database's record of the change.
 */

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/map.h"
#include "base/rand.h"
#include "engine/image_users.h"
#include "engine/stats_cpu.h"
#include "monitor/protocol.h"

struct bt_engine;
struct bt_link;

enum bt_container_status {
	BT_CONTAINER_CREATED,
	BT_CONTAINER_RUNNING,
	BT_CONTAINER_PAUSED,
	BT_CONTAINER_RESTARTING, /* its program ended, its monitor will start it again */
	BT_CONTAINER_REMOVING,
	BT_CONTAINER_EXITED,
	BT_CONTAINER_DEAD, /* its removal failed half-way */
};

/** What changes in a container's life, and is in the database's column `state`. */
struct bt_container_state {
	enum bt_container_status status;
	pid_t pid; /* of the program on the host, 0: none */
	int exit_code;
	int restart_count;
	bool oom_killed;
	bool manually_stopped; /* somebody asked for its last end */
	bool remove_volumes;   /* while REMOVING: its anonymous volumes go with it */
	int64_t started_ns, finished_ns;
	uint64_t journal_seq; /* records of the monitor's journal applied so far */
	char *error;          /* why the last start failed; NULL: it did not */
	char *networks;       /* NetworkSettings.Networks as JSON text; NULL: none */
	char *health;         /* State.Health as JSON text; NULL: no check, or none run yet */
};

struct bt_container {
	atomic_uint refs;
	struct bt_engine *engine;
	/* set at creation, never changed */
	char id[BT_RAND_ID_LEN + 1];
	int64_t created_ns;
	char *image_id; /* "sha256:…" */
	char *summary;  /* JSON text: what `ps` and events tell of its configuration */
	bool tty, open_stdin, stdin_once, auto_remove, has_health, has_links;
	struct bt_restart restart;            /* under lock: `update` changes it */
	struct bt_list of_image, with_images; /* engine/image_users.h */
	uint32_t categories; /* of SELinux, held for it (engine/selinux_mcs.h); 0: none */

	pthread_mutex_t op;
	pthread_mutex_t lock;
	/* under lock */
	char *name; /* without a slash; changed under index and lock together */
	struct bt_container_state state;
	struct bt_link *link;         /* to its monitor, or NULL; owned */
	struct bt_list waiters;       /* struct bt_container_wait */
	unsigned ends;                /* of its program, since the daemon has known it */
	bool ending;                  /* one is known and not told: its mounts may be there still */
	struct bt_list attached;      /* struct bt_container_client: came before the start */
	struct bt_list attaching;     /* struct bt_container_arrival: told to come; oldest first */
	uint64_t arrivals;            /* how many ever were */
	pthread_cond_t arrived;       /* one of `attaching` is in it, or does not come */
	char *cgroup;                 /* its path, once somebody asked; NULL: nobody has */
	bool removed;                 /* no longer in the index */
	struct bt_stats_cpu last_cpu; /* what the next sample is compared with */
	bool stopping;                /* by `stop` or `restart`: its end is told as one */
	bool reviving;                /* its policy's start goes on, by the daemon */
	bool awaiting;                /* its policy's next start is due, or waits for another's */
	bool due;                     /* that one comes by itself: no other's news begins it */
	bool uncounted;               /* that one is a restart that restart_count has not yet */
	bool kept;                    /* a restart ends it: --rm does not mean this end */
	unsigned coming;              /* restarts that will start it, or have failed */
	unsigned going;               /* removals that end it */
	int64_t kill_at_ns;           /* when `stop` and `restart` lose patience; 0: never */
};

/** All containers. */
struct bt_container_index {
	pthread_mutex_t lock;
	struct bt_map by_id;   /* id → struct bt_container */
	struct bt_map by_name; /* name → struct bt_container */
	struct bt_image_users users;
};

/** An empty index; NULL without memory. */
struct bt_container_index *bt_container_index_create(void);
/** Drop the index and its references. NULL is fine. */
void bt_container_index_destroy(struct bt_container_index *index);

/** A new container with one reference, in no index. `id` is copied. NULL without memory. */
struct bt_container *bt_container_new(struct bt_engine *engine, const char *id);
/** Add a reference; returns its argument. */
struct bt_container *bt_container_ref(struct bt_container *container);
/** Drop a reference; the last one frees. NULL is fine. */
void bt_container_unref(struct bt_container *container);

static inline void bt_container_unrefp(struct bt_container **p)
{
	bt_container_unref(*p);
}
#define bt_auto_container bt_auto(bt_container_unrefp)

/**
 * Find by id, name ("web" or "/web"), or unambiguous prefix of an id, in Docker's order.
 *
 * Returns 0 and a reference, or a negative errno: NOT_FOUND "No such container: x", INVALID
 * "multiple IDs found with provided prefix: x".
 */
bt_nodiscard int bt_container_get(struct bt_engine *engine, const char *ref,
				  struct bt_container **ret, struct bt_err *err);

/** Put a container with its name into the index, which takes a reference of its own. CONFLICT
 * in Docker's words where the name is in use. */
bt_nodiscard int bt_container_index_add(struct bt_engine *engine, struct bt_container *container,
					struct bt_err *err);
/** Take it out; idempotent. Its name is free afterwards. */
void bt_container_index_remove(struct bt_engine *engine, struct bt_container *container);
/** Change the name in memory. CONFLICT where it is in use. */
bt_nodiscard int bt_container_index_rename(struct bt_engine *engine, struct bt_container *container,
					   const char *name, struct bt_err *err);
/** References to all containers, newest first: `*ret` is an array to give back with
 * bt_container_unref_all(). Returns the count or -ENOMEM. */
bt_nodiscard ssize_t bt_container_all(struct bt_engine *engine, struct bt_container ***ret);
/** Those that have links of old, with a reference each, in no order; as bt_container_all(). */
ssize_t bt_container_linking(struct bt_engine *engine, struct bt_container ***ret);
/** Drop what bt_container_all() returned. */
void bt_container_unref_all(struct bt_container **containers, ssize_t count);

/** The name Docker's API gives a status: "created", "running" … */
const char *bt_container_status_name(enum bt_container_status status);
/** Is there a process (running or paused)? Under lock. */
bool bt_container_is_running(const struct bt_container *container);
/** Has it a monitor, as far as is known: running, paused, or between two runs? Under lock. */
bool bt_container_is_alive(const struct bt_container *container);

/** Wait until a start that is on its way has succeeded or failed, for whoever asks something of the
 * run that begins: its program may have spoken before the start is known. Returns at once where the
 * container runs. Not under its lock, nor in an operation on it. */
void bt_container_await_start(struct bt_container *c);

/** Its policy's next start is due (by itself: who marks it gives it to the second thread, too); or
 * it is none any more, for it was made, or somebody wants the container not to run. Under lock, so
 * that it changes together with what it follows from. */
void bt_container_mark_awaiting(struct bt_container *container, bool awaiting);
/** The same by itself, not under lock. */
void bt_container_set_awaiting(struct bt_container *container, bool awaiting);
/** Is a start due, or does it wait? Not under its lock. */
bool bt_container_is_awaiting(struct bt_container *container);

/** For network/: the process whose namespaces `container:ref` joins. CONFLICT "cannot join
 * network of a non running container: ID" where it does not run. `ret_id` may be NULL. */
bt_nodiscard int bt_container_running_pid(struct bt_engine *engine, const char *ref,
					  char ret_id[BT_RAND_ID_LEN + 1], pid_t *ret,
					  struct bt_err *err);
/** For network/: the name of a container (owned, free()), or NULL where there is none. */
char *bt_container_name_of(struct bt_engine *engine, const char *id);

#endif
