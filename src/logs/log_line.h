/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_LOGS_LOG_LINE_H
#define BT_LOGS_LOG_LINE_H

/*
 * One line of a json-file log, read in two ways: very quickly where it has exactly
 * the form that our writer (and Docker's) gives it; and by a general JSON parser
 * where it is any other valid object.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "logs/json_file.h"

/* Longer lines are not parsed: 16 KiB of text, escaped, and attributes have room. */
#define BT_LOG_LINE_MAX (1u << 20)

/** What a line says. Pointers go into the line itself. */
struct bt_log_line {
	enum bt_log_stream stream;
	const char *time;  /* as it stands there, without quotes: BT_TIME_RFC3339_LEN - 1 bytes */
	const char *attrs; /* the raw text of "attrs", or NULL */
	size_t attrs_len;
	const char *end; /* behind the end of the line */
	char *text_end;  /* behind the text, which was written to `dst` */
};

/**
 * Read the line at `src` if it has our writer's form, putting its text at `dst`.
 *
 * @attrs: the text that "attrs" must have if it is there; this is not parsed.
 *
 * The time must be in UTC with nine digits, as bt_time_rfc3339() writes it.
 *
 * Returns 0; -EAGAIN where the line does not end before `src_end`; -ENOSPC where the
 * text does not fit; -EINVAL where the line has another form.
 */
bt_nodiscard int bt_log_line_read(const char *src, const char *src_end, const char *attrs,
				  size_t attrs_len, char *dst, char *dst_end,
				  struct bt_log_line *ret);

/** A line read by the general parser. Owned: see bt_log_line_parsed_done(). */
struct bt_log_line_parsed {
	enum bt_log_stream stream;
	char *text;
	size_t text_len;
	char *time;    /* never NULL */
	char *details; /* attributes as Docker prints them, "k=v,k=v"; never NULL */
};

/** Read any valid line of `len` bytes, without its end. Returns 0, -EINVAL or -ENOMEM. */
bt_nodiscard int bt_log_line_parse(const char *line, size_t len, struct bt_log_line_parsed *ret);

/** Release and leave it empty. */
void bt_log_line_parsed_done(struct bt_log_line_parsed *parsed);

/** The raw text of "attrs" of a line of our writer's form that bt_log_line_read() refused for
 * its attributes alone: a new string, or NULL. */
char *bt_log_line_attrs(const char *line, size_t len);

#endif
