/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_CODEC_GO_TEMPLATE_FIXTURE_H
#define BT_TESTS_CODEC_GO_TEMPLATE_FIXTURE_H

/*
 * What the tests of templates share: a template is executed over JSON that the test writes with
 * single quotes, and what comes out is compared.
 */

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/go_template.h"
#include "../run_tests.h"

/** The output of `text` over `dot`, owned; or NULL, and `err` says why. */
static inline char *render(const char *text, const char *dot, bool strict, struct bt_err *err)
{
	bt_auto_go_template struct bt_go_template *t = NULL;
	bt_auto_str struct bt_str out = { 0 };
	bt_auto_free char *copy = strdup(dot);
	struct bt_go_template_data data = { .type = "T", .strict = strict };
	json_auto_t *json = NULL;
	char *ret = NULL;

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	json = json_loads(copy, JSON_DECODE_ANY, NULL);
	ck_assert_msg(json != NULL, "test's own JSON is wrong: %s", copy);
	data.dot = json;
	if (bt_go_template_parse(text, &t, err) < 0)
		return NULL;
	if (bt_go_template_execute(t, &data, &out, err) < 0)
		return NULL;
	ck_assert_int_eq(bt_str_steal(&out, &ret), 0);
	return ret;
}

static inline void assert_renders(const char *text, const char *dot, const char *want)
{
	struct bt_err err = { 0 };
	bt_auto_free char *got = render(text, dot, false, &err);

	ck_assert_msg(got != NULL, "%s: %s", text, err.msg);
	ck_assert_msg(strcmp(got, want) == 0, "%s gives '%s', not '%s'", text, got, want);
}

static inline void assert_fails(const char *text, const char *dot, const char *want)
{
	struct bt_err err = { 0 };
	bt_auto_free char *got = render(text, dot, true, &err);

	ck_assert_msg(got == NULL, "%s gives '%s'", text, got ? got : "");
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_str_eq(err.msg, want);
}

#endif
