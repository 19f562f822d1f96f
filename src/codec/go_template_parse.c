/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The parser: text and actions are told apart on the way, and an action is read by recursive
 * descent directly from its characters.
 */

#include "codec/go_template.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/go_template_ast.h"

struct parser {
	struct bt_go_template *t;
	const char *p; /* where we are */
	unsigned depth;
	unsigned ranges; /* how many `range` surround us */
	bool trim;       /* the last action ended in -}} */
	struct bt_err *err;
};

/* Which keyword ended a list of nodes. */
enum ending {
	END_TEXT,
	END_END,
	END_ELSE,
};

static int parse_pipe(struct parser *ps, struct bt_tmpl_pipe **ret, const char *closer);
static int parse_nodes(struct parser *ps, struct bt_tmpl_node **ret, enum ending *ret_end);

static size_t line_of(const struct parser *ps)
{
	size_t line = 1;

	for (const char *c = ps->t->text; c < ps->p; c++)
		line += *c == '\n';
	return line;
}

static int fail(struct parser *ps, const char *what)
{
	return bt_err_set(ps->err, BT_ERR_INVALID, EINVAL, "template: :%zu: %s", line_of(ps), what);
}

static int fail_at(struct parser *ps, const char *what, const char *word)
{
	return bt_err_set(ps->err, BT_ERR_INVALID, EINVAL, "template: :%zu: %s \"%s\"", line_of(ps),
			  what, word);
}

static void *take_mem(struct parser *ps, size_t size)
{
	void *p = bt_arena_alloc(&ps->t->arena, size);

	if (!p)
		(void)bt_err_set(ps->err, BT_ERR_SYSTEM, ENOMEM, "template: out of memory");
	return p;
}

static char *take_word(struct parser *ps, const char *from, size_t len)
{
	char *s = take_mem(ps, len + 1);

	if (s)
		memcpy(s, from, len);
	return s;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static size_t word_len(const char *p)
{
	size_t n = 0;

	while (is_word(p[n]))
		n++;
	return n;
}

static void skip_blanks(struct parser *ps)
{
	while (*ps->p && strchr(" \t\r\n", *ps->p))
		ps->p++;
}

/* Are we before the end of an action, possibly with a trim marker? */
static size_t closer_len(const char *p)
{
	if (strncmp(p, "}}", 2) == 0)
		return 2;
	return strncmp(p, "-}}", 3) == 0 ? 3 : 0;
}

static int close_action(struct parser *ps)
{
	size_t n;

	skip_blanks(ps);
	n = closer_len(ps->p);
	if (!n)
		return *ps->p ? fail(ps, "unexpected text in action") : fail(ps, "unclosed action");
	ps->trim = n == 3;
	ps->p += n;
	return 0;
}

static int parse_fields(struct parser *ps, struct bt_tmpl_field **tail)
{
	while (ps->p[0] == '.' && is_word(ps->p[1])) {
		struct bt_tmpl_field *f = take_mem(ps, sizeof(*f));
		size_t n = word_len(ps->p + 1);

		if (!f)
			return -ENOMEM;
		f->name = take_word(ps, ps->p + 1, n);
		if (!f->name)
			return -ENOMEM;
		ps->p += 1 + n;
		*tail = f;
		tail = &f->next;
	}
	if (*ps->p == '.')
		return fail(ps, "bad character in field name");
	return 0;
}

static int parse_dot(struct parser *ps, struct bt_tmpl_arg *arg)
{
	arg->kind = BT_TMPL_DOT;
	if (!is_word(ps->p[1])) {
		ps->p++;
		return 0;
	}
	int r = parse_fields(ps, &arg->fields);
	if (r < 0)
		return r;
	if (arg->fields && ps->t->nfields < BT_GO_TEMPLATE_FIELDS_MAX)
		ps->t->fields[ps->t->nfields++] = arg->fields->name;
	return 0;
}

static int parse_variable(struct parser *ps, struct bt_tmpl_arg *arg)
{
	size_t n = 1 + word_len(ps->p + 1);

	arg->kind = BT_TMPL_VARIABLE;
	arg->text = take_word(ps, ps->p, n);
	if (!arg->text)
		return -ENOMEM;
	ps->p += n;
	return parse_fields(ps, &arg->fields);
}

static int parse_parens(struct parser *ps, struct bt_tmpl_arg *arg)
{
	int r;

	if (++ps->depth > BT_GO_TEMPLATE_DEPTH_MAX)
		return fail(ps, "nested too deeply");
	ps->p++;
	arg->kind = BT_TMPL_PIPE;
	r = parse_pipe(ps, &arg->pipe, ")");
	if (r < 0)
		return r;
	if (*ps->p != ')')
		return fail(ps, "unclosed left paren");
	ps->p++;
	ps->depth--;
	return parse_fields(ps, &arg->fields);
}

static int parse_name(struct parser *ps, struct bt_tmpl_arg *arg)
{
	size_t n = word_len(ps->p);
	char *word = take_word(ps, ps->p, n);

	if (!word)
		return -ENOMEM;
	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
		arg->kind = BT_TMPL_BOOL;
		arg->integer = word[0] == 't';
	} else if (strcmp(word, "nil") == 0) {
		arg->kind = BT_TMPL_NIL;
	} else if (bt_tmpl_is_function(word)) {
		arg->kind = BT_TMPL_FUNCTION;
		arg->text = word;
	} else {
		return bt_err_set(ps->err, BT_ERR_INVALID, EINVAL,
				  "template: :%zu: function \"%s\" not defined", line_of(ps), word);
	}
	ps->p += n;
	return 0;
}

