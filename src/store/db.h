/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_DB_H
#define BT_STORE_DB_H

/*
 * The database: <data-root>/berth.db, SQLite in WAL mode, synchronous=NORMAL: a
 * commit survives the death of the daemon, and the file survives a power cut.
 * One connection, one lock; any thread. The schema and its migrations live in
 * store/schema.c; an older file is migrated in one transaction, a newer one is
 * refused with a clear message.
 *
 * Statements are compiled once and kept. Queries are written where their table's
 * owner lives (engine/ for containers, image/ for images), in this form:
 *
 *     bt_auto_db_stmt struct bt_db_stmt q = { 0 };
 *     r = bt_db_prepare(db, &q, err, "SELECT name FROM containers WHERE id = ?1");
 *     bt_db_bind_text(&q, 1, id);
 *     while ((r = bt_db_step(&q, err)) > 0)
 *             name = bt_db_text(&q, 0);
 *
 * The lock is held from prepare to done; keep that short and do no other I/O.
 */

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_db;

/** A statement being run; zeroed is none. Its texts are valid until the next step. */
struct bt_db_stmt {
	struct bt_db *db;
	struct sqlite3_stmt *stmt;
	int failed; /* 0, or why a value could not be bound; the next step reports it */
};

/** Open or create the database in `dir` (mode 0600). Two daemons on one data root: the second
 * gets -EBUSY with kind CONFLICT (an advisory lock on <dir>/berth.lock is held while open). */
bt_nodiscard int bt_db_open(const char *dir, struct bt_db **ret, struct bt_err *err);

/** Close. NULL is fine. */
void bt_db_close(struct bt_db *db);

/** Begin using the statement `sql` (a string literal: the pointer is the key of the cache). */
bt_nodiscard int bt_db_prepare(struct bt_db *db, struct bt_db_stmt *ret, struct bt_err *err,
			       const char *sql);

/** Bind parameter `i`, counted from 1; `text` (NULL: SQL NULL) is borrowed until done. */
void bt_db_bind_text(struct bt_db_stmt *q, int i, const char *text);
/** Bind an integer. */
void bt_db_bind_int(struct bt_db_stmt *q, int i, int64_t value);

/** Next row: 1, 0 at the end, or a negative errno. -EEXIST for a broken UNIQUE constraint. */
bt_nodiscard int bt_db_step(struct bt_db_stmt *q, struct bt_err *err);

/** Column `i` from 0, borrowed until the next step; NULL for SQL NULL. */
const char *bt_db_text(const struct bt_db_stmt *q, int i);
/** Column `i` from 0 as an integer; 0 for SQL NULL. */
int64_t bt_db_int(const struct bt_db_stmt *q, int i);

/** Rewind for running it again with other bindings. */
void bt_db_reset(struct bt_db_stmt *q);

/** End using the statement. */
void bt_db_stmt_done(struct bt_db_stmt *q);

#define bt_auto_db_stmt bt_auto(bt_db_stmt_done)

/** Prepare, step to the end, done: for statements without result whose parameters are texts.
 * `sql` as in bt_db_prepare(); `nargs` texts follow. Returns 0 or a negative errno. */
bt_nodiscard int bt_db_run(struct bt_db *db, struct bt_err *err, const char *sql, int nargs, ...);

/** Begin a transaction; nests (inner ones only count). The lock is held until commit or
 * rollback. Returns 0 or a negative errno. */
bt_nodiscard int bt_db_begin(struct bt_db *db, struct bt_err *err);
/** Commit. It ends the transaction in any case: after a failure everything since the outermost
 * begin is undone, and there is nothing to roll back. */
bt_nodiscard int bt_db_commit(struct bt_db *db, struct bt_err *err);
/** Undo everything since the outermost begin, and end the innermost one; the outer ones can only
 * roll back then (their commit fails). Without a transaction it does nothing. */
void bt_db_rollback(struct bt_db *db);

/** After -ENOSPC, and outside of transactions: put what the WAL holds back into the file, whose
 * reserve was taken when there was room, so that the WAL's room can be used again, and take the
 * reserves anew where there is some. What failed may be tried once more. */
void bt_db_make_room(struct bt_db *db);

#endif
