/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The evaluator. Every value is a JSON value with a reference of our own; what `.` is at top level
 * may instead be computed field by field (struct value with json NULL).
 */

#include "codec/go_template.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/go_template_ast.h"

#define VARIABLES_MAX 256

/* A JSON value, or (json == NULL) the top-level dot whose fields are computed. */
struct value {
	json_t *json;
};

struct variable {
	const char *name;
	struct value value;
};

enum flow {
	FLOW_ON,
	FLOW_BREAK,
	FLOW_CONTINUE,
};

struct exec {
	const struct bt_go_template *t;
	const struct bt_go_template_data *data;
	struct bt_str *out;
	struct bt_err *err;
	struct value dot;
	unsigned depth;
	size_t nvariables;
	/* Last, because only what is before it is cleared: a list executes its template for each
	 * row. */
	struct variable variables[VARIABLES_MAX];
};

static int eval_pipe(struct exec *ex, const struct bt_tmpl_pipe *pipe, struct value *ret);
static int run_nodes(struct exec *ex, const struct bt_tmpl_node *node, enum flow *flow);

static struct value hold(struct value v)
{
	return (struct value){ json_incref(v.json) };
}

static void drop(struct value *v)
{
	json_decref(v->json);
	v->json = NULL;
}

/* Where Go says that a chain of fields begins: behind its first member. */
static const char *chain_column(const char *at, const char *end)
{
	const char *next = at + 1;

	while (next < end && *next != '.')
		next++;
	return (*at == '.' || *at == '$') && next < end ? next : at;
}

/* "template: :1:2: executing "" at <.X>: " before a reason. The column counts from the line's
 * begin. */
static int fail_at(struct exec *ex, const struct bt_tmpl_arg *arg, const char *reason)
{
	const char *text = ex->t->text, *at = text + arg->column, *begin = at, *end = at;
	size_t line = 1;

	while (begin > text && begin[-1] != '\n')
		begin--;
	for (const char *c = text; c < begin; c++)
		line += *c == '\n';
	while (*end && !strchr(" \t\r\n|)}", *end))
		end++;
	return bt_err_set(ex->err, BT_ERR_INVALID, EINVAL,
			  "template: :%zu:%td: executing \"\" at <%.*s>: %s", line,
			  chain_column(at, end) - begin, (int)(end - at > 200 ? 200 : end - at), at,
			  reason);
}

static int fail_field(struct exec *ex, const struct bt_tmpl_arg *arg, const char *name,
		      const json_t *in)
{
	char reason[256];
	const char *type = "string";

	if (!in)
		type = ex->data->type;
	else if (json_is_array(in))
		type = "[]interface {}";
	else if (json_is_boolean(in))
		type = "bool";
	else if (json_is_number(in))
		type = "json.Number";
	(void)snprintf(reason, sizeof(reason), "can't evaluate field %s in type %s", name, type);
	return fail_at(ex, arg, reason);
}

static int member(struct exec *ex, const struct bt_tmpl_arg *arg, json_t *object, const char *name,
		  struct value *ret)
{
	json_t *v = json_object_get(object, name);
	char reason[256];

	if (!v && ex->data->strict) {
		(void)snprintf(reason, sizeof(reason), "map has no entry for key \"%s\"", name);
		return fail_at(ex, arg, reason);
	}
	ret->json = v ? json_incref(v) : json_null();
	return 0;
}

static int computed(struct exec *ex, const struct bt_tmpl_arg *arg, const char *name,
		    json_t *const *args, size_t nargs, struct value *ret)
{
	char reason[128];
	json_t *v = NULL;
	int r = ex->data->field(ex->data->arg, name, args, nargs, &v);

	if (r == -ENOENT)
		return fail_field(ex, arg, name, NULL);
	if (r < 0) {
		(void)snprintf(reason, sizeof(reason), "wrong number or type of args for %s", name);
		return fail_at(ex, arg, reason);
	}
	ret->json = v;
	return 0;
}