static int parse_string(struct parser *ps, struct bt_tmpl_arg *arg)
{
	const char *wrong = bt_tmpl_lex_string(&ps->t->arena, &ps->p, arg);

	return wrong ? fail(ps, wrong) : 0;
}

static int parse_number(struct parser *ps, struct bt_tmpl_arg *arg)
{
	const char *wrong = bt_tmpl_lex_number(&ps->p, arg);
	char word[64];

	if (!wrong)
		return 0;
	(void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(ps->p, " \t\r\n|)}"), ps->p);
	return fail_at(ps, wrong, word);
}

static int parse_operand(struct parser *ps, struct bt_tmpl_arg *arg)
{
	char c = *ps->p;

	arg->column = (size_t)(ps->p - ps->t->text);
	if (c && strchr("\"`'", c))
		return parse_string(ps, arg);
	if (c == '(')
		return parse_parens(ps, arg);
	if (c == '$')
		return parse_variable(ps, arg);
	if (c == '.' && !isdigit((unsigned char)ps->p[1]))
		return parse_dot(ps, arg);
	if (isdigit((unsigned char)c) || c == '-' || c == '+' || c == '.')
		return parse_number(ps, arg);
	if (is_word(c))
		return parse_name(ps, arg);
	return c ? fail_at(ps, "unexpected character in command", (char[]){ c, 0 })
		 : fail(ps, "unclosed action");
}

static bool ends_command(const struct parser *ps, const char *closer)
{
	return *ps->p == '|' || !*ps->p || (closer ? *ps->p == *closer : closer_len(ps->p) > 0);
}

static int parse_command(struct parser *ps, struct bt_tmpl_command **ret, const char *closer)
{
	struct bt_tmpl_command *cmd = take_mem(ps, sizeof(*cmd));
	struct bt_tmpl_arg **tail;

	if (!cmd)
		return -ENOMEM;
	tail = &cmd->args;
	skip_blanks(ps);
	while (!ends_command(ps, closer)) {
		struct bt_tmpl_arg *arg = take_mem(ps, sizeof(*arg));
		int r;

		if (!arg)
			return -ENOMEM;
		if (++cmd->nargs > BT_GO_TEMPLATE_ARGS_MAX)
			return fail(ps, "too many arguments");
		r = parse_operand(ps, arg);
		if (r < 0)
			return r;
		*tail = arg;
		tail = &arg->next;
		if (!ends_command(ps, closer) && !strchr(" \t\r\n", *ps->p))
			return fail(ps, "expected space between operands");
		skip_blanks(ps);
	}
	if (!cmd->nargs)
		return *ps->p ? fail(ps, "missing value for command") : fail(ps, "unclosed action");
	*ret = cmd;
	return 0;
}

/* "$a, $b :=" and "$a =" before a pipeline; anything else leaves the parser where it was. */
static int parse_declaration(struct parser *ps, struct bt_tmpl_pipe *pipe)
{
	const char *begin = ps->p;

	for (;;) {
		size_t n;

		skip_blanks(ps);
		n = *ps->p == '$' ? 1 + word_len(ps->p + 1) : 0;
		if (!n || pipe->nvariables == 2)
			break;
		pipe->variables[pipe->nvariables] = take_word(ps, ps->p, n);
		if (!pipe->variables[pipe->nvariables++])
			return -ENOMEM;
		ps->p += n;
		skip_blanks(ps);
		if (*ps->p == ',') {
			ps->p++;
			continue;
		}
		if (strncmp(ps->p, ":=", 2) == 0) {
			ps->p += 2;
			return 0;
		}
		if (*ps->p == '=') {
			ps->p++;
			pipe->assigns = true;
			return 0;
		}
		break;
	}
	ps->p = begin;
	pipe->nvariables = 0;
	return 0;
}

