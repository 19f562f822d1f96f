/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CDI_YAML_H
#define BT_ENGINE_CDI_YAML_H

/*
 * YAML as a JSON tree, by libyaml: what files of the Container Device Interface
 * are mostly written in. JSON is YAML, too. One document, whose keys are strings;
 * anchors and aliases, by which a short text becomes a long one, are refused.
 */

#include <jansson.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

/** Deeper nesting, and more values, are refused. */
#define BT_CDI_YAML_DEPTH 32
#define BT_CDI_YAML_NODES 65536

/** Parse. A plain scalar that reads as a whole number, true, false, null or nothing is that; any
 * other is a string. Returns 0 with a new reference, or a negative errno, kind INVALID with the
 * line. */
bt_nodiscard int bt_cdi_yaml_parse(const char *text, size_t len, json_t **ret, struct bt_err *err);

#endif
