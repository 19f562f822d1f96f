/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/complete_values.h"

#define PATH_LEN 64

/* Where in a command line the cursor is, after the words before it. */
struct place {
	const struct bt_command *program;
	const struct bt_command *command; /* NULL: none yet */
	char group[PATH_LEN];             /* "" at the top */
	bool lost;                        /* no command of ours is called so */
	const struct bt_flag *wants;      /* its value is next */
	bool ended;                       /* no more flags: after "--", or the container's own */
	bool forced;                      /* --force: it acts on what it else refuses */
	size_t npos;
};

void bt_complete_offer(const struct bt_complete *c, const char *word, const char *help)
{
	if (!bt_str_after(word, c->typed))
		return;
	for (const char *p = word; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return;
	if (c->describe && help && *help)
		(void)printf("%s\t%.*s\n", word, (int)strcspn(help, "\n"), help);
	else
		(void)printf("%s\n", word);
}

/* The tables of flags that may stand here, in place of a command's own the program's. */
static const struct bt_flag *const *tables_of(const struct place *at)
{
	static const struct bt_flag *const none[] = { NULL };

	if (at->command)
		return at->command->flags;
	return at->group[0] || at->lost ? none : at->program->flags;
}

static const struct bt_flag *find_flag(const struct place *at, const char *name, size_t len,
				       char letter)
{
	const struct bt_flag *const *tables = tables_of(at);

	for (size_t t = 0; t < 3 && tables[t]; t++)
		for (const struct bt_flag *f = tables[t]; f->name; f++)
			if (letter ? f->letter == letter
				   : strncmp(f->name, name, len) == 0 && !f->name[len])
				return f;
	return NULL;
}

/* The flag whose value the word after `word` is, or NULL. */
static const struct bt_flag *open_flag(const struct place *at, const char *word)
{
	const struct bt_flag *f;

	if (word[1] == '-') {
		if (strchr(word, '='))
			return NULL;
		f = find_flag(at, word + 2, strlen(word + 2), 0);
		return f && f->kind != BT_FLAG_BOOL ? f : NULL;
	}
	for (const char *c = word + 1; *c && *c != '='; c++) {
		f = find_flag(at, "", 0, *c);
		if (!f || f->kind != BT_FLAG_BOOL)
			return f && !c[1] ? f : NULL;
	}
	return NULL;
}

/* A word that is no flag: it names a group or a command, or is an argument. */
static void take_word(struct place *at, const char *word)
{
	bt_auto_free char *path = NULL;

	if (at->command) {
		at->npos++;
		at->ended = at->ended || at->command->stops;
		return;
	}
	path = bt_str_format("%s%s%s", at->group, at->group[0] ? " " : "", word);
	at->command = path ? bt_commands_find(path) : NULL;
	if (at->command)
		return;
	if (!at->group[0] && !at->lost && strlen(word) < PATH_LEN && bt_commands_group(word))
		(void)snprintf(at->group, sizeof(at->group), "%s", word);
	else
		at->lost = true;
}

static void take_flag(struct place *at, const char *word)
{
	const struct bt_flag *letter = word[1] == '-' ? NULL : find_flag(at, "", 0, word[1]);

	at->wants = open_flag(at, word);
	at->forced = at->forced || strcmp(letter ? letter->name : word + 2, "force") == 0;
}

static void step(struct place *at, const char *word)
{
	if (at->wants)
		at->wants = NULL;
	else if (at->ended || word[0] != '-' || !word[1])
		take_word(at, word);
	else if (strcmp(word, "--") == 0)
		at->ended = true;
	else
		take_flag(at, word);
}

static int by_name(const void *a, const void *b)
{
	const struct bt_flag *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int offer_flags(const struct bt_complete *c, const struct place *at)
{
	const struct bt_flag *const *tables = tables_of(at);
	const struct bt_flag *all[BT_ARGS_FLAGS_MAX];
	size_t n = 0;

	for (size_t t = 0; t < 3 && tables[t]; t++)
		for (const struct bt_flag *f = tables[t]; f->name && n < BT_ARGS_FLAGS_MAX; f++)
			if (f->help)
				all[n++] = f;
	qsort(all, n, sizeof(*all), by_name);
	for (size_t i = 0; i < n; i++) {
		bt_auto_free char *name = bt_str_format("--%s", all[i]->name);
		const char letter[] = { '-', all[i]->letter, '\0' };

		bt_complete_offer(c, name ? name : "", all[i]->help);
		if (all[i]->letter)
			bt_complete_offer(c, letter, all[i]->help);
	}
	return BT_COMPLETE_NO_FILES;
}

/* "--flag=val": the value alone is offered. */
static int offer_value(struct bt_cli *cli, const struct bt_complete *c, const struct place *at)
{
	const char *sign = strchr(c->typed, '=');
	const struct bt_flag *f = find_flag(at, c->typed + 2, (size_t)(sign - c->typed) - 2, 0);
	const struct bt_complete value = { .typed = sign + 1, .describe = c->describe };

	return f ? bt_complete_values_flag(cli, &value, f) : 0;
}

static int offer_words(const struct bt_complete *c, const struct place *at)
{
	char name[BT_COMMANDS_NAME_LEN];

	for (size_t i = 0; bt_commands_all[i]; i++)
		if (bt_commands_name_below(bt_commands_all[i], at->group, name))
			bt_complete_offer(c, name, bt_commands_all[i]->brief);
	for (size_t i = 0; !at->group[0] && bt_commands_groups[i].name; i++)
		bt_complete_offer(c, bt_commands_groups[i].name, bt_commands_groups[i].brief);
	return BT_COMPLETE_NO_FILES;
}

static int offer(struct bt_cli *cli, const struct bt_complete *c, const struct place *at)
{
	if (at->wants)
		return bt_complete_values_flag(cli, c, at->wants);
	if (!at->ended && c->typed[0] == '-')
		return strncmp(c->typed, "--", 2) == 0 && strchr(c->typed, '=')
			       ? offer_value(cli, c, at)
			       : offer_flags(c, at);
	if (at->lost)
		return 0;
	if (!at->command)
		return offer_words(c, at);
	return bt_complete_values_of(cli, c, bt_complete_values_kind(at->command->usage, at->npos),
				     at->forced ? NULL : at->command);
}

int bt_complete_run(struct bt_cli *cli, const struct bt_command *program, int nwords,
		    char *const *words, bool describe)
{
	struct bt_complete c = { .typed = nwords > 0 ? words[nwords - 1] : "",
				 .describe = describe };
	struct place at = { .program = program };
	int bits;

	for (int i = 0; i + 1 < nwords; i++)
		step(&at, words[i]);
	bits = offer(cli, &c, &at);
	(void)printf(":%d\n", bits);
	return 0;
}
