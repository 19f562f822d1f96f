/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CODEC_GO_TEMPLATE_H
#define BT_CODEC_GO_TEMPLATE_H

/*
 * Go's text/template as `--format` uses it, over JSON values.
 *
 * There are actions with pipelines, variables, if, with, range, else, break, continue, trim
 * markers and comments; the functions of text/template (and or not len index slice print
 * printf println eq ne lt le gt ge html js urlquery) and those of Docker (json join split lower
 * upper title pad truncate). Named templates (define, template, block) and call are refused.
 *
 * Templates are input from the user: their length and nesting are bounded, and so is what one
 * execution may print.
 */

#include <stddef.h>

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

struct bt_go_template;

/** What `.` is at the beginning, and how things that JSON has no word for behave. */
struct bt_go_template_data {
	json_t *dot; /* borrowed; NULL when the fields are computed by `field` */
	/* Compute a top-level field or method of `.` (used instead of `dot` where that is NULL):
	 * a new reference in `ret`, or -ENOENT where there is no such name, or -EINVAL where the
	 * arguments do not fit. */
	int (*field)(void *arg, const char *name, json_t *const *args, size_t nargs, json_t **ret);
	void *arg;
	const char *type; /* Go's name of the type, for "can't evaluate field X in type T" */
	/* How a null in the field `name` prints (lists, maps and pointers differ in Go); NULL: all
	 * as
	 * "<no value>". */
	const char *(*null_text)(const char *name);
	bool strict; /* a key that is missing in an object is an error, not "<no value>" */
};

/** Parse `text`. Returns 0 (release with bt_go_template_destroy()), or -EINVAL with Go's
 * wording ("template: :1: unclosed action"). */
bt_nodiscard int bt_go_template_parse(const char *text, struct bt_go_template **ret,
				      struct bt_err *err);

/** Release. NULL is fine. */
void bt_go_template_destroy(struct bt_go_template *t);

#define bt_auto_go_template bt_auto(bt_go_template_destroyp)
static inline void bt_go_template_destroyp(struct bt_go_template **t)
{
	bt_go_template_destroy(*t);
}

/** Execute, appending to `out`. On failure `out` holds what was printed until then. */
bt_nodiscard int bt_go_template_execute(const struct bt_go_template *t,
					const struct bt_go_template_data *data, struct bt_str *out,
					struct bt_err *err);

/** The first field that the template's actions name at top level and in order: name `i`, borrowed,
 * or NULL past the end. Lets a caller ask the daemon only for what will be shown. */
const char *bt_go_template_field(const struct bt_go_template *t, size_t i);

/** Append a value as Go's %v prints it. */
void bt_go_template_print(const json_t *value, struct bt_str *out);

/** The same for a real number: the shortest form that reads back as it. */
void bt_go_template_print_real(double real, struct bt_str *out);

#endif
