/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/help.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/commands.h"

#define INDENT_WRAPPED 16

static size_t terminal_width(void)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 40)
		return ws.ws_col;
	return 80;
}

static const char *type_of(const struct bt_flag *flag)
{
	if (flag->type)
		return flag->type;
	return flag->kind == BT_FLAG_BOOL ? "" : flag->kind == BT_FLAG_LIST ? "list" : "string";
}

static size_t flag_head(const struct bt_flag *flag, struct bt_str *out)
{
	size_t before = out->len;

	if (flag->letter)
		bt_str_printf(out, "  -%c, --%s", flag->letter, flag->name);
	else
		bt_str_printf(out, "      --%s", flag->name);
	if (*type_of(flag))
		bt_str_printf(out, " %s", type_of(flag));
	return out->len - before;
}

/* Print `text` from column `indent` on, broken at blanks; lines of their own stay so. */
static void wrapped(FILE *out, const char *text, size_t indent, size_t width)
{
	size_t room = width > indent + 29 ? width - indent - 5 : 24;

	while (*text) {
		size_t len = strcspn(text, "\n"), cut = len;

		if (len > room + 5) {
			for (cut = room; cut > 0 && text[cut] != ' '; cut--)
				;
			if (!cut)
				cut = strcspn(text, " \n");
		}
		(void)fprintf(out, "%.*s\n", (int)cut, text);
		text += cut;
		if (*text == ' ' || *text == '\n')
			text++;
		if (*text)
			(void)fprintf(out, "%*s", (int)indent, "");
	}
}

static int by_name(const void *a, const void *b)
{
	const struct bt_flag *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void print_flag(FILE *out, const struct bt_flag *flag, size_t longest)
{
	bt_auto_str struct bt_str head = { 0 };
	bt_auto_str struct bt_str text = { 0 };
	size_t len = flag_head(flag, &head);

	bt_str_puts(&text, flag->help);
	if (flag->def && flag->kind == BT_FLAG_STRING)
		bt_str_printf(&text, flag->type ? " (default %s)" : " (default \"%s\")", flag->def);
	else if (flag->def)
		bt_str_puts(&text, " (default true)");
	(void)fprintf(out, "%s%*s", bt_str_get(&head), (int)(longest + 3 - len), "");
	wrapped(out, bt_str_get(&text), longest + 3, terminal_width());
}

static void print_flags(FILE *out, const struct bt_flag *const *tables, const char *title)
{
	const struct bt_flag *all[BT_ARGS_FLAGS_MAX];
	size_t n = 0, longest = 0;

	for (size_t t = 0; t < 3 && tables[t]; t++) {
		for (const struct bt_flag *f = tables[t]; f->name && n < BT_ARGS_FLAGS_MAX; f++) {
			bt_auto_str struct bt_str head = { 0 };
			size_t len = f->help ? flag_head(f, &head) : 0;

			longest = len > longest ? len : longest;
			if (f->help)
				all[n++] = f;
		}
	}
	if (!n)
		return;
	qsort(all, n, sizeof(*all), by_name);
	(void)fprintf(out, "\n%s:\n", title);
	for (size_t i = 0; i < n; i++)
		print_flag(out, all[i], longest);
}

void bt_help_usage(FILE *out, const struct bt_command *command, const char *path)
{
	(void)fprintf(out, "Usage:  %s%s%s\n", path, *command->usage ? " " : "", command->usage);
}

static void print_aliases(FILE *out, const struct bt_command *command, const char *prog)
{
	const char *p = command->names;

	if (!strchr(p, ','))
		return;
	(void)fputs("\nAliases:\n  ", out);
	while (*p) {
		size_t len = strcspn(p, ",");

		(void)fprintf(out, "%s%s %.*s", p == command->names ? "" : ", ", prog, (int)len, p);
		p += len + (p[len] == ',');
	}
	(void)fputc('\n', out);
}

void bt_help_command(FILE *out, const struct bt_command *command, const char *prog,
		     const char *path)
{
	bt_help_usage(out, command, path);
	(void)fprintf(out, "\n%s\n", command->brief);
	print_aliases(out, command, prog);
	print_flags(out, command->flags, "Options");
}

static bool is_common(const char *name)
{
	static const char *const common[] = { "run",    "exec",    "ps",    "pull",
					      "push",   "images",  "login", "logout",
					      "search", "version", "info" };

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (strcmp(common[i], name) == 0)
			return true;
	return false;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

#define LINE_MAX_LEN 192

/* Commands of a group in order of name; at top level either the common ones or the others. */
static void print_commands(FILE *out, const char *group, bool common, const char *title)
{
	static char lines[160][LINE_MAX_LEN];
	size_t n = 0;

	for (size_t i = 0; bt_commands_all[i] && n < 160; i++) {
		char name[BT_COMMANDS_NAME_LEN];

		if (!bt_commands_name_below(bt_commands_all[i], group, name) ||
		    (!*group && is_common(name) != common))
			continue;
		(void)snprintf(lines[n++], LINE_MAX_LEN, "  %-11s %s", name,
			       bt_commands_all[i]->brief);
	}
	qsort(lines, n, LINE_MAX_LEN, by_text);
	(void)fprintf(out, "\n%s:\n", title);
	for (size_t i = 0; i < n; i++)
		(void)fprintf(out, "%s\n", lines[i]);
}

static void print_groups(FILE *out)
{
	(void)fputs("\nManagement Commands:\n", out);
	for (const struct bt_command_group *g = bt_commands_groups; g->name; g++)
		if (!strchr(g->name, ' '))
			(void)fprintf(out, "  %-11s %s\n", g->name, g->brief);
}

void bt_help_group(FILE *out, const char *prog, const char *group, const struct bt_flag *flags)
{
	const struct bt_flag *tables[3] = { flags };

	if (*group) {
		const struct bt_command_group *g = bt_commands_group(group);

		(void)fprintf(out, "Usage:  %s %s COMMAND\n\n%s\n", prog, group, g->brief);
		print_commands(out, group, false, "Commands");
		(void)fprintf(out,
			      "\nRun '%s %s COMMAND --help' for more information on a command.\n",
			      prog, group);
		return;
	}
	(void)fprintf(out, "Usage:  %s [OPTIONS] COMMAND\n\nA container engine for Linux\n", prog);
	print_commands(out, "", true, "Common Commands");
	print_groups(out);
	print_commands(out, "", false, "Commands");
	print_flags(out, tables, "Global Options");
	(void)fprintf(out, "\nRun '%s COMMAND --help' for more information on a command.\n", prog);
}
