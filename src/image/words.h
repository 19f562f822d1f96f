/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_WORDS_H
#define BT_IMAGE_WORDS_H

/*
 * Words of a Dockerfile instruction: blanks separate, quotes and backslashes
 * protect, $NAME, ${NAME}, ${NAME:-word} and ${NAME:+word} are replaced
 * (Dockerfile reference, "Environment replacement").
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

/** Split `text` into an array of strings (new), replaced from `env`, an array of "NAME=value" or
 * NULL. Kind INVALID for an unfinished quote or replacement. */
bt_nodiscard int bt_words_split(const char *text, const json_t *env, json_t **ret,
				struct bt_err *err);

/** The value of `name` (`len` bytes) in `env`, borrowed, or NULL. */
const char *bt_words_env(const json_t *env, const char *name, size_t len);

#endif
