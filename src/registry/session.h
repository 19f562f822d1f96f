/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_REGISTRY_SESSION_H
#define BT_REGISTRY_SESSION_H

/*
 * A session with one repository of a registry (OCI distribution-spec 1.1): finds
 * out how the registry speaks, authenticates when asked to, tries again when
 * that helps. Any thread; several transfers at once.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "registry/http.h"
#include "registry/session_target.h"

struct bt_session;

/** Connect to the first endpoint (registry/endpoint_list.h) that answers: by TLS; without (or with
 * any certificate) only where the registry is on this machine or listed as insecure. */
bt_nodiscard int bt_session_open(const struct bt_session_target *target, struct bt_session **ret,
				 struct bt_err *err);
/** Are the credentials good? Kind UNAUTHORIZED where not. */
bt_nodiscard int bt_session_check(struct bt_session *session, struct bt_err *err);
/** Another reference, to be released like the first; returns `session`. */
struct bt_session *bt_session_ref(struct bt_session *session);
/** Release a reference, and all with the last one. NULL is fine. */
void bt_session_destroy(struct bt_session *session);
/** Is it a mirror that answers? */
bool bt_session_is_mirror(const struct bt_session *session);

/** GET /v1/search: its answer, an object (a new reference). `limit` 0: the index's own. */
bt_nodiscard int bt_session_search(struct bt_session *session, const char *name, int64_t limit,
				   json_t **ret, struct bt_err *err);

/** A manifest or an index. Owned. */
struct bt_session_manifest {
	char *text, *media_type;
	size_t len;
};
/** GET manifests/REF (a tag or a digest). Kinds by the registry's answer. */
bt_nodiscard int bt_session_get_manifest(struct bt_session *session, const char *ref,
					 struct bt_session_manifest *ret, struct bt_err *err);
/** Release. */
void bt_session_manifest_done(struct bt_session_manifest *manifest);

/** GET tags/list: an array of texts, all of them tags by their form. */
bt_nodiscard int bt_session_list_tags(struct bt_session *session, size_t max, json_t **ret,
				      struct bt_err *err);

/** GET blobs/DIGEST into `sink`, taken up again where it broke off; -EBADMSG where there are not
 * exactly `size` bytes (-1: any number). The digest is the caller's to check. */
bt_nodiscard int bt_session_get_blob(struct bt_session *session, const char *digest, int64_t size,
				     bt_http_sink_fn sink, void *arg, struct bt_err *err);

/** A part of a blob. Borrowed. */
struct bt_session_part {
	const char *digest;
	int64_t from, len; /* wanted */
	int64_t size;      /* of the whole blob */
	bt_http_sink_fn sink;
	void *arg;
	bool *ret_partial;            /* as in bt_http_request: false: everything follows */
	const atomic_bool *cancelled; /* or NULL */
};
/** GET a part of blobs/DIGEST, taken up again where it broke off. A registry that knows no parts
 * sends all that follows `from`; the sink says when it is enough. */
bt_nodiscard int bt_session_get_part(struct bt_session *session, const struct bt_session_part *part,
				     struct bt_err *err);

/** Has the repository this blob? 1, 0, or a negative errno. */
bt_nodiscard int bt_session_has_blob(struct bt_session *session, const char *digest,
				     struct bt_err *err);
/** Begin an upload; with `from` (a repository of the same registry that should have the blob) 1
 * means that it is here already. Else 0 and where to send it (owned). */
bt_nodiscard int bt_session_begin_upload(struct bt_session *session, const char *digest,
					 const char *from, char **ret_url, struct bt_err *err);
/** Send all that `source` gives to `url`, behind what is there, in one request. Returns 0 and where
 * to finish (owned). */
bt_nodiscard int bt_session_upload(struct bt_session *session, const char *url,
				   bt_http_source_fn source, void *arg, char **ret_url,
				   struct bt_err *err);
/** What has the registry of the upload at `url`? Where to go on with it (owned), and how many bytes
 * of it are there. */
bt_nodiscard int bt_session_ask_upload(struct bt_session *session, const char *url, char **ret_url,
				       int64_t *ret_have, struct bt_err *err);
/** The upload at `url` will not be finished: the registry need not keep it. That this fails is no
 * harm. */
void bt_session_drop_upload(struct bt_session *session, const char *url);
/** Finish the upload as `digest`, with `body` as its (rest of the) content, or NULL. */
bt_nodiscard int bt_session_end_upload(struct bt_session *session, const char *url,
				       const char *digest, const char *body, size_t len,
				       struct bt_err *err);
/** PUT manifests/REF. `ret_digest` (owned, may be NULL) is what the registry calls it. */
bt_nodiscard int bt_session_put_manifest(struct bt_session *session, const char *ref,
					 const char *media_type, const char *text, size_t len,
					 char **ret_digest, struct bt_err *err);

#endif
