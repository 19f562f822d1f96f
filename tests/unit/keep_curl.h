/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_KEEP_CURL_H
#define BT_TESTS_KEEP_CURL_H

/*
 * libcurl, loaded for as long as a test's process lives: the check for leaks at its
 * end looks through the storage that threads have of each library.
 */

#include <check.h>

#include "registry/curl_lib.h"

/** Load it. */
static inline const struct bt_curl_lib *keep_curl(void)
{
	const struct bt_curl_lib *curl = NULL;
	struct bt_err err = { 0 };

	ck_assert_msg(bt_curl_lib_ref(&curl, &err) == 0, "%s", err.msg);
	return curl;
}

/** Read by the address sanitizer, where it is there. Of a thread's storage for a library that was
 * loaded late it guesses the size by what lies before it, where its address ends in 0x010, as glibc
 * 2.19 had it; with today's that is anything, and the check for leaks crashes by chance. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "intercept_tls_get_addr=0";
}

#endif
