/* SPDX-License-Identifier: Apache-2.0 */

#include "image/words.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/str.h"

struct splitter {
	const char *p;
	const json_t *env;
	struct bt_str word;
	bool in_word;
	char quote; /* the open quote, or 0 */
};

const char *bt_words_env(const json_t *env, const char *name, size_t len)
{
	json_t *item;
	size_t i;

	json_array_foreach (env, i, item) {
		const char *text = json_string_value(item);

		if (text && strncmp(text, name, len) == 0 && text[len] == '=')
			return text + len + 1;
	}
	return NULL;
}

static size_t name_len(const char *p)
{
	size_t n = 0;

	if (isdigit((unsigned char)p[0]))
		return 1;
	while (isalnum((unsigned char)p[n]) || p[n] == '_')
		n++;
	return n;
}

static int unfinished(struct bt_err *err, const char *what)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "unfinished %s", what);
}

/* "${NAME}", "${NAME:-word}", "${NAME:+word}"; `p` is behind the brace. */
static int replace_braced(struct splitter *s, struct bt_err *err)
{
	size_t n = name_len(s->p);
	const char *value = n > 0 ? bt_words_env(s->env, s->p, n) : NULL;
	const char *end = strchr(s->p, '}');
	char op;

	if (n == 0 || !end)
		return unfinished(err, "variable replacement");
	if (s->p[n] == '}') {
		bt_str_puts(&s->word, value ? value : "");
		s->p = end + 1;
		return 0;
	}
	op = s->p[n] == ':' ? s->p[n + 1] : '\0';
	if (op != '-' && op != '+')
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "unsupported modifier in the substitution ${%.*s}",
				  (int)(end - s->p > 200 ? 200 : end - s->p), s->p);
	if (op == '-' && value && value[0])
		bt_str_puts(&s->word, value);
	else if (op == '-' || (value && value[0]))
		bt_str_add(&s->word, s->p + n + 2, (size_t)(end - (s->p + n + 2)));
	s->p = end + 1;
	return 0;
}

static int replace(struct splitter *s, struct bt_err *err)
{
	const char *value;
	size_t n;

	s->p++; /* the dollar */
	if (*s->p == '{') {
		s->p++;
		return replace_braced(s, err);
	}
	n = name_len(s->p);
	if (n == 0) {
		bt_str_putc(&s->word, '$');
		return 0;
	}
	value = bt_words_env(s->env, s->p, n);
	bt_str_puts(&s->word, value ? value : "");
	s->p += n;
	return 0;
}

/* One step inside or outside of a word. */
static int step(struct splitter *s, struct bt_err *err)
{
	char c = *s->p;

	s->in_word = true;
	if (c == '$' && s->quote != '\'')
		return replace(s, err);
	s->p++;
	if (c == '\\' && s->quote != '\'' && *s->p) {
		/* Within double quotes it protects only what would mean something there. */
		if (s->quote && !strchr("\"$\\", *s->p))
			bt_str_putc(&s->word, c);
		bt_str_putc(&s->word, *s->p++);
	} else if (s->quote ? c == s->quote : c == '"' || c == '\'') {
		s->quote = s->quote ? '\0' : c;
	} else {
		bt_str_putc(&s->word, c);
	}
	return 0;
}

static int end_word(struct splitter *s, json_t *words)
{
	if (!s->in_word)
		return 0;
	s->in_word = false;
	if (s->word.failed < 0)
		return s->word.failed;
	if (json_array_append_new(words, json_string(bt_str_get(&s->word))) < 0)
		return -ENOMEM;
	bt_str_clear(&s->word);
	return 0;
}

static int split(struct splitter *s, json_t *words, struct bt_err *err)
{
	while (*s->p) {
		int r;

		if (!s->quote && isspace((unsigned char)*s->p)) {
			s->p++;
			r = end_word(s, words);
			if (r < 0)
				return bt_err_sys(err, r, "split an instruction");
			continue;
		}
		r = step(s, err);
		if (r < 0)
			return r;
	}
	if (s->quote)
		return unfinished(err, "quote");
	return end_word(s, words) < 0 ? bt_err_sys(err, -ENOMEM, "split an instruction") : 0;
}

int bt_words_split(const char *text, const json_t *env, json_t **ret, struct bt_err *err)
{
	struct splitter s = { .p = text, .env = env };
	json_t *words = json_array();
	int r;

	r = words ? split(&s, words, err) : bt_err_sys(err, -ENOMEM, "split an instruction");
	bt_str_done(&s.word);
	if (r < 0) {
		json_decref(words);
		return r;
	}
	*ret = words;
	return 0;
}
