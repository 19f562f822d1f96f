/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_SCHEMA_H
#define BT_STORE_SCHEMA_H

/*
 * The tables of the database, and the way from every older version of them to
 * this one. PRAGMA user_version holds the version of a file; 0 is a new one.
 */

#include "base/attr.h"
#include "base/err.h"

struct sqlite3;

/** The version this program writes. */
#define BT_SCHEMA_VERSION 2

/**
 * Bring an open database to BT_SCHEMA_VERSION, in one transaction.
 *
 * Returns 0, or a negative errno: -EPROTO with kind CONFLICT where the file was written by a
 * newer berth, which is left untouched.
 */
bt_nodiscard int bt_schema_migrate(struct sqlite3 *db, struct bt_err *err);

#endif
