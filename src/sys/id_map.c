/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/id_map.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"

/* The kernel's own limit is a page. */
#define TEXT_MAX 16384

uint32_t bt_id_map_outside(const struct bt_id_range *ranges, unsigned n, uint32_t id)
{
	for (unsigned i = 0; i < n; i++)
		if (id >= ranges[i].inside && id - ranges[i].inside < ranges[i].size)
			return ranges[i].outside + (id - ranges[i].inside);
	return BT_ID_MAP_NOBODY;
}

uint32_t bt_id_map_inside(const struct bt_id_range *ranges, unsigned n, uint32_t id)
{
	for (unsigned i = 0; i < n; i++)
		if (id >= ranges[i].outside && id - ranges[i].outside < ranges[i].size)
			return ranges[i].inside + (id - ranges[i].outside);
	return BT_ID_MAP_NOBODY;
}

/* Returns how many characters it took, or -EINVAL. */
static int parse_range(const char *text, struct bt_id_range *ret)
{
	uint64_t v[3];
	int used = 0;

	if (sscanf(text, " %10" SCNu64 " %10" SCNu64 " %10" SCNu64 "%n", &v[0], &v[1], &v[2],
		   &used) != 3 ||
	    (text[used] != '\n' && text[used] != '\0'))
		return -EINVAL;
	/* No id is past the last one, which means none (setfsuid(2)). */
	if (v[2] == 0 || v[0] + v[2] > UINT32_MAX || v[1] + v[2] > UINT32_MAX)
		return -EINVAL;
	*ret = (struct bt_id_range){ (uint32_t)v[0], (uint32_t)v[1], (uint32_t)v[2] };
	return used;
}

int bt_id_map_parse(const char *text, struct bt_id_range ret[BT_ID_MAP_MAX])
{
	int n = 0;

	if (strpbrk(text, "+-"))
		return -EINVAL;
	while (text[strspn(text, " \n")] != '\0') {
		int used;

		if (n == BT_ID_MAP_MAX)
			return -E2BIG;
		used = parse_range(text, &ret[n++]);
		if (used < 0)
			return used;
		text += used;
	}
	return n;
}

static int read_map(int proc, const char *file, struct bt_id_range ret[BT_ID_MAP_MAX])
{
	bt_auto_free char *text = NULL;
	int r = bt_io_read_file(proc, file, TEXT_MAX, &text, NULL);

	return r < 0 ? r : bt_id_map_parse(text, ret);
}

static bool is_identity(const struct bt_id_range *ranges, int n)
{
	return n == 1 && ranges[0].inside == 0 && ranges[0].outside == 0 &&
	       ranges[0].size == UINT32_MAX;
}

int bt_id_map_of(int proc, struct bt_id_map *ret)
{
	struct bt_id_map map = { 0 };
	int nuids = read_map(proc, "uid_map", map.uids), ngids;

	if (nuids < 0)
		return nuids;
	ngids = read_map(proc, "gid_map", map.gids);
	if (ngids < 0)
		return ngids;
	if (is_identity(map.uids, nuids) && is_identity(map.gids, ngids))
		nuids = ngids = 0;
	map.nuids = (unsigned)nuids;
	map.ngids = (unsigned)ngids;
	*ret = map;
	return 0;
}
