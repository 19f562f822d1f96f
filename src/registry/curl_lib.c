/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/curl_lib.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <string.h>

/* GnuTLS is in the daemon anyway, for the API's own TLS. */
static const char *const names[] = { "libcurl-gnutls.so.4", "libcurl.so.4" };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned int users;
static void *handle;
static struct bt_curl_lib lib;

/* POSIX wants the pointer copied as bytes, as ISO C knows no way from data to functions. */
static int find(void *from, const char *name, void *ret)
{
	void *symbol = dlsym(from, name);

	if (!symbol)
		return -ENOSYS;
	memcpy(ret, &symbol, sizeof(symbol));
	return 0;
}

static int find_all(void *from)
{
	if (find(from, "curl_easy_init", &lib.easy_init) < 0 ||
	    find(from, "curl_easy_cleanup", &lib.easy_cleanup) < 0 ||
	    find(from, "curl_easy_reset", &lib.easy_reset) < 0 ||
	    find(from, "curl_easy_setopt", &lib.easy_setopt) < 0 ||
	    find(from, "curl_easy_perform", &lib.easy_perform) < 0 ||
	    find(from, "curl_easy_getinfo", &lib.easy_getinfo) < 0 ||
	    find(from, "curl_easy_strerror", &lib.easy_strerror) < 0 ||
	    find(from, "curl_easy_escape", &lib.easy_escape) < 0 ||
	    find(from, "curl_free", &lib.free) < 0 ||
	    find(from, "curl_slist_append", &lib.slist_append) < 0 ||
	    find(from, "curl_slist_free_all", &lib.slist_free_all) < 0 ||
	    find(from, "curl_global_init", &lib.global_init) < 0 ||
	    find(from, "curl_global_cleanup", &lib.global_cleanup) < 0)
		return -ENOSYS;
	return lib.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -ENOMEM;
}

static int load(struct bt_err *err)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !handle; i++)
		handle = dlopen(names[i], RTLD_LAZY | RTLD_LOCAL);
	if (!handle)
		return bt_err_set(err, BT_ERR_UNAVAILABLE, ENOENT,
				  "registries cannot be reached: libcurl is not installed "
				  "(libcurl3-gnutls on Debian)");
	if (find_all(handle) == 0)
		return 0;
	(void)dlclose(handle);
	handle = NULL;
	return bt_err_set(err, BT_ERR_UNAVAILABLE, ENOSYS,
			  "registries cannot be reached: libcurl does not start");
}

int bt_curl_lib_ref(const struct bt_curl_lib **ret, struct bt_err *err)
{
	int r = 0;

	(void)pthread_mutex_lock(&mutex);
	if (users == 0)
		r = load(err);
	if (r == 0) {
		users++;
		*ret = &lib;
	}
	(void)pthread_mutex_unlock(&mutex);
	return r;
}

void bt_curl_lib_unref(void)
{
	(void)pthread_mutex_lock(&mutex);
	if (--users == 0) {
		lib.global_cleanup();
		(void)dlclose(handle);
		handle = NULL;
		/* What a transfer's threads have freed would stay with the daemon otherwise. */
		(void)malloc_trim(0);
	}
	(void)pthread_mutex_unlock(&mutex);
}