/* Follow a chain of fields from `v`, which is consumed. `args` go to the last one. */
static int follow(struct exec *ex, const struct bt_tmpl_arg *arg, struct value v,
		  json_t *const *args, size_t nargs, struct value *ret)
{
	for (const struct bt_tmpl_field *f = arg->fields; f; f = f->next) {
		struct value next = { 0 };
		size_t n = f->next ? 0 : nargs;
		int r;

		if (!v.json)
			r = computed(ex, arg, f->name, args, n, &next);
		else if (n)
			r = fail_at(ex, arg, "has arguments but cannot be invoked as function");
		else if (json_is_object(v.json))
			r = member(ex, arg, v.json, f->name, &next);
		else if (json_is_null(v.json) && ex->data->strict)
			r = fail_at(ex, arg, "nil data; no entry for key");
		else if (json_is_null(v.json))
			next.json = json_null(), r = 0;
		else
			r = fail_field(ex, arg, f->name, v.json);
		drop(&v);
		if (r < 0)
			return r;
		v = next;
	}
	*ret = v;
	return 0;
}

static struct variable *variable(struct exec *ex, const char *name)
{
	for (size_t i = ex->nvariables; i-- > 0;)
		if (strcmp(ex->variables[i].name, name) == 0)
			return &ex->variables[i];
	return NULL;
}

static int eval_variable(struct exec *ex, const struct bt_tmpl_arg *arg, struct value *ret)
{
	struct variable *v = variable(ex, arg->text);

	if (!v)
		return bt_err_set(ex->err, BT_ERR_INVALID, EINVAL,
				  "template: undefined variable \"%s\"", arg->text);
	*ret = hold(v->value);
	return 0;
}

static int eval_base(struct exec *ex, const struct bt_tmpl_arg *arg, struct value *ret)
{
	switch (arg->kind) {
	case BT_TMPL_DOT:
		*ret = hold(ex->dot);
		return 0;
	case BT_TMPL_VARIABLE:
		return eval_variable(ex, arg, ret);
	case BT_TMPL_STRING:
		ret->json = json_string_nocheck(arg->text);
		break;
	case BT_TMPL_INTEGER:
		ret->json = json_integer(arg->integer);
		break;
	case BT_TMPL_REAL:
		ret->json = json_real(arg->real);
		break;
	case BT_TMPL_BOOL:
		ret->json = json_boolean(arg->integer);
		break;
	case BT_TMPL_PIPE:
		return eval_pipe(ex, arg->pipe, ret);
	case BT_TMPL_NIL:
	case BT_TMPL_FUNCTION:
		ret->json = json_null();
		break;
	}
	return ret->json ? 0 : fail_at(ex, arg, "out of memory");
}

static int call_function(struct exec *ex, const struct bt_tmpl_arg *fn, json_t *const *args,
			 size_t nargs, struct value *ret);
static int call_logic(struct exec *ex, const struct bt_tmpl_arg *fn, json_t *final,
		      struct value *ret);

static int eval_arg(struct exec *ex, const struct bt_tmpl_arg *arg, struct value *ret)
{
	struct value v = { 0 };
	int r;

	if (arg->kind == BT_TMPL_FUNCTION)
		return call_function(ex, arg, NULL, 0, ret);
	r = eval_base(ex, arg, &v);
	return r < 0 ? r : follow(ex, arg, v, NULL, 0, ret);
}

/* The arguments behind the first word, then what came through the pipe. */
static int eval_args(struct exec *ex, const struct bt_tmpl_arg *arg, json_t *final, json_t **ret,
		     size_t *ret_n)
{
	size_t n = 0;
	int r = 0;

	for (; arg && r == 0; arg = arg->next) {
		struct value v = { 0 };

		r = eval_arg(ex, arg, &v);
		if (r == 0 && !v.json)
			r = fail_at(ex, arg, "the whole context cannot be an argument");
		if (r == 0)
			ret[n++] = v.json;
	}
	if (r == 0 && final)
		ret[n++] = json_incref(final);
	*ret_n = n;
	return r;
}

