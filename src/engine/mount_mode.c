/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/mount_mode.h"

#include <errno.h>
#include <string.h>

#include "engine/jget.h"

enum kind {
	ACCESS,
	LABEL,
	CONSISTENCY,
	COPY,
	MAPPING,
	PROPAGATION
};

struct word {
	const char *text;
	enum kind kind;
	const char *type; /* of the mounts that may have it; NULL: all */
	int (*set)(json_t *point, const char *text);
};

static int set_nothing(json_t *point, const char *text)
{
	(void)point;
	(void)text;
	return 0;
}

static int set_readonly(json_t *point, const char *text)
{
	(void)text;
	return json_object_set_new(point, "RW", json_false());
}

/* It means nothing to a daemon that gives no labels, as with Docker. */
static int set_label(json_t *point, const char *text)
{
	return json_object_set_new(point, "Relabel", json_string(text));
}

static int set_nocopy(json_t *point, const char *text)
{
	(void)text;
	return json_object_set_new(point, "NoCopy", json_true());
}

static int set_idmap(json_t *point, const char *text)
{
	(void)text;
	return json_object_set_new(point, "IDMapping", json_pack("{s:s}", "Source", "match-user"));
}

static int set_propagation(json_t *point, const char *text)
{
	return json_object_set_new(point, "Propagation", json_string(text));
}

static const struct word words[] = {
	{ "ro", ACCESS, NULL, set_readonly },
	{ "rw", ACCESS, NULL, set_nothing },
	{ "z", LABEL, NULL, set_label },
	{ "Z", LABEL, NULL, set_label },
	/* Means nothing anywhere but on a Mac. */
	{ "consistent", CONSISTENCY, NULL, set_nothing },
	{ "cached", CONSISTENCY, NULL, set_nothing },
	{ "delegated", CONSISTENCY, NULL, set_nothing },
	{ "nocopy", COPY, "volume", set_nocopy },
	{ "idmap", MAPPING, "bind", set_idmap },
	{ "private", PROPAGATION, "bind", set_propagation },
	{ "rprivate", PROPAGATION, "bind", set_propagation },
	{ "shared", PROPAGATION, "bind", set_propagation },
	{ "rshared", PROPAGATION, "bind", set_propagation },
	{ "slave", PROPAGATION, "bind", set_propagation },
	{ "rslave", PROPAGATION, "bind", set_propagation },
};
#define NWORDS (sizeof(words) / sizeof(words[0]))

static const struct word *find(const char *text, size_t len)
{
	for (size_t i = 0; i < NWORDS; i++)
		if (strlen(words[i].text) == len && memcmp(words[i].text, text, len) == 0)
			return &words[i];
	return NULL;
}

static int apply_word(json_t *point, const char *text, size_t len, unsigned *seen)
{
	const struct word *word = find(text, len);

	if (!word || (*seen & 1u << word->kind))
		return -EINVAL;
	if (word->type && strcmp(word->type, bt_jget_text(point, "Type")) != 0)
		return -EINVAL;
	*seen |= 1u << word->kind;
	return word->set(point, word->text);
}

int bt_mount_mode_apply(json_t *point, const char *mode, struct bt_err *err)
{
	const char *at = mode;
	unsigned seen = 0;

	for (;;) {
		size_t n = strcspn(at, ",");

		if (apply_word(point, at, n, &seen) < 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid mode: %s", mode);
		if (at[n] == '\0')
			return 0;
		at += n + 1;
	}
}

bool bt_mount_mode_is_propagation(const char *word)
{
	const struct word *found = find(word, strlen(word));

	return found && found->kind == PROPAGATION;
}
