/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/remap.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/subids.h"

/* Docker's user for "default": who had it run there keeps the ids. */
#define DEFAULT_USER "dockremap"
#define FILE_MAX     (1u << 20)
#define ENTRY_MAX    4096

/* What stands for somebody in the first column. */
struct who {
	char name[256], id[16]; /* "" where it is not known */
};

static bool is_number(const char *text)
{
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0' && strlen(text) <= 10;
}

/* A name has a number and the reverse, where the host knows whose. */
static void find_user(const char *text, struct who *ret)
{
	bool number = is_number(text);
	char buf[ENTRY_MAX];
	struct passwd pw, *found = NULL;

	(void)snprintf(number ? ret->id : ret->name, number ? sizeof(ret->id) : sizeof(ret->name),
		       "%s", text);
	if (number)
		(void)getpwuid_r((uid_t)strtoul(text, NULL, 10), &pw, buf, sizeof(buf), &found);
	else
		(void)getpwnam_r(text, &pw, buf, sizeof(buf), &found);
	if (!found)
		return;
	(void)snprintf(ret->name, sizeof(ret->name), "%s", pw.pw_name);
	(void)snprintf(ret->id, sizeof(ret->id), "%u", (unsigned)pw.pw_uid);
}

static void find_group(const char *text, struct who *ret)
{
	bool number = is_number(text);
	char buf[ENTRY_MAX];
	struct group gr, *found = NULL;

	(void)snprintf(number ? ret->id : ret->name, number ? sizeof(ret->id) : sizeof(ret->name),
		       "%s", text);
	if (number)
		(void)getgrgid_r((gid_t)strtoul(text, NULL, 10), &gr, buf, sizeof(buf), &found);
	else
		(void)getgrnam_r(text, &gr, buf, sizeof(buf), &found);
	if (!found)
		return;
	(void)snprintf(ret->name, sizeof(ret->name), "%s", gr.gr_name);
	(void)snprintf(ret->id, sizeof(ret->id), "%u", (unsigned)gr.gr_gid);
}

static int no_ranges(const char *path, const char *text, const struct who *who, struct bt_err *err)
{
	const char *name = who->name[0] ? who->name : who->id;
	uint32_t first = bt_subids_next(text);

	return bt_err_set(err, BT_ERR_INVALID, ENOENT,
			  "userns-remap: %s has no subordinate ids in %s: a line as "
			  "\"%s:%u:65536\" there gives it some (or, for a user, usermod "
			  "--add-subuids %u-%u --add-subgids %u-%u %s)",
			  name, path, name, first, first, first + 65535, first, first + 65535,
			  name);
}

static int read_ranges(const char *path, const struct who *who,
		       struct bt_id_range ret[BT_ID_MAP_MAX], unsigned *ret_n, struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	int r = bt_io_read_file(AT_FDCWD, path, FILE_MAX, &text, NULL);

	if (r == -ENOENT)
		return no_ranges(path, "", who, err);
	if (r < 0)
		return bt_err_sys(err, r, "userns-remap: read %s", path);
	r = bt_subids_find(text, who->name, who->id, ret, err);
	if (r < 0)
		return bt_err_context(err, "userns-remap: %s", path);
	if (r == 0)
		return no_ranges(path, text, who, err);
	*ret_n = (unsigned)r;
	return 0;
}

/* USER[:GROUP]; a user alone has the group of his name, as with Docker. */
static int parse(const char *option, struct who *user, struct who *group, struct bt_err *err)
{
	bt_auto_free char *copy = strdup(option);
	char *colon = copy ? strchr(copy, ':') : NULL;

	if (!copy)
		return bt_err_sys(err, -ENOMEM, "userns-remap");
	if (colon)
		*colon++ = '\0';
	if (copy[0] == '\0' || (colon && (*colon == '\0' || strchr(colon, ':'))))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "userns-remap: invalid value \"%.100s\": default, USER or "
				  "USER:GROUP is wanted",
				  option);
	if (strcmp(copy, "default") == 0 && !colon)
		return parse(DEFAULT_USER, user, group, err);
	find_user(copy, user);
	if (colon)
		find_group(colon, group);
	else
		find_group(user->name[0] ? user->name : user->id, group);
	return 0;
}

void bt_remap_view(const struct bt_id_map *map, int userns, struct bt_userns_view *ret)
{
	*ret = (struct bt_userns_view){
		.userns = userns,
		.uid = bt_id_map_outside(map->uids, map->nuids, 0),
		.gid = bt_id_map_outside(map->gids, map->ngids, 0),
	};
}

int bt_remap_open(const char *option, const char *subuid, const char *subgid, struct bt_remap **ret,
		  struct bt_err *err)
{
	bt_auto_free struct bt_remap *remap = calloc(1, sizeof(*remap));
	struct who user = { "", "" }, group = { "", "" };
	int r = remap ? parse(option, &user, &group, err)
		      : bt_err_sys(err, -ENOMEM, "userns-remap");

	if (r < 0)
		return r;
	if (strcmp(user.name, "root") == 0 || strcmp(user.id, "0") == 0) {
		bt_log_warn("userns-remap: root cannot be remapped to itself: user namespaces are "
			    "off");
		*ret = NULL;
		return 0;
	}
	r = read_ranges(subuid, &user, remap->map.uids, &remap->map.nuids, err);
	if (r == 0)
		r = read_ranges(subgid, &group, remap->map.gids, &remap->map.ngids, err);
	if (r < 0)
		return r;
	r = bt_userns_make(&remap->map, &remap->userns, NULL);
	if (r < 0)
		return bt_err_sys(err, r, "userns-remap: make a user namespace");
	bt_remap_view(&remap->map, remap->userns, &remap->view);
	remap->owner = (struct bt_sandbox_owner){ .map = &remap->map, .userns = -EBADF };
	*ret = bt_take(remap);
	return 0;
}

void bt_remap_close(struct bt_remap *remap)
{
	if (!remap)
		return;
	bt_close(&remap->userns);
	free(remap);
}
