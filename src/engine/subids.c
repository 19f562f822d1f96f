/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/subids.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define FIRST 100000u

/* A line's three fields; pieces point into the file's text. */
struct line {
	const char *name;
	size_t name_len;
	bool good; /* the numbers could be read */
	uint64_t start, count;
};

/* Digits up to `end`; *p goes behind them and `end`. */
static bool take_number(const char **p, char end, uint64_t *ret)
{
	uint64_t n = 0;
	size_t digits = strspn(*p, "0123456789");

	if (digits == 0 || digits > 10)
		return false;
	for (size_t i = 0; i < digits; i++)
		n = n * 10 + (uint64_t)((*p)[i] - '0');
	*p += digits;
	if (**p != end && !(end == '\n' && **p == '\0'))
		return false;
	*p += **p != '\0';
	*ret = n;
	return true;
}

/* Go to the next line that is neither empty nor a comment. */
static bool next_line(const char **text, struct line *ret)
{
	while (**text != '\0') {
		const char *start = *text, *p;
		size_t len = strcspn(start, "\n");

		*text = start + len + (start[len] == '\n');
		ret->name = start;
		ret->name_len = strcspn(start, ":\n");
		if (ret->name_len == 0 || *start == '#')
			continue;
		p = start + ret->name_len;
		ret->good = *p++ == ':' && take_number(&p, ':', &ret->start) &&
			    take_number(&p, '\n', &ret->count);
		return true;
	}
	return false;
}

static bool is_named(const struct line *line, const char *name)
{
	return name[0] != '\0' && strlen(name) == line->name_len &&
	       memcmp(line->name, name, line->name_len) == 0;
}

static int bad_line(const struct line *line, const char *why, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "%.*s: %s",
			  (int)strcspn(line->name, "\n") > 100 ? 100
							       : (int)strcspn(line->name, "\n"),
			  line->name, why);
}

/* An id outside must not stand for two inside. */
static bool overlaps(const struct bt_id_range *ranges, int n, const struct line *line)
{
	for (int i = 0; i < n; i++)
		if (line->start < (uint64_t)ranges[i].outside + ranges[i].size &&
		    ranges[i].outside < line->start + line->count)
			return true;
	return false;
}

int bt_subids_find(const char *text, const char *name, const char *id,
		   struct bt_id_range ret[BT_ID_MAP_MAX], struct bt_err *err)
{
	uint64_t inside = 0;
	struct line line;
	int n = 0;

	while (next_line(&text, &line)) {
		if (!is_named(&line, name) && !is_named(&line, id))
			continue;
		if (!line.good || line.count == 0)
			return bad_line(&line, "not NAME:START:COUNT", err);
		/* The last one means "none". */
		if (line.start + line.count > UINT32_MAX || inside + line.count > UINT32_MAX)
			return bad_line(&line, "there are no such ids", err);
		if (line.start == 0)
			return bad_line(&line, "0 is the host's root", err);
		if (overlaps(ret, n, &line))
			return bad_line(&line, "overlaps an earlier range", err);
		if (n == BT_ID_MAP_MAX)
			return bad_line(&line, "too many ranges", err);
		ret[n++] = (struct bt_id_range){ .inside = (uint32_t)inside,
						 .outside = (uint32_t)line.start,
						 .size = (uint32_t)line.count };
		inside += line.count;
	}
	return n;
}

uint32_t bt_subids_next(const char *text)
{
	uint64_t next = FIRST;
	struct line line;

	while (next_line(&text, &line))
		if (line.good && line.start + line.count > next &&
		    line.start + line.count < UINT32_MAX)
			next = line.start + line.count;
	return (uint32_t)next;
}