static int parse_pipe(struct parser *ps, struct bt_tmpl_pipe **ret, const char *closer)
{
	struct bt_tmpl_pipe *pipe = take_mem(ps, sizeof(*pipe));
	struct bt_tmpl_command **tail;
	int r;

	if (!pipe)
		return -ENOMEM;
	pipe->line = line_of(ps);
	r = parse_declaration(ps, pipe);
	if (r < 0)
		return r;
	for (tail = &pipe->commands;; tail = &(*tail)->next) {
		r = parse_command(ps, tail, closer);
		if (r < 0)
			return r;
		if (*ps->p != '|')
			break;
		ps->p++;
	}
	*ret = pipe;
	return 0;
}

/* What follows "else": another condition, which becomes a node of its own, or the plain branch. */
static int parse_else(struct parser *ps, struct bt_tmpl_node *node, enum ending *end)
{
	struct bt_tmpl_node *inner;
	int r;

	skip_blanks(ps);
	size_t n = word_len(ps->p);
	bool again = (n == 2 && strncmp(ps->p, "if", 2) == 0) ||
		     (n == 4 && strncmp(ps->p, "with", 4) == 0);
	if (!again) {
		r = close_action(ps);
		if (r < 0)
			return r;
		return parse_nodes(ps, &node->otherwise, end);
	}
	/* One behind the other here is one inside the other for who executes them. */
	if (++ps->depth > BT_GO_TEMPLATE_DEPTH_MAX)
		return fail(ps, "nested too deeply");
	inner = take_mem(ps, sizeof(*inner));
	if (!inner)
		return -ENOMEM;
	inner->kind = n == 2 ? BT_TMPL_IF : BT_TMPL_WITH;
	ps->p += n;
	r = parse_pipe(ps, &inner->pipe, NULL);
	if (r == 0)
		r = close_action(ps);
	if (r == 0)
		r = parse_nodes(ps, &inner->body, end);
	if (r == 0 && *end == END_ELSE)
		r = parse_else(ps, inner, end);
	node->otherwise = inner;
	ps->depth--;
	return r;
}

static int parse_control(struct parser *ps, struct bt_tmpl_node *node)
{
	enum ending end;
	int r;

	if (++ps->depth > BT_GO_TEMPLATE_DEPTH_MAX)
		return fail(ps, "nested too deeply");
	ps->ranges += node->kind == BT_TMPL_RANGE;
	r = parse_pipe(ps, &node->pipe, NULL);
	if (r == 0)
		r = close_action(ps);
	if (r == 0)
		r = parse_nodes(ps, &node->body, &end);
	ps->ranges -= node->kind == BT_TMPL_RANGE;
	if (r == 0 && end == END_ELSE)
		r = parse_else(ps, node, &end);
	if (r == 0 && end != END_END)
		r = end == END_TEXT ? fail(ps, "unexpected EOF") : fail(ps, "unexpected {{else}}");
	ps->depth--;
	return r;
}

static int parse_loop_word(struct parser *ps, struct bt_tmpl_node *node, const char *word)
{
	if (!ps->ranges)
		return bt_err_set(ps->err, BT_ERR_INVALID, EINVAL,
				  "template: :%zu: {{%s}} outside {{range}}", line_of(ps), word);
	node->kind = word[0] == 'b' ? BT_TMPL_BREAK : BT_TMPL_CONTINUE;
	return close_action(ps);
}

static bool take_keyword(struct parser *ps, const char *word)
{
	size_t n = strlen(word);

	if (word_len(ps->p) != n || strncmp(ps->p, word, n) != 0)
		return false;
	ps->p += n;
	return true;
}

static int skip_comment(struct parser *ps)
{
	const char *end = strstr(ps->p + 2, "*/");

	if (!end)
		return fail(ps, "unclosed comment");
	ps->p = end + 2;
	return close_action(ps);
}

/* After "{{": returns 1 where a node was made, 0 where not (a comment), and sets `end` where the
 * surrounding list ends here. */
