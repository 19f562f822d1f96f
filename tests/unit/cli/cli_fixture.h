/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_CLI_FIXTURE_H
#define BT_TESTS_CLI_FIXTURE_H

/*
 * The whole program in the test's process, against a daemon that says what a test tells it: what
 * was printed, with which exit code, and what the daemon was asked.
 *
 * JSON is written with single quotes for double ones.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <jansson.h>

#include "../suite.h"
#include "../web_server.h"
#include "base/auto.h"
#include "base/str.h"
#include "cli/dispatch.h"

#define CLI_WORDS_MAX   64
#define CLI_ANSWERS_MAX 6
#define CLI_BODIES_MAX  512

/** What the daemon answers to a request whose line begins so. */
struct cli_answer {
	const char *request; /* "GET /containers/json" */
	const char *json;    /* NULL: no body */
	const char *status;  /* NULL: "200 OK" */
	const char *headers; /* lines that end in \r\n, or NULL */
};

/** One run of the program, and what comes of it. */
struct cli_case {
	const char *line; /* words between blanks; 'one word' */
	struct cli_answer answers[CLI_ANSWERS_MAX];
	int code;
	const char *out, *err; /* all that is printed; NULL: nothing */
};

static char cli_dir[] = "/tmp/test_cli.XXXXXX";
static char *cli_out, *cli_err;
static int cli_code;
static struct web_rule cli_rules[CLI_ANSWERS_MAX];
/* They last as long as the daemon, whose threads may still be at the end of an answer. */
static char *cli_bodies[CLI_BODIES_MAX];
static size_t cli_bodies_len;

/** A text with double quotes for single ones, owned. */
static inline char *cli_json(const char *text)
{
	char *copy = strdup(text);

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	return copy;
}

static inline void cli_forget(void)
{
	free(bt_take(cli_out));
	free(bt_take(cli_err));
}

