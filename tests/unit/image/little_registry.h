/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_LITTLE_REGISTRY_H
#define BT_TESTS_LITTLE_REGISTRY_H

/*
 * A registry (OCI distribution-spec 1.1) behind the web server of a test: what is
 * put there is kept and given out again. Rules of the web server come first, so
 * that a test says only what its registry does wrong.
 */

#include "../keep_curl.h"
#include "../web_server.h"
#include "registry/session.h"
#include "root_fixture.h"
#include "store/deflate.h"
#include "store/digest.h"

#define KEPT_MAX 64

enum {
	KEPT_NOTHING,
	KEPT_BLOB,
	KEPT_MANIFEST,
	KEPT_UPLOAD
};

/* A blob or a manifest of a repository; an upload (`name` is its number) until it ends. */
struct kept {
	char repo[64], name[BT_DIGEST_SIZE], type[128];
	int kind; /* KEPT_… */
	struct bt_str data;
};

static struct {
	pthread_mutex_t mutex;
	struct kept kept[KEPT_MAX];
	size_t len;
	bool mounts; /* does it mount blobs of other repositories? */
} registry = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* Under the mutex. */
static inline struct kept *kept_find(int kind, const char *repo, const char *name)
{
	for (size_t i = 0; i < registry.len; i++) {
		struct kept *k = &registry.kept[i];

		if (k->kind == kind && strcmp(k->repo, repo) == 0 && strcmp(k->name, name) == 0)
			return k;
	}
	return NULL;
}

/* Under the mutex: what has this name now, empty. */
static inline struct kept *kept_new(int kind, const char *repo, const char *name)
{
	struct kept *k = kept_find(kind, repo, name);

	if (!k) {
		ck_assert_uint_lt(registry.len, KEPT_MAX);
		k = &registry.kept[registry.len++];
	}
	bt_str_clear(&k->data);
	k->kind = kind;
	(void)snprintf(k->repo, sizeof(k->repo), "%s", repo);
	ck_assert_uint_lt(strlen(name), sizeof(k->name));
	(void)memcpy(k->name, name, strlen(name) + 1);
	return k;
}

static inline void keep_data(int kind, const char *repo, const char *name, const char *type,
			     const char *data, size_t len)
{
	struct kept *k;

	(void)pthread_mutex_lock(&registry.mutex);
	k = kept_new(kind, repo, name);
	(void)snprintf(k->type, sizeof(k->type), "%s", type);
	bt_str_add(&k->data, data, len);
	ck_assert_int_eq(k->data.failed, 0);
	(void)pthread_mutex_unlock(&registry.mutex);
}

/* What a request is about. */
struct asked {
	char method[8], repo[64], kind[16], name[512];
};

static inline bool asked_parse(const char *line, struct asked *ret)
{
	bt_auto_free char *copy = strdup(line);
	char *path = strchr(copy, ' '), *end = strrchr(copy, ' '), *kind = NULL;
	static const char *const kinds[] = { "/manifests/", "/blobs/uploads/", "/blobs/",
					     "/tags/" };

	if (!path || path == end || strncmp(path, " /v2/", 5) != 0)
		return false;
	*path = *end = '\0';
	for (size_t i = 0; i < LENGTH(kinds) && !kind; i++) {
		kind = strstr(path + 5, kinds[i]);
		if (kind) {
			*kind = '\0';
			(void)snprintf(ret->kind, sizeof(ret->kind), "%s", kinds[i]);
			(void)snprintf(ret->name, sizeof(ret->name), "%s", kind + strlen(kinds[i]));
		}
	}
	(void)snprintf(ret->method, sizeof(ret->method), "%s", copy);
	(void)snprintf(ret->repo, sizeof(ret->repo), "%s", path + 5);
	return true;
}

static inline bool give_kept(int fd, const struct asked *a, const struct web_request *r, int kind)
{
	struct web_rule rule = { .status = "200 OK", .ranges = kind == KEPT_BLOB };
	char headers[512];
	struct kept *k;

	(void)pthread_mutex_lock(&registry.mutex);
	k = kept_find(kind, a->repo, a->name);
	if (k) {
		(void)snprintf(headers, sizeof(headers), "Content-Type: %s\r\n", k->type);
		rule.headers = headers;
		/* Nothing that is kept changes while it is given out. */
		rule.body = k->data.p;
		rule.len = k->data.len;
	}
	(void)pthread_mutex_unlock(&registry.mutex);
	return k && web_answer_rule(fd, &rule, r);
}

