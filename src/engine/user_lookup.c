/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/user_lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/openat2.h"
#include "base/io.h"
#include "base/str.h"

/* The last uid that is not (uid_t)-1; runc's limit too. */
#define ID_MAX INT32_MAX

/* One line of a file of colon-separated fields; pieces point into the file's text. */
struct line {
	const char *field[7];
	size_t len[7];
	size_t nfields;
};

static bool next_line(const char **pos, struct line *ret)
{
	const char *p = *pos;

	if (*p == '\0')
		return false;
	*ret = (struct line){ .nfields = 0 };
	for (;;) {
		size_t n = strcspn(p, ":\n");

		if (ret->nfields < 7) {
			ret->field[ret->nfields] = p;
			ret->len[ret->nfields++] = n;
		}
		p += n;
		if (*p != ':')
			break;
		p++;
	}
	*pos = *p == '\n' ? p + 1 : p;
	return true;
}

static bool field_is(const struct line *line, size_t i, const char *text, size_t len)
{
	return i < line->nfields && line->len[i] == len && memcmp(line->field[i], text, len) == 0;
}

/* A plain decimal id; nothing else ("+0", "0x0", " 1") is one. */
static bool parse_id(const char *text, size_t len, uint32_t *ret)
{
	unsigned long long n = 0;

	if (len == 0 || len > 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = n * 10 + (unsigned long long)(text[i] - '0');
	}
	if (n > ID_MAX)
		return false;
	*ret = (uint32_t)n;
	return true;
}

/* Digits, perhaps behind a sign: whoever writes that means a number, and no image may have a user
 * or group of that name for those that are out of range. */
