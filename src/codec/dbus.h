/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CODEC_DBUS_H
#define BT_CODEC_DBUS_H

/*
 * Messages of D-Bus (D-Bus Specification, "Message Protocol"): as much of them as
 * a client needs that calls methods and hears signals. No I/O.
 *
 * Written in the machine's byte order, and read only in that: the other end is on
 * the same machine. Types are those that systemd's manager takes and gives; what a
 * message has beyond the strings that are asked for is not looked at.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

/** The specification's own limit is 128 MiB; a manager's answers are a few hundred bytes. */
#define BT_DBUS_MESSAGE_MAX (1u << 20)
/** What every message begins with, and from which bt_dbus_size() knows its length. */
#define BT_DBUS_HEAD_LEN 16

enum bt_dbus_type {
	BT_DBUS_CALL = 1,
	BT_DBUS_RETURN = 2,
	BT_DBUS_ERROR = 3,
	BT_DBUS_SIGNAL = 4,
};

/* ---- writing ------------------------------------------------------------------ */

/* Values are appended to a builder whose first byte is at a place divisible by 8, as a
 * message's body is. Failures are sticky in the builder. */

/** "u", and "b" as 0 or 1. */
void bt_dbus_put_u32(struct bt_str *out, uint32_t value);
/** "t". */
void bt_dbus_put_u64(struct bt_str *out, uint64_t value);
/** "s" and "o". */
void bt_dbus_put_str(struct bt_str *out, const char *text);
/** "g"; 255 bytes at most. */
void bt_dbus_put_signature(struct bt_str *out, const char *text);
/** A struct's members begin at a place divisible by 8. */
void bt_dbus_put_struct(struct bt_str *out);

/** Begin an array of elements that are aligned to `align` bytes. Returns what
 * bt_dbus_end_array() wants to know. Arrays may be nested. */
size_t bt_dbus_begin_array(struct bt_str *out, size_t align);
/** End it: `begun` and `align` as at its beginning. */
void bt_dbus_end_array(struct bt_str *out, size_t begun, size_t align);

struct bt_dbus_call {
	const char *destination; /* NULL: whoever is at the other end */
	const char *path, *interface, *member;
	const char *signature; /* of the body; NULL: there is none */
	uint32_t serial;       /* not 0: the answer names it */
};

/** Append a whole message: a call with `body` (borrowed, its length counts). */
void bt_dbus_put_call(struct bt_str *out, const struct bt_dbus_call *call,
		      const struct bt_str *body);

/* ---- reading ------------------------------------------------------------------ */

/** The length of the message that begins with these BT_DBUS_HEAD_LEN bytes, which are a part of
 * it. Returns 0; -EPROTO where this is no message; -EMSGSIZE past BT_DBUS_MESSAGE_MAX. */
bt_nodiscard int bt_dbus_size(const void *head, size_t *ret);

/** A message; strings are borrowed from its bytes, and NULL where it has none. */
struct bt_dbus_message {
	enum bt_dbus_type type;
	uint32_t serial, reply_serial;
	const char *path, *interface, *member, *error_name, *sender, *signature;
	const char *body;
	size_t body_len;
};

/** Read a whole message of `len` bytes, at an address divisible by 8. Returns 0 or -EPROTO. */
bt_nodiscard int bt_dbus_read(const void *message, size_t len, struct bt_dbus_message *ret);

/** Read the arguments of a message, whose signature must begin with `signature`: of "s" and "o"
 * a const char * (borrowed) is taken, of "u" a uint32_t. `ret` has one pointer for each.
 * Returns 0 or -EPROTO. */
bt_nodiscard int bt_dbus_read_args(const struct bt_dbus_message *message, const char *signature,
				   void *const ret[]);

#endif
