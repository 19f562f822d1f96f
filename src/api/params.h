/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_PARAMS_H
#define BT_API_PARAMS_H

/*
 * Parameters that several handlers share, read from a request's query.
 */

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "codec/filters.h"

struct bt_request;

/** `filters`, parsed (owned by the caller; never NULL on success). */
bt_nodiscard int bt_params_filters(const struct bt_request *req, struct bt_filters **ret,
				   struct bt_err *err);
/** Release filters at the end of their scope. */
void bt_params_filters_auto(struct bt_filters **filters);
#define bt_auto_filters bt_auto(bt_params_filters_auto)

/** A point in time as clients send it for `since` and `until`, in nanoseconds; 0 where it is not
 * given. Kind INVALID. */
bt_nodiscard int bt_params_time(const struct bt_request *req, const char *name, int64_t *ret_ns,
				struct bt_err *err);
/** `h` and `w`, which must both be there. */
bt_nodiscard int bt_params_size(const struct bt_request *req, unsigned *ret_rows,
				unsigned *ret_cols, struct bt_err *err);

/** All values of the parameter `name`, as a NULL-terminated array (owned) of borrowed strings; NULL
 * without memory. */
const char **bt_params_texts(const struct bt_request *req, const char *name);

/** `platform`, which is JSON ({"os":…,"architecture":…,"variant":…}), as "os/architecture/variant"
 * (owned), or NULL where it is not given. Kind INVALID. */
bt_nodiscard int bt_params_platform(const struct bt_request *req, char **ret, struct bt_err *err);
/** The same of the `i`th value of the parameter `name`. */
bt_nodiscard int bt_params_platforms(const struct bt_request *req, const char *name, size_t i,
				     char **ret, struct bt_err *err);

#endif