static int call_function(struct exec *ex, const struct bt_tmpl_arg *fn, json_t *const *args,
			 size_t nargs, struct value *ret)
{
	char reason[sizeof(ex->err->msg)];
	int r = bt_tmpl_call(fn->text, args, nargs, &ret->json, ex->err);

	if (r == 0)
		return 0;
	memcpy(reason, ex->err->msg, sizeof(reason));
	return fail_at(ex, fn, reason);
}

/* `json .` and `len .` where the dot's fields are computed: the context offers its JSON form
 * as the field named "". */
static int eval_whole(struct exec *ex, const struct bt_tmpl_command *cmd, struct value *ret)
{
	struct value whole = { 0 };
	json_t *args[1];
	int r = computed(ex, cmd->args, "", NULL, 0, &whole);

	if (r < 0)
		return r;
	args[0] = whole.json;
	r = call_function(ex, cmd->args, args, 1, ret);
	drop(&whole);
	return r;
}

static bool takes_whole(const struct exec *ex, const struct bt_tmpl_command *cmd)
{
	const struct bt_tmpl_arg *arg = cmd->args->next;

	return !ex->dot.json && cmd->nargs == 2 && arg->kind == BT_TMPL_DOT && !arg->fields;
}

static int eval_command(struct exec *ex, const struct bt_tmpl_command *cmd, json_t *final,
			struct value *ret)
{
	const struct bt_tmpl_arg *first = cmd->args;
	json_t *args[BT_GO_TEMPLATE_ARGS_MAX + 1];
	size_t nargs = 0;
	int r;

	bool function = first->kind == BT_TMPL_FUNCTION;
	if (function && (strcmp(first->text, "and") == 0 || strcmp(first->text, "or") == 0))
		return call_logic(ex, first, final, ret);
	if (function && takes_whole(ex, cmd))
		return eval_whole(ex, cmd, ret);
	if (!function && !first->fields && (first->next || final))
		return fail_at(ex, first, "can't give argument to non-function");
	r = eval_args(ex, first->next, final, args, &nargs);
	if (r == 0 && function) {
		r = call_function(ex, first, args, nargs, ret);
	} else if (r == 0) {
		struct value base = { 0 };

		r = eval_base(ex, first, &base);
		if (r == 0)
			r = follow(ex, first, base, args, nargs, ret);
	}
	for (size_t i = 0; i < nargs; i++)
		json_decref(args[i]);
	return r;
}

/* and, or: the first argument that decides, the others are not evaluated. */
static int call_logic(struct exec *ex, const struct bt_tmpl_arg *fn, json_t *final,
		      struct value *ret)
{
	bool wanted = fn->text[0] == 'o';
	struct value v = { 0 };
	bool any = false;

	for (const struct bt_tmpl_arg *arg = fn->next; arg; arg = arg->next) {
		drop(&v);
		int r = eval_arg(ex, arg, &v);
		if (r < 0)
			return r;
		any = true;
		/* The whole context is never empty. */
		if ((!v.json || bt_tmpl_truth(v.json)) == wanted) {
			*ret = v;
			return 0;
		}
	}
	if (final) {
		drop(&v);
		v.json = json_incref(final);
	} else if (!any) {
		return fail_at(ex, fn, "wrong number of args: want at least 1 got 0");
	}
	*ret = v;
	return 0;
}

static int set_variables(struct exec *ex, const struct bt_tmpl_pipe *pipe, struct value v)
{
	struct variable *slot;

	if (pipe->assigns) {
		slot = variable(ex, pipe->variables[0]);
		if (!slot)
			return bt_err_set(ex->err, BT_ERR_INVALID, EINVAL,
					  "template: undefined variable \"%s\"",
					  pipe->variables[0]);
		drop(&slot->value);
		slot->value = hold(v);
		return 0;
	}
	if (ex->nvariables == VARIABLES_MAX)
		return bt_err_set(ex->err, BT_ERR_INVALID, EINVAL, "template: too many variables");
	ex->variables[ex->nvariables++] = (struct variable){ pipe->variables[0], hold(v) };
	return 0;
}