static inline void put_upload(int fd, const struct asked *a, const struct web_request *r)
{
	char name[64], digest[BT_DIGEST_SIZE];
	const char *want = strstr(a->name, "digest=");
	struct kept *u;

	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(a->name, "?"), a->name);
	(void)pthread_mutex_lock(&registry.mutex);
	u = kept_find(KEPT_UPLOAD, a->repo, name);
	if (u) {
		bt_str_add(&u->data, r->body.p ? r->body.p : "", r->body.len);
		bt_digest_of(u->data.p ? u->data.p : "", u->data.len, digest);
		if (want && strcmp(want + 7, digest) == 0) {
			u->kind = KEPT_BLOB;
			(void)snprintf(u->name, sizeof(u->name), "%s", digest);
		} else {
			want = NULL;
		}
	}
	(void)pthread_mutex_unlock(&registry.mutex);
	(void)web_reply(fd, u && want ? "201 Created" : "400 Bad Request", NULL, NULL, 0);
}

static inline void begin_upload(int fd, const struct asked *a)
{
	char digest[BT_DIGEST_SIZE] = "", from[64] = "", name[16], headers[256];
	bool mounted;

	(void)sscanf(a->name, "?mount=%71[^&]&from=%63s", digest, from);
	(void)pthread_mutex_lock(&registry.mutex);
	mounted = registry.mounts && kept_find(KEPT_BLOB, from, digest);
	if (mounted) {
		struct kept *k = kept_new(KEPT_BLOB, a->repo, digest);
		const struct kept *old = kept_find(KEPT_BLOB, from, digest);

		bt_str_add(&k->data, old->data.p, old->data.len);
	} else {
		(void)snprintf(name, sizeof(name), "%zu", registry.len);
		(void)kept_new(KEPT_UPLOAD, a->repo, name);
		(void)snprintf(headers, sizeof(headers), "Location: /v2/%s/blobs/uploads/%s\r\n",
			       a->repo, name);
	}
	(void)pthread_mutex_unlock(&registry.mutex);
	(void)web_reply(fd, mounted ? "201 Created" : "202 Accepted", mounted ? NULL : headers,
			NULL, 0);
}

/* PATCH, GET and DELETE of an upload. */
static inline bool go_on_with_upload(int fd, const struct asked *a, const struct web_request *r)
{
	bool drop = strcmp(a->method, "DELETE") == 0, patch = strcmp(a->method, "PATCH") == 0;
	bt_auto_free char *headers = NULL;
	struct kept *u;
	size_t len = 0;

	(void)pthread_mutex_lock(&registry.mutex);
	u = kept_find(KEPT_UPLOAD, a->repo, a->name);
	if (u && patch)
		bt_str_add(&u->data, r->body.p ? r->body.p : "", r->body.len);
	if (u && drop)
		u->kind = KEPT_NOTHING;
	if (u)
		len = u->data.len;
	(void)pthread_mutex_unlock(&registry.mutex);
	headers = bt_str_format("Location: /v2/%s/blobs/uploads/%s\r\nRange: 0-%zu\r\n", a->repo,
				a->name, len > 0 ? len - 1 : 0);
	return u && web_reply(fd, patch ? "202 Accepted" : "204 No Content", headers, NULL, 0);
}

static inline void put_manifest(int fd, const struct asked *a, const struct web_request *r)
{
	const char *type = web_header(r, "Content-Type");
	char digest[BT_DIGEST_SIZE], headers[256];
	bt_auto_free char *short_type = type ? strndup(type, strcspn(type, "\r")) : strdup("");

	bt_digest_of(r->body.p ? r->body.p : "", r->body.len, digest);
	keep_data(KEPT_MANIFEST, a->repo, a->name, short_type, r->body.p, r->body.len);
	keep_data(KEPT_MANIFEST, a->repo, digest, short_type, r->body.p, r->body.len);
	(void)snprintf(headers, sizeof(headers), "Docker-Content-Digest: %s\r\n", digest);
	(void)web_reply(fd, "201 Created", headers, NULL, 0);
}

