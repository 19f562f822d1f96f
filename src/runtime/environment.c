/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/environment.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

const char *bt_environment_get(const struct bt_oci_strings *env, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = env->n; i-- > 0;) {
		if (strncmp(env->v[i], name, len) == 0 && env->v[i][len] == '=')
			return env->v[i] + len + 1;
	}
	return NULL;
}

struct entry {
	const char *text;
	size_t len; /* of the name */
	size_t index;
	bool replaced;
};

static bool same_name(const struct entry *a, const struct entry *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* By name, then by place. */
static int compare_names(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;
	int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);

	if (order != 0)
		return order;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return a->index < b->index ? -1 : 1;
}

static int compare_places(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;

	return a->index < b->index ? -1 : 1;
}

/* Sorted and not hashed: whoever writes tens of thousands of names could have them collide. */
int bt_environment_unique(const struct bt_oci_strings *env, char **ret, size_t *ret_n)
{
	bt_auto_free struct entry *entries = calloc(env->n + 1, sizeof(*entries));
	size_t n = 0;

	if (entries == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < env->n; i++)
		entries[i] = (struct entry){ .text = env->v[i],
					     .len = strcspn(env->v[i], "="),
					     .index = i };
	qsort(entries, env->n, sizeof(*entries), compare_names);
	for (size_t i = 0; i + 1 < env->n; i++)
		entries[i].replaced = same_name(&entries[i], &entries[i + 1]);
	qsort(entries, env->n, sizeof(*entries), compare_places);
	for (size_t i = 0; i < env->n; i++) {
		if (!entries[i].replaced)
			ret[n++] = env->v[i];
	}
	*ret_n = n;
	return 0;
}

int bt_environment_add(struct bt_oci_strings *env, struct bt_arena *arena, const char *entry)
{
	char **all = bt_arena_alloc(arena, (env->n + 2) * sizeof(*all));
	char *copy = bt_arena_strdup(arena, entry);

	if (all == NULL || copy == NULL)
		return -ENOMEM;
	if (env->n > 0)
		memcpy(all, env->v, env->n * sizeof(*all));
	all[env->n] = copy;
	*env = (struct bt_oci_strings){ .v = all, .n = env->n + 1 };
	return 0;
}
