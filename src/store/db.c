/* SPDX-License-Identifier: Apache-2.0 */

#include "store/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "base/thread.h"
#include "store/schema.h"

#define FILE_NAME "berth.db"
#define LOCK_NAME "berth.lock"
/* A compiled statement is a few kilobytes; the least recently used one makes room. */
#define CACHE_LEN 64
/* The WAL goes back into the file, which costs two syncs, once it has this many pages and the
 * database has been quiet for a moment; or at the hard limit, however busy it is. */
#define CHECKPOINT_PAGES      256
#define CHECKPOINT_PAGES_HARD 8192
#define QUIET_MS              500
#define CHECKPOINT_STACK      (64u << 10)
/* Room on the disk that the WAL and the file hold in advance: on a full disk containers can still
 * be stopped and removed. What uses up the WAL's goes back into the file, where most of it has its
 * place already, and the rest the file's. */
#define WAL_RESERVE  (2 << 20)
#define FILE_RESERVE (1 << 20)

/*
 * Only one process uses the file (berth.lock), hence locking_mode=EXCLUSIVE: no shared memory
 * for the WAL, and no lock calls in a transaction. cache_size is in KiB where negative.
 */
static const char SETTINGS[] = "PRAGMA locking_mode = EXCLUSIVE;"
			       "PRAGMA mmap_size = 0;"
			       "PRAGMA cache_size = -256;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA journal_mode = WAL;"
			       "PRAGMA synchronous = NORMAL;"
			       /* WAL_RESERVE, which is not to be given back. */
			       "PRAGMA journal_size_limit = 2097152;"
			       "PRAGMA wal_autocheckpoint = 0;"
			       "PRAGMA foreign_keys = OFF;";

struct cached {
	const char *sql; /* the key: the literal's address */
	sqlite3_stmt *stmt;
	unsigned long used; /* when, in uses */
	bool busy;
};

struct bt_db {
	sqlite3 *sqlite;
	int lock_fd;
	int file_fd; /* open while SQLite is: to close any descriptor drops all of its locks */
	char *path, *wal_path; /* owned */
	pthread_mutex_t mutex; /* recursive */
	unsigned int depth;    /* of transactions; below the mutex, as all that follows */
	bool doomed;           /* an inner transaction was rolled back */
	unsigned long uses;
	struct cached cache[CACHE_LEN];

	int wal_pages; /* below the mutex, too */
	pthread_t checkpointer;
	bool has_checkpointer;
	bool closing, waits_for_growth;
	pthread_cond_t wal_grew; /* with the mutex */
};

static void lock(struct bt_db *db)
{
	int r = pthread_mutex_lock(&db->mutex);

	assert(r == 0);
	(void)r;
}

static void unlock(struct bt_db *db)
{
	int r = pthread_mutex_unlock(&db->mutex);

	assert(r == 0);
	(void)r;
}

/* Turn SQLite's last failure into ours. */
static int fail(struct bt_db *db, struct bt_err *err, const char *what)
{
	int said = errno, code = sqlite3_extended_errcode(db->sqlite);
	enum bt_err_kind kind = BT_ERR_SYSTEM;
	int errnum = EIO;

	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
		errnum = EINVAL;
		if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) {
			kind = BT_ERR_CONFLICT;
			errnum = EEXIST;
		}
		break;
	case SQLITE_NOMEM:
		errnum = ENOMEM;
		break;
	case SQLITE_FULL:
		errnum = ENOSPC;
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		errnum = EBUSY;
		break;
	case SQLITE_READONLY:
		errnum = EROFS;
		break;
	case SQLITE_IOERR:
		/* SQLite does not keep what the kernel said to a write of the WAL. */
		if (said == EROFS || sqlite3_system_errno(db->sqlite) == EROFS)
			errnum = EROFS;
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		errnum = EBADMSG;
		break;
	default:
		break;
	}
	if (errnum == ENOSPC) {
		/* The other thread makes room in the WAL, for those who come later. */
		db->wal_pages = CHECKPOINT_PAGES_HARD;
		(void)pthread_cond_signal(&db->wal_grew);
		return bt_err_sys(err, -errnum, "write the database");
	}
	if (errnum == EROFS)
		return bt_err_sys(err, -errnum, "write the database (%s)", what);
	return bt_err_set(err, kind, errnum, "database: %s: %s", what, sqlite3_errmsg(db->sqlite));
}

