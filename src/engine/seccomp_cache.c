/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/seccomp_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/auto.h"
#include "base/io.h"
#include "codec/seccomp_profile.h"
#include "engine/container.h"
#include "engine/jget.h"
#include "engine/spec_security.h"
#include "runtime/seccomp.h"

/* Few pairs are in use at once; the one used longest ago gives way. */
#define ENTRIES_MAX 16
/* As much as a request's own profile could have. */
#define PROFILE_MAX (4u << 20)

struct entry {
	char *profile; /* NULL: the default one */
	uint64_t capabilities;
	int fd; /* -EBADF: an empty profile, no filter */
	unsigned long used;
};

struct bt_seccomp_cache {
	char *profile;   /* of containers that name none; NULL: Docker's */
	bool unconfined; /* they get none at all */
	pthread_mutex_t lock;
	struct entry entries[ENTRIES_MAX];
	unsigned n;
	unsigned long clock;
};

static void entry_done(struct entry *entry)
{
	free(entry->profile);
	bt_close(&entry->fd);
}

void bt_seccomp_cache_destroy(struct bt_seccomp_cache *cache)
{
	if (!cache)
		return;
	for (unsigned i = 0; i < cache->n; i++)
		entry_done(&cache->entries[i]);
	pthread_mutex_destroy(&cache->lock);
	free(cache->profile);
	free(cache);
}

static struct entry *find(struct bt_seccomp_cache *cache, const char *profile, uint64_t caps)
{
	for (unsigned i = 0; i < cache->n; i++) {
		struct entry *e = &cache->entries[i];

		if (e->capabilities == caps &&
		    (profile ? e->profile && strcmp(e->profile, profile) == 0 : !e->profile))
			return e;
	}
	return NULL;
}

static int convert(const char *profile, uint64_t caps, json_t **ret, struct bt_err *err)
{
	struct bt_seccomp_profile_target target;
	struct utsname machine;
	const char *text = profile;
	size_t len;
	int r;

	if (uname(&machine) < 0)
		return bt_err_sys(err, -errno, "uname");
	r = bt_seccomp_profile_target_init(&target, caps, machine.machine, machine.release);
	if (r < 0)
		return bt_err_sys(err, r, "read the kernel's version");
	if (profile)
		len = strlen(profile);
	else
		text = bt_seccomp_profile_default(&len);
	return bt_seccomp_profile_convert(text, len, &target, ret, err);
}

/* A memfd with the filter, or -EBADF in `*ret_fd` for an empty profile. */
static int compile(const char *profile, uint64_t caps, int *ret_fd, struct bt_err *err)
{
	bt_auto_seccomp struct bt_seccomp_filter filter = { 0 };
	bt_auto_arena struct bt_arena arena = { 0 };
	struct bt_oci_seccomp spec;
	json_auto_t *object = NULL;
	bt_auto_free char *text = NULL;
	int r = convert(profile, caps, &object, err);

	if (r < 0)
		return r;
	*ret_fd = -EBADF;
	if (!object)
		return 0;
	text = bt_jget_dump(object);
	if (!text)
		return bt_err_sys(err, -ENOMEM, "compile the seccomp profile");
	r = bt_oci_seccomp_parse(text, strlen(text), &arena, &spec, err);
	if (r == 0)
		r = bt_seccomp_compile(&spec, &filter, err);
	if (r < 0)
		return r;
	if (filter.notify)
		return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOSYS,
				  "a seccomp profile with SCMP_ACT_NOTIFY is not supported");
	r = bt_seccomp_store(&filter, ret_fd);
	return r < 0 ? bt_err_sys(err, r, "store the seccomp filter") : 0;
}

/* Where the next entry goes, emptied. */
static struct entry *make_room(struct bt_seccomp_cache *cache)
{
	struct entry *oldest = &cache->entries[0];

	if (cache->n < ENTRIES_MAX)
		return &cache->entries[cache->n++];
	for (unsigned i = 1; i < cache->n; i++)
		if (cache->entries[i].used < oldest->used)
			oldest = &cache->entries[i];
	entry_done(oldest);
	return oldest;
}

