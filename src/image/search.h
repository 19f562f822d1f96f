/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_SEARCH_H
#define BT_IMAGE_SEARCH_H

/*
 * `search`: asks the index of Docker Hub, or of the registry that the term names,
 * by version 1 of the registry's interface (GET /v1/search), the only one that
 * searches.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "codec/filters.h"
#include "image/images.h"

/** Search for `term`. `limit`: 1 to 100, or 0 for the index's own. `auth` as in bt_pull. Filters
 * is-official, is-automated and stars. `ret`: the array that Docker's API answers. */
bt_nodiscard int bt_search(struct bt_images *images, const char *term, int64_t limit,
			   const char *auth, const struct bt_filters *filters, json_t **ret,
			   struct bt_err *err);

/** Where to ask for `term`, and for what: "localhost:5000/a" is "a" at localhost:5000,
 * "library/a" and "a" are "a" at index.docker.io. Both owned. Returns 0 or -ENOMEM. */
bt_nodiscard int bt_search_split(const char *term, char **ret_domain, char **ret_name);

#endif
