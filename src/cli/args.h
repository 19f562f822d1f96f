/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_ARGS_H
#define BT_CLI_ARGS_H

/*
 * Flags and positional arguments as docker's command line reads them (Go's pflag): --name=value,
 * --name value, -abc clusters, -nvalue, -n=value, "--" ends the flags. A command that runs
 * another one (run, exec) stops at its first positional argument.
 *
 * A command lists its flags in tables; values are asked for by the flag's name. Asking for a name
 * that the command does not have is a bug and ends the program.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

enum bt_flag_kind {
	BT_FLAG_BOOL,
	BT_FLAG_STRING, /* the last one counts */
	BT_FLAG_LIST,   /* all count */
};

/** One flag. Tables end with a NULL name. */
struct bt_flag {
	char letter; /* 0: none */
	enum bt_flag_kind kind;
	const char *name;
	const char *type; /* as help shows it; NULL: "string" or "list" by kind */
	const char *help; /* NULL: hidden */
	const char *def;  /* value where it is not given, or NULL */
	/* Refuse a value while the flags are read, or NULL. */
	int (*check)(const char *value, struct bt_err *err);
};

struct bt_cli;
struct bt_args;

/** One command. */
struct bt_command {
	const char *names; /* paths by which it is called: "container ls,container ps,ps" */
	const char *usage; /* what follows the path: "[OPTIONS] IMAGE" */
	const char *brief;
	const struct bt_flag *flags[3]; /* tables, NULL-terminated */
	int min, max;                   /* positional arguments; max -1: no limit */
	bool stops;                     /* at the first positional argument */
	int (*run)(struct bt_cli *cli, const struct bt_args *args); /* returns the exit code */
};

#define BT_ARGS_FLAGS_MAX 128

struct bt_flag_value {
	const struct bt_flag *flag;
	const char **items; /* owned array of borrowed strings */
	size_t n;
	bool on;
};

/** The result. Zeroed is empty. */
struct bt_args {
	const struct bt_command *command;
	const char *path; /* as the command was called: "docker container ls" */
	struct bt_flag_value values[BT_ARGS_FLAGS_MAX];
	size_t nvalues;
	const char **pos; /* positional arguments; NULL behind the last */
	size_t npos;
	bool help;
	bool help_by_letter; /* -h where it has no other meaning */
};

/** Read `argv` (without the command's own words). Returns 0 (release with bt_args_done()), or
 * -EINVAL with pflag's wording. */
bt_nodiscard int bt_args_parse(const struct bt_command *command, int argc, char *const *argv,
			       struct bt_args *ret, struct bt_err *err);

/** Is the number of positional arguments right? -EINVAL with docker's wording. */
bt_nodiscard int bt_args_check_count(const struct bt_args *args, struct bt_err *err);

/** Release and leave empty. */
void bt_args_done(struct bt_args *args);

#define bt_auto_args bt_auto(bt_args_done)

/** A boolean as Go's strconv.ParseBool reads it. Returns 0 or -EINVAL. */
bt_nodiscard int bt_args_parse_bool(const char *text, bool *ret);

/** Was the flag given? */
bool bt_args_given(const struct bt_args *args, const char *name);
/** A boolean flag's value. */
bool bt_args_bool(const struct bt_args *args, const char *name);
/** The last value given, or the default, or NULL; borrowed. */
const char *bt_args_string(const struct bt_args *args, const char *name);
/** A whole number that the flag's check has passed; 0 where there is no value. */
long long bt_args_int(const struct bt_args *args, const char *name);
/** Value `i` of a list, borrowed, or NULL behind the last. */
const char *bt_args_item(const struct bt_args *args, const char *name, size_t i);

#endif
