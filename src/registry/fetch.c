/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/fetch.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "registry/curl_lib.h"

struct limited {
	const struct bt_fetch *what;
	int64_t have;
};

static int check_scheme(const char *text, struct bt_err *err)
{
	const char *end = strstr(text, "://");

	if (!end || bt_str_after(text, "http://") || bt_str_after(text, "https://"))
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "unsupported protocol scheme \"%.*s\"",
			  (int)(end - text < 40 ? end - text : 40), text);
}

int bt_fetch_url(const char *text, char **ret, struct bt_err *err)
{
	int r = check_scheme(text, err);
	char *url;

	if (r < 0)
		return r;
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid character in a URL: %#x", (unsigned char)*p);
	if (!text[0])
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "a URL names no host");
	url = strstr(text, "://") ? strdup(text) : bt_str_format("http://%s", text);
	if (!url)
		return bt_err_sys(err, -ENOMEM, "read a URL");
	*ret = url;
	return 0;
}

char *bt_fetch_public_url(const char *url)
{
	const char *host = strstr(url, "://"), *at = NULL;

	if (!host)
		return strdup(url);
	host += 3;
	for (const char *p = host; *p && !strchr("/?#", *p); p++)
		if (*p == '@')
			at = p;
	return at ? bt_str_format("%.*s%s", (int)(host - url), url, at + 1) : strdup(url);
}

static int take(void *arg, const void *data, size_t len)
{
	struct limited *limited = arg;

	limited->have += (int64_t)len;
	if (limited->have > BT_FETCH_MAX)
		return -EFBIG;
	return limited->what->sink(limited->what->arg, data, len);
}

/* Kinds of Docker's answers. */
static int refused(long status, const char *url, struct bt_err *err)
{
	enum bt_err_kind kind = status == 404   ? BT_ERR_NOT_FOUND
				: status == 401 ? BT_ERR_UNAUTHORIZED
				: status == 403 ? BT_ERR_FORBIDDEN
				: status < 500  ? BT_ERR_INVALID
						: BT_ERR_UNAVAILABLE;

	return bt_err_set(err, kind, EREMOTEIO, "failed to GET %.300s with status %ld", url,
			  status);
}

int bt_fetch(const struct bt_fetch *what, struct bt_err *err)
{
	const struct bt_http_proxy proxy = { .http = what->settings->http_proxy,
					     .https = what->settings->https_proxy,
					     .none = what->settings->no_proxy };
	bt_auto(bt_http_answer_done) struct bt_http_answer answer = { 0 };
	bt_auto_free char *shown = bt_fetch_public_url(what->url);
	struct limited limited = { .what = what };
	const struct bt_http_request req = { .method = "GET",
					     .url = what->url,
					     .shown_url = shown,
					     .sink = take,
					     .sink_arg = &limited,
					     .ret_length = what->ret_length,
					     .proxy = &proxy,
					     .follow = true,
					     .cancelled = what->cancelled };
	const struct bt_curl_lib *curl;
	CURL *easy;
	int r;

	if (!shown)
		return bt_err_sys(err, -ENOMEM, "fetch a file");
	r = bt_curl_lib_ref(&curl, err);
	if (r < 0)
		return r;
	easy = curl->easy_init();
	r = easy ? bt_http_perform(curl, easy, &req, &answer, err)
		 : bt_err_sys(err, -ENOMEM, "fetch a file");
	if (easy)
		curl->easy_cleanup(easy);
	bt_curl_lib_unref();
	if (r == 0 && (answer.status < 200 || answer.status > 299))
		return refused(answer.status, shown, err);
	return r;
}
