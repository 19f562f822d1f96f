/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/image_ref.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

#define DEFAULT_DOMAIN "docker.io"
#define OLD_DOMAIN     "index.docker.io"
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

static bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
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

/* Paths have no capitals, so what has one is a host. */
static bool looks_like_domain(struct span s)
{
	return memchr(s.p, '.', s.len) || memchr(s.p, ':', s.len) || span_is(s, "localhost") ||
	       !only_has(s, LOWER DIGIT "_-");
}

/* A host's label: letters, digits, and dashes but not at the ends. */
static bool label_is_valid(struct span s)
{
	return s.len > 0 && s.p[0] != '-' && s.p[s.len - 1] != '-' &&
	       only_has(s, LOWER UPPER DIGIT "-");
}

/* A host, or an address of IPv6 in brackets, with or without a port. */
static bool domain_is_valid(struct span s)
{
	struct span rest = { .p = s.p, .len = 0 }, port;
	const char *after = s.p;

	if (s.len > 0 && s.p[0] == '[') {
		after = memchr(s.p, ']', s.len);
		rest = (struct span){ .p = s.p + 1, .len = after ? (size_t)(after - s.p - 1) : 0 };
		if (rest.len == 0 || !only_has(rest, DIGIT "abcdefABCDEF:"))
			return false;
		after++;
		if (after == s.p + s.len)
			return true;
		if (*after != ':')
			return false;
	}
	if (split_at(&s, after, ':', &port) && (port.len == 0 || !only_has(port, DIGIT)))
		return false;
	if (after != s.p)
		return true;
	while (split_at(&s, s.p, '.', &rest)) {
		if (!label_is_valid(s))
			return false;
		s = rest;
	}
	return label_is_valid(s);
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
	/* What the default registry was called once. */
	if (span_is(*ret_domain, OLD_DOMAIN))
		*ret_domain = (struct span){ .p = DEFAULT_DOMAIN, .len = strlen(DEFAULT_DOMAIN) };
	*ret_implied_prefix =
		span_is(*ret_domain, DEFAULT_DOMAIN) && !memchr(ret_path->p, '/', ret_path->len);
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

/* The stretches of a text; tag and digest have p NULL where they are not given. */
struct parts {
	struct span name, domain, path, tag, digest;
	bool implied_prefix;
};

static struct parts split(const char *text)
{
	struct parts parts = { .name = { .p = text, .len = strlen(text) } };

	(void)split_at(&parts.name, parts.name.p, '@', &parts.digest);
	(void)split_at(&parts.name, last_slash(parts.name), ':', &parts.tag);
	split_domain(parts.name, &parts.domain, &parts.path, &parts.implied_prefix);
	return parts;
}

static bool has_upper(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (strchr(UPPER, s.p[i]))
			return true;
	return false;
}

/* The part that is wrong, or NULL. */
static const char *first_wrong(const struct parts *parts)
{
	if (!domain_is_valid(parts->domain) || !path_is_valid(parts->path))
		return "repository name";
	if (parts->tag.p && !tag_is_valid(parts->tag))
		return "tag";
	return parts->digest.p && !digest_is_valid(parts->digest) ? "digest" : NULL;
}

int bt_image_ref_parse(const char *text, struct bt_image_ref *ret, struct bt_err *err)
{
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	struct parts parts = split(text);
	const char *wrong;

	if (parts.name.len > NAME_LEN_MAX)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "repository name is longer than %d",
				  NAME_LEN_MAX);
	wrong = first_wrong(&parts);
	if (wrong && has_upper(parts.path))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid reference format: repository name (%s%.*s) must be "
				  "lowercase",
				  parts.implied_prefix ? DEFAULT_PREFIX : "", (int)parts.path.len,
				  parts.path.p);
	if (wrong)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid reference format: invalid %s in '%s'", wrong, text);

	ref.domain = join("", parts.domain);
	ref.path = join(parts.implied_prefix ? DEFAULT_PREFIX : "", parts.path);
	ref.tag = parts.tag.p ? join("", parts.tag) : NULL;
	ref.digest = parts.digest.p ? join("", parts.digest) : NULL;
	if (!ref.domain || !ref.path || (parts.tag.p && !ref.tag) ||
	    (parts.digest.p && !ref.digest))
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
