/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CODEC_GO_TEMPLATE_AST_H
#define BT_CODEC_GO_TEMPLATE_AST_H

/*
 * The parsed form of a template, shared by the parser, the evaluator and the functions.
 * Everything lives in the template's arena.
 */

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

#define BT_GO_TEMPLATE_DEPTH_MAX  64
#define BT_GO_TEMPLATE_TEXT_MAX   (256u << 10)
#define BT_GO_TEMPLATE_OUT_MAX    (256u << 20)
#define BT_GO_TEMPLATE_FIELDS_MAX 64
#define BT_GO_TEMPLATE_ARGS_MAX   64

/** A chain of fields: .A.B after a dot, a variable or parentheses. */
struct bt_tmpl_field {
	const char *name;
	struct bt_tmpl_field *next;
};

enum bt_tmpl_arg_kind {
	BT_TMPL_DOT,
	BT_TMPL_VARIABLE,
	BT_TMPL_STRING,
	BT_TMPL_INTEGER,
	BT_TMPL_REAL,
	BT_TMPL_BOOL,
	BT_TMPL_NIL,
	BT_TMPL_PIPE,
	BT_TMPL_FUNCTION,
};

struct bt_tmpl_pipe;

/** One operand. */
struct bt_tmpl_arg {
	enum bt_tmpl_arg_kind kind;
	const char *text; /* the variable, function or string */
	long long integer;
	double real;
	struct bt_tmpl_field *fields;
	struct bt_tmpl_pipe *pipe;
	size_t column; /* bytes from the template's begin, for messages */
	struct bt_tmpl_arg *next;
};

/** Operands separated by blanks. */
struct bt_tmpl_command {
	struct bt_tmpl_arg *args;
	size_t nargs;
	struct bt_tmpl_command *next;
};

/** Commands separated by '|', with up to two variables that take the value. */
struct bt_tmpl_pipe {
	const char *variables[2];
	size_t nvariables;
	bool assigns; /* `=`: the variable exists */
	struct bt_tmpl_command *commands;
	size_t line;
};

enum bt_tmpl_node_kind {
	BT_TMPL_TEXT,
	BT_TMPL_ACTION,
	BT_TMPL_IF,
	BT_TMPL_WITH,
	BT_TMPL_RANGE,
	BT_TMPL_BREAK,
	BT_TMPL_CONTINUE,
};

struct bt_tmpl_node {
	enum bt_tmpl_node_kind kind;
	const char *text;
	size_t len;
	struct bt_tmpl_pipe *pipe;
	struct bt_tmpl_node *body, *otherwise;
	struct bt_tmpl_node *next;
};

struct bt_go_template {
	struct bt_arena arena;
	struct bt_tmpl_node *nodes;
	const char *text;
	const char *fields[BT_GO_TEMPLATE_FIELDS_MAX];
	size_t nfields;
};

/** Read a string, raw string or character constant at `*at`, and move behind it. Returns NULL, or
 * what is wrong with it. */
const char *bt_tmpl_lex_string(struct bt_arena *arena, const char **at, struct bt_tmpl_arg *arg);

/** The same for a number, whole or real. */
const char *bt_tmpl_lex_number(const char **at, struct bt_tmpl_arg *arg);

/** Append a character as UTF-8. Returns 0, or -EINVAL for what is none. */
bt_nodiscard int bt_tmpl_add_rune(unsigned long rune, struct bt_str *out);

/** Is there a function of this name? */
bool bt_tmpl_is_function(const char *name);

/** Call a function; `and` and `or` are the evaluator's, because they stop early. `*ret` is a new
 * reference. Returns 0 or -EINVAL with "error calling NAME: …" as far as the function knows. */
int bt_tmpl_call(const char *name, json_t *const *args, size_t nargs, json_t **ret,
		 struct bt_err *err);

/** The function printf; args[0] is the format. */
int bt_tmpl_printf(json_t *const *args, size_t nargs, json_t **ret, struct bt_err *err);

/** Is the value true in Go's sense: not zero, not empty, not nil? */
bool bt_tmpl_truth(const json_t *value);

#endif
