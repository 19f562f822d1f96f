/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_CONFIG_OPTIONS_H
#define BT_API_CONFIG_OPTIONS_H

/*
 * The table of the daemon's options: flag, key, type, and whether berth gives
 * it a meaning.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

enum bt_option_type {
	BT_OPTION_STRING,
	BT_OPTION_BOOL,
	BT_OPTION_INT,
	BT_OPTION_LIST,     /* may be repeated; an array of strings */
	BT_OPTION_LISTS,    /* the same, or in the file an object of such arrays */
	BT_OPTION_MAP,      /* k=v, may be repeated; an object of strings */
	BT_OPTION_ULIMITS,  /* name=soft[:hard]; an object of {Name,Soft,Hard} */
	BT_OPTION_RUNTIMES, /* name=path; an object of {path} */
	BT_OPTION_POOLS,    /* base=CIDR,size=N; an array of {base,size} */
	BT_OPTION_ANY,      /* only in the file, of any form */
};

enum bt_option_use {
	BT_OPTION_USED,
	BT_OPTION_GIVEN, /* what it asks for is how berth works anyway */
	BT_OPTION_MOOT,  /* taken as dockerd only, with a warning */
	/* What it asks for keeps somebody out: not to do it in silence would be worse than not to
	 * start. `help` tells why. A false or empty one asks for nothing. */
	BT_OPTION_REFUSED,
};

struct bt_option {
	const char *flag; /* without dashes; NULL: only in the file */
	char letter;      /* short form, or NUL */
	const char *key;  /* in daemon.json; NULL: only as a flag */
	enum bt_option_type type;
	enum bt_option_use use;
	const char *help; /* for BT_OPTION_USED and BT_OPTION_REFUSED */
};

extern const struct bt_option bt_config_options[];
extern const size_t bt_config_options_count;

/** The name that an option goes by in the values: its key, else its flag. */
const char *bt_config_options_name(const struct bt_option *option);
/** By the flag's name (not terminated), or NULL. */
const struct bt_option *bt_config_options_by_flag(const char *name, size_t len);
/** By its letter, or NULL. */
const struct bt_option *bt_config_options_by_letter(char letter);
/** By its key, or NULL. */
const struct bt_option *bt_config_options_by_key(const char *key);
/** Set or extend `values` by a flag's text. Kind INVALID. */
bt_nodiscard int bt_config_options_add(json_t *values, const struct bt_option *option,
				       const char *text, struct bt_err *err);
/** Check the type of a value from the file. Kind INVALID. */
bt_nodiscard int bt_config_options_check(const struct bt_option *option, const json_t *value,
					 struct bt_err *err);

#endif