static void pop_variables(struct exec *ex, size_t mark)
{
	while (ex->nvariables > mark)
		drop(&ex->variables[--ex->nvariables].value);
}

/* The value of a pipeline; its variables are set by the caller (range sets them on each turn). */
static int eval_pipe_value(struct exec *ex, const struct bt_tmpl_pipe *pipe, struct value *ret)
{
	struct value v = { 0 };
	bool first = true;

	for (const struct bt_tmpl_command *cmd = pipe->commands; cmd; cmd = cmd->next) {
		struct value next = { 0 };
		int r;

		if (!first && !v.json)
			r = fail_at(ex, cmd->args, "the whole context cannot be an argument");
		else
			r = eval_command(ex, cmd, first ? NULL : v.json, &next);
		drop(&v);
		if (r < 0)
			return r;
		v = next;
		first = false;
	}
	*ret = v;
	return 0;
}

static int eval_pipe(struct exec *ex, const struct bt_tmpl_pipe *pipe, struct value *ret)
{
	struct value v = { 0 };
	int r = eval_pipe_value(ex, pipe, &v);

	if (r == 0 && pipe->nvariables)
		r = set_variables(ex, pipe, v);
	if (r < 0) {
		drop(&v);
		return r;
	}
	*ret = v;
	return 0;
}

/* The name of the field that a pipeline of one operand asks for, or NULL. */
static const char *last_field(const struct bt_tmpl_pipe *pipe)
{
	const struct bt_tmpl_field *f = pipe->commands->args->fields;

	if (pipe->commands->next || pipe->commands->args->next || !f)
		return NULL;
	while (f->next)
		f = f->next;
	return f->name;
}

static void print_action(struct exec *ex, const struct bt_tmpl_pipe *pipe, const json_t *v)
{
	const char *name = last_field(pipe);

	if (json_is_null(v) && name && ex->data->null_text)
		bt_str_puts(ex->out, ex->data->null_text(name));
	else
		bt_go_template_print(v, ex->out);
}

static int run_action(struct exec *ex, const struct bt_tmpl_node *node)
{
	struct value v = { 0 };
	int r = eval_pipe(ex, node->pipe, &v);

	if (r < 0)
		return r;
	if (!node->pipe->nvariables && !v.json)
		r = fail_at(ex, node->pipe->commands->args, "can't print the whole context");
	else if (!node->pipe->nvariables)
		print_action(ex, node->pipe, v.json);
	drop(&v);
	return r;
}

static int run_branch(struct exec *ex, const struct bt_tmpl_node *node, enum flow *flow)
{
	struct value v = { 0 }, saved = ex->dot;
	size_t mark = ex->nvariables;
	int r = eval_pipe(ex, node->pipe, &v);

	if (r < 0)
		return r;
	if (v.json && !bt_tmpl_truth(v.json)) {
		r = run_nodes(ex, node->otherwise, flow);
	} else {
		if (node->kind == BT_TMPL_WITH)
			ex->dot = v;
		r = run_nodes(ex, node->body, flow);
		ex->dot = saved;
	}
	drop(&v);
	pop_variables(ex, mark);
	return r;
}

static int run_turn(struct exec *ex, const struct bt_tmpl_node *node, json_t *key, json_t *element,
		    enum flow *flow)
{
	const struct bt_tmpl_pipe *pipe = node->pipe;
	struct value saved = ex->dot;
	size_t mark = ex->nvariables;
	int r;

