/* SPDX-License-Identifier: Apache-2.0 */

#include "image/search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"
#include "image/images_private.h"
#include "registry/session.h"

#define INDEX     "index.docker.io"
#define LIMIT_MAX 100

int bt_search_split(const char *term, char **ret_domain, char **ret_name)
{
	const char *slash = strchr(term, '/'), *name = term;
	bt_auto_free char *first = slash ? strndup(term, (size_t)(slash - term)) : strdup("");
	bool named = first && (strpbrk(first, ".:") || strcmp(first, "localhost") == 0);

	if (!first)
		return -ENOMEM;
	if (named && strcmp(first, "docker.io") != 0 && strcmp(first, INDEX) != 0) {
		*ret_domain = strdup(first);
		*ret_name = strdup(slash + 1);
	} else {
		if (named)
			name = slash + 1;
		if (bt_str_after(name, "library/"))
			name = bt_str_after(name, "library/");
		*ret_domain = strdup(INDEX);
		*ret_name = strdup(name);
	}
	if (*ret_domain && *ret_name)
		return 0;
	free(bt_take(*ret_domain));
	free(bt_take(*ret_name));
	return -ENOMEM;
}

/* What the filters ask for. -1: nothing. */
struct wanted {
	int official, automated;
	int64_t stars;
};

static int read_filters(const struct bt_filters *filters, struct wanted *ret, struct bt_err *err)
{
	static const char *const known[] = { "is-official", "is-automated", "stars", NULL };
	struct wanted w = { -1, -1, 0 };
	const char *stars;
	bool value;
	int r;

	r = bt_filters_only(filters, known, err);
	if (r < 0)
		return r;
	r = bt_filters_bool(filters, "is-official", &value, err);
	if (r > 0)
		w.official = value;
	if (r >= 0)
		r = bt_filters_bool(filters, "is-automated", &value, err);
	if (r < 0)
		return r;
	if (r > 0)
		w.automated = value;
	for (size_t i = 0; (stars = bt_filters_value(filters, "stars", i)); i++) {
		long long least;

		if (bt_str_to_i64(stars, &least) < 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid filter 'stars=%.100s'", stars);
		if (least > w.stars)
			w.stars = least;
	}
	*ret = w;
	return 0;
}

static bool is_wanted(const json_t *result, const struct wanted *w)
{
	return (w->official < 0 || w->official == bt_json_bool(result, "is_official", false)) &&
	       (w->automated < 0 || w->automated == bt_json_bool(result, "is_automated", false)) &&
	       bt_json_i64(result, "star_count", 0) >= w->stars;
}

/* The answer, with the members of ours only, whatever else was sent. */
static int select_results(const json_t *answer, const struct wanted *w, json_t **ret,
			  struct bt_err *err)
{
	json_auto_t *out = json_array();
	const json_t *item;
	size_t i;

	json_array_foreach (bt_json_arr(answer, "results"), i, item) {
		if (!is_wanted(item, w))
			continue;
		if (json_array_append_new(
			    out, json_pack("{sIsbsssbss}", "star_count",
					   (json_int_t)bt_json_i64(item, "star_count", 0),
					   "is_official", bt_json_bool(item, "is_official", false),
					   "name", bt_json_str(item, "name", ""), "is_automated",
					   bt_json_bool(item, "is_automated", false), "description",
					   bt_json_str(item, "description", ""))) < 0)
			return bt_err_sys(err, -ENOMEM, "search");
	}
	*ret = bt_take(out);
	return 0;
}

int bt_search(struct bt_images *images, const char *term, int64_t limit, const char *auth,
	      const struct bt_filters *filters, json_t **ret, struct bt_err *err)
{
	bt_auto(bt_credentials_done) struct bt_credentials credentials = { 0 };
	bt_auto_free char *domain = NULL, *name = NULL;
	bt_auto(bt_settings_done) struct bt_settings settings = { 0 };
	struct bt_session *session = NULL;
	json_auto_t *answer = NULL;
	struct wanted wanted = { -1, -1, 0 };
	int r;

	if (limit < 0 || limit > LIMIT_MAX)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "limit %lld is outside the range of [1, %d]", (long long)limit,
				  LIMIT_MAX);
	r = read_filters(filters, &wanted, err);
	if (r < 0)
		return r;
	if (bt_search_split(term, &domain, &name) < 0 ||
	    bt_credentials_parse(auth, &credentials) < 0)
		return bt_err_sys(err, -ENOMEM, "search");
	r = bt_images_settings_(images, &settings, err);
	if (r < 0)
		return r;
	r = bt_session_open(&(struct bt_session_target){ .domain = domain,
							 .path = "",
							 .no_mirrors = true,
							 .settings = &settings,
							 .credentials = &credentials },
			    &session, err);
	if (r == 0)
		r = bt_session_search(session, name, limit, &answer, err);
	bt_session_destroy(session);
	return r < 0 ? r : select_results(answer, &wanted, ret, err);
}
