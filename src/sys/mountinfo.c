/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/mountinfo.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

void bt_mountinfo_unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* "id parent major:minor root point options …" */
static bool read_line(char *line, struct bt_mountinfo *ret)
{
	unsigned long long id, parent;
	char *fields[5], *save = NULL;

	for (size_t i = 0; i < 5; i++) {
		fields[i] = strtok_r(i == 0 ? line : NULL, " ", &save);
		if (fields[i] == NULL)
			return false;
	}
	if (bt_str_to_u64(fields[0], &id) < 0 || bt_str_to_u64(fields[1], &parent) < 0 ||
	    fields[4][0] != '/')
		return false;
	bt_mountinfo_unescape(fields[4]);
	*ret = (struct bt_mountinfo){ .id = id, .parent = parent, .point = fields[4] };
	return true;
}

int bt_mountinfo_parse(const char *text, struct bt_mountinfo_list *ret)
{
	bt_auto_mountinfo struct bt_mountinfo_list list = { .text = strdup(text) };
	size_t lines = 1;
	char *save = NULL;

	if (list.text == NULL)
		return -ENOMEM;
	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	if (lines > BT_MOUNTINFO_MAX)
		return -E2BIG;
	list.v = calloc(lines, sizeof(*list.v));
	if (list.v == NULL)
		return -ENOMEM;
	for (char *line = strtok_r(list.text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save))
		list.n += read_line(line, &list.v[list.n]);
	*ret = bt_take_struct(list);
	return 0;
}

void bt_mountinfo_done(struct bt_mountinfo_list *list)
{
	free(list->text);
	free(list->v);
	*list = (struct bt_mountinfo_list){ 0 };
}

static bool is_among(const struct bt_mountinfo_list *list, size_t n, uint64_t id)
{
	for (size_t i = 0; i < n; i++) {
		if (list->v[i].id == id)
			return true;
	}
	return false;
}

static const char *point_of(const struct bt_mountinfo_list *list, uint64_t id)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->v[i].id == id)
			return list->v[i].point;
	}
	return NULL;
}

static void swap(struct bt_mountinfo *a, struct bt_mountinfo *b)
{
	struct bt_mountinfo c = *a;

	*a = *b;
	*b = c;
}

/* Bring to the front, from `*kept` on, whose parent is `id` or among those kept.
 * Returns whether there were any: their children may stand before them. */
static bool gather(struct bt_mountinfo_list *list, uint64_t id, size_t *kept)
{
	size_t before = *kept;

	for (size_t i = *kept; i < list->n; i++) {
		const struct bt_mountinfo *m = &list->v[i];

		if (m->id != id && (m->parent == id || is_among(list, *kept, m->parent)))
			swap(&list->v[(*kept)++], &list->v[i]);
	}
	return *kept > before;
}

void bt_mountinfo_keep_below(struct bt_mountinfo_list *list, uint64_t id)
{
	const char *top = point_of(list, id);
	size_t kept = 0, n = 0;

	while (top != NULL && gather(list, id, &kept))
		continue;
	for (size_t i = 0; i < kept; i++) {
		const char *rest = bt_str_after(list->v[i].point, top);

		if (rest == NULL || (*rest != '\0' && *rest != '/' && strcmp(top, "/") != 0))
			continue;
		list->v[n] = list->v[i];
		list->v[n++].point = list->v[i].point + strlen(top) + strspn(rest, "/");
	}
	list->n = n;
}