static int parse_action(struct parser *ps, struct bt_tmpl_node *node, enum ending *end)
{
	static const struct {
		const char *word;
		enum bt_tmpl_node_kind kind;
	} controls[] = { { "if", BT_TMPL_IF },
			 { "with", BT_TMPL_WITH },
			 { "range", BT_TMPL_RANGE } };
	int r;

	skip_blanks(ps);
	if (strncmp(ps->p, "/*", 2) == 0)
		return skip_comment(ps);
	for (size_t i = 0; i < 3; i++) {
		if (!take_keyword(ps, controls[i].word))
			continue;
		node->kind = controls[i].kind;
		r = parse_control(ps, node);
		return r < 0 ? r : 1;
	}
	if (take_keyword(ps, "end")) {
		*end = END_END;
		return close_action(ps);
	}
	if (take_keyword(ps, "else")) {
		*end = END_ELSE;
		return 0;
	}
	if (take_keyword(ps, "break") || take_keyword(ps, "continue")) {
		r = parse_loop_word(ps, node, ps->p[-1] == 'k' ? "break" : "continue");
		return r < 0 ? r : 1;
	}
	if (take_keyword(ps, "define") || take_keyword(ps, "template") || take_keyword(ps, "block"))
		return fail(ps, "named templates are not supported");
	node->kind = BT_TMPL_ACTION;
	r = parse_pipe(ps, &node->pipe, NULL);
	if (r == 0)
		r = close_action(ps);
	return r < 0 ? r : 1;
}

/* The text before the next action; the marker on either side takes blanks away. Does an action
 * follow? */
static bool parse_text(struct parser *ps, struct bt_tmpl_node *node)
{
	const char *begin = ps->p, *end;

	if (ps->trim)
		begin += strspn(begin, " \t\r\n");
	ps->trim = false;
	end = strstr(begin, "{{");
	if (!end)
		end = begin + strlen(begin);
	ps->p = end;
	if (strncmp(end, "{{-", 3) == 0 && end[3] && strchr(" \t\r\n", end[3])) {
		while (end > begin && strchr(" \t\r\n", end[-1]))
			end--;
		ps->p++;
	}
	node->kind = BT_TMPL_TEXT;
	node->text = begin;
	node->len = (size_t)(end - begin);
	if (!*ps->p)
		return false;
	ps->p += 2;
	return true;
}

static int parse_nodes(struct parser *ps, struct bt_tmpl_node **tail, enum ending *ret_end)
{
	*ret_end = END_TEXT;
	for (;;) {
		struct bt_tmpl_node *text = take_mem(ps, sizeof(*text));
		struct bt_tmpl_node *node = take_mem(ps, sizeof(*node));
		int r;

		if (!text || !node)
			return -ENOMEM;
		bool more = parse_text(ps, text);
		if (text->len) {
			*tail = text;
			tail = &text->next;
		}
		if (!more)
			return 0;
		r = parse_action(ps, node, ret_end);
		if (r < 0 || *ret_end != END_TEXT)
			return r < 0 ? r : 0;
		if (r == 1) {
			*tail = node;
			tail = &node->next;
		}
	}
}

int bt_go_template_parse(const char *text, struct bt_go_template **ret, struct bt_err *err)
{
	struct parser ps = { .err = err };
	enum ending end;
	int r;

	if (strlen(text) > BT_GO_TEMPLATE_TEXT_MAX)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "template: longer than %u bytes",
				  BT_GO_TEMPLATE_TEXT_MAX);
	bt_auto_go_template struct bt_go_template *t = calloc(1, sizeof(*t));
	if (!t || !(t->text = bt_arena_strdup(&t->arena, text)))
		return bt_err_set(err, BT_ERR_SYSTEM, ENOMEM, "template: out of memory");
	ps.t = t;
	ps.p = t->text;
	r = parse_nodes(&ps, &t->nodes, &end);
	if (r < 0)
		return r;
	if (end != END_TEXT)
		return fail(&ps, end == END_END ? "unexpected {{end}}" : "unexpected {{else}}");
	*ret = bt_take(t);
	return 0;
}

void bt_go_template_destroy(struct bt_go_template *t)
{
	if (!t)
		return;
	bt_arena_done(&t->arena);
	free(t);
}

const char *bt_go_template_field(const struct bt_go_template *t, size_t i)
{
	return i < t->nfields ? t->fields[i] : NULL;
}