static int add(struct bt_seccomp_cache *cache, const char *profile, uint64_t caps,
	       struct entry **ret, struct bt_err *err)
{
	bt_auto_free char *copy = profile ? strdup(profile) : NULL;
	struct entry *entry;
	int fd, r;

	if (profile && !copy)
		return bt_err_sys(err, -ENOMEM, "keep the seccomp filter");
	r = compile(profile, caps, &fd, err);
	if (r < 0)
		return r;
	entry = make_room(cache);
	*entry = (struct entry){ .profile = bt_take(copy), .capabilities = caps, .fd = fd };
	*ret = entry;
	return 0;
}

/* Wrong profiles are found when the daemon starts, not with the first container. */
static int read_profile(struct bt_seccomp_cache *cache, const char *path, struct bt_err *err)
{
	struct entry *entry;
	int r = bt_io_read_file(AT_FDCWD, path, PROFILE_MAX, &cache->profile, NULL);

	if (r < 0)
		return bt_err_sys(err, r, "read the seccomp profile %s", path);
	r = add(cache, cache->profile, 0, &entry, err);
	return r < 0 ? bt_err_context(err, "seccomp profile %s", path) : 0;
}

int bt_seccomp_cache_create(const char *profile, struct bt_seccomp_cache **ret, struct bt_err *err)
{
	struct bt_seccomp_cache *cache = calloc(1, sizeof(*cache));
	int r = 0;

	if (!cache)
		return bt_err_sys(err, -ENOMEM, "keep seccomp filters");
	pthread_mutex_init(&cache->lock, NULL);
	cache->unconfined = profile && strcmp(profile, "unconfined") == 0;
	if (profile && !cache->unconfined && strcmp(profile, "builtin") != 0)
		r = read_profile(cache, profile, err);
	if (r < 0) {
		bt_seccomp_cache_destroy(cache);
		return r;
	}
	*ret = cache;
	return 0;
}

/* What the HostConfig says, or the daemon where it says nothing. */
static int read_options(const struct bt_seccomp_cache *cache, const json_t *hc,
			struct bt_security_opts *ret_opts, uint64_t *ret_caps, struct bt_err *err)
{
	int r = bt_spec_security_parse(hc, ret_opts, err);

	if (r == 0 && !ret_opts->seccomp && !ret_opts->seccomp_builtin) {
		ret_opts->seccomp = cache->profile;
		ret_opts->seccomp_unconfined |= cache->unconfined;
	}
	return r < 0 ? r : bt_spec_security_capabilities(hc, ret_caps, err);
}

int bt_seccomp_cache_text(const struct bt_seccomp_cache *cache, const json_t *hc, json_t **ret,
			  struct bt_err *err)
{
	struct bt_security_opts opts;
	uint64_t caps;
	int r = read_options(cache, hc, &opts, &caps, err);

	if (r < 0)
		return r;
	if (!opts.seccomp_unconfined)
		return convert(opts.seccomp, caps, ret, err);
	*ret = NULL;
	return 0;
}

int bt_seccomp_cache_get(struct bt_seccomp_cache *cache, const json_t *hc, int *ret_fd,
			 struct bt_err *err)
{
	struct bt_security_opts opts;
	struct entry *entry;
	uint64_t caps;
	int r = read_options(cache, hc, &opts, &caps, err);

	if (r < 0)
		return r;
	*ret_fd = -EBADF;
	if (opts.seccomp_unconfined)
		return 0;
	/* Others wait for one that compiles: most want the same filter. */
	bt_auto_lock(held, &cache->lock);
	entry = find(cache, opts.seccomp, caps);
	if (!entry) {
		r = add(cache, opts.seccomp, caps, &entry, err);
		if (r < 0)
			return r;
	}
	entry->used = ++cache->clock;
	if (entry->fd < 0)
		return 0;
	*ret_fd = fcntl(entry->fd, F_DUPFD_CLOEXEC, 3);
	return *ret_fd < 0 ? bt_err_sys(err, -errno, "hand over the seccomp filter") : 0;
}
