/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/oci_read.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "codec/json.h"
#include "codec/oci_spec.h"

/* Lists longer than this are no specification. */
#define LIST_MAX      65536
#define PATH_MAX_TEXT 200

/* Write the place as "a.b[2].c", from the root down. Returns the length. */
static size_t print_place(const struct bt_oci_at *at, char *buf, size_t size)
{
	size_t n;
	int r;

	if (!at)
		return 0;
	n = print_place(at->up, buf, size);
	if (n >= size)
		return n;
	if (at->name)
		r = snprintf(buf + n, size - n, "%s%s", n ? "." : "", at->name);
	else
		r = snprintf(buf + n, size - n, "[%zu]", at->index);
	return r < 0 ? n : n + (size_t)r;
}

static int bt_printf(3, 0) fail(const struct bt_oci_reader *rd, const struct bt_oci_at *at,
				const char *fmt, va_list ap)
{
	char place[PATH_MAX_TEXT] = "", why[256] = "";

	(void)print_place(at, place, sizeof(place));
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	return bt_err_set(rd->err, BT_ERR_INVALID, EINVAL, "%s%s%s", place, *place ? ": " : "",
			  why);
}

int bt_oci_read_fail(const struct bt_oci_reader *rd, const struct bt_oci_at *at, const char *fmt,
		     ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = fail(rd, at, fmt, ap);
	va_end(ap);
	return r;
}

int bt_oci_read_fail_in(const struct bt_oci_reader *rd, const struct bt_oci_at *at,
			const char *member, const char *fmt, ...)
{
	const struct bt_oci_at in = { .up = at, .name = member };
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = fail(rd, &in, fmt, ap);
	va_end(ap);
	return r;
}

int bt_oci_read_nomem(const struct bt_oci_reader *rd)
{
	return bt_err_sys(rd->err, -ENOMEM, "parse the OCI specification");
}

const struct bt_oci_name *bt_oci_read_name(const struct bt_oci_name *names, const char *name)
{
	for (; names->name; names++)
		if (strcmp(names->name, name) == 0)
			return names;
	return NULL;
}

/* Read each element of an array, or fail. *ret_list gets the first, *ret_n their number. */
static int read_list(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		     const struct bt_oci_field *field, void **ret_list, size_t *ret_n)
{
	size_t size = field->object ? field->object->size : field->elem_size;
	size_t n = json_array_size(value);
	char *list;

	if (!json_is_array(value))
		return bt_oci_read_fail(rd, at, "must be an array");
	if (n > LIST_MAX)
		return bt_oci_read_fail(rd, at, "has more than %d entries", LIST_MAX);
	list = n ? bt_arena_alloc(rd->arena, n * size) : NULL;
	if (n && !list)
		return bt_oci_read_nomem(rd);
	for (size_t i = 0; i < n; i++) {
		const struct bt_oci_at elem = { .up = at, .index = i };
		const json_t *v = json_array_get(value, i);
		int r;

		if (json_is_null(v))
			r = bt_oci_read_fail(rd, &elem, "must not be null");
		else if (field->object)
			r = bt_oci_read_object(rd, &elem, v, field->object, list + i * size);
		else
			r = field->read(rd, &elem, v, list + i * size);
		if (r < 0)
			return r;
	}
	*ret_list = list;
	*ret_n = n;
	return 0;
}

static int read_field(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		      const struct bt_oci_field *field, char *object)
{
	void *list = NULL;
	size_t n = 0;
	int r;

	if (field->count_offset == BT_OCI_NOWHERE && field->object)
		return bt_oci_read_object(rd, at, value, field->object, object + field->offset);
	if (field->count_offset == BT_OCI_NOWHERE)
		return field->read(rd, at, value, object + field->offset);

	r = read_list(rd, at, value, field, &list, &n);
	if (r < 0)
		return r;
	memcpy(object + field->offset, &list, sizeof(list));
	memcpy(object + field->count_offset, &n, sizeof(n));
	return 0;
}