/** A file in the directory of the configuration, whose text may have single quotes for double. */
static inline void cli_write(const char *name, const char *text)
{
	bt_auto_free char *path = bt_str_format("%s/%s", cli_dir, name);
	bt_auto_free char *json = cli_json(text);
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(json, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

/** What stands in such a file, owned. */
static inline char *cli_read(const char *name)
{
	bt_auto_free char *path = bt_str_format("%s/%s", cli_dir, name);
	char *text = calloc(1, 65536);
	FILE *f = fopen(path, "re");

	ck_assert_ptr_nonnull(f);
	(void)!fread(text, 1, 65535, f);
	ck_assert_int_eq(fclose(f), 0);
	return text;
}

static inline void cli_setup(void)
{
	bt_auto_free char *host = NULL;

	ck_assert_ptr_nonnull(mkdtemp(cli_dir));
	host = bt_str_format("unix://%s/daemon.sock", cli_dir);
	web_start_unix(bt_str_after(host, "unix://"), NULL, 0);
	ck_assert_int_eq(setenv("DOCKER_CONFIG", cli_dir, 1), 0);
	ck_assert_int_eq(setenv("DOCKER_HOST", host, 1), 0);
	ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
	static const char *const others[] = { "BERTH_HOST",          "DOCKER_CONTEXT",
					      "DOCKER_TLS",          "DOCKER_TLS_VERIFY",
					      "DOCKER_CERT_PATH",    "DOCKER_API_VERSION",
					      "DOCKER_CONTENT_TRUST" };
	for (size_t i = 0; i < LENGTH(others); i++)
		ck_assert_int_eq(unsetenv(others[i]), 0);
}

static inline void cli_teardown(void)
{
	bt_auto_free char *rm = bt_str_format("rm -rf '%s'", cli_dir);

	web_stop();
	cli_forget();
	while (cli_bodies_len > 0)
		free(cli_bodies[--cli_bodies_len]);
	ck_assert_int_eq(system(rm), 0);
}

/** Standard input is this text, and then its end. */
static inline void cli_type(const char *text)
{
	int pair[2];

	ck_assert_int_eq(pipe(pair), 0);
	ck_assert_int_eq(write(pair[1], text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(dup2(pair[0], STDIN_FILENO), STDIN_FILENO);
	ck_assert_int_eq(close(pair[0]) | close(pair[1]), 0);
	clearerr(stdin);
}

static inline void cli_serve(const struct cli_answer *answers)
{
	size_t n = 0;

	for (; n < CLI_ANSWERS_MAX && answers[n].request; n++) {
		const struct cli_answer *a = &answers[n];

		char *body = a->json ? cli_json(a->json) : NULL;

		ck_assert_uint_lt(cli_bodies_len, CLI_BODIES_MAX);
		cli_bodies[cli_bodies_len++] = body;
		cli_rules[n] = (struct web_rule){ .request = a->request,
						  .status = a->status ? a->status : "200 OK",
						  .headers = a->headers,
						  .body = body };
	}
	web_rules(cli_rules, n);
}

/* The next word of a line, which is changed: between blanks or single quotes. */
static inline char *cli_word(char **rest)
{
	char *word = *rest + strspn(*rest, " ");
	const char *end = *word == '\'' ? "'" : " ";

	if (*word == '\0')
		return NULL;
	word += *end == '\'';
	*rest = word + strcspn(word, end);
	if (**rest)
		*(*rest)++ = '\0';
	return word;
}

/** Run the program as `prog` with the words of a line. */
static inline void cli_run_as(const char *prog, const char *line)
{
	bt_auto_free char *copy = strdup(line), *name = strdup(prog);
	char *words[CLI_WORDS_MAX] = { name }, *rest = copy;
	FILE *out = stdout, *err = stderr;
	size_t out_len, err_len;
	int n = 1;

	while (n < CLI_WORDS_MAX - 1 && (words[n] = cli_word(&rest)) != NULL)
		n++;
	words[n] = NULL;
	stdout = open_memstream(&cli_out, &out_len);
	stderr = open_memstream(&cli_err, &err_len);
	cli_code = bt_dispatch_main(n, words);
	(void)fclose(stdout);
	(void)fclose(stderr);
	stdout = out;
	stderr = err;
}

/** Does all of a case come about? */
static inline void cli_check_as(const char *prog, const struct cli_case *c)
{
	cli_forget();
	cli_serve(c->answers);
	cli_run_as(prog, c->line);
	ck_assert_msg(strcmp(cli_out, c->out ? c->out : "") == 0,
		      "'%s' prints\n'%s'\nnot\n'%s'\n%s", c->line, cli_out, c->out ? c->out : "",
		      cli_err);
	ck_assert_msg(strcmp(cli_err, c->err ? c->err : "") == 0, "'%s' says\n'%s'\nnot\n'%s'",
		      c->line, cli_err, c->err ? c->err : "");
	ck_assert_msg(cli_code == c->code, "'%s' ends with %d, not %d", c->line, cli_code, c->code);
}

/** The same as berth. */
static inline void cli_check(const struct cli_case *c)
{
	cli_check_as("berth", c);
}

/** The same for each case of a table. */
#define cli_check_all(cases)                               \
	do                                                 \
		for (size_t i = 0; i < LENGTH(cases); i++) \
			cli_check(&(cases)[i]);            \
	while (0)

/** The line of the last request that began so, is `line` (but for its " HTTP/1.1"). */
static inline void cli_check_asked(const char *begin, const char *line)
{
	const char *got = web_last(begin)->line;
	size_t len = strcspn(got, " ");

	len += 1 + strcspn(got + len + 1, " ");
	ck_assert_msg(len == strlen(line) && strncmp(got, line, len) == 0, "asked '%.*s', not '%s'",
		      (int)len, got, line);
}

/** The body of the last request that began so, is this JSON. */
static inline void cli_check_body(const char *begin, const char *want)
{
	const struct web_request *request = web_last(begin);
	bt_auto_free char *text = cli_json(want);
	json_auto_t *expected = json_loads(text, 0, NULL);
	json_auto_t *got = json_loadb(request->body.p, request->body.len, 0, NULL);

	ck_assert_msg(expected != NULL, "test's own JSON is wrong: %s", text);
	ck_assert_msg(json_equal(expected, got), "%s has the body %.*s, not %s", begin,
		      (int)request->body.len, request->body.p, text);
}

/** run_suite() with all this. */
static inline int cli_run_suite(const char *name, void (*add)(TCase *))
{
	return run_suite(name, cli_setup, cli_teardown, add);
}

#endif
