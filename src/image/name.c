/* SPDX-License-Identifier: Apache-2.0 */

#include "image/name.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

#define HUB     "docker.io"
#define LIBRARY "library/"
#define HEX_LEN 64

static bool has_upper(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (isupper((unsigned char)s[i]))
			return true;
	return false;
}

/* Where the path begins: behind the first component, if that is a domain. */
static const char *path_of(const char *text)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : 0;

	if (!slash)
		return text;
	if (memchr(text, '.', len) || memchr(text, ':', len) || has_upper(text, len) ||
	    (len == strlen("localhost") && memcmp(text, "localhost", len) == 0))
		return slash + 1;
	return text;
}

/* Say what is wrong in Docker's words; clients look for them. */
static int refuse(const char *text, struct bt_err *err)
{
	const char *path = path_of(text);
	size_t len = strcspn(path, ":@");

	if (strlen(text) == HEX_LEN && bt_str_is_hex(text))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid repository name (%s), cannot specify 64-byte "
				  "hexadecimal strings",
				  text);
	if (has_upper(path, len))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid reference format: repository name (%s%.*s) must be "
				  "lowercase",
				  path == text && !memchr(path, '/', len) ? LIBRARY : "",
				  (int)(len < 255 ? len : 255), path);
	if (strlen(text) > 255)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid reference format: repository name must not be more than "
				  "255 characters");
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid reference format");
}

/* A host name, an IPv4 address or one of IPv6 in brackets, and perhaps a port. */
static bool domain_is_valid(const char *domain)
{
	const char *p = domain;

	if (*p == '[') {
		p += 1 + strspn(p + 1, "0123456789abcdefABCDEF:");
		if (*p++ != ']')
			return false;
	} else {
		for (;; p++) {
			const char *from = p;

			while (isalnum((unsigned char)*p) || *p == '-')
				p++;
			if (p == from || *from == '-' || p[-1] == '-')
				return false;
			if (*p != '.')
				break;
		}
	}
	if (*p == ':') {
		p++;
		return *p && p[strspn(p, "0123456789")] == '\0';
	}
	return *p == '\0';
}

int bt_name_parse(const char *text, struct bt_image_ref *ret, struct bt_err *err)
{
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	bt_auto_free char *hub = NULL;
	const char *rest = bt_str_after(text, "index.docker.io/");
	int r;

	if (strlen(text) == HEX_LEN && bt_str_is_hex(text))
		return refuse(text, err);
	if (rest) {
		hub = bt_str_format(HUB "/%s", rest);
		if (!hub)
			return bt_err_sys(err, -ENOMEM, "parse image reference");
		text = hub;
	}
	r = bt_image_ref_parse(text, &ref, err);
	if (r == -EINVAL || (r == 0 && !domain_is_valid(ref.domain)))
		return refuse(text, err);
	if (r == 0)
		*ret = bt_take_struct(ref);
	return r;
}

char *bt_name_repo(const struct bt_image_ref *ref)
{
	return bt_str_format("%s/%s", ref->domain, ref->path);
}

const char *bt_name_familiar(const char *repo)
{
	const char *path = bt_str_after(repo, HUB "/"), *name;

	if (!path)
		return repo;
	name = bt_str_after(path, LIBRARY);
	return name && !strchr(name, '/') ? name : path;
}

char *bt_name_text(const char *repo, const char *tag)
{
	return bt_str_format("%s%c%s", bt_name_familiar(repo), bt_name_is_digest(tag) ? '@' : ':',
			     tag);
}

bool bt_name_is_digest(const char *tag)
{
	return strchr(tag, ':') != NULL;
}