static bool looks_like_number(const char *text, size_t len)
{
	size_t sign = len > 0 && (text[0] == '-' || text[0] == '+');

	for (size_t i = sign; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return len > sign;
}

static bool field_id(const struct line *line, size_t i, uint32_t *ret)
{
	return i < line->nfields && parse_id(line->field[i], line->len[i], ret);
}

struct passwd_entry {
	uint32_t uid, gid;
	char *name, *home; /* owned */
};

static void passwd_entry_done(struct passwd_entry *entry)
{
	free(entry->name);
	free(entry->home);
}

/* Find a user: a number means that uid, even where somebody is called so (the image
 * must not make "--user 1000" another). 1, 0 or -ENOMEM. */
static int find_user(const char *passwd, const char *who, size_t len, struct passwd_entry *ret)
{
	struct line line;
	uint32_t uid = 0, want = 0;
	bool number = parse_id(who, len, &want);

	if (!number && looks_like_number(who, len))
		return 0;
	while (next_line(&passwd, &line)) {
		if (!field_id(&line, 2, &uid) || line.len[0] == 0)
			continue;
		if (number ? uid != want : !field_is(&line, 0, who, len))
			continue;
		if (!field_id(&line, 3, &ret->gid))
			continue;
		ret->uid = uid;
		ret->name = strndup(line.field[0], line.len[0]);
		ret->home = line.nfields > 5 ? strndup(line.field[5], line.len[5]) : strdup("");
		return ret->name && ret->home ? 1 : -ENOMEM;
	}
	return 0;
}

/* The gid of a group by name or number; a number need not be listed. */
static bool find_group(const char *group, const char *who, size_t len, uint32_t *ret)
{
	struct line line;

	if (parse_id(who, len, ret))
		return true;
	if (looks_like_number(who, len))
		return false;
	while (next_line(&group, &line))
		if (field_is(&line, 0, who, len) && field_id(&line, 2, ret))
			return true;
	return false;
}

static int add_gid(struct bt_user *user, uint32_t gid, struct bt_err *err)
{
	for (size_t i = 0; i < user->ngids; i++)
		if (user->gids[i] == gid)
			return 0;
	if (user->ngids == BT_USER_GIDS_MAX)
		return bt_err_set(err, BT_ERR_INVALID, E2BIG,
				  "too many supplementary groups: more than %d", BT_USER_GIDS_MAX);
	if (!user->gids)
		user->gids = calloc(BT_USER_GIDS_MAX, sizeof(*user->gids));
	if (!user->gids)
		return bt_err_sys(err, -ENOMEM, "look up groups");
	user->gids[user->ngids++] = gid;
	return 0;
}

/* Is `name` among the comma-separated members of a group's line? */
static bool is_member(const struct line *line, const char *name)
{
	size_t want = strlen(name);
	const char *p, *end;

	if (line->nfields < 4)
		return false;
	p = line->field[3];
	end = p + line->len[3];
	while (p < end) {
		size_t n = strcspn(p, ",:\n");

		if (n == want && memcmp(p, name, n) == 0)
			return true;
		p += n + 1;
	}
	return false;
}

static int add_memberships(struct bt_user *user, const char *group, const char *name,
			   struct bt_err *err)
{
	struct line line;
	uint32_t gid;

	while (next_line(&group, &line)) {
		int r;

		if (!is_member(&line, name) || !field_id(&line, 2, &gid))
			continue;
		r = add_gid(user, gid, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_extra(struct bt_user *user, const char *group, const char *const *extra,
		     struct bt_err *err)
{
	for (; extra && *extra; extra++) {
		uint32_t gid;
		int r;

		if (!find_group(group, *extra, strlen(*extra), &gid))
			return bt_err_set(
				err, BT_ERR_INVALID, ENOENT,
				"Unable to find group %s: no matching entries in group file",
				*extra);
		r = add_gid(user, gid, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int no_user(const char *spec, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, ENOENT,
			  "unable to find user %.*s: no matching entries in passwd file",
			  (int)strcspn(spec, ":"), spec);
}

/* uid, primary gid, and home; `*ret_name` (owned, may be NULL) for memberships. */
static int resolve_ids(const char *spec, const char *passwd, const char *group,
		       struct bt_user *user, char **ret_name, struct bt_err *err)
{
	bt_auto(passwd_entry_done) struct passwd_entry entry = { 0 };
	size_t len = strcspn(spec, ":");
	const char *group_part = spec[len] == ':' ? spec + len + 1 : "";
	int r = find_user(passwd, len > 0 ? spec : "0", len > 0 ? len : 1, &entry);

	if (r < 0)
		return bt_err_sys(err, r, "look up user");
	if (r == 0 && len > 0 && !parse_id(spec, len, &entry.uid))
		return no_user(spec, err);
	user->uid = entry.uid;
	user->gid = entry.gid;
	user->home = bt_take(entry.home);
	*ret_name = bt_take(entry.name);
	if (group_part[0] == '\0')
		return 0;
	if (!find_group(group, group_part, strlen(group_part), &user->gid))
		return bt_err_set(err, BT_ERR_INVALID, ENOENT,
				  "unable to find group %s: no matching entries in group file",
				  group_part);
	return 1;
}

int bt_user_lookup_resolve(const char *spec, const char *passwd, const char *group,
			   const char *const *extra, struct bt_user *ret, struct bt_err *err)
{
	bt_auto_user struct bt_user user = { 0 };
	bt_auto_free char *name = NULL;
	int r = resolve_ids(spec, passwd, group, &user, &name, err);
	bool group_given = r > 0;

	if (r >= 0)
		r = add_gid(&user, user.gid, err);
	/* Who names a group gets that one only. */
	if (r == 0 && name && !group_given)
		r = add_memberships(&user, group, name, err);
	if (r == 0)
		r = add_extra(&user, group, extra, err);
	if (r < 0)
		return r;
	if (!user.home || user.home[0] == '\0') {
		free(user.home);
		user.home = strdup("/");
	}
	if (!user.home)
		return bt_err_sys(err, -ENOMEM, "look up user");
	*ret = bt_take_struct(user);
	return 0;
}

/* Is there no such file to read, so that nobody is in it? Whatever else keeps it from being read
 * must not make somebody else of a user. */
static bool is_absent(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ELOOP || error == -ENXIO ||
	       error == -ENODEV;
}

/* The text of a file beneath `root`; "" where it is missing or no regular file. */
static int read_beneath(int root, const char *path, char **ret, struct bt_err *err)
{
	bt_auto_close int fd = bt_openat2_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY,
					       RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	char *text = NULL;
	int r = 0;

	if (fd < 0 && !is_absent(fd))
		return bt_err_sys(err, fd, "open /%s of the container", path);
	if (fd >= 0)
		r = bt_io_read_fd(fd, BT_USER_FILE_MAX, &text, NULL);
	else
		text = strdup("");
	if (r < 0)
		return bt_err_set(err, BT_ERR_INVALID, -r, "read /%s of the container: %s", path,
				  strerror(-r));
	if (!text)
		return bt_err_sys(err, -ENOMEM, "read /%s of the container", path);
	*ret = text;
	return 0;
}

int bt_user_lookup(int root, const char *spec, const char *const *extra, struct bt_user *ret,
		   struct bt_err *err)
{
	bt_auto_free char *passwd = NULL, *group = NULL;
	int r = read_beneath(root, "etc/passwd", &passwd, err);

	if (r == 0)
		r = read_beneath(root, "etc/group", &group, err);
	if (r < 0)
		return r;
	return bt_user_lookup_resolve(spec, passwd, group, extra, ret, err);
}

void bt_user_lookup_done(struct bt_user *user)
{
	free(user->gids);
	free(user->home);
	*user = (struct bt_user){ 0 };
}