int bt_oci_read_object(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		       const struct bt_oci_object *table, void *ret)
{
	if (!json_is_object(value))
		return bt_oci_read_fail(rd, at, "must be an object");
	for (size_t i = 0; i < table->nfields; i++) {
		const struct bt_oci_field *field = &table->fields[i];
		const struct bt_oci_at in = { .up = at, .name = field->name };
		const json_t *v = json_object_get(value, field->name);
		int r = 0;

		if (v && !json_is_null(v))
			r = read_field(rd, &in, v, field, ret);
		else if (field->required)
			r = bt_oci_read_fail(rd, &in, "is required");
		if (r < 0)
			return r;
	}
	if (table->set_offset != BT_OCI_NOWHERE)
		*(bool *)((char *)ret + table->set_offset) = true;
	return table->check ? table->check(rd, at, ret) : 0;
}

int bt_oci_read_enum(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		     const struct bt_oci_name *names, int64_t *ret)
{
	const struct bt_oci_name *found;

	if (!json_is_string(value))
		return bt_oci_read_fail(rd, at, "must be a string");
	found = bt_oci_read_name(names, json_string_value(value));
	if (!found)
		return bt_oci_read_fail(rd, at, "unknown value '%.64s'", json_string_value(value));
	*ret = found->value;
	return 0;
}

int bt_oci_read_flags(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		      const struct bt_oci_name *names, uint64_t *ret)
{
	uint64_t flags = 0;

	if (!json_is_array(value))
		return bt_oci_read_fail(rd, at, "must be an array of strings");
	for (size_t i = 0; i < json_array_size(value); i++) {
		const struct bt_oci_at elem = { .up = at, .index = i };
		int64_t flag;
		int r = bt_oci_read_enum(rd, &elem, json_array_get(value, i), names, &flag);

		if (r < 0)
			return r;
		flags |= (uint64_t)flag;
	}
	*ret = flags;
	return 0;
}

int bt_oci_read_bool(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		     void *ret)
{
	if (!json_is_boolean(value))
		return bt_oci_read_fail(rd, at, "must be true or false");
	*(bool *)ret = json_is_true(value);
	return 0;
}

static int read_range(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		      int64_t min, int64_t max, int64_t *ret)
{
	uint64_t big;

	if (!json_is_integer(value) && bt_json_u64_value(value, &big) < 0)
		return bt_oci_read_fail(rd, at, "must be an integer");
	if (!json_is_integer(value) || json_integer_value(value) < min ||
	    json_integer_value(value) > max)
		return bt_oci_read_fail(rd, at, "must be between %lld and %lld", (long long)min,
					(long long)max);
	*ret = json_integer_value(value);
	return 0;
}

int bt_oci_read_int(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		    void *ret)
{
	int64_t v;
	int r = read_range(rd, at, value, INT_MIN, INT_MAX, &v);

	if (r == 0)
		*(int *)ret = (int)v;
	return r;
}

int bt_oci_read_i32(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		    void *ret)
{
	int64_t v;
	int r = read_range(rd, at, value, INT32_MIN, INT32_MAX, &v);

	if (r == 0)
		*(int32_t *)ret = (int32_t)v;
	return r;
}

int bt_oci_read_u32(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		    void *ret)
{
	int64_t v;
	int r = read_range(rd, at, value, 0, UINT32_MAX, &v);

	if (r == 0)
		*(uint32_t *)ret = (uint32_t)v;
	return r;
}

int bt_oci_read_i64(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		    void *ret)
{
	return read_range(rd, at, value, INT64_MIN, INT64_MAX, ret);
}

int bt_oci_read_u64(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		    void *ret)
{
	int r = bt_json_u64_value(value, ret);

	if (r == -ERANGE)
		return bt_oci_read_fail(rd, at, "must be between 0 and %llu",
					(unsigned long long)UINT64_MAX);
	if (r < 0)
		return bt_oci_read_fail(rd, at, "must be an integer");
	return 0;
}

int bt_oci_read_opt_i64(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
			void *ret)
{
	struct bt_oci_i64 *opt = ret;
	int r = bt_oci_read_i64(rd, at, value, &opt->value);

	opt->set = r == 0;
	return r;
}

int bt_oci_read_opt_u64(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
			void *ret)
{
	struct bt_oci_u64 *opt = ret;
	int r = bt_oci_read_u64(rd, at, value, &opt->value);

	opt->set = r == 0;
	return r;
}

