#include "../run_tests.h"
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_ENGINE_COMMON_H
#define BT_TESTS_ENGINE_COMMON_H

/*
 * What the tests of this folder share: a main() of one case, and JSON written as
 * in JavaScript, with single quotes.
 */

#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/** Parse text in which ' stands for ". The caller releases it. */
static inline json_t *parse(const char *text)
{
	char *copy = strdup(text);
	json_t *json;

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	json = json_loads(copy, JSON_DECODE_ANY, NULL);
	ck_assert_msg(json != NULL, "test's own JSON is wrong: %s", copy);
	free(copy);
	return json;
}

/** Are both the same JSON? Prints what it got where not. */
#define assert_json(got, text)                                                                 \
	do {                                                                                   \
		json_t *want_ = parse(text);                                                   \
		char *got_ = json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS); \
		ck_assert_msg(json_equal(got, want_), "got %s, want %s", got_ ? got_ : "NULL", \
			      text);                                                           \
		free(got_);                                                                    \
		json_decref(want_);                                                            \
	} while (0)

#endif
