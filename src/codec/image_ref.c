/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/image_ref.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

#define DEFAULT_DOMAIN "docker.io"
#define DEFAULT_PREFIX "library/"
#define SHA256_PREFIX  "sha256:"
#define SHA256_HEX_LEN 64
#define TAG_LEN_MAX    128
#define NAME_LEN_MAX   255

#define DIGIT "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* A stretch of the text being parsed. */
struct span {
	const char *p;
	size_t len;
};

static bool only_has(struct span s, const char *allowed)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '\0' || !strchr(allowed, s.p[i]))
			return false;
	return true;
}

/* Split off what follows the first `sep` at or after `from`. `head` shrinks to
 * what precedes it; returns false, changing nothing, where there is none. */
static bool split_at(struct span *head, const char *from, char sep, struct span *ret_tail)
{
	const char *end = head->p + head->len;
	const char *at = memchr(from, sep, (size_t)(end - from));

	if (!at)
		return false;
	*ret_tail = (struct span){ .p = at + 1, .len = (size_t)(end - at - 1) };
	head->len = (size_t)(at - head->p);
	return true;
}

static const char *last_slash(struct span s)
{
	const char *slash = memrchr(s.p, '/', s.len);

	return slash ? slash : s.p;
}

static bool tag_is_valid(struct span s)
{
	return s.len >= 1 && s.len <= TAG_LEN_MAX && s.p[0] != '.' && s.p[0] != '-' &&
	       only_has(s, LOWER UPPER DIGIT "_.-");
}

static bool digest_is_valid(struct span s)
{
	const size_t n = strlen(SHA256_PREFIX);

	return s.len == n + SHA256_HEX_LEN && memcmp(s.p, SHA256_PREFIX, n) == 0 &&
	       only_has((struct span){ .p = s.p + n, .len = SHA256_HEX_LEN }, DIGIT "abcdef");
}

/* One component of a path: alphanumeric runs joined by ".", "_", "__" or any
 * number of "-". A span ends before a character that is in none of these sets,
 * or before the final NUL, so strspn() cannot run past it. */
static bool component_is_valid(struct span s)
{
	size_t i = 0;

	for (;;) {
		size_t run = strspn(s.p + i, LOWER DIGIT);
		size_t sep, dashes;

		if (run == 0 || i + run > s.len)
			return false;
		i += run;
		if (i == s.len)
			return true;

		dashes = strspn(s.p + i, "-");
		sep = strspn(s.p + i, "._");
		if (dashes > 0)
			i += dashes;
		else if (sep == 1 || (sep == 2 && memcmp(s.p + i, "__", 2) == 0))
			i += sep;
		else
			return false;
	}
}

static bool path_is_valid(struct span s)
{
	struct span rest;

	while (split_at(&s, s.p, '/', &rest)) {
		if (!component_is_valid(s))
			return false;
		s = rest;
	}
	return component_is_valid(s);
}

static bool looks_like_domain(struct span s)
{
	return memchr(s.p, '.', s.len) || memchr(s.p, ':', s.len) ||
	       (s.len == strlen("localhost") && memcmp(s.p, "localhost", s.len) == 0);
}

/* Separate `name` into domain and path, filling in what is implied. */
static void split_domain(struct span name, struct span *ret_domain, struct span *ret_path,
			 bool *ret_implied_prefix)
{
	struct span domain = name, path;

	if (split_at(&domain, domain.p, '/', &path) && looks_like_domain(domain)) {
		*ret_domain = domain;
		*ret_path = path;
	} else {
		*ret_domain = (struct span){ .p = DEFAULT_DOMAIN, .len = strlen(DEFAULT_DOMAIN) };
		*ret_path = name;
	}
	*ret_implied_prefix = ret_domain->len == strlen(DEFAULT_DOMAIN) &&
			      memcmp(ret_domain->p, DEFAULT_DOMAIN, ret_domain->len) == 0 &&
			      !memchr(ret_path->p, '/', ret_path->len);
}

/* Copy `prefix` and `s` into a new string. Returns it (owned), or NULL. */
static char *join(const char *prefix, struct span s)
{
	size_t n = strlen(prefix);
	char *copy = malloc(n + s.len + 1);

	if (!copy)
		return NULL;
	memcpy(copy, prefix, n);
	memcpy(copy + n, s.p, s.len);
	copy[n + s.len] = '\0';
	return copy;
}

int bt_image_ref_parse(const char *text, struct bt_image_ref *ret, struct bt_err *err)
{
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	struct span name = { .p = text, .len = strlen(text) };
	struct span domain, path, tag, digest;
	bool has_tag, has_digest, library;

	has_digest = split_at(&name, name.p, '@', &digest);
	has_tag = split_at(&name, last_slash(name), ':', &tag);
	split_domain(name, &domain, &path, &library);

	if (name.len > NAME_LEN_MAX)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "repository name is longer than %d",
				  NAME_LEN_MAX);
	if (!path_is_valid(path))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid repository name in '%s'",
				  text);
	if (has_tag && !tag_is_valid(tag))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid tag in '%s'", text);
	if (has_digest && !digest_is_valid(digest))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid digest in '%s'", text);

	ref.domain = join("", domain);
	ref.path = join(library ? DEFAULT_PREFIX : "", path);
	ref.tag = has_tag ? join("", tag) : NULL;
	ref.digest = has_digest ? join("", digest) : NULL;
	if (!ref.domain || !ref.path || (has_tag && !ref.tag) || (has_digest && !ref.digest))
		return bt_err_sys(err, -ENOMEM, "parse image reference");

	*ret = bt_take_struct(ref);
	return 0;
}

const char *bt_image_ref_tag_or_latest(const struct bt_image_ref *ref)
{
	if (ref->tag || ref->digest)
		return ref->tag;
	return "latest";
}

void bt_image_ref_done(struct bt_image_ref *ref)
{
	free(ref->domain);
	free(ref->path);
	free(ref->tag);
	free(ref->digest);
	*ref = (struct bt_image_ref){ 0 };
}
