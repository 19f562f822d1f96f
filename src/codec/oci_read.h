/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CODEC_OCI_READ_H
#define BT_CODEC_OCI_READ_H

/*
 * From a JSON tree to a struct, by a table: one row for each member of an object
 * of the OCI specification. Private to codec/oci_spec*.c.
 *
 * A row names the member, how it is read and where it goes. What a row cannot say
 * (values that depend on one another) is said by the object's `check`.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"

/** The place in the document that is being read: a chain up to its root. */
struct bt_oci_at {
	const struct bt_oci_at *up;
	const char *name; /* of the member, or NULL for an array's element */
	size_t index;     /* of the element */
};

struct bt_oci_reader {
	struct bt_arena *arena;
	struct bt_err *err;
};

/** Read `value`, which is not null, into *ret. Returns 0 or a negative errno with the
 * reader's error filled. */
typedef int (*bt_oci_read_fn)(struct bt_oci_reader *rd, const struct bt_oci_at *at,
			      const json_t *value, void *ret);

#define BT_OCI_NOWHERE SIZE_MAX

struct bt_oci_object;

struct bt_oci_field {
	const char *name;
	bt_oci_read_fn read;                /* a scalar, or the elements of a list of scalars */
	const struct bt_oci_object *object; /* instead: an object, or the elements of a list */
	size_t offset;
	size_t count_offset; /* a list: where its length goes; else BT_OCI_NOWHERE */
	size_t elem_size;    /* a list of scalars: the size of one */
	bool required;
};

struct bt_oci_object {
	const struct bt_oci_field *fields;
	size_t nfields;
	size_t size;
	size_t set_offset; /* a bool that tells the object was there, or BT_OCI_NOWHERE */
	int (*check)(struct bt_oci_reader *rd, const struct bt_oci_at *at, void *object);
};

/* Rows. `type` is the struct, `member` its field. */
#define BT_OCI_ROW(json, type, member, how)                                      \
	{                                                                        \
		.name = (json), .read = (how), .offset = offsetof(type, member), \
		.count_offset = BT_OCI_NOWHERE                                   \
	}
#define BT_OCI_ROW_REQUIRED(json, type, member, how)                             \
	{                                                                        \
		.name = (json), .read = (how), .offset = offsetof(type, member), \
		.count_offset = BT_OCI_NOWHERE, .required = true                 \
	}
#define BT_OCI_ROW_OBJECT(json, type, member, what)                                 \
	{                                                                           \
		.name = (json), .object = (what), .offset = offsetof(type, member), \
		.count_offset = BT_OCI_NOWHERE                                      \
	}
/* An object whose members go into the same struct. */
#define BT_OCI_ROW_INLINE(json, what)                                            \
	{                                                                        \
		.name = (json), .object = (what), .count_offset = BT_OCI_NOWHERE \
	}
/* Read into the whole struct. */
#define BT_OCI_ROW_WHOLE(json, how)                                           \
	{                                                                     \
		.name = (json), .read = (how), .count_offset = BT_OCI_NOWHERE \
	}
#define BT_OCI_ROW_LIST(json, type, member, count, what)                            \
	{                                                                           \
		.name = (json), .object = (what), .offset = offsetof(type, member), \
		.count_offset = offsetof(type, count)                               \
	}
#define BT_OCI_ROW_SCALARS(json, type, member, count, size, how)                 \
	{                                                                        \
		.name = (json), .read = (how), .offset = offsetof(type, member), \
		.count_offset = offsetof(type, count), .elem_size = (size)       \
	}
#define BT_OCI_OBJECT(rows, type, set, what)                                   \
	{                                                                      \
		.fields = (rows), .nfields = sizeof(rows) / sizeof((rows)[0]), \
		.size = sizeof(type), .set_offset = (set), .check = (what)     \
	}

/** A name of an enumeration and its number. */
struct bt_oci_name {
	const char *name;
	int64_t value;
};

/** Read an object by its table into `ret` (zeroed by the caller). */
bt_nodiscard int bt_oci_read_object(struct bt_oci_reader *rd, const struct bt_oci_at *at,
				    const json_t *value, const struct bt_oci_object *table,
				    void *ret);

/** Fail at a place: "linux.devices[2].path: <message>". Returns -EINVAL. */
int bt_oci_read_fail(const struct bt_oci_reader *rd, const struct bt_oci_at *at, const char *fmt,
		     ...) bt_printf(3, 4);
/** The same at a member of the object at `at`. */
int bt_oci_read_fail_in(const struct bt_oci_reader *rd, const struct bt_oci_at *at,
			const char *member, const char *fmt, ...) bt_printf(4, 5);
/** There is no memory. Returns -ENOMEM. */
int bt_oci_read_nomem(const struct bt_oci_reader *rd);

/** Find a name in a table that ends with a NULL name; NULL where there is none. */
const struct bt_oci_name *bt_oci_read_name(const struct bt_oci_name *names, const char *name);

/** Read a string that must be one of `names`. */
bt_nodiscard int bt_oci_read_enum(struct bt_oci_reader *rd, const struct bt_oci_at *at,
				  const json_t *value, const struct bt_oci_name *names,
				  int64_t *ret);
/** Read an array of strings that must be among `names`: their numbers, or-ed. */
bt_nodiscard int bt_oci_read_flags(struct bt_oci_reader *rd, const struct bt_oci_at *at,
				   const json_t *value, const struct bt_oci_name *names,
				   uint64_t *ret);

/* Readers of scalars; the comment tells what *ret is. */

/** true or false. */
int bt_oci_read_bool(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		     void *ret); /* bool */
int bt_oci_read_int(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		    void *ret); /* int */
int bt_oci_read_i32(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		    void *ret); /* int32_t */
int bt_oci_read_u32(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		    void *ret); /* uint32_t */
int bt_oci_read_i64(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		    void *ret); /* int64_t */
int bt_oci_read_u64(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		    void *ret); /* uint64_t */
int bt_oci_read_opt_i64(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
			void *ret); /* struct bt_oci_i64 */
int bt_oci_read_opt_u64(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
			void *ret); /* struct bt_oci_u64 */
int bt_oci_read_str(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		    void *ret); /* const char *; "" reads as NULL */
int bt_oci_read_path(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		     void *ret); /* const char *, absolute */
int bt_oci_read_strs(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		     void *ret); /* struct bt_oci_strings */
int bt_oci_read_pairs(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		      void *ret); /* struct bt_oci_pairs */

/** Read an object whose members' names are data (devices): an array in the arena of `table`'s
 * structs, in which the member's name, a `const char *`, goes to `name_offset`. */
bt_nodiscard int bt_oci_read_members(struct bt_oci_reader *rd, const struct bt_oci_at *at,
				     const json_t *value, const struct bt_oci_object *table,
				     size_t name_offset, void **ret, size_t *ret_n);

/* The tables that one file offers another. */

extern const struct bt_oci_object bt_oci_process_object;   /* struct bt_oci_process */
extern const struct bt_oci_object bt_oci_linux_object;     /* struct bt_oci_linux */
extern const struct bt_oci_object bt_oci_resources_object; /* struct bt_oci_resources */
extern const struct bt_oci_object bt_oci_seccomp_object;   /* struct bt_oci_seccomp */
extern const struct bt_oci_object bt_oci_id_map_object;    /* struct bt_oci_id_map */

#endif
