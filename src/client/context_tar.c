/* SPDX-License-Identifier: Apache-2.0 */

#include "client/context_tar.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "base/auto.h"
#include "client/context.h"

#define BLOCK 512u

/* The header of an entry: POSIX.1-1988, 10.1.1. Numbers are octal text. */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100],
		magic[8], rest[247];
};

_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

/* The sum of all bytes, those of the sum itself taken as blanks. */
static unsigned int sum_of(const struct header *h)
{
	const unsigned char *p = (const unsigned char *)h;
	unsigned int sum = 0;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= offsetof(struct header, sum) && i < offsetof(struct header, type)
			       ? ' '
			       : p[i];
	return sum;
}

static void add_entry(struct bt_str *to, const char *name, char type, unsigned int mode,
		      const char *data, size_t len)
{
	static const char zeros[BLOCK];
	struct header h = { .type = type };

	(void)snprintf(h.name, sizeof(h.name), "%s", name);
	(void)snprintf(h.mode, sizeof(h.mode), "%07o", mode);
	(void)snprintf(h.uid, sizeof(h.uid), "%07o", 0u);
	(void)snprintf(h.gid, sizeof(h.gid), "%07o", 0u);
	(void)snprintf(h.size, sizeof(h.size), "%011zo", len);
	(void)snprintf(h.mtime, sizeof(h.mtime), "%011o", 0u);
	(void)memcpy(h.magic,
		     "ustar\0"
		     "00",
		     sizeof(h.magic));
	h.sum[7] = ' ';
	(void)snprintf(h.sum, sizeof(h.sum), "%06o", sum_of(&h));
	bt_str_add(to, (const char *)&h, sizeof(h));
	if (!len)
		return;
	bt_str_add(to, data, len);
	bt_str_add(to, zeros, (BLOCK - len % BLOCK) % BLOCK);
}

int bt_context_tar_write(const json_t *meta, const json_t *tls, struct bt_str *ret,
			 struct bt_err *err)
{
	static const char end[2 * BLOCK];
	json_auto_t *kept = json_pack("{s:O, s:O, s:O}", "Name", json_object_get(meta, "Name"),
				      "Metadata", json_object_get(meta, "Metadata"), "Endpoints",
				      json_object_get(meta, "Endpoints"));
	bt_auto_free char *text = kept ? json_dumps(kept, JSON_COMPACT) : NULL;

	if (!text)
		return bt_err_sys(err, -ENOMEM, "export context");
	add_entry(ret, "meta.json", '0', 0644, text, strlen(text));
	add_entry(ret, "tls", '5', 0700, NULL, 0);
	if (json_object_size(tls))
		add_entry(ret, "tls/docker", '5', 0700, NULL, 0);
	for (const char *const *file = bt_context_files; *file; file++) {
		const json_t *data = json_object_get(tls, *file);
		char name[32];

		(void)snprintf(name, sizeof(name), "tls/docker/%s", *file);
		if (data)
			add_entry(ret, name, '0', 0600, json_string_value(data),
				  json_string_length(data));
	}
	bt_str_add(ret, end, sizeof(end));
	return ret->failed ? bt_err_sys(err, ret->failed, "export context") : 0;
}

static int broken(struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "archive/tar: invalid tar header");
}

/* An octal number of at most `size` characters, ended by a blank, a NUL or the field's end. */
static int octal(const char *field, size_t size, size_t *ret)
{
	size_t n = 0, i = 0;

	while (i < size && field[i] == ' ')
		i++;
	if (i == size || field[i] < '0' || field[i] > '7')
		return -EINVAL;
	for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
		n = n << 3 | (size_t)(field[i] - '0');
	if (i < size && field[i] && field[i] != ' ')
		return -EINVAL;
	*ret = n;
	return 0;
}

static int take_meta(const char *data, size_t len, json_t **ret, struct bt_err *err)
{
	json_error_t why = { 0 };
	json_auto_t *meta = json_loadb(data, len, 0, &why);
	const json_t *ends = json_object_get(meta, "Endpoints");

	if (!meta)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "meta.json: line %d: %s", why.line,
				  why.text);
	if (!json_is_object(json_object_get(ends, "docker")))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "meta.json has no docker endpoint");
	if (!json_is_object(json_object_get(meta, "Metadata")))
		(void)json_object_set_new(meta, "Metadata", json_object());
	json_decref(*ret);
	*ret = bt_take(meta);
	return 0;
}

static int take_file(const char *name, const char *data, size_t len, json_t **meta, json_t *tls,
		     struct bt_err *err)
{
	const char *file = bt_str_after(name, "tls/docker/");

	if (strcmp(name, "meta.json") == 0)
		return take_meta(data, len, meta, err);
	for (const char *const *known = bt_context_files; file && *known; known++) {
		if (strcmp(file, *known) == 0) {
			(void)json_object_set_new(tls, file, json_stringn_nocheck(data, len));
			return 0;
		}
	}
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "unexpected file in the context: %s", name);
}

/* The entry at `at`. Returns how long it is with its header, 0 at the end, or negative. */
static ssize_t read_entry(const char *at, size_t left, json_t **meta, json_t *tls,
			  struct bt_err *err)
{
	const struct header *h = (const void *)at;
	char name[sizeof(h->name) + 1] = "";
	size_t sum, size;

	if (left == 0 || *at == '\0')
		return 0;
	if (left < BLOCK)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "unexpected EOF");
	if (octal(h->sum, sizeof(h->sum), &sum) < 0 || sum != sum_of(h) ||
	    octal(h->size, sizeof(h->size), &size) < 0)
		return broken(err);
	(void)memcpy(name, h->name, sizeof(h->name));
	if (size > left - BLOCK)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "unexpected EOF");
	if (h->type == '0' || h->type == '\0') {
		int r = take_file(name, at + BLOCK, size, meta, tls, err);

		if (r < 0)
			return r;
	} else if (h->type != '5') {
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "unexpected entry in the context: %s is no plain file", name);
	}
	size += BLOCK + (BLOCK - size % BLOCK) % BLOCK;
	return (ssize_t)(size < left ? size : left);
}

int bt_context_tar_read(const void *data, size_t len, json_t **ret_meta, json_t **ret_tls,
			struct bt_err *err)
{
	const char *at = data, *end = at + len;
	json_auto_t *meta = NULL;
	json_auto_t *tls = json_object();
	ssize_t n;

	if (len > 1 && memcmp(data, "PK", 2) == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "zip archives are not supported: import a tar archive");
	while ((n = read_entry(at, (size_t)(end - at), &meta, tls, err)) > 0)
		at += n;
	if (n < 0)
		return (int)n;
	if (!meta)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid context: no meta.json found");
	*ret_meta = bt_take(meta);
	*ret_tls = bt_take(tls);
	return 0;
}
