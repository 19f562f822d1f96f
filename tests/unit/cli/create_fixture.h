/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_CLI_CREATE_FIXTURE_H
#define BT_TESTS_CLI_CREATE_FIXTURE_H

/*
 * What the tests of create's flags share: flags and an image become a request's body, and a part of
 * it is compared with JSON that the test writes with single quotes.
 */

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/create.h"
#include "../run_tests.h"

#define FIXTURE_WORDS_MAX 32

/** The body for `words` (ending with NULL), a new reference; or NULL, and `err` says why. The
 * client's configuration is `config` (borrowed), or NULL for an empty one. */
static inline json_t *body_of(const char *const *words, json_t *config, struct bt_err *err)
{
	bt_auto_args struct bt_args args = { 0 };
	struct bt_cli cli = { .prog = "berth", .config = { .json = config } };
	char *argv[FIXTURE_WORDS_MAX] = { NULL };
	json_t *body = NULL;
	int argc = 0, r;

	for (; words[argc]; argc++)
		argv[argc] = strdup(words[argc]);
	args.path = "berth create";
	r = bt_args_parse(&bt_create_command, argc, argv, &args, err);
	if (r == 0)
		r = bt_create_body(&cli, &args, &body, err);
	bt_args_done(&args);
	while (argc > 0)
		free(argv[--argc]);
	return r == 0 ? body : NULL;
}

/** `text` with ' for ", parsed; a new reference. */
static inline json_t *json_of(const char *text)
{
	bt_auto_free char *copy = strdup(text);
	json_t *json;

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	json = json_loads(copy, JSON_DECODE_ANY, NULL);
	ck_assert_msg(json != NULL, "test's own JSON is wrong: %s", copy);
	return json;
}

/* What is at a path with dots between, or NULL. */
static inline json_t *member_at(json_t *body, const char *path)
{
	while (body && *path) {
		size_t n = strcspn(path, ".");
		bt_auto_free char *name = strndup(path, n);

		body = json_object_get(body, name);
		path += n + (path[n] == '.');
	}
	return body;
}

static inline void assert_member(const char *const *words, const char *path, const char *want)
{
	struct bt_err err = { 0 };
	json_auto_t *body = body_of(words, NULL, &err);
	json_auto_t *wanted = want ? json_of(want) : NULL;
	json_t *got = member_at(body, path);
	bt_auto_free char *text = got ? json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	ck_assert_msg(body != NULL, "%s", err.msg);
	ck_assert_msg(want ? got && json_equal(got, wanted) : got == NULL, "%s is %s, not %s", path,
		      text ? text : "absent", want ? want : "absent");
}

static inline void assert_message(const char *const *words, const char *want)
{
	struct bt_err err = { 0 };
	json_auto_t *body = body_of(words, NULL, &err);

	ck_assert_msg(body == NULL, "it was taken, in place of: %s", want);
	ck_assert_str_eq(err.msg, want);
}

/* Words of a command line: GIVES("HostConfig.Memory", "1024", "-m", "1k"). The image is added. */
#define GIVES(path, want, ...) \
	assert_member((const char *const[]){ __VA_ARGS__, "image", NULL }, path, want)
#define REFUSES(message, ...) \
	assert_message((const char *const[]){ __VA_ARGS__, "image", NULL }, message)

#endif
