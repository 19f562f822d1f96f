/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_FIELD_H
#define BT_ENGINE_FIELD_H

/*
 * Objects of Docker's API with a fixed set of members: one table says what each
 * member is called, of which type it is, what it is when absent, and whether
 * berth carries it out.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

enum bt_field_type {
	BT_FIELD_TEXT,
	BT_FIELD_INT,
	BT_FIELD_BOOL,
	BT_FIELD_TEXTS, /* array of strings */
	BT_FIELD_WORDS, /* the same, or one string that stands for an array of it alone */
	BT_FIELD_ARRAY,
	BT_FIELD_OBJECT,
};

enum bt_field_flag {
	BT_FIELD_OMIT = 1,   /* left out where it is absent or null */
	BT_FIELD_REFUSE = 2, /* not carried out: only the empty value is accepted */
};

struct bt_field {
	const char *name;
	enum bt_field_type type;
	const char *absent; /* JSON text of the value an absent member or null gets */
	int flags;          /* enum bt_field_flag */
};

/** "a string", "an array of strings": how messages call it. Static. */
const char *bt_field_type_name(enum bt_field_type type);

/** Whether `value` is of that type. A whole number may be written as a real, as some clients do. */
bool bt_field_has_type(const json_t *value, enum bt_field_type type);

/**
 * A new object with exactly the members of `fields`, in their order, each copied from `in`
 * (borrowed, may be NULL) or set to what an absent one is.
 *
 * @what: how messages call the object: "HostConfig".
 *
 * INVALID where a member has the wrong type, NOT_IMPLEMENTED where one asks for something that
 * berth does not do; both name the member.
 */
bt_nodiscard int bt_field_apply(const struct bt_field *fields, size_t n, const char *what,
				const json_t *in, json_t **ret, struct bt_err *err);

#endif