static inline bool registry_answer(int fd, const struct web_request *r)
{
	struct asked a = { .method = "" };
	bool reads;

	if (bt_str_after(r->line, "GET /v2/ "))
		return web_reply(fd, "200 OK", NULL, NULL, 0);
	if (!asked_parse(r->line, &a))
		return false;
	reads = strcmp(a.method, "GET") == 0 || strcmp(a.method, "HEAD") == 0;
	if (strcmp(a.kind, "/manifests/") == 0 && reads)
		return give_kept(fd, &a, r, KEPT_MANIFEST);
	if (strcmp(a.kind, "/blobs/") == 0 && reads)
		return give_kept(fd, &a, r, KEPT_BLOB);
	if (strcmp(a.kind, "/manifests/") == 0 && strcmp(a.method, "PUT") == 0)
		put_manifest(fd, &a, r);
	else if (strcmp(a.kind, "/blobs/uploads/") != 0)
		return false;
	else if (strcmp(a.method, "POST") == 0)
		begin_upload(fd, &a);
	else if (strcmp(a.method, "PUT") == 0)
		put_upload(fd, &a, r);
	else
		return go_on_with_upload(fd, &a, r);
	return true;
}

/** Has the repository this blob or manifest? Its bytes (borrowed) if so, or NULL. */
static inline const struct bt_str *registry_has(int kind, const char *repo, const char *name)
{
	struct kept *k;

	(void)pthread_mutex_lock(&registry.mutex);
	k = kept_find(kind, repo, name);
	(void)pthread_mutex_unlock(&registry.mutex);
	return k ? &k->data : NULL;
}

/** How many uploads were begun and neither ended nor dropped. */
static inline size_t registry_uploads(void)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&registry.mutex);
	for (size_t i = 0; i < registry.len; i++)
		n += registry.kept[i].kind == KEPT_UPLOAD;
	(void)pthread_mutex_unlock(&registry.mutex);
	return n;
}

/** A data root, and the registry. */
static inline void setup_registry(void)
{
	setup_root();
	keep_curl();
	registry.mounts = true;
	web.answer = registry_answer;
	web_start(NULL, 0);
}

static inline void teardown_registry(void)
{
	web_stop();
	for (size_t i = 0; i < registry.len; i++)
		bt_str_done(&registry.kept[i].data);
	registry.len = 0;
	teardown_root();
}

/** A session with `repo` there. The caller destroys it. */
static inline struct bt_session *session_with(const char *repo)
{
	bt_auto_free char *domain = bt_str_format("127.0.0.1:%d", web.port);
	struct bt_session *session = NULL;

	ck_well(bt_session_open(&(struct bt_session_target){ .domain = domain, .path = repo },
				&session, &err),
		&err);
	return session;
}

/** "127.0.0.1:PORT/NAME". The caller frees it. */
static inline char *registry_name(const char *name)
{
	return bt_str_format("127.0.0.1:%d/%s", web.port, name);
}

/** A layer in the registry. */
struct made_layer {
	char digest[BT_DIGEST_SIZE], diff_id[BT_DIGEST_SIZE];
	int64_t size;
};

/** Put a layer of one file into `repo`: `packed` with gzip, or plain. */
static inline struct made_layer make_layer(const char *repo, const char *text, bool packed)
{
	bt_auto_str struct bt_str tar = { 0 }, blob = { 0 };
	struct bt_deflate *deflate = NULL;
	struct made_layer ret;

	make_tar(&tar, "file", text);
	bt_digest_of(tar.p, tar.len, ret.diff_id);
	if (packed) {
		ck_assert_int_eq(bt_deflate_create(add_to_str, &blob, &deflate), 0);
		ck_assert_int_eq(bt_deflate_write(deflate, tar.p, tar.len), 0);
		ck_assert_int_eq(bt_deflate_finish(deflate), 0);
		bt_deflate_destroy(deflate);
	} else {
		bt_str_add(&blob, tar.p, tar.len);
	}
	bt_digest_of(blob.p, blob.len, ret.digest);
	ret.size = (int64_t)blob.len;
	keep_data(KEPT_BLOB, repo, ret.digest, "application/octet-stream", blob.p, blob.len);
	return ret;
}

#endif
