/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_REGISTRY_CURL_LIB_H
#define BT_REGISTRY_CURL_LIB_H

/*
 * libcurl, loaded when the first transfer needs it and unloaded after the last
 * one: an idle daemon carries none of it (docs/decisions/0002-transfers.md).
 */

#include <curl/curl.h>

#include "base/attr.h"
#include "base/err.h"

/** libcurl's functions by their names without "curl_". */
struct bt_curl_lib {
	CURL *(*easy_init)(void);
	void (*easy_cleanup)(CURL *);
	void (*easy_reset)(CURL *);
	CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
	CURLcode (*easy_perform)(CURL *);
	CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
	const char *(*easy_strerror)(CURLcode);
	char *(*easy_escape)(CURL *, const char *, int);
	void (*free)(void *);
	struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
	void (*slist_free_all)(struct curl_slist *);
	CURLcode (*global_init)(long);
	void (*global_cleanup)(void);
};

/** Use it: any thread, counted. Kind UNAVAILABLE where it cannot be loaded. */
bt_nodiscard int bt_curl_lib_ref(const struct bt_curl_lib **ret, struct bt_err *err);
/** Use it no more. */
void bt_curl_lib_unref(void);

#endif