	if (ex->nvariables + 2 > VARIABLES_MAX)
		return bt_err_set(ex->err, BT_ERR_INVALID, EINVAL, "template: too many variables");
	if (pipe->nvariables == 2)
		ex->variables[ex->nvariables++] =
			(struct variable){ pipe->variables[0], { json_incref(key) } };
	if (pipe->nvariables)
		ex->variables[ex->nvariables++] =
			(struct variable){ pipe->variables[pipe->nvariables - 1],
					   { json_incref(element) } };
	ex->dot.json = element;
	r = run_nodes(ex, node->body, flow);
	ex->dot = saved;
	pop_variables(ex, mark);
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int range_object(struct exec *ex, const struct bt_tmpl_node *node, json_t *object)
{
	size_t n = json_object_size(object), i = 0;
	bt_auto_free const char **names = calloc(n, sizeof(*names));
	const char *name;
	json_t *value;
	int r = 0;

	if (!names)
		return bt_err_set(ex->err, BT_ERR_SYSTEM, ENOMEM, "template: out of memory");
	json_object_foreach (object, name, value)
		names[i++] = name;
	qsort(names, n, sizeof(*names), by_name);
	for (i = 0; i < n && r == 0; i++) {
		json_auto_t *key = json_string(names[i]);
		enum flow flow = FLOW_ON;

		r = run_turn(ex, node, key, json_object_get(object, names[i]), &flow);
		if (flow == FLOW_BREAK)
			break;
	}
	return r;
}

static int range_array(struct exec *ex, const struct bt_tmpl_node *node, json_t *array)
{
	json_t *element;
	size_t i;
	int r = 0;

	json_array_foreach (array, i, element) {
		json_auto_t *key = json_integer((json_int_t)i);
		enum flow flow = FLOW_ON;

		r = run_turn(ex, node, key, element, &flow);
		if (r < 0 || flow == FLOW_BREAK)
			break;
	}
	return r;
}

static int run_range(struct exec *ex, const struct bt_tmpl_node *node, enum flow *flow)
{
	struct value v = { 0 };
	int r = eval_pipe_value(ex, node->pipe, &v);

	if (r < 0)
		return r;
	if (json_object_size(v.json))
		r = range_object(ex, node, v.json);
	else if (json_array_size(v.json))
		r = range_array(ex, node, v.json);
	else if (json_is_object(v.json) || json_is_array(v.json) || json_is_null(v.json))
		r = run_nodes(ex, node->otherwise, flow);
	else
		r = fail_at(ex, node->pipe->commands->args, "range can't iterate over it");
	drop(&v);
	return r;
}

static int run_node(struct exec *ex, const struct bt_tmpl_node *node, enum flow *flow)
{
	switch (node->kind) {
	case BT_TMPL_TEXT:
		bt_str_add(ex->out, node->text, node->len);
		return 0;
	case BT_TMPL_ACTION:
		return run_action(ex, node);
	case BT_TMPL_IF:
	case BT_TMPL_WITH:
		return run_branch(ex, node, flow);
	case BT_TMPL_RANGE:
		return run_range(ex, node, flow);
	case BT_TMPL_BREAK:
		*flow = FLOW_BREAK;
		return 0;
	case BT_TMPL_CONTINUE:
		*flow = FLOW_CONTINUE;
		return 0;
	}
	return 0;
}

static int run_nodes(struct exec *ex, const struct bt_tmpl_node *node, enum flow *flow)
{
	int r = 0;

	for (; node && r == 0 && *flow == FLOW_ON; node = node->next) {
		r = run_node(ex, node, flow);
		if (r == 0 && ex->out->failed)
			r = bt_err_set(ex->err, BT_ERR_INVALID, EFBIG,
				       "template: the output is too long");
	}
	return r;
}

int bt_go_template_execute(const struct bt_go_template *t, const struct bt_go_template_data *data,
			   struct bt_str *out, struct bt_err *err)
{
	enum flow flow = FLOW_ON;
	int r;

	bt_auto_free struct exec *ex = malloc(sizeof(*ex));
	if (!ex)
		return bt_err_set(err, BT_ERR_SYSTEM, ENOMEM, "template: out of memory");
	memset(ex, 0, offsetof(struct exec, variables));
	ex->t = t;
	ex->data = data;
	ex->out = out;
	ex->err = err;
	ex->dot.json = data->dot;
	ex->variables[ex->nvariables++] = (struct variable){ "$", hold(ex->dot) };
	r = run_nodes(ex, t->nodes, &flow);
	pop_variables(ex, 0);
	return r;
}