/* A copy of a JSON string in the arena. */
static int copy_string(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		       char **ret)
{
	char *copy;

	if (!json_is_string(value))
		return bt_oci_read_fail(rd, at, "must be a string");
	copy = bt_arena_strdup(rd->arena, json_string_value(value));
	if (!copy)
		return bt_oci_read_nomem(rd);
	*ret = copy;
	return 0;
}

int bt_oci_read_str(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		    void *ret)
{
	char *copy = NULL;
	int r = copy_string(rd, at, value, &copy);

	if (r == 0)
		*(const char **)ret = *copy ? copy : NULL;
	return r;
}

int bt_oci_read_path(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		     void *ret)
{
	char *copy = NULL;
	int r = copy_string(rd, at, value, &copy);

	if (r < 0)
		return r;
	if (*copy != '/')
		return bt_oci_read_fail(rd, at, "must be an absolute path, not '%.64s'", copy);
	*(const char **)ret = copy;
	return 0;
}

int bt_oci_read_strs(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		     void *ret)
{
	struct bt_oci_strings *strings = ret;
	size_t n = json_array_size(value);
	char **v;

	if (!json_is_array(value))
		return bt_oci_read_fail(rd, at, "must be an array of strings");
	if (n > LIST_MAX)
		return bt_oci_read_fail(rd, at, "has more than %d entries", LIST_MAX);
	if (n == 0)
		return 0;
	v = bt_arena_alloc(rd->arena, (n + 1) * sizeof(*v));
	if (!v)
		return bt_oci_read_nomem(rd);
	for (size_t i = 0; i < n; i++) {
		const struct bt_oci_at elem = { .up = at, .index = i };
		int r = copy_string(rd, &elem, json_array_get(value, i), &v[i]);

		if (r < 0)
			return r;
	}
	*strings = (struct bt_oci_strings){ .v = v, .n = n };
	return 0;
}

int bt_oci_read_pairs(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		      void *ret)
{
	struct bt_oci_pairs *pairs = ret;
	size_t n = json_object_size(value), i = 0;
	struct bt_oci_pair *v;
	const char *key;
	json_t *member;

	if (!json_is_object(value))
		return bt_oci_read_fail(rd, at, "must be an object of strings");
	if (n > LIST_MAX)
		return bt_oci_read_fail(rd, at, "has more than %d entries", LIST_MAX);
	if (n == 0)
		return 0;
	v = bt_arena_alloc(rd->arena, n * sizeof(*v));
	if (!v)
		return bt_oci_read_nomem(rd);
	json_object_foreach ((json_t *)(uintptr_t)value, key, member) {
		const struct bt_oci_at in = { .up = at, .name = key };
		char *copy = NULL;
		int r = copy_string(rd, &in, member, &copy);

		if (r < 0)
			return r;
		v[i].value = copy;
		v[i].key = bt_arena_strdup(rd->arena, key);
		if (!v[i++].key)
			return bt_oci_read_nomem(rd);
	}
	*pairs = (struct bt_oci_pairs){ .v = v, .n = n };
	return 0;
}

int bt_oci_read_members(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
			const struct bt_oci_object *table, size_t name_offset, void **ret,
			size_t *ret_n)
{
	char *list, *elem;
	const char *name;
	json_t *member;

	if (!json_is_object(value))
		return bt_oci_read_fail(rd, at, "must be an object");
	if (json_object_size(value) > LIST_MAX)
		return bt_oci_read_fail(rd, at, "has more than %d entries", LIST_MAX);
	elem = list = bt_arena_alloc(rd->arena, (json_object_size(value) + 1) * table->size);
	if (!list)
		return bt_oci_read_nomem(rd);
	json_object_foreach ((json_t *)(uintptr_t)value, name, member) {
		const struct bt_oci_at in = { .up = at, .name = name };
		char *copy = bt_arena_strdup(rd->arena, name);
		int r = bt_oci_read_object(rd, &in, member, table, elem);

		if (r < 0)
			return r;
		if (!copy)
			return bt_oci_read_nomem(rd);
		memcpy(elem + name_offset, &copy, sizeof(copy));
		elem += table->size;
	}
	*ret = list;
	*ret_n = json_object_size(value);
	return 0;
}
