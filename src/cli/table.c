/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

#define COLUMNS_MAX 32
#define TEXT_MAX    (1u << 30)

/* The end of a line, and how many cells in it end with a tab. */
static size_t count_cells(const char *line, const char **ret_end)
{
	size_t n = 0;
	const char *p = line;

	for (; *p && *p != '\n'; p++)
		n += *p == '\t';
	*ret_end = p;
	return n < COLUMNS_MAX ? n : COLUMNS_MAX;
}

/* Length to the next tab or line end in bytes, and in characters. */
static size_t cell_len(const char *cell, size_t *ret_runes)
{
	size_t len = strcspn(cell, "\t\n"), runes = 0;

	for (size_t i = 0; i < len; i++)
		runes += ((unsigned char)cell[i] & 0xc0) != 0x80;
	*ret_runes = runes;
	return len;
}

struct line {
	const char *text;
	size_t cells;
	unsigned width[COLUMNS_MAX]; /* first of each cell alone, then of its column */
};

static void measure(struct line *line, size_t min, size_t padding)
{
	const char *cell = line->text;

	for (size_t c = 0; c < line->cells; c++) {
		size_t runes, len = cell_len(cell, &runes);

		line->width[c] = (unsigned)(runes + padding > min ? runes + padding : min);
		cell += len + 1;
	}
}

/* Give all neighbours that have cell `c` the widest one's width. */
static void level(struct line *lines, size_t n, size_t c)
{
	for (size_t i = 0; i < n;) {
		size_t end = i;
		unsigned widest = 0;

		for (; end < n && lines[end].cells > c; end++)
			if (lines[end].width[c] > widest)
				widest = lines[end].width[c];
		for (size_t k = i; k < end; k++)
			lines[k].width[c] = widest;
		i = end > i ? end : i + 1;
	}
}

static void put_line(struct bt_str *out, const struct line *line)
{
	const char *cell = line->text;

	for (size_t c = 0;; c++) {
		size_t runes, len = cell_len(cell, &runes);

		bt_str_add(out, cell, len);
		if (cell[len] != '\t')
			break;
		if (c < line->cells)
			bt_str_fill(out, ' ', line->width[c] - runes);
		cell += len + 1;
	}
	bt_str_putc(out, '\n');
}

void bt_table_print(FILE *out, const char *text, size_t min, size_t padding)
{
	size_t n = 0, i = 0, widest = 0;
	bt_auto_free struct line *lines = NULL;
	bt_auto_str struct bt_str all = { .max = TEXT_MAX };
	const char *end;

	for (const char *p = text; *p; p++)
		n += *p == '\n' || !p[1];
	lines = calloc(n + 1, sizeof(*lines));
	if (!lines)
		return;
	for (const char *p = text; *p && i < n; p = *end ? end + 1 : end) {
		lines[i].text = p;
		lines[i].cells = count_cells(p, &end);
		widest = lines[i].cells > widest ? lines[i].cells : widest;
		measure(&lines[i++], min, padding);
	}
	for (size_t c = 0; c < widest; c++)
		level(lines, i, c);
	for (size_t k = 0; k < i; k++)
		put_line(&all, &lines[k]);
	(void)fwrite(bt_str_get(&all), 1, all.len, out);
}
