/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_STR_H
#define BT_BASE_STR_H

/*
 * Strings that grow, and small questions about strings.
 *
 * struct bt_str is a builder with a maximum. A failure (no memory, too long)
 * is sticky: later calls do nothing, and bt_str_steal() reports it once.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

#define BT_STR_MAX_DEFAULT (64u << 20)

/** A growing string. Zeroed is empty and ready. `p` is NUL-terminated or NULL. */
struct bt_str {
	char *p;
	size_t len;
	size_t cap;
	size_t max; /* bytes without the NUL; 0 means BT_STR_MAX_DEFAULT */
	int failed; /* 0, or the negative errno that stopped it */
};

/** Append `len` bytes of `data`. */
void bt_str_add(struct bt_str *s, const char *data, size_t len);

/** Append the C string `text`. */
void bt_str_puts(struct bt_str *s, const char *text);

/** Append one byte. */
void bt_str_putc(struct bt_str *s, char c);

/** Append `n` times the byte `c`. */
void bt_str_fill(struct bt_str *s, char c, size_t n);

/** Append formatted text, as printf(3). */
void bt_str_printf(struct bt_str *s, const char *fmt, ...) bt_printf(2, 3);

/** Make room for `more` bytes behind the end; `p + len` may then be written. Returns 0 or
 * the sticky negative errno. The caller advances `len` itself and keeps the NUL. */
bt_nodiscard int bt_str_reserve(struct bt_str *s, size_t more);

/** Forget the content, keep the memory. A sticky failure is cleared. */
void bt_str_clear(struct bt_str *s);

/** The content as a borrowed C string, never NULL ("" when empty). */
const char *bt_str_get(const struct bt_str *s);

/** Take the content (owned by the caller, free() it; never NULL on success) and leave the
 * builder empty. Returns 0, or the negative errno of the first failure. */
bt_nodiscard int bt_str_steal(struct bt_str *s, char **ret);

/** Release the memory and leave it empty. */
void bt_str_done(struct bt_str *s);

#define bt_auto_str bt_auto(bt_str_done)

/** Does `s` begin with `prefix`? Returns what follows it, or NULL. */
const char *bt_str_after(const char *s, const char *prefix);

/** Does `s` end with `suffix`? */
bool bt_str_ends(const char *s, const char *suffix);

/** Are both equal? NULL equals only NULL. */
bool bt_str_eq(const char *a, const char *b);

/** printf(3) into a new string (owned by the caller), or NULL without memory. */
char *bt_str_format(const char *fmt, ...) bt_printf(1, 2);

/** Parse a whole decimal number, no sign, no blanks. Returns 0, -EINVAL or -ERANGE. */
bt_nodiscard int bt_str_to_u64(const char *s, unsigned long long *ret);

/** Parse a whole decimal number with optional sign. Returns 0, -EINVAL or -ERANGE. */
bt_nodiscard int bt_str_to_i64(const char *s, long long *ret);

/** The value of a hexadecimal digit of either case, or -1. */
int bt_str_hex_digit(char c);

/** Is every byte of `s` a lower-case hexadecimal digit, and is it not empty? */
bool bt_str_is_hex(const char *s);

#endif
