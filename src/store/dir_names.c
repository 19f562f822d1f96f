/* SPDX-License-Identifier: Apache-2.0 */

#include "store/dir_names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add(struct bt_dir_names *names, const char *name)
{
	if (names->len == names->cap) {
		size_t cap = names->cap ? 2 * names->cap : 32;
		char **more = reallocarray(names->names, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		names->names = more;
		names->cap = cap;
	}
	names->names[names->len] = strdup(name);
	return names->names[names->len] ? (names->len++, 0) : -ENOMEM;
}

int bt_dir_names_read(int fd, struct bt_dir_names *ret)
{
	bt_auto(bt_dir_names_done) struct bt_dir_names names = { 0 };
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), r = 0;
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!d) {
		r = -errno;
		bt_close(&copy);
		return r;
	}
	while (r == 0 && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = add(&names, e->d_name);
	(void)closedir(d);
	if (r < 0)
		return r;
	if (names.len > 0)
		qsort(names.names, names.len, sizeof(names.names[0]), compare);
	*ret = bt_take_struct(names);
	return 0;
}

void bt_dir_names_done(struct bt_dir_names *names)
{
	for (size_t i = 0; i < names->len; i++)
		free(names->names[i]);
	free(names->names);
	*names = (struct bt_dir_names){ 0 };
}