static int take_lock(struct bt_db *db, const char *dir, struct bt_err *err)
{
	bt_auto_free char *path = bt_path_join(dir, LOCK_NAME);

	if (!path)
		return bt_err_sys(err, -ENOMEM, "open the database");
	db->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (db->lock_fd < 0)
		return bt_err_sys(err, -errno, "open %s", path);
	if (flock(db->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return bt_err_sys(err, -errno, "lock %s", path);
	return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
			  "another daemon uses %s: stop it, or give this one a --data-root of its "
			  "own",
			  dir);
}

/* As much as there is: a disk that is full already is no reason not to start. */
static void reserve(const struct bt_db *db)
{
	bt_auto_close int wal = open(db->wal_path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (wal >= 0)
		(void)!fallocate(wal, FALLOC_FL_KEEP_SIZE, 0, WAL_RESERVE);
	if (fstat(db->file_fd, &st) == 0)
		(void)!fallocate(db->file_fd, FALLOC_FL_KEEP_SIZE, st.st_size, FILE_RESERVE);
}

static int put_back(struct bt_db *db)
{
	int rc = sqlite3_wal_checkpoint_v2(db->sqlite, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);

	if (rc == SQLITE_OK)
		db->wal_pages = 0;
	reserve(db);
	return rc;
}

void bt_db_make_room(struct bt_db *db)
{
	lock(db);
	if (db->depth == 0)
		(void)put_back(db);
	unlock(db);
}

static int open_file(struct bt_db *db, const char *dir, struct bt_err *err)
{
	const char *path;
	int r;

	path = db->path = bt_path_join(dir, FILE_NAME);
	if (path)
		db->wal_path = bt_str_format("%s-wal", path);
	if (!db->wal_path)
		return bt_err_sys(err, -ENOMEM, "open the database");
	/* SQLite would create it by the umask; -wal takes the mode of the file. */
	db->file_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (db->file_fd < 0)
		return bt_err_sys(err, -errno, "open %s", path);
	if (sqlite3_open_v2(path, &db->sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK)
		return fail(db, err, path);
	(void)sqlite3_extended_result_codes(db->sqlite, 1);
	(void)sqlite3_busy_timeout(db->sqlite, 5000);
	if (sqlite3_exec(db->sqlite, SETTINGS, NULL, NULL, NULL) != SQLITE_OK)
		return fail(db, err, path);
	r = bt_schema_migrate(db->sqlite, err);
	reserve(db);
	return r;
}

static int on_commit(void *arg, sqlite3 *sqlite bt_unused, const char *name bt_unused, int pages)
{
	struct bt_db *db = arg;

	db->wal_pages = pages;
	if ((db->waits_for_growth && pages >= CHECKPOINT_PAGES) || pages >= CHECKPOINT_PAGES_HARD)
		(void)pthread_cond_signal(&db->wal_grew);
	return SQLITE_OK;
}

/* Wait on the condition for `ms`; the lock is given up meanwhile. */
static void wait_ms(struct bt_db *db, long ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms % 1000 * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	(void)pthread_cond_timedwait(&db->wal_grew, &db->mutex, &until);
}

/* The syncs of a checkpoint must not happen in the commit of somebody who starts a container. */
static void *run_checkpoints(void *arg)
{
	struct bt_db *db = arg;

	lock(db);
	while (!db->closing) {
		unsigned long before = db->uses;

		if (db->wal_pages < CHECKPOINT_PAGES) {
			db->waits_for_growth = true;
			(void)pthread_cond_wait(&db->wal_grew, &db->mutex);
			db->waits_for_growth = false;
			continue;
		}
		if (db->wal_pages < CHECKPOINT_PAGES_HARD)
			wait_ms(db, QUIET_MS);
		if (db->closing || (db->uses != before && db->wal_pages < CHECKPOINT_PAGES_HARD))
			continue;
		/* A failure (a full disk) leaves the WAL as it is: nothing is lost, try later. */
		if (put_back(db) != SQLITE_OK)
			wait_ms(db, 10L * QUIET_MS);
	}
	unlock(db);
	return NULL;
}

static int start_checkpointer(struct bt_db *db, struct bt_err *err)
{
	int r;

	(void)sqlite3_wal_hook(db->sqlite, on_commit, db);
	r = bt_thread_start(&db->checkpointer, CHECKPOINT_STACK, run_checkpoints, db);
	db->has_checkpointer = r == 0;
	return r < 0 ? bt_err_sys(err, r, "start the database's thread") : 0;
}

static void stop_checkpointer(struct bt_db *db)
{
	if (!db->has_checkpointer)
		return;
	lock(db);
	db->closing = true;
	(void)pthread_cond_signal(&db->wal_grew);
	unlock(db);
	(void)pthread_join(db->checkpointer, NULL);
}

static void init_locks(struct bt_db *db)
{
	pthread_mutexattr_t mutex;
	pthread_condattr_t cond;

	(void)pthread_mutexattr_init(&mutex);
	(void)pthread_mutexattr_settype(&mutex, PTHREAD_MUTEX_RECURSIVE);
	(void)pthread_mutex_init(&db->mutex, &mutex);
	(void)pthread_mutexattr_destroy(&mutex);
	(void)pthread_condattr_init(&cond);
	(void)pthread_condattr_setclock(&cond, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&db->wal_grew, &cond);
	(void)pthread_condattr_destroy(&cond);
}

int bt_db_open(const char *dir, struct bt_db **ret, struct bt_err *err)
{
	struct bt_db *db = calloc(1, sizeof(*db));
	int r;

	if (!db)
		return bt_err_sys(err, -ENOMEM, "open the database");
	db->lock_fd = -EBADF;
	db->file_fd = -EBADF;
	init_locks(db);

	r = take_lock(db, dir, err);
	if (r == 0)
		r = open_file(db, dir, err);
	if (r == 0)
		r = start_checkpointer(db, err);
	if (r < 0) {
		bt_db_close(db);
		return r;
	}
	*ret = db;
	return 0;
}

void bt_db_close(struct bt_db *db)
{
	if (!db)
		return;
	assert(db->depth == 0);
	stop_checkpointer(db);
	for (size_t i = 0; i < CACHE_LEN; i++)
		sqlite3_finalize(db->cache[i].stmt);
	(void)sqlite3_close(db->sqlite);
	bt_close(&db->file_fd);
	bt_close(&db->lock_fd);
	(void)pthread_cond_destroy(&db->wal_grew);
	(void)pthread_mutex_destroy(&db->mutex);
	free(db->path);
	free(db->wal_path);
	free(db);
}

/* The place in the cache for `sql`: the one that has it, else a free one, else the one unused
 * for longest; NULL where all are being used, or this statement is. */
static struct cached *find_place(struct bt_db *db, const char *sql)
{
	struct cached *best = NULL;

	for (size_t i = 0; i < CACHE_LEN; i++) {
		struct cached *c = &db->cache[i];

		if (c->sql == sql)
			return c->busy ? NULL : c;
		if (!c->busy && (!best || c->used < best->used))
			best = c;
	}
	return best;
}

static int compile(struct bt_db *db, struct bt_db_stmt *ret, struct bt_err *err, const char *sql)
{
	struct cached *place = find_place(db, sql);
	unsigned int flags = place ? SQLITE_PREPARE_PERSISTENT : 0;

	if (!place || place->sql != sql) {
		if (sqlite3_prepare_v3(db->sqlite, sql, -1, flags, &ret->stmt, NULL) != SQLITE_OK)
			return fail(db, err, sql);
	} else {
		ret->stmt = place->stmt;
	}
	if (!place)
		return 0;
	if (place->sql != sql) {
		sqlite3_finalize(place->stmt);
		place->stmt = ret->stmt;
		place->sql = sql;
	}
	place->busy = true;
	place->used = ++db->uses;
	return 0;
}

int bt_db_prepare(struct bt_db *db, struct bt_db_stmt *ret, struct bt_err *err, const char *sql)
{
	struct bt_db_stmt q = { .db = db };
	int r;

	lock(db);
	/* SQLite ends a transaction by itself when the disk is full or fails: what follows must
	 * not be committed piece by piece. */
	if (db->depth > 0 && (db->doomed || sqlite3_get_autocommit(db->sqlite)))
		r = bt_err_set(err, BT_ERR_SYSTEM, ECANCELED,
			       "database: the transaction has been undone");
	else
		r = compile(db, &q, err, sql);
	if (r < 0) {
		unlock(db);
		return r;
	}
	*ret = q;
	return 0;
}

void bt_db_bind_text(struct bt_db_stmt *q, int i, const char *text)
{
	int rc = text ? sqlite3_bind_text(q->stmt, i, text, -1, SQLITE_STATIC)
		      : sqlite3_bind_null(q->stmt, i);

	assert(rc != SQLITE_RANGE && rc != SQLITE_MISUSE);
	if (rc != SQLITE_OK)
		q->failed = -ENOMEM;
}

void bt_db_bind_int(struct bt_db_stmt *q, int i, int64_t value)
{
	int rc = sqlite3_bind_int64(q->stmt, i, value);

	assert(rc != SQLITE_RANGE && rc != SQLITE_MISUSE);
	if (rc != SQLITE_OK)
		q->failed = -ENOMEM;
}

int bt_db_step(struct bt_db_stmt *q, struct bt_err *err)
{
	int rc;

	if (q->failed < 0)
		return bt_err_sys(err, q->failed, "database: %s", sqlite3_sql(q->stmt));
	rc = sqlite3_step(q->stmt);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE)
		return 0;
	return fail(q->db, err, sqlite3_sql(q->stmt));
}

const char *bt_db_text(const struct bt_db_stmt *q, int i)
{
	return (const char *)sqlite3_column_text(q->stmt, i);
}

int64_t bt_db_int(const struct bt_db_stmt *q, int i)
{
	return sqlite3_column_int64(q->stmt, i);
}

void bt_db_reset(struct bt_db_stmt *q)
{
	/* It repeats the failure of the last step, which has been reported. */
	(void)sqlite3_reset(q->stmt);
	(void)sqlite3_clear_bindings(q->stmt);
	q->failed = 0;
}

void bt_db_stmt_done(struct bt_db_stmt *q)
{
	struct bt_db *db = q->db;
	bool cached = false;

	if (!db)
		return;
	bt_db_reset(q);
	for (size_t i = 0; i < CACHE_LEN && !cached; i++) {
		cached = db->cache[i].stmt == q->stmt;
		if (cached)
			db->cache[i].busy = false;
	}
	if (!cached)
		sqlite3_finalize(q->stmt);
	*q = (struct bt_db_stmt){ 0 };
	unlock(db);
}

int bt_db_run(struct bt_db *db, struct bt_err *err, const char *sql, int nargs, ...)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	va_list args;
	int r;

	r = bt_db_prepare(db, &q, err, sql);
	if (r < 0)
		return r;
	va_start(args, nargs);
	for (int i = 1; i <= nargs; i++)
		bt_db_bind_text(&q, i, va_arg(args, const char *));
	va_end(args);
	do
		r = bt_db_step(&q, err);
	while (r > 0);
	return r;
}

int bt_db_begin(struct bt_db *db, struct bt_err *err)
{
	lock(db);
	if (db->depth == 0) {
		if (sqlite3_exec(db->sqlite, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) {
			int r = fail(db, err, "begin");

			unlock(db);
			return r;
		}
		db->doomed = false;
	}
	db->depth++;
	return 0;
}

int bt_db_commit(struct bt_db *db, struct bt_err *err)
{
	int r = 0;

	assert(db->depth > 0);
	db->depth--;
	if (db->doomed) {
		r = bt_err_set(err, BT_ERR_SYSTEM, ECANCELED,
			       "database: a part of the transaction has been undone");
	} else if (db->depth == 0 &&
		   sqlite3_exec(db->sqlite, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
		r = fail(db, err, "commit");
		if (!sqlite3_get_autocommit(db->sqlite))
			(void)sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
	}
	unlock(db);
	return r;
}

void bt_db_rollback(struct bt_db *db)
{
	lock(db);
	if (db->depth > 0) {
		if (!sqlite3_get_autocommit(db->sqlite))
			(void)sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
		db->doomed = true;
		db->depth--;
		unlock(db); /* what begin took */
	}
	unlock(db);
}
